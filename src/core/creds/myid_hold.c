/* SPDX-License-Identifier: Apache-2.0 */
/* Flows that came before we know what we are called: their questions wait. */
#include "core/creds/myid_priv.h"

#include <stdlib.h>

struct held {
	struct held *next;
	struct myid *m;
	struct conn *template; /* a reference */
	struct ms_addr mine, theirs;
	void *query; /* the inner one; NULL: it waits */
	opp_found_f *found;
	void *arg;
};

static void unlink_held(struct held *h)
{
	struct held **at = &h->m->held;

	while (*at != NULL && *at != h)
		at = &(*at)->next;
	if (*at == h)
		*at = h->next;
}

static void held_free(struct held *h)
{
	conn_unref(&h->template);
	free(h);
}

static void answered(void *arg, ms_err err, const struct opp_gateway *g, unsigned n, uint32_t ttl_s,
	const struct ms_why *why)
{
	struct held *h = arg;

	h->found(h->arg, err, g, n, ttl_s, why);
	held_free(h);
}

void myid_release(struct myid *m)
{
	struct held *h = m->held;
	struct ms_why why = { "" };
	ms_err err;

	m->held = h->next;
	err = m->inner.ask(m->inner.ctx, h->template, &h->mine, &h->theirs, &h->query, answered, h,
		&why);
	if (err != MS_OK)
		answered(h, err, NULL, 0, 0, &why);
}

void myid_drop(struct myid *m)
{
	struct held *h = m->held;

	m->held = h->next;
	held_free(h);
}

static ms_err ask(void *ctx, const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs, void **query, opp_found_f *found, void *arg, struct ms_why *why)
{
	struct myid *m = ctx;
	struct held *h, **at = &m->held;
	ms_err err = MS_OK;

	h = calloc(1, sizeof *h);
	if (h == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	*h = (struct held){ .m = m, .template = conn_ref((struct conn *)(uintptr_t)template),
		.mine = *mine, .theirs = *theirs, .found = found, .arg = arg };
	if (myid_settled(m)) {
		err = m->inner.ask(m->inner.ctx, template, mine, theirs, &h->query, answered, h, why);
	} else {
		while (*at != NULL)
			at = &(*at)->next;
		*at = h;
	}
	if (err == MS_OK)
		*query = h;
	else
		held_free(h);
	return err;
}

static void cancel(void *ctx, void *query)
{
	struct myid *m = ctx;
	struct held *h = query;

	unlink_held(h);
	if (h->query != NULL)
		m->inner.cancel(m->inner.ctx, h->query);
	held_free(h);
}

struct opp_env myid_hold(struct myid *m, const struct opp_env *inner)
{
	struct opp_env env = *inner;

	m->inner = *inner;
	env.ask = ask;
	env.cancel = cancel;
	env.ctx = m;
	return env;
}
