# SPDX-License-Identifier: Apache-2.0
if PLUGIN_KERNEL_NULL
EXTRA_LTLIBRARIES += src/plugins/kernel-null/kernel-null.la
src_plugins_kernel_null_kernel_null_la_SOURCES = src/plugins/kernel-null/kernel-null.c
src_plugins_kernel_null_kernel_null_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_KERNEL_NULL_LDFLAGS)
src_plugins_kernel_null_kernel_null_la_LIBADD = libmodswan.la
endif
