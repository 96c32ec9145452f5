/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of exchanges by their structure: the input describes messages payload by payload, and
 * they are made with right lengths, checksums and encryption, so that what is behind the parsers is
 * reached in every state: IKE_AUTH, CREATE_CHILD_SA and INFORMATIONAL with proposals, selectors, CP,
 * deletes and all notifies that mean something.
 *
 *   octet 0: datagrams of the handshake that passed (0..8); bit 7: answers of the host come later
 *   octet 1: bits 0-3: compress, mobike, CP, transport mode
 *   then messages: kind, exchange, number of payloads, and each payload: its maker, its choices
 *   kind bit 0: who hears it; bit 1: it is the answer to the outstanding request; bits 2-3: time that
 *   passes first; bits 4-5: message id added to the expected one
 *
 * Nothing may crash, leak, hang, or be left in a kernel when both sides are shut down.
 */
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"
#include "core/sim/fuzz_pair.h"
#include "fuzz/fuzz.h"

extern const unsigned long fuzz_runs;
const unsigned long fuzz_runs = 6000;

struct text {
	struct wire_reader r;
	struct ike_sa *to;
	const struct sim_node *n;
};

/* 0 after the end. */
static unsigned octet(struct text *t)
{
	return wire_left(&t->r) > 0 ? wire_u8(&t->r) : 0;
}

static struct ms_bytes some(struct text *t, size_t len)
{
	size_t left = wire_left(&t->r);

	return wire_take(&t->r, len < left ? len : left);
}

/* An SPI that means something to `to`: of its CHILD SAs, either half, or none. */
static uint32_t an_spi(struct text *t)
{
	unsigned how = octet(t), skip = how >> 2 & 3;
	const struct child_sa *c = t->to->children;

	while (c && c->next && skip-- > 0)
		c = c->next;
	if (!c || (how & 3) == 3)
		return how * 0x01010101u;
	return (how & 3) == 1 ? c->spi_in : c->spi_out;
}

/* --- makers of payloads --- */

static void make_sa(struct text *t, struct ike_out *out)
{
	static const struct ms_transform pool[] = { { MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, 128 },
		{ MS_TRANSFORM_ENCR, MS_ENCR_AES_CBC, 128 },
		{ MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_256_128, 0 },
		{ MS_TRANSFORM_KE, MS_KE_X25519, 0 }, { MS_TRANSFORM_KE, MS_KE_NONE, 0 },
		{ MS_TRANSFORM_ESN, 0, 0 }, { MS_TRANSFORM_ESN, 1, 0 },
		{ MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_256, 0 }, { 6, 31, 0 }, { 77, 1, 0 } };
	struct ms_proposals p = { .n = (uint8_t)(1 + octet(t) % 3) };
	unsigned how = octet(t);
	uint8_t spi[8];
	struct wire_writer w = wire_writer(spi, sizeof(spi));

	for (unsigned i = 0; i < p.n; i++) {
		unsigned set = octet(t) | octet(t) << 8;

		p.p[i].protocol = how & 1 ? MS_PROTOCOL_IKE : MS_PROTOCOL_ESP;
		for (unsigned k = 0; k < sizeof(pool) / sizeof(pool[0]); k++)
			if (set >> k & 1)
				p.p[i].t[p.p[i].n++] = pool[k];
	}
	wire_put_u32(&w, how & 2 ? an_spi(t) : 0x11223344);
	if (how & 4)
		wire_put_u32(&w, 0x55667788);
	ike_put_proposals(out, &p, wire_result(&w));
}

static void make_ke(struct text *t, struct ike_out *out)
{
	static const uint16_t groups[] = { MS_KE_X25519, MS_KE_X25519, MS_KE_ECP256, 0, 999 };
	static const uint8_t filler[64] = { 9 };
	struct ike_ke_payload ke = { groups[octet(t) % 5], ms_bytes(filler, 32) };
	unsigned len = octet(t);

	if (len & 0x80)
		ke.data.len = len & 0x3f;
	ike_out_put(out, IKE_P_KE, &ke);
}

static void make_nonce(struct text *t, struct ike_out *out)
{
	static const uint8_t filler[256] = { 1, 2, 3 };
	unsigned len = octet(t);
	struct ike_data_payload n = { ms_bytes(filler, len & 0x80 ? len & 0x7f : 32) };

	ike_out_put(out, IKE_P_NONCE, &n);
}

/* Notifies with a body as they should have it, or with any other. */
static void make_notify(struct text *t, struct ike_out *out)
{
#define NUMBER(value, name) value,
	static const uint16_t types[] = { IKE_NOTIFIES(NUMBER) };
#undef NUMBER
	uint8_t spi[4], data[64];
	struct wire_writer s = wire_writer(spi, sizeof(spi)), d = wire_writer(data, sizeof(data));
	struct ike_notify_payload n = { .type = types[octet(t) % (sizeof(types) / sizeof(types[0]))] };
	unsigned how = octet(t);

	if (how & 1 || n.type == IKE_N_REKEY_SA) {
		n.protocol = how & 2 ? MS_PROTOCOL_IKE : MS_PROTOCOL_ESP;
		n.spi_octets = 4;
		wire_put_u32(&s, an_spi(t));
	}
	if (how & 4) {
		wire_put(&d, some(t, how >> 3));
	} else if (n.type == IKE_N_ADDITIONAL_IP4_ADDRESS) {
		wire_put_u32(&d, 0xc0010200 + octet(t));
	} else if (n.type == IKE_N_ADDITIONAL_IP6_ADDRESS) {
		wire_put_uint(&d, 0x20010db8, 8);
		wire_put_uint(&d, octet(t), 8);
	} else if (n.type == IKE_N_IPCOMP_SUPPORTED) {
		wire_put_u16(&d, (uint16_t)(octet(t) << 8 | 1));
		wire_put_u8(&d, 2);
	} else if (n.type == IKE_N_INVALID_KE_PAYLOAD) {
		wire_put_u16(&d, how & 8 ? MS_KE_X25519 : MS_KE_ECP256);
	} else if (n.type >= IKE_N_NAT_DETECTION_SOURCE_IP && n.type <= IKE_N_COOKIE) {
		for (unsigned i = 0; i < 20; i++)
			wire_put_u8(&d, (uint8_t)(how + i));
	}
	n.spi = wire_result(&s);
	n.data = wire_result(&d);
	ike_out_put(out, IKE_P_NOTIFY, &n);
}

static void make_delete(struct text *t, struct ike_out *out)
{
	uint8_t spis[64];
	struct wire_writer w = wire_writer(spis, sizeof(spis));
	unsigned how = octet(t);
	struct ike_delete_payload d = { .protocol = MS_PROTOCOL_IKE };

	if (how & 0x0f) {
		d.protocol = how & 0x10 ? MS_PROTOCOL_AH : MS_PROTOCOL_ESP;
		d.spi_octets = 4;
		d.n = how & 0x0f;
		for (unsigned i = 0; i < d.n; i++)
			wire_put_u32(&w, an_spi(t));
	}
	d.spis = wire_result(&w);
	ike_out_put(out, IKE_P_DELETE, &d);
}

static struct ms_selector selector(struct text *t)
{
	static const char *const nets[] = { "192.0.1.0/24", "192.0.2.0/24", "0.0.0.0/0", "192.1.2.45/32",
		"192.1.2.23/32", "10.99.0.1/32", "2001:db8::/32", "::/0" };
	unsigned how = octet(t);
	const char *text = nets[how & 7];
	struct ms_subnet net;
	struct ms_selector s;

	MUST(ms_subnet_parse(&net, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL) == MS_OK);
	s = ms_selector_of_subnet(&net);
	if (how & 0x10)
		s.protocol = 17;
	if (how & 0x20) {
		s.port_first = (uint16_t)(how & 0x40 ? 65535 : 1701);
		s.port_last = (uint16_t)(how & 0x40 ? 0 : 1701);
	}
	return s;
}

static void make_ts(struct text *t, struct ike_out *out, unsigned type)
{
	struct ms_selector s[20];
	unsigned n = octet(t) % 20;

	for (unsigned i = 0; i < n; i++)
		s[i] = selector(t);
	ike_put_ts(out, type, s, n);
}

static void make_tsi(struct text *t, struct ike_out *out)
{
	make_ts(t, out, IKE_P_TSI);
}

static void make_tsr(struct text *t, struct ike_out *out)
{
	make_ts(t, out, IKE_P_TSR);
}

static void make_cp(struct text *t, struct ike_out *out)
{
	static const uint8_t types[] = { IKE_CFG_IP4_ADDRESS, IKE_CFG_IP4_DNS, IKE_CFG_IP6_ADDRESS,
		IKE_CFG_IP6_DNS, IKE_CFG_IP4_SUBNET, IKE_CFG_IP6_SUBNET, IKE_CFG_DNS_DOMAIN, 200 };
	struct ike_cp_payload cp = { .type = octet(t) % 6 };
	unsigned n = octet(t) % 10;

	ike_out_put(out, IKE_P_CP, &cp);
	for (unsigned i = 0; i < n; i++) {
		unsigned how = octet(t);
		struct ms_bytes value = some(t, how >> 3);

		wire_put_u16(&out->w, types[how & 7]);
		wire_put_u16(&out->w, (uint16_t)value.len);
		wire_put(&out->w, value);
	}
}

static void make_id(struct text *t, struct ike_out *out)
{
	static const char *const names[] = { "west", "east", "", "nobody" };
	unsigned how = octet(t);
	const char *name = names[how >> 1 & 3];
	struct ike_id_payload id = { how & 8 ? how >> 4 : MS_ID_FQDN, ms_bytes(name, strlen(name)) };

	ike_out_put(out, how & 1 ? IKE_P_IDR : IKE_P_IDI, &id);
}

static void make_auth(struct text *t, struct ike_out *out)
{
	unsigned how = octet(t);
	struct ike_auth_payload a = { how & 0x0f, some(t, how >> 4 ? 32 : 0) };

	ike_out_put(out, IKE_P_AUTH, &a);
}

static void make_cert(struct text *t, struct ike_out *out)
{
	unsigned how = octet(t);
	struct ike_cert_payload c = { how & 4 ? 4 : how, some(t, how >> 3) };

	ike_out_put(out, how & 1 ? IKE_P_CERTREQ : IKE_P_CERT, &c);
}

/* Any other type, also one that is not known, with its critical bit. */
static void make_other(struct text *t, struct ike_out *out)
{
	unsigned type = octet(t), how = octet(t);

	ike_out_open(out, type ? type : IKE_P_VENDOR);
	if (how & 1)
		wire_patch_uint(&out->w, out->payload_at + 1, 0x80, 1);
	wire_put(&out->w, some(t, how >> 2));
}

static void (*const makers[])(struct text *t, struct ike_out *out) = { make_notify, make_notify, make_sa,
	make_ke, make_nonce, make_tsi, make_tsr, make_delete, make_cp, make_id, make_auth, make_cert,
	make_other };

enum { M_NOTIFY, M_NOTIFY2, M_SA, M_KE, M_NONCE, M_TSI, M_TSR, M_DELETE, M_CP, M_ID };

/* --- messages --- */

static void message(struct sim *s, struct text *t)
{
	static const uint8_t exchanges[] = { IKE_X_IKE_AUTH, IKE_X_CREATE_CHILD_SA,
		IKE_X_INFORMATIONAL, IKE_X_IKE_SA_INIT, IKE_X_IKE_INTERMEDIATE };
	static const uint16_t pauses[] = { 0, 300, 3000, 40000 };
	unsigned kind = octet(t), count;
	struct ike_header h = { .version = IKE_VERSION_2, .exchange = exchanges[octet(t) % 5] };
	struct sim_node *o = s->nodes[!(kind & 1)];
	struct ms_endpoint src = { o->addr, 500 }, dst;
	static uint8_t buf[IKE_MAX_DATAGRAM];
	struct ike_out out;

	count = octet(t) & 0x0f;
	sim_run(s, pauses[kind >> 2 & 3]);
	t->n = s->nodes[kind & 1];
	t->to = ike_first(t->n->ike);
	if (!t->to || !t->to->encr || !t->to->keys.ptr)
		return;
	dst = (struct ms_endpoint){ t->n->addr, 500 };
	fuzz_header(t->to, kind & 2, kind >> 4 & 3, &h);
	ike_out_begin(&out, buf, sizeof(buf), &h);
	ike_out_sk(&out, t->to->encr->iv_octets);
	for (unsigned i = 0; i < count; i++)
		makers[octet(t) % (sizeof(makers) / sizeof(makers[0]))](t, &out);
	ike_out_close(&out);
	if (fuzz_seal(t->to, &out) == MS_OK)
		sim_say(s, &src, &dst, wire_result(&out.w));
	sim_run(s, 2);
}

static unsigned features;

static void configure(struct ms_conn_desc *d)
{
	d->compress = features & 1;
	d->mobike = features & 2;
	if (features & 4) {
		d->left.modecfgclient = true;
		d->left.addresspool = strdup("10.99.0.1-10.99.0.250");
	}
	if (features & 8)
		d->type = MS_TYPE_TRANSPORT;
}

/* A further CHILD SA, a rekeying, an IKE rekeying, MOBIKE's update, a delete, refusals. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	static const uint8_t seeds[][48] = {
		{ 4, 1, 1, 1, 6, M_SA, 0, 2, 0x29, 0, 0x10, M_KE, 0, 0, M_NONCE, 0, M_NOTIFY, 25, 0, 0x20,
			M_TSI, 1, 0, M_TSR, 1, 1 },
		{ 4, 0, 1, 1, 6, M_NOTIFY, 31, 0, 0, M_SA, 0, 0, 0x29, 0, M_KE, 0, 0, M_NONCE, 0, M_TSI, 1, 0,
			M_TSR, 1, 1 },
		{ 4, 0, 1, 1, 3, M_SA, 0, 5, 0x89, 0, M_NONCE, 0, M_KE, 0, 0 },
		{ 4, 2, 1, 2, 3, M_NOTIFY, 38, 0, M_NOTIFY, 35, 0, 7, M_NOTIFY, 26, 0 },
		{ 4, 2, 0, 2, 2, M_NOTIFY, 35, 0, 24, M_NOTIFY, 37, 0 },
		{ 4, 0, 1, 2, 1, M_DELETE, 1, 1 },
		{ 4, 4, 1, 2, 1, M_CP, 1, 2, 0, 4 },
		{ 2, 5, 1, 0, 6, M_ID, 0, 10, 0x12, M_CP, 1, 1, 0, M_SA, 0, 0, 0x21, 0, M_TSI, 1, 2, M_TSR, 1,
			1 },
	};

	if (i >= sizeof(seeds) / sizeof(seeds[0]) || cap < sizeof(seeds[0]))
		return 0;
	memcpy(out, seeds[i], sizeof(seeds[0]));
	return sizeof(seeds[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = { .r = wire_reader(ms_bytes(data, size)) };
	static const struct ike_params params = { .unique_ids = true };
	struct sim_words words = { .name = "w", .left = "192.1.2.45", .right = "192.1.2.23",
		.leftid = "@west", .rightid = "@east", .ike = "aes_gcm128-sha2_256-x25519",
		.esp = "aes_gcm128,aes128-sha2_256", .pfs = true, .more = configure };
	unsigned how = octet(&t), passed = (how & 0x7f) % 9;
	struct sim *s;

	features = octet(&t);
	if (!(features & 8)) {
		words.leftsubnet = features & 4 ? NULL : "192.0.1.0/24";
		words.rightsubnet = "192.0.2.0/24";
	}
	words.type = features & 8 ? MS_TYPE_TRANSPORT : MS_TYPE_TUNNEL;
	s = fuzz_pair(&words, &params, size, how >> 7, &passed);
	for (unsigned i = 0; i < 16 && wire_left(&t.r) > 0; i++)
		message(s, &t);
	fuzz_end(s);
	return 0;
}
