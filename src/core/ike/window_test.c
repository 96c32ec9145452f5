/* SPDX-License-Identifier: Apache-2.0 */
/* Message ids at the end of their range, answers that must say which SA they mean, first messages. */
#include "core/ike/ike_sa.h"
#include "core/sim/tape_test.h"

/* RFC 7296 s2.2: they never begin anew; an IKE SA that has used most of its own is rekeyed, and closed
 * when even that did not happen. */
static void test_ids_run_out(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct pair p = pair_new(&plain);
		struct sim_node *n = how & 1 ? p.east : p.west;
		struct ike_sa *w, *e;
		uint32_t first = how & 2 ? UINT32_MAX - 18 : UINT32_C(0xf0000000) - 2;

		p.wc->wanted_up = true;
		pair_up(&p);
		w = ike_first(p.west->ike);
		e = ike_first(p.east->ike);
		if (how & 1)
			e->send_id = w->recv_id = first;
		else
			w->send_id = e->recv_id = first;
		for (int i = 0; i < 4; i++) {
			ike_probe_conn(n->ike, how & 1 ? p.ec : p.wc);
			sim_run(p.sim, 3000);
		}
		sim_run(p.sim, 10000);
		assert_pair_up(&p);
		w = ike_first(p.west->ike);
		assert_true(w->serial > 2);
		assert_true(w->send_id < 100 && w->recv_id < 100);
		/* rekeyed: the child is the same; too late for that: all is new */
		assert_int_equal(p.west->up, how & 2 ? 2 : 1);
		pair_free(&p);
	}
}

static void say_request(struct pair *p, unsigned exchange, uint32_t id, const struct chain *c)
{
	struct ike_sa *w = ike_first(p->west->ike);
	struct ike_header h = { .version = IKE_VERSION_2, .exchange = exchange, .id = id };
	struct record r = { .src = *west500(p), .dst = *east500(p) };
	struct inner out;

	memcpy(h.spi_i, w->spi_i, 8);
	memcpy(h.spi_r, w->spi_r, 8);
	h.flags = IKE_F_INITIATOR;
	chain_put(c, &out, &h);
	say_sealed(p, w, &r, &out, out.octets, out.len);
}

/* No message has the last number: there is none behind it. */
static void test_last_id(void **state)
{
	struct pair p = pair_new(&plain);
	const struct chain nothing = { .n = 0 };
	struct ike_sa *w, *e;
	uint64_t received, dropped;

	(void)state;
	pair_up(&p);
	w = ike_first(p.west->ike);
	e = ike_first(p.east->ike);
	w->send_id = e->recv_id = UINT32_MAX;
	received = ike_counter(p.east->ike, IKE_C_RECEIVED);
	ike_probe_conn(p.west->ike, p.wc);
	sim_run(p.sim, 100);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_RECEIVED), received);
	dropped = ike_counter(p.east->ike, IKE_C_DROP_ID);
	say_request(&p, IKE_X_INFORMATIONAL, UINT32_MAX, &nothing);
	sim_run(p.sim, 100);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_DROP_ID), dropped + 1);
	assert_int_equal(e->recv_id, UINT32_MAX);
	pair_free(&p);
}

static void keep_answer(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct record *r = arg;

	(void)fate;
	r->len = p->len;
	memcpy(r->octets, p->octets, p->len);
}

/* s3.10: CHILD_SA_NOT_FOUND has the protocol and the SPI that were asked for. */
static void test_not_found_says_what(void **state)
{
	uint8_t rekey[] = { MS_PROTOCOL_ESP, 4, 0x40, 0x09, 0xde, 0xad, 0xbe, 0xef };
	const uint8_t want[] = { MS_PROTOCOL_ESP, 4, 0, IKE_N_CHILD_SA_NOT_FOUND, 0xde, 0xad, 0xbe,
		0xef };
	uint8_t sa[] = { 0, 0, 0, 36, 1, 3, 4, 2, 1, 2, 3, 4, 3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 0,
		128, 0, 0, 0, 8, 5, 0, 0, 0 };
	uint8_t nonce[32] = { 1 };
	uint8_t ts[] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 1, 0, 192, 0, 1, 255 };
	const struct chain c = { 5, { IKE_P_NOTIFY, IKE_P_SA, IKE_P_NONCE, IKE_P_TSI, IKE_P_TSR },
		{ ms_bytes(rekey, 8), ms_bytes(sa, sizeof(sa)), ms_bytes(nonce, 32),
			ms_bytes(ts, sizeof(ts)), ms_bytes(ts, sizeof(ts)) } };
	struct pair p = pair_new(&plain);
	struct record answer = { .len = 0 };
	struct ike_sa *w;
	struct inner in;
	struct chain got;

	(void)state;
	pair_up(&p);
	w = ike_first(p.west->ike);
	p.sim->network = keep_answer;
	p.sim->network_arg = &answer;
	say_request(&p, IKE_X_CREATE_CHILD_SA, ike_first(p.east->ike)->recv_id, &c);
	sim_run(p.sim, 100);
	assert_true(answer.len > 0);
	open_record(w, &answer, &in);
	chain_of(&in, &got);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.types[0], IKE_P_NOTIFY);
	assert_true(ms_bytes_eq(got.bodies[0], ms_bytes(want, sizeof(want))));
	assert_int_equal(sim_children(p.east), 1);
	pair_free(&p);
}

/* s2.5: who speaks a later version is told ours; s3.9: nonces have 16 to 256 octets. */
static void test_first_message(void **state)
{
	static const struct {
		size_t octets;
		bool good;
	} nonces[] = { { 15, false }, { 16, true }, { 256, true }, { 257, false } };
	static const uint8_t nonce[257] = { 1, 2, 3 };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct tape t;
		struct pair p = paused(&t, 1);
		uint64_t sent = ike_counter(p.east->ike, IKE_C_SENT);
		struct chain c;

		p.west->down = true;
		chain_of_record(&t.r[1], &c);
		for (unsigned k = 0; k < c.n && i < 4; k++)
			if (c.types[k] == IKE_P_NONCE)
				c.bodies[k] = ms_bytes(nonce, nonces[i].octets);
		if (i == 4)
			t.r[1].octets[17] = 0x30;
		say_clear(&p, &t.r[1], &c);
		sim_run(p.sim, 100);
		assert_int_equal(sim_states(p.east), i < 4 && nonces[i].good);
		assert_int_equal(ike_counter(p.east->ike, IKE_C_SENT), sent + 1);
		pair_free(&p);
	}
}

/* One octet more than a datagram can have; what its header says is right. */
static void test_longest_datagram(void **state)
{
	static uint8_t octets[IKE_MAX_DATAGRAM + 1];

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct tape t;
		struct pair p = paused(&t, 3);
		struct wire_writer length = wire_writer(octets + 24, 4);
		size_t len = IKE_MAX_DATAGRAM + more;
		struct ike_engine *e = p.east->ike;
		uint64_t too_long = ike_counter(e, IKE_C_DROP_SHORT);
		uint64_t others = ike_counter(e, IKE_C_DROP_INTEGRITY);

		memcpy(octets, t.r[3].octets, 32);
		wire_put_u32(&length, (uint32_t)len);
		/* one SK payload cannot be so long: others go before */
		octets[16] = IKE_P_VENDOR;
		memcpy(octets + 28, (const uint8_t[]){ IKE_P_SK, 0, 0x80, 0 }, 4);
		memcpy(octets + 28 + 0x8000,
			(const uint8_t[]){ IKE_P_IDI, 0, (uint8_t)((len - 28 - 0x8000) >> 8),
				(uint8_t)(len - 28 - 0x8000) }, 4);
		say(&p, &t.r[3], octets, len);
		assert_int_equal(ike_counter(e, IKE_C_DROP_SHORT), too_long + more);
		assert_int_equal(ike_counter(e, IKE_C_DROP_INTEGRITY), others + !more);
		pair_free(&p);
	}
}

/* While a request is in work the same one again is not kept: it would be in the way of what may come. */
static void test_one_waits(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 3);
	struct ike_engine *e = p.east->ike;
	struct ike_sa *ike;

	(void)state;
	p.east->slow_ms = 50;
	say(&p, &t.r[3], t.r[3].octets, t.r[3].len);
	ike = ike_first(e);
	assert_int_equal(ike->busy, IKE_BUSY_REQUEST);
	say(&p, &t.r[3], t.r[3].octets, t.r[3].len);
	assert_null(ike->waiting);
	assert_int_equal(ike_counter(e, IKE_C_DROP_BUSY), 1);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_run_out),
		cmocka_unit_test(test_last_id),
		cmocka_unit_test(test_not_found_says_what),
		cmocka_unit_test(test_first_message),
		cmocka_unit_test(test_longest_datagram),
		cmocka_unit_test(test_one_waits),
	};

	return cmocka_run_group_tests_name("window", tests, sim_test_setup, sim_test_teardown);
}
