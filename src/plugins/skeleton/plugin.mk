# SPDX-License-Identifier: Apache-2.0
if PLUGIN_SKELETON
EXTRA_LTLIBRARIES += src/plugins/skeleton/skeleton.la
src_plugins_skeleton_skeleton_la_SOURCES = src/plugins/skeleton/skeleton.c
src_plugins_skeleton_skeleton_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_SKELETON_LDFLAGS)
src_plugins_skeleton_skeleton_la_LIBADD = libmodswan.la
endif
