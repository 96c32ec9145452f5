/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of credentials for tests: it answers when it is told to, the newest question first, for
 * answers need not come in order.  What it answers is the test's.
 */
#ifndef MODSWAN_CORE_CREDS_TEST_SOURCE_H
#define MODSWAN_CORE_CREDS_TEST_SOURCE_H

#include <modswan/registry.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct ms_creds_query {
	struct ms_creds_query *next;
	struct ms_id id; /* the identity, or the client's address */
	ms_creds_gateways_f *gateways;
	ms_creds_keys_f *keys;
	void *arg;
};
static struct ms_creds_query *waiting;
static unsigned asked;

static inline struct ms_creds_query *enqueue(const struct ms_id *id)
{
	struct ms_creds_query *q = calloc(1, sizeof *q);

	assert_non_null(q);
	assert_int_equal(ms_id_copy(&q->id, id), MS_OK);
	q->next = waiting;
	waiting = q;
	asked++;
	return q;
}

static inline ms_err ask_gateways(void *inst, const struct ms_addr *client,
	struct ms_creds_query **out, ms_creds_gateways_f *done, void *arg, struct ms_why *why)
{
	struct ms_id id = { 0 };

	(void)inst, (void)why;
	assert_int_equal(ms_id_of_addr(&id, client), MS_OK);
	*out = enqueue(&id);
	ms_id_free(&id);
	(*out)->gateways = done;
	(*out)->arg = arg;
	return MS_OK;
}

static inline ms_err ask_keys(void *inst, const struct ms_id *peer, struct ms_creds_query **out,
	ms_creds_keys_f *done, void *arg, struct ms_why *why)
{
	(void)inst, (void)why;
	*out = enqueue(peer);
	(*out)->keys = done;
	(*out)->arg = arg;
	return MS_OK;
}

/* The question is about this identity or address. */
static inline bool is(const struct ms_id *id, const char *text)
{
	struct ms_id other = { 0 };
	bool eq;

	assert_int_equal(ms_id_parse(&other, text, strlen(text), NULL), MS_OK);
	eq = ms_id_eq(id, &other);
	ms_id_free(&other);
	return eq;
}

static inline void forget_query(struct ms_creds_query *q)
{
	ms_id_free(&q->id);
	free(q);
}

static inline void cancel(void *inst, struct ms_creds_query **query)
{
	struct ms_creds_query **at = &waiting;

	(void)inst;
	while (*at != *query)
		at = &(*at)->next;
	*at = (*query)->next;
	forget_query(*query);
	*query = NULL;
}

static inline void answer_all(void (*answer_one)(struct ms_creds_query *q))
{
	while (waiting != NULL) {
		struct ms_creds_query *q = waiting;

		waiting = q->next;
		answer_one(q);
		forget_query(q);
	}
}

#endif
