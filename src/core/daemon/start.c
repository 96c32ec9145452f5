/* SPDX-License-Identifier: Apache-2.0 */
/* From nothing to a daemon that answers: settings, plugins, backends, core, faces. */
#include "core/daemon/daemon.h"
#include "core/ikev2/ikev2.h"

#include "config.h"

#include <modswan/registry.h>

#include "core/control/control.h"
#include "core/route/groups.h"
#include "lib/log/sink.h"
#include "lib/mem/arena.h"

#include <errno.h>
#include <ltdl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#define STOP_MS 5000
#define TELL_MS 1000

const struct ms_provider *daemon_provider(const struct daemon *d, enum ms_role role, unsigned i)
{
	return ms_plugins_provider(d->plugins, role, NULL, i);
}

/* Algorithms must be known before the plugins that use them are loaded. */
static void on_provider(void *arg, const struct ms_provider *p)
{
	struct daemon *d = arg;
	ms_err err;

	if (p->role != MS_ROLE_CRYPTO)
		return;
	err = ms_crypto_register(p->ops, p->name);
	if (err != MS_OK)
		ms_error(&d->log, "algorithms of %s: %s", p->plugin, ms_err_text(err));
}

static void complain_about_plugins(struct daemon *d)
{
	struct ms_plugin_info info;

	for (unsigned i = 0; ms_plugins_info(d->plugins, i, &info); i++)
		if (info.state == MS_PLUGIN_REFUSED)
			ms_error(&d->log, "plugin %s refused: %s", info.file, info.reason);
}

static ms_err load_plugins(struct daemon *d, struct ms_why *why)
{
	struct ms_services services = {
		.loop = d->loop, .log = &d->log, .confdir = d->confdir, .rundir = d->rundir,
	};
	const char *folder = d->conf.plugin_dir == NULL ? MS_PLUGINDIR : d->conf.plugin_dir;
	ms_err err;

	d->plugins = ms_plugins_new(&services);
	if (d->plugins == NULL)
		return MS_ERR_NOMEM;
	ms_plugins_on_provider(d->plugins, on_provider, d);
	ms_plugins_find_preopened(d->plugins, (const struct ms_preopened *)lt_preloaded_symbols);
	err = ms_plugins_find(d->plugins, folder, why);
	if (err != MS_OK)
		return err;
	err = ms_plugins_load_also(d->plugins, (const char *const *)d->conf.plugins,
		(const char *const *)d->conf.plugins_also, why);
	ms_plugins_note_absent(d->plugins);
	complain_about_plugins(d);
	return err;
}

/* "main=debug" in modswan.conf, plutodebug= in ipsec.conf */
static ms_err debug_words(char **words, struct ms_why *why)
{
	uint32_t mask = 0;

	for (char **w = words; w != NULL && *w != NULL; w++) {
		char name[32];
		const char *eq = strchr(*w, '=');
		ms_err err;

		snprintf(name, sizeof name, "%.*s", (int)(eq == NULL ? (ptrdiff_t)strlen(*w) : eq - *w),
			*w);
		if (eq != NULL && strcmp(eq, "=debug") != 0)
			continue;
		err = ms_log_debug_word(name, &mask, why);
		if (err != MS_OK)
			return err;
	}
	if (mask != 0)
		ms_log_debug_sources(mask);
	return MS_OK;
}

static ms_err open_logs(struct daemon *d, struct ms_why *why)
{
	enum ms_log_level level = (enum ms_log_level)d->conf.log_level;
	ms_err err = MS_OK;

	if (d->setup.logfile != NULL)
		err = ms_log_to_file(d->setup.logfile, d->setup.logappend, level, MS_LOG_PLAIN,
			d->setup.logtime, why);
	else if (d->conf.log_file != NULL)
		err = ms_log_to_file(d->conf.log_file, d->conf.log_append, level, MS_LOG_PLAIN,
			d->conf.log_time, why);
	else if (d->conf.log_json != NULL)
		err = ms_log_to_file(d->conf.log_json, d->conf.log_append, level, MS_LOG_JSON, true,
			why);
	/* logfile= stands in place of syslog. */
	if (err == MS_OK && d->conf.log_syslog && d->setup.logfile == NULL)
		ms_log_to_syslog(level, LOG_AUTHPRIV);
	if (err == MS_OK)
		err = debug_words(d->conf.log_levels, why);
	if (err == MS_OK)
		err = debug_words(d->setup.plutodebug, why);
	if (err == MS_OK)
		ms_log_settled();
	return err;
}

ms_err daemon_read_setup(struct daemon *d, struct ms_why *why)
{
	struct ms_setup_desc fresh;
	const struct ms_config_ops *ops;
	ms_err err;

	if (d->config == NULL)
		return MS_OK;
	ops = d->config->ops;
	err = ops->setup(d->config->instance, &fresh, why);
	if (err != MS_OK)
		return err;
	if (d->have_setup)
		ops->setup_free(d->config->instance, &d->setup);
	d->setup = fresh;
	d->have_setup = true;
	return MS_OK;
}

/* Without dumpdir= the limit that we were started with stays. */
static void allow_core_dumps(struct daemon *d)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (chdir(d->setup.dumpdir) != 0)
		ms_error(&d->log, "dumpdir=%s: %s", d->setup.dumpdir, strerror(errno));
	else if (setrlimit(RLIMIT_CORE, &all) != 0)
		ms_error(&d->log, "no core dumps: %s", strerror(errno));
}

static ms_err pick_backends(struct daemon *d, struct ms_why *why)
{
	const struct ms_kernel_ops *k;
	const char *stack = d->setup.protostack;
	ms_err err;

	d->kernel = ms_plugins_provider(d->plugins, MS_ROLE_KERNEL, stack, 0);
	if (d->kernel == NULL)
		return ms_fail(why, MS_ERR_PLUGIN, "protostack=%s: no loaded plugin offers that kernel",
			stack == NULL ? "(any)" : stack);
	d->net = daemon_provider(d, MS_ROLE_NET, 0);
	if (d->net == NULL)
		return ms_fail(why, MS_ERR_PLUGIN, "no loaded plugin offers the role net");
	k = d->kernel->ops;
	if (k->setup != NULL && d->have_setup) {
		err = k->setup(d->kernel->instance, &d->setup, why);
		if (err != MS_OK)
			return err;
	}
	err = k->start(d->kernel->instance, &daemon_kernel_events, d, why);
	if (err != MS_OK)
		ms_why_prefix(why, "kernel backend %s: ", d->kernel->name);
	return err;
}

static void route_changed(void *ctx, struct conn *c)
{
	struct daemon *d = ctx;

	control_route_changed(d->control, c);
}

static ms_err route_initiate(void *ctx, struct conn *c, struct ms_why *why)
{
	struct daemon *d = ctx;

	return ike_initiate(d->ike, c, why);
}

static void route_probe(void *ctx, struct conn *c)
{
	struct daemon *d = ctx;

	ike_probe_conn(d->ike, c);
}

static void route_terminate(void *ctx, struct conn *c)
{
	struct daemon *d = ctx;

	ike_terminate_conn(d->ike, c);
}

static void route_deadline_changed(void *ctx, uint64_t at_ms)
{
	struct daemon *d = ctx;
	uint64_t now = ms_loop_now_ms(d->loop);

	if (at_ms == UINT64_MAX)
		ms_timer_stop(d->route_timer);
	else
		ms_timer_set(d->route_timer, at_ms > now ? at_ms - now : 0);
}

static void route_timer(void *arg)
{
	struct daemon *d = arg;

	route_tick(d->route);
	route_deadline_changed(d, route_deadline(d->route));
}

static ms_err start_core(struct daemon *d)
{
	struct ike_params params = {
		.v2 = &ikev2,
		.port = (uint16_t)d->setup.ikeport,
		.nat_port = (uint16_t)d->setup.nat_ikeport,
		.cookies = d->setup.ddos_mode,
		.cookie_threshold = d->setup.ddos_threshold,
		.max_half_open = d->setup.max_halfopen,
		.nat_keepalive_ms = d->setup.nat_keepalive_ms,
		.unique_ids = d->setup.uniqueids,
	};
	const bool hooks = daemon_provider(d, MS_ROLE_HOOK, 0) != NULL;
	struct route_env env = { .hook = hooks ? daemon_hook : NULL, .changed = route_changed,
		.initiate = route_initiate, .terminate = route_terminate,
		.probe = route_probe,
		.deadline = route_deadline_changed, .ctx = d, .stack = d->kernel->name,
		.failure_ms = d->setup.shunt_lifetime_ms };
	uint64_t seed[2];

	if (ms_random(seed, sizeof seed) != MS_OK)
		return MS_ERR_CRYPTO;
	d->host = (struct host){ &daemon_host_ops, d, NULL };
	d->conns = conn_table_new(seed);
	if (d->conns == NULL)
		return MS_ERR_NOMEM;
	env.conns = d->conns;
	d->opp_source = (struct opp_source){ daemon_creds_source, d, &d->conn_log };
	if (daemon_myid_start(d) != MS_OK)
		return MS_ERR_NOMEM;
	env.opp = &d->opp_env;
	memcpy(env.hash_seed, seed, sizeof seed);
	d->route_timer = ms_timer_new(d->loop, route_timer, d);
	if (d->route_timer == NULL)
		return MS_ERR_NOMEM;
	d->route = route_new(&d->host, &env);
	d->ike_timer = ms_timer_new(d->loop, daemon_ike_timer, d);
	d->control = control_new(d);
	if (d->route == NULL || d->ike_timer == NULL || d->control == NULL)
		return MS_ERR_NOMEM;
	conn_table_subjects(d->conns, daemon_cert_subject, d);
	conn_table_devices(d->conns, daemon_device_address, d);
	d->ike = ike_engine_new(&d->host, d->conns, &params);
	return d->ike == NULL || !daemon_names_start(d) ? MS_ERR_NOMEM : MS_OK;
}

static void load_conns(struct daemon *d)
{
	struct ms_why why = { "" };
	ms_err err;

	if (d->config == NULL)
		return;
	err = daemon_add_all(d, &why);
	if (err != MS_OK)
		ms_error(&d->conn_log, "no connections were loaded: %s", ms_why_text(&why, err));
}

ms_err daemon_start(struct daemon *d, struct ms_why *why)
{
	const struct ms_net_ops *net;
	ms_err err;

	err = load_plugins(d, why);
	if (err != MS_OK)
		return err;
	d->config = daemon_provider(d, MS_ROLE_CONFIG, 0);
	err = daemon_read_setup(d, why);
	if (err == MS_OK)
		err = open_logs(d, why);
	if (err != MS_OK)
		return err;
	if (d->setup.nhelpers != 0)
		ms_loop_workers(d->setup.nhelpers);
	if (d->setup.dumpdir != NULL)
		allow_core_dumps(d);
	ms_notice(&d->log, "Starting Pluto (ModSwan Version %s)", PACKAGE_VERSION);
	err = pick_backends(d, why);
	if (err == MS_OK)
		err = start_core(d);
	if (err == MS_OK)
		err = daemon_groups_start(d, why);
	if (err == MS_OK)
		err = control_start(d->control, why);
	if (err != MS_OK)
		return err;
	load_conns(d);
	d->listening = true;
	net = d->net->ops;
	ms_notice(&d->net_log, "listening for IKE messages");
	/* The first answer of the net provider opens the sockets. */
	return net->start(d->net->instance, &daemon_net_events, d, why);
}

static void patience_over(void *arg)
{
	*(bool *)arg = true;
}

static bool peers_wait(const struct daemon *d)
{
	return ike_untold(d->ike);
}

static bool hooks_work(const struct daemon *d)
{
	return route_busy(d->route) || groups_busy(d->groups);
}

static void wait_while(struct daemon *d, bool (*more)(const struct daemon *d), uint64_t ms)
{
	bool late = false;
	struct ms_timer *t = ms_timer_new(d->loop, patience_over, &late);

	if (t == NULL)
		return;
	ms_timer_set(t, ms);
	while (more(d) && !late)
		ms_loop_turn(d->loop, true);
	ms_timer_free(&t);
}

/* Peers are told, routes and policies taken back; who has a request of ours to answer before, and hooks,
 * get some time to finish. */
static void take_all_down(struct daemon *d)
{
	groups_stop(d->groups);
	for (struct conn *c = conn_first(d->conns); c != NULL; c = c->all_next)
		c->wanted_up = false;
	ike_delete_all(d->ike);
	while (conn_first(d->conns) != NULL)
		daemon_delete_conn(d, conn_first(d->conns));
	wait_while(d, peers_wait, TELL_MS);
	ike_shutdown(d->ike);
	route_bare_clear(d->route);
	wait_while(d, hooks_work, STOP_MS);
}

void daemon_stop(struct daemon *d)
{
	const struct ms_kernel_ops *k = d->kernel == NULL ? NULL : d->kernel->ops;
	const struct ms_net_ops *net = d->net == NULL ? NULL : d->net->ops;

	if (d->ike != NULL)
		take_all_down(d);
	if (d->control != NULL)
		control_stop(d->control);
	if (net != NULL)
		net->stop(d->net->instance);
	daemon_unlisten(d);
	if (k != NULL) {
		if (d->flush_at_stop && k->flush != NULL)
			k->flush(d->kernel->instance);
		k->stop(d->kernel->instance);
	}
	ike_engine_free(&d->ike);
	ms_timer_free(&d->ike_timer);
	groups_free(&d->groups);
	ms_timer_free(&d->groups_timer);
	route_free(&d->route);
	daemon_myid_stop(d);
	conn_names_free(&d->names);
	ms_timer_free(&d->names_timer);
	ms_timer_free(&d->route_timer);
	conn_table_free(&d->conns);
	control_free(&d->control);
	if (d->have_setup) {
		const struct ms_config_ops *ops = d->config->ops;

		ops->setup_free(d->config->instance, &d->setup);
	}
	ms_plugins_free(&d->plugins);
}
