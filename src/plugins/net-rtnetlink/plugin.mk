# SPDX-License-Identifier: Apache-2.0
if PLUGIN_NET_RTNETLINK
EXTRA_LTLIBRARIES += src/plugins/net-rtnetlink/net-rtnetlink.la
src_plugins_net_rtnetlink_net_rtnetlink_la_SOURCES = src/plugins/net-rtnetlink/net-rtnetlink.c
src_plugins_net_rtnetlink_net_rtnetlink_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_NET_RTNETLINK_LDFLAGS)
src_plugins_net_rtnetlink_net_rtnetlink_la_LIBADD = libmodswan.la
endif
