# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/creds-secrets/README
if PLUGIN_CREDS_SECRETS
secrets_sources = \
	src/plugins/creds-secrets/choose.c \
	src/plugins/creds-secrets/key.c \
	src/plugins/creds-secrets/lexer.c \
	src/plugins/creds-secrets/read.c \
	src/plugins/creds-secrets/secrets.h
EXTRA_LTLIBRARIES += src/plugins/creds-secrets/creds-secrets.la
src_plugins_creds_secrets_creds_secrets_la_SOURCES = \
	src/plugins/creds-secrets/creds-secrets.c $(secrets_sources)
src_plugins_creds_secrets_creds_secrets_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CREDS_SECRETS_LDFLAGS)
src_plugins_creds_secrets_creds_secrets_la_LIBADD = libmodswan.la

check_PROGRAMS += src/plugins/creds-secrets/secrets_fuzz
TESTS += src/plugins/creds-secrets/secrets_fuzz
src_plugins_creds_secrets_secrets_fuzz_SOURCES = \
	src/plugins/creds-secrets/secrets_fuzz.c testing/fuzz/driver.c $(secrets_sources)
src_plugins_creds_secrets_secrets_fuzz_CFLAGS = $(AM_CFLAGS)
src_plugins_creds_secrets_secrets_fuzz_LDADD = libmodswan.la

if PLUGIN_CRYPTO_OPENSSL
check_PROGRAMS += src/plugins/creds-secrets/secrets_test
TESTS += src/plugins/creds-secrets/secrets_test
src_plugins_creds_secrets_secrets_test_SOURCES = \
	src/plugins/creds-secrets/secrets_test.c src/lib/conf/cases.h \
	src/plugins/creds-secrets/creds-secrets.c $(secrets_sources) \
	src/plugins/crypto-openssl/crypto-openssl.c
src_plugins_creds_secrets_secrets_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_plugins_creds_secrets_secrets_test_LDADD = src/plugins/crypto-openssl/libopenssl.la \
	libmodswan.la $(CRYPTO_LIBS)

# for src/tools/hostkey_test.sh
check_PROGRAMS += src/plugins/creds-secrets/hostkey_check
src_plugins_creds_secrets_hostkey_check_SOURCES = \
	src/plugins/creds-secrets/hostkey_check.c $(secrets_sources)
src_plugins_creds_secrets_hostkey_check_CFLAGS = $(AM_CFLAGS)
src_plugins_creds_secrets_hostkey_check_LDADD = src/plugins/crypto-openssl/libopenssl.la \
	libmodswan.la $(CRYPTO_LIBS)
endif
endif
