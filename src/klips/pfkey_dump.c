/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DUMP: one message for each SA, the last one with sequence number 0 (RFC 2367 s3.1.10).
 *
 * A piece in each turn of the loop, when the client's socket takes more.  SAs that come and go
 * meanwhile may or may not be among them.  Keys are not: klips does not keep them.
 */
#include "klips/instance.h"
#include "klips/pfkey_client.h"
#include "klips/sa_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* SAs looked at in one turn. */
enum { PIECE = 128, SEQ_AT = 8 };

int pfkey_dump(struct pfkey_call *call, struct ms_pfkey_msg *m)
{
	struct pfkey_dump *d = &call->client->dump;

	if (m->satype == MS_PFKEY_SATYPE_INT
		|| (m->satype != 0 && ms_pfkey_protocol_of(m->satype) == 0))
		return EINVAL;
	if (sadb_count(call->k->sadb) == 0)
		return ENOENT;
	*d = (struct pfkey_dump){ .running = true, .satype = m->satype, .pid = m->pid,
		.left = sadb_count(call->k->sadb) };
	sadb_walk_start(call->k->sadb, &d->walk);
	pfkey_client_set_events(call->client);
	return PFKEY_ANSWERED;
}

void pfkey_dump_end(struct pfkey_client *c)
{
	if (!c->dump.running)
		return;
	c->dump.running = false;
	walk_end(&c->dump.walk);
	free(c->dump.last);
	c->dump.last = NULL;
}

static void send_last(struct pfkey_client *c, uint32_t seq)
{
	struct pfkey_record *r = c->dump.last;

	memcpy(r->data + SEQ_AT, &seq, sizeof seq);
	pfkey_deliver(c, r->data, r->len, -1, true);
	free(r);
	c->dump.last = NULL;
}

/* In the place of the one before, which has been sent. */
static void hold_back(struct pfkey_client *c, const struct klips_sa *sa)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_DUMP, .pid = c->dump.pid };
	struct pfkey_server *s = c->server;
	uint64_t need, may;
	size_t len;

	sa_to_message(sa, &m);
	if (!ms_pfkey_grammar(m.type, MS_PFKEY_UP, &need, &may))
		return;
	m.has &= may;
	if (ms_pfkey_build(&m, MS_PFKEY_UP, s->out, sizeof s->out, &len, NULL) != MS_OK)
		return;
	c->dump.last = malloc(sizeof *c->dump.last + len);
	if (c->dump.last == NULL)
		return;
	c->dump.last->len = len;
	memcpy(c->dump.last->data, s->out, len);
}

static void finish(struct pfkey_client *c)
{
	const struct ms_pfkey_msg none = { .type = MS_PFKEY_DUMP, .satype = c->dump.satype,
		.pid = c->dump.pid, .err = ENOENT };
	size_t len;

	if (c->dump.last != NULL)
		send_last(c, 0);
	else if (ms_pfkey_build(&none, MS_PFKEY_UP, c->server->out, sizeof c->server->out, &len, NULL)
		== MS_OK)
		pfkey_deliver(c, c->server->out, len, -1, true);
	pfkey_dump_end(c);
}

void pfkey_dump_more(struct pfkey_client *c)
{
	struct pfkey_dump *d = &c->dump;
	unsigned i;

	for (i = 0; i < PIECE && c->first == NULL; i++) {
		struct klips_sa *sa = sadb_walk_next(c->server->k->sadb, &d->walk);

		if (sa == NULL) {
			finish(c);
			break;
		}
		if (d->satype != 0 && sa->said.protocol != ms_pfkey_protocol_of(d->satype))
			continue;
		if (d->left > 1)
			d->left--;
		if (d->last != NULL)
			send_last(c, d->left);
		hold_back(c, sa);
	}
	pfkey_client_set_events(c);
}
