# SPDX-License-Identifier: Apache-2.0
if PLUGIN_CONTROL_WHACK
EXTRA_LTLIBRARIES += src/plugins/control-whack/control-whack.la
control_whack_sources = src/plugins/control-whack/control-whack.c \
	src/plugins/control-whack/client.c src/plugins/control-whack/face.h
src_plugins_control_whack_control_whack_la_SOURCES = $(control_whack_sources)
src_plugins_control_whack_control_whack_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CONTROL_WHACK_LDFLAGS)
src_plugins_control_whack_control_whack_la_LIBADD = libmodswan.la
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/control-whack/control-whack_test
TESTS += src/plugins/control-whack/control-whack_test
src_plugins_control_whack_control_whack_test_SOURCES = \
	src/plugins/control-whack/control-whack_test.c $(control_whack_sources)
# flags of its own, so that automake gives it objects of its own
src_plugins_control_whack_control_whack_test_CFLAGS = $(AM_CFLAGS)
src_plugins_control_whack_control_whack_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
endif
EXTRA_DIST += src/plugins/control-whack/README
