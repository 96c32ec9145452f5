/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded handshake of two gateways: what was said can be changed and said again, in clear or,
 * with the speaker's keys, inside SK.  Included by test programs only.
 */
#ifndef MODSWAN_CORE_SIM_TAPE_TEST_H
#define MODSWAN_CORE_SIM_TAPE_TEST_H

#include "core/ike/ike_sa.h"
#include "core/ike/sk.h"
#include "core/sim/sim_test.h"

#define RECORDED 8

struct record {
	struct ms_endpoint src, dst;
	uint8_t octets[4096];
	size_t len;
};

struct tape {
	struct record r[RECORDED + 1];
	unsigned stop_before; /* this datagram and what follows is kept off the wire */
};

static inline void taping(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct tape *t = arg;

	if (p->number <= RECORDED) {
		struct record *r = &t->r[p->number];

		r->src = p->src;
		r->dst = p->dst;
		r->len = p->len;
		assert_true(p->len <= sizeof(r->octets));
		memcpy(r->octets, p->octets, p->len);
	}
	fate->lose = t->stop_before && p->number >= t->stop_before;
}

static const struct sim_words plain __attribute__((unused)) = {
	.name = "west-east",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.2.0/24",
	.leftid = "@west",
	.rightid = "@east",
	.ike = "aes_gcm128-sha2_256-x25519,aes128-sha2_256-x25519",
	.esp = "aes_gcm128",
};

/* A pair that has exchanged all before datagram `stop`, which is on the tape. */
static inline struct pair paused_with(const struct sim_words *w, struct tape *t, unsigned stop)
{
	struct pair p = pair_new(w);

	memset(t, 0, sizeof(*t));
	t->stop_before = stop;
	p.sim->network = taping;
	p.sim->network_arg = t;
	pair_initiate(&p);
	sim_run(p.sim, 100);
	assert_true(t->r[stop].len > 0);
	return p;
}

static inline struct pair paused(struct tape *t, unsigned stop)
{
	return paused_with(&plain, t, stop);
}

static inline void say(struct pair *p, const struct record *r, const uint8_t *octets, size_t len)
{
	sim_say(p->sim, &r->src, &r->dst, ms_bytes(octets, len));
}

/* A pair that is up; then start() says something, of which all before datagram `stop` passes (5 is the
 * first) and `stop` is on the tape. */
static inline struct pair paused_later(const struct sim_words *w, struct tape *t,
	void (*start)(struct pair *p), unsigned stop)
{
	struct pair p = pair_new(w);

	memset(t, 0, sizeof(*t));
	p.sim->network = taping;
	p.sim->network_arg = t;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.sim->packets, 4);
	t->stop_before = stop;
	start(&p);
	sim_run(p.sim, 100);
	assert_true(t->r[stop].len > 0);
	return p;
}

static inline const struct ms_endpoint *west500(const struct pair *p)
{
	static struct ms_endpoint e;

	e = (struct ms_endpoint){ p->west->addr, 500 };
	return &e;
}

static inline const struct ms_endpoint *east500(const struct pair *p)
{
	static struct ms_endpoint e;

	e = (struct ms_endpoint){ p->east->addr, 500 };
	return &e;
}

struct inner {
	struct ike_header h;
	uint32_t first;
	uint8_t octets[4096];
	size_t len;
};

/* sender and receiver of the message are the two IKE SAs. */
static inline void open_record(struct ike_sa *receiver, const struct record *r, struct inner *in)
{
	struct ike_msg m;
	struct ms_bytes inner;
	uint8_t copy[4096];

	memcpy(copy, r->octets, r->len);
	assert_int_equal(ike_msg_header(&m, ms_bytes(r->octets, r->len)), MS_OK);
	assert_int_equal(ike_msg_walk(&m, NULL), MS_OK);
	assert_int_equal(ike_sk_open(receiver, copy, &m, &inner), MS_OK);
	in->h = m.h;
	in->first = m.first_inner;
	in->len = inner.len;
	memcpy(in->octets, inner.ptr, inner.len);
}

static inline void say_sealed(struct pair *p, struct ike_sa *sender, const struct record *r,
	const struct inner *in, const uint8_t *octets, size_t len)
{
	struct ike_out out;
	uint8_t buf[8192];
	struct ms_bytes datagram;

	ike_out_begin(&out, buf, sizeof(buf), &in->h);
	ike_out_sk(&out, sender->encr->iv_octets);
	wire_patch_uint(&out.w, out.sk_at, in->first, 1);
	wire_put(&out.w, ms_bytes(octets, len));
	assert_int_equal(ike_sk_seal(sender, &out), MS_OK);
	datagram = wire_result(&out.w);
	say(p, r, datagram.ptr, datagram.len);
}

/* The same as one fragment, with `outer` payloads of a type before it. */
static inline void say_fragment(struct pair *p, struct ike_sa *sender, const struct record *r,
	const struct inner *in, struct ms_bytes piece, unsigned number, unsigned total,
	unsigned outer, unsigned outer_type)
{
	struct ike_out out;
	static uint8_t buf[70000];
	struct ms_bytes datagram;

	ike_out_begin(&out, buf, sizeof(buf), &in->h);
	for (unsigned i = 0; i < outer; i++)
		ike_out_open(&out, outer_type);
	ike_out_skf(&out, sender->encr->iv_octets, number, total, in->first);
	wire_put(&out.w, piece);
	assert_int_equal(ike_sk_seal(sender, &out), MS_OK);
	datagram = wire_result(&out.w);
	say(p, r, datagram.ptr, datagram.len);
}

/* Long names: both IKE_AUTH messages go in fragments, three of the request, of which the tape has two. */
#define NAME50  "a2345678901234567890123456789012345678901234567890"
#define NAME200 NAME50 NAME50 NAME50 NAME50
static const struct sim_words long_names __attribute__((unused)) = {
	.name = "west-east",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.2.0/24",
	.leftid = "@" NAME200 NAME50 NAME50 "west",
	.rightid = "@" NAME200 NAME200 NAME50 "east",
	.ike = "aes_gcm128-sha2_256-x25519",
	.esp = "aes_gcm128,aes_gcm256,aes128-sha2_256,aes256-sha2_512,chacha20_poly1305",
	.fragmentation = MS_FRAGMENTATION_FORCE,
};

/* Everything that follows from what was said. */
static inline void settle(struct pair *p)
{
	sim_run(p->sim, 40000);
	pair_free(p);
}

/* The same, and then both sides are told to end: nothing may be left of anything. */
static inline void settle_and_end(struct pair *p)
{
	sim_run(p->sim, 40000);
	ike_terminate_conn(p->west->ike, p->wc);
	ike_terminate_conn(p->east->ike, p->ec);
	sim_run(p->sim, 120000);
	assert_pair_empty(p);
	pair_free(p);
}

/* --- a message's inner payloads as a list --- */

struct chain {
	unsigned n;
	uint8_t types[IKE_MAX_PAYLOADS];
	struct ms_bytes bodies[IKE_MAX_PAYLOADS];
};

static inline void chain_take(const struct ike_msg *m, struct chain *c)
{
	c->n = m->n;
	for (unsigned i = 0; i < m->n; i++) {
		c->types[i] = m->p[i].type;
		c->bodies[i] = m->p[i].body;
	}
}

static inline void chain_of(const struct inner *in, struct chain *c)
{
	struct ike_msg m = { .first_inner = in->first };

	m.raw = ms_bytes(in->octets, in->len);
	assert_int_equal(ike_msg_walk_inner(&m, m.raw, NULL), MS_OK);
	chain_take(&m, c);
}

/* Of a message in clear. */
static inline void chain_of_record(const struct record *r, struct chain *c)
{
	struct ike_msg m;

	assert_int_equal(ike_msg_header(&m, ms_bytes(r->octets, r->len)), MS_OK);
	assert_int_equal(ike_msg_walk(&m, NULL), MS_OK);
	chain_take(&m, c);
}

static inline void chain_put(const struct chain *c, struct inner *out, const struct ike_header *h)
{
	struct wire_writer w = wire_writer(out->octets, sizeof(out->octets));

	out->h = *h;
	out->first = c->n ? c->types[0] : 0;
	for (unsigned i = 0; i < c->n; i++) {
		struct ike_generic g = { i + 1 < c->n ? c->types[i + 1] : 0, 0,
			(uint32_t)c->bodies[i].len + 4 };

		ike_layout_put(&ike_generic_layout, &w, &g);
		wire_put(&w, c->bodies[i]);
	}
	assert_true(wire_written(&w));
	out->len = w.len;
}

/* What the chain says, in clear, with the record's header. */
static inline void say_clear(struct pair *p, const struct record *r, const struct chain *c)
{
	struct inner out;
	struct ike_msg m;
	static uint8_t octets[8192];
	struct wire_writer w = wire_writer(octets, sizeof(octets));

	assert_int_equal(ike_msg_header(&m, ms_bytes(r->octets, r->len)), MS_OK);
	chain_put(c, &out, &m.h);
	m.h.next = out.first;
	m.h.length = (uint32_t)(IKE_HEADER_OCTETS + out.len);
	ike_layout_put(&ike_header_layout, &w, &m.h);
	wire_put(&w, ms_bytes(out.octets, out.len));
	assert_true(wire_written(&w));
	say(p, r, octets, w.len);
}

/* --- ways to spoil a chain --- */

static inline void drop_one(struct chain *c, unsigned how)
{
	memmove(&c->types[how], &c->types[how + 1], c->n - how - 1);
	memmove(&c->bodies[how], &c->bodies[how + 1], (c->n - how - 1) * sizeof(c->bodies[0]));
	c->n--;
}

static inline void empty_one(struct chain *c, unsigned how)
{
	c->bodies[how].len = 0;
}

static inline void double_one(struct chain *c, unsigned how)
{
	c->types[c->n] = c->types[how];
	c->bodies[c->n++] = c->bodies[how];
}

static inline void only_one(struct chain *c, unsigned how)
{
	c->types[0] = c->types[how];
	c->bodies[0] = c->bodies[how];
	c->n = 1;
}

/* Message `number` with the chain that change() makes of it, on a fresh pair. */
typedef void change_f(struct chain *c, unsigned how);
static change_f *const spoilings[] __attribute__((unused)) = { drop_one, empty_one, double_one,
	only_one };
#define SPOILINGS (sizeof(spoilings) / sizeof(spoilings[0]))

static inline void changed_inner(unsigned number, change_f *change, unsigned how)
{
	struct tape t;
	struct pair p = paused(&t, number);
	struct sim_node *from = number % 2 ? p.west : p.east, *to = number % 2 ? p.east : p.west;
	struct inner in, out;
	struct chain c;

	open_record(ike_first(to->ike), &t.r[number], &in);
	chain_of(&in, &c);
	change(&c, how);
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(from->ike), &t.r[number], &out, out.octets, out.len);
	t.stop_before = 0;
	settle(&p);
}

#endif
