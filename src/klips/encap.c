/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/encap.h"

#include "klips/instance.h"
#include "klips/io.h"
#include "klips/queue_age.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Linux 5.0 */
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { MAX_ENCAPS = 256, BUFFER_OCTETS = 4 << 20 };

struct encap *encap_find(const struct klips *k, const struct ms_addr *addr, uint16_t port)
{
	const struct encap_list *l = rcu_get(k->encaps);
	struct encap *any = NULL;
	unsigned i;

	for (i = 0; i < l->n; i++) {
		struct encap *e = l->encaps[i];

		if (e->local.port != port || e->local.addr.family != addr->family)
			continue;
		if (ms_addr_eq(&e->local.addr, addr))
			return e;
		if (ms_addr_is_any(&e->local.addr))
			any = e;
	}
	return any;
}

struct encap *encap_exact(const struct klips *k, const struct ms_endpoint *local)
{
	unsigned i;

	for (i = 0; i < k->encaps->n; i++)
		if (ms_endpoint_eq(&k->encaps->encaps[i]->local, local))
			return k->encaps->encaps[i];
	return NULL;
}

static void list_reclaim(struct rcu_head *head)
{
	free(rcu_reclaim(head, struct encap_list, rcu));
}

/* Where did datagrams go to, which traffic class; never DF; those that came together are read
 * together.  IPv4 could do without checksums (RFC 3948 s2.1), but the system cuts only messages that
 * have one. */
static void set_options(int fd, int family)
{
	int on = 1, dont = IP_PMTUDISC_DONT, size = BUFFER_OCTETS;

	if (family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
		setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof dont);
	} else {
		dont = IPV6_PMTUDISC_DONT;
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on);
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont, sizeof dont);
	}
	setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
	socket_age_start(fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
}

/* IPv4's DF is an option of the whole socket, so there is a second one.  It shares the port only
 * because both say so while it is bound, and is connected to nobody, so that all that comes goes to
 * the first. */
static int open_twin(int fd, const struct ms_endpoint *local)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int twin, on = 1, off = 0, probe = IP_PMTUDISC_PROBE, was = 0;
	struct sockaddr_storage ss;
	socklen_t len = sizeof was, ss_len = ms_endpoint_to_sockaddr(local, &ss);
	bool ok;

	if (local->addr.family != AF_INET)
		return -1;
	twin = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (twin < 0)
		return -1;
	getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &was, &len);
	ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
		&& setsockopt(twin, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
		&& bind(twin, (struct sockaddr *)&ss, ss_len) == 0
		&& connect(twin, (struct sockaddr *)&nobody, sizeof nobody) == 0;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &was, sizeof was);
	setsockopt(twin, SOL_SOCKET, SO_REUSEADDR, &off, sizeof off);
	if (ok) {
		set_options(twin, AF_INET);
		ok = setsockopt(twin, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe) == 0;
	}
	if (ok)
		return twin;
	close(twin);
	return -1;
}

static ms_err check_socket(int fd, const struct ms_endpoint *local, struct ms_why *why)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct ms_endpoint bound;
	int type = 0;
	socklen_t type_len = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 || type != SOCK_DGRAM
		|| getsockname(fd, (struct sockaddr *)&ss, &len) < 0
		|| ms_endpoint_from_sockaddr(&bound, (struct sockaddr *)&ss) != MS_OK
		|| !ms_endpoint_eq(&bound, local))
		return ms_fail(why, MS_ERR_CONFIG, "not a UDP socket bound to the address given");
	return MS_OK;
}

static ms_err list_add(struct klips *k, struct encap *e)
{
	struct encap_list *old = k->encaps, *new;

	new = calloc(1, sizeof *new + (old->n + 1) * sizeof new->encaps[0]);
	if (new == NULL)
		return MS_ERR_NOMEM;
	memcpy(new->encaps, old->encaps, old->n * sizeof new->encaps[0]);
	new->encaps[old->n] = e;
	new->n = old->n + 1;
	rcu_put(k->encaps, new);
	rcu_later(&old->rcu, list_reclaim);
	return MS_OK;
}

/* The numbers of the reuseport group are those of the workers: SPI modulo n, so that IKE, whose first
 * word is 0 (RFC 3948 s2.2), stays with the first. */
static int share_port(int fd, unsigned n)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

/* Further sockets of the same address, for the other workers; all of them or none. */
static void open_others(struct encap *e, unsigned n)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = ms_endpoint_to_sockaddr(&e->local, &ss);
	int first = e->sources[0].fd, on = 1, off = 0;

	if (n == 1 || setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0)
		return;
	for (; e->n < n; e->n++) {
		int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0)
			break;
		if (ss.ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
		/* SO_REUSEADDR is for the twin, see there */
		if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0
			|| setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0
			|| bind(fd, (struct sockaddr *)&ss, ss_len) < 0) {
			close(fd);
			break;
		}
		set_options(fd, ss.ss_family);
		e->sources[e->n] = (struct klips_source){ .ready = udp_ready, .fd = fd, .owner = e };
	}
	if (e->n == n && share_port(first, n) == 0)
		return;
	while (e->n > 1)
		close(e->sources[--e->n].fd);
	setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &off, sizeof off);
}

/* Takes fd over on success. */
static struct encap *encap_new(const struct klips *k, const struct ms_endpoint *local, int fd)
{
	struct encap *e = calloc(1, sizeof *e + k->n_workers * sizeof e->sources[0]);

	if (e == NULL)
		return NULL;
	e->local = *local;
	e->n = 1;
	e->sources[0] = (struct klips_source){ .ready = udp_ready, .fd = fd, .owner = e };
	set_options(fd, local->addr.family);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	open_others(e, k->n_workers);
	e->df_fd = open_twin(fd, local);
	return e;
}

static void encap_free(struct encap *e)
{
	unsigned i;

	for (i = 0; i < e->n; i++)
		close(e->sources[i].fd);
	if (e->df_fd >= 0)
		close(e->df_fd);
	free(e);
}

/* Those that could not be shared out go to the workers by turns. */
static struct klips_worker *worker_of(const struct klips *k, const struct encap *e, unsigned i)
{
	return k->workers[(e->n == 1 ? k->encaps->n : i) % k->n_workers];
}

ms_err encap_add(struct klips *k, const struct ms_endpoint *local, int fd, struct ms_why *why)
{
	struct encap *e = NULL;
	unsigned i;
	ms_err err = check_socket(fd, local, why);

	if (err == MS_OK && encap_exact(k, local) != NULL)
		err = ms_fail(why, MS_ERR_DUPLICATE, "there is a socket of this address");
	if (err == MS_OK && k->encaps->n >= MAX_ENCAPS)
		err = ms_fail(why, MS_ERR_LIMIT, "more than %d encapsulation sockets", MAX_ENCAPS);
	if (err == MS_OK && (e = encap_new(k, local, fd)) == NULL)
		err = MS_ERR_NOMEM;
	if (err == MS_OK) {
		err = list_add(k, e);
		if (err != MS_OK) {
			encap_free(e);
			return err;
		}
	}
	if (err != MS_OK) {
		close(fd);
		return err;
	}
	for (i = 0; i < e->n && err == MS_OK; i++)
		err = worker_watch(worker_of(k, e, i), &e->sources[i]);
	return err;
}

void encap_clear(struct klips *k)
{
	struct encap_list *old = k->encaps, *new = calloc(1, sizeof *new);
	unsigned i, s, w;

	if (new == NULL)
		return;
	for (i = 0; i < old->n; i++)
		for (s = 0; s < old->encaps[i]->n; s++)
			for (w = 0; w < k->n_workers; w++)
				worker_unwatch(k->workers[w], &old->encaps[i]->sources[s]);
	rcu_put(k->encaps, new);
	rcu_wait();
	for (i = 0; i < old->n; i++)
		encap_free(old->encaps[i]);
	free(old);
}
