/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in which one thing is wrong, each with the counter under which it goes: it is not answered and
 * takes nothing along, so that the right message still leads to the tunnel.  What a second check further
 * in would refuse, too, is counted otherwise there.
 */
#include "core/ike/steps_test.h"
#include "core/sim/tape_test.h"

static const struct sim_words two_groups = {
	.name = "west-east",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.2.0/24",
	.leftid = "@west",
	.rightid = "@east",
	.ike = "aes_gcm128+aes_gcm256-sha2_256-x25519+ecp256",
	.esp = "aes_gcm128-x25519+ecp256",
	.pfs = true,
};

static struct sim_node *hearer(struct pair *p, unsigned number)
{
	return number % 2 ? p->east : p->west;
}

static void up_all_the_same(struct pair *p, struct tape *t, const struct record *r)
{
	t->stop_before = 0;
	say(p, r, r->octets, r->len);
	sim_run(p->sim, 40000);
	assert_pair_up(p);
	pair_free(p);
}

/* --- headers --- */

/* Message `number`: n octets from `at` are set or flipped; at < 0: from the end. */
static const struct {
	const char *what;
	unsigned number;
	int at;
	unsigned n;
	uint8_t set, flip;
	enum ike_counter why;
} headers[] = {
	{ "a first request with SPIr", 1, 15, 1, 1, 0, IKE_C_DROP_SYNTAX },
	{ "a first request without SPIi", 1, 0, 8, 0, 0, IKE_C_DROP_SYNTAX },
	{ "a first request with id 1", 1, 23, 1, 1, 0, IKE_C_DROP_SYNTAX },
	{ "a first request of no initiator", 1, 19, 1, 0, 0, IKE_C_DROP_SYNTAX },
	{ "a length that is none", 1, 27, 1, 0, 1, IKE_C_DROP_SHORT },
	{ "another exchange than IKE_SA_INIT", 2, 18, 1, IKE_X_IKE_AUTH, 0, IKE_C_DROP_SPI },
	{ "a first answer with id 1", 2, 23, 1, 1, 0, IKE_C_DROP_ID },
	{ "a request with another SPIi", 3, 7, 1, 0, 1, IKE_C_DROP_SPI },
	{ "a request with another SPIr", 3, 15, 1, 0, 1, IKE_C_DROP_SPI },
	{ "a request with id 2", 3, 23, 1, 2, 0, IKE_C_DROP_ID },
	{ "an answer with another SPIi", 4, 7, 1, 0, 1, IKE_C_DROP_SPI },
	{ "an answer with another SPIr", 4, 15, 1, 0, 1, IKE_C_DROP_SPI },
	{ "an answer with id 2", 4, 23, 1, 2, 0, IKE_C_DROP_ID },
	{ "a request with another ICV", 3, -1, 1, 0, 1, IKE_C_DROP_INTEGRITY },
	{ "an answer with another ICV", 4, -1, 1, 0, 1, IKE_C_DROP_INTEGRITY },
};

/* The two kinds of protection: an AEAD, a cipher with a MAC. */
static void test_headers(void **state)
{
	static const char *const suites[] = { "aes_gcm128-sha2_256-x25519",
		"aes128-sha2_256-x25519" };

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(headers) / sizeof(headers[0]); i++) {
		unsigned h = i / 2, number = headers[h].number;
		struct sim_words w = plain;
		struct tape t;
		struct pair p;
		struct record *r = &t.r[number];
		uint64_t before, sent;
		struct ike_engine *e;
		uint8_t copy[4096];

		w.ike = suites[i % 2];
		p = paused_with(&w, &t, number);
		e = hearer(&p, number)->ike;
		before = ike_counter(e, headers[h].why);
		sent = ike_counter(e, IKE_C_SENT);
		memcpy(copy, r->octets, r->len);
		for (unsigned k = 0; k < headers[h].n; k++) {
			uint8_t *o = copy + (headers[h].at < 0 ? (int)r->len : 0) + headers[h].at + k;

			*o = headers[h].flip ? *o ^ headers[h].flip : headers[h].set;
		}
		say(&p, r, copy, r->len);
		if (ike_counter(e, headers[h].why) != before + 1)
			fail_msg("%s: not counted", headers[h].what);
		if (headers[h].why != IKE_C_DROP_SPI)
			assert_int_equal(ike_counter(e, IKE_C_SENT), sent);
		up_all_the_same(&p, &t, r);
	}
}

/* A responder that takes our SPI for its own says our request back to us. */
static void test_reflected(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 2);
	struct record *r = &t.r[2], back;
	uint64_t before = ike_counter(p.west->ike, IKE_C_DROP_SPI);

	(void)state;
	memcpy(r->octets + 8, r->octets, 8);
	say(&p, r, r->octets, r->len);
	sim_run(p.sim, 100);
	assert_true(t.r[3].len > 0);
	back = t.r[3];
	back.src = t.r[3].dst;
	back.dst = t.r[3].src;
	say(&p, &back, back.octets, back.len);
	assert_int_equal(ike_counter(p.west->ike, IKE_C_DROP_SPI), before + 1);
	pair_free(&p);
}

/* --- in clear --- */

/* For an SA that is up nothing counts that anybody could say: requests and answers of every exchange, with
 * the right SPIs and id. */
static void test_clear_for_an_established_sa(void **state)
{
	static const uint8_t body[] = { 0, 0, 0, IKE_N_AUTHENTICATION_FAILED };

	(void)state;
	for (unsigned number = 5; number <= 6; number++)
		for (unsigned exchange = IKE_X_IKE_AUTH; exchange <= IKE_X_INFORMATIONAL; exchange++)
			for (unsigned delete = 0; delete < 2; delete++) {
				static const uint8_t ike[] = { MS_PROTOCOL_IKE, 0, 0, 0 };
				struct tape t;
				struct pair p = paused_later(&two_groups, &t, rekey_child, number);
				struct ike_engine *e = hearer(&p, number)->ike;
				struct record r = t.r[number];
				struct chain c = { 1, { delete ? IKE_P_DELETE : IKE_P_NOTIFY },
					{ ms_bytes(delete ? ike : body, 4) } };

				r.octets[18] = (uint8_t)exchange;
				say_clear(&p, &r, &c);
				assert_int_equal(ike_counter(e, IKE_C_DROP_UNPROTECTED), 1);
				t.stop_before = 0;
				sim_run(p.sim, 40000);
				assert_pair_up(&p);
				assert_int_equal(p.west->up, 2);
				pair_free(&p);
			}
}

/* Nor another IKE_SA_INIT, even with the id of the answer that is awaited. */
static void test_init_for_an_established_sa(void **state)
{
	struct tape t;
	struct pair p = paused_later(&two_groups, &t, rekey_child, 6);
	struct record r = t.r[6];

	(void)state;
	r.octets[18] = IKE_X_IKE_SA_INIT;
	say(&p, &r, r.octets, r.len);
	assert_int_equal(ike_counter(p.west->ike, IKE_C_DROP_STATE), 1);
	up_all_the_same(&p, &t, &t.r[6]);
}

/* --- IKE_SA_INIT --- */

static struct ms_bytes *body_of(struct chain *c, unsigned type)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == type)
			return &c->bodies[i];
	fail();
	return NULL;
}

static uint8_t other[4096]; /* a body in place of one */

static uint8_t *replace(struct chain *c, unsigned type, size_t room)
{
	struct ms_bytes *b = body_of(c, type);

	memset(other, 0x5a, sizeof(other));
	memcpy(other, b->ptr, b->len);
	*b = ms_bytes(other, room ? room : b->len);
	return other;
}

static void long_ke(struct chain *c)
{
	replace(c, IKE_P_KE, body_of(c, IKE_P_KE)->len + 1);
}

static void short_ke(struct chain *c)
{
	body_of(c, IKE_P_KE)->len--;
}

static void other_group(struct chain *c)
{
	replace(c, IKE_P_KE, 0)[1] = MS_KE_ECP256;
}

static void long_nonce(struct chain *c)
{
	replace(c, IKE_P_NONCE, IKE_NONCE_MAX + 1);
}

static void short_nonce(struct chain *c)
{
	body_of(c, IKE_P_NONCE)->len = IKE_NONCE_MIN - 1;
}

/* Where in a proposal a transform of this type begins. */
static size_t transform_at(struct ms_bytes sa, unsigned type)
{
	size_t at = 8u + sa.ptr[6];

	while (at + 8 <= sa.len && sa.ptr[at + 4] != type)
		at += (size_t)sa.ptr[at + 2] << 8 | sa.ptr[at + 3];
	assert_true(at + 8 <= sa.len);
	return at;
}

/* One that was offered, too, but not the one of the KE payload. */
static void other_suite(struct chain *c)
{
	size_t at = transform_at(*body_of(c, IKE_P_SA), MS_TRANSFORM_KE);

	replace(c, IKE_P_SA, 0)[at + 7] = MS_KE_ECP256;
}

static void two_proposals(struct chain *c)
{
	struct ms_bytes sa = *body_of(c, IKE_P_SA);
	uint8_t *o = replace(c, IKE_P_SA, 2 * sa.len);

	memcpy(o + sa.len, sa.ptr, sa.len);
	o[0] = 2;
}

/* Both lengths of the cipher, as if the choice were ours. */
static void two_ciphers(struct chain *c)
{
	struct ms_bytes sa = *body_of(c, IKE_P_SA);
	size_t at = transform_at(sa, MS_TRANSFORM_ENCR);
	uint8_t *o = replace(c, IKE_P_SA, sa.len + 12);

	memcpy(o + at + 12, sa.ptr + at, sa.len - at);
	o[at] = 3;
	o[at + 11] = (uint8_t)(o[at + 11] ^ 128); /* 128 or 256, in two octets */
	o[at + 10] = (uint8_t)(o[at + 10] ^ 1);
	o[3] = (uint8_t)(o[3] + 12);
	o[7]++;
}

static void only(struct chain *c, unsigned notify, size_t octets)
{
	memset(other, 0, sizeof(other));
	other[2] = (uint8_t)(notify >> 8);
	other[3] = (uint8_t)notify;
	other[5] = MS_KE_ECP256;
	c->n = 1;
	c->types[0] = IKE_P_NOTIFY;
	c->bodies[0] = ms_bytes(other, 4 + octets);
}

static void empty_cookie(struct chain *c)
{
	only(c, IKE_N_COOKIE, 0);
}

static void long_cookie(struct chain *c)
{
	only(c, IKE_N_COOKIE, IKE_MAX_COOKIE + 1);
}

static void same_group(struct chain *c)
{
	only(c, IKE_N_INVALID_KE_PAYLOAD, 2);
	other[5] = MS_KE_X25519;
}

static void no_group(struct chain *c)
{
	only(c, IKE_N_INVALID_KE_PAYLOAD, 1);
}

static void group_and_more(struct chain *c)
{
	only(c, IKE_N_INVALID_KE_PAYLOAD, 3);
}

/* An answer to IKE_SA_INIT that does not fit what was asked is nobody's; no key exchange is tried with it,
 * and nothing more is sent. */
static void test_answers(void **state)
{
	static void (*const changes[])(struct chain *) = { long_ke, short_ke, other_group, other_suite,
		long_nonce, short_nonce, two_proposals, two_ciphers, empty_cookie, long_cookie, same_group,
		no_group, group_and_more };

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct tape t;
		struct pair p = paused_with(&two_groups, &t, 2);
		unsigned jobs = p.west->jobs, packets = p.sim->packets;
		struct chain c;

		chain_of_record(&t.r[2], &c);
		changes[i](&c);
		say_clear(&p, &t.r[2], &c);
		sim_run(p.sim, 10);
		if (p.west->jobs != jobs || p.sim->packets != packets)
			fail_msg("answer %zu was taken", i);
		up_all_the_same(&p, &t, &t.r[2]);
	}
}

/* Nor is one without the responder's SPI, right as the rest of it may be. */
static void test_answer_without_spi(void **state)
{
	struct tape t;
	struct pair p = paused_with(&two_groups, &t, 2);
	struct record r = t.r[2];
	unsigned jobs = p.west->jobs;

	(void)state;
	memset(r.octets + 8, 0, 8);
	say(&p, &r, r.octets, r.len);
	assert_int_equal(p.west->jobs, jobs);
	up_all_the_same(&p, &t, &t.r[2]);
}

/* A request of that kind costs no key exchange. */
static void test_requests(void **state)
{
	static void (*const changes[])(struct chain *) = { long_ke, short_ke, other_group, long_nonce,
		short_nonce };

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct tape t;
		struct pair p = paused_with(&two_groups, &t, 1);
		struct chain c;

		chain_of_record(&t.r[1], &c);
		changes[i](&c);
		p.west->down = true;
		say_clear(&p, &t.r[1], &c);
		if (p.east->jobs != 0)
			fail_msg("request %zu was taken", i);
		assert_int_equal(ike_counter(p.east->ike, IKE_C_SENT), 1);
		p.west->down = false;
		up_all_the_same(&p, &t, &t.r[1]);
	}
}

/* --- CREATE_CHILD_SA --- */

static void no_spi(struct chain *c)
{
	uint8_t *o = replace(c, IKE_P_SA, 0);

	memset(o + 8, 0, o[6]);
}

/* The error that the peer was answered with; 0: none. */
static unsigned refused_with(struct ike_sa *peer, const struct record *answer)
{
	struct ike_msg m = { .n = 0 };
	struct ike_notify_payload n;
	struct inner in;

	open_record(peer, answer, &in);
	m.first_inner = in.first;
	assert_int_equal(ike_msg_walk_inner(&m, ms_bytes(in.octets, in.len), NULL), MS_OK);
	return ike_msg_error(&m, &n) ? n.type : 0;
}

/* The same of those who have the keys: of a child and of the IKE SA, asked for and answered. */
static const struct {
	void (*change)(struct chain *);
	unsigned request; /* what it is refused with; 0: it is taken */
	bool response;	  /* it is taken */
} rekeyings[] = {
	{ NULL, 0, true },
	{ long_ke, IKE_N_INVALID_SYNTAX, false },
	{ short_ke, IKE_N_INVALID_SYNTAX, false },
	{ other_group, IKE_N_INVALID_SYNTAX, false }, /* whose values are longer */
	{ other_suite, IKE_N_INVALID_KE_PAYLOAD, false },
	{ long_nonce, IKE_N_INVALID_SYNTAX, false },
	{ short_nonce, IKE_N_INVALID_SYNTAX, false },
	{ two_proposals, 0, false },
	{ no_spi, IKE_N_INVALID_SYNTAX, false },
};

static void test_rekeyings(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4 * sizeof(rekeyings) / sizeof(rekeyings[0]); i++) {
		unsigned number = 5 + (i & 1), want = rekeyings[i / 4].request;
		struct tape t;
		struct pair p = paused_later(&two_groups, &t, i & 2 ? rekey_ike : rekey_child, number);
		struct ike_sa *to = ike_first(hearer(&p, number)->ike), from = *to;
		unsigned jobs = hearer(&p, number)->jobs;
		bool taken = number == 5 ? want == 0 : rekeyings[i / 4].response;
		struct inner in, out;
		struct chain c;

		from.initiator = !to->initiator;
		from.iv = 0x7000;
		open_record(to, &t.r[number], &in);
		chain_of(&in, &c);
		if (rekeyings[i / 4].change)
			rekeyings[i / 4].change(&c);
		chain_put(&c, &out, &in.h);
		say_sealed(&p, &from, &t.r[number], &out, out.octets, out.len);
		/* no key exchange is tried with what does not fit */
		if ((hearer(&p, number)->jobs != jobs) != taken ||
			(number == 5 && refused_with(&from, &t.r[6]) != want))
			fail_msg("message %u, change %zu", number, i / 4);
		t.stop_before = 0;
		settle(&p);
	}
}

/* --- IKE_AUTH --- */

static void no_id(struct chain *c)
{
	body_of(c, c->types[0])->len = 4;
}

static void id_of(struct chain *c, unsigned type, size_t octets)
{
	replace(c, c->types[0], 4 + octets)[0] = (uint8_t)type;
}

static void short_ip4(struct chain *c)
{
	id_of(c, MS_ID_IPV4_ADDR, 3);
}

static void short_ip6(struct chain *c)
{
	id_of(c, MS_ID_IPV6_ADDR, 4);
}

static void id_of_no_type(struct chain *c)
{
	id_of(c, 0, 4);
}

static void id_of_another(struct chain *c)
{
	id_of(c, MS_ID_FQDN, 5);
}

static void long_auth(struct chain *c)
{
	replace(c, IKE_P_AUTH, body_of(c, IKE_P_AUTH)->len + 1);
}

static void short_auth(struct chain *c)
{
	body_of(c, IKE_P_AUTH)->len--;
}

static void other_auth(struct chain *c)
{
	size_t last = body_of(c, IKE_P_AUTH)->len - 1;

	replace(c, IKE_P_AUTH, 0)[last] ^= 1;
}

/* As much again on either side of the selector. */
static void widened(struct chain *c, unsigned type)
{
	uint8_t *first = replace(c, type, 0) + 4 + 8;

	first[2]--;
	first[4 + 2]++;
}

static void wide_tsi(struct chain *c)
{
	widened(c, IKE_P_TSI);
}

static void wide_tsr(struct chain *c)
{
	widened(c, IKE_P_TSR);
}

static void transport_mode(struct chain *c)
{
	only(&(struct chain){ .n = 0 }, IKE_N_USE_TRANSPORT_MODE, 0);
	c->types[c->n] = IKE_P_NOTIFY;
	c->bodies[c->n++] = ms_bytes(other, 4);
}

static const struct {
	void (*change)(struct chain *);
	unsigned request; /* what it is refused with; 0: it is taken */
	ms_err response;  /* what comes of it */
} auths[] = {
	{ no_id, IKE_N_INVALID_SYNTAX, MS_ERR_SYNTAX },
	{ short_ip4, IKE_N_INVALID_SYNTAX, MS_ERR_SYNTAX },
	{ short_ip6, IKE_N_INVALID_SYNTAX, MS_ERR_SYNTAX },
	{ id_of_no_type, IKE_N_INVALID_SYNTAX, MS_ERR_SYNTAX },
	{ id_of_another, IKE_N_AUTHENTICATION_FAILED, MS_ERR_AUTH },
	{ long_auth, IKE_N_AUTHENTICATION_FAILED, MS_ERR_AUTH },
	{ short_auth, IKE_N_AUTHENTICATION_FAILED, MS_ERR_AUTH },
	{ other_auth, IKE_N_AUTHENTICATION_FAILED, MS_ERR_AUTH },
	{ two_proposals, 0, MS_ERR_SYNTAX },
	{ no_spi, IKE_N_INVALID_SYNTAX, MS_ERR_SYNTAX },
	{ wide_tsi, 0, MS_ERR_TS },
	{ wide_tsr, 0, MS_ERR_TS },
	{ transport_mode, 0, MS_ERR_NO_PROPOSAL },
};

/* A peer with the right keys of IKE_SA_INIT: who it is, that it is, and what it chooses. */
static void test_auths(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(auths) / sizeof(auths[0]); i++) {
		unsigned number = 3 + (i & 1);
		struct tape t;
		struct pair p = paused(&t, number);
		struct ike_sa *to = ike_first(hearer(&p, number)->ike);
		struct ike_sa from = *ike_first(hearer(&p, number + 1)->ike);
		struct inner in, out;
		struct chain c;

		from.iv = 0x7000;
		open_record(to, &t.r[number], &in);
		chain_of(&in, &c);
		auths[i / 2].change(&c);
		chain_put(&c, &out, &in.h);
		say_sealed(&p, &from, &t.r[number], &out, out.octets, out.len);
		if (number == 3 && refused_with(&from, &t.r[4]) != auths[i / 2].request)
			fail_msg("request %zu", i / 2);
		if (number == 4 && (p.west->over_err != auths[i / 2].response || sim_sas(p.west) != 0))
			fail_msg("answer %zu: %d", i / 2, (int)p.west->over_err);
		t.stop_before = 0;
		settle(&p);
	}
}

static void no_transport(struct chain *c)
{
	static const uint8_t head[] = { 0, 0, IKE_N_USE_TRANSPORT_MODE >> 8, IKE_N_USE_TRANSPORT_MODE & 0xff };

	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == IKE_P_NOTIFY && memcmp(c->bodies[i].ptr, head, sizeof(head)) == 0)
			drop_one(c, i);
}

/* type=transport: a peer that asks for a tunnel is told so. */
static void test_tunnel_instead(void **state)
{
	struct sim_words w = plain;
	struct tape t;
	struct pair p;
	struct inner in, out;
	struct chain c;

	(void)state;
	w.leftsubnet = w.rightsubnet = NULL;
	w.type = MS_TYPE_TRANSPORT;
	p = paused_with(&w, &t, 3);
	open_record(ike_first(p.east->ike), &t.r[3], &in);
	chain_of(&in, &c);
	no_transport(&c);
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(p.west->ike), &t.r[3], &out, out.octets, out.len);
	assert_int_equal(refused_with(ike_first(p.west->ike), &t.r[4]), IKE_N_NO_PROPOSAL_CHOSEN);
	assert_int_equal(sim_sas(p.east), 0);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_reflected),
		cmocka_unit_test(test_clear_for_an_established_sa),
		cmocka_unit_test(test_init_for_an_established_sa),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_answer_without_spi),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_rekeyings),
		cmocka_unit_test(test_auths),
		cmocka_unit_test(test_tunnel_instead),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
