/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full product: out of one klips and into another, with whatever the registry offers.
 *
 * SAs are made by the code that answers PF_KEY, from messages as a client sends them.  First every
 * suite in every shape, then every legal order of up to six transforms with the suites taking turns,
 * then long groups made by chance; and what must be refused, with the errno for it.
 */
#include "klips/ip.h"
#include "klips/ipcomp.h"
#include "klips/pfkey_server.h"
#include "klips/rig.h"
#include "klips/sa_build.h"
#include "klips/xform.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_SUITES = 256, DEPTH = 6, LONGEST = 14, SPI = 0x1000, ROOM = 9000 };
enum { TUN4, TUN6, COMP, ESP, AH, KINDS };
struct suite {
	const struct ms_encr_alg *encr; /* NULL: AH */
	const struct ms_integ_alg *integ;
};

static struct rig rigs[2]; /* packets go from the first to the second */
static struct suite esps[MAX_SUITES], ahs[MAX_SUITES];
static unsigned n_esps, n_ahs;
static uint8_t plain[ROOM], wire[PKT_BUF], got[PKT_BUF];
static uint64_t prng = 88172645463325252u;

static unsigned chance(unsigned limit)
{
	prng ^= prng << 13;
	prng ^= prng >> 7;
	prng ^= prng << 17;
	return (unsigned)(prng >> 33) % limit;
}

/* --- what there is ---------------------------------------------------------------------------- */

static void find_suites(void)
{
	struct ms_alg_info e, m;
	unsigned i, j;

	for (i = 0; ms_crypto_list(i, &e); i++) {
		struct suite s = { NULL, NULL };

		if (!e.first || (e.kind != MS_ALG_ENCR && e.kind != MS_ALG_INTEG))
			continue;
		if (e.kind == MS_ALG_INTEG) {
			ahs[n_ahs++].integ = ms_integ_find(e.id);
			continue;
		}
		s.encr = ms_encr_find(e.id, e.key_bits);
		assert_non_null(s.encr);
		for (j = 0; ms_crypto_list(j, &m); j++) {
			if (s.encr->icv_octets == 0 && m.kind == MS_ALG_INTEG && m.first) {
				s.integ = ms_integ_find(m.id);
				esps[n_esps++] = s;
			}
		}
		if (s.encr->icv_octets != 0)
			esps[n_esps++] = s;
		assert_true(n_esps < MAX_SUITES);
	}
}

/* --- SAs from messages -------------------------------------------------------------------------- */

struct member {
	uint8_t kind, net; /* net: end points 2n+1 and 2n+2 */
	int family;	   /* of its end points */
	struct suite suite;
	bool esn, encap;
	uint32_t window;
};

struct chain {
	unsigned n;
	struct klips_sa *sa[2][LONGEST]; /* of either klips */
};

static struct ms_addr end_point(int family, unsigned last)
{
	struct ms_addr a = { .family = (uint16_t)family };

	if (family == AF_INET)
		memcpy(a.b, (const uint8_t[]){ 192, 0, 2 }, 3);
	else
		memcpy(a.b, (const uint8_t[]){ 0x20, 1, 0x0d, 0xb8 }, 4);
	a.b[family == AF_INET ? 3 : 15] = (uint8_t)last;
	return a;
}

static const uint8_t key_octets[] = "sixty-four octets or more that are not all the same, so that "
				    "their order counts";

static void describe(struct ms_pfkey_msg *m, const struct member *s, uint32_t spi, bool inbound)
{
	static const uint8_t protocols[KINDS] = { MS_PROTO_TUN, MS_PROTO_TUN, MS_PROTO_COMP,
		MS_PROTO_ESP, MS_PROTO_AH };
	struct ms_addr src = end_point(s->family, s->net * 2u + 1);
	struct ms_addr dst = end_point(s->family, s->net * 2u + 2);

	memset(m, 0, sizeof *m);
	m->type = MS_PFKEY_ADD;
	m->satype = ms_pfkey_satype_of(protocols[s->kind]);
	m->has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST)
		| MS_PFKEY_BIT(X_MS_SA);
	m->sa.spi = spi;
	m->sa.state = MS_PFKEY_MATURE;
	ms_pfkey_addr_set(&m->src, &src, 0);
	ms_pfkey_addr_set(&m->dst, &dst, 0);
	m->x_sa.window = s->window;
	m->x_sa.flags = (s->esn ? MS_PFKEY_X_ESN : 0u) | (inbound ? MS_PFKEY_X_INBOUND : 0u);
	if (s->suite.encr != NULL) {
		m->has |= MS_PFKEY_BIT(KEY_ENCRYPT);
		m->x_sa.encr = s->suite.encr->id;
		m->key_encrypt.key = ms_bytes(key_octets,
			(size_t)s->suite.encr->key_octets + s->suite.encr->salt_octets);
	}
	if (s->suite.integ != NULL) {
		m->has |= MS_PFKEY_BIT(KEY_AUTH);
		m->x_sa.integ = s->suite.integ->id;
		m->key_auth.key = ms_bytes(key_octets, s->suite.integ->key_octets);
	}
	if (s->encap) {
		m->has |= MS_PFKEY_BIT(X_NAT_T_TYPE) | MS_PFKEY_BIT(X_NAT_T_SPORT)
			| MS_PFKEY_BIT(X_NAT_T_DPORT);
		m->nat_type = 2;
		m->nat_sport = m->nat_dport = 4500;
	}
}

static int add(struct rig *r, struct ms_pfkey_msg *m)
{
	static const struct sa_maker maker = { 1, false };
	struct ms_why why = { "" };

	return pfkey_errno(sa_from_message(&r->k, m, false, &maker, &why));
}

static int link_two(struct rig *r, const struct klips_sa *inner, const struct klips_sa *outer)
{
	struct pfkey_call c = { .k = &r->k };
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_GRPSA };

	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_DST) | MS_PFKEY_BIT(X_SATYPE2)
		| MS_PFKEY_BIT(X_SA2) | MS_PFKEY_BIT(X_ADDRESS_DST2);
	m.satype = ms_pfkey_satype_of(inner->said.protocol);
	m.satype2 = ms_pfkey_satype_of(outer->said.protocol);
	m.sa.spi = inner->said.spi;
	m.sa2.spi = outer->said.spi;
	ms_pfkey_addr_set(&m.dst, &inner->said.dst, 0);
	ms_pfkey_addr_set(&m.dst2, &outer->said.dst, 0);
	return pfkey_grpsa(&c, &m);
}

static void chain_free(struct chain *c)
{
	unsigned side, i;

	for (side = 0; side < 2; side++)
		for (i = 0; i < c->n; i++) {
			struct ms_said said = c->sa[side][i]->said;

			/* the whole group goes at once */
			if (sadb_find(rigs[side].k.sadb, &said) != NULL)
				sadb_remove_group(rigs[side].k.sadb, c->sa[side][i]);
		}
	rcu_quiescent_state();
}

/* In both; 0, or the errno that the first refusal came with. */
static int chain_new(struct chain *c, const struct member *m, unsigned n)
{
	struct ms_pfkey_msg msg;
	unsigned side, i;
	int err = 0, e;

	memset(c, 0, sizeof *c);
	c->n = n;
	for (side = 0; side < 2; side++) {
		for (i = 0; i < n; i++) {
			struct ms_said said;

			describe(&msg, &m[i], SPI + i, side == 1);
			assert_int_equal(add(&rigs[side], &msg), 0);
			said = pfkey_said(&msg);
			c->sa[side][i] = sadb_find(rigs[side].k.sadb, &said);
			assert_non_null(c->sa[side][i]);
		}
		for (i = 0; i + 1 < n; i++) {
			e = link_two(&rigs[side], c->sa[side][i], c->sa[side][i + 1]);
			err = err == 0 ? e : err;
		}
	}
	if (err != 0)
		chain_free(c);
	return err;
}

/* --- packets ------------------------------------------------------------------------------------ */

static void make_plain(int family, uint32_t total, bool noise)
{
	struct ms_addr src = end_point(family, 1), dst = end_point(family, 2);
	unsigned i;

	memset(plain, 0, total);
	ip_write(plain, &src, &dst, IPPROTO_UDP, 0, 63, total);
	for (i = ip_header_octets(&src); noise && i < total; i++)
		plain[i] = (uint8_t)chance(256);
	/* no checksum of UDP: one that is wrong would be made right behind a translator */
	memset(plain + ip_header_octets(&src) + 6, 0, 2);
}

/* What the first klips makes of the plain packet, copied to `wire`; 0: it would not. */
static uint32_t protect(const struct chain *c, uint32_t len)
{
	struct pkt *p = rig_packet(&rigs[0], 0, plain, len);
	unsigned i;

	for (i = 0; i < c->n; i++)
		c->sa[0][i]->xform->apply(rigs[0].w, c->sa[0][i], rigs[0].w->batch, 1);
	if (p->dead)
		return 0;
	memcpy(wire, p->data, p->len);
	return p->len;
}

/* What the second klips gives its host of `wire`. */
static uint32_t arrive(uint32_t len, bool encap)
{
	struct pkt *p = rig_packet(&rigs[1], 0, wire, len);

	rig_arrive(&rigs[1], p, encap ? 4500 : 0);
	inbound(rigs[1].w, 1);
	return rig_delivered(&rigs[1], got, sizeof got);
}

static void carry(const struct chain *c, int family, uint32_t size, bool noise, bool encap)
{
	uint32_t len;

	make_plain(family, size, noise);
	len = protect(c, size);
	assert_int_not_equal(len, 0);
	assert_int_equal(arrive(len, encap), size);
	assert_memory_equal(got, plain, size);
}

/* --- every suite in every shape ------------------------------------------------------------------- */

/* What came comes not again, unless there is no window; what is older than the window never. */
static void check_window(const struct chain *c, const struct member *keyed, int family)
{
	uint32_t len, window = keyed->window, first_len, second_len;
	static uint8_t first[ROOM], second[ROOM];
	struct klips_sa *out = c->sa[0][c->n - 1];

	make_plain(family, 100, true);
	first_len = protect(c, 100);
	memcpy(first, wire, first_len);
	second_len = protect(c, 100);
	memcpy(second, wire, second_len);
	out->seq += window == 0 ? 1000 : window - 2;
	len = protect(c, 100); /* the second is the oldest that may come now */
	assert_int_equal(arrive(len, keyed->encap), 100);
	assert_int_equal(arrive(len, keyed->encap), window == 0 ? 100 : 0);
	memcpy(wire, first, first_len);
	assert_int_equal(arrive(first_len, keyed->encap), window == 0 ? 100 : 0);
	memcpy(wire, second, second_len);
	assert_int_equal(arrive(second_len, keyed->encap), 100);
	assert_int_equal(arrive(second_len, keyed->encap), window == 0 ? 100 : 0);
	wire[second_len - 1] ^= 1;
	assert_int_equal(arrive(second_len, keyed->encap), 0);
}

static void one_shape(const struct member *m, unsigned n, int inner, unsigned *carried)
{
	static const uint32_t sizes[] = { 48, 49, 50, 51, 52, 61, 62, 63, 64, 1400 };
	struct chain c;
	unsigned i;

	assert_int_equal(chain_new(&c, m, n), 0);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		carry(&c, inner, sizes[i], true, m[n - 1].encap);
	check_window(&c, &m[n - 1], inner);
	chain_free(&c);
	++*carried;
}

static void every_shape(const struct suite *s, uint8_t kind, unsigned *carried)
{
	static const uint32_t windows[] = { 0, 32, 64, 128, 4096 };
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned w, v, outer, inner;

	for (w = 0; w < sizeof windows / sizeof windows[0]; w++) {
		for (v = 0; v < (kind == AH ? 2 : 4); v++) {
			for (outer = 0; outer < 2; outer++) {
				struct member m[2] = { { .kind = outer == 0 ? TUN4 : TUN6 },
					{ .kind = kind, .suite = *s, .esn = (v & 1) != 0,
						.encap = (v & 2) != 0, .window = windows[w] } };

				m[0].family = m[1].family = families[outer];
				one_shape(m + 1, 1, families[outer], carried);
				for (inner = 0; inner < 2; inner++)
					one_shape(m, 2, families[inner], carried);
			}
		}
	}
}

static void test_every_suite(void **state)
{
	unsigned i, carried = 0;

	(void)state;
	for (i = 0; i < n_esps; i++)
		every_shape(&esps[i], ESP, &carried);
	for (i = 0; i < n_ahs; i++)
		every_shape(&ahs[i], AH, &carried);
	print_message("%u suites of ESP, %u of AH, %u ways\n", n_esps, n_ahs, carried);
	assert_true(n_esps >= 19 + 7 * 6 && n_ahs >= 6);
}

/* --- every order -------------------------------------------------------------------------------- */

static void spell(struct member *m, const uint8_t *kinds, unsigned n, int family)
{
	static unsigned turn;
	uint8_t net = 0;
	unsigned i;

	memset(m, 0, n * sizeof *m);
	for (i = 0; i < n; i++, turn++) {
		if (kinds[i] <= TUN6) {
			family = kinds[i] == TUN4 ? AF_INET : AF_INET6;
			net++;
		}
		m[i].kind = kinds[i];
		m[i].family = family;
		m[i].net = net;
		m[i].esn = turn % 3 == 0;
		m[i].window = 64;
		if (kinds[i] == ESP)
			m[i].suite = esps[turn % n_esps];
		if (kinds[i] == AH)
			m[i].suite = ahs[turn % n_ahs];
	}
}

/* Behind one header IPComp, ESP, AH in this order, each at most once: RFC 4301 s4.1, RFC 3173 s2.2. */
static bool legal(const uint8_t *kinds, unsigned n)
{
	unsigned i;
	int last = -1;

	for (i = 0; i < n; i++) {
		if (kinds[i] > TUN6 && kinds[i] <= last)
			return false;
		last = kinds[i] <= TUN6 ? -1 : kinds[i];
	}
	return true;
}

static void test_every_order(void **state)
{
	unsigned n, words, word, carried = 0, refused = 0;
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (n = 1, words = KINDS; n <= DEPTH; n++, words *= KINDS) {
		for (word = 0; word < words; word++) {
			uint8_t kinds[DEPTH];
			unsigned i, f, rest = word;

			for (i = 0; i < n; i++, rest /= KINDS)
				kinds[i] = (uint8_t)(rest % KINDS);
			for (f = 0; f < 2; f++) {
				struct member m[DEPTH];
				struct chain c;
				int err;

				spell(m, kinds, n, families[f]);
				err = chain_new(&c, m, n);
				assert_int_equal(err, legal(kinds, n) ? 0 : EINVAL);
				refused += err != 0;
				if (err != 0)
					continue;
				/* what is outermost must be ESP or AH to be received */
				for (i = 0; i < 4 && kinds[n - 1] >= ESP; i++)
					carry(&c, families[f], i < 2 ? 90 : 1300, i % 2 != 0, false);
				carried += kinds[n - 1] >= ESP;
				chain_free(&c);
			}
		}
	}
	print_message("%u groups carried, %u orders refused\n", carried, refused);
	assert_true(carried > 4000 && refused > 20000);
}

/* Until the room before a packet is used up: then it is dropped, not damaged. */
static void test_long_groups(void **state)
{
	unsigned try, carried = 0, longest = 0;

	(void)state;
	for (try = 0; try < 20000; try++) {
		unsigned n = DEPTH + 1 + chance(LONGEST - DEPTH), i;
		int family = chance(2) != 0 ? AF_INET6 : AF_INET;
		uint8_t kinds[LONGEST];
		struct member m[LONGEST];
		struct chain c;

		for (i = 0; i < n; i++)
			do
				kinds[i] = (uint8_t)chance(KINDS);
			while (!legal(kinds, i + 1) || (i == n - 1 && kinds[i] < ESP
				&& legal((const uint8_t[]){ kinds[i - 1], AH }, 2)));
		if (kinds[n - 1] < ESP)
			continue;
		spell(m, kinds, n, family);
		assert_int_equal(chain_new(&c, m, n), 0);
		for (i = 0; i < 3; i++)
			carry(&c, family, 80 + chance(1200), i != 0, false);
		chain_free(&c);
		carried++;
		longest = n > longest ? n : longest;
	}
	print_message("%u groups of up to %u\n", carried, longest);
	assert_int_equal(longest, LONGEST);
}

/* --- what is refused ---------------------------------------------------------------------------- */

static void refused(const struct ms_pfkey_msg *m, int err)
{
	struct ms_pfkey_msg copy = *m;
	uint32_t before = sadb_count(rigs[0].k.sadb);

	assert_int_equal(add(&rigs[0], &copy), err);
	assert_int_equal(sadb_count(rigs[0].k.sadb), before);
}

/* Key lengths that this algorithm has not. */
static void wrong_keys(const struct suite *s)
{
	struct member m = { .kind = s->encr == NULL ? AH : ESP, .family = AF_INET, .suite = *s };
	struct ms_pfkey_msg msg;
	size_t len;

	for (len = 0; len <= MS_MAX_KEY_OCTETS && s->encr != NULL; len++) {
		unsigned salt = s->encr->salt_octets;

		describe(&msg, &m, SPI, false);
		msg.key_encrypt.key.len = len;
		if (len < salt || ms_encr_find(s->encr->id, (uint16_t)((len - salt) * 8)) == NULL)
			refused(&msg, EINVAL);
	}
	for (len = 0; len <= MS_MAX_KEY_OCTETS && s->integ != NULL; len++) {
		describe(&msg, &m, SPI, false);
		msg.key_auth.key.len = len;
		if (len != s->integ->key_octets)
			refused(&msg, EINVAL);
	}
}

static void test_wrong_suites(void **state)
{
	struct member m = { .family = AF_INET };
	struct ms_pfkey_msg msg;
	unsigned i, j;

	(void)state;
	for (i = 0; i < n_esps; i++) {
		wrong_keys(&esps[i]);
		m.kind = ESP;
		m.suite = esps[i];
		m.window = 4097;
		describe(&msg, &m, SPI, false);
		refused(&msg, EINVAL);
		m.window = 0;
		/* without the authentication that it needs, or with one too many */
		for (j = 0; j <= n_ahs; j++) {
			m.suite.integ = j == n_ahs ? NULL : ahs[j].integ;
			describe(&msg, &m, SPI, false);
			if ((esps[i].encr->icv_octets != 0) == (m.suite.integ != NULL))
				refused(&msg, EINVAL);
		}
		/* AH does not encrypt */
		m.kind = AH;
		m.suite = esps[i];
		describe(&msg, &m, SPI, false);
		refused(&msg, EINVAL);
	}
	m.kind = AH;
	m.suite = (struct suite){ NULL, NULL };
	describe(&msg, &m, SPI, false);
	refused(&msg, EINVAL);
	for (i = 0; i < n_ahs; i++) {
		wrong_keys(&ahs[i]);
		m.suite = ahs[i];
		m.encap = true; /* RFC 3948 s1 */
		describe(&msg, &m, SPI, false);
		refused(&msg, EPROTONOSUPPORT);
	}
}

static void test_unknown_numbers(void **state)
{
	struct member m = { .kind = ESP, .family = AF_INET };
	struct ms_pfkey_msg msg;
	unsigned id;

	(void)state;
	m.suite = esps[0];
	for (id = 1; id < 1100; id++) {
		struct ms_alg_info a;
		bool encr = false, integ = false;
		unsigned i;

		for (i = 0; ms_crypto_list(i, &a); i++) {
			encr |= a.kind == MS_ALG_ENCR && a.id == id;
			integ |= a.kind == MS_ALG_INTEG && a.id == id;
		}
		describe(&msg, &m, SPI, false);
		msg.x_sa.encr = (uint16_t)id;
		if (!encr)
			refused(&msg, EPROTONOSUPPORT);
		describe(&msg, &m, SPI, false);
		msg.x_sa.integ = (uint16_t)id;
		if (!integ)
			refused(&msg, EPROTONOSUPPORT);
	}
	m.kind = COMP;
	m.suite = (struct suite){ NULL, NULL };
	for (id = 1; id < 256; id++) {
		describe(&msg, &m, SPI, false);
		msg.sa.encrypt = (uint8_t)id;
		if (id != IPCOMP_DEFLATE)
			refused(&msg, EPROTONOSUPPORT);
	}
	describe(&msg, &m, IPCOMP_LAST_CPI + 1, false);
	refused(&msg, EINVAL);
}

static void test_wrong_links(void **state)
{
	static const uint8_t kinds[] = { TUN4, COMP, ESP, AH };
	struct member m[4];
	struct chain c;
	struct klips_sa nobody;
	unsigned i;

	(void)state;
	spell(m, kinds, 4, AF_INET);
	assert_int_equal(chain_new(&c, m, 4), 0);
	for (i = 0; i < 4; i++) /* nobody twice, nobody in a circle */
		assert_int_not_equal(link_two(&rigs[0], c.sa[0][3], c.sa[0][i]), 0);
	assert_int_equal(link_two(&rigs[0], c.sa[0][0], c.sa[0][1]), EEXIST);
	assert_int_equal(link_two(&rigs[0], c.sa[0][3], c.sa[0][0]), EEXIST);
	memset(&nobody, 0, sizeof nobody);
	nobody.said = c.sa[0][3]->said;
	nobody.said.spi++;
	assert_int_equal(link_two(&rigs[0], c.sa[0][3], &nobody), ENOENT);
	assert_int_equal(link_two(&rigs[0], &nobody, c.sa[0][3]), ENOENT);
	carry(&c, AF_INET, 700, false, false); /* the group is as it was */
	chain_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suite),
		cmocka_unit_test(test_every_order),
		cmocka_unit_test(test_long_groups),
		cmocka_unit_test(test_wrong_suites),
		cmocka_unit_test(test_unknown_numbers),
		cmocka_unit_test(test_wrong_links),
	};
	int failed;

	rig_new(&rigs[0]);
	rig_new(&rigs[1]);
	find_suites();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_free(&rigs[1]);
	rig_free(&rigs[0]);
	return failed;
}
