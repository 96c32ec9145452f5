/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resolver without network, for tests and simulation: what it knows is written down, and it
 * answers when it is told to.  Everything that is asked is counted by type.
 */
#ifndef LIB_DNS_FAKE_RESOLVER_TEST_H
#define LIB_DNS_FAKE_RESOLVER_TEST_H

#include <modswan/resolver.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAKE_RECORDS 512

struct fake_record {
	const char *name;
	uint16_t type;
	struct ms_bytes data;
	ms_err err; /* not MS_OK: that is the answer */
	enum ms_dns_status status;
	uint32_t ttl_s;
};

struct ms_dns_query {
	struct ms_dns_query *next;
	char name[MS_DNS_NAME_MAX + 2];
	uint16_t type;
	uint32_t flags;
	ms_resolver_done_f *done;
	void *arg;
};

struct fake_resolver {
	struct fake_record records[FAKE_RECORDS];
	unsigned n;
	struct ms_dns_query *first; /* newest first */
	unsigned waiting, asked, asked_ptr;
	unsigned room; /* how many may wait; 0: any number */
};

static inline void fake_record(struct fake_resolver *f, const char *name, uint16_t type,
	enum ms_dns_status status, uint32_t ttl_s, const void *data, size_t len)
{
	if (f->n == FAKE_RECORDS)
		abort();
	f->records[f->n++] = (struct fake_record){ name, type, ms_bytes(data, len), MS_OK, status,
		ttl_s };
}

static inline void fake_trouble(
	struct fake_resolver *f, const char *name, uint16_t type, ms_err err)
{
	if (f->n == FAKE_RECORDS)
		abort();
	f->records[f->n++] = (struct fake_record){ name, type, ms_bytes(NULL, 0), err,
		err == MS_ERR_AUTH ? MS_DNS_BOGUS : MS_DNS_INSECURE, 0 };
}

static inline ms_err fake_ask(void *inst, const char *name, uint16_t type, uint32_t flags,
	struct ms_dns_query **out, ms_resolver_done_f *done, void *arg, struct ms_why *why)
{
	struct fake_resolver *f = inst;
	struct ms_dns_query *q;

	if (!ms_dns_name_ok(name))
		return ms_fail(why, MS_ERR_TEXT, "not a name");
	if (f->room != 0 && f->waiting >= f->room)
		return ms_fail(why, MS_ERR_LIMIT, "too many questions");
	q = calloc(1, sizeof *q);
	if (q == NULL)
		abort();
	strcpy(q->name, name);
	if (q->name[strlen(name) - 1] == '.')
		q->name[strlen(name) - 1] = '\0';
	q->type = type;
	q->flags = flags;
	q->done = done;
	q->arg = arg;
	q->next = f->first;
	f->first = q;
	f->waiting++;
	f->asked++;
	f->asked_ptr += type == MS_DNS_PTR;
	*out = q;
	return MS_OK;
}

static inline void fake_cancel(void *inst, struct ms_dns_query **query)
{
	struct fake_resolver *f = inst;
	struct ms_dns_query **at = &f->first;

	while (*at != *query)
		at = &(*at)->next;
	*at = (*query)->next;
	f->waiting--;
	free(*query);
	*query = NULL;
}

static inline void fake_answer_one(struct fake_resolver *f, struct ms_dns_query *q)
{
	struct ms_bytes data[FAKE_RECORDS];
	struct ms_dns_answer a = { q->name, q->name, q->type, MS_DNS_SECURE, UINT32_MAX, 0, data };
	struct ms_why why = { "" };
	ms_err err = MS_ERR_NOT_FOUND;

	for (unsigned i = 0; i < f->n; i++) {
		const struct fake_record *r = &f->records[i];

		if (r->type != q->type || strcasecmp(r->name, q->name) != 0)
			continue;
		err = r->err;
		if (err == MS_OK)
			data[a.n++] = r->data;
		if (r->status < a.status)
			a.status = r->status;
		if (r->ttl_s < a.ttl_s)
			a.ttl_s = r->ttl_s;
	}
	if (q->flags & MS_DNS_UNCHECKED)
		a.status = MS_DNS_INSECURE;
	if (err != MS_OK)
		ms_fail(&why, err, "no %s record for %s", ms_dns_type_name(q->type), q->name);
	if (err != MS_OK && a.ttl_s == UINT32_MAX)
		a.ttl_s = 0;
	q->done(q->arg, err, &a, &why);
	free(q);
}

/* Answers all that wait now, oldest first, and what is asked meanwhile; returns how many. */
static inline unsigned fake_answer(struct fake_resolver *f)
{
	unsigned n = 0;

	for (; f->first != NULL; n++) {
		struct ms_dns_query **at = &f->first, *q;

		while ((*at)->next != NULL)
			at = &(*at)->next;
		q = *at;
		*at = NULL;
		f->waiting--;
		fake_answer_one(f, q);
	}
	return n;
}

static const struct ms_resolver_ops fake_resolver_ops __attribute__((unused)) = {
	.size = sizeof fake_resolver_ops,
	.ask = fake_ask,
	.cancel = fake_cancel,
};

#endif
