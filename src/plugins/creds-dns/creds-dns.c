/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creds-dns: keys and gateways that others published in DNS.
 *
 * collect.c makes keys and gateways of records, lookup.c asks.  Whatever is asked
 * goes through the role resolver, so nothing waits and everything has a bound.  How far unsigned
 * records are believed is said by oe-dnssec= of config setup.
 */
#include "dns.h"

#include <stdlib.h>

/* What config setup says; its errors are told where it is read for itself. */
static void read_setup(struct creds_dns *dns)
{
	const struct ms_services *s = dns->services;
	const struct ms_provider *p = s->provider(s, MS_ROLE_CONFIG, NULL, 0);
	const struct ms_config_ops *config = p == NULL ? NULL : p->ops;
	struct ms_setup_desc setup;

	dns->dnssec = MS_OE_DNSSEC_PREFER;
	if (config == NULL || config->setup(p->instance, &setup, NULL) != MS_OK)
		return;
	dns->dnssec = setup.oe_dnssec;
	config->setup_free(p->instance, &setup);
}

static ms_err reread(void *inst, unsigned *count_r, struct ms_why *why)
{
	(void)why;
	*count_r = 0;
	read_setup(inst);
	return MS_OK;
}

static void unload(void **instance)
{
	struct creds_dns *dns = *instance;

	*instance = NULL;
	if (dns == NULL)
		return;
	while (dns->first != NULL) {
		struct ms_creds_query *q = dns->first;

		lookup_cancel(dns, &q);
	}
	free(dns);
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct creds_dns *dns = calloc(1, sizeof *dns);

	if (dns == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	dns->services = services;
	dns->conf = conf;
	read_setup(dns);
	*instance_r = dns;
	return MS_OK;
}

static const struct ms_creds_ops ops = {
	.size = sizeof ops,
	.reread = reread,
	.published_keys = lookup_keys,
	.gateways = lookup_gateways,
	.cancel = lookup_cancel,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(CREDS, "dns", &ops),
	MS_NEEDS(RESOLVER, NULL),
	MS_USES(CONFIG, NULL), /* config setup */
	MS_FEATURES_END,
};

static const struct ms_conf_key keys[] = {
	MS_KEY_UINT(struct settings, outstanding, "outstanding", .min = 1, .max = 100000,
		.def = 1000, .unit = "look-ups",
		.brief = "how many are under way at once; more are refused"),
	MS_KEY_END,
};

MS_PLUGIN(creds_dns, "creds-dns", .summary = "keys and gateways that others publish in DNS",
	.features = features, .keys = keys, .conf_size = sizeof(struct settings), .load = load,
	.unload = unload, );
