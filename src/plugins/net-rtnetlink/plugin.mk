# SPDX-License-Identifier: Apache-2.0
if PLUGIN_NET_RTNETLINK
EXTRA_LTLIBRARIES += src/plugins/net-rtnetlink/net-rtnetlink.la
net_rtnetlink_sources = src/plugins/net-rtnetlink/net-rtnetlink.c \
	src/plugins/net-rtnetlink/table.c src/plugins/net-rtnetlink/query.c \
	src/plugins/net-rtnetlink/rtnetlink.h
src_plugins_net_rtnetlink_net_rtnetlink_la_SOURCES = $(net_rtnetlink_sources)
src_plugins_net_rtnetlink_net_rtnetlink_la_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
src_plugins_net_rtnetlink_net_rtnetlink_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_NET_RTNETLINK_LDFLAGS)
src_plugins_net_rtnetlink_net_rtnetlink_la_LIBADD = libmodswan.la $(MNL_LIBS)
check_PROGRAMS += src/plugins/net-rtnetlink/table_fuzz
TESTS += src/plugins/net-rtnetlink/table_fuzz
src_plugins_net_rtnetlink_table_fuzz_SOURCES = src/plugins/net-rtnetlink/table_fuzz.c \
	testing/fuzz/driver.c src/plugins/net-rtnetlink/table.c
src_plugins_net_rtnetlink_table_fuzz_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
src_plugins_net_rtnetlink_table_fuzz_LDADD = libmodswan.la $(MNL_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/net-rtnetlink/net-rtnetlink_test
TESTS += src/plugins/net-rtnetlink/net-rtnetlink_test
src_plugins_net_rtnetlink_net_rtnetlink_test_SOURCES = \
	src/plugins/net-rtnetlink/net-rtnetlink_test.c $(net_rtnetlink_sources)
src_plugins_net_rtnetlink_net_rtnetlink_test_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
src_plugins_net_rtnetlink_net_rtnetlink_test_LDADD = libmodswan.la $(MNL_LIBS) $(CMOCKA_LIBS)
endif
endif
EXTRA_DIST += src/plugins/net-rtnetlink/README
