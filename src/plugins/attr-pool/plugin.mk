# SPDX-License-Identifier: Apache-2.0
if PLUGIN_ATTR_POOL
EXTRA_LTLIBRARIES += src/plugins/attr-pool/attr-pool.la
attr_pool_sources = src/plugins/attr-pool/attr-pool.c src/plugins/attr-pool/attr-pool.h \
	src/plugins/attr-pool/pool.c \
	src/plugins/attr-pool/pool.h src/plugins/attr-pool/keep.c src/plugins/attr-pool/keep.h \
	src/plugins/attr-pool/store.c src/plugins/attr-pool/store.h
src_plugins_attr_pool_attr_pool_la_SOURCES = $(attr_pool_sources)
src_plugins_attr_pool_attr_pool_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_ATTR_POOL_LDFLAGS)
src_plugins_attr_pool_attr_pool_la_LIBADD = libmodswan.la
check_PROGRAMS += src/plugins/attr-pool/pool_fuzz
TESTS += src/plugins/attr-pool/pool_fuzz
src_plugins_attr_pool_pool_fuzz_SOURCES = src/plugins/attr-pool/pool_fuzz.c \
	testing/fuzz/driver.c src/plugins/attr-pool/pool.c
src_plugins_attr_pool_pool_fuzz_CFLAGS = $(AM_CFLAGS)
src_plugins_attr_pool_pool_fuzz_LDADD = libmodswan.la
check_PROGRAMS += src/plugins/attr-pool/store_fuzz
TESTS += src/plugins/attr-pool/store_fuzz
src_plugins_attr_pool_store_fuzz_SOURCES = src/plugins/attr-pool/store_fuzz.c \
	testing/fuzz/driver.c src/plugins/attr-pool/store.c
src_plugins_attr_pool_store_fuzz_CFLAGS = $(AM_CFLAGS)
src_plugins_attr_pool_store_fuzz_LDADD = libmodswan.la
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/attr-pool/attr-pool_test
TESTS += src/plugins/attr-pool/attr-pool_test
src_plugins_attr_pool_attr_pool_test_SOURCES = \
	src/plugins/attr-pool/attr-pool_test.c $(attr_pool_sources)
src_plugins_attr_pool_attr_pool_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
src_plugins_attr_pool_attr_pool_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
check_PROGRAMS += src/plugins/attr-pool/keep_test
TESTS += src/plugins/attr-pool/keep_test
src_plugins_attr_pool_keep_test_SOURCES = src/plugins/attr-pool/keep_test.c $(attr_pool_sources)
src_plugins_attr_pool_keep_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
src_plugins_attr_pool_keep_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
endif
EXTRA_DIST += src/plugins/attr-pool/README
