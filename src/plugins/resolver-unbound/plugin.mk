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
endif
