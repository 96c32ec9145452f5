# SPDX-License-Identifier: Apache-2.0
# key tables: values, libconfig binding, generated samples and manual sections
libmodswan_la_SOURCES += \
	src/lib/conf/checks.c \
	src/lib/conf/checks.h \
	src/lib/conf/checks_log.c \
	src/lib/conf/checks_manual.c \
	src/lib/conf/conf.c \
	src/lib/conf/conf_i.h \
	src/lib/conf/conn_desc.c \
	src/lib/conf/conn_keys.c \
	src/lib/conf/daemon_keys.c \
	src/lib/conf/daemon_keys.h \
	src/lib/conf/end_keys.c \
	src/lib/conf/file.c \
	src/lib/conf/gen.c \
	src/lib/conf/gen.h \
	src/lib/conf/nearest.c \
	src/lib/conf/offers.c \
	src/lib/conf/places.c \
	src/lib/conf/rows.h \
	src/lib/conf/setup_keys.c \
	src/lib/conf/subnets.c \
	src/lib/conf/text.c \
	src/lib/conf/value.c

if HAVE_CMOCKA
check_PROGRAMS += src/lib/conf/conf_test
TESTS += src/lib/conf/conf_test
src_lib_conf_conf_test_SOURCES = src/lib/conf/conf_test.c
src_lib_conf_conf_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
check_PROGRAMS += src/lib/conf/file_fuzz
TESTS += src/lib/conf/file_fuzz
src_lib_conf_file_fuzz_SOURCES = src/lib/conf/file_fuzz.c testing/fuzz/driver.c
src_lib_conf_file_fuzz_LDADD = libmodswan.la
check_PROGRAMS += src/lib/conf/file_test
TESTS += src/lib/conf/file_test
src_lib_conf_file_test_SOURCES = src/lib/conf/file_test.c src/lib/conf/cases.h
src_lib_conf_file_test_LDADD = libmodswan.la
