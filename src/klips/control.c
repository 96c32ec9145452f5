/* SPDX-License-Identifier: Apache-2.0 */
/* The control thread: making and ending an instance, notes, the second's tick. */
#include "klips/ctl.h"
#include "klips/device.h"
#include "klips/device_watch.h"
#include "klips/encap.h"
#include "klips/hold.h"
#include "klips/io.h"
#include "klips/klips.h"
#include "klips/life.h"
#include "klips/listing_file.h"
#include "klips/note.h"
#include "klips/orphan.h"
#include "klips/pfkey_server.h"
#include "klips/pmtu.h"
#include "klips/queue_age.h"
#include "klips/talk.h"
#include "klips/worker.h"
#include "lib/conf/daemon_keys.h"
#include "lib/log/sink.h"
#include "lib/loop/loop.h"
#include "lib/plugin/loader.h"

#include <modswan/registry.h>

#include <ltdl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 1000, MAX_CRYPTO_PLUGINS = 16 };

/* With what only the control thread needs. */
struct whole {
	struct klips k; /* first */
	struct ms_plugins *plugins;
};

/* --- notes and time --------------------------------------------------------------------------- */

static void handle_note(struct klips *k, struct note *n)
{
	struct klips_sa *sa;

	switch (n->kind) {
	case NOTE_TRAP:
		hold_trap(k->holds, n);
		break;
	case NOTE_HOLD:
		hold_packet(k->holds, n);
		break;
	case NOTE_EXPIRE:
		life_expire(k, &n->said, n->hard);
		break;
	case NOTE_MAPPING:
		sa = sadb_find(k->sadb, &n->said);
		if (sa != NULL)
			pfkey_new_mapping(k->pfkey, sa, &n->remote);
		break;
	case NOTE_DATAGRAM:
		pfkey_datagram(k->pfkey, &n->local, &n->remote, ms_bytes(n->held->data, n->held->len));
		free(n->held);
		break;
	case NOTE_QUEUE:
		device_queue_told(k, n);
		break;
	case NOTE_STRAY:
		hold_stray(k->holds, n);
		break;
	}
}

static uint64_t uptime_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec;
}

static void tick(void *arg)
{
	struct klips *k = arg;

	shared_set(k->now_s, k->epoch_s + uptime_s());
	control_enter();
	sadb_tick(k->sadb, k->now_s, life_due, k);
	hold_tick(k->holds, k->now_s);
	listing_files_tick(k->files);
	pmtu_tick(k->pmtu);
	device_follow_bare(k);
	if (k->taken_over) {
		k->taken_over = false;
		orphan_sweep(k, pfkey_manager_present, k->pfkey);
	}
	control_leave();
	ms_timer_set(k->second, TICK_MS);
}

/* --- end -------------------------------------------------------------------------------------- */

static bool remove_sa(void *arg, struct klips_sa *sa)
{
	sadb_remove_group(arg, sa);
	return true;
}

void klips_teardown(struct klips *k)
{
	hold_clear(k->holds);
	eroute_clear(k->eroutes);
	sadb_each(k->sadb, remove_sa, k->sadb);
	while (k->devices->n > 0)
		device_detach(k, k->devices->devices[0]);
	encap_clear(k);
	ms_info(&k->log, "all devices, SAs and eroutes are gone");
}

void klips_exit(struct klips *k)
{
	k->exiting = true;
	ms_loop_stop(k->loop);
}

static void on_signal(void *arg, int signum)
{
	struct klips *k = arg;

	ms_info(&k->log, "signal %d: going down", signum);
	klips_exit(k);
}

/* Which of the family's words turn on which log source. */
void klips_debug_changed(struct klips *k)
{
	uint32_t mask = k->debug_sources;
	unsigned i;

	for (i = 0; i < MS_PFKEY_DEBUG_WORDS; i++)
		if (k->debug[i] != 0)
			mask |= UINT32_C(1) << room_source(i);
	ms_log_debug_sources(mask);
}

/* --- beginning -------------------------------------------------------------------------------- */

static void on_provider(void *arg, const struct ms_provider *p)
{
	struct klips *k = arg;
	ms_err err;

	if (p->role != MS_ROLE_CRYPTO)
		return;
	err = ms_crypto_register(p->ops, p->name);
	if (err != MS_OK)
		ms_error(&k->log, "algorithms of %s: %s", p->plugin, ms_err_text(err));
}

static bool provides_crypto(const struct ms_plugin *datum)
{
	const struct ms_feature *f;

	if (datum == NULL)
		return false;
	for (f = datum->features; f->kind != MS_FEATURE_END; f++)
		if (f->kind == MS_FEATURE_PROVIDES && f->role == MS_ROLE_CRYPTO)
			return true;
	return false;
}

/* Only those with algorithms: the rest of the lists is the key daemon's. */
static ms_err load_crypto(struct whole *w, const struct ms_daemon_conf *conf, struct ms_why *why)
{
	const char *names[MAX_CRYPTO_PLUGINS + 1];
	struct ms_plugin_info info;
	unsigned i, n = 0;
	ms_err err;

	for (i = 0; n < MAX_CRYPTO_PLUGINS && ms_plugins_info(w->plugins, i, &info); i++) {
		const struct ms_plugin *datum = ms_plugins_datum(w->plugins, i);

		if (info.state == MS_PLUGIN_FOUND && provides_crypto(datum)
			&& ms_plugin_wanted(datum, (const char *const *)conf->plugins,
				(const char *const *)conf->plugins_also))
			names[n++] = info.name;
	}
	names[n] = NULL;
	if (n == 0)
		return ms_fail(why, MS_ERR_PLUGIN, "no plugin with algorithms was found or wanted");
	err = ms_plugins_load(w->plugins, names, why);
	ms_plugins_note_absent(w->plugins);
	return err;
}

static ms_err load_plugins(struct whole *w, const struct options *o, struct ms_why *why)
{
	struct ms_services services = { .size = sizeof services, .loop = w->k.loop,
		.log = &w->k.log, .confdir = o->confdir, .rundir = o->rundir };
	struct ms_daemon_conf conf = { 0 };
	char path[4096];
	ms_err err;

	w->plugins = ms_plugins_new(&services);
	if (w->plugins == NULL)
		return MS_ERR_NOMEM;
	ms_plugins_on_provider(w->plugins, on_provider, &w->k);
	ms_plugins_find_preopened(w->plugins, (const struct ms_preopened *)lt_preloaded_symbols);
	err = ms_plugins_find(w->plugins, o->plugindir, why);
	if (err != MS_OK)
		return err;
	snprintf(path, sizeof path, "%s/modswan/modswan.conf", o->confdir);
	err = ms_conf_load(path, ms_daemon_keys, &conf, why);
	if (err == MS_OK)
		err = load_crypto(w, &conf, why);
	ms_conf_free(ms_daemon_keys, &conf);
	return err;
}

static ms_err make_tables(struct klips *k, const struct options *o)
{
	k->eroutes = eroute_table_new();
	k->sadb = sadb_new(o->most_sas);
	k->holds = hold_table_new(k);
	k->devices = calloc(1, sizeof *k->devices);
	k->encaps = calloc(1, sizeof *k->encaps);
	k->workers = calloc(k->n_workers, sizeof(struct klips_worker *));
	if (k->eroutes == NULL || k->sadb == NULL || k->holds == NULL || k->devices == NULL
		|| k->encaps == NULL || k->workers == NULL)
		return MS_ERR_NOMEM;
	return note_queue_new(&k->notes, k, handle_note);
}

static ms_err start_workers(struct klips *k, struct ms_why *why)
{
	unsigned i;

	k->icmp4_fd = raw_open(AF_INET, IPPROTO_RAW, NULL);
	k->icmp6_fd = raw_open(AF_INET6, IPPROTO_RAW, NULL);
	for (i = 0; i < k->n_workers; i++) {
		k->workers[i] = worker_new(k, i);
		if (k->workers[i] == NULL || worker_start(k->workers[i]) != MS_OK)
			return ms_fail(why, MS_ERR_SYSTEM, "cannot start a worker");
	}
	return MS_OK;
}

static ms_err listen_all(struct klips *k, struct ms_why *why)
{
	char path[4096];
	ms_err err;

	snprintf(path, sizeof path, "%s/klips.sock", k->rundir);
	err = pfkey_server_new(&k->pfkey, k, path, why);
	if (err != MS_OK)
		return err;
	snprintf(path, sizeof path, "%s/klips.ctl", k->rundir);
	err = ctl_server_new(&k->ctl, k, path, why);
	if (err == MS_OK)
		err = pmtu_new(&k->pmtu, k, why);
	if (err == MS_OK)
		err = device_watch_new(&k->device_watch, k, why);
	if (err != MS_OK)
		return err;
	err = ms_loop_signal(k->loop, SIGTERM, on_signal, k);
	if (err == MS_OK)
		err = ms_loop_signal(k->loop, SIGINT, on_signal, k);
	k->second = ms_timer_new(k->loop, tick, k);
	if (err != MS_OK || k->second == NULL)
		return ms_fail(why, MS_ERR_SYSTEM, "no signals or timer");
	k->files = listing_files_new(k);
	if (k->files == NULL)
		return MS_ERR_NOMEM;
	control_enter();
	listing_files_tick(k->files);
	control_leave();
	ms_timer_set(k->second, TICK_MS);
	return MS_OK;
}

/* Those that we may use. */
static unsigned cores(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > KLIPS_MAX_WORKERS ? KLIPS_MAX_WORKERS : (unsigned)n;
}

ms_err klips_new(struct klips **out, const struct options *o, struct ms_why *why)
{
	struct whole *w = calloc(1, sizeof *w);
	struct klips *k = &w->k;
	ms_err err;

	if (w == NULL)
		return MS_ERR_NOMEM;
	*out = k;
	k->log.source = MS_SOURCE_MAIN;
	k->rundir = o->rundir;
	k->confdir = o->confdir;
	k->hide_tos = o->hide_tos;
	k->tell_too_big = o->tell_too_big;
	k->debug_sources = o->debug;
	k->n_workers = o->workers != 0 ? o->workers : cores();
	k->no_eroute = o->no_eroute;
	k->icmp4_fd = k->icmp6_fd = -1;
	k->epoch_s = (uint64_t)time(NULL) - uptime_s();
	k->now_s = k->epoch_s + uptime_s();
	signal(SIGPIPE, SIG_IGN);
	rcu_register_thread();
	control_leave();
	k->loop = ms_loop_new(1);
	err = k->loop == NULL ? MS_ERR_NOMEM : load_plugins(w, o, why);
	if (err == MS_OK)
		err = ms_random(flow_hash_key, sizeof flow_hash_key);
	if (err == MS_OK)
		err = ms_random(&k->instance_id, sizeof k->instance_id);
	if (err == MS_OK)
		err = ms_random(&k->fragment_id, sizeof k->fragment_id);
	control_enter();
	if (err == MS_OK)
		err = make_tables(k, o);
	if (err == MS_OK)
		err = start_workers(k, why);
	control_leave();
	if (err == MS_OK)
		err = listen_all(k, why);
	if (err != MS_OK)
		klips_free(out);
	else
		ms_info(&k->log, "ready with %u worker%s", k->n_workers, k->n_workers == 1 ? "" : "s");
	return err;
}

void klips_run(struct klips *k)
{
	ms_loop_run(k->loop);
}

void klips_free(struct klips **kp)
{
	struct klips *k = *kp;
	struct whole *w = (struct whole *)k;
	unsigned i;

	if (k == NULL)
		return;
	control_enter();
	if (k->workers != NULL && k->notes != NULL)
		klips_teardown(k);
	for (i = 0; k->workers != NULL && i < k->n_workers; i++)
		worker_free(&k->workers[i]);
	listing_files_free(&k->files);
	ctl_server_free(&k->ctl);
	pfkey_server_free(&k->pfkey);
	note_queue_free(&k->notes);
	pmtu_free(&k->pmtu);
	device_watch_free(&k->device_watch);
	hold_table_free(&k->holds);
	eroute_table_free(&k->eroutes);
	sadb_free(&k->sadb);
	control_leave();
	rcu_barrier();
	rcu_unregister_thread();
	free(k->devices);
	free(k->encaps);
	free(k->workers);
	if (k->icmp4_fd >= 0)
		close(k->icmp4_fd);
	if (k->icmp6_fd >= 0)
		close(k->icmp6_fd);
	ms_timer_free(&k->second);
	ms_plugins_free(&w->plugins);
	if (k->loop != NULL)
		ms_loop_free(&k->loop);
	free(w);
	*kp = NULL;
}
