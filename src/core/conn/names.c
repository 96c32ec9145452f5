/* SPDX-License-Identifier: Apache-2.0 */
/* Sans I/O: asks through a role, has its time from the owner. */
#include "core/conn/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TTL_MIN_MS    5000 /* no name is asked for more often of itself */
#define TTL_MAX_MS    (24 * 3600 * 1000)
#define RETRY_MS      5000 /* after a failure, doubled with each */
#define RETRY_MAX_MS  600000
#define FULL_MS	      1000 /* too many questions are under way */
#define TICK_MS	      500  /* several are due at about the same time */

static const uint16_t types[2] = { MS_DNS_A, MS_DNS_AAAA };

struct conn_names {
	struct conn_names_env env;
	struct conn_name *first;
	uint64_t deadline_ms;
};

/* --- one name ------------------------------------------------------------------------------------ */

struct conn_name *conn_name_new(const char *text, int family)
{
	struct conn_name *name = calloc(1, sizeof *name);

	if (name == NULL)
		return NULL;
	name->text = text;
	name->wanted[0] = family != AF_INET6;
	name->wanted[1] = family != AF_INET;
	name->due_ms = UINT64_MAX;
	return name;
}

static void leave(struct conn_name *name)
{
	struct conn_names *n = name->names;

	if (n == NULL)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (name->queries[i] != NULL)
			n->env.resolver->cancel(n->env.inst, &name->queries[i]);
	*(name->prev == NULL ? &n->first : &name->prev->next) = name->next;
	if (name->next != NULL)
		name->next->prev = name->prev;
	name->names = NULL;
}

void conn_name_free(struct conn_name **name)
{
	if (*name == NULL)
		return;
	leave(*name);
	free((*name)->trouble);
	free(*name);
	*name = NULL;
}

static void due(struct conn_name *name, uint64_t in_ms)
{
	struct conn_names *n = name->names;

	name->due_ms = n->env.now_ms(n->env.ctx) + in_ms;
	if (name->due_ms < n->deadline_ms) {
		n->deadline_ms = name->due_ms;
		n->env.deadline(n->env.ctx, n->deadline_ms);
	}
}

static void set_trouble(struct conn_name *name, const char *text)
{
	free(name->trouble);
	name->trouble = text == NULL ? NULL : strdup(text);
}

static uint64_t bounded(uint64_t ms, uint64_t min, uint64_t max)
{
	return ms < min ? min : ms > max ? max : ms;
}

static bool knows(const struct ms_addr *list, unsigned n, const struct ms_addr *a)
{
	for (unsigned i = 0; i < n; i++)
		if (ms_addr_eq(&list[i], a))
			return true;
	return false;
}

/* IPv4 first, whichever answer was quicker. */
static void renew(struct conn_name *name)
{
	name->n = 0;
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < name->n_coming; i++)
			if ((name->coming[i].family == AF_INET6) == pass)
				name->addrs[name->n++] = name->coming[i];
	name->tried = 0;
}

/* Both families have answered. */
static void settle(struct conn_name *name)
{
	struct conn_names *n = name->names;
	struct ms_logger lg = conn_logger(name->conn, MS_SOURCE_CONN);
	uint64_t again;

	if (name->n_coming > 0) {
		bool news = name->n != name->n_coming;

		for (unsigned i = 0; i < name->n_coming && !news; i++)
			news = !knows(name->addrs, name->n, &name->coming[i]);
		if (news)
			ms_info(&lg, "%s has %u address%s", name->text, name->n_coming,
				name->n_coming == 1 ? "" : "es");
		name->failures = 0;
		/* The old order shows which of them were tried. */
		if (news)
			renew(name);
		set_trouble(name, NULL);
		again = bounded(name->ttl_s * UINT64_C(1000), TTL_MIN_MS, TTL_MAX_MS);
	} else {
		again = RETRY_MS << (name->failures < 7 ? name->failures : 7);
		again = bounded(again, RETRY_MS, RETRY_MAX_MS);
		if (name->failures++ == 0)
			ms_notice(&lg, "%s", name->trouble == NULL ? "no address" : name->trouble);
	}
	due(name, again);
	n->env.answered(n->env.ctx, name->conn);
}

static void take(struct conn_name *name, const struct ms_dns_answer *a)
{
	for (unsigned i = 0; i < a->n && name->n_coming < CONN_MAX_ADDRS; i++) {
		struct ms_addr *to = &name->coming[name->n_coming];
		struct ms_bytes r = a->records[i];

		if (r.len == (a->type == MS_DNS_A ? 4u : 16u) &&
			ms_addr_from_octets(to, r.ptr, r.len) == MS_OK && !ms_addr_is_any(to) &&
			!knows(name->coming, name->n_coming, to))
			name->n_coming++;
	}
	if (a->ttl_s < name->ttl_s)
		name->ttl_s = a->ttl_s;
	if (a->status < name->status)
		name->status = a->status;
}

static void got(struct conn_name *name, unsigned i, ms_err err, const struct ms_dns_answer *a,
	const struct ms_why *why)
{
	name->queries[i] = NULL;
	if (err == MS_OK)
		take(name, a);
	/* That there is no AAAA is worth less than why there is no A. */
	else if (name->trouble == NULL || err != MS_ERR_NOT_FOUND)
		set_trouble(name, ms_why_text(why, err));
	if (name->queries[0] == NULL && name->queries[1] == NULL)
		settle(name);
}

static void got_v4(void *arg, ms_err err, const struct ms_dns_answer *a, const struct ms_why *why)
{
	got(arg, 0, err, a, why);
}

static void got_v6(void *arg, ms_err err, const struct ms_dns_answer *a, const struct ms_why *why)
{
	got(arg, 1, err, a, why);
}

static bool pending(const struct conn_name *name)
{
	return name != NULL && (name->queries[0] != NULL || name->queries[1] != NULL);
}

static void ask(struct conn_name *name)
{
	struct conn_names *n = name->names;
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	if (pending(name))
		return;
	name->due_ms = UINT64_MAX;
	name->n_coming = 0;
	name->ttl_s = UINT32_MAX;
	name->status = MS_DNS_SECURE;
	if (n->env.resolver == NULL) {
		set_trouble(name, "no plugin of role resolver is loaded: names have no addresses");
		return;
	}
	set_trouble(name, NULL);
	for (unsigned i = 0; i < 2 && err == MS_OK; i++)
		if (name->wanted[i])
			err = n->env.resolver->ask(n->env.inst, name->text, types[i], 0,
				&name->queries[i], i == 0 ? got_v4 : got_v6, name, &why);
	if (err == MS_OK)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (name->queries[i] != NULL)
			n->env.resolver->cancel(n->env.inst, &name->queries[i]);
	set_trouble(name, ms_why_text(&why, err));
	due(name, err == MS_ERR_LIMIT ? FULL_MS : RETRY_MS);
}

/* --- a connection's ------------------------------------------------------------------------------- */

static void watch(struct conn_names *n, struct conn_name *name, struct conn *c)
{
	if (name == NULL || name->names != NULL)
		return;
	name->names = n;
	name->conn = c;
	name->prev = NULL;
	name->next = n->first;
	if (n->first != NULL)
		n->first->prev = name;
	n->first = name;
	ask(name);
}

void conn_names_watch(struct conn_names *n, struct conn *c)
{
	watch(n, c->local.name, c);
	watch(n, c->remote.name, c);
}

void conn_names_forget(struct conn *c)
{
	if (c->local.name != NULL)
		leave(c->local.name);
	if (c->remote.name != NULL)
		leave(c->remote.name);
}

void conn_names_again(struct conn *c)
{
	struct conn_name *const both[] = { c->local.name, c->remote.name };

	for (unsigned i = 0; i < 2; i++)
		if (both[i] != NULL && both[i]->names != NULL)
			ask(both[i]);
}

bool conn_names_pending(const struct conn *c)
{
	return pending(c->local.name) || pending(c->remote.name);
}

bool conn_names_trouble(const struct conn *c, char *buf, size_t size)
{
	const struct conn_end *const ends[] = { &c->local, &c->remote };

	for (unsigned i = 0; i < 2; i++) {
		const struct conn_name *name = ends[i]->name;

		if (name == NULL || name->n > 0)
			continue;
		snprintf(buf, size, "%s=%s: %s", (i == 0) == c->left_is_local ? "left" : "right",
			name->text,
			pending(name) ? "is being looked up" :
			name->trouble == NULL ? "has no address" :
						name->trouble);
		return true;
	}
	return false;
}

bool conn_names_next(struct conn *c)
{
	struct conn_name *name = c->remote.name;
	struct ms_addr failed = c->remote.host.addr;
	unsigned fitting = 0;

	if (name == NULL)
		return false;
	for (unsigned i = 0; i < name->n; i++)
		fitting += name->reachable[name->addrs[i].family == AF_INET6];
	/* To the end of the list with it: the first that fits is the one to take. */
	for (unsigned i = 0; i + 1 < name->n; i++)
		if (ms_addr_eq(&name->addrs[i], &failed)) {
			name->addrs[i] = name->addrs[i + 1];
			name->addrs[i + 1] = failed;
		}
	if (++name->tried < fitting)
		return true;
	name->tried = 0;
	conn_names_again(c);
	return false;
}

/* --- all of them ----------------------------------------------------------------------------------- */

struct conn_names *conn_names_new(const struct conn_names_env *env)
{
	struct conn_names *n = calloc(1, sizeof *n);

	if (n == NULL)
		return NULL;
	n->env = *env;
	n->deadline_ms = UINT64_MAX;
	return n;
}

void conn_names_free(struct conn_names **n)
{
	if (*n == NULL)
		return;
	while ((*n)->first != NULL)
		leave((*n)->first);
	free(*n);
	*n = NULL;
}

void conn_names_tick(struct conn_names *n)
{
	uint64_t now = n->env.now_ms(n->env.ctx), next = UINT64_MAX;
	struct conn_name *name, *after;

	for (name = n->first; name != NULL; name = after) {
		after = name->next;
		if (name->due_ms <= now)
			ask(name);
		if (name->due_ms < next)
			next = name->due_ms;
	}
	if (next != UINT64_MAX && next < now + TICK_MS)
		next = now + TICK_MS;
	n->deadline_ms = next;
	n->env.deadline(n->env.ctx, next);
}
