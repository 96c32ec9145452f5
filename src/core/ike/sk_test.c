/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encrypted payloads that a peer with all keys makes wrongly, by an AEAD and by a cipher with a MAC: the MAC
 * is right each time, so that only a look at the inside refuses them.
 */
#include "core/sim/tape_test.h"

/* Message 3 with this text inside SK, pad length and all, and `more` octets that are not encrypted. */
static void say_text(struct pair *p, const struct record *r, const uint8_t *text, size_t len, size_t more)
{
	struct ike_sa *w = ike_first(p->west->ike);
	unsigned iv = w->encr->iv_octets;
	unsigned icv = w->integ ? w->integ->icv_octets : w->encr->icv_octets;
	size_t body = IKE_HEADER_OCTETS + 4, total = body + iv + len + more + icv;
	uint8_t octets[1024] = { 0 };
	struct wire_writer head = wire_writer(octets + 24, 8);
	struct ms_encr_job e = { .iv = octets + body, .data = octets + body + iv,
		.data_len = (uint32_t)len, .aad = octets, .aad_len = (uint32_t)body,
		.icv = octets + total - icv };
	struct ms_integ_job m = { .data = octets, .data_len = (uint32_t)(total - icv),
		.icv = octets + total - icv };
	void *ctx;

	assert_true(total <= sizeof(octets));
	memcpy(octets, r->octets, 24);
	octets[16] = IKE_P_SK;
	wire_put_uint(&head, total, 4);
	wire_put_uint(&head, (size_t)IKE_P_VENDOR << 24 | (total - IKE_HEADER_OCTETS), 4);
	memcpy(e.data, text, len);
	memset(octets + body, 0x77, iv);
	assert_int_equal(w->encr->ctx_new(w->encr, &ctx, ike_key(w, IKE_SK_EI).ptr), MS_OK);
	w->encr->seal(ctx, &e, 1);
	w->encr->ctx_free(&ctx);
	assert_true(e.ok);
	if (w->integ) {
		assert_int_equal(w->integ->ctx_new(w->integ, &ctx, ike_key(w, IKE_SK_AI).ptr), MS_OK);
		w->integ->mac(ctx, &m, 1);
		w->integ->ctx_free(&ctx);
		assert_true(m.ok);
	}
	say(p, r, octets, total);
}

static void test_inside(void **state)
{
	/* IKE_AUTH with nothing but a Vendor ID of no octets is refused, and that is the end of it. */
	static const struct {
		uint8_t text[16]; /* the last one: how much padding there is */
		size_t more;
		bool opened;
	} rows[] = {
		{ { 0, 0, 0, 4, [15] = 11 }, 0, true },
		{ { 0, 0, 0, 15, [15] = 0 }, 0, true },
		{ { 0, 0, 0, 4, [15] = 15 }, 0, true }, /* all of it is padding */
		{ { 0, 0, 0, 4, [15] = 16 }, 0, false },
		{ { 0, 0, 0, 4, [15] = 255 }, 0, false },
		{ { 0, 0, 0, 4, [15] = 11 }, 1, false }, /* no number of blocks */
		{ { 0, 0, 0, 4, [15] = 11 }, 15, false },
	};
	static const char *const suites[] = { "aes_gcm128-sha2_256-x25519",
		"aes128-sha2_256-x25519" };

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_words w = plain;
		struct tape t;
		struct pair p;

		if (i % 2 == 0 && rows[i / 2].more > 0)
			continue; /* an AEAD covers all */
		w.ike = suites[i % 2];
		p = paused_with(&w, &t, 3);
		say_text(&p, &t.r[3], rows[i / 2].text, 16, rows[i / 2].more);
		if (sim_states(p.east) != !rows[i / 2].opened ||
			ike_counter(p.east->ike, IKE_C_DROP_INTEGRITY) != !rows[i / 2].opened)
			fail_msg("row %u of %s", i / 2, w.ike);
		t.stop_before = 0;
		settle(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
