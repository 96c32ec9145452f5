# SPDX-License-Identifier: Apache-2.0
# Sample files for SYSCONFDIR/modswan, written by confgen from the key tables and kept in the tree;
# make check fails when they differ, make update-conf.d writes them anew.
EXTRA_DIST += conf.d src/lib/conf/generated_test.sh
modswanconfdir = $(confdir)/modswan
examplesdir = $(docdir)/examples
dist_examples_DATA = conf.d/ipsec.conf.sample conf.d/ipsec.secrets.sample

noinst_PROGRAMS += src/lib/conf/confgen
src_lib_conf_confgen_SOURCES = src/lib/conf/confgen.c
src_lib_conf_confgen_LDADD = libmodswan.la $(LTDL_LIBS)
src_lib_conf_confgen_LDFLAGS = $(AM_LDFLAGS) $(PLUGINS_PRELOAD)
src_lib_conf_confgen_DEPENDENCIES = libmodswan.la $(PLUGINS_STATIC)

update-conf.d: $(confgen_needs)
	src/lib/conf/confgen$(EXEEXT) samples $(srcdir)/conf.d $(confgen_folders)
.PHONY: update-conf.d

TESTS += src/lib/conf/generated_test.sh
AM_TESTS_ENVIRONMENT = CONFGEN_FOLDERS="$(confgen_folders)"; export CONFGEN_FOLDERS;

# What an administrator changed stays.
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(modswanconfdir)"
	for f in $(srcdir)/conf.d/*.conf; do \
		to="$(DESTDIR)$(modswanconfdir)/$${f##*/}"; \
		test -e "$$to" || $(INSTALL_DATA) "$$f" "$$to" || exit 1; \
	done
uninstall-local:
	for f in $(srcdir)/conf.d/*.conf; do \
		to="$(DESTDIR)$(modswanconfdir)/$${f##*/}"; \
		if cmp -s "$$f" "$$to"; then rm -f "$$to"; fi; \
	done
	-rmdir "$(DESTDIR)$(modswanconfdir)" 2>/dev/null
