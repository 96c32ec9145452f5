/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that other IKE daemons had with proposals and traffic selectors: a transform type left out,
 * algorithms and key lengths that nobody has, selectors of every type, length and order.
 */
#include "core/ikev2/auth.h"
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"
#include "core/sim/tape_test.h"

#include <unistd.h>

/* --- proposals ------------------------------------------------------------------------------------- */

/* One proposal in `body`, whose transforms are added one by one. */
struct offer {
	uint8_t body[512];
	struct wire_writer w;
	unsigned n;
	size_t last;
};

static void offer(struct offer *o, unsigned protocol, bool spi)
{
	o->w = wire_writer(o->body, sizeof(o->body));
	o->n = 0;
	o->last = 0;
	wire_put_u32(&o->w, 0); /* last, reserved, length */
	wire_put_u8(&o->w, 1);
	wire_put_u8(&o->w, (uint8_t)protocol);
	wire_put_u8(&o->w, spi ? 4 : 0);
	wire_put_u8(&o->w, 0);
	if (spi)
		wire_put_u32(&o->w, 0x01020304);
}

/* bits: the Key Length attribute; 0: without */
static void transform(struct offer *o, unsigned type, unsigned id, unsigned bits)
{
	if (o->n > 0)
		wire_patch_uint(&o->w, o->last, 3, 1);
	o->last = o->w.len;
	o->n++;
	wire_put_u16(&o->w, 0);
	wire_put_u16(&o->w, bits ? 12 : 8);
	wire_put_u8(&o->w, (uint8_t)type);
	wire_put_u8(&o->w, 0);
	wire_put_u16(&o->w, (uint16_t)id);
	if (bits)
		wire_put_u32(&o->w, 0x800e0000 | bits);
}

static struct ms_bytes offered(struct offer *o)
{
	wire_patch_uint(&o->w, 2, o->w.len, 2);
	wire_patch_uint(&o->w, 7, o->n, 1);
	assert_true(wire_written(&o->w));
	return wire_result(&o->w);
}

static struct ms_bytes sa_body;

static void swap_sa(struct chain *c, unsigned how)
{
	(void)how;
	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == IKE_P_SA)
			c->bodies[i] = sa_body;
}

/* West's IKE_SA_INIT request, each time with an SPI of its own; true: east has a state for it, which
 * is ended. */
static bool init_with(struct pair *p, const struct tape *t, struct offer *o)
{
	struct record r = t->r[1];
	static uint16_t serial;
	struct chain c;
	bool taken;

	r.octets[0] = (uint8_t)(++serial >> 8);
	r.octets[1] = (uint8_t)serial;
	chain_of_record(&r, &c);
	sa_body = offered(o);
	swap_sa(&c, 0);
	say_clear(p, &r, &c);
	taken = sim_states(p->east) > 0;
	ike_terminate_conn(p->east->ike, p->ec);
	assert_int_equal(sim_states(p->east), 0);
	return taken;
}

#define HAS(set, type) (((set) >> (type)&1) != 0)

/* An IKE_AUTH request with this offer of ESP; true: it made a child. */
static bool auth_with(struct offer *o)
{
	struct tape t;
	struct pair p = paused(&t, 3);
	struct inner in, out;
	struct chain c;
	bool made;

	open_record(ike_first(p.east->ike), &t.r[3], &in);
	chain_of(&in, &c);
	sa_body = offered(o);
	swap_sa(&c, 0);
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(p.west->ike), &t.r[3], &out, out.octets, out.len);
	sim_run(p.sim, 50);
	assert_int_equal(sim_ikes(p.east), 1);
	made = sim_children(p.east) > 0;
	t.stop_before = 0;
	settle_and_end(&p);
	return made;
}

/* CVE-2016-5391: every set of transform types, with an AEAD and with a cipher. */
static void test_cve_2016_5391_ike_without_a_transform_type(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 1);

	(void)state;
	for (unsigned aead = 0; aead < 2; aead++)
		for (unsigned set = 0; set < 64; set += 2) {
			bool whole = HAS(set, MS_TRANSFORM_ENCR) && HAS(set, MS_TRANSFORM_PRF) &&
				     HAS(set, MS_TRANSFORM_KE) && !HAS(set, MS_TRANSFORM_ESN) &&
				     HAS(set, MS_TRANSFORM_INTEG) == !aead;
			struct offer o;

			offer(&o, MS_PROTOCOL_IKE, false);
			if (HAS(set, MS_TRANSFORM_ENCR))
				transform(&o, MS_TRANSFORM_ENCR,
					aead ? MS_ENCR_AES_GCM_16 : MS_ENCR_AES_CBC, 128);
			if (HAS(set, MS_TRANSFORM_PRF))
				transform(&o, MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_256, 0);
			if (HAS(set, MS_TRANSFORM_INTEG))
				transform(&o, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_256_128, 0);
			if (HAS(set, MS_TRANSFORM_KE))
				transform(&o, MS_TRANSFORM_KE, MS_KE_X25519, 0);
			if (HAS(set, MS_TRANSFORM_ESN))
				transform(&o, MS_TRANSFORM_ESN, 1, 0);
			assert_int_equal(init_with(&p, &t, &o), whole);
		}
	settle(&p);
}

static void test_cve_2016_5391_esp_without_a_transform_type(void **state)
{
	(void)state;
	for (unsigned set = 0; set < 64; set += 2) {
		/* what is not said is none: RFC 7296 s3.3.3 */
		bool whole = HAS(set, MS_TRANSFORM_ENCR) && HAS(set, MS_TRANSFORM_ESN) &&
			     !HAS(set, MS_TRANSFORM_PRF) && !HAS(set, MS_TRANSFORM_INTEG) &&
			     !HAS(set, MS_TRANSFORM_KE);
		struct offer o;

		offer(&o, MS_PROTOCOL_ESP, true);
		if (HAS(set, MS_TRANSFORM_ENCR))
			transform(&o, MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, 128);
		if (HAS(set, MS_TRANSFORM_PRF))
			transform(&o, MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_256, 0);
		if (HAS(set, MS_TRANSFORM_INTEG))
			transform(&o, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_256_128, 0);
		if (HAS(set, MS_TRANSFORM_KE))
			transform(&o, MS_TRANSFORM_KE, MS_KE_X25519, 0);
		if (HAS(set, MS_TRANSFORM_ESN))
			transform(&o, MS_TRANSFORM_ESN, 0, 0);
		if (auth_with(&o) != whole)
			fail_msg("transform types %#x: %s", set, whole ? "refused" : "taken");
	}
}

/* Those that have names, and some that have none. */
static unsigned next_id(unsigned id)
{
	return id < 70 ? id + 1 : id < 1020 ? 1020 : id < 1030 ? id + 1 : id < 65535 ? 65535 : 65536;
}

/* CVE-2024-3652: every transform id in place of the one that is wanted.  CVE-2011-3380: every key
 * length. */
static void test_cve_2024_3652_every_transform_id(void **state)
{
	static const struct {
		unsigned type, id, bits;
	} good[] = { { MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, 128 },
		{ MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_256, 0 },
		{ MS_TRANSFORM_KE, MS_KE_X25519, 0 } };
	struct tape t;
	struct pair p = paused(&t, 1);

	(void)state;
	for (unsigned which = 0; which < 3; which++)
		for (unsigned id = 0; id < 65536; id = next_id(id))
			for (unsigned bits = 0; bits <= 256; bits += 128) {
				struct offer o;

				offer(&o, MS_PROTOCOL_IKE, false);
				for (unsigned i = 0; i < 3; i++)
					transform(&o, good[i].type, i == which ? id : good[i].id,
						i == which ? bits : good[i].bits);
				assert_int_equal(init_with(&p, &t, &o),
					id == good[which].id && bits == good[which].bits);
			}
	settle(&p);
}

static void test_cve_2011_3380_every_key_length(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 1);
	unsigned taken = 0;

	(void)state;
	for (unsigned bits = 0; bits < 65536; bits += bits < 600 ? 1 : 4093) {
		struct offer o;

		offer(&o, MS_PROTOCOL_IKE, false);
		transform(&o, MS_TRANSFORM_ENCR, MS_ENCR_AES_CBC, bits);
		transform(&o, MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_256, 0);
		transform(&o, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_256_128, 0);
		transform(&o, MS_TRANSFORM_KE, MS_KE_X25519, 0);
		taken += init_with(&p, &t, &o);
	}
	assert_int_equal(taken, 1); /* 128 itself */
	settle(&p);
	/* and of ESP: the family's fault was a length of zero */
	for (unsigned id = 1; id < 32; id++)
		for (unsigned bits = 0; bits < 256; bits += 64) {
			struct offer o;

			offer(&o, MS_PROTOCOL_ESP, true);
			transform(&o, MS_TRANSFORM_ENCR, id, bits);
			transform(&o, MS_TRANSFORM_ESN, 0, 0);
			assert_int_equal(auth_with(&o), id == MS_ENCR_AES_GCM_16 && bits == 128);
		}
}

/* --- traffic selectors ------------------------------------------------------------------------------ */

static uint8_t ts[4096];
static size_t ts_len;

static void swap_ts(struct chain *c, unsigned how)
{
	for (unsigned i = 0; i < c->n; i++)
		if ((c->types[i] == IKE_P_TSI && how != 1) || (c->types[i] == IKE_P_TSR && how != 0))
			c->bodies[i] = ms_bytes(ts, ts_len);
}

static void ts_begin(unsigned n)
{
	memset(ts, 0, 4);
	ts[0] = (uint8_t)n;
	ts_len = 4;
}

/* As it stands, whether it is right or not. */
static void ts_add(unsigned type, unsigned protocol, unsigned len, const uint8_t *rest, size_t octets)
{
	uint8_t *p = ts + ts_len;

	p[0] = (uint8_t)type;
	p[1] = (uint8_t)protocol;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	memcpy(p + 4, rest, octets);
	ts_len += 4 + octets;
}

static const uint8_t ports_and_net[44] = { 0, 0, 0xff, 0xff, 192, 0, 1, 0, 192, 0, 1, 255 };

static void rekey_child(struct pair *p)
{
	struct child_sa *c = ike_first_child(ike_first(p->west->ike));
	struct ms_said said = { p->west->addr, c->spi_in, MS_PROTO_ESP };

	ike_kernel_expire(p->west->ike, &said, false);
}

/* The selectors in `ts` in IKE_AUTH and CREATE_CHILD_SA, asked for and answered. */
static void everywhere(void)
{
	for (unsigned number = 3; number <= 6; number++) {
		struct tape t;
		struct pair p = number < 5 ? paused(&t, number)
					   : paused_later(&plain, &t, rekey_child, number);
		struct sim_node *from = number % 2 ? p.west : p.east;
		struct sim_node *to = number % 2 ? p.east : p.west;
		struct inner in, out;
		struct chain c;

		open_record(ike_first(to->ike), &t.r[number], &in);
		chain_of(&in, &c);
		swap_ts(&c, ts_len % 3);
		chain_put(&c, &out, &in.h);
		say_sealed(&p, ike_first(from->ike), &t.r[number], &out, out.octets, out.len);
		t.stop_before = 0;
		settle_and_end(&p);
	}
}

/* CVE-2023-23009: types, lengths and counts that lie. */
static void test_cve_2023_23009_selector_types_and_lengths(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type += type < 16 ? 1 : 40)
		for (unsigned len = 0; len <= 48; len += 4) {
			ts_begin(1);
			ts_add(type, 0, len, ports_and_net, len > 4 ? len - 4 : 0);
			everywhere();
		}
	for (unsigned n = 0; n < 256; n += n < 4 ? 1 : 63)
		for (unsigned len = 0; len < 65536; len += len < 20 ? 1 : 16379) {
			ts_begin(n);
			ts_add(IKE_TS_IPV4, 0, len, ports_and_net, 12);
			everywhere();
		}
}

/* CVE-2023-23009: many, of both families, the wrong way round, all ports and protocols. */
static void test_cve_2023_23009_selector_lists(void **state)
{
	static const unsigned counts[] = { 1, 2, 15, 16, 17, 32, 33, 64, 128, 200 };

	(void)state;
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (unsigned how = 0; how < 6; how++) {
			ts_begin(counts[i]);
			for (unsigned k = 0; k < counts[i]; k++) {
				uint8_t s[12] = { 0, 0, 0xff, 0xff, 192, 0, 1, 0, 192, 0, 1, 255 };

				s[7] = s[11] = (uint8_t)k;
				if (how == 1) /* the wrong way round */
					s[4] = 193;
				if (how == 2) /* opaque ports (RFC 7296 s3.13.1) */
					s[0] = s[1] = 0xff, s[2] = s[3] = 0;
				if (how == 3)
					s[1] = s[3] = (uint8_t)k, s[2] = 0;
				ts_add(how == 5 && k % 2 ? IKE_TS_IPV6 : IKE_TS_IPV4,
					how == 4 ? k : 0, 16, s, 12);
			}
			everywhere();
		}
}

/* --- every list parser -------------------------------------------------------------------------------- */

/* What the engine does with a payload before and after it knows whose it is. */
static unsigned read_payload(const struct ike_payload *p)
{
	static const struct ms_proposals ours = { .n = 1,
		.p = { { MS_PROTOCOL_IKE, 3, { { 1, 20, 128 }, { 2, 5, 0 }, { 4, 31, 0 } } } } };
	struct ike_exchange x = { .arena = ms_arena_new(8192, false) };
	struct ms_selector *selectors;
	unsigned n, good = 0;
	char text[600];

	if (p->type == IKE_P_SA) {
		(void)ike_proposals_peer_text(p->body, text, sizeof(text));
		for (unsigned spi = 0; spi <= 8; spi += 4)
			good += ike_get_proposals(&x, p->body, &ours, spi, NULL) == MS_OK;
	} else if (p->type == IKE_P_TSI || p->type == IKE_P_TSR) {
		good += ike_get_ts(x.arena, p, &selectors, &n, NULL) == MS_OK;
	} else if (p->type == IKE_P_AUTH) {
		good += ike_auth_kind(p->body) != 0;
	}
	ms_arena_free(&x.arena);
	return good;
}

/* CVE-2026-35328, CVE-2026-35330, CVE-2026-35333, CVE-2026-25075: parsers of lists with lengths of 0, 1,
 * odd ones and those that reach behind the end; none may go on for ever. */
static void test_cve_2026_35328_every_length_of_every_payload(void **state)
{
	static const uint8_t fills[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x7f, 0x80, 0xff };

	unsigned good = 0;

	(void)state;
	alarm(120); /* ends the test, if a parser does not */
	for (unsigned type = IKE_P_FIRST; type <= IKE_P_LAST; type++)
		for (size_t f = 0; f < sizeof(fills); f++)
			for (size_t len = 0; len <= 200; len++) {
				uint8_t *chain = malloc(len + 4);
				struct ike_msg m = { .first_inner = type };
				char text[400];

				memset(chain, fills[f], len + 4);
				chain[0] = IKE_P_NONE;
				chain[1] = 0;
				chain[2] = 0;
				chain[3] = (uint8_t)(len + 4);
				m.raw = ms_bytes(chain, len + 4);
				if (ike_msg_walk_inner(&m, m.raw, NULL) == MS_OK) {
					good += ike_msg_grammar(&m, NULL) == MS_OK;
					(void)ike_msg_text(&m, text, sizeof(text));
					for (unsigned i = 0; i < m.n; i++)
						good += read_payload(&m.p[i]);
				}
				free(chain);
			}
	alarm(0);
	assert_in_range(good, 1, 2000); /* hardly any is one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2016_5391_ike_without_a_transform_type),
		cmocka_unit_test(test_cve_2016_5391_esp_without_a_transform_type),
		cmocka_unit_test(test_cve_2024_3652_every_transform_id),
		cmocka_unit_test(test_cve_2011_3380_every_key_length),
		cmocka_unit_test(test_cve_2023_23009_selector_types_and_lengths),
		cmocka_unit_test(test_cve_2023_23009_selector_lists),
		cmocka_unit_test(test_cve_2026_35328_every_length_of_every_payload),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
