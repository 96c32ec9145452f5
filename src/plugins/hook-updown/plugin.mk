# SPDX-License-Identifier: Apache-2.0
if PLUGIN_HOOK_UPDOWN
EXTRA_LTLIBRARIES += src/plugins/hook-updown/hook-updown.la
src_plugins_hook_updown_hook_updown_la_SOURCES = src/plugins/hook-updown/hook-updown.c
src_plugins_hook_updown_hook_updown_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_HOOK_UPDOWN_LDFLAGS)
src_plugins_hook_updown_hook_updown_la_LIBADD = libmodswan.la
endif
