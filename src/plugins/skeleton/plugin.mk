# SPDX-License-Identifier: Apache-2.0
if PLUGIN_SKELETON
EXTRA_LTLIBRARIES += src/plugins/skeleton/skeleton.la
src_plugins_skeleton_skeleton_la_SOURCES = src/plugins/skeleton/skeleton.c
src_plugins_skeleton_skeleton_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_SKELETON_LDFLAGS)
src_plugins_skeleton_skeleton_la_LIBADD = libmodswan.la
endif

# out-of-tree.sh builds it once more, as a stranger would
check_PROGRAMS += src/plugins/skeleton/skeleton_test
src_plugins_skeleton_skeleton_test_SOURCES = src/plugins/skeleton/skeleton_test.c
src_plugins_skeleton_skeleton_test_LDADD = libmodswan.la
TESTS += src/plugins/skeleton/out-of-tree.sh
EXTRA_DIST += src/plugins/skeleton/README src/plugins/skeleton/out-of-tree.sh
