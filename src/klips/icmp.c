/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/icmp.h"

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/reset.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <time.h>

enum { BURST = 50, PER_SECOND = 100, QUOTE4 = 28, ERROR_TTL = 64, ICMP_HEADER = 8 };
enum { MAX_ERROR = 1280 };

/* A token bucket per worker. */
static bool allowed(struct klips_worker *w)
{
	struct timespec ts;
	uint64_t now, fresh;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	fresh = (now - w->icmp_filled_ms) * PER_SECOND / 1000;
	if (fresh > 0) {
		w->icmp_filled_ms = now;
		w->icmp_tokens = fresh > BURST - w->icmp_tokens ? BURST
								: w->icmp_tokens + (uint32_t)fresh;
	}
	if (w->icmp_tokens == 0) {
		count(&w->counters, KC_ICMP_LIMITED, 1);
		return false;
	}
	w->icmp_tokens--;
	return true;
}

/* Not about errors, later fragments, or to many or nobody. */
static bool may_answer(const struct pkt *p, const struct ip_view *v)
{
	struct ms_addr src = ip_src(p->data), dst = ip_dst(p->data);
	uint8_t type = v->upper_at < v->total ? p->data[v->upper_at] : 0;

	if (v->later_fragment || ms_addr_is_any(&src) || ms_addr_is_loopback(&src))
		return false;
	if (v->version == 4)
		return src.b[0] < 224 && dst.b[0] < 224
			&& !(v->upper == IPPROTO_ICMP && type != ICMP_ECHO && type != ICMP_ECHOREPLY
				&& type != ICMP_TIMESTAMP && type != ICMP_TIMESTAMPREPLY);
	return src.b[0] != 0xff && dst.b[0] != 0xff
		&& !(v->upper == IPPROTO_ICMPV6 && (type & ICMP6_INFOMSG_MASK) == 0);
}

static const struct ms_addr *own_addr(const struct klips_device *d, int family)
{
	unsigned i;

	for (i = 0; i < d->n_addrs; i++)
		if (d->addrs[i].family == family)
			return &d->addrs[i];
	return NULL;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t pseudo_sum6(const uint8_t *ip, uint32_t len)
{
	uint32_t sum = len + IPPROTO_ICMPV6;
	unsigned i;

	for (i = 8; i < 40; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	return sum;
}

static void send_error(struct klips_worker *w, const struct klips_device *d, const struct pkt *p,
	const struct ip_view *v, uint8_t type, uint8_t code, uint32_t word)
{
	int family = v->version == 4 ? AF_INET : AF_INET6;
	const struct ms_addr *own = own_addr(d, family);
	struct ms_endpoint to = { .addr = ip_src(p->data) };
	struct sockaddr_storage ss;
	socklen_t ss_len = ms_endpoint_to_sockaddr(&to, &ss);
	uint8_t buf[MAX_ERROR], *icmp;
	unsigned header, quote, total;
	int fd = v->version == 4 ? w->k->icmp4_fd : w->k->icmp6_fd;

	if (own == NULL || fd < 0 || !may_answer(p, v) || !allowed(w))
		return;
	header = ip_header_octets(own);
	quote = v->version == 4 ? v->header + 8u : MAX_ERROR - header - ICMP_HEADER;
	if (quote > p->len)
		quote = p->len;
	total = header + ICMP_HEADER + quote;
	ip_write(buf, own, &to.addr, v->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, 0, ERROR_TTL,
		total);
	icmp = buf + header;
	memset(icmp, 0, ICMP_HEADER);
	icmp[0] = type;
	icmp[1] = code;
	put16(icmp + 4, word >> 16);
	put16(icmp + 6, word & 0xffff);
	memcpy(icmp + ICMP_HEADER, p->data, quote);
	put16(icmp + 2, ip_checksum(icmp, total - header,
		v->version == 4 ? 0 : pseudo_sum6(buf, total - header)));
	if (sendto(fd, buf, total, MSG_DONTWAIT, (struct sockaddr *)&ss, ss_len) > 0)
		count(&w->counters, KC_ICMP_SENT, 1);
}

void icmp_too_big(struct klips_worker *w, const struct klips_device *d, const struct pkt *p,
	const struct ip_view *v, uint32_t mtu)
{
	if (v->version == 4)
		send_error(w, d, p, v, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, mtu & 0xffff);
	else
		send_error(w, d, p, v, ICMP6_PACKET_TOO_BIG, 0, mtu);
}

void icmp_time_exceeded(struct klips_worker *w, const struct klips_device *d, const struct pkt *p,
	const struct ip_view *v)
{
	send_error(w, d, p, v, v->version == 4 ? ICMP_TIMXCEED : ICMP6_TIME_EXCEEDED, 0, 0);
}

static bool reset(struct klips_worker *w, const struct pkt *p, const struct ip_view *v)
{
	uint8_t buf[RESET_MAX_OCTETS];
	size_t len = reset_make(buf, p->data, v);
	struct ms_endpoint to = { .addr = ip_src(p->data) };
	struct sockaddr_storage ss;
	socklen_t ss_len = ms_endpoint_to_sockaddr(&to, &ss);
	int fd = v->version == 4 ? w->k->icmp4_fd : w->k->icmp6_fd;

	if (len == 0)
		return false;
	if (fd >= 0 && may_answer(p, v) && allowed(w)
		&& sendto(fd, buf, len, MSG_DONTWAIT, (struct sockaddr *)&ss, ss_len) > 0)
		count(&w->counters, KC_RESET_SENT, 1);
	return true;
}

void icmp_reject(struct klips_worker *w, const struct klips_device *d, const struct pkt *p,
	const struct ip_view *v)
{
	if (reset(w, p, v))
		return;
	if (v->version == 4)
		send_error(w, d, p, v, ICMP_UNREACH, ICMP_UNREACH_FILTER_PROHIB, 0);
	else
		send_error(w, d, p, v, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, 0);
}
