# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/crypto-legacy/README
if PLUGIN_CRYPTO_LEGACY
EXTRA_LTLIBRARIES += src/plugins/crypto-legacy/crypto-legacy.la
src_plugins_crypto_legacy_crypto_legacy_la_SOURCES = src/plugins/crypto-legacy/crypto-legacy.c
src_plugins_crypto_legacy_crypto_legacy_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_crypto_legacy_crypto_legacy_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	$(PLUGIN_CRYPTO_LEGACY_LDFLAGS)
src_plugins_crypto_legacy_crypto_legacy_la_LIBADD = libmodswan.la $(CRYPTO_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += src/plugins/crypto-legacy/legacy_test
TESTS += src/plugins/crypto-legacy/legacy_test
src_plugins_crypto_legacy_legacy_test_SOURCES = src/plugins/crypto-legacy/legacy_test.c \
	src/plugins/crypto-legacy/crypto-legacy.c
src_plugins_crypto_legacy_legacy_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_crypto_legacy_legacy_test_LDADD = libmodswan.la $(CRYPTO_LIBS) $(CMOCKA_LIBS)
endif
endif
