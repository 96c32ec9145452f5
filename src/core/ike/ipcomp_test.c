/* SPDX-License-Identifier: Apache-2.0 */
/* IPComp negotiated, declined, renegotiated: RFC 7296 s2.22; CPIs as RFC 3173 s3.3 wants them. */
#include "core/sim/tape_test.h"

static void compress(struct ms_conn_desc *d)
{
	d->compress = true;
}

static struct sim_words words_of(bool on)
{
	struct sim_words w = plain;

	w.more = on ? compress : NULL;
	return w;
}

static const struct sim_sa *sa_of(const struct sim_node *n, bool inbound)
{
	const struct sim_sa *sa = n->sas;

	while (sa && sa->inbound != inbound)
		sa = sa->next;
	assert_non_null(sa);
	return sa;
}

/* Both kernels compress towards the CPI that the other end named. */
#define assert_compressed(p)                                                                 \
	do {                                                                                 \
		assert_pair_up(p);                                                           \
		assert_in_range(sa_of((p)->west, true)->cpi, 256, 61439);                    \
		assert_in_range(sa_of((p)->east, true)->cpi, 256, 61439);                    \
		assert_int_equal(sa_of((p)->west, true)->cpi, sa_of((p)->east, false)->cpi); \
		assert_int_equal(sa_of((p)->east, true)->cpi, sa_of((p)->west, false)->cpi); \
	} while (0)
#define assert_plain(p)                                               \
	do {                                                          \
		assert_pair_up(p);                                    \
		assert_int_equal(sa_of((p)->west, true)->cpi, 0);     \
		assert_int_equal(sa_of((p)->west, false)->cpi, 0);    \
		assert_int_equal(sa_of((p)->east, true)->cpi, 0);     \
		assert_int_equal(sa_of((p)->east, false)->cpi, 0);    \
		assert_false(sim_said((p)->west, MS_RC_SUCCESS, "IPCOMP")); \
	} while (0)

static void test_both_want_it(void **state)
{
	for (int how = 0; how < 4; how++) {
		struct sim_words w = words_of(true);
		struct pair p;

		(void)state;
		if (how & 1) {
			w.type = MS_TYPE_TRANSPORT;
			w.leftsubnet = w.rightsubnet = NULL;
		}
		p = pair_new(&w);
		p.sim->later = how >> 1;
		pair_up(&p);
		assert_compressed(&p);
		assert_true(sim_said(p.west, MS_RC_SUCCESS, " IPCOMP=>0x0000"));
		assert_int_equal(sa_of(p.west, true)->tunnel, !(how & 1));
		pair_free(&p);
	}
}

/* Who does not want it, or cannot, says nothing; there is a tunnel all the same. */
static void test_one_does_not(void **state)
{
	for (int how = 0; how < 4; how++) {
		struct sim_words w = words_of(how != 0), e = words_of(how != 1);
		struct pair p = pair_of(&w, &e, NULL);

		(void)state;
		p.west->no_compression = how == 2;
		p.east->no_compression = how == 3;
		pair_up(&p);
		assert_plain(&p);
		pair_free(&p);
	}
}

/* Each rekeying negotiates anew, by new CPIs; a peer that no longer wants it has its way. */
static void test_rekeyed(void **state)
{
	struct sim_words w = words_of(true);
	struct pair p;
	uint16_t before;

	(void)state;
	w.ipsec_lifetime_ms = 60000;
	p = pair_new(&w);
	pair_up(&p);
	assert_compressed(&p);
	before = sa_of(p.west, true)->cpi;
	sim_run(p.sim, 60000);
	assert_compressed(&p);
	assert_int_not_equal(sa_of(p.west, true)->cpi, before);
	p.east->no_compression = true;
	sim_run(p.sim, 60000);
	assert_pair_up(&p);
	assert_int_equal(sa_of(p.west, true)->cpi, 0);
	assert_int_equal(sa_of(p.west, false)->cpi, 0);
	p.east->no_compression = false;
	sim_run(p.sim, 60000);
	assert_compressed(&p);
	pair_free(&p);
}

/* A further CHILD SA on the same IKE SA has its own say. */
static void test_further_child(void **state)
{
	struct sim_words first = words_of(false), other = words_of(true);
	struct pair p = pair_new(&first);
	const struct child_sa *wc;
	struct ms_why why;
	struct conn *c;

	(void)state;
	other.name = "second";
	other.rightsubnet = "192.0.22.0/24";
	c = sim_conn(p.west, &other);
	(void)sim_conn(p.east, &other);
	pair_up(&p);
	assert_plain(&p);
	assert_int_equal(ike_initiate(p.west->ike, c, &why), MS_OK);
	sim_run(p.sim, 2000);
	assert_int_equal(sim_ikes(p.west), 1);
	assert_int_equal(sim_children(p.west), 2);
	assert_true(sim_agree(p.west, p.east));
	wc = c->child_sas;
	assert_int_not_equal(wc->cpi_in, 0);
	assert_int_not_equal(wc->cpi_out, 0);
	pair_free(&p);
}

/* --- what a peer might say --- */

/* Notifies put in place of the one that is there; several stand behind each other. */
struct saying {
	unsigned n;
	uint8_t data[3][4];
	size_t len[3];
	uint16_t cpi_out; /* that east is to use; 0: no compression */
};

static const struct saying requests[] = {
	{ 0, { { 0 } }, { 0 }, 0 },
	/* LZS only; LZS, then deflate; two of deflate: the first */
	{ 1, { { 0x10, 0x01, 3 } }, { 3 }, 0 },
	{ 2, { { 0x10, 0x01, 3 }, { 0x10, 0x02, 2 } }, { 3, 3 }, 0x1002 },
	{ 2, { { 0x10, 0x03, 2 }, { 0x10, 0x04, 2 } }, { 3, 3 }, 0x1003 },
	/* with attributes of the transform (s3.10.1) */
	{ 1, { { 0x10, 0x05, 2, 9 } }, { 4 }, 0x1005 },
	/* numbers that are not negotiated: well-known, reserved, private */
	{ 1, { { 0, 2, 2 } }, { 3 }, 0 },
	{ 1, { { 0, 0xff, 2 } }, { 3 }, 0 },
	{ 1, { { 0xf0, 0, 2 } }, { 3 }, 0 },
	/* too short */
	{ 1, { { 0x10, 0x06 } }, { 2 }, 0 },
	{ 1, { { 0 } }, { 0 }, 0 },
};

static bool is_ipcomp(const struct chain *c, unsigned i)
{
	return c->types[i] == IKE_P_NOTIFY && c->bodies[i].len >= 4 &&
	       (c->bodies[i].ptr[2] << 8 | c->bodies[i].ptr[3]) == IKE_N_IPCOMP_SUPPORTED;
}

/* Message `number` with these notifies instead; the pair goes on from there. */
static struct pair said_instead(unsigned number, bool on, const struct saying *s)
{
	struct sim_words w = words_of(on);
	static uint8_t bodies[3][8];
	struct tape t;
	struct pair p = paused_with(&w, &t, number);
	struct sim_node *from = number % 2 ? p.west : p.east, *to = number % 2 ? p.east : p.west;
	struct inner in, out;
	struct chain c;
	unsigned n = 0;

	open_record(ike_first(to->ike), &t.r[number], &in);
	chain_of(&in, &c);
	for (unsigned i = 0; i < c.n; i++) {
		if (is_ipcomp(&c, i))
			continue;
		c.types[n] = c.types[i];
		c.bodies[n++] = c.bodies[i];
	}
	c.n = n;
	for (unsigned i = 0; i < s->n; i++) {
		memcpy(bodies[i], (const uint8_t[]){ 0, 0, 0x40, 0x03 }, 4);
		memcpy(bodies[i] + 4, s->data[i], s->len[i]);
		c.types[c.n] = IKE_P_NOTIFY;
		c.bodies[c.n++] = ms_bytes(bodies[i], 4 + s->len[i]);
	}
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(from->ike), &t.r[number], &out, out.octets, out.len);
	return p;
}

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct pair p = said_instead(3, true, &requests[i]);

		assert_int_equal(sim_children(p.east), 1);
		assert_int_equal(sa_of(p.east, false)->cpi, requests[i].cpi_out);
		assert_int_equal(sa_of(p.east, true)->cpi != 0, requests[i].cpi_out != 0);
		pair_free(&p);
	}
}

/* An answer that takes what was not offered, or in a way that we do not know, is no agreement: its
 * packets could not be read. */
static void test_answers(void **state)
{
	static const struct saying deflate = { 1, { { 0x10, 1, 2 } }, { 3 }, 0x1001 },
				   lzs = { 1, { { 0x10, 1, 3 } }, { 3 }, 0 },
				   none = { 0, { { 0 } }, { 0 }, 0 };
	static const struct {
		bool on;
		const struct saying *s;
		unsigned children;
	} rows[] = { { true, &deflate, 1 }, { true, &none, 1 }, { true, &lzs, 0 },
		{ false, &deflate, 0 }, { false, &none, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair p = said_instead(4, rows[i].on, rows[i].s);

		assert_int_equal(sim_ikes(p.west), 1);
		assert_int_equal(sim_children(p.west), rows[i].children);
		if (rows[i].children)
			assert_int_equal(sa_of(p.west, false)->cpi, rows[i].s->cpi_out);
		else
			assert_non_null(strstr(p.west->over_text, "was not offered"));
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_want_it),
		cmocka_unit_test(test_one_does_not),
		cmocka_unit_test(test_rekeyed),
		cmocka_unit_test(test_further_child),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests_name("ipcomp", tests, sim_test_setup, sim_test_teardown);
}
