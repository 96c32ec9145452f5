# SPDX-License-Identifier: Apache-2.0
if PLUGIN_KERNEL_KLIPS
EXTRA_LTLIBRARIES += src/plugins/kernel-klips/kernel-klips.la
kernel_klips_objects = \
	src/plugins/kernel-klips/call.c \
	src/plugins/kernel-klips/event.c \
	src/plugins/kernel-klips/kernel-klips.c \
	src/plugins/kernel-klips/kernel-klips.h \
	src/plugins/kernel-klips/link.c \
	src/plugins/kernel-klips/message.c \
	src/plugins/kernel-klips/setup.c \
	src/plugins/kernel-klips/submit.c
src_plugins_kernel_klips_kernel_klips_la_SOURCES = $(kernel_klips_objects)
src_plugins_kernel_klips_kernel_klips_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_KERNEL_KLIPS_LDFLAGS)
src_plugins_kernel_klips_kernel_klips_la_LIBADD = libmodswan.la
endif
EXTRA_DIST += src/plugins/kernel-klips/README
if PLUGIN_KERNEL_KLIPS
check_PROGRAMS += src/plugins/kernel-klips/event_fuzz
TESTS += src/plugins/kernel-klips/event_fuzz
src_plugins_kernel_klips_event_fuzz_SOURCES = src/plugins/kernel-klips/event_fuzz.c \
	testing/fuzz/driver.c src/plugins/kernel-klips/event.c
src_plugins_kernel_klips_event_fuzz_CFLAGS = $(AM_CFLAGS)
src_plugins_kernel_klips_event_fuzz_LDADD = libmodswan.la
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/kernel-klips/kernel-klips_test
TESTS += src/plugins/kernel-klips/kernel-klips_test
src_plugins_kernel_klips_kernel_klips_test_SOURCES = \
	src/plugins/kernel-klips/kernel-klips_test.c $(kernel_klips_objects)
src_plugins_kernel_klips_kernel_klips_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
src_plugins_kernel_klips_kernel_klips_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
endif
