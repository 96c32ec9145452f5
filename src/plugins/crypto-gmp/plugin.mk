# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/crypto-gmp/README
if PLUGIN_CRYPTO_GMP
crypto_gmp_sources = src/plugins/crypto-gmp/crypto-gmp.c src/plugins/crypto-gmp/crypto-gmp.h \
	src/plugins/crypto-gmp/modp.c src/plugins/crypto-gmp/rsa.c
EXTRA_LTLIBRARIES += src/plugins/crypto-gmp/crypto-gmp.la
src_plugins_crypto_gmp_crypto_gmp_la_SOURCES = $(crypto_gmp_sources)
src_plugins_crypto_gmp_crypto_gmp_la_CFLAGS = $(AM_CFLAGS) $(GMP_CFLAGS)
src_plugins_crypto_gmp_crypto_gmp_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-export-symbols-regex '_LTX_modswan_plugin$$' $(PLUGIN_CRYPTO_GMP_LDFLAGS)
src_plugins_crypto_gmp_crypto_gmp_la_LIBADD = libmodswan.la $(GMP_LIBS)

if HAVE_CMOCKA
if PLUGIN_CRYPTO_OPENSSL
crypto_gmp_tests = src/plugins/crypto-gmp/gmp_test src/plugins/crypto-gmp/rsa_test
crypto_gmp_test_libs = src/plugins/crypto-openssl/libopenssl.la libmodswan.la $(GMP_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += $(crypto_gmp_tests)
TESTS += $(crypto_gmp_tests)
src_plugins_crypto_gmp_gmp_test_SOURCES = src/plugins/crypto-gmp/gmp_test.c $(crypto_gmp_sources) \
	src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_crypto_gmp_gmp_test_CFLAGS = $(AM_CFLAGS) $(GMP_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_crypto_gmp_gmp_test_LDADD = $(crypto_gmp_test_libs) -lpthread
src_plugins_crypto_gmp_rsa_test_SOURCES = src/plugins/crypto-gmp/rsa_test.c \
	src/plugins/crypto-gmp/crypto-gmp.h src/plugins/crypto-gmp/rsa.c \
	src/plugins/crypto-openssl/rsa_maker_test.h src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_crypto_gmp_rsa_test_CFLAGS = $(AM_CFLAGS) $(GMP_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_crypto_gmp_rsa_test_LDADD = $(crypto_gmp_test_libs)
endif
endif
endif
