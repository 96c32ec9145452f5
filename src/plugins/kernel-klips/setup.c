/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `config setup` says of klips: interfaces=, hidetos=, fragicmp=, overridemtu=, mssclamp=,
 * klipsdebug=.
 *
 * A klips that survived an earlier daemon keeps the hidetos, fragicmp and klipsdebug that it was
 * started with.
 */
#include "kernel-klips.h"

#include <modswan/config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void setup_forget(struct link *l)
{
	for (char **i = l->interfaces; i != NULL && *i != NULL; i++)
		free(*i);
	free(l->interfaces);
	free(l->debug);
	l->interfaces = NULL;
	l->debug = NULL;
}

/* %defaultroute and %none name no pair: devices are attached as connections need them. */
static bool copy_interfaces(struct link *l, char **list)
{
	size_t n = 0, k = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	l->interfaces = calloc(n + 1, sizeof *l->interfaces);
	if (l->interfaces == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strchr(list[i], '=') == NULL)
			continue;
		l->interfaces[k] = strdup(list[i]);
		if (l->interfaces[k++] == NULL)
			return false;
	}
	if (k == 0) {
		free(l->interfaces);
		l->interfaces = NULL;
	}
	return true;
}

static bool copy_debug(struct link *l, char **words)
{
	size_t len = 0;

	for (char **w = words; w != NULL && *w != NULL; w++)
		len += strlen(*w) + 1;
	if (len == 0 || strcmp(words[0], "none") == 0)
		return true;
	l->debug = calloc(1, len + 1);
	if (l->debug == NULL)
		return false;
	for (char **w = words; *w != NULL; w++)
		snprintf(l->debug + strlen(l->debug), len + 1 - strlen(l->debug), "%s%s",
			w == words ? "" : ",", *w);
	return true;
}

ms_err klips_setup(void *inst, const struct ms_setup_desc *setup, struct ms_why *why)
{
	struct link *l = inst;

	setup_forget(l);
	l->show_tos = !setup->hidetos;
	l->no_fragicmp = !setup->fragicmp;
	l->no_eroute = setup->noeroute;
	l->mtu = setup->overridemtu;
	l->attached.until_ms = 0;
	l->mss = setup->mssclamp == 0 ? MS_PFKEY_X_MSS_ANY : setup->mssclamp;
	if (!copy_interfaces(l, setup->interfaces) || !copy_debug(l, setup->klipsdebug))
		return ms_fail(why, MS_ERR_NOMEM, "kernel-klips: out of memory");
	return MS_OK;
}

void setup_device(const struct link *l, const char *physical, char name[16], bool *listed_r)
{
	char **list = l->interfaces != NULL ? l->interfaces : l->conf->interfaces;

	*listed_r = list != NULL;
	name[0] = '\0';
	for (; list != NULL && *list != NULL; list++) {
		const char *eq = strchr(*list, '=');

		if (eq != NULL && strcmp(eq + 1, physical) == 0 && eq - *list < 16) {
			snprintf(name, 16, "%.*s", (int)(eq - *list), *list);
			return;
		}
	}
	if (!*listed_r && l->conf->device != NULL && physical[0] != '\0')
		snprintf(name, 16, "%s", l->conf->device);
}
