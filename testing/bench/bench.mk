# SPDX-License-Identifier: Apache-2.0
# Benchmarks; testing/bench/README.md says what they measure.
if PLUGIN_CRYPTO_OPENSSL
noinst_PROGRAMS += testing/bench/load/ikeload
testing_bench_load_ikeload_SOURCES = \
	testing/bench/load/certs.c \
	testing/bench/load/ikeload.c \
	testing/bench/load/load.c \
	testing/bench/load/load.h \
	testing/bench/load/sockets.c \
	testing/bench/load/world.c
testing_bench_load_ikeload_LDADD = libcore.la libmodswan.la $(LTDL_LIBS) $(CRYPTO_LIBS)
testing_bench_load_ikeload_LDFLAGS = $(AM_LDFLAGS) $(PLUGINS_PRELOAD)
testing_bench_load_ikeload_DEPENDENCIES = libcore.la libmodswan.la $(PLUGINS_STATIC)
endif
noinst_PROGRAMS += testing/bench/src/cryptobench testing/bench/src/flood
testing_bench_src_flood_SOURCES = testing/bench/src/flood.c testing/bench/src/bench.h
testing_bench_src_cryptobench_SOURCES = testing/bench/src/cryptobench.c testing/bench/src/bench.h
testing_bench_src_cryptobench_LDADD = libmodswan.la $(LTDL_LIBS)
testing_bench_src_cryptobench_LDFLAGS = $(AM_LDFLAGS) $(PLUGINS_PRELOAD)
testing_bench_src_cryptobench_DEPENDENCIES = libmodswan.la $(PLUGINS_STATIC)
if HAVE_URCU
noinst_PROGRAMS += testing/bench/src/eroutebench testing/bench/src/sadbbench
bench_tables = testing/bench/src/tables.c testing/bench/src/tables.h testing/bench/src/bench.h
testing_bench_src_eroutebench_SOURCES = testing/bench/src/eroutebench.c $(bench_tables)
testing_bench_src_eroutebench_LDADD = libklips.la libmodswan.la $(URCU_LIBS)
testing_bench_src_sadbbench_SOURCES = testing/bench/src/sadbbench.c $(bench_tables)
testing_bench_src_sadbbench_LDADD = libklips.la libmodswan.la $(URCU_LIBS)
endif
EXTRA_DIST += \
	testing/bench/README.md \
	testing/bench/crypto \
	testing/bench/eroute \
	testing/bench/esp \
	testing/bench/groups \
	testing/bench/handshake \
	testing/bench/lib \
	testing/bench/oe \
	testing/bench/sadb
