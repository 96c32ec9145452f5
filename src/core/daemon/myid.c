/* SPDX-License-Identifier: Apache-2.0 */
/* %myid: what is written, or else what is found out (core/creds/myid.h). */
#include "core/daemon/daemon.h"

#include "lib/dns/host_name.h"

#include <stdlib.h>
#include <string.h>

static uint64_t now_ms(void *ctx)
{
	return ms_loop_now_ms(((struct daemon *)ctx)->loop);
}

static void deadline(void *ctx, uint64_t at_ms)
{
	struct daemon *d = ctx;
	uint64_t now = now_ms(d);

	ms_timer_set(d->myid_timer, at_ms > now ? at_ms - now : 0);
}

static void due(void *arg)
{
	myid_tick(((struct daemon *)arg)->myid);
}

static void changed(void *ctx, int family)
{
	struct daemon *d = ctx;

	if (conn_table_myid_found(d->conns, family, myid_of(d->myid, family)) != MS_OK)
		ms_error(&d->conn_log, "out of memory: connections keep the %%myid that they had");
}

ms_err daemon_myid_start(struct daemon *d)
{
	const struct opp_env look_up = opp_source_env(&d->opp_source);
	const struct myid_env env = {
		.sources = daemon_creds_source,
		.sources_arg = d,
		.now_ms = now_ms,
		.deadline = deadline,
		.changed = changed,
		.ctx = d,
		.log = &d->conn_log,
	};

	d->myid_timer = ms_timer_new(d->loop, due, d);
	d->myid = myid_new(&env);
	if (d->myid_timer == NULL || d->myid == NULL || !conn_table_myid(d->conns, d->setup.myid))
		return MS_ERR_NOMEM;
	d->opp_env = myid_hold(d->myid, &look_up);
	return MS_OK;
}

/* --- looking ------------------------------------------------------------------------------------ */

/* The host's name may be a question for name servers. */
struct name_job {
	struct daemon *d;
	char name[256];
};

static void work(void *arg)
{
	struct name_job *j = arg;

	if (!ms_host_fqdn(j->name, sizeof j->name))
		j->name[0] = '\0';
}

static void look(struct daemon *d, const char *name)
{
	if (d->myid != NULL && d->myid_set == NULL)
		myid_look(d->myid, name, &d->default_src[0], &d->default_src[1]);
}

static void named(void *arg, bool cancelled)
{
	struct name_job *j = arg;
	struct daemon *d = j->d;

	if (!cancelled) {
		d->myid_job = NULL;
		look(d, j->name);
	}
	free(j);
}

void daemon_myid_look(struct daemon *d)
{
	struct name_job *j;

	if (d->setup.myid != NULL || d->myid_set != NULL || d->myid_job != NULL ||
		!conn_table_myid_wanted(d->conns))
		return;
	myid_expect(d->myid);
	j = malloc(sizeof *j);
	if (j != NULL) {
		j->d = d;
		d->myid_job = ms_job_submit(d->loop, work, named, j);
	}
	if (j == NULL || d->myid_job == NULL) {
		free(j);
		look(d, NULL);
	}
}

void daemon_myid_stop(struct daemon *d)
{
	if (d->myid_job != NULL)
		ms_job_cancel(d->myid_job);
	d->myid_job = NULL;
	myid_free(&d->myid);
	ms_timer_free(&d->myid_timer);
	free(d->myid_set);
	d->myid_set = NULL;
}

/* --- written and shown -------------------------------------------------------------------------- */

ms_err daemon_myid_set(struct daemon *d, const char *text, struct ms_why *why)
{
	struct ms_id id = { 0 };
	char *copy = NULL;
	ms_err err = ms_id_parse(&id, text, strlen(text), why);

	if (err == MS_OK && (id.type == MS_ID_ANY || ms_id_is_pattern(&id)))
		err = ms_fail(why, MS_ERR_CONFIG, "%s is not the name of one host", text);
	if (err == MS_OK && ((copy = strdup(text)) == NULL || !conn_table_myid(d->conns, text)))
		err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	if (err == MS_OK)
		err = conn_table_myid_found(d->conns, AF_INET, &id);
	if (err == MS_OK)
		err = conn_table_myid_found(d->conns, AF_INET6, &id);
	ms_id_free(&id);
	if (err != MS_OK) {
		free(copy);
		return err;
	}
	free(d->myid_set);
	d->myid_set = copy;
	myid_end(d->myid);
	return MS_OK;
}
