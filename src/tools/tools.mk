# SPDX-License-Identifier: Apache-2.0
# ipsec: one program, a file per subcommand.
sbin_PROGRAMS += ipsec
ipsec_SOURCES = \
	src/tools/addconn.c \
	src/tools/args.c \
	src/tools/auto.c \
	src/tools/checkconfig.c \
	src/tools/client.c \
	src/tools/commands.c \
	src/tools/conffile.c src/tools/conffile.h \
	src/tools/eroute.c src/tools/eroute_line.c src/tools/eroute_line.h \
	src/tools/hostkey.h src/tools/hostkey_file.c src/tools/hostkey_pkey.c \
	src/tools/hostkey_text.c \
	src/tools/ikeping.c \
	src/tools/ipsec.c \
	src/tools/newhostkey.c \
	src/tools/klips_link.c src/tools/klips_link.h \
	src/tools/klipsdebug.c \
	src/tools/manual.c src/tools/manual.h src/tools/manual_conn.c src/tools/manual_plan.c \
	src/tools/manual_updown.c src/tools/manual_updown.h \
	src/tools/options.c \
	src/tools/packet.c src/tools/packet.h \
	src/tools/pf_key.c \
	src/tools/plugins.c src/tools/plugins.h \
	src/tools/plutorun.c \
	src/tools/policy.c src/tools/policy.h src/tools/policy_netkey.c \
	src/tools/ranbits.c src/tools/readwriteconf.c \
	src/tools/resolver.c src/tools/resolver.h \
	src/tools/rsakey.c src/tools/rsakey.h src/tools/rsakey_text.c \
	src/tools/rsasigkey.c \
	src/tools/sa_words.c \
	src/tools/setup.c src/tools/setup.h src/tools/setup_manual.c \
	src/tools/setup_state.c \
	src/tools/showhostkey.c src/tools/showhostkey.h src/tools/showhostkey_form.c \
	src/tools/showpolicy.c \
	src/tools/simple.c \
	src/tools/spi.c src/tools/spi.h src/tools/spi_alg.c src/lib/crypto/words.c \
	src/tools/spigrp.c \
	src/tools/tncfg.c \
	src/tools/tool.h \
	src/tools/verbs.c \
	src/tools/verify.c src/tools/verify.h src/tools/verify_dns.c src/tools/verify_host.c \
	src/tools/verify_net.c \
	src/tools/whack.c src/tools/whack.h src/tools/whack_conn.c src/tools/whack_table.c src/tools/why.c
ipsec_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
ipsec_LDFLAGS = $(AM_LDFLAGS) $(PLUGINS_PRELOAD)
ipsec_LDADD = libmodswan.la $(CRYPTO_LIBS) $(LTDL_LIBS)
ipsec_DEPENDENCIES = libmodswan.la $(PLUGINS_STATIC)

dist_pkglibexec_SCRIPTS += src/tools/scripts/barf src/tools/scripts/look src/tools/scripts/showdefaults

check_PROGRAMS += src/tools/fake/pluto
src_tools_fake_pluto_SOURCES = src/tools/fake/pluto.c
src_tools_fake_pluto_LDADD = libmodswan.la
TESTS += src/tools/args_test.sh src/tools/ipsec_test.sh src/tools/hostkey_test.sh src/tools/barf_test.sh
EXTRA_DIST += src/tools/args_test.sh src/tools/barf_test.sh src/tools/ipsec_test.sh src/tools/hostkey_test.sh

# Manual pages: their lists of options come from the program's tables.
tool_pages = man/ipsec.8 man/ipsec_addconn.8 man/ipsec_auto.8 man/ipsec_checkconfig.8 man/ipsec_eroute.8 man/ipsec_ikeping.8 \
	man/ipsec_klipsdebug.8 man/ipsec_manual.8 man/ipsec_newhostkey.8 man/ipsec_pf_key.8 man/ipsec_policy.8 man/ipsec_ranbits.8 man/ipsec_readwriteconf.8 \
	man/ipsec_rsasigkey.8 man/ipsec_setup.8 man/ipsec_showhostkey.8 man/ipsec_showpolicy.8 man/ipsec_spi.8 \
	man/ipsec_spigrp.8 man/ipsec_tncfg.8 man/ipsec_verify.8 man/ipsec_whack.8
plain_pages = man/ipsec__updown.8 man/ipsec_barf.8 man/ipsec_look.8 man/ipsec_showdefaults.8 man/ipsec_eroute.5 man/ipsec_klipsdebug.5 man/ipsec_plugins.8 \
	man/ipsec_spi.5 man/ipsec_spigrp.5 man/ipsec_status.8 man/ipsec_tncfg.5 man/ipsec_trafficstatus.8 \
	man/ipsec_policies.5 man/ipsec_why.8 man/klips.8 man/pluto.8
man_MANS += $(tool_pages)
dist_man_MANS += $(plain_pages)
CLEANFILES += $(tool_pages)
EXTRA_DIST += src/tools/manpage.sh man/ipsec.8.in man/ipsec_addconn.8.in man/ipsec_auto.8.in man/ipsec_checkconfig.8.in \
	man/ipsec_eroute.8.in man/ipsec_ikeping.8.in man/ipsec_verify.8.in man/ipsec_newhostkey.8.in man/ipsec_ranbits.8.in man/ipsec_readwriteconf.8.in \
	man/ipsec_rsasigkey.8.in man/ipsec_setup.8.in man/ipsec_showhostkey.8.in man/ipsec_showpolicy.8.in \
	man/ipsec_whack.8.in \
	man/ipsec_klipsdebug.8.in man/ipsec_manual.8.in man/ipsec_pf_key.8.in man/ipsec_policy.8.in man/ipsec_spi.8.in man/ipsec_spigrp.8.in \
	man/ipsec_tncfg.8.in
tool_page = $(AM_V_GEN)$(MKDIR_P) man && $(srcdir)/src/tools/manpage.sh ./ipsec$(EXEEXT) \
	$(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
tool_page_needs = ipsec$(EXEEXT) $(srcdir)/src/tools/manpage.sh

man/ipsec.8: man/ipsec.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_addconn.8: man/ipsec_addconn.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_auto.8: man/ipsec_auto.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_checkconfig.8: man/ipsec_checkconfig.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_eroute.8: man/ipsec_eroute.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_newhostkey.8: man/ipsec_newhostkey.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_policy.8: man/ipsec_policy.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_ranbits.8: man/ipsec_ranbits.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_readwriteconf.8: man/ipsec_readwriteconf.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_rsasigkey.8: man/ipsec_rsasigkey.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_showhostkey.8: man/ipsec_showhostkey.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_showpolicy.8: man/ipsec_showpolicy.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_klipsdebug.8: man/ipsec_klipsdebug.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_ikeping.8: man/ipsec_ikeping.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_verify.8: man/ipsec_verify.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_manual.8: man/ipsec_manual.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_pf_key.8: man/ipsec_pf_key.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_spi.8: man/ipsec_spi.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_spigrp.8: man/ipsec_spigrp.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_tncfg.8: man/ipsec_tncfg.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_setup.8: man/ipsec_setup.8.in $(tool_page_needs)
	$(tool_page)
man/ipsec_whack.8: man/ipsec_whack.8.in $(tool_page_needs)
	$(tool_page)

TESTS += src/tools/man_test.sh src/tools/klips_commands_test.sh \
	src/tools/klips_listings_test.sh
EXTRA_DIST += src/tools/man_test.sh src/tools/klips_commands_lib.sh src/tools/klips_commands_test.sh \
	src/tools/klips_listings_test.sh

if HAVE_CMOCKA
check_PROGRAMS += src/tools/options_test
TESTS += src/tools/options_test
src_tools_options_test_SOURCES = src/tools/options_test.c src/tools/args.c src/tools/options.c \
	src/tools/whack_table.c
src_tools_options_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
