# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/config-ipsecconf/README
if PLUGIN_CONFIG_IPSECCONF
ipsecconf_sources = \
	src/plugins/config-ipsecconf/builtin.c \
	src/plugins/config-ipsecconf/check.c \
	src/plugins/config-ipsecconf/ipsecconf.h \
	src/plugins/config-ipsecconf/parse.c \
	src/plugins/config-ipsecconf/reader.c \
	src/plugins/config-ipsecconf/resolve.c \
	src/plugins/config-ipsecconf/words.c
EXTRA_LTLIBRARIES += src/plugins/config-ipsecconf/config-ipsecconf.la
src_plugins_config_ipsecconf_config_ipsecconf_la_SOURCES = \
	src/plugins/config-ipsecconf/config-ipsecconf.c $(ipsecconf_sources)
src_plugins_config_ipsecconf_config_ipsecconf_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CONFIG_IPSECCONF_LDFLAGS)
src_plugins_config_ipsecconf_config_ipsecconf_la_LIBADD = libmodswan.la
endif
if PLUGIN_CONFIG_IPSECCONF
check_PROGRAMS += src/plugins/config-ipsecconf/ipsecconf_test
TESTS += src/plugins/config-ipsecconf/ipsecconf_test
src_plugins_config_ipsecconf_ipsecconf_test_SOURCES = \
	src/plugins/config-ipsecconf/ipsecconf_test.c src/lib/conf/cases.h \
	src/plugins/config-ipsecconf/config-ipsecconf.c $(ipsecconf_sources)
src_plugins_config_ipsecconf_ipsecconf_test_CFLAGS = $(AM_CFLAGS)
src_plugins_config_ipsecconf_ipsecconf_test_LDADD = libmodswan.la
check_PROGRAMS += src/plugins/config-ipsecconf/keywords_test
TESTS += src/plugins/config-ipsecconf/keywords_test
src_plugins_config_ipsecconf_keywords_test_SOURCES = \
	src/plugins/config-ipsecconf/keywords_test.c $(ipsecconf_sources)
src_plugins_config_ipsecconf_keywords_test_CFLAGS = $(AM_CFLAGS)
src_plugins_config_ipsecconf_keywords_test_LDADD = libmodswan.la
check_PROGRAMS += src/plugins/config-ipsecconf/ipsecconf_fuzz
TESTS += src/plugins/config-ipsecconf/ipsecconf_fuzz
src_plugins_config_ipsecconf_ipsecconf_fuzz_SOURCES = \
	src/plugins/config-ipsecconf/ipsecconf_fuzz.c testing/fuzz/driver.c $(ipsecconf_sources)
src_plugins_config_ipsecconf_ipsecconf_fuzz_CFLAGS = $(AM_CFLAGS)
src_plugins_config_ipsecconf_ipsecconf_fuzz_LDADD = libmodswan.la
endif
if PLUGIN_CONFIG_IPSECCONF
check_PROGRAMS += src/plugins/config-ipsecconf/broken_test
TESTS += src/plugins/config-ipsecconf/broken_test
src_plugins_config_ipsecconf_broken_test_SOURCES = \
	src/plugins/config-ipsecconf/broken_test.c $(ipsecconf_sources)
src_plugins_config_ipsecconf_broken_test_CFLAGS = $(AM_CFLAGS)
src_plugins_config_ipsecconf_broken_test_LDADD = libmodswan.la
endif
EXTRA_DIST += testing/bad-input testing/good-input testing/keywords
