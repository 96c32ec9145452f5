/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/pfkey_make.h"

#include <modswan/crypto.h>

#include <stdlib.h>
#include <string.h>

enum { AUTH_SHA1 = 3, REPLAY = 32, CALG_DEFLATE = 2, IFNUM_IPSEC0 = 49152 };

static const uint8_t keys[64] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static uint8_t combs[MS_PFKEY_COMB_OCTETS];

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	if (ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL) != MS_OK)
		abort();
	return a;
}

static void put_addr(struct ms_pfkey_msg *m, uint64_t bit, struct ms_pfkey_addr *to, const char *text)
{
	struct ms_addr a = addr(text);

	ms_pfkey_addr_set(to, &a, 0);
	m->has |= bit;
}

static void put_ends(struct ms_pfkey_msg *m)
{
	put_addr(m, MS_PFKEY_BIT(ADDRESS_SRC), &m->src, "192.0.2.9");
	put_addr(m, MS_PFKEY_BIT(ADDRESS_DST), &m->dst, "192.0.2.1");
}

static void put_sa(struct ms_pfkey_msg *m, uint8_t satype, uint32_t spi)
{
	m->satype = satype;
	m->has |= MS_PFKEY_BIT(SA);
	m->sa.spi = spi;
	m->sa.state = MS_PFKEY_MATURE;
}

static void put_key(struct ms_pfkey_msg *m, bool auth, size_t octets)
{
	struct ms_pfkey_key *k = auth ? &m->key_auth : &m->key_encrypt;

	m->has |= auth ? MS_PFKEY_BIT(KEY_AUTH) : MS_PFKEY_BIT(KEY_ENCRYPT);
	k->bits = (uint16_t)(octets * 8);
	k->key = ms_bytes(keys, octets);
}

static void put_flow(struct ms_pfkey_msg *m, bool six)
{
	put_addr(m, MS_PFKEY_BIT(X_ADDRESS_SRC_FLOW), &m->src_flow, six ? "fd01::" : "10.1.0.0");
	put_addr(m, MS_PFKEY_BIT(X_ADDRESS_DST_FLOW), &m->dst_flow, six ? "fd02::" : "10.2.0.0");
	put_addr(m, MS_PFKEY_BIT(X_ADDRESS_SRC_MASK), &m->src_mask,
		six ? "ffff:ffff::" : "255.255.255.0");
	put_addr(m, MS_PFKEY_BIT(X_ADDRESS_DST_MASK), &m->dst_mask,
		six ? "ffff:ffff::" : "255.255.255.0");
}

/* --- one of each ------------------------------------------------------------------------------ */

static void getspi(struct ms_pfkey_msg *m)
{
	m->satype = MS_PFKEY_SATYPE_ESP;
	put_ends(m);
	m->has |= MS_PFKEY_BIT(SPIRANGE);
	m->range = (struct ms_pfkey_spirange){ 0x100, 0xffff };
}

static void add_esp(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_ESP, 0x1000);
	put_ends(m);
	m->sa.encrypt = MS_ENCR_AES_CBC;
	m->sa.auth = AUTH_SHA1;
	m->sa.replay = REPLAY;
	put_key(m, false, 16);
	put_key(m, true, 20);
	m->has |= MS_PFKEY_BIT(LIFETIME_HARD) | MS_PFKEY_BIT(LIFETIME_SOFT);
	m->life[MS_PFKEY_LIFE_HARD].octets = 1000000;
	m->life[MS_PFKEY_LIFE_SOFT].addtime = 3600;
}

static void add_udp(struct ms_pfkey_msg *m)
{
	add_esp(m);
	m->sa.spi = 0x1001;
	m->has |= MS_PFKEY_BIT(X_NAT_T_TYPE) | MS_PFKEY_BIT(X_NAT_T_SPORT)
		| MS_PFKEY_BIT(X_NAT_T_DPORT);
	m->nat_type = 2;
	m->nat_sport = 4500;
	m->nat_dport = 40000;
}

/* Ours: with its tunnel, and what may come out of it. */
static void add_tunnel(struct ms_pfkey_msg *m)
{
	struct ms_addr in = addr("10.9.0.1");
	struct ms_subnet net = ms_subnet_make(&in, 24);

	add_esp(m);
	m->sa.spi = 0x1002;
	m->has |= MS_PFKEY_BIT(X_SATYPE2) | MS_PFKEY_BIT(X_SA2) | MS_PFKEY_BIT(X_MS_SA)
		| MS_PFKEY_BIT(X_MS_SEL_SRC) | MS_PFKEY_BIT(X_MS_SEL_DST);
	put_addr(m, MS_PFKEY_BIT(X_ADDRESS_DST2), &m->dst2, "192.0.2.1");
	m->satype2 = MS_PFKEY_SATYPE_IPIP;
	m->x_sa.encr = MS_ENCR_AES_CBC;
	m->x_sa.integ = MS_INTEG_HMAC_SHA1_96;
	m->x_sa.window = 1024;
	m->x_sa.flags = MS_PFKEY_X_INBOUND;
	m->sel_src = m->sel_dst = ms_selector_of_subnet(&net);
}

/* With its reference and device. */
static void add_ah(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_AH, 0x1000);
	m->has |= MS_PFKEY_BIT(X_SAREF) | MS_PFKEY_BIT(X_PLUMBIF_NUM);
	m->saref = (struct ms_pfkey_saref){ 5, 3 };
	m->plumb = IFNUM_IPSEC0;
	put_ends(m);
	m->sa.auth = AUTH_SHA1;
	put_key(m, true, 20);
}

static void add_comp(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_COMP, 0x1000);
	put_ends(m);
	m->sa.encrypt = CALG_DEFLATE;
}

static void add_ipip(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_IPIP, 0x1000);
	put_ends(m);
}

static void update(struct ms_pfkey_msg *m)
{
	add_esp(m);
	m->sa.spi = 0x1003;
}

static void one_sa(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_ESP, 0x1000);
	put_ends(m);
}

static void acquire(struct ms_pfkey_msg *m)
{
	const struct ms_pfkey_comb c = { .auth = AUTH_SHA1, .encrypt = MS_ENCR_AES_CBC };

	m->satype = MS_PFKEY_SATYPE_ESP;
	put_ends(m);
	ms_pfkey_comb_put(combs, &c);
	m->combs = ms_bytes(combs, sizeof combs);
	m->has |= MS_PFKEY_BIT(PROPOSAL);
}

static void satype_esp(struct ms_pfkey_msg *m)
{
	m->satype = MS_PFKEY_SATYPE_ESP;
}

static void nothing(struct ms_pfkey_msg *m)
{
	(void)m;
}

static void promisc(struct ms_pfkey_msg *m)
{
	m->satype = 1;
}

static void grpsa(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_IPIP, 0x1000);
	put_addr(m, MS_PFKEY_BIT(ADDRESS_DST), &m->dst, "192.0.2.1");
	m->has |= MS_PFKEY_BIT(X_SATYPE2) | MS_PFKEY_BIT(X_SA2);
	put_addr(m, MS_PFKEY_BIT(X_ADDRESS_DST2), &m->dst2, "192.0.2.1");
	m->satype2 = MS_PFKEY_SATYPE_ESP;
	m->sa2.spi = 0x1000;
}

static void addflow(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_IPIP, 0x1000);
	put_addr(m, MS_PFKEY_BIT(ADDRESS_DST), &m->dst, "192.0.2.1");
	put_flow(m, false);
	m->has |= MS_PFKEY_BIT(IDENTITY_SRC);
	m->id_src.type = 4;
	m->id_src.text = ms_bytes("@west", 5);
}

static void addflow6(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_INT, MS_SPI_TRAP);
	put_addr(m, MS_PFKEY_BIT(ADDRESS_DST), &m->dst, "::");
	put_flow(m, true);
	m->has |= MS_PFKEY_BIT(X_PROTOCOL);
	m->protocol.proto = 6;
	m->dst_flow.ep.port = 25;
	m->dst_mask.ep.port = 0xffff;
}

static void delflow(struct ms_pfkey_msg *m)
{
	put_flow(m, false);
}

static void debug(struct ms_pfkey_msg *m)
{
	m->has = MS_PFKEY_BIT(X_DEBUG_SET);
	m->debug.word[1] = UINT32_C(0x80000000);
	m->debug.word[9] = 1;
}

static void move(struct ms_pfkey_msg *m)
{
	put_sa(m, MS_PFKEY_SATYPE_ESP, 0x1000);
	put_ends(m);
	put_addr(m, MS_PFKEY_BIT(X_ADDRESS_DST2), &m->dst2, "192.0.2.1");
}

static const struct {
	const char *name;
	uint8_t type;
	void (*fill)(struct ms_pfkey_msg *m);
} kinds[] = {
	{ "GETSPI", MS_PFKEY_GETSPI, getspi },
	{ "ADD ESP", MS_PFKEY_ADD, add_esp },
	{ "ADD ESP in UDP", MS_PFKEY_ADD, add_udp },
	{ "ADD ESP tunnel", MS_PFKEY_ADD, add_tunnel },
	{ "ADD AH", MS_PFKEY_ADD, add_ah },
	{ "ADD COMP", MS_PFKEY_ADD, add_comp },
	{ "ADD IPIP", MS_PFKEY_ADD, add_ipip },
	{ "UPDATE", MS_PFKEY_UPDATE, update },
	{ "GET", MS_PFKEY_GET, one_sa },
	{ "X_GRPSA", MS_PFKEY_X_GRPSA, grpsa },
	{ "X_ADDFLOW", MS_PFKEY_X_ADDFLOW, addflow },
	{ "X_ADDFLOW IPv6", MS_PFKEY_X_ADDFLOW, addflow6 },
	{ "ACQUIRE", MS_PFKEY_ACQUIRE, acquire },
	{ "REGISTER", MS_PFKEY_REGISTER, satype_esp },
	{ "DUMP", MS_PFKEY_DUMP, nothing },
	{ "X_PROMISC", MS_PFKEY_X_PROMISC, promisc },
	{ "X_DEBUG", MS_PFKEY_X_DEBUG, debug },
	{ "X_MS_HELLO", MS_PFKEY_X_MS_HELLO, nothing },
	{ "X_MS_MOVE", MS_PFKEY_X_MS_MOVE, move },
	{ "X_DELFLOW", MS_PFKEY_X_DELFLOW, delflow },
	{ "DELETE", MS_PFKEY_DELETE, one_sa },
	{ "FLUSH", MS_PFKEY_FLUSH, nothing },
};

const char *pfkey_make(unsigned i, struct ms_pfkey_msg *m)
{
	if (i >= sizeof kinds / sizeof kinds[0])
		return NULL;
	memset(m, 0, sizeof *m);
	m->type = kinds[i].type;
	m->seq = i + 1;
	m->pid = 4711;
	kinds[i].fill(m);
	return kinds[i].name;
}

struct ms_pfkey_msg pfkey_make_named(const char *name)
{
	struct ms_pfkey_msg m;
	const char *n;

	for (unsigned i = 0; (n = pfkey_make(i, &m)) != NULL; i++)
		if (strcmp(n, name) == 0)
			return m;
	abort();
}
