# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/creds-dns/README
if PLUGIN_CREDS_DNS
EXTRA_LTLIBRARIES += src/plugins/creds-dns/creds-dns.la
creds_dns_sources = src/plugins/creds-dns/creds-dns.c src/plugins/creds-dns/collect.c \
	src/plugins/creds-dns/dns.h src/plugins/creds-dns/lookup.c src/plugins/creds-dns/rr.c \
	src/plugins/creds-dns/rr.h
src_plugins_creds_dns_creds_dns_la_SOURCES = $(creds_dns_sources)
src_plugins_creds_dns_creds_dns_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CREDS_DNS_LDFLAGS)
src_plugins_creds_dns_creds_dns_la_LIBADD = libmodswan.la
endif
