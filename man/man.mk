# SPDX-License-Identifier: Apache-2.0
# Pages whose keyword sections come from the key tables.
generated_pages = man/ipsec.conf.5 man/ipsec.secrets.5 man/modswan.conf.5
man_MANS += $(generated_pages)
dist_man_MANS += man/ipsec_x509.5
CLEANFILES += $(generated_pages)
EXTRA_DIST += man/ipsec.conf.5.in man/ipsec.secrets.5.in man/modswan.conf.5.in

# Folders of the built plugins, for the tables that they export.
confgen_folders = `for la in $(PLUGINS_SHARED); do echo $${la%/*}/.libs; done`
confgen_page = $(MKDIR_P) man && src/lib/conf/confgen$(EXEEXT) man $(srcdir)/$@.in \
	$(confgen_folders) >$@.tmp && mv $@.tmp $@
confgen_needs = src/lib/conf/confgen$(EXEEXT) $(PLUGINS_SHARED)

man/ipsec.conf.5: man/ipsec.conf.5.in $(confgen_needs)
	$(AM_V_GEN)$(confgen_page)
man/ipsec.secrets.5: man/ipsec.secrets.5.in $(confgen_needs)
	$(AM_V_GEN)$(confgen_page)
man/modswan.conf.5: man/modswan.conf.5.in $(confgen_needs)
	$(AM_V_GEN)$(confgen_page)
