/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever comes from the host or from the wire: the first octet chooses.
 *
 * Inbound the octets are tried as they are and, so that more than the integrity check is reached,
 * as plain text that is sealed here first.
 */
#include "klips/ip.h"
#include "klips/rig.h"
#include "klips/xform.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig rig;
static struct rig_pair tunnel, transport;

static void prepare(void)
{
	static const struct rig_spec specs[] = {
		{ .encr = 20, .key_bits = 128, .outer = AF_INET, .tunnel = true, .window = 64 },
		{ .encr = 12, .key_bits = 128, .integ = 12, .outer = AF_INET, .window = 64 },
	};
	static const enum ms_shunt shunts[] = { MS_SHUNT_NONE, MS_SHUNT_PASS, MS_SHUNT_DROP,
		MS_SHUNT_REJECT, MS_SHUNT_HOLD };
	unsigned i;

	if (rig.w != NULL)
		return;
	rig_new(&rig);
	if (!rig_pair(&rig, &specs[0], 0x1000, &tunnel) || !rig_pair(&rig, &specs[1], 0x1001, &transport))
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t sink[70000];

	prepare();
	if (size < 1 || size > PKT_MAX)
		return 0;
	switch (data[0] % 5) {
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
	default:
		sealed(&transport, data + 1, (uint32_t)size - 1);
	}
	rig_notes(&rig);
	while (rig_delivered(&rig, sink, sizeof sink) > 0)
		continue;
	return 0;
}
