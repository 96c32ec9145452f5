# SPDX-License-Identifier: Apache-2.0
# Worlds of many plutos, for src/core/sim/worlds_test and testing/sim.
if HAVE_CMOCKA
if PLUGIN_CRYPTO_OPENSSL
check_PROGRAMS += src/core/sim/worlds_test
TESTS += src/core/sim/worlds_test
src_core_sim_worlds_test_SOURCES = src/core/sim/sim_crypto.c src/core/sim/sim_crypto.h \
	src/core/sim/sim_dice.h src/core/sim/story.c src/core/sim/story.h src/core/sim/trial.c \
	src/core/sim/trial.h src/core/sim/watch.c src/core/sim/watch.h src/core/sim/world.c \
	src/core/sim/world.h src/core/sim/world_check.c src/core/sim/world_full.c \
	src/core/sim/world_host.c src/core/sim/world_plan.c \
	src/core/sim/world_priv.h src/core/sim/world_traffic.c src/core/sim/world_trouble.c \
	src/core/sim/worlds_test.c src/plugins/crypto-openssl/crypto-openssl.c
src_core_sim_worlds_test_LDADD = $(ike_test_libs)
if PLUGIN_CREDS_DNS
if PLUGIN_CONFIG_IPSECCONF
check_PROGRAMS += src/core/sim/mesh_test
TESTS += src/core/sim/mesh_test
src_core_sim_mesh_test_SOURCES = src/core/sim/mesh.c src/core/sim/mesh.h src/core/sim/mesh_check.c \
	src/core/sim/mesh_dns.c src/core/sim/mesh_host.c src/core/sim/mesh_kernel.c \
	src/core/sim/mesh_matrix.c src/core/sim/mesh_plan.c src/core/sim/mesh_priv.h \
	src/core/sim/mesh_scan.c src/core/sim/mesh_test.c src/core/sim/mesh_trouble.c src/core/sim/sim_crypto.c \
	src/core/sim/sim_crypto.h src/core/sim/sim_dice.h src/core/sim/story.c src/core/sim/story.h src/core/sim/trial.c \
	src/core/sim/trial.h src/core/sim/watch.c src/core/sim/watch.h \
	src/plugins/crypto-openssl/crypto-openssl.c $(creds_dns_sources) $(ipsecconf_sources)
src_core_sim_mesh_test_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_core_sim_mesh_test_LDADD = $(ike_test_libs)
endif
endif
endif
endif

EXTRA_DIST += src/core/sim/meshes.seeds src/core/sim/worlds.seeds
