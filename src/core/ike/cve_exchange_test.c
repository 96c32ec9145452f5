/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that other IKE daemons had, by exchange: what cve_test.c does to IKE_AUTH, here for
 * IKE_SA_INIT, CREATE_CHILD_SA and INFORMATIONAL; and lists of notifies and deletes of every kind.
 */
#include "core/ike/steps_test.h"
#include "core/sim/tape_test.h"

/* --- payloads missing ---------------------------------------------------------------------------- */

/* CVE-2009-1957: a first message without some payload, then one that would go on with it; the same
 * for the first answer. */
static void test_cve_2009_1957_init_payload_omission(void **state)
{
	(void)state;
	for (unsigned number = 1; number <= 2; number++)
		for (size_t k = 0; k < SPOILINGS; k++)
			for (unsigned i = 0, n = 1; i < n; i++) {
				struct tape t;
				struct pair p = paused(&t, number);
				struct chain c;

				chain_of_record(&t.r[number], &c);
				n = c.n;
				spoilings[k](&c, i);
				say_clear(&p, &t.r[number], &c);
				sim_run(p.sim, 50);
				assert_int_equal(sim_ikes(p.west) + sim_ikes(p.east), 0);
				t.stop_before = 0;
				settle_and_end(&p);
			}
}

static void end_ike(struct pair *p)
{
	ike_terminate_conn(p->west->ike, p->wc);
}

static struct sim_words pfs_words(void)
{
	struct sim_words w = plain;

	w.pfs = true;
	return w;
}

/* Message 5 or 6 of an established pair with another chain. */
static unsigned changed_later(void (*start)(struct pair *p), unsigned number, change_f *change,
	unsigned how)
{
	struct sim_words w = pfs_words();
	struct tape t;
	struct pair p = paused_later(&w, &t, start, number);
	struct ike_sa *to = ike_first((number % 2 ? p.east : p.west)->ike), from = *to;
	struct inner in, out;
	struct chain c;
	unsigned n;

	/* who speaks may have forgotten its keys by now */
	from.initiator = !to->initiator;
	from.iv = 0x7000;
	open_record(to, &t.r[number], &in);
	chain_of(&in, &c);
	n = c.n;
	if (change && how < n)
		change(&c, how);
	chain_put(&c, &out, &in.h);
	say_sealed(&p, &from, &t.r[number], &out, out.octets, out.len);
	t.stop_before = 0;
	settle_and_end(&p);
	return n;
}

/* CVE-2009-1958, CVE-2013-6467: CREATE_CHILD_SA and INFORMATIONAL without one of their payloads. */
static void test_cve_2009_1958_later_payload_omission(void **state)
{
	static void (*const starts[])(struct pair *p) = { rekey_child, rekey_ike, end_child,
		end_ike };

	(void)state;
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++)
		for (unsigned number = 5; number <= 6; number++)
			for (size_t k = 0; k < SPOILINGS; k++)
				for (unsigned i = 0, n = 1; i < n; i++)
					n = changed_later(starts[s], number, spoilings[k], i);
}

/* CVE-2019-12312, CVE-2014-2338: what cve_test.c does while an IKE SA is made, while one is rekeyed or
 * deleted: any exchange, request or answer, in clear or with the right keys, empty or with a nonce. */
static void test_cve_2019_12312_every_exchange_later(void **state)
{
	static void (*const starts[])(struct pair *p) = { rekey_child, rekey_ike, end_child, end_ike };
	static const uint8_t noise[32] = { 1, 2, 3 };

	(void)state;
	for (unsigned exchange = 0; exchange < 256; exchange += exchange < 44 ? 1 : 53)
		for (unsigned how = 0; how < 64; how++) {
			struct sim_words w = pfs_words();
			struct tape t;
			struct pair p = paused_later(&w, &t, starts[how & 3], 5 + (how >> 2 & 1));
			struct ike_sa *to = ike_first((how & 8 ? p.west : p.east)->ike), from;
			struct ike_header h = { .version = IKE_VERSION_2, .exchange = exchange };
			struct record r = t.r[how & 8 ? 6 : 5];
			struct chain c = { how & 16 ? 1 : 0, { IKE_P_NONCE }, { { noise, 32 } } };
			struct inner in;

			r.src = how & 8 ? *east500(&p) : *west500(&p);
			r.dst = how & 8 ? *west500(&p) : *east500(&p);
			if (!to) { /* gone already */
				settle_and_end(&p);
				continue;
			}
			from = *to;
			from.initiator = !to->initiator;
			from.iv = 0x7000;
			memcpy(h.spi_i, to->spi_i, 8);
			memcpy(h.spi_r, to->spi_r, 8);
			h.flags = from.initiator ? IKE_F_INITIATOR : 0;
			h.id = how & 32 ? to->send_id : to->recv_id;
			if (how & 32)
				h.flags |= IKE_F_RESPONSE;
			chain_put(&c, &in, &h);
			say_sealed(&p, &from, &r, &in, in.octets, in.len);
			h.next = in.first;
			r.len = 28;
			{
				struct wire_writer clear = wire_writer(r.octets, sizeof(r.octets));

				h.length = (uint32_t)(28 + in.len);
				ike_layout_put(&ike_header_layout, &clear, &h);
				wire_put(&clear, ms_bytes(in.octets, in.len));
				say(&p, &r, r.octets, clear.len);
			}
			t.stop_before = 0;
			settle_and_end(&p);
		}
}

/* --- answers that are errors -------------------------------------------------------------------- */

static uint8_t notify[4 + 255 + 64];
static size_t notify_len;

static void notify_is(unsigned protocol, unsigned spi_octets, unsigned type, size_t data)
{
	memset(notify, 0x5a, sizeof(notify));
	notify[0] = (uint8_t)protocol;
	notify[1] = (uint8_t)spi_octets;
	notify[2] = (uint8_t)(type >> 8);
	notify[3] = (uint8_t)type;
	notify_len = 4 + spi_octets + data;
}

/* Every type that has a meaning somewhere, and its neighbours. */
static unsigned next_type(unsigned type)
{
	if (type < 60 || (type >= 16380 && type < 16460))
		return type + 1;
	return type < 16380 ? 16380 : type < 40960 ? 40960 : type < 65535 ? 65535 : 65536;
}

/* CVE-2013-7294: an answer to IKE_SA_INIT that is only a notify, INVALID_KE_PAYLOAD among them, with
 * data of every length: none ends more than this attempt, and most nothing at all. */
static void test_cve_2013_7294_answers_without_ke(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 65536; type = next_type(type))
		for (size_t data = 0; data < 4; data++) {
			struct tape t;
			struct pair p = paused(&t, 2);
			struct chain c = { 1, { IKE_P_NOTIFY }, { { NULL, 0 } } };

			notify_is(0, 0, type, data);
			c.bodies[0] = ms_bytes(notify, notify_len);
			say_clear(&p, &t.r[2], &c);
			say_clear(&p, &t.r[2], &c);
			t.stop_before = 0;
			sim_run(p.sim, 60000);
			assert_int_equal(p.west->over, 1);
			settle_and_end(&p);
		}
}

/* CVE-2023-30570: who was refused goes on as if it had not been. */
static void test_cve_2023_30570_after_a_refusal(void **state)
{
	(void)state;
	for (unsigned spi = 0; spi < 4; spi++)
		for (unsigned exchange = 34; exchange < 39; exchange++) {
			struct tape t;
			struct pair p = paused(&t, 1);
			struct chain c;
			uint8_t refused[4096], follow[64] = { 0 };
			struct record *r = &t.r[1];

			/* the only transform that we have in common goes */
			chain_of_record(r, &c);
			memcpy(refused, r->octets, r->len);
			for (size_t i = 0; i < c.bodies[0].len; i++)
				if (c.types[0] == IKE_P_SA)
					refused[c.bodies[0].ptr - r->octets + (ptrdiff_t)i] =
						i < 8 ? c.bodies[0].ptr[i] : 0xff;
			say(&p, r, refused, r->len);
			assert_int_equal(sim_states(p.east), 0);
			memcpy(follow, r->octets, 28);
			memset(follow + 8, spi == 0 ? 0 : spi == 1 ? 0xff : 0x01, 8);
			if (spi == 3)
				memcpy(follow + 8, follow, 8);
			follow[16] = exchange == 34 ? 0 : IKE_P_SK;
			follow[18] = (uint8_t)exchange;
			follow[23] = exchange != 34;
			follow[27] = sizeof(follow);
			follow[31] = sizeof(follow) - 28;
			say(&p, r, follow, sizeof(follow));
			assert_int_equal(sim_states(p.east), 0);
			t.stop_before = 0;
			sim_run(p.sim, 20000);
			assert_pair_up(&p);
			settle_and_end(&p);
		}
}

/* --- amplification ----------------------------------------------------------------------------------- */

static size_t octets_out;

static void counted(void *arg, struct sim_node *n, struct ms_bytes datagram)
{
	(void)arg;
	(void)n;
	octets_out += datagram.len;
}

/* CVE-2016-5361: whatever a stranger says, and with cookies or without, it gets no more than half as
 * much again, and nothing by itself later. */
static void test_cve_2016_5361_no_amplification_by_any_packet(void **state)
{
	(void)state;
	for (int cookies = 0; cookies < 2; cookies++) {
		struct ike_params params = { .cookies = cookies ? MS_YES : MS_NO };
		struct tape t;
		struct pair p = paused(&t, 1);
		struct record *r = &t.r[1];
		size_t in = 0;

		settle(&p);
		p = pair_of(&plain, &plain, &params);
		p.sim->watch.sent = counted;
		p.west->down = true;
		octets_out = 0;
		for (size_t i = 0; i < r->len * 8; i++) {
			size_t before = octets_out;
			uint8_t copy[4096];

			memcpy(copy, r->octets, r->len);
			copy[0] = (uint8_t)(i >> 8);
			copy[1] = (uint8_t)i;
			copy[i / 8] ^= (uint8_t)(1u << (i % 8));
			say(&p, r, copy, r->len);
			assert_true(octets_out - before <= r->len + r->len / 2);
			in += r->len;
			/* only a header: unknown SPIs, other versions and exchanges */
			copy[27] = 28;
			copy[26] = 0;
			before = octets_out;
			say(&p, r, copy, 28);
			assert_true(octets_out - before <= 28 + 28 / 2);
			in += 28;
		}
		assert_true(octets_out > 0 && octets_out < in);
		in = octets_out;
		sim_run(p.sim, 120000);
		assert_int_equal(octets_out, in);
		assert_int_equal(sim_states(p.east), 0);
		pair_free(&p);
	}
}

/* --- lists of notifies and deletes ---------------------------------------------------------------- */

/* A protected message of west's on an established pair, as a peer that has the keys could say it. */
static void say_informational(struct pair *p, const struct chain *c)
{
	struct ike_sa *w = ike_first(p->west->ike), *e = ike_first(p->east->ike);
	struct ike_header h = { .version = IKE_VERSION_2, .exchange = IKE_X_INFORMATIONAL };
	struct record r = { .src = { p->west->addr, 500 }, .dst = { p->east->addr, 500 } };
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

static struct pair up_and_west_silent(void)
{
	struct pair p = pair_new(&plain);

	pair_up(&p);
	assert_pair_up(&p);
	p.west->down = true;
	return p;
}

static void end_all(struct pair *p)
{
	sim_run(p->sim, 10);
	ike_terminate_conn(p->west->ike, p->wc);
	ike_terminate_conn(p->east->ike, p->ec);
	sim_run(p->sim, 120000);
	assert_pair_empty(p);
	pair_free(p);
}

/* CVE-2023-38710, CVE-2020-1763: notifies of every type, with any protocol and SPI size, alone in a
 * request; each is answered and the IKE SA stays, unless the notify says that it must not. */
static void test_cve_2020_1763_notifies_of_every_type(void **state)
{
	static const unsigned sizes[] = { 0, 1, 3, 4, 5, 8, 16, 255 };

	(void)state;
	for (unsigned type = 0; type < 65536; type = next_type(type)) {
		struct pair p = up_and_west_silent();
		uint64_t sent = ike_counter(p.east->ike, IKE_C_SENT), n = 0;

		for (unsigned protocol = 0; protocol < 256; protocol += protocol < 4 ? 1 : 63)
			for (unsigned i = 0; i < 8 && sim_ikes(p.east) > 0; i++) {
				struct chain c = { 1, { IKE_P_NOTIFY }, { { notify, 0 } } };

				notify_is(protocol, sizes[i], type, (type + i) % 40);
				c.bodies[0].len = notify_len;
				say_informational(&p, &c);
				n++;
			}
		assert_int_equal(ike_counter(p.east->ike, IKE_C_SENT) - sent, n);
		assert_int_equal(sim_ikes(p.east), type != IKE_N_AUTHENTICATION_FAILED);
		end_all(&p);
	}
}

/* SPIs of other sizes than ESP's name no child, whatever their first octets are. */
static void test_deletes_of_every_size(void **state)
{
	(void)state;
	for (uint8_t size = 0; size <= 16; size++) {
		struct pair p = up_and_west_silent();
		uint8_t body[4 + 16] = { MS_PROTOCOL_ESP, size, 0, 1 };
		struct chain c = { 1, { IKE_P_DELETE }, { ms_bytes(body, 4 + (size_t)size) } };
		struct wire_writer w = wire_writer(body + 4, 4);

		wire_put_u32(&w, ike_first_child(ike_first(p.west->ike))->spi_in);
		say_informational(&p, &c);
		assert_int_equal(sim_children(p.east), size != 4);
		end_all(&p);
	}
}

/* A cut notify is refused, whatever it lacks. */
static void test_cve_2009_0790_notifies_cut_short(void **state)
{
	(void)state;
	for (unsigned spi_octets = 0; spi_octets < 256; spi_octets += 17)
		for (size_t len = 0; len < 4 + (size_t)spi_octets; len += 5) {
			struct pair p = up_and_west_silent();
			struct chain c = { 1, { IKE_P_NOTIFY }, { { notify, len } } };

			notify_is(3, spi_octets, IKE_N_INVALID_SPI, 0);
			say_informational(&p, &c);
			assert_int_equal(sim_ikes(p.east), 0); /* INVALID_SYNTAX is fatal */
			end_all(&p);
		}
}

#define PARTS 5

/* The k-th of the 120 orders. */
static void order_of(unsigned k, unsigned *out)
{
	unsigned left[PARTS] = { 0, 1, 2, 3, 4 };

	for (unsigned n = PARTS; n > 0; n--) {
		unsigned i = k % n;

		k /= n;
		out[PARTS - n] = left[i];
		memmove(&left[i], &left[i + 1], (n - i - 1) * sizeof(left[0]));
	}
}

/* CVE-2023-38712: deletes and notifies of the same SAs in every order, and the same once more. */
static void test_cve_2023_38712_every_order(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 120; k++) {
		struct pair p = up_and_west_silent();
		uint8_t child[12] = { 3, 4, 0, 2 }, ike[4] = { 1 }, strange[8] = { 3, 4, 0, 1, 9 };
		uint8_t gone[8] = { 3, 4, 0, IKE_N_CHILD_SA_NOT_FOUND };
		uint8_t rekey[8] = { 3, 4, 0x40, 0x09 };
		const struct ms_bytes bodies[PARTS] = { { child, 12 }, { ike, 4 }, { strange, 8 },
			{ gone, 8 }, { rekey, 8 } };
		static const uint8_t types[PARTS] = { IKE_P_DELETE, IKE_P_DELETE, IKE_P_DELETE,
			IKE_P_NOTIFY, IKE_P_NOTIFY };
		struct chain c = { .n = PARTS };
		unsigned order[PARTS];
		uint32_t spi = ike_first_child(ike_first(p.west->ike))->spi_in;

		for (int i = 0; i < 4; i++)
			child[4 + i] = child[8 + i] = gone[4 + i] = rekey[4 + i] =
				(uint8_t)(spi >> (24 - 8 * i));
		order_of(k, order);
		for (unsigned i = 0; i < PARTS; i++) {
			c.types[i] = types[order[i]];
			c.bodies[i] = bodies[order[i]];
		}
		say_informational(&p, &c);
		say_informational(&p, &c);
		assert_int_equal(sim_states(p.east), 0);
		assert_int_equal(sim_sas(p.east), 0);
		end_all(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2009_1957_init_payload_omission),
		cmocka_unit_test(test_cve_2009_1958_later_payload_omission),
		cmocka_unit_test(test_cve_2019_12312_every_exchange_later),
		cmocka_unit_test(test_cve_2013_7294_answers_without_ke),
		cmocka_unit_test(test_cve_2023_30570_after_a_refusal),
		cmocka_unit_test(test_cve_2016_5361_no_amplification_by_any_packet),
		cmocka_unit_test(test_cve_2020_1763_notifies_of_every_type),
		cmocka_unit_test(test_cve_2009_0790_notifies_cut_short),
		cmocka_unit_test(test_deletes_of_every_size),
		cmocka_unit_test(test_cve_2023_38712_every_order),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
