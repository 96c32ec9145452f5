/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever comes from the host or from the wire: the first octet chooses.
 *
 * Inbound the octets are tried as they are and, so that more than the integrity check is reached,
 * as plain text that is sealed here first.
 */
#include "klips/checksum.h"
#include "klips/group.h"
#include "klips/io.h"
#include "klips/ip.h"
#include "klips/rig.h"
#include "klips/xform.h"
#include "fuzz/fuzz.h"

#include <arpa/inet.h>

static struct rig rig;
static struct rig_pair tunnel, transport;
/* A tunnel in a tunnel, and AH alone in transport mode. */
static struct group deep, ah;

static void prepare(void)
{
	static const struct rig_spec specs[] = {
		{ .encr = 20, .key_bits = 128, .outer = AF_INET, .tunnel = true, .window = 64 },
		{ .encr = 12, .key_bits = 128, .integ = 12, .outer = AF_INET, .window = 64 },
	};
	static const enum ms_shunt shunts[] = { MS_SHUNT_NONE, MS_SHUNT_PASS, MS_SHUNT_DROP,
		MS_SHUNT_REJECT, MS_SHUNT_HOLD };
	static const struct group_member members[] = {
		{ .protocol = MS_PROTO_TUN, .family = AF_INET6, .net = 2 },
		{ .protocol = MS_PROTO_COMP, .family = AF_INET6, .net = 2 },
		{ .protocol = MS_PROTO_TUN, .family = AF_INET, .net = 1 },
		{ .protocol = MS_PROTO_COMP, .family = AF_INET, .net = 1 },
		{ .protocol = MS_PROTO_ESP, .family = AF_INET, .net = 1, .encr = 20, .key_bits = 128 },
		{ .protocol = MS_PROTO_AH, .family = AF_INET, .net = 1, .integ = 12 } };
	static const struct group_member a = { .protocol = MS_PROTO_AH, .family = AF_INET6, .integ = 2 };
	unsigned i;

	if (rig.w != NULL)
		return;
	rig_new(&rig);
	if (!rig_pair(&rig, &specs[0], 0x1000, &tunnel) || !rig_pair(&rig, &specs[1], 0x1001, &transport))
		abort();
	if (group_new(&rig, &deep, members, sizeof members / sizeof members[0], 0x2000) != MS_OK
		|| group_new(&rig, &ah, &a, 1, 0x3000) != MS_OK)
		abort();
	for (i = 0; i < 2 * sizeof shunts / sizeof shunts[0]; i++) {
		struct flow f = { .family = i % 2 == 0 ? AF_INET : AF_INET6, .proto = (uint8_t)(i / 2) };
		struct flow_mask m = { f.family, 0, 0, i / 2 == 0 ? 0 : 8, 0, 0 };
		struct eroute *er = eroute_new(&f, &m);

		if (er == NULL || eroute_put(rig.k.eroutes, er, true) != MS_OK)
			abort();
		er->shunt = shunts[i / 2];
		if (er->shunt == MS_SHUNT_NONE)
			eroute_cache_sa(er, sa_head(tunnel.out));
	}
}

static void from_wire(const uint8_t *data, uint32_t size, const struct klips_sa *sa)
{
	struct pkt *p = rig_packet(&rig, 0, data, size);

	p->peer.addr = sa->src;
	p->dst = sa->said.dst;
	p->next = IPPROTO_ESP;
	p->device = rig.d;
	inbound(rig.w, 1);
}

/* The octets as content of a packet that the peer sealed well. */
static void sealed(struct rig_pair *pair, const uint8_t *data, uint32_t size)
{
	uint8_t buf[4096 + 64];
	struct klips_sa *sa = pair->out;
	struct pkt *p;
	uint8_t next = size > 0 ? data[0] : 0;

	if (size < 1 || size > 4096)
		return;
	ip_write(buf, &sa->src, &sa->said.dst, next, 0, 64, 20 + size - 1);
	memcpy(buf + 20, data + 1, size - 1);
	p = rig_packet(&rig, 0, buf, 20 + size - 1);
	esp_xform.apply(rig.w, sa, rig.w->batch, 1);
	if (p->dead)
		return;
	rig_arrive(&rig, p, 0);
	inbound(rig.w, 1);
}

/* The octets as what the outer members of a group got to carry, well sealed. */
static void grouped(struct group *g, const uint8_t *data, uint32_t size)
{
	uint8_t buf[4096 + 64];
	const struct klips_sa *sa = g->out[g->n - 1];
	unsigned header = ip_header_octets(&sa->said.dst), from;
	struct pkt *p;

	if (size < 2 || size > 4096)
		return;
	from = data[0] % g->n;
	ip_write(buf, &sa->src, &sa->said.dst, data[1], 0, 64, header + size - 2);
	memcpy(buf + header, data + 2, size - 2);
	p = group_protect(&rig, g, buf, header + size - 2, from, g->n);
	if (p->dead)
		return;
	rig_arrive(&rig, p, 0);
	inbound(rig.w, 1);
}

/* Whole packets as the raw sockets read them: options and extension headers before AH. */
static void whole(const uint8_t *data, uint32_t size)
{
	struct pkt *p = rig_packet(&rig, 0, data, size);
	struct ip_view v;

	if (!ip_parse(p->data, p->len, &v))
		return;
	p->len = v.total;
	rig_arrive(&rig, p, 0);
	p->dst = v.version == 4 ? deep.in[5]->said.dst : ah.in[0]->said.dst;
	inbound(rig.w, 1);
}

/* As TUN gives it, a struct virtio_net_hdr first. */
static void from_host(const uint8_t *data, uint32_t size)
{
	rig.d->offloads = (struct tun_offloads){ true, true };
	if (write(rig.host, data, size) == (ssize_t)size)
		tun_ready(rig.w, &rig.d->queues[0].tun);
	rig.d->offloads = (struct tun_offloads){ 0 };
}

/* Packets of one batch for the host, each behind an octet that gives its length. */
static void to_host(const uint8_t *data, uint32_t size)
{
	unsigned n = 0;

	for (; size > 1 && n < PKT_BATCH; n++) {
		uint32_t len = data[0] + 1u < size ? data[0] + 1u : size - 1;
		struct pkt *p = rig_packet(&rig, n, data + 1, len);

		p->device = rig.d;
		data += 1 + len;
		size -= 1 + len;
	}
	rig.d->offloads = (struct tun_offloads){ true, true };
	tun_deliver(rig.w, rig.w->batch, n);
	rig.d->offloads = (struct tun_offloads){ 0 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t sink[70000];

	prepare();
	if (size < 1 || size > PKT_MAX)
		return 0;
	switch (data[0] % 10) {
	case 0:
		rig_packet(&rig, 0, data + 1, (uint32_t)size - 1);
		outbound(rig.w, rig.d, 1);
		break;
	case 1:
		from_wire(data + 1, (uint32_t)size - 1, tunnel.in);
		break;
	case 2:
		from_wire(data + 1, (uint32_t)size - 1, transport.in);
		break;
	case 3:
		sealed(&tunnel, data + 1, (uint32_t)size - 1);
		break;
	case 4:
		sealed(&transport, data + 1, (uint32_t)size - 1);
		break;
	case 5:
		grouped(&deep, data + 1, (uint32_t)size - 1);
		break;
	case 6:
		grouped(&ah, data + 1, (uint32_t)size - 1);
		break;
	case 7:
		from_host(data + 1, (uint32_t)size - 1);
		break;
	case 8:
		to_host(data + 1, (uint32_t)size - 1);
		break;
	default:
		whole(data + 1, (uint32_t)size - 1);
	}
	rig_notes(&rig);
	while (rig_delivered(&rig, sink, sizeof sink) > 0)
		continue;
	return 0;
}

/* TCP or UDP from 10.1.0.1 to 10.2.0.1 or the same in IPv6; content follows the header. */
static size_t seed_packet(uint8_t *p, int family, bool tcp, unsigned payload, unsigned number)
{
	struct ms_addr a = { .family = (uint8_t)family, .b = { 10, 1, 0, 1 } };
	struct ms_addr b = { .family = (uint8_t)family, .b = { 10, 2, 0, 1 } };
	unsigned header = ip_header_octets(&a), upper = tcp ? 20 : 8, len = upper + payload;
	uint8_t *u = p + header;
	uint16_t sum;

	ip_write(p, &a, &b, tcp ? 6 : 17, 0, 64, header + len);
	if (family == AF_INET) {
		p[5] = (uint8_t)number;
		ip4_checksum(p, header);
	}
	memset(u, 0, len);
	u[1] = u[3] = 9;
	if (tcp) {
		u[6] = (uint8_t)(number * payload >> 8);
		u[7] = (uint8_t)(number * payload);
		u[12] = 0x50;
		u[13] = 0x10;
	} else {
		u[4] = (uint8_t)(len >> 8);
		u[5] = (uint8_t)len;
	}
	sum = (uint16_t)~sum_fold(sum_pseudo(p, tcp ? 6 : 17) + htons((uint16_t)len) + sum_octets(u, len));
	memcpy(u + (tcp ? 16 : 6), &sum, 2);
	return header + len;
}

/* Super-packets from the host, and for it what joins. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	int family = (i & 1) != 0 ? AF_INET6 : AF_INET;
	bool tcp = (i & 2) != 0;
	struct virtio_net_hdr h = { .flags = 1, .gso_size = 100, .csum_start = family == AF_INET ? 20 : 40,
		.csum_offset = tcp ? 16 : 6, .gso_type = !tcp ? 5 : family == AF_INET ? 1 : 4 };
	size_t n = 1;
	unsigned k;

	if (i >= 8 || cap < 2048)
		return 0;
	out[0] = i < 4 ? 7 : 8;
	if (i < 4) {
		memcpy(out + 1, &h, sizeof h);
		return 1 + sizeof h + seed_packet(out + 1 + sizeof h, family, tcp, 950, 0);
	}
	for (k = 0; k < 6; k++) {
		size_t len = seed_packet(out + n + 1, family, tcp, 100, k);

		out[n] = (uint8_t)(len - 1);
		n += 1 + len;
	}
	return n;
}
