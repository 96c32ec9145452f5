/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments one by one: what is kept of whom, and for how long. */
#include "core/ike/fragment.h"
#include "core/ike/receive.h"
#include "core/ike/window.h"
#include "core/sim/tape_test.h"

static uint64_t count(const struct sim_node *n, enum ike_counter c)
{
	return ike_counter(n->ike, c);
}

/* --- what is kept of whom --------------------------------------------------------------------- */

/* East has one IKE_AUTH request outstanding, in full here. */
struct bench {
	struct tape t;
	struct pair p;
	struct inner in;
	struct ike_sa *from, *to;
};

static void bench(struct bench *b, const struct sim_words *w)
{
	struct record *r = &b->t.r[3];

	b->p = paused_with(w, &b->t, 3);
	b->from = ike_first(b->p.west->ike);
	b->to = ike_first(b->p.east->ike);
	assert_true(r->octets[16] == IKE_P_SK);
	open_record(b->to, r, &b->in);
}

static void piece(struct bench *b, unsigned number, unsigned total)
{
	size_t from = b->in.len * (number - 1) / total, to = b->in.len * number / total;

	say_fragment(&b->p, b->from, &b->t.r[3], &b->in,
		ms_bytes(b->in.octets + from, to - from), number, total, 0, 0);
}

static void octets(struct bench *b, unsigned number, unsigned total, size_t len)
{
	static uint8_t zero[65000];

	say_fragment(
		&b->p, b->from, &b->t.r[3], &b->in, ms_bytes(zero, len), number, total, 0, 0);
}

static size_t kept(const struct bench *b)
{
	return b->p.east->ike->fragment_octets;
}

static void comes_up(struct bench *b)
{
	b->t.stop_before = 0;
	sim_run(b->p.sim, 5000);
	assert_pair_up(&b->p);
	assert_int_equal(kept(b), 0);
	pair_free(&b->p);
}

/* One octet each, the last first; twice. */
static void test_any_order(void **state)
{
	struct bench b;

	(void)state;
	bench(&b, &plain);
	for (unsigned i = 100; i > 1; i--) {
		piece(&b, i, 100);
		piece(&b, i, 100);
	}
	assert_int_equal(count(b.p.east, IKE_C_DROP_FRAGMENT), 99);
	assert_int_equal(sim_ikes(b.p.east), 0);
	piece(&b, 1, 100);
	assert_int_equal(count(b.p.east, IKE_C_REASSEMBLED), 1);
	comes_up(&b);
}

/* A known number is dropped before it is decrypted, whoever sent it. */
static void test_known_is_dropped_unread(void **state)
{
	struct bench b;
	struct ike_sa stranger;

	(void)state;
	bench(&b, &plain);
	piece(&b, 1, 2);
	stranger = *b.from;
	stranger.initiator = false; /* the other direction's keys */
	say_fragment(&b.p, &stranger, &b.t.r[3], &b.in, ms_bytes(b.in.octets, 40), 1, 2, 0, 0);
	assert_int_equal(count(b.p.east, IKE_C_DROP_INTEGRITY), 0);
	assert_int_equal(count(b.p.east, IKE_C_DROP_FRAGMENT), 1);
	say_fragment(&b.p, &stranger, &b.t.r[3], &b.in, ms_bytes(b.in.octets, 40), 2, 2, 0, 0);
	assert_int_equal(count(b.p.east, IKE_C_DROP_INTEGRITY), 1);
	piece(&b, 2, 2);
	comes_up(&b);
}

/* s2.6.1: fewer than before are old ones; more are a message that was cut anew. */
static void test_total_changes(void **state)
{
	struct bench b;

	(void)state;
	bench(&b, &plain);
	piece(&b, 1, 3);
	piece(&b, 2, 3);
	piece(&b, 2, 2);
	piece(&b, 1, 1);
	assert_int_equal(count(b.p.east, IKE_C_DROP_FRAGMENT), 2);
	piece(&b, 4, 4);
	assert_int_equal(kept(&b), b.in.len - b.in.len * 3 / 4);
	piece(&b, 3, 3);
	piece(&b, 1, 4);
	piece(&b, 2, 4);
	assert_int_equal(count(b.p.east, IKE_C_REASSEMBLED), 0);
	piece(&b, 3, 4);
	assert_int_equal(count(b.p.east, IKE_C_REASSEMBLED), 1);
	comes_up(&b);
}

/* A cut anew is believed only from the peer: a stranger's must not cost what was collected. */
static void test_stranger_cannot_restart(void **state)
{
	struct bench b;
	struct ike_sa stranger;

	(void)state;
	bench(&b, &plain);
	piece(&b, 1, 2);
	stranger = *b.from;
	stranger.initiator = false;
	say_fragment(&b.p, &stranger, &b.t.r[3], &b.in, ms_bytes(b.in.octets, 40), 1, 3, 0, 0);
	assert_int_equal(count(b.p.east, IKE_C_DROP_INTEGRITY), 1);
	assert_int_equal(kept(&b), b.in.len / 2);
	piece(&b, 2, 2);
	comes_up(&b);
}

/* The whole message comes while fragments of it are collected. */
static void test_whole_after_part(void **state)
{
	struct bench b;

	(void)state;
	bench(&b, &plain);
	piece(&b, 1, 2);
	say(&b.p, &b.t.r[3], b.t.r[3].octets, b.t.r[3].len);
	assert_int_equal(kept(&b), 0);
	piece(&b, 2, 2);
	assert_int_equal(kept(&b), 0);
	comes_up(&b);
}

static void test_count_is_bounded(void **state)
{
	struct bench b;

	(void)state;
	bench(&b, &plain);
	octets(&b, 1, 65535, 10);
	octets(&b, 65535, 65535, 10);
	octets(&b, 1, IKE_MAX_FRAGMENTS + 1, 10);
	assert_int_equal(kept(&b), 0);
	assert_int_equal(count(b.p.east, IKE_C_DROP_FRAGMENT), 3);
	octets(&b, IKE_MAX_FRAGMENTS, IKE_MAX_FRAGMENTS, 10);
	assert_int_equal(kept(&b), 10);
	settle(&b.p);
}

/* Less from somebody who has not said who he is, and of all of these together half. */
static void test_octets_are_bounded(void **state)
{
	struct bench b;
	struct ike_engine *e;
	size_t most;

	(void)state;
	for (int known = 0; known < 2; known++) {
		bench(&b, &plain);
		e = b.p.east->ike;
		most = known ? IKE_FRAGMENTS_OCTETS : IKE_FRAGMENTS_OCTETS_UNKNOWN;
		if (known) {
			b.t.stop_before = 0;
			sim_run(b.p.sim, 5000);
			assert_pair_up(&b.p);
			b.in.h.exchange = IKE_X_INFORMATIONAL;
			b.in.h.id = 2;
		}
		for (unsigned i = 1; i <= 40; i++)
			octets(&b, i, 100, 4000);
		assert_int_equal(kept(&b), most / 4000 * 4000);
		octets(&b, 41, 100, most % 4000 + 1);
		assert_int_equal(kept(&b), most / 4000 * 4000);
		octets(&b, 41, 100, most % 4000);
		assert_int_equal(kept(&b), most);
		ike_fragments_free(b.to, IKE_REQUEST);
		assert_int_equal(kept(&b), 0);

		most = known ? IKE_FRAGMENTS_OCTETS_ENGINE : IKE_FRAGMENTS_OCTETS_ENGINE / 2;
		e->fragment_octets = most - 5;
		octets(&b, 1, 100, 6);
		assert_int_equal(e->fragment_octets, most - 5);
		octets(&b, 1, 100, 5);
		assert_int_equal(e->fragment_octets, most);
		e->fragment_octets = 5;
		settle(&b.p);
	}
}

static void test_forgotten(void **state)
{
	struct bench b;

	(void)state;
	bench(&b, &plain);
	b.t.stop_before = 0;
	sim_run(b.p.sim, 5000);
	b.in.h.exchange = IKE_X_INFORMATIONAL;
	b.in.h.id = 2;
	octets(&b, 1, 2, 100);
	sim_run(b.p.sim, IKE_FRAGMENTS_MS - 10);
	assert_int_equal(kept(&b), 100);
	sim_run(b.p.sim, 20);
	assert_int_equal(kept(&b), 0);
	assert_pair_up(&b.p);
	pair_free(&b.p);
}

static void test_not_agreed_on(void **state)
{
	struct sim_words no = plain;
	struct bench b;

	(void)state;
	no.no_fragmentation = true;
	bench(&b, &no);
	piece(&b, 1, 2);
	piece(&b, 1, 1);
	assert_int_equal(count(b.p.east, IKE_C_DROP_FRAGMENT), 2);
	assert_int_equal(kept(&b), 0);
	comes_up(&b);
}

/* --- an established SA ------------------------------------------------------------------------ */

static void established(struct bench *b)
{
	bench(b, &plain);
	b->t.stop_before = 0;
	sim_run(b->p.sim, 5000);
	assert_pair_up(&b->p);
	/* a liveness check, with a vendor id to have something to cut */
	b->in.h.exchange = IKE_X_INFORMATIONAL;
	b->in.h.id = b->to->recv_id;
	b->in.first = IKE_P_VENDOR;
	memcpy(b->in.octets, "\0\0\0\5x", 5);
	b->in.len = 5;
}

/* One request and one response are collected side by side, others are not in the window. */
static void test_one_each_way(void **state)
{
	struct bench b;

	(void)state;
	established(&b);
	ike_first(b.p.east->ike)->wants |= IKE_WANT_DPD;
	b.t.stop_before = b.p.sim->packets + 1;
	ike_next_request(b.to);
	sim_run(b.p.sim, 100);
	assert_non_null(b.to->request);
	piece(&b, 1, 2);
	b.in.h.id++;
	piece(&b, 1, 2);
	assert_int_equal(kept(&b), 2);
	b.in.h.id = b.to->send_id;
	b.in.h.flags |= IKE_F_RESPONSE;
	piece(&b, 2, 2);
	assert_int_equal(kept(&b), 2 + 3);
	assert_non_null(b.to->fragments[IKE_REQUEST]);
	assert_non_null(b.to->fragments[IKE_RESPONSE]);
	piece(&b, 1, 2);
	assert_null(b.to->request);
	assert_int_equal(kept(&b), 2);
	b.in.h.flags &= ~(uint32_t)IKE_F_RESPONSE;
	b.in.h.id = b.to->recv_id;
	piece(&b, 2, 2);
	assert_int_equal(kept(&b), 0);
	assert_int_equal(b.to->recv_id, b.in.h.id + 1);
	pair_free(&b.p);
}

/* While an action waits for the host, fragments come in; the message is read when it is done. */
static void test_collected_while_busy(void **state)
{
	struct bench b;

	(void)state;
	established(&b);
	b.to->busy = IKE_BUSY_OTHER;
	piece(&b, 2, 2);
	piece(&b, 1, 2);
	assert_int_equal(kept(&b), 5);
	assert_int_equal(b.to->recv_id, b.in.h.id);
	ike_idle(b.to);
	assert_int_equal(kept(&b), 0);
	assert_int_equal(b.to->recv_id, b.in.h.id + 1);
	/* and again, of the request that is being worked on: it is not collected twice */
	b.in.h.id++;
	b.to->busy = IKE_BUSY_REQUEST;
	piece(&b, 1, 2);
	assert_int_equal(kept(&b), 0);
	b.to->busy = IKE_NOT_BUSY;
	pair_free(&b.p);
}

static void test_replay(void **state)
{
	struct bench b;
	unsigned packets;

	(void)state;
	established(&b);
	piece(&b, 1, 2);
	piece(&b, 2, 2);
	sim_run(b.p.sim, 100);
	packets = b.p.sim->packets;
	piece(&b, 2, 2);
	assert_int_equal(b.p.sim->packets, packets);
	piece(&b, 1, 2);
	assert_int_equal(b.p.sim->packets, packets + 1);
	b.in.h.id--;
	piece(&b, 1, 2);
	assert_int_equal(b.p.sim->packets, packets + 1);
	assert_int_equal(kept(&b), 0);
	pair_free(&b.p);
}

/* --- what others stumbled over ---------------------------------------------------------------- */

/* CVE-2013-6076: fragment number 0 (of IKEv1 there, whose place SKF has here), and all others. */
static void test_cve_2013_6076_fragment_numbers(void **state)
{
	static const unsigned values[] = { 0, 1, 2, 127, 128, 129, 255, 256, 32767, 32768, 65534,
		65535 };
	const unsigned n = sizeof(values) / sizeof(values[0]);
	struct bench b;

	(void)state;
	for (unsigned i = 0; i < n * n * 2; i++) {
		unsigned number = values[i % n], total = values[i / n % n];
		bool valid = number > 0 && number <= total && total <= IKE_MAX_FRAGMENTS;

		if (i < n * n)
			bench(&b, &plain);
		else
			established(&b);
		octets(&b, number, total, 7);
		assert_int_equal(kept(&b), valid && total > 1 ? 7 : 0);
		assert_int_equal(count(b.p.east, IKE_C_REASSEMBLED), valid && total == 1);
		/* not even opened */
		assert_int_equal(count(b.p.east, IKE_C_DROP_SYNTAX), number == 0 || number > total);
		b.t.stop_before = 0;
		settle(&b.p);
	}
}

/* CVE-2026-12413: payloads before SKF.  Unknown ones are passed over, however many; known ones have
 * no place there. */
static void test_cve_2026_12413_outer_payloads(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned outer = 0; outer <= 60; outer++) {
		for (unsigned type = IKE_P_VENDOR; type <= 200; type += 200 - IKE_P_VENDOR) {
			bench(&b, &plain);
			for (unsigned i = 0; i < 2; i++)
				say_fragment(&b.p, b.from, &b.t.r[3], &b.in,
					i ? ms_bytes(b.in.octets + 20, b.in.len - 20)
					  : ms_bytes(b.in.octets, 20),
					i + 1, 2, outer, type);
			assert_int_equal(count(b.p.east, IKE_C_REASSEMBLED),
				outer == 0 || type != IKE_P_VENDOR);
			comes_up(&b);
		}
	}
}

/* An SKF that is cut off in its own numbers, and SKF inside SK. */
static void test_skf_in_wrong_places(void **state)
{
	struct bench b;
	struct inner in;
	struct ike_sa *sender;

	(void)state;
	bench(&b, &plain);
	for (size_t len = IKE_HEADER_OCTETS; len < IKE_HEADER_OCTETS + 12; len++) {
		uint8_t d[IKE_HEADER_OCTETS + 12] = { 0 };

		memcpy(d, b.t.r[3].octets, IKE_HEADER_OCTETS);
		d[16] = IKE_P_SKF;
		d[27] = (uint8_t)len;
		d[26] = 0;
		d[31] = (uint8_t)(len - IKE_HEADER_OCTETS);
		d[33] = d[35] = 1;
		say(&b.p, &b.t.r[3], d, len);
	}
	assert_int_equal(sim_states(b.p.east), 1);
	in = b.in;
	in.first = IKE_P_SKF;
	memcpy(in.octets, "\0\0\0\10\0\1\0\1", 8);
	in.len = 8;
	sender = b.from;
	say_sealed(&b.p, sender, &b.t.r[3], &in, in.octets, in.len);
	assert_int_equal(sim_states(b.p.east), 0);
	settle(&b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_known_is_dropped_unread),
		cmocka_unit_test(test_total_changes),
		cmocka_unit_test(test_stranger_cannot_restart),
		cmocka_unit_test(test_whole_after_part),
		cmocka_unit_test(test_count_is_bounded),
		cmocka_unit_test(test_octets_are_bounded),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_not_agreed_on),
		cmocka_unit_test(test_one_each_way),
		cmocka_unit_test(test_collected_while_busy),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_cve_2013_6076_fragment_numbers),
		cmocka_unit_test(test_cve_2026_12413_outer_payloads),
		cmocka_unit_test(test_skf_in_wrong_places),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
