/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of whole messages in every state, with valid encryption: the input is a list of steps
 * against a pair of engines.
 *
 *   octet 0: how far the handshake has come (number of datagrams that passed, 0..6); bit 7: answers
 *            of the host come later
 *   then steps: kind, exchange, flags, first payload, length (2 octets), body
 *   kind bit 0: who hears it; bit 1: protected with the right keys; bit 2: as the answer to the
 *   outstanding request; bit 3: time passes first; bits 4-5: message id added to the expected one;
 *   bit 6, when protected: as a fragment, with number and total from the flags octet's halves
 *   (0xf: 65535)
 *
 * Nothing may crash, leak, hang, or be left in a kernel when both sides are shut down.
 */
#include "core/sim/fuzz_pair.h"
#include "fuzz/fuzz.h"

static const struct sim_words words = {
	.name = "w",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.2.0/24",
	.leftid = "@west",
	.rightid = "@east",
	.ike = "aes_gcm128-sha2_256-x25519",
	.esp = "aes_gcm128,aes128-sha2_256",
	.pfs = true,
};

static void open_sk(
	struct ike_out *out, unsigned iv, uint8_t kind, uint8_t flags, uint8_t first)
{
	unsigned number = flags >> 4, total = flags & 0xf;

	if (kind & 64) {
		ike_out_skf(out, iv, number == 15 ? 65535 : number, total == 15 ? 65535 : total, 0);
	} else {
		ike_out_sk(out, iv);
	}
	wire_patch_uint(&out->w, out->sk_at, first, 1);
}

static void step(struct sim *s, struct wire_reader *r)
{
	uint8_t kind = wire_u8(r), exchange = wire_u8(r), flags = wire_u8(r), first = wire_u8(r);
	struct ms_bytes body = wire_take(r, wire_u16(r));
	struct sim_node *n = s->nodes[kind & 1], *o = s->nodes[!(kind & 1)];
	struct ike_header h = { .next = first,
		.version = IKE_VERSION_2,
		.exchange = exchange,
		.flags = kind & 64 ? 0 : flags & ~(uint32_t)(IKE_F_RESPONSE | IKE_F_INITIATOR) };
	struct ike_sa *to = ike_first(n->ike);
	struct ms_endpoint src = { o->addr, 500 }, dst = { n->addr, 500 };
	static uint8_t buf[IKE_MAX_DATAGRAM];
	struct ike_out out;
	struct ms_bytes datagram;

	if (!wire_ok(r))
		return;
	if (kind & 8)
		sim_run(s, 300);
	if (to && (exchange != IKE_X_IKE_SA_INIT || kind & 4))
		fuzz_header(to, kind & 4, kind >> 4 & 3, &h);
	else
		memcpy(h.spi_i, "initiato", 8), h.flags |= IKE_F_INITIATOR;
	ike_out_begin(&out, buf, sizeof(buf), &h);
	if (kind & 2 && to && to->encr && to->keys.ptr) {
		open_sk(&out, to->encr->iv_octets, kind, flags, first);
		wire_put(&out.w, body);
		if (fuzz_seal(to, &out))
			return;
		datagram = wire_result(&out.w);
	} else {
		wire_put(&out.w, body);
		datagram = ike_out_finish(&out);
	}
	sim_say(s, &src, &dst, datagram);
	sim_run(s, 2);
}

/* After the handshake and before IKE_AUTH: a liveness check whole, in two pieces, in two pieces the
 * second first and doubled; then the pieces cut anew, more than before. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	static const uint8_t kinds[][5] = { { 2 }, { 66, 66 }, { 66, 66, 66 },
		{ 66, 66, 66, 66, 66 } };
	static const uint8_t flags[][5] = { { 0 }, { 0x12, 0x22 }, { 0x22, 0x22, 0x12 },
		{ 0x12, 0x13, 0x22, 0x23, 0x33 } };
	struct wire_writer w = wire_writer(out, cap);

	if (i >= 8)
		return 0;
	wire_put_u8(&w, i < 4 ? 4 : 2);
	for (unsigned k = 0; k < 5 && kinds[i % 4][k]; k++) {
		/* an empty vendor id, cut after each of its octets */
		static const uint8_t vendor[4] = { 0, 0, 0, 4 };
		bool first = flags[i % 4][k] >> 4 <= 1, whole = flags[i % 4][k] == 0;

		wire_put_u8(&w, kinds[i % 4][k] | 1);
		wire_put_u8(&w, i < 4 ? IKE_X_INFORMATIONAL : IKE_X_IKE_AUTH);
		wire_put_u8(&w, flags[i % 4][k]);
		wire_put_u8(&w, first ? IKE_P_VENDOR : 0);
		wire_put_u16(&w, whole ? 4 : 2);
		wire_put(&w, ms_bytes(vendor + (first ? 0 : 2), whole ? 4 : 2));
	}
	return wire_result(&w).len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_reader r = wire_reader(ms_bytes(data, size));
	uint8_t how = wire_u8(&r);
	unsigned passed = (how & 0x7f) % 7;
	struct sim *s = fuzz_pair(&words, NULL, size, how >> 7, &passed);

	for (unsigned i = 0; i < 16 && wire_left(&r) > 0; i++)
		step(s, &r);
	fuzz_end(s);
	return 0;
}
