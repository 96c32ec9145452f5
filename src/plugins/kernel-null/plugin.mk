# SPDX-License-Identifier: Apache-2.0
if PLUGIN_KERNEL_NULL
EXTRA_LTLIBRARIES += src/plugins/kernel-null/kernel-null.la
src_plugins_kernel_null_kernel_null_la_SOURCES = src/plugins/kernel-null/kernel-null.c
src_plugins_kernel_null_kernel_null_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_KERNEL_NULL_LDFLAGS)
src_plugins_kernel_null_kernel_null_la_LIBADD = libmodswan.la
endif
EXTRA_DIST += src/plugins/kernel-null/README
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/kernel-null/kernel-null_test
TESTS += src/plugins/kernel-null/kernel-null_test
src_plugins_kernel_null_kernel_null_test_SOURCES = \
	src/plugins/kernel-null/kernel-null_test.c src/plugins/kernel-null/kernel-null.c
src_plugins_kernel_null_kernel_null_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
src_plugins_kernel_null_kernel_null_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
