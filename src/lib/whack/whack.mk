# SPDX-License-Identifier: Apache-2.0
# the wire form of the control socket, for control-whack and the tools
libmodswan_la_SOURCES += src/lib/whack/whack.c

check_PROGRAMS += src/lib/whack/whack_fuzz
TESTS += src/lib/whack/whack_fuzz
src_lib_whack_whack_fuzz_SOURCES = src/lib/whack/whack_fuzz.c testing/fuzz/driver.c
src_lib_whack_whack_fuzz_LDADD = libmodswan.la

if HAVE_CMOCKA
check_PROGRAMS += src/lib/whack/whack_test
TESTS += src/lib/whack/whack_test
src_lib_whack_whack_test_SOURCES = src/lib/whack/whack_test.c
src_lib_whack_whack_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
