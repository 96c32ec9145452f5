# SPDX-License-Identifier: Apache-2.0
if PLUGIN_KERNEL_KLIPS
EXTRA_LTLIBRARIES += src/plugins/kernel-klips/kernel-klips.la
src_plugins_kernel_klips_kernel_klips_la_SOURCES = src/plugins/kernel-klips/kernel-klips.c
src_plugins_kernel_klips_kernel_klips_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_KERNEL_KLIPS_LDFLAGS)
src_plugins_kernel_klips_kernel_klips_la_LIBADD = libmodswan.la
endif
