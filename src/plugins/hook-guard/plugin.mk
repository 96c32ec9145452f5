# SPDX-License-Identifier: Apache-2.0
if PLUGIN_HOOK_GUARD
EXTRA_LTLIBRARIES += src/plugins/hook-guard/hook-guard.la
hook_guard_sources = src/plugins/hook-guard/hook-guard.c src/plugins/hook-guard/ruleset.c \
	src/plugins/hook-guard/ruleset.h
src_plugins_hook_guard_hook_guard_la_SOURCES = $(hook_guard_sources)
src_plugins_hook_guard_hook_guard_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_HOOK_GUARD_LDFLAGS)
src_plugins_hook_guard_hook_guard_la_LIBADD = libmodswan.la
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/hook-guard/hook-guard_test
TESTS += src/plugins/hook-guard/hook-guard_test
src_plugins_hook_guard_hook_guard_test_SOURCES = \
	src/plugins/hook-guard/hook-guard_test.c $(hook_guard_sources)
src_plugins_hook_guard_hook_guard_test_CFLAGS = $(AM_CFLAGS)
src_plugins_hook_guard_hook_guard_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
endif
EXTRA_DIST += src/plugins/hook-guard/README
