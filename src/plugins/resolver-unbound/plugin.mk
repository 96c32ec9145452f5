# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/resolver-unbound/README
if PLUGIN_RESOLVER_UNBOUND
EXTRA_LTLIBRARIES += src/plugins/resolver-unbound/resolver-unbound.la
resolver_unbound_sources = src/plugins/resolver-unbound/resolver-unbound.c \
	src/plugins/resolver-unbound/engine.c src/plugins/resolver-unbound/unbound.h
src_plugins_resolver_unbound_resolver_unbound_la_SOURCES = $(resolver_unbound_sources)
src_plugins_resolver_unbound_resolver_unbound_la_CFLAGS = $(AM_CFLAGS)
src_plugins_resolver_unbound_resolver_unbound_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_RESOLVER_UNBOUND_LDFLAGS)
src_plugins_resolver_unbound_resolver_unbound_la_LIBADD = libmodswan.la $(UNBOUND_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/resolver-unbound/resolver-unbound_test
TESTS += src/plugins/resolver-unbound/resolver-unbound_test
src_plugins_resolver_unbound_resolver_unbound_test_SOURCES = \
	src/plugins/resolver-unbound/resolver-unbound_test.c $(resolver_unbound_sources)
src_plugins_resolver_unbound_resolver_unbound_test_CFLAGS = $(AM_CFLAGS)
src_plugins_resolver_unbound_resolver_unbound_test_LDADD = libmodswan.la $(UNBOUND_LIBS) $(CMOCKA_LIBS)
endif
endif
