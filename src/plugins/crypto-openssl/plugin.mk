# SPDX-License-Identifier: Apache-2.0
if PLUGIN_CRYPTO_OPENSSL
EXTRA_LTLIBRARIES += src/plugins/crypto-openssl/crypto-openssl.la
src_plugins_crypto_openssl_crypto_openssl_la_SOURCES = src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_crypto_openssl_crypto_openssl_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CRYPTO_OPENSSL_LDFLAGS)
src_plugins_crypto_openssl_crypto_openssl_la_LIBADD = libmodswan.la
endif
