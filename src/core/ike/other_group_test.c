/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INVALID_KE_PAYLOAD in answer to CREATE_CHILD_SA (RFC 7296 s1.3): a group that was offered is tried, any
 * other one, and one after the other without end, is not.  The IKE SA's own rekeying needs a group.
 */
#include "core/ike/ask_test.h"
#include "core/ike/steps_test.h"

static struct sim_words group_words(const char *name, const char *rightsubnet)
{
	struct sim_words w = plain;

	w.name = name;
	w.rightsubnet = rightsubnet;
	w.ike = "aes_gcm128-sha2_256-x25519+ecp256";
	w.esp = "aes_gcm128-x25519+ecp256";
	w.pfs = true;
	return w;
}

static void further_child(struct pair *p)
{
	struct sim_words w = group_words("second", "192.0.22.0/24");
	struct ms_why why = { "" };

	assert_int_equal(ike_initiate(p->west->ike, sim_conn(p->west, &w), &why), MS_OK);
}

struct asked {
	unsigned n; /* CREATE_CHILD_SA requests that did not get through */
	struct record last;
};

static void take_asked(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct asked *a = arg;

	fate->lose = true;
	if (p->octets[18] != IKE_X_CREATE_CHILD_SA || p->octets[19] & IKE_F_RESPONSE)
		return;
	a->n++;
	a->last.len = p->len;
	memcpy(a->last.octets, p->octets, p->len);
}

/* The group of the KE payload in the request. */
static unsigned asked_group(struct pair *p, const struct asked *a)
{
	struct inner in;
	struct chain c;

	open_record(ike_first(p->east->ike), &a->last, &in);
	chain_of(&in, &c);
	for (unsigned i = 0; i < c.n; i++)
		if (c.types[i] == IKE_P_KE)
			return (unsigned)c.bodies[i].ptr[0] << 8 | c.bodies[i].ptr[1];
	return 0;
}

/* East's answer to the last request, made by hand. */
static void answer_with(struct pair *p, const struct asked *a, const struct chain *c)
{
	struct ike_sa east = *ike_first(p->east->ike);
	struct record said = { .src = *east500(p), .dst = *west500(p) };
	struct inner in;
	struct ike_msg m;

	east.iv = 0x7000 + a->n;
	assert_int_equal(ike_msg_header(&m, ms_bytes(a->last.octets, a->last.len)), MS_OK);
	m.h.flags = IKE_F_RESPONSE;
	chain_put(c, &in, &m.h);
	say_sealed(p, &east, &said, &in, in.octets, in.len);
	sim_run(p->sim, 100);
}

static void wants_group(struct pair *p, const struct asked *a, unsigned group, size_t octets)
{
	const uint8_t body[7] = { 0, 0, 0, IKE_N_INVALID_KE_PAYLOAD, (uint8_t)(group >> 8),
		(uint8_t)group };
	const struct chain c = { 1, { IKE_P_NOTIFY }, { ms_bytes(body, 4 + octets) } };

	answer_with(p, a, &c);
}

static struct pair asking(struct asked *a, void (*start)(struct pair *p))
{
	struct sim_words w = group_words("west-east", plain.rightsubnet);
	struct pair p = pair_new(&w);

	pair_up(&p);
	assert_pair_up(&p);
	*a = (struct asked){ .n = 0 };
	p.sim->network = take_asked;
	p.sim->network_arg = a;
	start(&p);
	sim_run(p.sim, 100);
	assert_int_equal(a->n, 1);
	assert_int_equal(asked_group(&p, a), MS_KE_X25519);
	return p;
}

static void test_group_that_is_wanted(void **state)
{
	static const struct {
		unsigned group;
		size_t octets;
		bool tried;
	} rows[] = {
		{ MS_KE_ECP256, 2, true },
		{ MS_KE_ECP256, 3, false },
		{ MS_KE_ECP256, 1, false },
		{ MS_KE_ECP256, 0, false },
		{ MS_KE_X25519, 2, false },   /* which it got */
		{ MS_KE_ECP384, 2, false },   /* which nobody spoke of */
		{ MS_KE_MODP2048, 2, false }, /* the same */
		{ MS_KE_NONE, 2, false },
		{ 65535, 2, false },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked a;
		struct pair p = asking(&a, i % 2 ? further_child : rekey_child);
		bool tried = rows[i / 2].tried;

		wants_group(&p, &a, rows[i / 2].group, rows[i / 2].octets);
		if (a.n != (tried ? 2 : 1) || (tried && asked_group(&p, &a) != rows[i / 2].group))
			fail_msg("row %u, %u requests", i / 2, a.n);
		if (!tried && i % 2)
			assert_int_equal(p.west->over_err, MS_ERR_PEER_REFUSED);
		pair_free(&p);
	}
}

/* Now this one, now that one. */
static void test_group_that_changes(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 2; how++) {
		struct asked a;
		struct pair p = asking(&a, how ? further_child : rekey_child);

		for (unsigned before = 0; a.n != before && a.n < 20;) {
			before = a.n;
			wants_group(&p, &a,
				asked_group(&p, &a) == MS_KE_X25519 ? MS_KE_ECP256 : MS_KE_X25519, 2);
		}
		assert_in_range(a.n, 2, 4);
		pair_free(&p);
	}
}

/* --- new keys for the IKE SA, without a key exchange --- */

static unsigned answer_without_ke(struct pair *p, bool none)
{
	uint8_t sa[] = { 0, 0, 0, 44, 1, 1, 8, 3, 1, 2, 3, 4, 5, 6, 7, 8, 3, 0, 0, 12, 1, 0, 0, 20,
		0x80, 14, 0, 128, 3, 0, 0, 8, 2, 0, 0, 5, 0, 0, 0, 8, 4, 0, 0, 31 };
	uint8_t ke[4] = { 0 };
	struct chain c = { 2, { IKE_P_SA, IKE_P_NONCE, IKE_P_KE },
		{ ms_bytes(sa, sizeof(sa)), ms_bytes(a_nonce, 32), ms_bytes(ke, sizeof(ke)) } };

	if (none) { /* group 0 in both */
		sa[sizeof(sa) - 1] = 0;
		c.n = 3;
	}
	return answer_to(p, NULL, &c);
}

static void test_ike_without_ke(void **state)
{
	static const unsigned want[] = { IKE_N_INVALID_SYNTAX, IKE_N_NO_PROPOSAL_CHOSEN };

	(void)state;
	for (unsigned none = 0; none < 2; none++) {
		struct sim_words w = group_words("west-east", plain.rightsubnet);
		struct pair p = pair_new(&w);

		pair_up(&p);
		assert_pair_up(&p);
		assert_int_equal(answer_without_ke(&p, none), want[none]);
		assert_int_equal(sim_states(p.east), 1);
		pair_free(&p);
	}
}

/* Nor is it the answer's end: the old keys stay. */
static void test_ike_answer_without_ke(void **state)
{
	uint8_t sa[] = { 0, 0, 0, 44, 1, 1, 8, 3, 1, 2, 3, 4, 5, 6, 7, 8, 3, 0, 0, 12, 1, 0, 0, 20,
		0x80, 14, 0, 128, 3, 0, 0, 8, 2, 0, 0, 5, 0, 0, 0, 8, 4, 0, 0, 31 };
	const struct chain c = { 2, { IKE_P_SA, IKE_P_NONCE },
		{ ms_bytes(sa, sizeof(sa)), ms_bytes(a_nonce, 32) } };
	struct asked a;
	struct pair p = asking(&a, rekey_ike);
	uint64_t before = ike_counter(p.west->ike, IKE_C_DROP_STATE);

	(void)state;
	answer_with(&p, &a, &c);
	assert_int_equal(ike_counter(p.west->ike, IKE_C_DROP_STATE), before + 1);
	assert_int_equal(sim_ikes(p.west), 1);
	assert_non_null(ike_first(p.west->ike)->request); /* said again until it is answered */
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_that_is_wanted),
		cmocka_unit_test(test_group_that_changes),
		cmocka_unit_test(test_ike_without_ke),
		cmocka_unit_test(test_ike_answer_without_ke),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
