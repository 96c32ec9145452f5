# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/crypto-openssl/README
if PLUGIN_CRYPTO_OPENSSL
# The objects stand in a convenience library so that the tests link the same ones.
EXTRA_LTLIBRARIES += src/plugins/crypto-openssl/crypto-openssl.la \
	src/plugins/crypto-openssl/libopenssl.la
CLEANFILES += src/plugins/crypto-openssl/libopenssl.la
src_plugins_crypto_openssl_libopenssl_la_SOURCES = \
	src/plugins/crypto-openssl/crypto-openssl.h \
	src/plugins/crypto-openssl/encr.c \
	src/plugins/crypto-openssl/integ.c \
	src/plugins/crypto-openssl/ke_ecp.c \
	src/plugins/crypto-openssl/ke_modp.c \
	src/plugins/crypto-openssl/ke_x.c \
	src/plugins/crypto-openssl/keys.c \
	src/plugins/crypto-openssl/md.c \
	src/plugins/crypto-openssl/rsa.c \
	src/plugins/crypto-openssl/rsa.h \
	src/plugins/crypto-openssl/rsa_make.c \
	src/plugins/crypto-openssl/sign.c \
	src/plugins/crypto-openssl/spki.c \
	src/plugins/crypto-openssl/xcbc.c
src_plugins_crypto_openssl_libopenssl_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_crypto_openssl_crypto_openssl_la_SOURCES = src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_crypto_openssl_crypto_openssl_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_crypto_openssl_crypto_openssl_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-export-symbols-regex '_LTX_modswan_plugin$$' $(PLUGIN_CRYPTO_OPENSSL_LDFLAGS)
src_plugins_crypto_openssl_crypto_openssl_la_LIBADD = src/plugins/crypto-openssl/libopenssl.la \
	libmodswan.la $(CRYPTO_LIBS)

# kat_data.c gives the fuzz target its known keys; the library does not export them
check_PROGRAMS += src/plugins/crypto-openssl/key_fuzz
TESTS += src/plugins/crypto-openssl/key_fuzz
src_plugins_crypto_openssl_key_fuzz_SOURCES = src/plugins/crypto-openssl/key_fuzz.c \
	testing/fuzz/driver.c src/lib/crypto/kat.c src/lib/crypto/kat_data.c
src_plugins_crypto_openssl_key_fuzz_LDADD = src/plugins/crypto-openssl/libopenssl.la libmodswan.la \
	$(CRYPTO_LIBS)

if HAVE_CMOCKA
crypto_openssl_tests = \
	src/plugins/crypto-openssl/ckaid_test \
	src/plugins/crypto-openssl/encr_test \
	src/plugins/crypto-openssl/forgery_test \
	src/plugins/crypto-openssl/kat_test \
	src/plugins/crypto-openssl/ke_test \
	src/plugins/crypto-openssl/mac_test \
	src/plugins/crypto-openssl/rsa_make_test \
	src/plugins/crypto-openssl/rsa_test \
	src/plugins/crypto-openssl/sign_test \
	src/plugins/crypto-openssl/spki_test \
	src/plugins/crypto-openssl/wycheproof_test
crypto_openssl_test_libs = src/plugins/crypto-openssl/libopenssl.la libmodswan.la $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS)
crypto_openssl_test_common = src/plugins/crypto-openssl/crypto-openssl.c \
	src/plugins/crypto-openssl/crypto_test.h
check_PROGRAMS += $(crypto_openssl_tests)
TESTS += $(crypto_openssl_tests)
src_plugins_crypto_openssl_ckaid_test_SOURCES = src/plugins/crypto-openssl/ckaid_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_ckaid_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_encr_test_SOURCES = src/plugins/crypto-openssl/encr_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_encr_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_forgery_test_SOURCES = src/plugins/crypto-openssl/forgery_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_forgery_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_kat_test_SOURCES = src/plugins/crypto-openssl/kat_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_kat_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_ke_test_SOURCES = src/plugins/crypto-openssl/ke_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_ke_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_mac_test_SOURCES = src/plugins/crypto-openssl/mac_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_mac_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_rsa_make_test_SOURCES = src/plugins/crypto-openssl/rsa_make_test.c \
	src/plugins/crypto-openssl/rsa_maker_test.h $(crypto_openssl_test_common)
src_plugins_crypto_openssl_rsa_make_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_rsa_test_SOURCES = src/plugins/crypto-openssl/rsa_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_rsa_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_sign_test_SOURCES = src/plugins/crypto-openssl/sign_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_sign_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_spki_test_SOURCES = src/plugins/crypto-openssl/spki_test.c \
	$(crypto_openssl_test_common)
src_plugins_crypto_openssl_spki_test_LDADD = $(crypto_openssl_test_libs)
src_plugins_crypto_openssl_wycheproof_test_SOURCES = \
	src/plugins/crypto-openssl/wycheproof_test.c $(crypto_openssl_test_common)
src_plugins_crypto_openssl_wycheproof_test_LDADD = $(crypto_openssl_test_libs)
endif
endif
