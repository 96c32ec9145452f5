# SPDX-License-Identifier: Apache-2.0
if PLUGIN_CREDS_SECRETS
EXTRA_LTLIBRARIES += src/plugins/creds-secrets/creds-secrets.la
src_plugins_creds_secrets_creds_secrets_la_SOURCES = src/plugins/creds-secrets/creds-secrets.c
src_plugins_creds_secrets_creds_secrets_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_CREDS_SECRETS_LDFLAGS)
src_plugins_creds_secrets_creds_secrets_la_LIBADD = libmodswan.la
endif
