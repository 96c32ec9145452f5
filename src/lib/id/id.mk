# SPDX-License-Identifier: Apache-2.0
# identities and their text forms
libmodswan_la_SOURCES += \
	src/lib/id/dn.c \
	src/lib/id/dn.h \
	src/lib/id/dn_attr.c \
	src/lib/id/dn_i.h \
	src/lib/id/dn_parse.c \
	src/lib/id/id.c \
	src/lib/id/id_text.c

if HAVE_CMOCKA
check_PROGRAMS += src/lib/id/id_test
TESTS += src/lib/id/id_test
src_lib_id_id_test_SOURCES = src/lib/id/id_test.c
src_lib_id_id_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
check_PROGRAMS += src/lib/id/id_fuzz
TESTS += src/lib/id/id_fuzz
src_lib_id_id_fuzz_SOURCES = src/lib/id/id_fuzz.c testing/fuzz/driver.c
src_lib_id_id_fuzz_LDADD = libmodswan.la
