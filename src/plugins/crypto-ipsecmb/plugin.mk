# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/crypto-ipsecmb/README
if PLUGIN_CRYPTO_IPSECMB
# The objects stand in a convenience library so that tests and benchmarks link the same ones.
EXTRA_LTLIBRARIES += src/plugins/crypto-ipsecmb/crypto-ipsecmb.la \
	src/plugins/crypto-ipsecmb/libipsecmb.la
CLEANFILES += src/plugins/crypto-ipsecmb/libipsecmb.la
src_plugins_crypto_ipsecmb_libipsecmb_la_SOURCES = \
	src/plugins/crypto-ipsecmb/aead.c \
	src/plugins/crypto-ipsecmb/cipher.c \
	src/plugins/crypto-ipsecmb/crypto-ipsecmb.h \
	src/plugins/crypto-ipsecmb/integ.c
src_plugins_crypto_ipsecmb_crypto_ipsecmb_la_SOURCES = src/plugins/crypto-ipsecmb/crypto-ipsecmb.c
src_plugins_crypto_ipsecmb_crypto_ipsecmb_la_CFLAGS = $(AM_CFLAGS)
src_plugins_crypto_ipsecmb_crypto_ipsecmb_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-export-symbols-regex '_LTX_modswan_plugin$$' $(PLUGIN_CRYPTO_IPSECMB_LDFLAGS)
src_plugins_crypto_ipsecmb_crypto_ipsecmb_la_LIBADD = src/plugins/crypto-ipsecmb/libipsecmb.la \
	libmodswan.la $(IPSECMB_LIBS) -lpthread

if HAVE_CMOCKA
check_PROGRAMS += src/plugins/crypto-ipsecmb/ipsecmb_test
TESTS += src/plugins/crypto-ipsecmb/ipsecmb_test
src_plugins_crypto_ipsecmb_ipsecmb_test_SOURCES = src/plugins/crypto-ipsecmb/ipsecmb_test.c \
	src/plugins/crypto-ipsecmb/crypto-ipsecmb.c src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_crypto_ipsecmb_ipsecmb_test_LDADD = src/plugins/crypto-ipsecmb/libipsecmb.la \
	src/plugins/crypto-openssl/libopenssl.la libmodswan.la $(IPSECMB_LIBS) $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS) -lpthread
endif
endif
