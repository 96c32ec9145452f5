# SPDX-License-Identifier: Apache-2.0
libmodswan_la_SOURCES += \
	src/lib/pfkey/pfkey.c \
	src/lib/pfkey/pfkey_build.c \
	src/lib/pfkey/pfkey_table.c \
	src/lib/pfkey/pfkey_table.h \
	src/lib/pfkey/pfkey_text.c \
	src/lib/pfkey/unix.c

if HAVE_CMOCKA
check_PROGRAMS += src/lib/pfkey/pfkey_test
TESTS += src/lib/pfkey/pfkey_test
src_lib_pfkey_pfkey_test_SOURCES = src/lib/pfkey/pfkey_test.c src/lib/pfkey/pfkey_table.c
src_lib_pfkey_pfkey_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
src_lib_pfkey_pfkey_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif

check_PROGRAMS += src/lib/pfkey/pfkey_fuzz
TESTS += src/lib/pfkey/pfkey_fuzz
src_lib_pfkey_pfkey_fuzz_SOURCES = src/lib/pfkey/pfkey_fuzz.c testing/fuzz/driver.c
src_lib_pfkey_pfkey_fuzz_LDADD = libmodswan.la
