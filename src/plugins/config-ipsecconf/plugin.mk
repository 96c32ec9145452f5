# SPDX-License-Identifier: Apache-2.0
if PLUGIN_CONFIG_IPSECCONF
EXTRA_LTLIBRARIES += src/plugins/config-ipsecconf/config-ipsecconf.la
src_plugins_config_ipsecconf_config_ipsecconf_la_SOURCES = src/plugins/config-ipsecconf/config-ipsecconf.c
src_plugins_config_ipsecconf_config_ipsecconf_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CONFIG_IPSECCONF_LDFLAGS)
src_plugins_config_ipsecconf_config_ipsecconf_la_LIBADD = libmodswan.la
endif
