# SPDX-License-Identifier: Apache-2.0
# libcore: the sans-I/O core; pluto: the daemon around it.
noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	src/core/conn/alias.c src/core/conn/build.c src/core/conn/conn.c src/core/conn/conn.h src/core/conn/conn_priv.h \
	src/core/conn/find.c src/core/conn/group.c src/core/conn/group.h src/core/conn/intern.c \
	src/core/conn/lease.c src/core/conn/member.c src/core/conn/myid.c src/core/conn/named.c src/core/conn/names.c src/core/conn/names.h \
	src/core/conn/offers.c src/core/conn/orient.c src/core/conn/pairs.c src/core/conn/pairs.h src/core/conn/table.c \
	src/core/creds/certs.c src/core/creds/creds.c src/core/creds/creds.h \
	src/core/creds/gateway.c src/core/creds/gateway.h \
	src/core/creds/myid.c src/core/creds/myid.h src/core/creds/myid_hold.c src/core/creds/myid_priv.h \
	src/core/creds/opp_source.c src/core/creds/opp_source.h \
	src/core/host.h src/core/proof.h \
	src/core/route/bare.c src/core/route/check.c src/core/route/fsm.c src/core/route/fsm.h \
	src/core/route/govern.c src/core/route/groups.c src/core/route/groups.h \
	src/core/route/job.c src/core/route/job.h \
	src/core/route/job_hook.c src/core/route/job_kernel.c src/core/route/opp.c src/core/route/opp.h \
	src/core/route/opp_ask.c src/core/route/opp_idle.c src/core/route/opp_priv.h \
	src/core/route/opp_try.c src/core/route/own.c \
	src/core/route/plan.c src/core/route/route.c src/core/route/route.h \
	src/core/route/route_priv.h
libcore_la_LIBADD = libmodswan.la

pkglibexec_PROGRAMS += pluto
pluto_SOURCES = \
	src/core/control/cmd_conn.c src/core/control/cmd_creds.c src/core/control/cmd_daemon.c \
	src/core/control/cmd_groups.c src/core/control/cmd_status.c src/core/control/cmd_policy.c src/core/control/cmd_why.c \
	src/core/control/commands.c src/core/control/control.c src/core/control/control.h \
	src/core/control/control_priv.h src/core/control/status.c src/core/control/status.h \
	src/core/control/status_conn.c \
	src/core/daemon/add.c src/core/daemon/conns.c src/core/daemon/daemon.h src/core/daemon/host.c \
	src/core/daemon/listen.c src/core/daemon/main.c src/core/daemon/myid.c src/core/daemon/options.c \
	src/core/daemon/options.h src/core/daemon/start.c
pluto_LDADD = libcore.la libmodswan.la $(LTDL_LIBS)
pluto_LDFLAGS = $(AM_LDFLAGS) $(PLUGINS_PRELOAD)
pluto_DEPENDENCIES = libcore.la libmodswan.la $(PLUGINS_STATIC)

if HAVE_CMOCKA
if PLUGIN_CRYPTO_OPENSSL
core_test_libs = libcore.la src/plugins/crypto-openssl/libopenssl.la libmodswan.la $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS)
core_tests = src/core/creds/gateway_test src/core/creds/myid_test src/core/conn/conn_test \
	src/core/conn/orient_test src/core/conn/find_test src/core/conn/named_test src/core/conn/group_test src/core/conn/member_test \
	src/core/conn/pairs_test src/core/control/status_test \
	src/core/route/route_test \
	src/core/route/move_test \
	src/core/route/share_test src/core/route/cost_test src/core/route/opp_test
check_PROGRAMS += $(core_tests)
TESTS += $(core_tests)
src_core_creds_gateway_test_SOURCES = src/core/creds/gateway_test.c src/core/creds/test_source.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_creds_gateway_test_LDADD = $(core_test_libs)
src_core_creds_myid_test_SOURCES = src/core/creds/myid_test.c src/core/creds/test_source.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_creds_myid_test_LDADD = $(core_test_libs)
src_core_conn_conn_test_SOURCES = src/core/conn/conn_test.c src/core/conn/test_words.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_conn_conn_test_LDADD = $(core_test_libs)
src_core_conn_orient_test_SOURCES = src/core/conn/orient_test.c src/core/conn/test_words.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_conn_orient_test_LDADD = $(core_test_libs)
src_core_conn_find_test_SOURCES = src/core/conn/find_test.c src/core/conn/test_words.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_conn_find_test_LDADD = $(core_test_libs)
src_core_conn_named_test_SOURCES = src/core/conn/named_test.c src/core/conn/test_words.h \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_conn_named_test_LDADD = $(core_test_libs)
src_core_conn_group_test_SOURCES = src/core/conn/group_test.c
src_core_conn_group_test_LDADD = libcore.la libmodswan.la $(CMOCKA_LIBS)
src_core_conn_member_test_SOURCES = src/core/conn/member_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_conn_member_test_LDADD = $(core_test_libs)
src_core_conn_pairs_test_SOURCES = src/core/conn/pairs_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_conn_pairs_test_LDADD = $(core_test_libs)
src_core_control_status_test_SOURCES = src/core/control/status_test.c \
	src/core/control/status.c src/core/control/status_conn.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_control_status_test_LDADD = src/core/sim/libsim.la $(core_test_libs)
src_core_route_route_test_SOURCES = src/core/route/test_rig.h src/core/route/route_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_route_test_LDADD = $(core_test_libs)
src_core_route_cost_test_SOURCES = src/core/route/test_rig.h src/core/route/cost_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_cost_test_LDADD = $(core_test_libs)
src_core_route_move_test_SOURCES = src/core/route/test_rig.h src/core/route/move_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_move_test_LDADD = $(core_test_libs)
src_core_route_share_test_SOURCES = src/core/route/test_rig.h src/core/route/share_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_share_test_LDADD = $(core_test_libs)
src_core_route_opp_test_SOURCES = src/core/route/test_rig.h src/core/route/opp_test.c \
	src/plugins/crypto-openssl/crypto-openssl.c
src_core_route_opp_test_LDADD = $(core_test_libs)
endif
endif

include $(top_srcdir)/src/core/ike/ike.mk
include $(top_srcdir)/src/core/sim/sim.mk
