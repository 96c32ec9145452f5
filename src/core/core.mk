# SPDX-License-Identifier: Apache-2.0
# libcore: the sans-I/O core.
noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	src/core/conn/build.c src/core/conn/conn.c src/core/conn/conn.h src/core/conn/conn_priv.h \
	src/core/conn/find.c src/core/conn/intern.c src/core/conn/orient.c src/core/conn/table.c \
	src/core/creds/creds.c src/core/creds/creds.h \
	src/core/host.h
libcore_la_LIBADD = libmodswan.la

if HAVE_CMOCKA
if PLUGIN_CRYPTO_OPENSSL
core_test_libs = libcore.la src/plugins/crypto-openssl/libopenssl.la libmodswan.la $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS)
core_tests = src/core/conn/conn_test
check_PROGRAMS += $(core_tests)
TESTS += $(core_tests)
src_core_conn_conn_test_SOURCES = src/core/conn/conn_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_conn_conn_test_LDADD = $(core_test_libs)
endif
endif

include $(top_srcdir)/src/core/ike/ike.mk
