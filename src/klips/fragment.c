/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/fragment.h"

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/ip.h"

#include <string.h>
#include <sys/socket.h>

enum { FRAGMENT_HEADER = 8, UNIT = 8 };

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Options that RFC 791 wants in the first fragment only are in all: few routers look. */
static bool begin4(struct fragmenter *f, const struct ip_view *v, uint32_t id)
{
	memcpy(f->header, f->packet, v->header);
	f->header_octets = v->header;
	f->header[6] = f->header[7] = 0;
	put16(f->header + 4, id % UINT16_MAX + 1); /* 0 would be replaced by the system */
	f->at = v->header;
	return true;
}

/* Behind the base header: what routers look at (hop-by-hop options, routing) we never write. */
static bool begin6(struct fragmenter *f, const struct ip_view *v, uint32_t id)
{
	uint8_t *extra = f->header + v->header;

	if (v->next == IPPROTO_HOPOPTS || v->next == IPPROTO_ROUTING)
		return false;
	memcpy(f->header, f->packet, v->header);
	f->header[6] = IPPROTO_FRAGMENT;
	memset(extra, 0, FRAGMENT_HEADER);
	extra[0] = v->next;
	put16(extra + 4, id >> 16);
	put16(extra + 6, id);
	f->header_octets = v->header + FRAGMENT_HEADER;
	f->at = v->header;
	return true;
}

bool fragment_begin(struct fragmenter *f, const uint8_t *packet, uint32_t len, uint32_t mtu,
	uint32_t id)
{
	struct ip_view v;

	f->packet = packet;
	if (!ip_parse(packet, len, &v) || v.fragment || v.header > sizeof f->header - FRAGMENT_HEADER)
		return false;
	if (!(v.version == 4 ? begin4(f, &v, id) : begin6(f, &v, id)))
		return false;
	f->end = v.total;
	f->step = mtu < f->header_octets ? 0 : (mtu - f->header_octets) / UNIT * UNIT;
	return f->step > 0;
}

bool fragment_next(struct fragmenter *f, struct iovec out[2])
{
	unsigned base = f->packet[0] >> 4 == 4 ? f->header_octets : sizeof(struct ip6_hdr);
	uint32_t offset = f->at - base, n = f->end - f->at;
	bool more = n > f->step;

	if (f->at >= f->end)
		return false;
	if (more)
		n = f->step;
	if (f->packet[0] >> 4 == 4) {
		put16(f->header + 2, f->header_octets + n);
		put16(f->header + 6, offset / UNIT | (more ? IP_MF : 0));
		put16(f->header + 10, 0);
		put16(f->header + 10, ip_checksum(f->header, f->header_octets, 0));
	} else {
		put16(f->header + 4, FRAGMENT_HEADER + n);
		put16(f->header + base + 2, offset | more);
	}
	out[0] = (struct iovec){ f->header, f->header_octets };
	out[1] = (struct iovec){ (void *)(uintptr_t)(f->packet + f->at), n };
	f->at += n;
	return true;
}

void fragment_send(struct klips_worker *w, const struct klips_device *d, struct pkt *p, uint32_t mtu)
{
	uint32_t id = __atomic_add_fetch(&w->k->fragment_id, 1, __ATOMIC_RELAXED);
	struct ms_endpoint to = { .addr = ip_dst(p->data) };
	int fd = to.addr.family == AF_INET6 ? d->pass6 : d->pass4;
	struct sockaddr_storage name;
	struct iovec iov[2];
	struct msghdr h = { .msg_name = &name, .msg_iov = iov, .msg_iovlen = 2 };
	struct fragmenter f;
	bool ok = true;

	if (fd < 0) {
		pkt_drop(w, p, KC_OUT_NO_SOCKET);
		return;
	}
	if (!fragment_begin(&f, p->data, p->len, mtu, id)) {
		pkt_drop(w, p, KC_OUT_LENGTH);
		return;
	}
	h.msg_namelen = ms_endpoint_to_sockaddr(&to, &name);
	while (ok && fragment_next(&f, iov))
		ok = sendmsg(fd, &h, MSG_DONTWAIT) >= 0;
	pkt_drop(w, p, ok ? KC_OUT_SENT : KC_OUT_SEND);
}
