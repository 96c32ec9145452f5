# SPDX-License-Identifier: Apache-2.0
# The IKE engine: ike, ikev2, child; tests and fuzz targets.
libcore_la_SOURCES += \
	src/core/ike/attempt.c src/core/ike/cookie.c src/core/ike/engine.c \
	src/core/ike/fragment.c src/core/ike/fsm.c \
	src/core/ike/grammar.c src/core/ike/iana.c src/core/ike/iana.h src/core/ike/ike.h \
	src/core/ike/ike_sa.c src/core/ike/ike_sa.h src/core/ike/index.c src/core/ike/index.h \
	src/core/ike/layout.c src/core/ike/layout.h src/core/ike/lifetime.c src/core/ike/message.c \
	src/core/ike/message.h src/core/ike/natd.c src/core/ike/out.c src/core/ike/out.h \
	src/core/ike/receive.c src/core/ike/report.c src/core/ike/sk.c src/core/ike/terminate.c \
	src/core/ike/fragment.h src/core/ike/lifetime.h src/core/ike/natd.h src/core/ike/notify.c \
	src/core/ike/notify.h src/core/ike/receive.h src/core/ike/report.h src/core/ike/sk.h src/core/ike/twin.c \
	src/core/ike/twin.h src/core/ike/version.h src/core/ike/window.h \
	src/core/ike/window.c \
	src/core/ikev2/auth.c src/core/ikev2/auth_conn.c src/core/ikev2/cert.c src/core/ikev2/cp.c \
	src/core/ikev2/auth.h src/core/ikev2/cert.h src/core/ikev2/choose.c src/core/ikev2/cp.h \
	src/core/ikev2/cp_nets.c \
	src/core/ikev2/create_child.h src/core/ikev2/exchanges.h src/core/ikev2/ikev2.c src/core/ikev2/ikev2.h \
	src/core/ikev2/ipcomp.h src/core/ikev2/jobs.h src/core/ikev2/keymat.h src/core/ikev2/sa_payload.h \
	src/core/ikev2/ts.h \
	src/core/ikev2/create_child_init.c src/core/ikev2/create_child_sa.c src/core/ikev2/ike_auth.c \
	src/core/ikev2/ike_sa_init.c src/core/ikev2/informational.c src/core/ikev2/ipcomp.c src/core/ikev2/jobs.c \
	src/core/ikev2/keymat.c src/core/ikev2/mobike.c src/core/ikev2/mobike.h src/core/ikev2/mobike_priv.h \
	src/core/ikev2/mobike_path.c src/core/ikev2/sa_payload.c \
	src/core/ikev2/rekey_ike.c src/core/ikev2/ts.c \
	src/core/child/child_priv.h src/core/child/child_sa.c src/core/child/child_sa.h \
	src/core/child/install.c src/core/child/pair.c

if HAVE_CMOCKA
if PLUGIN_CRYPTO_OPENSSL
check_LTLIBRARIES += src/core/sim/libsim.la
src_core_sim_libsim_la_SOURCES = src/core/sim/sim.c src/core/sim/sim.h src/core/sim/sim_host.c \
	src/core/sim/cover.h src/core/sim/sim_cover.c \
	src/core/sim/sim_faults.c src/core/sim/sim_faults.h src/core/sim/sim_kernel.c \
	src/core/sim/sim_key.c src/core/sim/sim_key.h \
	src/core/sim/sim_names.c src/core/sim/sim_net.c src/core/sim/sim_priv.h src/core/sim/sim_test.h \
	src/core/sim/log_test.h \
	src/core/sim/tape_test.h src/core/sim/fuzz_pair.h
src_core_sim_libsim_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
ike_test_libs = src/core/sim/libsim.la libcore.la src/plugins/crypto-openssl/libopenssl.la \
	libmodswan.la $(CRYPTO_LIBS) $(CMOCKA_LIBS)
ike_fuzz = src/core/ike/payload_fuzz src/core/ike/message_fuzz src/core/ike/exchange_fuzz
ike_tests = $(ike_fuzz) src/core/ike/two_party_test src/core/ike/refuse_test src/core/ike/loss_test \
	src/core/ike/mutation_test src/core/ike/index_test src/core/ike/fsm_test \
	src/core/ike/rekey_test src/core/ike/window_test src/core/ike/fragment_test \
	src/core/ike/fragment_bounds_test \
	src/core/ike/children_test src/core/ike/cp_test src/core/ike/cp_nets_test src/core/ike/mobike_test \
	src/core/ike/half_open_test src/core/ike/null_test src/core/ike/cert_test src/core/ike/twin_test \
	src/core/ike/cve_test src/core/ike/cve_auth_test src/core/ike/cve_exchange_test \
	src/core/ike/cve_sa_test src/core/ike/cve_log_test src/core/ike/cancel_test \
	src/core/ike/crypto_fault_test src/core/ike/memory_fault_test src/core/ike/names_test src/core/ike/payload_test \
	src/core/ike/ipcomp_test src/core/ike/keywords_test src/core/ike/offers_test \
	src/core/ike/drops_test src/core/ike/lists_test src/core/ike/mobike_proof_test \
	src/core/ike/sk_test src/core/ike/going_test src/core/ike/other_group_test \
	src/core/ike/signature_test src/core/ike/told_test src/core/ike/selectors_test \
	src/core/ike/ah_test src/core/ike/apart_test src/core/ike/later_fragments_test \
	src/core/route/memory_test src/core/route/opp_key_test \
	src/core/route/opp_pair_test
check_PROGRAMS += $(ike_tests)
TESTS += $(ike_tests)
src_core_ike_two_party_test_SOURCES = src/core/ike/two_party_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_two_party_test_LDADD = $(ike_test_libs)
src_core_ike_refuse_test_SOURCES = src/core/ike/refuse_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_refuse_test_LDADD = $(ike_test_libs)
src_core_ike_apart_test_SOURCES = src/core/ike/apart_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_apart_test_LDADD = $(ike_test_libs)
src_core_ike_later_fragments_test_SOURCES = src/core/ike/later_fragments_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_later_fragments_test_LDADD = $(ike_test_libs)
src_core_ike_ah_test_SOURCES = src/core/ike/ah_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_ah_test_LDADD = $(ike_test_libs)
src_core_ike_drops_test_SOURCES = src/core/ike/drops_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_drops_test_LDADD = $(ike_test_libs)
src_core_ike_lists_test_SOURCES = src/core/ike/lists_test.c
src_core_ike_lists_test_LDADD = $(ike_test_libs)
src_core_ike_mobike_proof_test_SOURCES = src/core/ike/mobike_proof_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_mobike_proof_test_LDADD = $(ike_test_libs)
src_core_ike_going_test_SOURCES = src/core/ike/going_test.c src/core/ike/ask_test.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_going_test_LDADD = $(ike_test_libs)
src_core_ike_other_group_test_SOURCES = src/core/ike/other_group_test.c src/core/ike/ask_test.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_other_group_test_LDADD = $(ike_test_libs)
src_core_ike_signature_test_SOURCES = src/core/ike/signature_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_signature_test_LDADD = $(ike_test_libs)
src_core_ike_told_test_SOURCES = src/core/ike/told_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_told_test_LDADD = $(ike_test_libs)
src_core_ike_selectors_test_SOURCES = src/core/ike/selectors_test.c src/core/ike/ask_test.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_selectors_test_LDADD = $(ike_test_libs)
src_core_ike_sk_test_SOURCES = src/core/ike/sk_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_sk_test_LDADD = $(ike_test_libs)
src_core_ike_offers_test_SOURCES = src/core/ike/offers_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_offers_test_LDADD = $(ike_test_libs)
src_core_ike_names_test_SOURCES = src/core/ike/names_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_names_test_LDADD = $(ike_test_libs)
src_core_ike_loss_test_SOURCES = src/core/ike/loss_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_loss_test_LDADD = $(ike_test_libs)
src_core_ike_mutation_test_SOURCES = src/core/ike/mutation_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_mutation_test_LDADD = $(ike_test_libs)
src_core_ike_rekey_test_SOURCES = src/core/ike/rekey_test.c src/core/ike/ask_test.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_rekey_test_LDADD = $(ike_test_libs)
src_core_ike_window_test_SOURCES = src/core/ike/window_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_window_test_LDADD = $(ike_test_libs)
src_core_ike_fragment_test_SOURCES = src/core/ike/fragment_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_fragment_test_LDADD = $(ike_test_libs)
src_core_ike_fragment_bounds_test_SOURCES = src/core/ike/fragment_bounds_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_fragment_bounds_test_LDADD = $(ike_test_libs)
src_core_ike_children_test_SOURCES = src/core/ike/children_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_children_test_LDADD = $(ike_test_libs)
src_core_ike_cp_test_SOURCES = src/core/ike/cp_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cp_test_LDADD = $(ike_test_libs)
src_core_ike_cp_nets_test_SOURCES = src/core/ike/cp_nets_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cp_nets_test_LDADD = $(ike_test_libs)
src_core_ike_mobike_test_SOURCES = src/core/ike/mobike_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_mobike_test_LDADD = $(ike_test_libs)
src_core_ike_null_test_SOURCES = src/core/ike/null_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_null_test_LDADD = $(ike_test_libs)
src_core_route_opp_pair_test_SOURCES = src/core/route/opp_pair_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_opp_pair_test_LDADD = $(ike_test_libs)
src_core_route_opp_key_test_SOURCES = src/core/route/opp_key_test.c src/core/creds/test_source.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_opp_key_test_LDADD = $(ike_test_libs)
src_core_ike_cert_test_SOURCES = src/core/ike/cert_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cert_test_LDADD = $(ike_test_libs)
src_core_ike_twin_test_SOURCES = src/core/ike/twin_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_twin_test_LDADD = $(ike_test_libs)
src_core_ike_half_open_test_SOURCES = src/core/ike/half_open_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_half_open_test_LDADD = $(ike_test_libs)
src_core_ike_cve_test_SOURCES = src/core/ike/cve_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cve_test_LDADD = $(ike_test_libs)
src_core_ike_cve_auth_test_SOURCES = src/core/ike/cve_auth_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cve_auth_test_LDADD = $(ike_test_libs)
src_core_ike_cve_exchange_test_SOURCES = src/core/ike/cve_exchange_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cve_exchange_test_LDADD = $(ike_test_libs)
src_core_ike_cve_sa_test_SOURCES = src/core/ike/cve_sa_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cve_sa_test_LDADD = $(ike_test_libs)
src_core_ike_cve_log_test_SOURCES = src/core/ike/cve_log_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cve_log_test_LDADD = $(ike_test_libs)
src_core_ike_cancel_test_SOURCES = src/core/ike/cancel_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_cancel_test_LDADD = $(ike_test_libs)
src_core_ike_crypto_fault_test_SOURCES = src/core/ike/crypto_fault_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_crypto_fault_test_LDADD = $(ike_test_libs)
src_core_ike_memory_fault_test_SOURCES = src/core/ike/memory_fault_test.c src/core/ike/steps_test.h \
	src/core/sim/sim_memory_test.h src/lib/mem/arena.c \
	src/lib/mem/mem.c src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_memory_fault_test_LDADD = $(ike_test_libs)
src_core_ike_memory_fault_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=strdup
src_core_route_memory_test_SOURCES = src/core/route/memory_test.c src/core/sim/sim_memory_test.h \
	src/lib/mem/arena.c src/lib/mem/mem.c src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_memory_test_LDADD = $(ike_test_libs)
src_core_route_memory_test_LDFLAGS = $(src_core_ike_memory_fault_test_LDFLAGS)
src_core_ike_ipcomp_test_SOURCES = src/core/ike/ipcomp_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_ipcomp_test_LDADD = $(ike_test_libs)
src_core_ike_keywords_test_SOURCES = src/core/ike/keywords_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_keywords_test_LDADD = $(ike_test_libs)
src_core_ike_payload_test_SOURCES = src/core/ike/payload_test.c
src_core_ike_payload_test_LDADD = $(ike_test_libs)
src_core_ike_index_test_SOURCES = src/core/ike/index_test.c
src_core_ike_index_test_LDADD = $(ike_test_libs)
src_core_ike_fsm_test_SOURCES = src/core/ike/fsm_test.c
src_core_ike_fsm_test_LDADD = $(ike_test_libs)
src_core_ike_payload_fuzz_SOURCES = src/core/ike/payload_fuzz.c testing/fuzz/driver.c
src_core_ike_payload_fuzz_LDADD = $(ike_test_libs)
src_core_ike_message_fuzz_SOURCES = src/core/ike/message_fuzz.c testing/fuzz/driver.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_message_fuzz_LDADD = $(ike_test_libs)
src_core_ike_exchange_fuzz_SOURCES = src/core/ike/exchange_fuzz.c testing/fuzz/driver.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_ike_exchange_fuzz_LDADD = $(ike_test_libs)
endif
endif

EXTRA_DIST += src/core/ike/ike_fuzz.dict
