/* SPDX-License-Identifier: Apache-2.0 */
/* One source, many test plugins: what is wrong with each is given by -D. */
#include <modswan/plugin.h>

#include <stdlib.h>

#ifndef T_IDENT
#define T_IDENT t_good
#endif
#ifndef T_ABI
#define T_ABI MS_PLUGIN_ABI
#endif

struct settings {
	uint32_t size;
};

static const struct ms_conf_key keys[] = {
	MS_KEY_UINT(struct settings, size, "size", .def = 7, .max = 100, .brief = "a number"),
	MS_KEY_END
};

static const int ops = 42;

static const struct ms_feature features[] = {
	MS_PROVIDES(HOOK, T_NAME, &ops),
#ifdef T_NEEDS
		MS_NEEDS(HOOK, T_NEEDS),
#endif
#ifdef T_SECOND
	MS_PROVIDES(POLICY, T_NAME, &ops),
		MS_NEEDS(HOOK, T_SECOND),
#endif
	MS_FEATURES_END
};

#ifdef T_MISSING
void this_symbol_is_nowhere(void);
#endif

static ms_err load(void **instance_r, const struct ms_services *services, const void *conf,
	struct ms_why *why)
{
	const struct settings *s = conf;

#ifdef T_MISSING
	this_symbol_is_nowhere();
#endif
#ifdef T_FAILS
	return ms_fail(why, MS_ERR_SYSTEM, "no luck with %u", s->size);
#endif
	(void)why;
	ms_debug(services->log, "size %u", s->size);
	*instance_r = malloc(1);
	return MS_OK;
}

static void unload(void **instance)
{
	free(*instance);
	*instance = NULL;
}

#define PLUGIN(ident, ...) MS_PLUGIN(ident, __VA_ARGS__)
#if T_ABI == MS_PLUGIN_ABI
PLUGIN(T_IDENT, T_NAME, .summary = "a test", .features = features, .keys = keys,
	.conf_size = sizeof(struct settings), .load = load, .unload = unload);
#else
extern const struct ms_plugin modswan_plugin;
const struct ms_plugin modswan_plugin = { .magic = MS_PLUGIN_MAGIC, .abi = T_ABI, .name = T_NAME,
	.features = features, .keys = keys, .load = load, .unload = unload };
#endif
