/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that other IKE daemons had, each as the class of message that showed it.  The numbers name
 * the first report of the class; every test must fail on that class, and runs best under
 * sanitizers.
 */
#include "core/sim/sim_key.h"
#include "core/sim/tape_test.h"

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

/* CVE-2015-3240: public values 0, 1, above every prime, and of many sizes. */
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

static const char *const suites[] = { "aes_gcm128-sha2_256-x25519", "aes_gcm128-sha2_256-ecp256",
	"aes_gcm128-sha2_256-ecp384", "aes_gcm128-sha2_256-ecp521", "aes_gcm128-sha2_256-modp2048",
	"aes_gcm128-sha2_256-modp3072" };

static void test_cve_2015_3240_ke_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		ke_values(suites[i], 1);
		ke_values(suites[i], 2);
	}
}

/* CVE-2023-41913: of every size up to what a datagram holds. */
static void test_cve_2023_41913_public_values_of_every_size(void **state)
{
	static uint8_t buf[65535];

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct sim_words w = plain;
		struct tape t;
		struct pair p;
		struct record *r = &t.r[1];
		size_t len, at;

		w.ike = suites[i];
		p = paused_with(&w, &t, 1);
		at = find_body(r, IKE_P_KE, &len);
		for (size_t size = 0; size + r->len < 65535; size += size < 1100 ? 1 : 977) {
			struct wire_writer out = wire_writer(buf, sizeof(buf));

			if (size + 4 == len)
				continue;
			wire_put(&out, ms_bytes(r->octets, at + 4));
			memset(wire_reserve(&out, size + 1), 0x5a, size + 1);
			out.len--;
			wire_put(&out, ms_bytes(r->octets + at + len, r->len - at - len));
			wire_patch_uint(&out, at - 2, size + 8, 2);
			wire_patch_uint(&out, 24, out.len, 4);
			wire_patch_uint(&out, 0, size + 1, 4); /* an SPI of its own */
			say(&p, r, buf, out.len);
		}
		assert_int_equal(sim_states(p.east), 0);
		settle(&p);
	}
}

/* --- chains of payloads
 * ----------------------------------------------------------------------------- */

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

/* CVE-2013-6467, CVE-2009-1957: each payload of IKE_AUTH missing, empty, double, alone; the other
 * exchanges are in cve_exchange_test.c. */
static void test_cve_2013_6467_payload_omission(void **state)
{
	(void)state;
	for (unsigned number = 3; number <= 4; number++) {
		unsigned n = payloads_of(number);

		for (size_t k = 0; k < SPOILINGS; k++)
			for (unsigned i = 0; i < n; i++)
				changed_inner(number, spoilings[k], i);
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

static void keep_sent(void *arg, struct sim_node *n, struct ms_bytes datagram)
{
	struct record *r = arg;

	(void)n;
	r->len = datagram.len;
	memcpy(r->octets, datagram.ptr, datagram.len);
}

/* s2.6: a cookie is good for who was given it, for what was asked, and for a while. */
static void test_cookie_is_bound(void **state)
{
	static const struct ike_params cookies = { .cookies = MS_YES };
	enum { SAME, ADDRESS, PORT, SPI, NONCE, CHANGED, VERSION, LONGER, SHORTER, SOON, LATE,
		END };
	struct sim_words from_anywhere = plain;

	(void)state;
	from_anywhere.left = "%any";
	for (int how = SAME; how < END; how++) {
		struct tape t;
		struct pair p = paused(&t, 1);
		struct record first = t.r[1], answer = { .len = 0 };
		struct chain c, given;
		uint8_t cookie[80] = { 0 };

		pair_free(&p);
		p = pair_of(&plain, &from_anywhere, &cookies);
		p.west->down = true;
		p.sim->watch.sent = keep_sent;
		p.sim->watch.arg = &answer;
		say(&p, &first, first.octets, first.len);
		chain_of_record(&answer, &given);
		assert_int_equal(given.n, 1);
		chain_of_record(&first, &c);
		memmove(&c.types[1], &c.types[0], c.n);
		memmove(&c.bodies[1], &c.bodies[0], c.n++ * sizeof(c.bodies[0]));
		c.types[0] = IKE_P_NOTIFY;
		assert_true(given.bodies[0].len < sizeof(cookie));
		memcpy(cookie, given.bodies[0].ptr, given.bodies[0].len);
		/* behind the notify's head: the version of the secret, two before, whose place is the same */
		if (how == VERSION)
			cookie[4] = (uint8_t)(cookie[4] - 2);
		c.bodies[0] = ms_bytes(
			cookie, given.bodies[0].len + (how == LONGER) - (size_t)(how == SHORTER));
		if (how == ADDRESS)
			first.src.addr.b[ms_addr_octets(&first.src.addr) - 1] ^= 1;
		if (how == PORT)
			first.src.port ^= 1;
		if (how == SPI)
			first.octets[3] ^= 1;
		for (unsigned i = 0; i < c.n; i++)
			if (how == NONCE ? c.types[i] == IKE_P_NONCE : how == CHANGED && i == 0)
				((uint8_t *)(uintptr_t)c.bodies[i].ptr)[c.bodies[i].len - 1] ^= 1;
		if (how == SOON || how == LATE)
			sim_run(p.sim, how == SOON ? 60000 : 130000);
		say_clear(&p, &first, &c);
		if (sim_states(p.east) != (how == SAME || how == SOON))
			fail_msg("case %d: %u states", how, sim_states(p.east));
		pair_free(&p);
	}
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
	/* RFC 7296 s2.21: never to an answer, or two hosts would go on for ever */
	unknown[19] |= IKE_F_RESPONSE;
	for (unsigned version = 2; version < 4; version++) {
		unknown[17] = (uint8_t)(version << 4);
		say(&p, &first, unknown, sizeof(unknown));
	}
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

/* A new pair instead of west's; true: east made it. */
static bool rekeys(unsigned protocol, unsigned spi_octets)
{
	struct pair p = pair_new(&plain);
	uint8_t notify[12] = { (uint8_t)protocol, (uint8_t)spi_octets, 0x40, 0x09 };
	uint8_t sa[] = { 0, 0, 0, 32, 1, 3, 4, 2, 1, 2, 3, 4, 3, 0, 0, 12, 1, 0, 0, 20,
		0x80, 14, 0, 128, 0, 0, 0, 8, 5, 0, 0, 0 };
	uint8_t nonce[32] = { 1 };
	uint8_t tsi[] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 1, 0, 192, 0, 1,
		255 };
	uint8_t tsr[] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 2, 0, 192, 0, 2,
		255 };
	struct chain c = { 5, { IKE_P_NOTIFY, IKE_P_SA, IKE_P_NONCE, IKE_P_TSI, IKE_P_TSR },
		{ ms_bytes(notify, 4 + spi_octets), ms_bytes(sa, sizeof(sa)),
			ms_bytes(nonce, 32), ms_bytes(tsi, sizeof(tsi)),
			ms_bytes(tsr, sizeof(tsr)) } };
	struct wire_writer w = wire_writer(notify + 4, 4);
	bool made;

	pair_up(&p);
	wire_put_u32(&w, ike_first_child(ike_first(p.west->ike))->spi_in);
	west_forgets(&p);
	say_payloads(&p, IKE_X_CREATE_CHILD_SA, &c);
	made = p.east->up == 2;
	pair_free(&p);
	return made;
}

/* CVE-2023-38710: REKEY_SA with every protocol id and SPI size; only the child's own name it. */
static void test_cve_2023_38710_rekey_protocol_ids(void **state)
{
	(void)state;
	for (unsigned octets = 0; octets <= 8; octets++)
		for (unsigned protocol = 0; protocol < 256;
			protocol += octets == 4 || protocol < 4 ? 1 : 63)
			assert_int_equal(rekeys(protocol, octets),
				protocol == MS_PROTOCOL_ESP && octets == 4);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2013_4564_short_and_versions),
		cmocka_unit_test(test_cve_2014_9221_every_ke_number),
		cmocka_unit_test(test_cve_2015_3240_ke_values),
		cmocka_unit_test(test_cve_2023_41913_public_values_of_every_size),
		cmocka_unit_test(test_cve_2013_6467_payload_omission),
		cmocka_unit_test(test_cve_2015_3991_payload_types),
		cmocka_unit_test(test_cve_2026_12413_many_payloads),
		cmocka_unit_test(test_cve_2019_12312_every_exchange_in_every_state),
		cmocka_unit_test(test_cve_2016_5361_no_amplification),
		cmocka_unit_test(test_cookie_is_bound),
		cmocka_unit_test(test_answers_to_strangers),
		cmocka_unit_test(test_cve_2023_38710_rekey_protocol_ids),
		cmocka_unit_test(test_cve_2023_38712_double_delete),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
