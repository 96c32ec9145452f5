/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets made from a description, so that what is tried goes deep: the octets of the input say which
 * headers, options, extension chains, fragments and ICMP errors there are; they come to every
 * transform sealed with the right keys, out of the host, or as ICMP errors about what we sent.
 *
 * What one end seals and the other end opens must be the same octets; else this aborts.
 */
#include "klips/group.h"
#include "klips/io.h"
#include "klips/ip.h"
#include "klips/pmtu.h"
#include "klips/sa_build.h"
#include "klips/xform.h"
#include "fuzz/fuzz.h"

#include <arpa/inet.h>

enum { MAX_PACKET = 3000, MAX_NEST = 3, MAX_SIZE = 4096 };

/* --- the description ----------------------------------------------------------------------------- */

struct text {
	const uint8_t *p;
	size_t left;
};

static uint8_t octet(struct text *t)
{
	if (t->left == 0)
		return 0;
	t->left--;
	return *t->p++;
}

static uint16_t two(struct text *t)
{
	uint8_t high = octet(t);

	return (uint16_t)(high << 8 | octet(t));
}

struct room {
	uint8_t b[MAX_PACKET];
	unsigned n;
};

static uint8_t *more(struct room *r, unsigned n)
{
	uint8_t *at = r->b + r->n;

	if (n > MAX_PACKET - r->n)
		return NULL;
	memset(at, 0, n);
	r->n += n;
	return at;
}

static void content(struct room *r, struct text *t, unsigned n)
{
	uint8_t *at = more(r, n), fill = octet(t);
	unsigned i, told = octet(t) % 16;

	for (i = 0; at != NULL && i < n; i++)
		at[i] = i < told ? octet(t) : (uint8_t)(fill * (i / 8));
}

/* Known ends, so that SAs and eroutes are found; sometimes not. */
static void ends(struct text *t, uint8_t *src, uint8_t *dst, int family)
{
	uint8_t which = octet(t);
	struct ms_addr a = group_addr(family, which & 7), b = group_addr(family, which >> 3 & 7);
	size_t n = family == AF_INET ? 4 : 16;

	memcpy(src, a.b, n);
	memcpy(dst, b.b, n);
	if (which >= 0xf0)
		dst[octet(t) % n] ^= octet(t);
}

static void packet(struct room *r, struct text *t, unsigned nest);

/* --- what stands above IP ------------------------------------------------------------------------- */

static void transform_header(struct room *r, struct text *t, uint8_t protocol)
{
	static const uint32_t spis[] = { 0x1000, 0x1001, 0x1002, 0x1003, 0x1100, 0x1101, 0x1200, 0x1300 };
	uint8_t *at = more(r, protocol == IPPROTO_COMP ? 4 : 12), o = octet(t);
	uint32_t spi = htonl(spis[o & 7]);

	if (at == NULL)
		return;
	if (protocol == IPPROTO_COMP) {
		at[0] = octet(t);
		memcpy(at + 2, (uint8_t *)&spi + 2, 2);
	} else {
		at[0] = o;
		at[1] = octet(t);
		memcpy(at + (protocol == IPPROTO_AH ? 4 : 0), &spi, 4);
		at[protocol == IPPROTO_AH ? 11 : 7] = octet(t);
	}
	content(r, t, octet(t));
}

static void icmp_error(struct room *r, struct text *t, bool six, unsigned nest)
{
	uint8_t *at = more(r, 8);

	if (at == NULL)
		return;
	at[0] = six ? octet(t) % 5 : (const uint8_t[]){ 3, 3, 11, 12, 5, 8 }[octet(t) % 6];
	at[1] = octet(t) % 8;
	at[4] = octet(t) & 1;
	at[6] = octet(t);
	at[7] = octet(t);
	packet(r, t, nest + 1);
}

static void upper(struct room *r, struct text *t, uint8_t protocol, unsigned nest)
{
	uint8_t *at;

	switch (protocol) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		packet(r, t, nest + 1);
		return;
	case IPPROTO_ESP:
	case IPPROTO_AH:
	case IPPROTO_COMP:
		transform_header(r, t, protocol);
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		icmp_error(r, t, protocol == IPPROTO_ICMPV6, nest);
		return;
	case IPPROTO_TCP:
		at = more(r, 20);
		if (at != NULL) {
			at[12] = (uint8_t)((5 + octet(t) % 11) << 4);
			at[13] = octet(t); /* SYN and its options, for the MSS */
		}
		content(r, t, octet(t));
		return;
	default:
		content(r, t, octet(t) * (octet(t) % 12 + 1u));
	}
}

static uint8_t some_protocol(struct text *t)
{
	static const uint8_t all[] = { 17, 6, 1, 58, 4, 41, 50, 51, 108, 59, 132, 0, 60, 43, 44, 255 };
	uint8_t o = octet(t);

	return o < 240 ? all[o % 16] : octet(t);
}

/* --- IP ------------------------------------------------------------------------------------------- */

static void packet4(struct room *r, struct text *t, unsigned nest)
{
	unsigned start = r->n, options = octet(t), i;
	uint8_t protocol = some_protocol(t), *at;
	uint16_t total;

	options = options < 192 ? 0 : options % 11 * 4;
	at = more(r, 20 + options);
	if (at == NULL)
		return;
	at[0] = (uint8_t)(0x45 + options / 4);
	at[1] = octet(t);
	at[5] = octet(t) & 1;
	at[6] = octet(t);
	at[6] = at[6] < 0xc0 ? 0x40 & at[6] : at[6]; /* a fragment now and then */
	at[7] = (at[6] & 0x20) != 0 ? octet(t) : 0;
	at[8] = octet(t);
	at[9] = protocol;
	ends(t, at + 12, at + 16, AF_INET);
	for (i = 0; i < options; i++)
		at[20 + i] = octet(t);
	upper(r, t, protocol, nest);
	total = (uint16_t)(r->n - start);
	at[2] = (uint8_t)(total >> 8);
	at[3] = (uint8_t)total;
	if (octet(t) >= 0xf0)
		at[octet(t) % 20] = octet(t);
	ip4_checksum(at, 20 + options);
}

static void packet6(struct room *r, struct text *t, unsigned nest)
{
	unsigned start = r->n, chain = octet(t) % 8, i;
	uint8_t *at = more(r, 40), *next;
	uint16_t total;

	if (at == NULL)
		return;
	at[0] = 0x60 | octet(t) >> 4;
	at[1] = octet(t);
	at[7] = octet(t);
	ends(t, at + 8, at + 24, AF_INET6);
	next = at + 6;
	for (i = chain < 3 ? 0 : chain - 2; i > 0; i--) {
		static const uint8_t kinds[] = { 0, 43, 44, 60, 135, 139, 140, 60 };
		uint8_t kind = kinds[octet(t) % 8], words = kind == 44 ? 0 : octet(t) % 5;
		unsigned from = r->n, n = 8u + words * 8u;
		uint8_t *head = more(r, n);

		if (head == NULL)
			return;
		*next = kind;
		next = head;
		head[1] = words;
		for (; from + 2 < r->n && octet(t) < 200; from++)
			r->b[from + 2] = octet(t);
	}
	*next = some_protocol(t);
	upper(r, t, *next, nest);
	total = (uint16_t)(r->n - start - 40);
	at[4] = (uint8_t)(total >> 8);
	at[5] = (uint8_t)total;
	if (octet(t) >= 0xf0)
		at[octet(t) % 40] = octet(t);
}

static void packet(struct room *r, struct text *t, unsigned nest)
{
	if (nest > MAX_NEST)
		content(r, t, 28);
	else if ((octet(t) & 1) == 0)
		packet4(r, t, nest);
	else
		packet6(r, t, nest);
}

/* --- where they go --------------------------------------------------------------------------------- */

#define ENCR(f, n_, e, b, i) \
	{ .protocol = MS_PROTO_ESP, .family = (f), .net = (n_), .encr = (e), .key_bits = (b), .integ = (i) }
#define OTHER(p, f, n_, i) { .protocol = MS_PROTO_##p, .family = (f), .net = (n_), .integ = (i) }

static const struct {
	unsigned n;
	struct group_member m[6];
} kinds[] = {
	{ 2, { OTHER(TUN, AF_INET, 0, 0), ENCR(AF_INET, 0, 20, 128, 0) } },
	{ 3, { OTHER(TUN, AF_INET6, 0, 0), OTHER(COMP, AF_INET6, 0, 0), ENCR(AF_INET6, 0, 12, 256, 2) } },
	{ 1, { ENCR(AF_INET, 1, 13, 128, 12) } },
	{ 3, { OTHER(COMP, AF_INET6, 1, 0), ENCR(AF_INET6, 1, 28, 256, 0), OTHER(AH, AF_INET6, 1, 2) } },
	{ 2, { OTHER(TUN, AF_INET, 2, 0), OTHER(AH, AF_INET, 2, 14) } },
	{ 1, { OTHER(AH, AF_INET6, 2, 5) } },
	{ 5, { OTHER(TUN, AF_INET6, 3, 0), ENCR(AF_INET6, 3, 16, 128, 0), OTHER(TUN, AF_INET, 3, 0),
		     OTHER(COMP, AF_INET, 3, 0), ENCR(AF_INET, 3, 12, 128, 8) } },
	{ 1, { OTHER(AH, AF_INET, 1, 12) } },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static struct rig rig;
static struct group groups[KINDS];
static uint8_t sink[70000];

/* Out of the first of these groups only UDP from low ports may come. */
static void narrow_content(struct klips_sa *sa, int family)
{
	struct ms_addr any = ms_addr_any((uint16_t)family);
	struct ms_subnet all = ms_subnet_make(&any, 0);
	struct ms_selector src = ms_selector_of_subnet(&all), dst = src;

	src.protocol = IPPROTO_UDP;
	src.port_last = 0x7fff;
	if (sa_set_content(sa, &src, &dst) != MS_OK)
		abort();
}

static void add_eroute(int family, uint8_t protocol, enum ms_shunt shunt, struct klips_sa *sa)
{
	struct flow f = { .family = (uint8_t)family, .proto = protocol };
	/* UDP: only to low ports, so that fragments need their first one */
	uint8_t port = protocol == IPPROTO_UDP ? 1 : 0;
	struct flow_mask m = { f.family, 0, 0, protocol == 0 ? 0 : 8, 0, port };
	struct eroute *er = eroute_new(&f, &m);

	if (er == NULL || eroute_put(rig.k.eroutes, er, true) != MS_OK)
		abort();
	er->shunt = shunt;
	if (sa != NULL)
		eroute_cache_sa(er, sa_head(sa));
}

/* An SA that may have sent what an ICMP error quotes. */
static void add_sender(int family)
{
	struct ms_said said = { group_addr(family, 2), 0x1300, MS_PROTO_ESP };
	struct klips_sa *sa = sa_new(&said);

	if (sa == NULL || sadb_put(rig.k.sadb, sa, false) != MS_OK)
		abort();
	sa->src = group_addr(family, 1);
	sa->xform = NULL;
	sa->state = MS_PFKEY_MATURE;
	sa->seq = 200;
	sa_group_changed(&rig.k, sa);
}

static void prepare(void)
{
	unsigned i;

	if (rig.w != NULL)
		return;
	rig_new(&rig);
	if (pmtu_new(&rig.k.pmtu, &rig.k, NULL) != MS_OK)
		abort();
	for (i = 0; i < KINDS; i++)
		if (group_new(&rig, &groups[i], kinds[i].m, kinds[i].n, 0x1000 + 0x100 * i) != MS_OK)
			abort();
	narrow_content(groups[0].in[0], AF_INET);
	narrow_content(groups[1].in[0], AF_INET6);
	add_sender(AF_INET);
	add_sender(AF_INET6);
	add_eroute(AF_INET, 0, MS_SHUNT_NONE, groups[6].out[0]);
	add_eroute(AF_INET, IPPROTO_UDP, MS_SHUNT_NONE, groups[0].out[0]);
	add_eroute(AF_INET, IPPROTO_ICMP, MS_SHUNT_NONE, groups[2].out[0]);
	add_eroute(AF_INET, IPPROTO_SCTP, MS_SHUNT_REJECT, NULL);
	add_eroute(AF_INET6, 0, MS_SHUNT_NONE, groups[1].out[0]);
	add_eroute(AF_INET6, IPPROTO_UDP, MS_SHUNT_NONE, groups[3].out[0]);
	add_eroute(AF_INET6, IPPROTO_TCP, MS_SHUNT_REJECT, NULL);
	add_eroute(AF_INET6, IPPROTO_ICMPV6, MS_SHUNT_NONE, groups[5].out[0]);
}

/* Through members `from`.. of a group and in at the other end. */
static void through(struct text *t, struct room *r)
{
	struct group *g = &groups[octet(t) % KINDS];
	unsigned from = octet(t), i;
	struct pkt *p;
	uint8_t bend;

	from = from < 128 ? 0 : from % g->n;
	if (from == 0 && g->out[0]->said.protocol != MS_PROTO_TUN && octet(t) < 200) {
		/* transport mode carries packets between its ends: then it can go all the way */
		struct ms_addr a = g->out[0]->src, b = g->out[0]->said.dst;
		struct ip_view v;

		if (!ip_parse(r->b, r->n, &v) || v.version != (a.family == AF_INET ? 4 : 6))
			return;
		memcpy(r->b + (v.version == 4 ? 12 : 8), a.b, v.version == 4 ? 4 : 16);
		memcpy(r->b + (v.version == 4 ? 16 : 24), b.b, v.version == 4 ? 4 : 16);
		if (v.version == 4)
			ip4_checksum(r->b, v.header);
	}
	p = group_protect(&rig, g, r->b, r->n, from, g->n);
	if (p->dead)
		return;
	rig_arrive(&rig, p, 0);
	bend = octet(t);
	if (bend >= 0xe0)
		p->data[two(t) % p->len] ^= octet(t);
	if (bend < 0xe0 && bend >= 0xd8)
		p->len = two(t) % p->len;
	inbound(rig.w, 1);
	/* nothing was done to it: a whole tunnel must give back what it got, but for ECN and TTL */
	i = rig_delivered(&rig, sink, sizeof sink);
	if (bend < 0xd8 && from == 0 && g->out[0]->said.protocol == MS_PROTO_TUN && i != 0) {
		unsigned skip = (sink[0] >> 4) == 4 ? 12 : 8;

		if (i > r->n || memcmp(sink + skip, r->b + skip, i - skip) != 0)
			abort();
	}
}

static void about_ours(struct room *r)
{
	struct ip_view v;

	if (!ip_parse(r->b, r->n, &v))
		return;
	if (v.version == 4)
		pmtu_icmp4(rig.k.pmtu, r->b, r->n);
	else
		pmtu_icmp6(rig.k.pmtu, r->b + v.upper_at, r->n - v.upper_at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = { data, size };
	static struct room r;
	uint8_t where;

	prepare();
	if (size > MAX_SIZE)
		return 0;
	where = octet(&t) % 8;
	r.n = 0;
	packet(&r, &t, 0);
	if (r.n == 0)
		return 0;
	switch (where) {
	case 0:
	case 1:
		rig_packet(&rig, 0, r.b, r.n);
		outbound(rig.w, rig.d, 1);
		break;
	case 2:
		about_ours(&r);
		break;
	default:
		through(&t, &r);
	}
	rig_notes(&rig);
	rig.w->wake.ready(rig.w, &rig.w->wake);
	while (rig_delivered(&rig, sink, sizeof sink) > 0)
		continue;
	return 0;
}

/* Plain ones to begin with, into each group and out of the host. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	size_t n = 0;

	if (i >= 4 * KINDS || cap < 64)
		return 0;
	memset(out, 0, 48);
	out[n++] = i / KINDS < 2 ? 3 : (uint8_t)(i / KINDS - 2);
	out[n++] = (uint8_t)(i & 1);
	n += 10 + i / KINDS % 2 * 6;
	out[n++] = 60;
	out[n++] = 3;
	n += 4;
	out[n++] = (uint8_t)i;
	return n + 8;
}
