# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/policy-groups/README
if PLUGIN_POLICY_GROUPS
policy_groups_sources = src/plugins/policy-groups/groups.h \
	src/plugins/policy-groups/names.c \
	src/plugins/policy-groups/parse.c \
	src/plugins/policy-groups/watch.c
EXTRA_LTLIBRARIES += src/plugins/policy-groups/policy-groups.la
src_plugins_policy_groups_policy_groups_la_SOURCES = \
	src/plugins/policy-groups/policy-groups.c $(policy_groups_sources)
src_plugins_policy_groups_policy_groups_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_POLICY_GROUPS_LDFLAGS)
src_plugins_policy_groups_policy_groups_la_LIBADD = libmodswan.la

check_PROGRAMS += src/plugins/policy-groups/groups_fuzz
TESTS += src/plugins/policy-groups/groups_fuzz
src_plugins_policy_groups_groups_fuzz_SOURCES = \
	src/plugins/policy-groups/groups_fuzz.c testing/fuzz/driver.c $(policy_groups_sources)
src_plugins_policy_groups_groups_fuzz_CFLAGS = $(AM_CFLAGS)
src_plugins_policy_groups_groups_fuzz_LDADD = libmodswan.la

if HAVE_CMOCKA
check_PROGRAMS += src/plugins/policy-groups/groups_test
TESTS += src/plugins/policy-groups/groups_test
src_plugins_policy_groups_groups_test_SOURCES = \
	src/plugins/policy-groups/groups_test.c src/plugins/policy-groups/policy-groups.c \
	$(policy_groups_sources)
src_plugins_policy_groups_groups_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
src_plugins_policy_groups_groups_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
endif
