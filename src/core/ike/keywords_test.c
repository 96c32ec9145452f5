/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What words of ipsec.conf make of SAs in the course of time: dpdaction, keyingtries, uniqueids; and
 * what holds whatever is written: traffic safety at rekeying (RFC 7296 s2.8), the request window (s2.3),
 * and that extensions which are not here are known by name and ignored (s2.5, s3.10.1).
 */
#include "core/sim/tape_test.h"

/* --- loss --- */

static int dpd_action;

static void with_action(struct ms_conn_desc *d)
{
	d->dpd_action = dpd_action;
}

/* The peer falls silent and comes back: who negotiates again? */
static void test_dpdaction(void **state)
{
	static const struct {
		int action;
		bool wanted_up, comes_again;
	} rows[] = { { MS_DPD_HOLD, false, false }, { MS_DPD_HOLD, true, true },
		{ MS_DPD_CLEAR, false, false }, { MS_DPD_CLEAR, true, false },
		{ MS_DPD_RESTART, false, true }, { MS_DPD_RESTART, true, true } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_words w = tunnel;
		struct pair p;

		dpd_action = rows[i].action;
		w.more = with_action;
		w.dpd_delay_ms = 5000;
		/* one that goes on trying only while somebody wants it up tries once otherwise */
		w.keyingtries = 1000;
		p = pair_of(&w, &tunnel, NULL);
		pair_up(&p);
		assert_pair_up(&p);
		p.wc->wanted_up = rows[i].wanted_up;
		p.east->down = true;
		sim_run(p.sim, 20000);
		p.east->down = !rows[i].wanted_up && rows[i].comes_again ? false : true;
		sim_run(p.sim, 20000);
		p.east->down = false;
		sim_run(p.sim, 120000);
		assert_int_equal(sim_children(p.west), rows[i].comes_again);
		pair_free(&p);
	}
}

static unsigned inits; /* IKE_SA_INIT requests, each once */
static uint8_t last_spi[8];

static void count_inits(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	(void)arg;
	(void)fate;
	if (p->octets[18] == IKE_X_IKE_SA_INIT && !(p->octets[19] & IKE_F_RESPONSE) &&
		memcmp(last_spi, p->octets, 8) != 0) {
		memcpy(last_spi, p->octets, 8);
		inits++;
	}
}

/* A connection that was lost is tried as often as one that is asked for, and then left alone. */
static void test_keyingtries_after_loss(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.keyingtries = 3;
	w.dpd_delay_ms = 5000;
	p = pair_of(&w, &tunnel, NULL);
	p.wc->wanted_up = true;
	pair_up(&p);
	p.east->down = true;
	inits = 0;
	p.sim->network = count_inits;
	sim_run(p.sim, 1000000);
	assert_int_equal(inits, 3);
	assert_int_equal(sim_states(p.west), 0);
	pair_free(&p);
}

/* --- one identity, two places --- */

/* Who may be in several places does not say that it is there for the first time (s2.4). */
static void no_contact(struct ms_conn_desc *d)
{
	d->initial_contact = false;
}

static void test_uniqueids(void **state)
{
	(void)state;
	for (int unique = 0; unique < 2; unique++) {
		struct ike_params params = { .unique_ids = unique };
		struct sim_words w = tunnel, e = tunnel, w2;
		struct sim_node *other;
		struct ms_why why;
		struct conn *c;
		struct pair p;

		w.leftsubnet = NULL;
		w.more = no_contact;
		e.left = "%any";
		e.leftsubnet = NULL;
		p = pair_of(&w, &e, &params);
		w2 = w;
		w2.left = "192.1.2.46";
		other = sim_node(p.sim, "west2", "192.1.2.46", &params);
		c = sim_conn(other, &w2);
		pair_up(&p);
		assert_pair_up(&p);
		assert_int_equal(ike_initiate(other->ike, c, &why), MS_OK);
		sim_run(p.sim, 5000);
		assert_int_equal(sim_ikes(other), 1);
		assert_int_equal(sim_ikes(p.east), unique ? 1 : 2);
		assert_int_equal(sim_children(p.east), unique ? 1 : 2);
		pair_free(&p);
	}
}

static int auto_of_east;

static void with_auto(struct ms_conn_desc *d)
{
	d->autostart = auto_of_east;
}

/* auto=keep: what the peer brought up stays up, when the peer takes it down and when it falls silent;
 * a person's --down holds until the peer comes again. */
static void test_auto_keep(void **state)
{
	static const int autos[] = { MS_AUTO_ADD, MS_AUTO_KEEP };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		bool keep = autos[i] == MS_AUTO_KEEP;
		struct sim_words e = tunnel;
		struct pair p;

		auto_of_east = autos[i];
		e.more = with_auto;
		e.keyingtries = 1000;
		e.dpd_delay_ms = 5000;
		p = pair_of(&tunnel, &e, NULL);
		sim_run(p.sim, 10000);
		assert_int_equal(sim_ikes(p.east), 0);
		pair_up(&p);
		assert_pair_up(&p);
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 10000);
		assert_int_equal(sim_children(p.east), keep);
		assert_int_equal(sim_children(p.west), keep);
		p.west->down = true;
		sim_run(p.sim, 120000);
		assert_int_equal(sim_children(p.east), 0);
		p.west->down = false;
		sim_run(p.sim, 120000);
		assert_int_equal(sim_children(p.east), keep);
		p.ec->wanted_up = false;
		ike_terminate_conn(p.east->ike, p.ec);
		sim_run(p.sim, 120000);
		assert_int_equal(sim_states(p.east), 0);
		pair_free(&p);
	}
}

/* The connection has another address: its SAs go, also when a request of theirs is under way, and the
 * peer is told where it can be. */
static bool yes(void *arg, const struct ms_addr *a)
{
	(void)a;
	return arg != NULL;
}

static void test_left_address(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool busy = i & 1, there = i & 2;
		struct pair p = pair_new(&tunnel);
		struct ms_addr was;

		pair_up(&p);
		assert_pair_up(&p);
		was = p.wc->local.host.addr;
		p.wc->local.host.addr.b[3]++;
		p.east->down = busy;
		if (busy)
			assert_int_equal(ike_rekey_conn(p.west->ike, p.wc, false), MS_OK);
		ike_left_address(p.west->ike, p.wc, yes, there ? &p : NULL);
		assert_int_equal(sim_children(p.west), 0);
		assert_int_equal(sim_sas(p.west), 0);
		assert_int_equal(p.wc->newest_child, 0);
		p.wc->local.host.addr = was;
		sim_run(p.sim, 120000);
		assert_int_equal(sim_states(p.west), 0);
		assert_int_equal(sim_states(p.east), there && !busy ? 0 : 1);
		pair_free(&p);
	}
}

/* --- rekeying loses nothing (s2.8) --- */

struct safety {
	struct pair *p;
	bool watching;
	unsigned ops;
	uint32_t newest_out[2]; /* SPI of the last outbound SA of either end */
};

static unsigned usable(const struct sim_node *n, bool inbound)
{
	unsigned count = 0;

	for (const struct sim_sa *sa = n->sas; sa; sa = sa->next)
		count += !sa->larval && sa->inbound == inbound;
	return count;
}

static const struct sim_sa *by_spi(const struct sim_node *n, uint32_t spi, bool inbound)
{
	const struct sim_sa *sa = n->sas;

	while (sa && (sa->said.spi != spi || sa->inbound != inbound || sa->larval))
		sa = sa->next;
	return sa;
}

/* After each operation of a kernel: both ends can send, and what either end would send on its newest
 * SA or on any older one that it has, the other end can take. */
static void check_safety(void *arg, struct sim_node *n, const struct ms_kernel_op *op)
{
	struct safety *s = arg;
	const struct sim_node *ends[2] = { s->p->west, s->p->east };

	if (!s->watching)
		return;
	s->ops++;
	(void)n;
	(void)op;
	for (int i = 0; i < 2; i++) {
		bool taken = false;

		assert_true(usable(ends[i], true) >= 1);
		assert_true(usable(ends[i], false) >= 1);
		for (const struct sim_sa *sa = ends[i]->sas; sa; sa = sa->next)
			taken |= !sa->inbound && !sa->larval && by_spi(ends[!i], sa->said.spi, true);
		assert_true(taken);
	}
}

static void test_traffic_safety(void **state)
{
	(void)state;
	for (int how = 0; how < 8; how++) {
		struct sim_words w = tunnel;
		struct safety s = { .watching = false };
		struct pair p;

		w.ipsec_lifetime_ms = 60000;
		w.ike_lifetime_ms = how & 4 ? 130000 : 0;
		p = pair_new(&w);
		p.sim->later = how & 1;
		p.sim->latency_ms = how & 2 ? 300 : 5;
		s.p = &p;
		p.sim->watch.kernel = check_safety;
		p.sim->watch.arg = &s;
		pair_initiate(&p);
		sim_run(p.sim, 10000);
		assert_pair_up(&p);
		s.watching = true;
		sim_run(p.sim, 400000);
		assert_true(s.ops > 20);
		assert_true(sim_agree(p.west, p.east));
		s.watching = false;
		pair_free(&p);
	}
}

/* --- one request at a time (s2.3) --- */

struct window {
	uint8_t spi[2][8];
	uint32_t answered[2]; /* by direction of the request: ids below are through */
	unsigned requests;
};

static void watch_window(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct window *w = arg;
	struct ike_msg m;
	bool from_initiator, response;
	unsigned dir;

	(void)fate;
	if (ike_msg_header(&m, ms_bytes(p->octets, p->len)) || m.h.exchange < IKE_X_CREATE_CHILD_SA)
		return;
	response = ike_msg_is_response(&m);
	from_initiator = m.h.flags & IKE_F_INITIATOR;
	dir = from_initiator != response; /* whose request it is about */
	if (memcmp(w->spi[dir], m.h.spi_i, 8) != 0) {
		memcpy(w->spi[dir], m.h.spi_i, 8);
		w->answered[dir] = m.h.id;
	}
	if (response) {
		w->answered[dir] = m.h.id + 1;
		return;
	}
	w->requests++;
	assert_true(m.h.id <= w->answered[dir]);
}

static void test_window(void **state)
{
	struct sim_words w = tunnel;
	struct window win = { .requests = 0 };
	struct pair p;

	(void)state;
	w.ipsec_lifetime_ms = 40000;
	w.dpd_delay_ms = 3000;
	p = pair_new(&w);
	p.sim->latency_ms = 200;
	p.sim->network = watch_window;
	p.sim->network_arg = &win;
	pair_up(&p);
	sim_run(p.sim, 300000);
	assert_true(win.requests > 50);
	assert_true(sim_agree(p.west, p.east));
	pair_free(&p);
}

/* --- what is not here --- */

static void test_names(void **state)
{
	static const struct {
		ike_name_f *f;
		uint32_t value;
		const char *name;
	} rows[] = { { ike_exchange_name, 38, "IKE_SESSION_RESUME" },
		{ ike_exchange_name, 43, "IKE_INTERMEDIATE" },
		{ ike_exchange_name, 44, "IKE_FOLLOWUP_KE" }, { ike_payload_name, 48, "EAP" },
		{ ike_notify_name, 47, "STATE_NOT_FOUND" }, { ike_notify_name, 16407, "REDIRECT" },
		{ ike_notify_name, 16410, "TICKET_REQUEST" }, { ike_notify_name, 16435, "USE_PPK" },
		{ ike_notify_name, 16437, "NO_PPK_AUTH" },
		{ ike_notify_name, 16441, "ADDITIONAL_KEY_EXCHANGE" },
		{ ike_transform_type_name, 6, "ADDKE1" }, { ike_transform_type_name, 12, "ADDKE7" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(ike_name(rows[i].f, rows[i].value), rows[i].name);
}

static const uint8_t offers[][5] = {
	{ 0, 0, 0x40, 0x16 },      /* REDIRECT_SUPPORTED */
	{ 0, 0, 0x40, 0x1a },      /* TICKET_REQUEST */
	{ 0, 0, 0x40, 0x33 },      /* USE_PPK */
	{ 0, 0, 0x40, 0x36 },      /* INTERMEDIATE_EXCHANGE_SUPPORTED */
	{ 0, 0, 0x40, 0x21, 9 },   /* EAP_ONLY_AUTHENTICATION */
	{ 0, 0, 0x40, 0x01, 200 }, /* SET_WINDOW_SIZE, too short */
};

/* A peer that offers extensions gets its tunnel, and none of them. */
static void test_offers_ignored(void **state)
{
	struct tape t;
	struct pair p = paused(&t, 3);
	struct inner in, out;
	struct chain c;

	(void)state;
	open_record(ike_first(p.east->ike), &t.r[3], &in);
	chain_of(&in, &c);
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		c.types[c.n] = IKE_P_NOTIFY;
		c.bodies[c.n++] = ms_bytes(offers[i], offers[i][4] ? 5 : 4);
	}
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(p.west->ike), &t.r[3], &out, out.octets, out.len);
	assert_int_equal(sim_children(p.east), 1);
	assert_true(t.r[4].len > 0);
	open_record(ike_first(p.west->ike), &t.r[4], &in);
	chain_of(&in, &c);
	for (unsigned i = 0; i < c.n; i++)
		for (size_t k = 0; k < sizeof(offers) / sizeof(offers[0]); k++)
			assert_false(c.types[i] == IKE_P_NOTIFY &&
				     memcmp(c.bodies[i].ptr, offers[k], 4) == 0);
	pair_free(&p);
}

/* Their exchanges are answered as unknown ones, and the SA stays. */
static void test_exchanges_refused(void **state)
{
	static const uint8_t exchanges[] = { IKE_X_IKE_SESSION_RESUME, IKE_X_IKE_INTERMEDIATE,
		IKE_X_IKE_FOLLOWUP_KE, 99 };

	(void)state;
	for (size_t i = 0; i < sizeof(exchanges); i++) {
		struct pair p = pair_new(&tunnel);
		struct record r = { .len = 0 };
		struct inner in = { .first = IKE_P_NONE };
		struct ike_sa *west;
		unsigned before;

		pair_up(&p);
		west = ike_first(p.west->ike);
		r.src = west->local;
		r.dst = west->remote;
		memcpy(in.h.spi_i, west->spi_i, 8);
		memcpy(in.h.spi_r, west->spi_r, 8);
		in.h.version = IKE_VERSION_2;
		in.h.exchange = exchanges[i];
		in.h.flags = IKE_F_INITIATOR;
		in.h.id = west->send_id;
		before = p.sim->packets;
		say_sealed(&p, west, &r, &in, in.octets, 0);
		assert_int_equal(p.sim->packets, before + 1);
		assert_int_equal(sim_ikes(p.east), 1);
		assert_int_equal(sim_children(p.east), 1);
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpdaction),
		cmocka_unit_test(test_keyingtries_after_loss),
		cmocka_unit_test(test_uniqueids),
		cmocka_unit_test(test_auto_keep),
		cmocka_unit_test(test_left_address),
		cmocka_unit_test(test_traffic_safety),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_offers_ignored),
		cmocka_unit_test(test_exchanges_refused),
	};

	return cmocka_run_group_tests_name("keywords", tests, sim_test_setup, sim_test_teardown);
}
