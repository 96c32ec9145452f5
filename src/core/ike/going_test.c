/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on its way out takes nothing new along (RFC 7296 s2.25): an IKE SA whose Delete waits or is sent,
 * or that has been rekeyed; a CHILD SA that is being deleted or is gone.  And it goes by its own name alone.
 */
#include "core/ike/ask_test.h"
#include "core/ike/steps_test.h"

/* --- an IKE SA that goes --- */

static void not_at_all(struct pair *p)
{
	(void)p;
}

/* A request of east's is under way, so that its Delete waits. */
static void delete_waits(struct pair *p)
{
	p->sim->network = lose_all;
	liveness(p);
	ike_want_delete(ike_first(p->east->ike));
	assert_int_equal(ike_first(p->east->ike)->wants, IKE_WANT_DELETE);
}

static void delete_is_sent(struct pair *p)
{
	p->sim->network = lose_all;
	ike_want_delete(ike_first(p->east->ike));
	assert_int_equal(ike_first(p->east->ike)->state, IKE_DELETING);
}

static void losing_deletes(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	(void)arg;
	fate->lose = p->octets[18] == IKE_X_INFORMATIONAL;
}

/* East's part of it; its first IKE SA waits for the peer's Delete. */
static void rekeyed(struct pair *p)
{
	p->sim->network = losing_deletes;
	rekey_ike(p);
	sim_run(p->sim, 100);
	assert_int_equal(sim_ikes(p->east), 2);
	assert_true(ike_first(p->east->ike)->no_revival);
}

static void test_ike_that_goes(void **state)
{
	static const struct {
		void (*go)(struct pair *p);
		unsigned error;
	} rows[] = {
		{ not_at_all, 0 },
		{ delete_waits, IKE_N_TEMPORARY_FAILURE },
		{ delete_is_sent, IKE_N_TEMPORARY_FAILURE },
		{ rekeyed, IKE_N_TEMPORARY_FAILURE },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair p = pair_new(&plain);
		bool ike = i % 2;
		unsigned want = rows[i / 2].error, sas, states;
		struct ike_sa old;

		pair_up(&p);
		assert_pair_up(&p);
		rows[i / 2].go(&p);
		old = *ike_first(p.west->ike);
		old.send_id = ike_first(p.east->ike)->recv_id;
		old.iv = 0x7000;
		sas = sim_sas(p.east);
		states = sim_states(p.east);
		if ((ike ? answer_to_ike(&p, &old) : answer_to_child(&p, &old, NULL)) != want)
			fail_msg("row %u, %s", i / 2, ike ? "IKE" : "CHILD");
		assert_int_equal(sim_sas(p.east), sas + (want == 0 && !ike ? 2 : 0));
		assert_int_equal(sim_states(p.east), states + (want == 0 && ike ? 1 : 0));
		pair_free(&p);
	}
}

/* --- a CHILD SA that goes --- */

static void child_deleted(struct pair *p)
{
	p->sim->network = lose_all;
	child_want_delete(ike_first_child(ike_first(p->east->ike)));
	assert_int_equal(ike_first_child(ike_first(p->east->ike))->state, CHILD_DELETING);
}

static void child_lost(struct pair *p)
{
	child_gone(ike_first_child(ike_first(p->east->ike)));
}

/* s2.25.1; protocol and SPI are those of a CHILD SA of east's, or nearly. */
static void test_child_that_goes(void **state)
{
	static const struct {
		void (*go)(struct pair *p);
		uint8_t protocol, flip;
		unsigned error;
	} rows[] = {
		{ not_at_all, MS_PROTOCOL_ESP, 0, 0 },
		{ not_at_all, MS_PROTOCOL_AH, 0, IKE_N_CHILD_SA_NOT_FOUND },
		{ not_at_all, MS_PROTOCOL_ESP, 1, IKE_N_CHILD_SA_NOT_FOUND },
		{ child_deleted, MS_PROTOCOL_ESP, 0, IKE_N_TEMPORARY_FAILURE },
		{ child_lost, MS_PROTOCOL_ESP, 0, IKE_N_CHILD_SA_NOT_FOUND },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair p = pair_new(&plain);
		uint8_t body[8];
		struct wire_writer w = wire_writer(body, sizeof(body));
		struct ms_bytes rekey = ms_bytes(body, sizeof(body));
		unsigned sas;

		pair_up(&p);
		assert_pair_up(&p);
		wire_put_u8(&w, rows[i].protocol);
		wire_put_u8(&w, 4);
		wire_put_u16(&w, IKE_N_REKEY_SA);
		wire_put_u32(&w, ike_first_child(ike_first(p.west->ike))->spi_in ^ rows[i].flip);
		rows[i].go(&p);
		sas = sim_sas(p.east);
		if (answer_to_child(&p, NULL, &rekey) != rows[i].error)
			fail_msg("row %u", i);
		assert_int_equal(sim_sas(p.east), sas + (rows[i].error == 0 ? 2 : 0));
		pair_free(&p);
	}
}

/* Who never deletes what he has rekeyed does not get heirs without end. */
static void test_rekeyed_again_and_again(void **state)
{
	static const struct ike_params small = { .max_children = 2 };
	struct pair p = pair_of(&plain, &plain, &small);
	uint8_t body[8];
	struct wire_writer w = wire_writer(body, sizeof(body));
	struct ms_bytes rekey = ms_bytes(body, sizeof(body));

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	wire_put_u8(&w, MS_PROTOCOL_ESP);
	wire_put_u8(&w, 4);
	wire_put_u16(&w, IKE_N_REKEY_SA);
	wire_put_u32(&w, ike_first_child(ike_first(p.west->ike))->spi_in);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(answer_to_child(&p, NULL, &rekey), i < 3 ? 0 : IKE_N_TEMPORARY_FAILURE);
		assert_int_equal(sim_sas(p.east), 2 * (2 + (i < 3 ? i : 2)));
		ike_first(p.west->ike)->send_id++;
	}
	pair_free(&p);
}

/* --- what a Delete names --- */

static void with_ah(struct ms_conn_desc *d)
{
	d->ah = true;
}

/* s3.11: protocol 3 is ESP and 2 is AH; one's SPI in the other's Delete is nobody's. */
static void test_delete_of_the_other_protocol(void **state)
{
	static const struct {
		bool ah;
		uint8_t protocol, octets;
		bool deleted;
	} rows[] = {
		{ false, MS_PROTOCOL_ESP, 4, true },
		{ false, MS_PROTOCOL_AH, 4, false },
		{ false, MS_PROTOCOL_ESP, 8, false },
		{ true, MS_PROTOCOL_AH, 4, true },
		{ true, MS_PROTOCOL_ESP, 4, false },
		{ true, MS_PROTOCOL_AH, 8, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record said = { .len = 0 }, answer = { .len = 0 };
		struct chain got;
		struct ike_header h = { .version = IKE_VERSION_2, .exchange = IKE_X_INFORMATIONAL,
			.flags = IKE_F_INITIATOR };
		uint8_t body[12] = { rows[i].protocol, rows[i].octets, 0, 1 };
		const struct chain c = { 1, { IKE_P_DELETE },
			{ ms_bytes(body, 4u + rows[i].octets) } };
		struct wire_writer to = wire_writer(body + 4, 4);
		struct sim_words words = tunnel;
		struct pair p;
		struct ike_sa w;
		struct inner in;

		if (rows[i].ah)
			words.more = with_ah;
		p = pair_new(&words);
		pair_up(&p);
		assert_pair_up(&p);
		w = *ike_first(p.west->ike);
		w.iv = 0x7000;
		said.src = *west500(&p);
		said.dst = *east500(&p);
		h.id = w.send_id;
		memcpy(h.spi_i, w.spi_i, 8);
		memcpy(h.spi_r, w.spi_r, 8);
		wire_put_u32(&to, w.children->spi_in);
		chain_put(&c, &in, &h);
		p.sim->network = keep_answer;
		p.sim->network_arg = &answer;
		say_sealed(&p, &w, &said, &in, in.octets, in.len);
		if (sim_sas(p.east) != (rows[i].deleted ? 0 : 2))
			fail_msg("row %u", i);
		open_record(&w, &answer, &in);
		chain_of(&in, &got);
		assert_int_equal(got.n, rows[i].deleted);
		if (got.n > 0)
			assert_int_equal(got.bodies[0].ptr[0], rows[i].protocol);
		assert_int_equal(sim_ikes(p.east), 1);
		pair_free(&p);
	}
}

/* --- while we ask --- */

static void lose_child(struct pair *p)
{
	struct child_sa *old = child_by_serial(p->west->ike, p->wc->newest_child);

	assert_int_equal(old->state, CHILD_ESTABLISHED);
	child_want_delete(old);
}

static void lose_ike(struct pair *p)
{
	ike_want_delete(ike_first(p->west->ike));
}

static unsigned asked; /* CREATE_CHILD_SA requests */

static void count_asked(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	(void)arg;
	(void)fate;
	asked += p->octets[18] == IKE_X_CREATE_CHILD_SA;
}

/* The kernel still thinks about the new SPI when the old pair, or all, is taken down: nobody is asked to
 * rekey what goes. */
static void test_gone_before_it_is_asked(void **state)
{
	static void (*const losses[])(struct pair *) = { not_at_all, lose_child, lose_ike };

	(void)state;
	for (unsigned i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		struct pair p = pair_new(&plain);

		pair_up(&p);
		assert_pair_up(&p);
		p.sim->network = count_asked;
		p.west->slow_ms = 50;
		asked = 0;
		rekey_child(&p);
		sim_run(p.sim, 10);
		assert_int_equal(ike_first(p.west->ike)->busy, IKE_BUSY_OTHER);
		losses[i](&p);
		sim_run(p.sim, 5000);
		assert_int_equal(asked, i == 0 ? 2 : 0);
		assert_int_equal(sim_sas(p.west), i == 0 ? 2 : 0);
		assert_int_equal(sim_sas(p.east), i == 0 ? 2 : 0);
		assert_int_equal(sim_ikes(p.east), i < 2);
		pair_free(&p);
	}
}

/* The new IKE SA's keys are in the making when the old one is taken down: all goes, on both sides; neither is
 * an heir left behind. */
static void test_gone_while_it_is_rekeyed(void **state)
{
	static const struct {
		bool east;
		unsigned after_ms; /* a side has jobs of 50 ms each, of which west has two */
		enum ike_busy busy;
	} rows[] = {
		{ true, 25, IKE_BUSY_REQUEST },
		{ false, 25, IKE_BUSY_OTHER },
		{ false, 54, IKE_NOT_BUSY }, /* east's answer is on its way */
		{ false, 75, IKE_BUSY_OTHER },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair p = pair_new(&plain);
		struct sim_node *n = rows[i].east ? p.east : p.west;

		pair_up(&p);
		assert_pair_up(&p);
		n->slow_ms = 50;
		rekey_ike(&p);
		sim_run(p.sim, rows[i].after_ms);
		assert_int_equal(ike_first(n->ike)->busy, rows[i].busy);
		assert_int_equal(sim_states(n), 2);
		ike_want_delete(ike_first(n->ike));
		sim_run(p.sim, 20000);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ike_that_goes),
		cmocka_unit_test(test_child_that_goes),
		cmocka_unit_test(test_rekeyed_again_and_again),
		cmocka_unit_test(test_delete_of_the_other_protocol),
		cmocka_unit_test(test_gone_before_it_is_asked),
		cmocka_unit_test(test_gone_while_it_is_rekeyed),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
