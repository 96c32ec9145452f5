# SPDX-License-Identifier: Apache-2.0
# wire, mem, log, loop
libmodswan_la_SOURCES += \
	src/lib/log/log.c src/lib/log/log_priv.h src/lib/log/sink.c src/lib/log/sink.h \
	src/lib/loop/load.c src/lib/loop/loop.c src/lib/loop/loop.h src/lib/loop/process.c src/lib/loop/loop_priv.h \
	src/lib/mem/arena.c src/lib/mem/arena.h src/lib/mem/mem.c \
	src/lib/wire/der.h src/lib/wire/wire.h

if HAVE_CMOCKA
check_PROGRAMS += src/lib/loop/loop_test src/lib/log/log_test
TESTS += src/lib/loop/loop_test src/lib/log/log_test
src_lib_loop_loop_test_SOURCES = src/lib/loop/loop_test.c
src_lib_loop_loop_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_log_log_test_SOURCES = src/lib/log/log_test.c
src_lib_log_log_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
