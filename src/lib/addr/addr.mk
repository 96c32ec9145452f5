# SPDX-License-Identifier: Apache-2.0
# addresses, their relatives, and all their text forms
libmodswan_la_SOURCES += \
	src/lib/addr/addr.c \
	src/lib/addr/addr_lookup.c \
	src/lib/addr/addr_text.c \
	src/lib/addr/data.c \
	src/lib/addr/endpoint.c \
	src/lib/addr/hash.c \
	src/lib/addr/hash.h \
	src/lib/addr/number.c \
	src/lib/addr/protoport.c \
	src/lib/addr/range.c \
	src/lib/addr/rsablob.c \
	src/lib/addr/said.c \
	src/lib/addr/selector.c \
	src/lib/addr/subnet.c \
	src/lib/addr/text.c \
	src/lib/addr/text.h

if HAVE_CMOCKA
addr_tests = \
	src/lib/addr/addr_test \
	src/lib/addr/data_test \
	src/lib/addr/hash_test \
	src/lib/addr/range_test \
	src/lib/addr/said_test \
	src/lib/addr/selector_test \
	src/lib/addr/subnet_test \
	src/lib/addr/text_test
check_PROGRAMS += $(addr_tests)
TESTS += $(addr_tests)
src_lib_addr_addr_test_SOURCES = src/lib/addr/addr_test.c src/lib/addr/addr_test.h
src_lib_addr_addr_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_addr_data_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_addr_hash_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_addr_range_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_addr_said_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_addr_selector_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_addr_subnet_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_addr_text_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif

check_PROGRAMS += src/lib/addr/addr_fuzz
TESTS += src/lib/addr/addr_fuzz
src_lib_addr_addr_fuzz_SOURCES = src/lib/addr/addr_fuzz.c testing/fuzz/driver.c
src_lib_addr_addr_fuzz_LDADD = libmodswan.la
EXTRA_DIST += src/lib/addr/addr_fuzz.dict
