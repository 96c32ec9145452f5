/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto-gmp: MODP groups and RSA keys on GMP, chosen by configuration.
 *
 * crypto-openssl has the same groups and takes less time (testing/bench/crypto --only MODP), so a
 * daemon loads this plugin only where modswan.conf names it; then it comes before crypto-openssl
 * unless preference= says otherwise.  ipsec rsasigkey and newhostkey load it for its RSA keys
 * (rsa.c).  After load everything is read only: ops may run in any thread, but keys are made by one
 * at a time, since GMP's memory functions belong to the process.
 */
#include "crypto-gmp.h"

#include <modswan/plugin.h>

#include <strings.h>

static ms_err check_group(const char *value, struct ms_why *why);

struct gmp_conf {
	char **groups;
	uint32_t preference;
};

static const struct ms_conf_key keys[] = {
	MS_KEY_LIST(struct gmp_conf, groups, "groups", .check = check_group,
		.brief = "the groups to offer; all of MODP2048 to MODP8192 when not written"),
	MS_KEY_UINT(struct gmp_conf, preference, "preference", .max = 100, .def = 60,
		.brief = "the higher of two providers is asked; crypto-openssl has 50"),
	MS_KEY_END,
};

static const struct ms_ke_alg *offered[GMP_GROUPS + 1];

static struct ms_crypto_ops ops = {
	.size = sizeof ops,
	.preference = 60,
	.ke = offered,
	.rsa = &rsa_ops,
};

static ms_err check_group(const char *value, struct ms_why *why)
{
	for (unsigned i = 0; i < GMP_GROUPS; i++)
		if (strcasecmp(modp[i].alg.name, value) == 0)
			return MS_OK;
	return ms_fail(why, MS_ERR_TEXT,
		"expected MODP2048, MODP3072, MODP4096, MODP6144 or MODP8192");
}

static bool is_wanted(const struct gmp_conf *conf, const char *name)
{
	if (conf->groups == NULL)
		return true;
	for (char **g = conf->groups; *g != NULL; g++)
		if (strcasecmp(*g, name) == 0)
			return true;
	return false;
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	const struct gmp_conf *c = conf;
	unsigned n = 0;

	(void)services;
	*instance_r = NULL;
	for (unsigned i = 0; i < GMP_GROUPS; i++)
		if (is_wanted(c, modp[i].alg.name))
			offered[n++] = &modp[i].alg;
	offered[n] = NULL;
	ops.preference = (int)c->preference;
	return modp_load(why);
}

static void unload(void **instance)
{
	*instance = NULL;
	modp_unload();
}

static const struct ms_feature features[] = {
	MS_PROVIDES(CRYPTO, "gmp", &ops),
	MS_FEATURES_END,
};

MS_PLUGIN(crypto_gmp, "crypto-gmp", .summary = "MODP key exchange and RSA keys with GMP, on demand",
	.features = features, .keys = keys, .conf_size = sizeof(struct gmp_conf), .load = load,
	.unload = unload, .on_demand = true);
