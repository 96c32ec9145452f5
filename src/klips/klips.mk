# SPDX-License-Identifier: Apache-2.0
# klips: the data plane.  The objects stand in a convenience library for tests and fuzzers.
if HAVE_URCU
pkglibexec_PROGRAMS += klips
noinst_LTLIBRARIES += libklips.la
libklips_la_SOURCES = \
	src/klips/ah.c src/klips/ah.h src/klips/ah_mutable.c \
	src/klips/checksum.c src/klips/checksum.h \
	src/klips/coalesce.c src/klips/coalesce.h \
	src/klips/content.c \
	src/klips/control.c src/klips/klips.h src/klips/instance.h \
	src/klips/counters.c src/klips/counters.h \
	src/klips/ctl.c src/klips/ctl.h \
	src/klips/device.c src/klips/device.h src/klips/device_addrs.c src/klips/device_if.c \
	src/klips/device_watch.c src/klips/device_watch.h \
	src/klips/encap.c src/klips/encap.h \
	src/klips/eroute.c src/klips/eroute.h src/klips/eroute_key.h \
	src/klips/esp.c src/klips/esp.h \
	src/klips/firsts.c src/klips/firsts.h src/klips/fragment.c src/klips/fragment.h \
	src/klips/hashtable.c src/klips/hashtable.h \
	src/klips/hold.c src/klips/hold.h \
	src/klips/icmp.c src/klips/icmp.h src/klips/icmp_quote.c src/klips/icmp_quote.h \
	src/klips/inbound.c \
	src/klips/io.h src/klips/io_raw.c src/klips/io_tun.c src/klips/io_udp.c \
	src/klips/ip.c src/klips/ip.h \
	src/klips/ipcomp.c src/klips/ipcomp.h \
	src/klips/ipip.c \
	src/klips/life.c src/klips/life.h \
	src/klips/listener.c src/klips/listener.h \
	src/klips/listing.c src/klips/listing.h \
	src/klips/listing_file.c src/klips/listing_file.h \
	src/klips/listing_counters.c src/klips/listing_eroute.c src/klips/listing_sa.c \
	src/klips/mss.c src/klips/mss.h src/klips/mtu.c src/klips/mtu.h \
	src/klips/note.c src/klips/note.h \
	src/klips/orphan.c src/klips/orphan.h \
	src/klips/outbound.c \
	src/klips/packet.h \
	src/klips/pfkey_client.c src/klips/pfkey_client.h src/klips/pfkey_dump.c \
	src/klips/pmtu.c src/klips/pmtu.h src/klips/pmtu_quote.c src/klips/pmtu_quote.h \
	src/klips/pfkey_event.c src/klips/pfkey_flow.c src/klips/pfkey_misc.c src/klips/pfkey_sa.c \
	src/klips/pfkey_server.c src/klips/pfkey_server.h src/klips/pfkey_tell.h \
	src/klips/rcu.h \
	src/klips/queue_age.c src/klips/queue_age.h \
	src/klips/reset.c src/klips/reset.h \
	src/klips/replay.c src/klips/replay.h \
	src/klips/sa.c src/klips/sa_build.c src/klips/sa_build.h src/klips/sadb.c src/klips/sadb.h \
	src/klips/saref.c src/klips/saref.h \
	src/klips/segment.c src/klips/segment.h \
	src/klips/send.c \
	src/klips/stray.c src/klips/stray.h src/klips/talk.c src/klips/talk.h \
	src/klips/walk.h src/klips/worker.c src/klips/worker.h \
	src/klips/xform.c src/klips/xform.h
libklips_la_CFLAGS = $(AM_CFLAGS) $(URCU_CFLAGS) $(ZLIB_CFLAGS) -pthread
libklips_la_LIBADD = libmodswan.la $(URCU_LIBS) $(ZLIB_LIBS) -lpthread

klips_SOURCES = src/klips/klips.c
klips_CFLAGS = $(AM_CFLAGS) $(URCU_CFLAGS)
klips_LDFLAGS = $(AM_LDFLAGS) -export-dynamic $(PLUGINS_PRELOAD)
klips_LDADD = libklips.la libmodswan.la $(LTDL_LIBS)
klips_DEPENDENCIES = libklips.la libmodswan.la $(PLUGINS_STATIC)

# In network namespaces, as root.
check_PROGRAMS += src/klips/inject
src_klips_inject_SOURCES = src/klips/inject.c
src_klips_inject_LDADD = libmodswan.la
TESTS += src/klips/klips_ns_test.sh src/klips/klips_load_test.sh
EXTRA_DIST += src/klips/README.md src/klips/klips_ns_test.sh src/klips/klips_load_test.sh src/klips/ns_test.py

if HAVE_CMOCKA
klips_unit_tests = src/klips/replay_test src/klips/reset_test src/klips/eroute_test src/klips/hashtable_test \
	src/klips/saref_test
check_PROGRAMS += $(klips_unit_tests)
TESTS += $(klips_unit_tests)
src_klips_replay_test_SOURCES = src/klips/replay_test.c
src_klips_replay_test_LDADD = libklips.la $(CMOCKA_LIBS)
src_klips_reset_test_SOURCES = src/klips/reset_test.c
src_klips_reset_test_LDADD = libklips.la libmodswan.la $(CMOCKA_LIBS)
src_klips_saref_test_SOURCES = src/klips/saref_test.c
src_klips_saref_test_LDADD = libklips.la $(CMOCKA_LIBS)
src_klips_hashtable_test_SOURCES = src/klips/hashtable_test.c
src_klips_hashtable_test_LDADD = libklips.la $(CMOCKA_LIBS) $(URCU_LIBS) -lpthread
src_klips_eroute_test_SOURCES = src/klips/eroute_test.c
src_klips_eroute_test_LDADD = libklips.la $(CMOCKA_LIBS) $(URCU_LIBS)
endif

# The packet path needs real algorithms.
if PLUGIN_CRYPTO_OPENSSL
klips_rig = src/klips/rig.c src/klips/rig.h src/plugins/crypto-openssl/crypto-openssl.c
if PLUGIN_CRYPTO_LEGACY
klips_rig += src/plugins/crypto-legacy/crypto-legacy.c
endif
klips_rig_libs = libklips.la src/plugins/crypto-openssl/libopenssl.la libmodswan.la \
	$(CRYPTO_LIBS) $(URCU_LIBS)
check_PROGRAMS += src/klips/packet_fuzz
TESTS += src/klips/packet_fuzz
src_klips_packet_fuzz_SOURCES = src/klips/packet_fuzz.c \
	src/klips/group.c src/klips/group.h testing/fuzz/driver.c $(klips_rig)
src_klips_packet_fuzz_LDADD = $(klips_rig_libs)
check_PROGRAMS += src/klips/path_fuzz
TESTS += src/klips/path_fuzz
src_klips_path_fuzz_SOURCES = src/klips/path_fuzz.c \
	src/klips/group.c src/klips/group.h testing/fuzz/driver.c $(klips_rig)
src_klips_path_fuzz_LDADD = $(klips_rig_libs)
if HAVE_CMOCKA
klips_path_tests = src/klips/counters_test src/klips/bare_test src/klips/esp_test src/klips/firsts_test src/klips/guards_test src/klips/header_test src/klips/life_test src/klips/offload_test src/klips/pmtu_test src/klips/queue_age_test \
	src/klips/talk_test src/klips/translated_test src/klips/vector_test src/klips/xform_test
check_PROGRAMS += $(klips_path_tests)
TESTS += $(klips_path_tests)
src_klips_offload_test_SOURCES = src/klips/offload_test.c $(klips_rig)
src_klips_offload_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_life_test_SOURCES = src/klips/life_test.c $(klips_rig)
src_klips_life_test_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_life_test_LDADD = $(klips_rig_libs) $(LTDL_LIBS) $(CMOCKA_LIBS)
src_klips_firsts_test_SOURCES = src/klips/firsts_test.c $(klips_rig)
src_klips_firsts_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_header_test_SOURCES = src/klips/header_test.c $(klips_rig)
src_klips_header_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_pmtu_test_SOURCES = src/klips/pmtu_test.c $(klips_rig)
src_klips_pmtu_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_queue_age_test_SOURCES = src/klips/queue_age_test.c $(klips_rig)
src_klips_queue_age_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_translated_test_SOURCES = src/klips/translated_test.c $(klips_rig)
src_klips_translated_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_bare_test_SOURCES = src/klips/bare_test.c src/klips/group.c src/klips/group.h $(klips_rig)
src_klips_bare_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_guards_test_SOURCES = src/klips/guards_test.c src/klips/group.c src/klips/group.h $(klips_rig)
src_klips_guards_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_counters_test_SOURCES = src/klips/counters_test.c src/klips/group.c src/klips/group.h $(klips_rig)
src_klips_counters_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_talk_test_SOURCES = src/klips/talk_test.c $(klips_rig)
src_klips_talk_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
src_klips_xform_test_SOURCES = src/klips/xform_test.c src/klips/group.c src/klips/group.h $(klips_rig)
src_klips_xform_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
if PLUGIN_CRYPTO_IPSECMB
src_klips_vector_test_SOURCES = src/klips/vector_test.c src/plugins/crypto-ipsecmb/crypto-ipsecmb.c \
	$(klips_rig)
src_klips_vector_test_CPPFLAGS = $(AM_CPPFLAGS) -DWITH_IPSECMB
src_klips_vector_test_LDADD = src/plugins/crypto-ipsecmb/libipsecmb.la $(klips_rig_libs) \
	$(IPSECMB_LIBS) $(CMOCKA_LIBS)
else
src_klips_vector_test_SOURCES = src/klips/vector_test.c $(klips_rig)
src_klips_vector_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)
endif
src_klips_esp_test_SOURCES = src/klips/esp_test.c $(klips_rig)
src_klips_esp_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS)

# These call PF_KEY's handlers, which know the whole process.
klips_pfkey_rig = src/klips/pfkey_make.c src/klips/pfkey_make.h src/klips/pfkey_rig.c \
	src/klips/pfkey_rig.h $(klips_rig)
klips_pfkey_tests = src/klips/clock_test src/klips/hold_test src/klips/stray_test src/klips/pfkey_dump_test src/klips/pfkey_server_test
check_PROGRAMS += $(klips_pfkey_tests)
TESTS += $(klips_pfkey_tests)
src_klips_clock_test_SOURCES = src/klips/clock_test.c src/klips/pfkey_make.c src/klips/pfkey_make.h
src_klips_clock_test_LDFLAGS = $(AM_LDFLAGS) -export-dynamic -dlpreopen force
src_klips_clock_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS) $(LTDL_LIBS)
src_klips_stray_test_SOURCES = src/klips/stray_test.c $(klips_pfkey_rig)
src_klips_stray_test_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_stray_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS) $(LTDL_LIBS)
src_klips_hold_test_SOURCES = src/klips/hold_test.c $(klips_pfkey_rig)
src_klips_hold_test_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_hold_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS) $(LTDL_LIBS)
src_klips_pfkey_dump_test_SOURCES = src/klips/pfkey_dump_test.c $(klips_pfkey_rig)
src_klips_pfkey_dump_test_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_pfkey_dump_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS) $(LTDL_LIBS)
src_klips_pfkey_server_test_SOURCES = src/klips/pfkey_server_test.c src/lib/pfkey/pfkey_table.c \
	$(klips_pfkey_rig)
src_klips_pfkey_server_test_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_pfkey_server_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS) $(LTDL_LIBS)
check_PROGRAMS += src/klips/matrix_test
TESTS += src/klips/matrix_test
src_klips_matrix_test_SOURCES = src/klips/matrix_test.c src/klips/matrix_rig.h $(klips_rig)
src_klips_matrix_test_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_matrix_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS) $(LTDL_LIBS)
check_PROGRAMS += src/klips/matrix_refused_test
TESTS += src/klips/matrix_refused_test
src_klips_matrix_refused_test_SOURCES = src/klips/matrix_refused_test.c src/klips/matrix_rig.h $(klips_rig)
src_klips_matrix_refused_test_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_matrix_refused_test_LDADD = $(klips_rig_libs) $(CMOCKA_LIBS) $(LTDL_LIBS)
endif
check_PROGRAMS += src/klips/pfkey_server_fuzz
TESTS += src/klips/pfkey_server_fuzz
src_klips_pfkey_server_fuzz_SOURCES = src/klips/pfkey_server_fuzz.c testing/fuzz/driver.c \
	src/klips/pfkey_make.c src/klips/pfkey_make.h src/klips/pfkey_rig.c src/klips/pfkey_rig.h \
	$(klips_rig)
src_klips_pfkey_server_fuzz_LDFLAGS = $(AM_LDFLAGS) -dlpreopen force
src_klips_pfkey_server_fuzz_LDADD = $(klips_rig_libs) $(LTDL_LIBS)
endif
endif
