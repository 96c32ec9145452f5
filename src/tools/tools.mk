# SPDX-License-Identifier: Apache-2.0
# ipsec: one program, a file per subcommand.
sbin_PROGRAMS += ipsec
ipsec_SOURCES = \
	src/tools/auto.c \
	src/tools/checkconfig.c \
	src/tools/client.c \
	src/tools/commands.c \
	src/tools/conffile.c src/tools/conffile.h \
	src/tools/eroute.c \
	src/tools/ipsec.c \
	src/tools/options.c \
	src/tools/plutorun.c \
	src/tools/setup.c src/tools/setup.h src/tools/setup_state.c \
	src/tools/simple.c \
	src/tools/tool.h \
	src/tools/whack.c src/tools/whack.h src/tools/whack_conn.c src/tools/whack_table.c
ipsec_LDADD = libmodswan.la

check_PROGRAMS += src/tools/fake/pluto
src_tools_fake_pluto_SOURCES = src/tools/fake/pluto.c
src_tools_fake_pluto_LDADD = libmodswan.la
TESTS += src/tools/ipsec_test.sh
EXTRA_DIST += src/tools/ipsec_test.sh
