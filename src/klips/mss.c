/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/mss.h"

#include "klips/device.h"
#include "klips/instance.h"

#include <netinet/tcp.h>

enum { TCP_HEADER = 20, CHECKSUM_AT = 16, FLAGS_AT = 13, OFFSET_AT = 12, LEAST_MSS = 64 };

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* RFC 1624 s3: HC' = ~(~HC + ~m + m') */
static void adjust(uint8_t *checksum, uint16_t old, uint16_t new)
{
	uint32_t sum = (uint32_t)(uint16_t)~be16(checksum) + (uint16_t)~old + new;

	sum = (sum & 0xffff) + (sum >> 16);
	put16(checksum, ~((sum & 0xffff) + (sum >> 16)));
}

/* An option may begin at an odd place: then its octets lie in two words of the sum. */
static void put_mss(uint8_t *tcp, unsigned at, uint32_t mss)
{
	unsigned from = at & ~1u, octets = at % 2 == 0 ? 2 : 4, i;
	uint16_t old[2] = { be16(tcp + from), octets == 4 ? be16(tcp + from + 2) : 0 };

	put16(tcp + at, mss);
	for (i = 0; i < octets / 2; i++)
		adjust(tcp + CHECKSUM_AT, old[i], be16(tcp + from + 2 * i));
}

/* Where the value of the MSS option stands, 0: there is none. */
static unsigned find_mss(const uint8_t *tcp, unsigned header)
{
	unsigned at = TCP_HEADER;

	while (at + TCPOLEN_MAXSEG <= header) {
		if (tcp[at] == TCPOPT_EOL)
			return 0;
		if (tcp[at] == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (tcp[at + 1] < 2)
			return 0;
		if (tcp[at] == TCPOPT_MAXSEG)
			return tcp[at + 1] == TCPOLEN_MAXSEG ? at + 2 : 0;
		at += tcp[at + 1];
	}
	return 0;
}

static bool is_syn(const uint8_t *packet, const struct ip_view *v)
{
	return v->upper == IPPROTO_TCP && !v->fragment && v->total >= v->upper_at + TCP_HEADER + 0u
		&& (packet[v->upper_at + FLAGS_AT] & TH_SYN) != 0;
}

bool mss_clamp(uint8_t *packet, const struct ip_view *v, uint32_t mss)
{
	uint8_t *tcp = packet + v->upper_at;
	unsigned header, at;

	if (!is_syn(packet, v))
		return false;
	header = (tcp[OFFSET_AT] >> 4) * 4u;
	if (header > v->total - v->upper_at)
		return false;
	at = find_mss(tcp, header);
	if (mss < LEAST_MSS)
		mss = LEAST_MSS;
	if (at == 0 || be16(tcp + at) <= mss)
		return false;
	put_mss(tcp, at, mss);
	return true;
}

static void clamp(struct klips_worker *w, struct pkt *p, const struct ip_view *v, uint32_t wanted,
	const struct klips_sa *head)
{
	uint32_t headers = (v->version == 4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr))
		+ TCP_HEADER;
	uint32_t mtu = wanted != DEVICE_MSS_AUTO ? wanted + headers
		: head == NULL ? 0 : shared_get(head->inner_mtu);

	if (mtu > headers && mss_clamp(p->data, v, mtu - headers))
		count(&w->counters, KC_TCP_MSS, 1);
}

void mss_outbound(struct klips_worker *w, const struct klips_device *d, struct pkt *p,
	const struct ip_view *v, const struct klips_sa *head)
{
	uint32_t wanted = shared_get(d->mss);

	if (wanted != DEVICE_MSS_ANY && wanted <= UINT16_MAX && is_syn(p->data, v))
		clamp(w, p, v, wanted, head);
}

/* The group that answers will go into. */
static const struct klips_sa *way_back(struct klips_worker *w, const uint8_t *packet,
	const struct ip_view *v)
{
	union flow_words back;
	struct eroute *er;
	struct klips_sa *sa;
	struct flow f;

	ip_flow(packet, v, &f);
	back.flow = f;
	memcpy(back.flow.src, f.dst, sizeof f.dst);
	memcpy(back.flow.dst, f.src, sizeof f.src);
	back.flow.sport = f.dport;
	back.flow.dport = f.sport;
	er = eroute_find(w->k->eroutes, &back);
	if (er == NULL || er->shunt != MS_SHUNT_NONE)
		return NULL;
	sa = rcu_get(er->sa);
	return sa == NULL ? NULL : sa_head(sa);
}

void mss_inbound(struct klips_worker *w, const struct klips_device *d, struct pkt *p)
{
	uint32_t wanted = d == NULL ? DEVICE_MSS_ANY : shared_get(d->mss);
	struct ip_view v;

	if (wanted != DEVICE_MSS_ANY && wanted <= UINT16_MAX && ip_parse(p->data, p->len, &v)
		&& is_syn(p->data, &v))
		clamp(w, p, &v, wanted, way_back(w, p->data, &v));
}
