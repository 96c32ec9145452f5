/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that other IKE daemons had, each as the class of message that showed it.  The numbers name
 * the first report of the class; every test must fail on that class, and runs best under
 * sanitizers.
 */
#include "core/sim/sim_key.h"
#include "core/sim/tape_test.h"

/* Everything that follows from what was said. */
static void settle(struct pair *p)
{
	sim_run(p->sim, 40000);
	pair_free(p);
}

static const struct ms_endpoint *west500(const struct pair *p)
{
	static struct ms_endpoint e;

	e = (struct ms_endpoint){ p->west->addr, 500 };
	return &e;
}

static const struct ms_endpoint *east500(const struct pair *p)
{
	static struct ms_endpoint e;

	e = (struct ms_endpoint){ p->east->addr, 500 };
	return &e;
}

/* Where the body of the first payload of a type begins in a clear message; its length. */
static size_t find_body(const struct record *r, unsigned type, size_t *len)
{
	struct ike_msg m;
	const struct ike_payload *p;

	assert_int_equal(ike_msg_header(&m, ms_bytes(r->octets, r->len)), MS_OK);
	assert_int_equal(ike_msg_walk(&m, NULL), MS_OK);
	p = ike_msg_find(&m, type);
	assert_non_null(p);
	*len = p->body.len;
	return (size_t)(p->body.ptr - r->octets);
}

/* CVE-2013-4564: short datagrams and every version. */
static void test_cve_2013_4564_short_and_versions(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 1);
	uint8_t copy[4096];

	(void)state;
	for (size_t len = 0; len <= 32; len++)
		say(&p, &t.r[1], t.r[1].octets, len);
	for (unsigned version = 0; version < 256; version++) {
		memcpy(copy, t.r[1].octets, t.r[1].len);
		copy[17] = (uint8_t)version;
		copy[0]++; /* each its own SPI */
		say(&p, &t.r[1], copy, t.r[1].len);
	}
	assert_true(ike_counter(p.east->ike, IKE_C_DROP_SHORT) >= 32);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_DROP_VERSION), 240);
	settle(&p);
}

/* CVE-2014-9221: every number of a key exchange method, in KE and in the proposal. */
static void test_cve_2014_9221_every_ke_number(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 1);
	size_t ke_len, sa_len, ke = find_body(&t.r[1], IKE_P_KE, &ke_len);
	size_t sa = find_body(&t.r[1], IKE_P_SA, &sa_len);
	unsigned accepted = 0;

	(void)state;
	for (unsigned group = 0; group < 65536; group++) {
		uint8_t copy[4096];

		memcpy(copy, t.r[1].octets, t.r[1].len);
		copy[0] = (uint8_t)(group >> 8);
		copy[1] = (uint8_t)group;
		copy[ke] = (uint8_t)(group >> 8);
		copy[ke + 1] = (uint8_t)group;
		/* the first proposal's KE transform: x25519, its only 31 */
		for (size_t i = sa; i + 8 <= sa + sa_len; i++)
			if (copy[i + 4] == MS_TRANSFORM_KE && copy[i + 3] == 8 &&
				copy[i + 7] == 31) {
				copy[i + 6] = copy[ke];
				copy[i + 7] = copy[ke + 1];
			}
		say(&p, &t.r[1], copy, t.r[1].len);
		accepted += sim_states(p.east) > 0;
		if (sim_states(p.east) > 0)
			ike_terminate_conn(p.east->ike, p.ec);
	}
	assert_int_equal(accepted, 1); /* 31 itself */
	settle(&p);
}

/* CVE-2015-3240, CVE-2023-41913: public values 0, 1, p-1, p, and of every size. */
static void ke_values(const char *ike, unsigned number)
{
	struct sim_words w = plain;
	size_t sizes[] = { 0, 1, 31, 32, 33, 63, 64, 65, 96, 97, 128, 132, 133, 255, 256, 257, 384,
		512, 768, 1024, 1025, 2048, 4096 };
	static const uint8_t fills[] = { 0x00, 0x01, 0xff };

	w.ike = ike;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t f = 0; f < sizeof(fills); f++) {
			struct tape t;
			struct pair p = paused_with(&w, &t, number);
			struct record *r = &t.r[number];
			static uint8_t buf[16384];
			size_t len, at = find_body(r, IKE_P_KE, &len);
			struct wire_writer out = wire_writer(buf, sizeof(buf));
			uint8_t *data;

			wire_put(&out, ms_bytes(r->octets, at + 4));
			data = wire_reserve(&out, sizes[i]);
			if (sizes[i] > 0)
				memset(data, fills[f], sizes[i]);
			/* 01: the number one; ff: above every prime; 0: zero */
			if (fills[f] == 1 && sizes[i] > 1)
				memset(data, 0, sizes[i] - 1);
			wire_put(&out, ms_bytes(r->octets + at + len, r->len - at - len));
			wire_patch_uint(&out, at - 2, sizes[i] + 8, 2);
			wire_patch_uint(&out, 24, out.len, 4);
			say(&p, r, buf, out.len);
			assert_int_equal(sim_ikes(p.west) + sim_ikes(p.east), 0);
			settle(&p);
		}
	}
}

static void test_cve_2015_3240_ke_values(void **state)
{
	static const char *const suites[] = { "aes_gcm128-sha2_256-x25519",
		"aes_gcm128-sha2_256-ecp256", "aes_gcm128-sha2_256-ecp384",
		"aes_gcm128-sha2_256-ecp521", "aes_gcm128-sha2_256-modp2048",
		"aes_gcm128-sha2_256-modp3072" };

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		ke_values(suites[i], 1);
		ke_values(suites[i], 2);
	}
}

/* --- chains of payloads
 * ----------------------------------------------------------------------------- */

struct chain {
	unsigned n;
	uint8_t types[IKE_MAX_PAYLOADS];
	struct ms_bytes bodies[IKE_MAX_PAYLOADS];
};

static void chain_of(const struct inner *in, struct chain *c)
{
	struct ike_msg m = { .first_inner = in->first };

	m.raw = ms_bytes(in->octets, in->len);
	assert_int_equal(ike_msg_walk_inner(&m, m.raw, NULL), MS_OK);
	c->n = m.n;
	for (unsigned i = 0; i < m.n; i++) {
		c->types[i] = m.p[i].type;
		c->bodies[i] = m.p[i].body;
	}
}

static void chain_put(const struct chain *c, struct inner *out, const struct ike_header *h)
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

/* Message `number` with the chain that change() makes of it, on a fresh pair. */
typedef void change_f(struct chain *c, unsigned how);

static unsigned payloads_of(unsigned number)
{
	struct tape t;
	struct pair p = paused(&t, number);
	struct inner in;
	struct chain c;

	open_record(ike_first((number % 2 ? p.east : p.west)->ike), &t.r[number], &in);
	chain_of(&in, &c);
	settle(&p);
	return c.n;
}

static void changed_inner(unsigned number, change_f *change, unsigned how)
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

static void drop_one(struct chain *c, unsigned how)
{
	memmove(&c->types[how], &c->types[how + 1], c->n - how - 1);
	memmove(&c->bodies[how], &c->bodies[how + 1], (c->n - how - 1) * sizeof(c->bodies[0]));
	c->n--;
}

static void empty_one(struct chain *c, unsigned how)
{
	c->bodies[how].len = 0;
}

static void double_one(struct chain *c, unsigned how)
{
	c->types[c->n] = c->types[how];
	c->bodies[c->n++] = c->bodies[how];
}

static void only_one(struct chain *c, unsigned how)
{
	c->types[0] = c->types[how];
	c->bodies[0] = c->bodies[how];
	c->n = 1;
}

/* CVE-2013-6467, CVE-2009-1957: each payload of each exchange missing, empty, double, alone. */
static void test_cve_2013_6467_payload_omission(void **state)
{
	static change_f *const changes[] = { drop_one, empty_one, double_one, only_one };

	(void)state;
	for (unsigned number = 3; number <= 4; number++) {
		unsigned n = payloads_of(number);

		for (size_t k = 0; k < sizeof(changes) / sizeof(changes[0]); k++)
			for (unsigned i = 0; i < n; i++)
				changed_inner(number, changes[k], i);
	}
}

static void retype(struct chain *c, unsigned how)
{
	c->types[how >> 8 & 0xff] = (uint8_t)how;
}

/* CVE-2015-3991, CVE-2015-3204: other payload types, IKEv1's too, at every place of the chain. */
static void test_cve_2015_3991_payload_types(void **state)
{
	(void)state;
	for (unsigned number = 3; number <= 4; number++) {
		unsigned n = payloads_of(number);

		for (unsigned i = 0; i < n; i++)
			for (unsigned type = 0; type < 256; type += type < 56 ? 1 : 25)
				changed_inner(number, retype, i << 8 | type);
	}
}

/* CVE-2026-12413: more payloads than there are slots. */
static void test_cve_2026_12413_many_payloads(void **state)
{
	(void)state;
	for (unsigned count = 28; count <= 60; count++) {
		struct tape t;
		struct pair p = paused(&t, 3);
		struct inner in, out;

		open_record(ike_first(p.east->ike), &t.r[3], &in);
		out = in;
		out.len = 0;
		out.first = IKE_P_VENDOR;
		for (unsigned i = 0; i < count; i++) {
			uint8_t v[5] = { i + 1 < count ? IKE_P_VENDOR : (uint8_t)in.first, 0, 0, 5,
				'x' };

			memcpy(out.octets + out.len, v, 5);
			out.len += 5;
		}
		memcpy(out.octets + out.len, in.octets, in.len);
		out.len += in.len;
		say_sealed(&p, ike_first(p.west->ike), &t.r[3], &out, out.octets, out.len);
		settle(&p);
	}
}

/* --- every exchange in every state
 * ----------------------------------------------------------------------- */

/* CVE-2019-12312, CVE-2014-2338, CVE-2009-0790: any exchange type, request or answer, clear or with
 * the right keys, in each state; nothing is established by it. */
static void test_cve_2019_12312_every_exchange_in_every_state(void **state)
{
	(void)state;
	for (unsigned stop = 1; stop <= 4; stop++) {
		for (unsigned exchange = 0; exchange < 256; exchange += exchange < 50 ? 1 : 13) {
			for (unsigned how = 0; how < 8; how++) {
				struct tape t;
				struct pair p = paused(&t, stop);
				struct sim_node *to = how & 1 ? p.west : p.east;
				struct ike_sa *ike = ike_first(to->ike);
				struct ike_header h = { .version = IKE_VERSION_2,
					.exchange = exchange };
				struct record r = { .src = how & 1 ? *east500(&p) : *west500(&p),
					.dst = how & 1 ? *west500(&p) : *east500(&p) };
				struct inner in = { .first = 0 };
				unsigned children = sim_children(p.west) + sim_children(p.east);

				if (ike) {
					memcpy(h.spi_i, ike->spi_i, 8);
					memcpy(h.spi_r, ike->spi_r, 8);
					h.flags = (ike->initiator ? 0 : IKE_F_INITIATOR) |
						  (how & 2 ? IKE_F_RESPONSE : 0);
					h.id = how & 2 ? ike->send_id : ike->recv_id;
				}
				in.h = h;
				if (how & 4 && ike && ike->keys.ptr) {
					struct ike_sa other = *ike;

					other.initiator = !ike->initiator;
					say_sealed(&p, &other, &r, &in, NULL, 0);
				} else {
					uint8_t clear[28];
					struct wire_writer w = wire_writer(clear, 28);

					in.h.length = 28;
					ike_layout_put(&ike_header_layout, &w, &in.h);
					say(&p, &r, clear, 28);
				}
				assert_true(
					sim_children(p.west) + sim_children(p.east) <= children);
				settle(&p);
			}
		}
	}
}

/* CVE-2016-5361: before an address has proved itself it costs the sender as much as it gives. */
static void test_cve_2016_5361_no_amplification(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 1);
	unsigned before;

	(void)state;
	t.stop_before = 0;
	p.west->down = true;
	before = p.sim->packets;
	say(&p, &t.r[1], t.r[1].octets, t.r[1].len);
	sim_run(p.sim, 120000);
	assert_int_equal(p.sim->packets - before, 1); /* and never again by itself */
	assert_true(t.r[2].len <= t.r[1].len);
	pair_free(&p);
}

/* Complaints to strangers are bounded in number, cookies are not. */
static void test_answers_to_strangers(void **state)
{
	static const struct ike_params cookies = { .cookies = MS_YES };
	struct tape t;
	struct pair p = paused(&t, 1);
	uint8_t unknown[28] = { [7] = 1, [15] = 1, [17] = 0x20, [18] = 37, [19] = 8, [27] = 28 };
	struct record first = t.r[1];
	uint64_t before;

	(void)state;
	p.west->down = true;
	for (unsigned i = 0; i < 1000; i++)
		say(&p, &first, unknown, sizeof(unknown));
	assert_int_equal(ike_counter(p.east->ike, IKE_C_SENT), 200);
	sim_run(p.sim, 1000);
	before = ike_counter(p.east->ike, IKE_C_SENT);
	say(&p, &first, unknown, sizeof(unknown));
	assert_int_equal(ike_counter(p.east->ike, IKE_C_SENT), before + 1);
	pair_free(&p);
	p = pair_of(&plain, &plain, &cookies);
	for (unsigned i = 0; i < 1000; i++) {
		first.octets[0] = (uint8_t)i;
		first.octets[1] = (uint8_t)(i >> 8);
		say(&p, &first, first.octets, first.len);
	}
	assert_int_equal(ike_counter(p.east->ike, IKE_C_COOKIES_SENT), 1000);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_SENT), 1000);
	assert_int_equal(sim_states(p.east), 0);
	pair_free(&p);
}

/* --- after authentication
 * ----------------------------------------------------------------------------------- */

/* A protected request from west to east on an established pair. */
static void say_payloads(struct pair *p, unsigned exchange, const struct chain *c)
{
	struct ike_sa *w = ike_first(p->west->ike), *e = ike_first(p->east->ike);
	struct ike_header h = { .version = IKE_VERSION_2, .exchange = exchange };
	struct record r = { .src = *west500(p), .dst = *east500(p) };
	struct inner out;

	if (!w || !e)
		return;
	memcpy(h.spi_i, w->spi_i, 8);
	memcpy(h.spi_r, w->spi_r, 8);
	h.flags = w->initiator ? IKE_F_INITIATOR : 0;
	h.id = e->recv_id;
	chain_put(c, &out, &h);
	say_sealed(p, w, &r, &out, out.octets, out.len);
}

static void west_forgets(struct pair *p)
{
	p->west->down = true;
	sim_run(p->sim, 10);
}

/* CVE-2023-38710: REKEY_SA with every protocol id and SPI size. */
static void test_cve_2023_38710_rekey_protocol_ids(void **state)
{
	(void)state;
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		struct pair p = pair_new(&plain);
		uint8_t notify[] = { (uint8_t)protocol, 4, 0x40, 0x09, 0, 0, 0, 1 };
		uint8_t sa[] = { 0, 0, 0, 36, 1, 3, 4, 2, 1, 2, 3, 4, 3, 0, 0, 12, 1, 0, 0, 20,
			0x80, 14, 0, 128, 0, 0, 0, 8, 5, 0, 0, 0 };
		uint8_t nonce[32] = { 1 };
		uint8_t ts[] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 1, 0, 192, 0, 1,
			255 };
		struct chain c = { 5, { IKE_P_NOTIFY, IKE_P_SA, IKE_P_NONCE, IKE_P_TSI, IKE_P_TSR },
			{ ms_bytes(notify, 8), ms_bytes(sa, sizeof(sa)), ms_bytes(nonce, 32),
				ms_bytes(ts, sizeof(ts)), ms_bytes(ts, sizeof(ts)) } };

		pair_up(&p);
		west_forgets(&p);
		say_payloads(&p, IKE_X_CREATE_CHILD_SA, &c);
		assert_int_equal(sim_children(p.east), 1);
		pair_free(&p);
	}
}

/* CVE-2023-38712: the same SA deleted twice, in one payload, in two, with its IKE SA. */
static void test_cve_2023_38712_double_delete(void **state)
{
	(void)state;
	for (int how = 0; how < 6; how++) {
		struct pair p = pair_new(&plain);
		uint8_t one[8] = { 3, 4, 0, 1 }, two[12] = { 3, 4, 0, 2 };
		uint8_t ike[4] = { 1, 0, 0, 0 }, lying[8] = { 3, 4, 0xff, 0xff },
			odd[7] = { 3, 3, 0, 1 };
		struct chain c = { 2, { IKE_P_DELETE, IKE_P_DELETE }, { { NULL, 0 } } };
		uint32_t spi;

		pair_up(&p);
		spi = ike_first_child(ike_first(p.west->ike))->spi_in;
		for (int i = 0; i < 4; i++)
			one[4 + i] = two[4 + i] = two[8 + i] = lying[4 + i] =
				(uint8_t)(spi >> (24 - 8 * i));
		west_forgets(&p);
		c.bodies[0] = how == 0   ? ms_bytes(two, 12)
			      : how == 3 ? ms_bytes(lying, 8)
			      : how == 4 ? ms_bytes(odd, 7)
					 : ms_bytes(one, 8);
		c.bodies[1] = how == 2 ? ms_bytes(ike, 4) : ms_bytes(one, 8);
		if (how == 5) {
			c.bodies[0] = c.bodies[1] = ms_bytes(ike, 4);
		}
		say_payloads(&p, IKE_X_INFORMATIONAL, &c);
		assert_int_equal(sim_sas(p.east), 0);
		assert_int_equal(p.east->downs, 1);
		assert_int_equal(sim_ikes(p.east), how == 2 || how == 5 ? 0 : 1);
		pair_free(&p);
	}
}

/* --- authentication
 * ------------------------------------------------------------------------------------------ */

static uint8_t forged_auth[2048];
static size_t forged_len;

static void forge(struct chain *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == IKE_P_AUTH)
			c->bodies[i] = ms_bytes(forged_auth, forged_len);
}

/* Says west's IKE_AUTH with a forged AUTH payload; east must refuse. */
static void forged_signature(const struct sim_words *w, const struct sim_key *l,
	const struct sim_key *r, size_t head, size_t len, uint8_t fill)
{
	struct tape t;
	struct pair p = pair_new(w);
	struct inner in, out;
	struct chain c;

	memset(&t, 0, sizeof(t));
	t.stop_before = 3;
	p.west->priv = l->priv;
	p.east->priv = r->priv;
	p.sim->network = taping;
	p.sim->network_arg = &t;
	pair_initiate(&p);
	sim_run(p.sim, 100);
	open_record(ike_first(p.east->ike), &t.r[3], &in);
	chain_of(&in, &c);
	for (unsigned i = 0; i < c.n; i++)
		if (c.types[i] == IKE_P_AUTH)
			memcpy(forged_auth, c.bodies[i].ptr, head);
	memset(forged_auth + head, fill, len);
	forged_len = head + len;
	forge(&c);
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(p.west->ike), &t.r[3], &out, out.octets, out.len);
	sim_run(p.sim, 100);
	assert_int_equal(sim_ikes(p.east), 0);
	assert_int_equal(sim_sas(p.east), 0);
	settle(&p);
}

/* CVE-2013-2944, CVE-2012-2388, CVE-2017-11185: empty, zero and too large signatures. */
static void test_cve_2013_2944_empty_and_zero_signatures(void **state)
{
	static const struct {
		const char *kind;
		uint32_t auth;
		size_t head; /* method, reserved, length, AlgorithmIdentifier */
	} cases[] = { { "rsa", MS_AUTH_RSA, 4 + 1 + 67 }, { "P-256", MS_AUTH_ECDSA, 4 + 1 + 12 },
		{ "ed25519", MS_AUTH_EDDSA, 4 + 1 + 7 } };
	static const size_t lens[] = { 0, 1, 8, 64, 70, 255, 256, 257 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sim_key l = sim_key_new(cases[i].kind), r = sim_key_new(cases[i].kind);
		struct sim_words w = plain;

		w.authby = cases[i].auth;
		w.leftkey = l.spki;
		w.rightkey = r.spki;
		for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
			forged_signature(&w, &l, &r, cases[i].head, lens[k], 0x00);
			forged_signature(&w, &l, &r, cases[i].head, lens[k], 0xff);
		}
		for (size_t head = 4; head < cases[i].head; head += 3)
			forged_signature(&w, &l, &r, head, 0, 0);
		sim_key_free(&l);
		sim_key_free(&r);
	}
}

static uint8_t long_id[4 + 600];
static size_t long_id_len;

static void swap_id(struct chain *c, unsigned how)
{
	(void)how;
	c->bodies[0] = ms_bytes(long_id, long_id_len);
}

/* CVE-2010-2628, CVE-2013-6075: identities of every type, longer than buffers, with anything in
 * them. */
static void test_cve_2010_2628_long_identities(void **state)
{
	static const size_t lens[] = { 0, 1, 3, 4, 5, 15, 16, 17, 63, 64, 255, 256, 511, 512, 513,
		600 };

	(void)state;
	for (unsigned type = 0; type < 16; type++) {
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			memset(long_id, 0, 4);
			long_id[0] = (uint8_t)type;
			for (size_t k = 0; k < lens[i]; k++)
				long_id[4 + k] = (uint8_t)(i % 3 == 0   ? '\''
							   : i % 3 == 1 ? 0x30
									: k * 7);
			long_id_len = 4 + lens[i];
			changed_inner(3, swap_id, 0);
			changed_inner(4, swap_id, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2013_4564_short_and_versions),
		cmocka_unit_test(test_cve_2014_9221_every_ke_number),
		cmocka_unit_test(test_cve_2015_3240_ke_values),
		cmocka_unit_test(test_cve_2013_6467_payload_omission),
		cmocka_unit_test(test_cve_2015_3991_payload_types),
		cmocka_unit_test(test_cve_2026_12413_many_payloads),
		cmocka_unit_test(test_cve_2019_12312_every_exchange_in_every_state),
		cmocka_unit_test(test_cve_2016_5361_no_amplification),
		cmocka_unit_test(test_answers_to_strangers),
		cmocka_unit_test(test_cve_2023_38710_rekey_protocol_ids),
		cmocka_unit_test(test_cve_2023_38712_double_delete),
		cmocka_unit_test(test_cve_2013_2944_empty_and_zero_signatures),
		cmocka_unit_test(test_cve_2010_2628_long_identities),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
