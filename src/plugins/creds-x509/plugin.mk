# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/creds-x509/README
if PLUGIN_CREDS_X509
# The objects stand in a convenience library so that the tests link the same ones.
EXTRA_LTLIBRARIES += src/plugins/creds-x509/creds-x509.la src/plugins/creds-x509/libx509.la
CLEANFILES += src/plugins/creds-x509/libx509.la
src_plugins_creds_x509_libx509_la_SOURCES = \
	src/plugins/creds-x509/cache.c \
	src/plugins/creds-x509/chain.c \
	src/plugins/creds-x509/download.c \
	src/plugins/creds-x509/inquiry.c \
	src/plugins/creds-x509/list.c \
	src/plugins/creds-x509/match.c \
	src/plugins/creds-x509/ocsp.c \
	src/plugins/creds-x509/own.c \
	src/plugins/creds-x509/store.c \
	src/plugins/creds-x509/x509.h
src_plugins_creds_x509_libx509_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_creds_x509_la_SOURCES = src/plugins/creds-x509/creds-x509.c
src_plugins_creds_x509_creds_x509_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_creds_x509_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-export-symbols-regex '_LTX_modswan_plugin$$' $(PLUGIN_CREDS_X509_LDFLAGS)
src_plugins_creds_x509_creds_x509_la_LIBADD = src/plugins/creds-x509/libx509.la libmodswan.la \
	$(CRYPTO_LIBS)

x509_pki = src/plugins/creds-x509/pki.c src/plugins/creds-x509/pki.h
check_PROGRAMS += src/plugins/creds-x509/x509_fuzz
TESTS += src/plugins/creds-x509/x509_fuzz
src_plugins_creds_x509_x509_fuzz_SOURCES = src/plugins/creds-x509/x509_fuzz.c $(x509_pki) \
	testing/fuzz/driver.c src/plugins/creds-x509/creds-x509.c
src_plugins_creds_x509_x509_fuzz_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_x509_fuzz_LDADD = src/plugins/creds-x509/libx509.la libmodswan.la \
	$(CRYPTO_LIBS)
if HAVE_CMOCKA
if PLUGIN_CRYPTO_OPENSSL
x509_test_libs = src/plugins/creds-x509/libx509.la src/plugins/crypto-openssl/libopenssl.la \
	libmodswan.la $(CRYPTO_LIBS) $(CMOCKA_LIBS)
x509_tests = src/plugins/creds-x509/chain_test src/plugins/creds-x509/cve_test \
	src/plugins/creds-x509/inquiry_test \
	src/plugins/creds-x509/ocsp_test src/plugins/creds-x509/store_test
check_PROGRAMS += $(x509_tests)
TESTS += $(x509_tests)
src_plugins_creds_x509_chain_test_SOURCES = src/plugins/creds-x509/chain_test.c $(x509_pki) \
	src/plugins/creds-x509/creds-x509.c
src_plugins_creds_x509_chain_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_chain_test_LDADD = $(x509_test_libs)
src_plugins_creds_x509_cve_test_SOURCES = src/plugins/creds-x509/cve_test.c $(x509_pki) \
	src/plugins/creds-x509/creds-x509.c
src_plugins_creds_x509_cve_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_cve_test_LDADD = $(x509_test_libs)
src_plugins_creds_x509_ocsp_test_SOURCES = src/plugins/creds-x509/ocsp_test.c $(x509_pki) \
	src/plugins/creds-x509/inquiry_test.h src/plugins/creds-x509/creds-x509.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_creds_x509_ocsp_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_ocsp_test_LDADD = $(x509_test_libs)
src_plugins_creds_x509_inquiry_test_SOURCES = src/plugins/creds-x509/inquiry_test.c $(x509_pki) \
	src/plugins/creds-x509/inquiry_test.h \
	src/plugins/creds-x509/creds-x509.c src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_creds_x509_inquiry_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_inquiry_test_LDADD = $(x509_test_libs)
src_plugins_creds_x509_store_test_SOURCES = src/plugins/creds-x509/store_test.c $(x509_pki) \
	src/plugins/creds-x509/creds-x509.c
src_plugins_creds_x509_store_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_x509_store_test_LDADD = $(x509_test_libs)
endif
endif
endif
