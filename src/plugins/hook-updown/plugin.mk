# SPDX-License-Identifier: Apache-2.0
if PLUGIN_HOOK_UPDOWN
EXTRA_LTLIBRARIES += src/plugins/hook-updown/hook-updown.la
hook_updown_sources = src/plugins/hook-updown/hook-updown.c src/plugins/hook-updown/env.c \
	src/plugins/hook-updown/batch.c \
	src/plugins/hook-updown/updown.h
src_plugins_hook_updown_hook_updown_la_SOURCES = $(hook_updown_sources)
src_plugins_hook_updown_hook_updown_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_HOOK_UPDOWN_LDFLAGS)
src_plugins_hook_updown_hook_updown_la_LIBADD = libmodswan.la
dist_pkglibexec_SCRIPTS += src/plugins/hook-updown/_updown
TESTS += src/plugins/hook-updown/_updown_test.sh
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/hook-updown/hook-updown_test src/plugins/hook-updown/steps_test
TESTS += src/plugins/hook-updown/hook-updown_test src/plugins/hook-updown/steps_test
src_plugins_hook_updown_hook_updown_test_SOURCES = \
	src/plugins/hook-updown/hook-updown_test.c src/plugins/hook-updown/updown_test.h $(hook_updown_sources)
src_plugins_hook_updown_hook_updown_test_CFLAGS = $(AM_CFLAGS)
src_plugins_hook_updown_hook_updown_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_plugins_hook_updown_steps_test_SOURCES = src/plugins/hook-updown/steps_test.c \
	src/plugins/hook-updown/updown_test.h $(hook_updown_sources)
src_plugins_hook_updown_steps_test_CFLAGS = $(AM_CFLAGS)
src_plugins_hook_updown_steps_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
endif
EXTRA_DIST += src/plugins/hook-updown/README src/plugins/hook-updown/_updown_test.sh
