/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: two for each address, IKE (500) and NAT traversal (4500).
 *
 * The second one belongs to the kernel backend as much as to us (RFC 3948): the backend makes it,
 * and either leaves what is IKE on it for us to read, or reads it itself and hands IKE over
 * (MS_KCAP_DATAGRAMS), so that ESP goes on when this daemon does not.
 */
#include "core/daemon/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATAGRAM_OCTETS 65536
#define READS_PER_TURN 64

struct listener {
	struct listener *next;
	struct daemon *d;
	struct ms_endpoint local;
	bool nat;
	bool stale; /* its address went */
	int fd;
	struct ms_watch *watch; /* NULL: the backend reads */
	char physical[16];
};

static uint16_t port_of(const struct daemon *d, bool nat)
{
	if (nat)
		return (uint16_t)(d->setup.nat_ikeport == 0 ? 4500 : d->setup.nat_ikeport);
	return (uint16_t)(d->setup.ikeport == 0 ? 500 : d->setup.ikeport);
}

static struct listener *listener_of(const struct daemon *d, const struct ms_endpoint *local)
{
	struct listener *l = d->listeners;

	while (l != NULL && !ms_endpoint_eq(&l->local, local))
		l = l->next;
	return l;
}

bool daemon_is_local(void *daemon, const struct ms_addr *a)
{
	const struct daemon *d = daemon;

	for (const struct listener *l = d->listeners; l != NULL; l = l->next)
		if (!l->stale && ms_addr_eq(&l->local.addr, a))
			return true;
	return false;
}

bool daemon_device_address(void *daemon, const char *device, int family, struct ms_addr *out)
{
	const struct daemon *d = daemon;
	const struct ms_net_address *list;
	const struct ms_net_ops *net = d->net->ops;
	unsigned n = net->addresses(d->net->instance, &list);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(list[i].ifname, device) == 0 &&
			(family == 0 || list[i].addr.family == family) &&
			daemon_is_local(daemon, &list[i].addr)) {
			*out = list[i].addr;
			return true;
		}
	return false;
}

const char *daemon_device_of(const struct daemon *d, const struct ms_addr *a)
{
	for (const struct listener *l = d->listeners; l != NULL; l = l->next)
		if (ms_addr_eq(&l->local.addr, a))
			return l->physical;
	return NULL;
}

bool daemon_interface(const struct daemon *d, unsigned i, struct ms_endpoint *out, const char **dev)
{
	const struct listener *l = d->listeners;

	while (l != NULL && i-- > 0)
		l = l->next;
	if (l == NULL)
		return false;
	*out = l->local;
	*dev = l->physical;
	return true;
}

/* --- sending and receiving -------------------------------------------------------------------- */

void daemon_send(struct daemon *d, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram, bool keepalive)
{
	static const uint8_t marker[4]; /* RFC 3948 s2.2 */
	struct listener *l = listener_of(d, local);
	struct sockaddr_storage to;
	struct iovec parts[2] = { { (void *)(uintptr_t)marker, sizeof marker },
		{ (void *)(uintptr_t)datagram.ptr, datagram.len } };
	struct msghdr msg = { .msg_name = &to, .msg_iov = parts, .msg_iovlen = 2 };
	static struct ms_log_limit limit = { .burst = 10, .per_minute = 10 };
	struct ms_logger lg = d->net_log;
	char text[MS_ENDPOINT_TEXT];

	lg.limit = &limit;
	if (l == NULL) {
		ms_endpoint_text(local, text, sizeof text);
		ms_info(&lg, "nothing was sent from %s: no socket has that address", text);
		return;
	}
	msg.msg_namelen = ms_endpoint_to_sockaddr(remote, &to);
	if (!l->nat || keepalive) {
		msg.msg_iov = &parts[1];
		msg.msg_iovlen = 1;
	}
	if (sendmsg(l->fd, &msg, MSG_DONTWAIT) < 0) {
		char peer[MS_ENDPOINT_TEXT];

		ms_endpoint_text(local, text, sizeof text);
		ms_endpoint_text(remote, peer, sizeof peer);
		ms_info(&lg, "cannot send from %s to %s: %s", text, peer, strerror(errno));
	}
}

static void got_datagram(struct listener *l, const struct sockaddr_storage *from, uint8_t *buf,
	size_t len)
{
	struct ms_endpoint remote;
	struct ms_bytes data = ms_bytes(buf, len);

	if (ms_endpoint_from_sockaddr(&remote, (const struct sockaddr *)from) != MS_OK)
		return;
	if (l->nat) {
		/* What is not marked is ESP without an SA, or a keep-alive. */
		if (len < 4 || buf[0] != 0 || buf[1] != 0 || buf[2] != 0 || buf[3] != 0)
			return;
		data = ms_bytes(buf + 4, len - 4);
	}
	ike_receive(l->d->ike, &l->local, &remote, data);
}

static void readable(void *arg, int fd, unsigned events)
{
	static uint8_t buf[DATAGRAM_OCTETS];
	struct listener *l = arg;

	(void)events;
	for (unsigned i = 0; i < READS_PER_TURN; i++) {
		struct sockaddr_storage from;
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(fd, buf, sizeof buf, MSG_DONTWAIT, (struct sockaddr *)&from,
			&from_len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		/* Other errors are ICMP answers to what was sent: the next read goes on. */
		if (n >= 0)
			got_datagram(l, &from, buf, (size_t)n);
	}
}

/* --- coming and going --------------------------------------------------------------------------- */

static void listener_free(struct listener *l)
{
	ms_watch_free(&l->watch);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

static int plain_socket(const struct ms_endpoint *local, struct ms_why *why)
{
	struct sockaddr_storage ss;
	socklen_t len = ms_endpoint_to_sockaddr(local, &ss);
	int one = 1, size = 4 << 20;
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		/* A burst of handshakes must not be lost while one is worked on. */
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		if (ss.ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
		if (bind(fd, (struct sockaddr *)&ss, len) == 0)
			return fd;
	}
	ms_fail(why, MS_ERR_SYSTEM, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static struct listener *listener_new(struct daemon *d, const struct ms_net_address *a, bool nat,
	struct ms_why *why)
{
	const struct ms_kernel_ops *k = d->kernel->ops;
	struct listener *l = calloc(1, sizeof *l);
	bool backend_reads = nat && (k->caps & MS_KCAP_DATAGRAMS);

	if (l == NULL)
		return NULL;
	l->d = d;
	l->nat = nat;
	l->local = (struct ms_endpoint){ a->addr, port_of(d, nat) };
	memcpy(l->physical, a->ifname, sizeof l->physical);
	if (!nat)
		l->fd = plain_socket(&l->local, why);
	else if (k->encap_socket(d->kernel->instance, &l->local, &l->fd, why) != MS_OK)
		l->fd = -1;
	if (l->fd >= 0 && !backend_reads)
		l->watch = ms_watch_new(d->loop, l->fd, MS_READABLE, readable, l);
	if (l->fd < 0 || (!backend_reads && l->watch == NULL)) {
		listener_free(l);
		return NULL;
	}
	return l;
}

static bool wanted(const struct daemon *d, const struct ms_net_address *a)
{
	if (!a->up)
		return false;
	/* Link-local addresses need a zone that an endpoint does not carry. */
	if (a->addr.family == AF_INET6 && a->addr.b[0] == 0xfe && (a->addr.b[1] & 0xc0) == 0x80)
		return false;
	if (d->setup.listen == NULL)
		return strncmp(a->ifname, "ipsec", 5) != 0;
	for (char **p = d->setup.listen; *p != NULL; p++) {
		struct ms_addr want;

		if (strcmp(*p, a->ifname) == 0)
			return true;
		if (ms_addr_parse(&want, *p, strlen(*p), 0, MS_TEXT_NUMERIC, NULL) == MS_OK &&
			ms_addr_eq(&want, &a->addr))
			return true;
	}
	return false;
}

static void listen_on(struct daemon *d, const struct ms_net_address *a, bool nat)
{
	struct ms_endpoint local = { a->addr, port_of(d, nat) };
	struct listener *l = listener_of(d, &local);
	char text[MS_ENDPOINT_TEXT];
	struct ms_why why = { "" };

	if (l != NULL) {
		l->stale = false;
		return;
	}
	ms_endpoint_text(&local, text, sizeof text);
	l = listener_new(d, a, nat, &why);
	if (l == NULL) {
		ms_error(&d->net_log, "cannot listen on %s of %s: %s", text, a->ifname,
			ms_why_text(&why, MS_ERR_SYSTEM));
		return;
	}
	l->next = d->listeners;
	d->listeners = l;
	ms_notice(&d->net_log, "adding interface %s %s", a->ifname, text);
}

static void drop_stale(struct daemon *d)
{
	struct listener **slot = &d->listeners;

	while (*slot != NULL) {
		struct listener *l = *slot;
		char text[MS_ENDPOINT_TEXT];

		if (!l->stale) {
			slot = &l->next;
			continue;
		}
		ms_endpoint_text(&l->local, text, sizeof text);
		ms_notice(&d->net_log, "shutting down interface %s %s", l->physical, text);
		*slot = l->next;
		listener_free(l);
	}
}

static void ask_default_routes(struct daemon *d);

void daemon_listen(struct daemon *d)
{
	const struct ms_net_ops *net = d->net->ops;
	const struct ms_net_address *list;
	unsigned n = net->addresses(d->net->instance, &list);

	d->listening = true;
	for (struct listener *l = d->listeners; l != NULL; l = l->next)
		l->stale = true;
	for (unsigned i = 0; i < n; i++) {
		if (!wanted(d, &list[i]))
			continue;
		listen_on(d, &list[i], false);
		listen_on(d, &list[i], true);
	}
	drop_stale(d);
	d->orient_needed = true;
	ask_default_routes(d);
}

void daemon_unlisten(struct daemon *d)
{
	for (struct listener *l = d->listeners; l != NULL; l = l->next)
		l->stale = true;
	drop_stale(d);
	d->listening = false;
}

/* --- the default route ------------------------------------------------------------------------- */

struct default_question {
	struct daemon *d;
	unsigned which;
};

static void default_route(void *arg, ms_err err, const struct ms_net_route *route)
{
	struct default_question *q = arg;
	struct daemon *d = q->d;
	struct ms_addr none = { 0 };

	struct ms_addr src = err == MS_OK ? route->src : none;
	struct ms_addr gw = err == MS_OK ? route->gateway : none;

	if (!ms_addr_eq(&src, &d->default_src[q->which]) ||
		!ms_addr_eq(&gw, &d->default_gw[q->which]))
		d->orient_needed = true;
	d->default_src[q->which] = src;
	d->default_gw[q->which] = gw;
	free(q);
	if (--d->default_pending > 0)
		return;
	if (d->orient_needed) {
		d->orient_needed = false;
		daemon_orient_all(d);
	}
	ike_network_changed(d->ike);
}

static void ask_default_routes(struct daemon *d)
{
	const struct ms_net_ops *net = d->net->ops;

	if (d->default_pending > 0)
		return; /* the answer under way orients */
	d->default_pending = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct ms_addr any = ms_addr_any(i == 0 ? AF_INET : AF_INET6);
		struct default_question *q = malloc(sizeof *q);

		if (q == NULL) {
			d->default_pending--;
			continue;
		}
		*q = (struct default_question){ d, i };
		net->route(d->net->instance, &any, default_route, q);
	}
}

static void addresses_changed(void *ctx)
{
	struct daemon *d = ctx;

	if (d->listening)
		daemon_listen(d);
}

static void routes_changed(void *ctx)
{
	struct daemon *d = ctx;

	if (d->listening)
		ask_default_routes(d);
}

const struct ms_net_events daemon_net_events = {
	.addresses = addresses_changed,
	.routes = routes_changed,
};
