# SPDX-License-Identifier: Apache-2.0
# names of DNS; the fake resolver is for tests and simulation
libmodswan_la_SOURCES += src/lib/dns/host_name.c src/lib/dns/host_name.h \
	src/lib/dns/key.c src/lib/dns/name.c
EXTRA_DIST += src/lib/dns/fake_resolver_test.h

if HAVE_CMOCKA
check_PROGRAMS += src/lib/dns/name_test src/lib/dns/key_test src/lib/dns/cve_test
TESTS += src/lib/dns/name_test src/lib/dns/key_test src/lib/dns/cve_test
src_lib_dns_cve_test_SOURCES = src/lib/dns/cve_test.c
src_lib_dns_cve_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_dns_key_test_SOURCES = src/lib/dns/key_test.c
src_lib_dns_key_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_dns_name_test_SOURCES = src/lib/dns/name_test.c
src_lib_dns_name_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
check_PROGRAMS += src/lib/dns/key_fuzz
TESTS += src/lib/dns/key_fuzz
src_lib_dns_key_fuzz_SOURCES = src/lib/dns/key_fuzz.c testing/fuzz/driver.c
src_lib_dns_key_fuzz_LDADD = libmodswan.la
