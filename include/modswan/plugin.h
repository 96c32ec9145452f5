/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin exports: one constant datum.
 *
 * The loader reads the datum before any code of the plugin runs and refuses a wrong ABI number, a
 * name that differs from the file's, or a name that is loaded already; it says both values.
 * Features form a graph: MS_PROVIDES rows offer an ops struct for a role under a name, the
 * MS_NEEDS and MS_USES rows that follow belong to it.  A missing need switches off that one
 * feature; `ipsec plugins` tells why.  load() runs only when at least one feature is on.
 *
 * The symbol is NAME_LTX_modswan_plugin ('-' in the name becomes '_'), so that the same object can
 * be linked in through libtool's preopening.  src/plugins/skeleton shows a whole plugin.
 */
#ifndef MODSWAN_PLUGIN_H
#define MODSWAN_PLUGIN_H

#include <modswan/conf.h>
#include <modswan/error.h>
#include <modswan/log.h>
#include <modswan/loop.h>

#include <stdbool.h>
#include <stdint.h>

/* Raised whenever a struct of include/modswan changes shape or meaning. */
#define MS_PLUGIN_ABI 7u
#define MS_PLUGIN_MAGIC 0x4d53574eu /* "MSWN" */

/* Roles: the header of the same name under modswan/ defines struct ms_ROLE_ops. */
#define MS_ROLES(X)                                                                                \
	X(KERNEL, "kernel")                                                                        \
	X(NET, "net")                                                                              \
	X(CRYPTO, "crypto")                                                                        \
	X(CREDS, "creds")                                                                          \
	X(RESOLVER, "resolver")                                                                    \
	X(FETCH, "fetch")                                                                          \
	X(POLICY, "policy")                                                                        \
	X(CONFIG, "config")                                                                        \
	X(CONTROL, "control")                                                                      \
	X(HOOK, "hook")                                                                            \
	X(AUTH, "auth")                                                                            \
	X(ATTR, "attr")

enum ms_role {
#define MS_ROLE_ENUM(id, name) MS_ROLE_##id,
	MS_ROLES(MS_ROLE_ENUM)
#undef MS_ROLE_ENUM
	MS_ROLE_COUNT
};

const char *ms_role_name(enum ms_role role);

enum ms_feature_kind {
	MS_FEATURE_END,
	MS_FEATURE_PROVIDES,
	MS_FEATURE_NEEDS, /* must be there for the provided feature before it */
	MS_FEATURE_USES,  /* nice to have: loaded earlier when present */
};

struct ms_feature {
	enum ms_feature_kind kind;
	enum ms_role role;
	const char *name; /* "klips", "secrets" ...; needs and uses: NULL means any of the role */
	const void *ops;  /* provides only */
};

#define MS_PROVIDES(r, n, o) { MS_FEATURE_PROVIDES, MS_ROLE_##r, (n), (o) }
#define MS_NEEDS(r, n) { MS_FEATURE_NEEDS, MS_ROLE_##r, (n), NULL }
#define MS_USES(r, n) { MS_FEATURE_USES, MS_ROLE_##r, (n), NULL }
#define MS_FEATURES_END { MS_FEATURE_END, MS_ROLE_COUNT, NULL, NULL }

/* A provider as others see it. */
struct ms_provider {
	enum ms_role role;
	const char *name;   /* the feature's */
	const char *plugin; /* the plugin's */
	const void *ops;    /* struct ms_ROLE_ops of the role's header */
	void *instance;	    /* first argument of every function in ops */
};

/* What the daemon hands to a plugin at load; valid until unload returns. */
struct ms_services {
	uint32_t size; /* of this struct, for additions at its end */
	struct ms_loop *loop;
	const struct ms_logger *log; /* carries the plugin's name */
	const char *confdir;	     /* "/etc": ipsec.conf, ipsec.secrets, ipsec.d */
	const char *rundir;	     /* "/run/pluto": sockets, pid files */
	/* The i-th provider of a role (name NULL) or of role and name, best first; NULL: no more. */
	const struct ms_provider *(*provider)(const struct ms_services *s, enum ms_role role,
		const char *name, unsigned i);
	void *host; /* private to the loader */
};

/* conf points to the plugin's filled key struct, constant until unload.  *instance_r is handed to
 * every function of the provided ops.  On error nothing may be left behind. */
typedef ms_err ms_plugin_load_f(void **instance_r, const struct ms_services *services,
	const void *conf, struct ms_why *why);
typedef void ms_plugin_unload_f(void **instance);

struct ms_plugin {
	uint32_t magic; /* MS_PLUGIN_MAGIC */
	uint32_t abi;	/* MS_PLUGIN_ABI */
	const char *name;
	const char *summary; /* one line, no full stop */
	const struct ms_feature *features;
	const struct ms_conf_key *keys; /* NULL: no settings */
	size_t conf_size;		/* of the struct that keys write into */
	ms_plugin_load_f *load;		/* NULL: nothing to do, instance is NULL */
	ms_plugin_unload_f *unload;	/* NULL: nothing to undo */
	bool on_demand; /* loaded only where a configuration names it */
};

/* MS_PLUGIN(kernel_klips, "kernel-klips", .summary = "...", .features = ..., ...);
 * The weak alias lets the loader find the datum whatever the file is called. */
#define MS_PLUGIN(ident, plugin_name, ...)                                                         \
	extern const struct ms_plugin ident##_LTX_modswan_plugin;                                  \
	extern const struct ms_plugin modswan_plugin                                               \
		__attribute__((weak, alias(#ident "_LTX_modswan_plugin")));                        \
	const struct ms_plugin ident##_LTX_modswan_plugin = { .magic = MS_PLUGIN_MAGIC,            \
		.abi = MS_PLUGIN_ABI,                                                              \
		.name = (plugin_name),                                                             \
		__VA_ARGS__ }

#endif
