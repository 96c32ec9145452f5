# SPDX-License-Identifier: Apache-2.0
if PLUGIN_CONTROL_WHACK
EXTRA_LTLIBRARIES += src/plugins/control-whack/control-whack.la
src_plugins_control_whack_control_whack_la_SOURCES = src/plugins/control-whack/control-whack.c
src_plugins_control_whack_control_whack_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CONTROL_WHACK_LDFLAGS)
src_plugins_control_whack_control_whack_la_LIBADD = libmodswan.la
endif
