/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations as PF_KEY messages.
 *
 * An SA in tunnel mode is ADDed with a second, IPIP one (SPI chosen by klips), and an IPComp one
 * between them when there is a CPI: klips groups them as the family did, and takes the group
 * wherever its ESP member is named.  Eroutes know networks and
 * prefixes of ports; ranges that are neither are split into the fewest that cover them.
 */
#include "kernel-klips.h"

#include <netinet/in.h>
#include <string.h>

/* --- SAs -------------------------------------------------------------------------------------- */

static void put_limits(struct ms_pfkey_life *out, uint64_t octets, uint64_t packets,
	uint64_t seconds)
{
	memset(out, 0, sizeof *out);
	out->octets = octets;
	out->packets = (uint32_t)packets;
	out->packets_high = (uint32_t)(packets >> 32);
	out->addtime = seconds;
}

static void put_keys(const struct ms_kernel_sa *sa, struct ms_pfkey_msg *m)
{
	if (sa->encr_key.len > 0) {
		m->has |= MS_PFKEY_BIT(KEY_ENCRYPT);
		m->key_encrypt.key = sa->encr_key;
		m->key_encrypt.bits = (uint16_t)(sa->encr_key.len * 8);
	}
	if (sa->integ_key.len > 0) {
		m->has |= MS_PFKEY_BIT(KEY_AUTH);
		m->key_auth.key = sa->integ_key;
		m->key_auth.bits = (uint16_t)(sa->integ_key.len * 8);
	}
}

static void put_encap(const struct ms_kernel_sa *sa, struct ms_pfkey_msg *m)
{
	m->has |= MS_PFKEY_BIT(X_NAT_T_TYPE) | MS_PFKEY_BIT(X_NAT_T_SPORT)
		| MS_PFKEY_BIT(X_NAT_T_DPORT);
	m->nat_type = sa->encap_dst != 0 ? 2 : 0;
	m->nat_sport = sa->encap_src;
	m->nat_dport = sa->encap_dst;
}

static uint32_t flags_of(const struct ms_kernel_sa *sa)
{
	static const uint32_t df[] = { [MS_DF_SET] = MS_PFKEY_X_DF_SET,
		[MS_DF_CLEAR] = MS_PFKEY_X_DF_CLEAR };
	static const uint32_t dscp[] = { [MS_DSCP_SHOW] = MS_PFKEY_X_SHOW_DSCP,
		[MS_DSCP_HIDE] = MS_PFKEY_X_HIDE_DSCP };

	return (sa->esn ? MS_PFKEY_X_ESN : 0u) | (sa->inbound ? MS_PFKEY_X_INBOUND : 0u)
		| df[sa->df] | dscp[sa->encap_dscp] | (sa->decap_dscp ? MS_PFKEY_X_DECAP_DSCP : 0u);
}

/* More than the scratch holds: the rest is not allowed, which is the safe side. */
static void put_selectors(const struct ms_kernel_sa *sa, struct ms_pfkey_msg *m,
	uint8_t scratch[SA_SCRATCH])
{
	unsigned i, n = 0;

	for (i = 0; i < sa->n_sels_src && n < MAX_SELECTORS / 2; i++)
		ms_pfkey_selector_put(scratch + n++ * MS_PFKEY_SELECTOR_OCTETS, &sa->sels_src[i], false);
	for (i = 0; i < sa->n_sels_dst && n < MAX_SELECTORS; i++)
		ms_pfkey_selector_put(scratch + n++ * MS_PFKEY_SELECTOR_OCTETS, &sa->sels_dst[i], true);
	m->has |= MS_PFKEY_BIT(X_MS_SELECTORS);
	m->selectors = ms_bytes(scratch, (size_t)n * MS_PFKEY_SELECTOR_OCTETS);
}

/* ADD and UPDATE. */
static void put_new_sa(const struct ms_kernel_sa *sa, struct ms_pfkey_msg *m,
	uint8_t scratch[SA_SCRATCH])
{
	m->has |= MS_PFKEY_BIT(X_MS_SA) | MS_PFKEY_BIT(LIFETIME_SOFT) | MS_PFKEY_BIT(LIFETIME_HARD);
	m->sa.state = MS_PFKEY_MATURE;
	m->sa.replay = (uint8_t)(sa->replay_window > 64 ? 64 : sa->replay_window);
	m->sa.encrypt = (uint8_t)sa->encr;
	m->sa.auth = ms_pfkey_auth_of(sa->integ);
	m->x_sa = (struct ms_pfkey_x_sa){ .encr = sa->encr, .integ = sa->integ,
		.window = sa->replay_window, .reqid = sa->reqid, .mtu = sa->mtu,
		.flags = flags_of(sa), .cpi = sa->cpi };
	put_limits(&m->life[MS_PFKEY_LIFE_SOFT], sa->soft_octets, sa->soft_packets,
		sa->soft_seconds);
	put_limits(&m->life[MS_PFKEY_LIFE_HARD], sa->hard_octets, sa->hard_packets,
		sa->hard_seconds);
	put_keys(sa, m);
	if (sa->encap_dst != 0)
		put_encap(sa, m);
	if (sa->inbound && sa->sels_src != NULL)
		put_selectors(sa, m, scratch);
	else if (sa->inbound && sa->sel_src.range.first.family != 0
		&& sa->sel_dst.range.first.family != 0) {
		m->has |= MS_PFKEY_BIT(X_MS_SEL_SRC) | MS_PFKEY_BIT(X_MS_SEL_DST);
		m->sel_src = sa->sel_src;
		m->sel_dst = sa->sel_dst;
	}
	if (sa->tunnel) {
		m->has |= MS_PFKEY_BIT(X_SATYPE2) | MS_PFKEY_BIT(X_SA2)
			| MS_PFKEY_BIT(X_ADDRESS_DST2);
		m->satype2 = MS_PFKEY_SATYPE_IPIP;
		ms_pfkey_addr_set(&m->dst2, &sa->said.dst, 0);
	}
}

void message_of_sa(const struct ms_kernel_sa *sa, enum ms_kernel_op_kind kind,
	struct ms_pfkey_msg *m, uint8_t scratch[SA_SCRATCH])
{
	/* the peer's end is not known where only the SA is named */
	struct ms_addr src = sa->src.family != 0 ? sa->src : ms_addr_any(sa->said.dst.family);

	memset(m, 0, sizeof *m);
	m->satype = ms_pfkey_satype_of(sa->said.protocol);
	m->has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST);
	m->sa.spi = sa->said.spi;
	ms_pfkey_addr_set(&m->src, &src, 0);
	ms_pfkey_addr_set(&m->dst, &sa->said.dst, 0);
	switch (kind) {
	case MS_KOP_GET_SPI:
		m->type = MS_PFKEY_GETSPI;
		m->has ^= MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(SPIRANGE);
		m->range = (struct ms_pfkey_spirange){ 0x1000, UINT32_MAX };
		break;
	case MS_KOP_SA_ADD:
	case MS_KOP_SA_UPDATE:
		m->type = kind == MS_KOP_SA_ADD ? MS_PFKEY_ADD : MS_PFKEY_UPDATE;
		put_new_sa(sa, m, scratch);
		break;
	case MS_KOP_SA_DELETE:
		m->type = MS_PFKEY_DELETE;
		break;
	case MS_KOP_SA_MOVE:
		m->type = MS_PFKEY_X_MS_MOVE;
		m->has |= MS_PFKEY_BIT(X_ADDRESS_DST2) | MS_PFKEY_BIT(X_MS_SA);
		m->x_sa.flags = sa->inbound ? MS_PFKEY_X_INBOUND : 0;
		ms_pfkey_addr_set(&m->dst2, &sa->said.dst, 0);
		if (sa->old_dst.family != 0)
			ms_pfkey_addr_set(&m->dst, &sa->old_dst, 0);
		put_encap(sa, m);
		break;
	default:
		m->type = MS_PFKEY_GET;
	}
}

/* --- policies --------------------------------------------------------------------------------- */

static void add_bit(struct ms_addr *a, unsigned bit_from_right)
{
	unsigned i = (unsigned)ms_addr_octets(a) - 1 - bit_from_right / 8;
	unsigned carry = 1u << bit_from_right % 8;

	for (; carry != 0; i--) {
		carry += a->b[i];
		a->b[i] = (uint8_t)carry;
		carry >>= 8;
		if (i == 0)
			break;
	}
}

/* The fewest networks that are the range together; 0: more than MAX_FLOWS. */
static unsigned split_range(const struct ms_range *r, struct ms_subnet *out)
{
	unsigned total = (unsigned)ms_addr_octets(&r->first) * 8, n = 0;
	struct ms_addr at = r->first;

	while (n < MAX_FLOWS) {
		unsigned bits = total;
		struct ms_addr last;

		/* the largest network that starts here and does not reach too far */
		while (bits > 0) {
			struct ms_subnet wider = ms_subnet_make(&at, bits - 1);

			last = ms_subnet_last(&wider);
			if (!ms_addr_eq(&wider.net, &at) || ms_addr_cmp(&last, &r->last) > 0)
				break;
			bits--;
		}
		out[n] = ms_subnet_make(&at, bits);
		last = ms_subnet_last(&out[n++]);
		if (ms_addr_eq(&last, &r->last))
			return n;
		at = last;
		add_bit(&at, 0);
	}
	return 0;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP
		|| protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

/* As split_range; first > last is OPAQUE (RFC 7296 s3.13.1), which no port tells. */
static unsigned split_ports(const struct ms_selector *s, uint8_t protocol,
	void (*put)(struct flow_list *f, unsigned i, uint16_t port, uint16_t mask),
	struct flow_list *f)
{
	uint32_t at = s->port_first, last = s->port_last;
	unsigned n = 0;

	if (!has_ports(protocol) || at > last) {
		put(f, 0, 0, 0);
		return 1;
	}
	while (at <= last) {
		uint32_t size = 1;

		while (size < 65536 && at % (size * 2) == 0 && at + size * 2 - 1 <= last)
			size *= 2;
		put(f, n++, (uint16_t)at, (uint16_t)~(size - 1));
		at += size;
	}
	return n;
}

static void put_sport(struct flow_list *f, unsigned i, uint16_t port, uint16_t mask)
{
	f->sport[i].port = port;
	f->sport[i].mask = mask;
}

static void put_dport(struct flow_list *f, unsigned i, uint16_t port, uint16_t mask)
{
	f->dport[i].port = port;
	f->dport[i].mask = mask;
}

static uint8_t protocol_of(const struct ms_kernel_policy *p)
{
	return p->src.protocol != 0 ? p->src.protocol : p->dst.protocol;
}

ms_err flows_of_policy(const struct ms_kernel_policy *p, struct flow_list *out, struct ms_why *why)
{
	uint8_t protocol = protocol_of(p);

	if (p->src.range.first.family == 0
		|| p->src.range.first.family != p->dst.range.first.family)
		return ms_fail(why, MS_ERR_UNSUPPORTED,
			"policy whose two sides are of different families");
	out->n_src = split_range(&p->src.range, out->src);
	out->n_dst = split_range(&p->dst.range, out->dst);
	out->n_sport = split_ports(&p->src, protocol, put_sport, out);
	out->n_dport = split_ports(&p->dst, protocol, put_dport, out);
	if (out->n_src == 0 || out->n_dst == 0
		|| (uint64_t)out->n_src * out->n_dst * out->n_sport * out->n_dport > MAX_FLOWS)
		return ms_fail(why, MS_ERR_LIMIT, "policy that needs more than %d eroutes", MAX_FLOWS);
	return MS_OK;
}

unsigned flows_count(const struct flow_list *f)
{
	return f->n_src * f->n_dst * f->n_sport * f->n_dport;
}

static void put_shunt(const struct ms_kernel_policy *p, struct ms_pfkey_msg *m)
{
	static const uint32_t spis[] = {
		[MS_SHUNT_PASS] = MS_SPI_PASS,
		[MS_SHUNT_DROP] = MS_SPI_DROP,
		[MS_SHUNT_REJECT] = MS_SPI_REJECT,
		[MS_SHUNT_TRAP] = MS_SPI_TRAP,
		[MS_SHUNT_HOLD] = MS_SPI_HOLD,
	};
	struct ms_addr any = ms_addr_any(p->src.range.first.family);

	if (p->shunt == MS_SHUNT_NONE) {
		m->satype = ms_pfkey_satype_of(p->said.protocol);
		m->sa.spi = p->said.spi;
		ms_pfkey_addr_set(&m->dst, &p->said.dst, 0);
		return;
	}
	m->satype = MS_PFKEY_SATYPE_INT;
	m->sa.spi = spis[p->shunt];
	ms_pfkey_addr_set(&m->dst, &any, 0);
}

static void put_identity(struct ms_pfkey_ident *out, const char *text)
{
	memset(out, 0, sizeof *out);
	out->type = 4;
	out->text = ms_bytes(text, strlen(text));
}

static void put_side(struct ms_pfkey_addr *flow, struct ms_pfkey_addr *mask,
	const struct ms_subnet *net, uint16_t port, uint16_t port_mask)
{
	struct ms_addr m = ms_subnet_mask(net);

	ms_pfkey_addr_set(flow, &net->net, port);
	ms_pfkey_addr_set(mask, &m, port_mask);
}

void message_of_flow(const struct ms_kernel_policy *p, const struct flow_list *f, unsigned i,
	bool set, struct ms_pfkey_msg *m)
{
	unsigned dp = i % f->n_dport, sp = i / f->n_dport % f->n_sport;
	unsigned d = i / f->n_dport / f->n_sport % f->n_dst, s = i / f->n_dport / f->n_sport / f->n_dst;

	memset(m, 0, sizeof *m);
	m->type = set ? MS_PFKEY_X_ADDFLOW : MS_PFKEY_X_DELFLOW;
	m->has = MS_PFKEY_BIT(X_ADDRESS_SRC_FLOW) | MS_PFKEY_BIT(X_ADDRESS_DST_FLOW)
		| MS_PFKEY_BIT(X_ADDRESS_SRC_MASK) | MS_PFKEY_BIT(X_ADDRESS_DST_MASK);
	put_side(&m->src_flow, &m->src_mask, &f->src[s], f->sport[sp].port, f->sport[sp].mask);
	put_side(&m->dst_flow, &m->dst_mask, &f->dst[d], f->dport[dp].port, f->dport[dp].mask);
	if (protocol_of(p) != 0) {
		m->has |= MS_PFKEY_BIT(X_PROTOCOL);
		m->protocol.proto = protocol_of(p);
	}
	if (!set)
		return;
	m->has |= MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_DST);
	m->sa.flags = MS_PFKEY_REPLACEFLOW;
	m->sa.state = MS_PFKEY_MATURE;
	put_shunt(p, m);
	if (p->src_id != NULL && p->src_id[0] != '\0') {
		m->has |= MS_PFKEY_BIT(IDENTITY_SRC);
		put_identity(&m->id_src, p->src_id);
	}
	if (p->dst_id != NULL && p->dst_id[0] != '\0') {
		m->has |= MS_PFKEY_BIT(IDENTITY_DST);
		put_identity(&m->id_dst, p->dst_id);
	}
}
