/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever comes from the host or from the wire: the first octet chooses.
 *
 * Inbound the octets are tried as they are and, so that more than the integrity check is reached,
 * as plain text that is sealed here first.
 */
#include "klips/group.h"
#include "klips/ip.h"
#include "klips/rig.h"
#include "klips/xform.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t sink[70000];

	prepare();
	if (size < 1 || size > PKT_MAX)
		return 0;
	switch (data[0] % 8) {
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
	default:
		whole(data + 1, (uint32_t)size - 1);
	}
	rig_notes(&rig);
	while (rig_delivered(&rig, sink, sizeof sink) > 0)
		continue;
	return 0;
}
