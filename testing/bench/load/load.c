/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the played peers, and how they are brought up: so many open at once. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REASONS_SHOWN 5

uint64_t load_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool is_local(void *arg, const struct ms_addr *a)
{
	const struct load *l = arg;

	return ms_addr_eq(a, &l->local);
}

/* net + number: IPv4, as wide as the responder's template allows. */
static size_t inner_address(const struct load *l, uint64_t number, char *buf, size_t size)
{
	struct ms_addr a = l->net;
	uint32_t low = (uint32_t)number;

	for (unsigned i = 4; i-- > 0; low >>= 8) {
		low += a.b[i];
		a.b[i] = (uint8_t)low;
	}
	return ms_addr_text(&a, buf, size);
}

static void describe(const struct load *l, struct ms_conn_desc *d, uint64_t number)
{
	char text[64], addr[MS_ADDR_TEXT];

	snprintf(text, sizeof text, "load-%llu", (unsigned long long)number);
	d->name = strdup(text);
	d->source = strdup("ikeload");
	d->authby = l->key != NULL ? MS_AUTH_RSA | MS_AUTH_ECDSA | MS_AUTH_EDDSA : MS_AUTH_PSK;
	if (l->key != NULL && l->certs == NULL) {
		d->left.pubkey = strdup(l->own_key);
		d->right.pubkey = strdup(l->o->peer_key);
	}
	d->ike = strdup(l->o->ike);
	d->esp = strdup(l->o->esp);
	d->rekey = false;
	d->dpd_delay_ms = 0;
	d->keyingtries = 1;
	d->retransmit_interval_ms = l->o->retransmit_ms;
	d->reqid = (uint32_t)(number - l->o->first + 1); /* which attempt this is */
	d->left.host = strdup(l->o->local);
	snprintf(text, sizeof text, "%s%llu", l->o->id_prefix, (unsigned long long)number);
	d->left.id = strdup(text);
	inner_address(l, number, addr, sizeof addr);
	snprintf(text, sizeof text, "%s/32", addr);
	d->left.subnet = strdup(text);
	d->right.host = strdup(l->o->peer);
	d->right.id = strdup(l->o->peer_id);
	d->right.subnet = strdup(l->o->peer_net);
}

ms_err load_connections(struct load *l, struct ms_why *why)
{
	ms_err err = MS_OK;

	l->attempts = calloc(l->o->count, sizeof *l->attempts);
	if (l->attempts == NULL)
		return MS_ERR_NOMEM;
	for (uint64_t i = 0; err == MS_OK && i < l->o->count; i++) {
		struct ms_conn_desc d;

		if (!ms_conn_desc_defaults(&d))
			return MS_ERR_NOMEM;
		describe(l, &d, l->o->first + i);
		if (l->certs != NULL)
			err = certs_make(l, &l->attempts[i], d.left.id, l->o->first + i);
		if (err == MS_OK)
			err = conn_add(l->conns, &d, &l->attempts[i].conn, why);
		ms_conn_desc_free(&d);
		if (err == MS_OK)
			err = conn_orient(
				l->conns, l->attempts[i].conn, is_local, l, NULL, NULL, why);
	}
	return err;
}

static void failed(struct load *l, struct attempt *a, ms_err err, const struct ms_why *why)
{
	a->state = ATTEMPT_FAILED;
	if (l->failed++ < REASONS_SHOWN || l->o->verbose)
		fprintf(stderr, "ikeload: %s failed: %s\n", a->conn->desc->name,
			ms_why_text(why, err));
}

void load_attempt_over(struct load *l, const struct conn *c, ms_err err, const struct ms_why *why)
{
	struct attempt *a = &l->attempts[c->reqid - 1];

	if (a->state != ATTEMPT_OPEN)
		return;
	l->open--;
	l->ended_ns = load_now_ns();
	if (err != MS_OK) {
		failed(l, a, err, why);
		return;
	}
	a->state = ATTEMPT_UP;
	a->latency_us = (uint32_t)((l->ended_ns - a->started_ns) / 1000);
	l->up++;
}

static void start(struct load *l, struct attempt *a)
{
	struct ms_why why = { "" };
	ms_err err;

	a->started_ns = load_now_ns();
	a->state = ATTEMPT_OPEN;
	l->open++;
	err = ike_initiate(l->ike, a->conn, &why);
	if (err != MS_OK)
		load_attempt_over(l, a->conn, err, &why);
}

static void too_late(void *arg)
{
	bool *late = arg;

	*late = true;
}

/* Attempts are begun here and nowhere else: not within the engine's own calls. */
void load_run(struct load *l)
{
	static const struct ms_why why = { "not up when the time was over" };
	bool late = false;
	struct ms_timer *limit = ms_timer_new(l->loop, too_late, &late);

	if (limit != NULL)
		ms_timer_set(limit, l->o->limit_s * 1000);
	l->began_ns = l->ended_ns = load_now_ns();
	while (!late && l->up + l->failed < l->o->count) {
		while (l->open < l->o->window && l->next < l->o->count)
			start(l, &l->attempts[l->next++]);
		sockets_flush(l->sockets);
		ms_loop_turn(l->loop, l->open > 0);
	}
	sockets_flush(l->sockets);
	for (uint64_t i = 0; i < l->o->count; i++)
		if (l->attempts[i].state < ATTEMPT_UP)
			failed(l, &l->attempts[i], MS_ERR_TIMEOUT, &why);
	ms_timer_free(&limit);
}
