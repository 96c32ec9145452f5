# SPDX-License-Identifier: Apache-2.0
# libmodswan: shared by pluto, klips, the tools and the plugins.
lib_LTLIBRARIES += libmodswan.la
libmodswan_la_SOURCES = \
	src/lib/log/error.c
libmodswan_la_CFLAGS = $(AM_CFLAGS) $(LIBUV_CFLAGS) $(LIBCONFIG_CFLAGS)
libmodswan_la_LIBADD = $(LTDL_LIBS) $(LIBUV_LIBS) $(LIBCONFIG_LIBS)
libmodswan_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -export-symbols-regex '^ms_'

include $(top_srcdir)/src/lib/addr/addr.mk
include $(top_srcdir)/src/lib/base.mk
include $(top_srcdir)/src/lib/conf/conf.mk
include $(top_srcdir)/src/lib/crypto/crypto.mk
include $(top_srcdir)/src/lib/dns/dns.mk
include $(top_srcdir)/src/lib/id/id.mk
include $(top_srcdir)/src/lib/pfkey/pfkey.mk
include $(top_srcdir)/src/lib/plugin/plugin.mk
include $(top_srcdir)/src/lib/whack/whack.mk
