/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PF_KEY server, from outside: what is refused with which errno, who hears what.
 *
 * Standards: RFC 2367 s2.3 (form), s3.1 (each message).
 */
#include "klips/pfkey_make.h"
#include "klips/pfkey_rig.h"
#include "lib/pfkey/pfkey_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 2048, TYPE_AT = 1, SATYPE_AT = 3, LENGTH_AT = 4, FAMILY_AT = 8 };

static struct pfkey_rig rig;

struct raw {
	size_t len;
	uint8_t b[ROOM];
};

static int setup(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof rig);
	pfkey_rig_new(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pfkey_rig_free(&rig);
	return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void set_words(struct raw *r)
{
	uint16_t words = (uint16_t)(r->len / 8);

	memcpy(r->b + LENGTH_AT, &words, sizeof words);
}

static void build(struct raw *r, const struct ms_pfkey_msg *m)
{
	struct ms_why why = { "" };

	assert_int_equal(ms_pfkey_build(m, MS_PFKEY_DOWN, r->b, sizeof r->b, &r->len, &why), MS_OK);
}

/* The errno of the answer; -1: none came. */
static int ask_raw(const struct raw *r)
{
	struct ms_pfkey_msg m;

	pfkey_rig_drain(&rig);
	pfkey_rig_send(&rig, 0, r->b, r->len);
	pfkey_rig_turn(&rig);
	return pfkey_rig_next(&rig, 0, &m) ? m.err : -1;
}

static int ask(const struct ms_pfkey_msg *m)
{
	struct raw r;

	build(&r, m);
	return ask_raw(&r);
}

/* --- form: every extension of every message ------------------------------------------------------ */

/* Where extension id begins; its octets. */
static size_t find(const struct raw *r, unsigned id, size_t *octets)
{
	for (size_t at = MS_PFKEY_HEADER_OCTETS; at < r->len; at += *octets) {
		uint16_t words, got;

		memcpy(&words, r->b + at, 2);
		memcpy(&got, r->b + at + 2, 2);
		*octets = words * 8u;
		if (got == id)
			return at;
	}
	fail_msg("no extension %u", id);
	return 0;
}

static void cut(struct raw *r, size_t at, size_t octets)
{
	memmove(r->b + at, r->b + at + octets, r->len - at - octets);
	r->len -= octets;
	set_words(r);
}

static void set_ext_words(struct raw *r, size_t at, uint16_t words)
{
	memcpy(r->b + at, &words, 2);
}

static void refused(const struct raw *r, const char *name, const char *ext, const char *how)
{
	int err = ask_raw(r);

	if (err != EINVAL)
		fail_msg("%s, %s %s: %d", name, ext, how, err);
}

static void bend_ext(const struct raw *whole, const char *name, unsigned id, bool needed)
{
	const struct pfkey_ext *e = pfkey_ext_row(id);
	const bool is_addr = e->fields[e->n_fields - 1].kind == PFKEY_SOCKADDR;
	struct raw r = *whole;
	size_t octets = 0, at = find(&r, id, &octets);

	if (needed) {
		cut(&r, at, octets);
		refused(&r, name, e->name, "missing");
	}
	r = *whole;
	memcpy(r.b + r.len, r.b + at, octets);
	r.len += octets;
	set_words(&r);
	refused(&r, name, e->name, "twice");
	r = *whole;
	set_ext_words(&r, at, 0);
	refused(&r, name, e->name, "of no words");
	r = *whole;
	set_ext_words(&r, at, (uint16_t)(r.len / 8));
	refused(&r, name, e->name, "longer than the message");
	if (octets > 8 && e->min_octets > 8) {
		r = *whole;
		set_ext_words(&r, at, 1);
		cut(&r, at + 8, octets - 8);
		refused(&r, name, e->name, "of one word");
	}
	if (e->max_octets == octets) {
		r = *whole;
		memmove(r.b + at + octets + 8, r.b + at + octets, r.len - at - octets);
		memset(r.b + at + octets, 0, 8);
		r.len += 8;
		set_words(&r);
		set_ext_words(&r, at, (uint16_t)(octets / 8 + 1));
		refused(&r, name, e->name, "one word too long");
	}
	if (is_addr) {
		r = *whole;
		r.b[at + FAMILY_AT] = AF_UNIX;
		refused(&r, name, e->name, "of a wrong family");
		r = *whole;
		r.b[at + octets - 1] = 1;
		if (r.b[at + FAMILY_AT] == AF_INET6)
			refused(&r, name, e->name, "with something behind it");
	}
}

static void test_form_of_extensions(void **state)
{
	struct ms_pfkey_msg m;
	const char *name;
	uint64_t need, may;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; (name = pfkey_make(i, &m)) != NULL; i++) {
		struct raw r;

		assert_true(ms_pfkey_grammar(m.type, MS_PFKEY_DOWN, &need, &may));
		build(&r, &m);
		for (unsigned id = 0; id < MS_PFKEY_EXT_LIMIT; id++) {
			if ((m.has & UINT64_C(1) << id) != 0) {
				bend_ext(&r, name, id, (need & UINT64_C(1) << id) != 0);
				n++;
			}
		}
		/* one that does not belong here, and one that nobody knows */
		memset(r.b + r.len, 0, 24);
		r.b[r.len] = 3;
		r.b[r.len + 2] = (may & MS_PFKEY_BIT(X_DEBUG_SET)) != 0 ? MS_PFKEY_EXT_SA
								       : MS_PFKEY_EXT_X_DEBUG_SET;
		r.len += 24;
		set_words(&r);
		refused(&r, name, "another extension", "added");
		r.b[r.len - 24 + 2] = 63;
		refused(&r, name, "an unknown extension", "added");
	}
	assert_true(n > 80);
}

static void test_form_of_headers(void **state)
{
	struct ms_pfkey_msg m = pfkey_make_named("GET");
	struct raw whole, r;

	(void)state;
	build(&whole, &m);
	assert_int_equal(ask_raw(&whole), ESRCH);
	for (unsigned v = 0; v < 256; v += 5) {
		r = whole;
		r.b[0] = (uint8_t)v;
		assert_int_equal(ask_raw(&r), v == 2 ? ESRCH : EINVAL);
		r = whole;
		r.b[SATYPE_AT] = (uint8_t)v;
		if (ms_pfkey_satype_name(v) == NULL || v == 0)
			assert_int_equal(ask_raw(&r), EINVAL);
	}
	for (unsigned type = 0; type < 256; type++) {
		r = whole;
		r.b[TYPE_AT] = (uint8_t)type;
		if (ms_pfkey_type_name(type) == NULL || type == MS_PFKEY_EXPIRE
			|| type == MS_PFKEY_X_NAT_T_NEW_MAPPING || type == MS_PFKEY_X_MS_DATAGRAM)
			assert_int_equal(ask_raw(&r), EINVAL);
	}
	for (size_t len = 1; len < whole.len; len++) {
		r = whole;
		r.len = len;
		assert_int_equal(ask_raw(&r), len < MS_PFKEY_HEADER_OCTETS ? -1 : EINVAL);
	}
	r = whole;
	r.b[LENGTH_AT]++;
	assert_int_equal(ask_raw(&r), EINVAL);
	/* still there */
	assert_int_equal(ask_raw(&whole), ESRCH);
}

static void test_giant(void **state)
{
	static uint8_t giant[MS_PFKEY_MAX_OCTETS + 800];
	struct ms_pfkey_msg m = pfkey_make_named("DUMP");
	struct raw r;

	(void)state;
	build(&r, &m);
	memcpy(giant, r.b, r.len);
	giant[LENGTH_AT] = 0xff;
	giant[LENGTH_AT + 1] = 0xff;
	pfkey_rig_send(&rig, 0, giant, sizeof giant);
	pfkey_rig_turn(&rig);
	assert_true(pfkey_rig_next(&rig, 0, &m));
	assert_int_equal(m.err, EMSGSIZE);
	assert_int_equal(m.type, MS_PFKEY_DUMP);
}

/* --- meaning ---------------------------------------------------------------------------------- */

static void spi_0xff(struct ms_pfkey_msg *m) { m->sa.spi = 0xff; }
static void larval(struct ms_pfkey_msg *m) { m->sa.state = MS_PFKEY_LARVAL; }
static void dead(struct ms_pfkey_msg *m) { m->sa.state = MS_PFKEY_DEAD; }
static void window_65(struct ms_pfkey_msg *m) { m->sa.replay = 65; }
static void window_4096(struct ms_pfkey_msg *m) { m->x_sa.window = 4096; }
static void window_4097(struct ms_pfkey_msg *m) { m->x_sa.window = 4097; }
static void mast(struct ms_pfkey_msg *m)
{
	m->has |= MS_PFKEY_BIT(X_PLUMBIF_NUM);
	m->plumb = 1;
}
static void no_device(struct ms_pfkey_msg *m)
{
	m->has |= MS_PFKEY_BIT(X_PLUMBIF_NUM);
	m->plumb = 49152 + 63;
}
static void ref_7(struct ms_pfkey_msg *m)
{
	m->has |= MS_PFKEY_BIT(X_SAREF);
	m->saref = (struct ms_pfkey_saref){ 7, 1 };
}
static void ref_large(struct ms_pfkey_msg *m)
{
	m->has |= MS_PFKEY_BIT(X_SAREF);
	m->saref.me = 1u << 31;
}
static void no_auth(struct ms_pfkey_msg *m)
{
	m->sa.auth = 0;
	m->has &= ~MS_PFKEY_BIT(KEY_AUTH);
}
static void no_auth_key(struct ms_pfkey_msg *m) { m->has &= ~MS_PFKEY_BIT(KEY_AUTH); }
static void no_enc_key(struct ms_pfkey_msg *m) { m->has &= ~MS_PFKEY_BIT(KEY_ENCRYPT); }
static void short_auth(struct ms_pfkey_msg *m) { m->key_auth.key.len = 19; }
static void long_auth(struct ms_pfkey_msg *m) { m->key_auth.key.len = 21; }
static void short_enc(struct ms_pfkey_msg *m) { m->key_encrypt.key.len = 15; }
static void long_enc(struct ms_pfkey_msg *m) { m->key_encrypt.key.len = 17; }
static void alg_99(struct ms_pfkey_msg *m) { m->sa.encrypt = 99; }
static void auth_99(struct ms_pfkey_msg *m) { m->sa.auth = 99; }
static void auth_1(struct ms_pfkey_msg *m) { m->sa.auth = 3; }
static void encrypt_12(struct ms_pfkey_msg *m) { m->sa.encrypt = 12; }
static void src_six(struct ms_pfkey_msg *m) { m->src.ep.addr = ms_addr_any(AF_INET6); }
static void natt_1(struct ms_pfkey_msg *m) { m->nat_type = 1; }
static void natt_no_port(struct ms_pfkey_msg *m) { m->nat_dport = 0; }
static void cpi(struct ms_pfkey_msg *m) { m->sa.spi = 0x10000; }
static void range_bent(struct ms_pfkey_msg *m) { m->range.min = m->range.max + 1; }
static void sat_int(struct ms_pfkey_msg *m) { m->satype = MS_PFKEY_SATYPE_INT; }
static void mask_holes(struct ms_pfkey_msg *m) { m->src_mask.ep.addr.b[1] = 0x7f; }
static void port_holes(struct ms_pfkey_msg *m) { m->dst_mask.ep.port = 0xfff0 | 5; }
static void flow_mixed(struct ms_pfkey_msg *m) { m->dst_flow.ep.addr = ms_addr_any(AF_INET6); }
static void shunt_9(struct ms_pfkey_msg *m) { m->sa.spi = 9; }
static void inflow(struct ms_pfkey_msg *m)
{
	m->satype = MS_PFKEY_SATYPE_ESP;
	m->sa.spi = 0x7777;
	m->sa.flags = MS_PFKEY_INFLOW;
}
static void half_two(struct ms_pfkey_msg *m) { m->has &= ~MS_PFKEY_BIT(X_SA2); }
static void other_spi(struct ms_pfkey_msg *m) { m->sa.spi = 0x7777; }
static void other_spi2(struct ms_pfkey_msg *m) { m->sa2.spi = 0x7777; }
static void as_is(struct ms_pfkey_msg *m) { (void)m; }

/* In order: later rows meet what earlier ones left. */
static const struct {
	const char *message;
	void (*bend)(struct ms_pfkey_msg *m);
	int err;
} rows[] = {
	{ "GETSPI", range_bent, EINVAL },
	{ "GETSPI", src_six, EINVAL },
	{ "GETSPI", sat_int, EINVAL },
	{ "GETSPI", as_is, 0 },
	{ "DUMP", sat_int, EINVAL },
	{ "ADD ESP", spi_0xff, EINVAL },
	{ "ADD ESP", larval, EINVAL },
	{ "ADD ESP", dead, EINVAL },
	{ "ADD ESP", window_65, EINVAL },
	{ "ADD ESP", no_auth, EINVAL },
	{ "ADD ESP", no_auth_key, EINVAL },
	{ "ADD ESP", no_enc_key, EINVAL },
	{ "ADD ESP", short_auth, EINVAL },
	{ "ADD ESP", long_auth, EINVAL },
	{ "ADD ESP", short_enc, EINVAL },
	{ "ADD ESP", long_enc, EINVAL },
	{ "ADD ESP", src_six, EINVAL },
	{ "ADD ESP", alg_99, EPROTONOSUPPORT },
	{ "ADD ESP", auth_99, EPROTONOSUPPORT },
	{ "ADD ESP", sat_int, EINVAL },
	{ "UPDATE", as_is, ENOENT },
	{ "DELETE", as_is, ESRCH },
	{ "GET", as_is, ESRCH },
	{ "X_MS_MOVE", as_is, ESRCH },
	{ "ADD ESP", as_is, 0 },
	{ "ADD ESP", as_is, EEXIST },
	{ "GET", as_is, 0 },
	{ "ADD ESP in UDP", natt_1, EPROTONOSUPPORT },
	{ "ADD ESP in UDP", natt_no_port, EPROTONOSUPPORT },
	{ "ADD ESP in UDP", as_is, 0 },
	{ "ADD ESP tunnel", short_enc, EINVAL },
	{ "ADD ESP tunnel", window_4097, EINVAL },
	{ "ADD ESP tunnel", mast, EPROTONOSUPPORT },
	{ "ADD ESP tunnel", no_device, ENODEV },
	{ "ADD ESP tunnel", ref_large, ENOSPC },
	{ "ADD ESP tunnel", window_4096, 0 },
	{ "ADD AH", short_auth, EINVAL },
	{ "ADD AH", encrypt_12, EINVAL },
	{ "ADD AH", no_auth, EINVAL },
	{ "ADD AH", ref_7, 0 },
	{ "ADD COMP", ref_7, EBUSY },
	{ "ADD COMP", cpi, EINVAL },
	{ "ADD COMP", auth_1, EINVAL },
	{ "ADD COMP", alg_99, EPROTONOSUPPORT },
	{ "ADD COMP", as_is, 0 },
	{ "ADD IPIP", auth_1, EINVAL },
	{ "X_GRPSA", as_is, ENOENT },
	{ "ADD IPIP", as_is, 0 },
	{ "X_GRPSA", half_two, EINVAL },
	{ "X_GRPSA", other_spi, ENOENT },
	{ "X_GRPSA", other_spi2, ENOENT },
	{ "X_GRPSA", as_is, 0 },
	{ "X_GRPSA", as_is, EEXIST },
	{ "X_DELFLOW", as_is, ENOENT },
	{ "X_ADDFLOW", mask_holes, EINVAL },
	{ "X_ADDFLOW", flow_mixed, EINVAL },
	{ "X_ADDFLOW", inflow, ENOENT },
	{ "X_ADDFLOW", as_is, 0 },
	{ "X_ADDFLOW", as_is, EEXIST },
	{ "X_ADDFLOW IPv6", port_holes, EINVAL },
	{ "X_ADDFLOW IPv6", shunt_9, EINVAL },
	{ "X_ADDFLOW IPv6", as_is, 0 },
	{ "X_DELFLOW", mask_holes, EINVAL },
	{ "X_DELFLOW", as_is, 0 },
	{ "ACQUIRE", as_is, EPROTONOSUPPORT },
	{ "X_DEBUG", as_is, 0 },
	{ "X_MS_HELLO", as_is, 0 },
	{ "DELETE", as_is, 0 },
	{ "DELETE", as_is, ESRCH },
	{ "FLUSH", as_is, 0 },
	{ "DUMP", as_is, ENOENT },
};

static void test_meaning(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ms_pfkey_msg m = pfkey_make_named(rows[i].message);
		int err;

		rows[i].bend(&m);
		err = ask(&m);
		if (err != rows[i].err)
			fail_msg("row %u, %s: %s, not %s", i, rows[i].message, strerror(err),
				strerror(rows[i].err));
	}
}

/* All eroutes of an SA follow it, once each. */
static void test_move_with_eroutes(void **state)
{
	struct ms_pfkey_msg m = pfkey_make_named("ADD ESP"), f = pfkey_make_named("X_ADDFLOW");

	(void)state;
	assert_int_equal(ask(&m), 0);
	f.satype = MS_PFKEY_SATYPE_ESP;
	for (uint8_t i = 0; i < 4; i++) {
		f.dst_flow.ep.addr.b[1] = i;
		assert_int_equal(ask(&f), 0);
	}
	m = pfkey_make_named("X_MS_MOVE");
	m.dst2.ep.addr.b[3] = 77;
	assert_int_equal(ask(&m), 0);
	assert_int_equal(eroute_count(rig.r.k.eroutes), 4);
	m = pfkey_make_named("GET");
	assert_int_equal(ask(&m), ESRCH);
	m.dst.ep.addr.b[3] = 77;
	assert_int_equal(ask(&m), 0);
}

/* A range of one SPI that is taken. */
static void test_no_spi_left(void **state)
{
	struct ms_pfkey_msg m = pfkey_make_named("GETSPI");

	(void)state;
	m.range.min = m.range.max = 0x400;
	assert_int_equal(ask(&m), 0);
	m = pfkey_make_named("GETSPI");
	m.range.min = m.range.max = 0x400;
	assert_int_equal(ask(&m), EEXIST);
	/* UPDATE makes it one that works, once */
	m = pfkey_make_named("UPDATE");
	m.sa.spi = 0x400;
	assert_int_equal(ask(&m), 0);
	assert_int_equal(ask(&m), EEXIST);
}

/* --- who hears what --------------------------------------------------------------------------- */

static unsigned heard(unsigned client, uint8_t type)
{
	struct ms_pfkey_msg m;
	unsigned n = 0;

	while (pfkey_rig_next(&rig, client, &m))
		n += m.type == type;
	return n;
}

static void test_broadcast(void **state)
{
	struct ms_pfkey_msg m = pfkey_make_named("ADD ESP"), a;

	(void)state;
	pfkey_rig_say(&rig, 0, &m);
	for (unsigned i = 0; i < PFKEY_RIG_CLIENTS; i++) {
		assert_true(pfkey_rig_next(&rig, i, &a));
		assert_int_equal(a.type, MS_PFKEY_ADD);
		assert_int_equal(a.seq, m.seq);
		assert_int_equal(a.pid, 4711);
		/* RFC 2367 s3.1.3: without the keys */
		assert_int_equal(a.has & (MS_PFKEY_BIT(KEY_AUTH) | MS_PFKEY_BIT(KEY_ENCRYPT)), 0);
		assert_false(pfkey_rig_receive(&rig, i));
	}
	pfkey_rig_say(&rig, 0, &m); /* refused: to the asker only */
	assert_int_equal(heard(0, MS_PFKEY_ADD), 1);
	assert_int_equal(heard(1, MS_PFKEY_ADD), 0);
	m = pfkey_make_named("GET");
	pfkey_rig_say(&rig, 1, &m);
	assert_int_equal(heard(1, MS_PFKEY_GET), 1);
	assert_int_equal(heard(0, MS_PFKEY_GET), 0);
	m = pfkey_make_named("REGISTER");
	pfkey_rig_say(&rig, 2, &m);
	assert_int_equal(heard(2, MS_PFKEY_REGISTER), 1);
	m = pfkey_make_named("ACQUIRE");
	pfkey_rig_say(&rig, 0, &m);
	assert_int_equal(heard(0, MS_PFKEY_ACQUIRE), 1); /* the answer */
	assert_int_equal(heard(1, MS_PFKEY_ACQUIRE), 0);
	assert_int_equal(heard(2, MS_PFKEY_ACQUIRE), 1); /* who is registered */
	m.satype = MS_PFKEY_SATYPE_AH;
	assert_int_equal(ask(&m), EPROTONOSUPPORT);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

static void test_promiscuous(void **state)
{
	struct ms_pfkey_msg m = pfkey_make_named("X_PROMISC"), a, inner;
	struct raw r;

	(void)state;
	pfkey_rig_say(&rig, 2, &m);
	assert_true(pfkey_rig_next(&rig, 2, &a));
	assert_int_equal(a.err, 0);
	m = pfkey_make_named("ADD ESP");
	m.sa.spi = 0x2222;
	pfkey_rig_say(&rig, 0, &m);
	/* the question, its keys blank, then the answer that all get */
	assert_true(pfkey_rig_next(&rig, 2, &a));
	assert_int_equal(a.type, MS_PFKEY_X_PROMISC);
	assert_int_equal(ms_pfkey_parse(&inner, a.data.ptr, a.data.len, MS_PFKEY_DOWN, NULL), MS_OK);
	assert_int_equal(inner.type, MS_PFKEY_ADD);
	assert_int_equal(inner.sa.spi, 0x2222);
	assert_int_equal(inner.key_encrypt.key.len, 16);
	assert_true(all_zero(inner.key_encrypt.key.ptr, 16) && all_zero(inner.key_auth.key.ptr, 20));
	assert_true(pfkey_rig_next(&rig, 2, &a));
	assert_int_equal(a.type, MS_PFKEY_ADD);
	/* an answer that is not for all, and one to nonsense */
	m = pfkey_make_named("GET");
	pfkey_rig_say(&rig, 1, &m);
	assert_int_equal(heard(2, MS_PFKEY_X_PROMISC), 2);
	build(&r, &m);
	r.b[0] = 9;
	pfkey_rig_send(&rig, 1, r.b, r.len);
	pfkey_rig_turn(&rig);
	assert_int_equal(heard(2, MS_PFKEY_X_PROMISC), 2);
	m = pfkey_make_named("X_PROMISC");
	m.satype = 0;
	pfkey_rig_say(&rig, 2, &m);
	pfkey_rig_drain(&rig);
	m = pfkey_make_named("GET");
	pfkey_rig_say(&rig, 1, &m);
	assert_false(pfkey_rig_receive(&rig, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_form_of_extensions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_form_of_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_giant, setup, teardown),
		cmocka_unit_test_setup_teardown(test_meaning, setup, teardown),
		cmocka_unit_test_setup_teardown(test_move_with_eroutes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_spi_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broadcast, setup, teardown),
		cmocka_unit_test_setup_teardown(test_promiscuous, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
