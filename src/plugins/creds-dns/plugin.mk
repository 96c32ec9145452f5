# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/creds-dns/README
if PLUGIN_CREDS_DNS
EXTRA_LTLIBRARIES += src/plugins/creds-dns/creds-dns.la
creds_dns_sources = src/plugins/creds-dns/creds-dns.c src/plugins/creds-dns/collect.c \
	src/plugins/creds-dns/dns.h src/plugins/creds-dns/lookup.c
src_plugins_creds_dns_creds_dns_la_SOURCES = $(creds_dns_sources)
src_plugins_creds_dns_creds_dns_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CREDS_DNS_LDFLAGS)
src_plugins_creds_dns_creds_dns_la_LIBADD = libmodswan.la

if HAVE_CMOCKA
if PLUGIN_CRYPTO_OPENSSL
check_PROGRAMS += src/plugins/creds-dns/creds-dns_test
TESTS += src/plugins/creds-dns/creds-dns_test
src_plugins_creds_dns_creds_dns_test_SOURCES = src/plugins/creds-dns/creds-dns_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c src/lib/dns/fake_resolver_test.h $(creds_dns_sources)
src_plugins_creds_dns_creds_dns_test_CFLAGS = $(AM_CFLAGS)
src_plugins_creds_dns_creds_dns_test_LDADD = src/plugins/crypto-openssl/libopenssl.la libmodswan.la \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
endif
endif
endif
