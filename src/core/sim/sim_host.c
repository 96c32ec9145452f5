/* SPDX-License-Identifier: Apache-2.0 */
/* The world behind struct host_ops: answers at once or in the next millisecond. */
#include "core/sim/sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t now_ms(void *host)
{
	struct sim_node *n = host;

	return n->sim->now + n->clock_ms;
}

static uint64_t wall_s(void *host)
{
	struct sim_node *n = host;

	return 1700000000 + (n->sim->now + n->clock_ms + (uint64_t)n->wall_ms) / 1000;
}

static void random_octets(void *host, void *out, size_t len)
{
	struct sim *s = ((struct sim_node *)host)->sim;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		s->random ^= s->random << 13;
		s->random ^= s->random >> 7;
		s->random ^= s->random << 17;
		p[i] = (uint8_t)(s->random >> 32);
	}
}

static void send_datagram(void *host, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram)
{
	struct sim_node *n = host;

	if (n->sim->watch.sent)
		n->sim->watch.sent(n->sim->watch.arg, n, datagram);
	sim_send(n, local, remote, datagram);
}

static void keepalive(void *host, const struct ms_endpoint *local, const struct ms_endpoint *remote)
{
	(void)local;
	(void)remote;
	((struct sim_node *)host)->keepalives++;
}

static void deadline(void *host, uint64_t at_ms)
{
	struct sim_node *n = host;

	n->deadline = at_ms;
	sim_set_timer(n);
}

/* --- things that may take a while ---------------------------------------------------------------
 */

struct later {
	struct sim_node *n;
	void (*work)(void *arg);
	void (*done)(void *arg);
	struct ms_kernel_op *ops;
	unsigned n_ops;
	ms_kernel_done_f *kernel_done;
	host_psk_f *psk_done;
	host_private_f *private_done;
	host_done_f *way_done;
	ms_attr_lease_f *lease_done;
	struct ms_attr_request ask;
	void *arg;
};

static void run_kernel(struct later *l)
{
	struct ms_why why = { "" };
	unsigned failed = 0;
	ms_err err = sim_kernel(l->n, l->ops, l->n_ops, &failed, &why);

	l->kernel_done(l->arg, err, failed, &why);
}

/* 10.99.0.N and 2001:db8:99::N, anew each time; what the peer had it gets again if it may. */
static void run_lease(struct later *l)
{
	struct sim_node *n = l->n;
	struct ms_attr_lease lease = { { l->ask.wanted[0], l->ask.wanted[1] }, n->announced,
		n->n_announced };
	struct ms_why why = { "" };
	ms_err err = n->no_leases ? ms_fail(&why, MS_ERR_LIMIT, "none is free") : MS_OK;

	n->sim->seen[COVER_NO_LEASE] += n->no_leases;
	n->lease_shared = l->ask.share;
	for (unsigned i = 0; err == MS_OK && i < 2; i++) {
		static const uint8_t v6[16] = { 0x20, 1, 0x0d, 0xb8, 0, 0x99 };
		struct ms_addr *a = &lease.addr[i];

		if (!l->ask.ask[i])
			continue;
		n->leases++;
		n->leased++;
		n->sim->seen[i == 0 ? COVER_LEASE4 : COVER_LEASE6]++;
		if (a->family != 0 && l->ask.share)
			continue;
		*a = ms_addr_v4(0x0a630000 + ((uint32_t)n->lease_net << 16) + n->leased);
		if (i == 1 && ms_addr_from_octets(a, v6, sizeof(v6)) == MS_OK) {
			a->b[13] = n->lease_net;
			a->b[14] = (uint8_t)(n->leased >> 8);
			a->b[15] = (uint8_t)n->leased;
		}
	}
	l->lease_done(l->arg, err, &lease, &why);
}

static void run_later(struct sim *s, void *arg)
{
	struct later *l = arg;
	struct sim_node *n = l->n;
	struct ms_why why = { "" };
	ms_err err;

	(void)s;
	if (l->done) {
		l->work(l->arg);
		l->done(l->arg);
	} else if (l->kernel_done) {
		run_kernel(l);
	} else if (l->psk_done) {
		err = n->psk.ptr ? MS_OK : ms_fail(&why, MS_ERR_NO_CREDENTIAL, "no shared key");
		l->psk_done(l->arg, err, n->psk, &why);
	} else if (l->private_done) {
		err = n->priv ? MS_OK : ms_fail(&why, MS_ERR_NO_CREDENTIAL, "no private key");
		l->private_done(l->arg, err, n->priv, &why);
	} else if (l->lease_done) {
		run_lease(l);
	} else if (l->way_done) {
		err = n->fail_child_up ? ms_fail(&why, MS_ERR_KERNEL, "no way") : MS_OK;
		l->way_done(l->arg, err, &why);
	}
	free(l);
}

static struct later *later_new(struct sim_node *n, void *arg)
{
	struct later *l = sim_alloc(sizeof(*l));

	l->n = n;
	l->arg = arg;
	return l;
}

static void go(struct later *l)
{
	struct sim *s = l->n->sim;
	struct sim_node *n = l->n;
	uint64_t at = s->now + (s->later || n->slow_ms) + n->slow_ms;

	s->seen[COVER_SLOW] += n->slow_ms > 0;
	if (n->in_order && at < n->answers_at)
		at = n->answers_at;
	n->answers_at = at;
	if (at > s->now)
		sim_at(s, at, run_later, l)->answers = n;
	else
		run_later(s, l);
}

static void job(void *host, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	struct later *l = later_new(host, arg);

	l->n->jobs++;
	l->work = work;
	l->done = done;
	go(l);
}

static void psk(void *host, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_addr *peer_addr, host_psk_f *done, void *arg)
{
	struct later *l = later_new(host, arg);

	(void)me;
	(void)peer;
	(void)peer_addr;
	l->psk_done = done;
	go(l);
}

static void private_key(
	void *host, const struct conn *c, const struct ms_id *peer, host_private_f *done, void *arg)
{
	struct later *l = later_new(host, arg);

	(void)c;
	(void)peer;
	l->private_done = done;
	go(l);
}

static void lease(void *host, const struct conn *c, const struct ms_attr_request *rq,
	ms_attr_lease_f *done, void *arg)
{
	struct later *l = later_new(host, arg);

	(void)c;
	l->lease_done = done;
	l->ask = *rq;
	go(l);
}

static void release(void *host, const struct conn *c, const struct ms_addr *addr)
{
	(void)c;
	(void)addr;
	((struct sim_node *)host)->leases--;
}

static void child_up(void *host, struct child_sa *child, host_done_f *done, void *arg)
{
	struct sim_node *n = host;
	struct later *l;

	n->up++;
	sim_cover_child(n->sim, child);
	if (n->route) {
		route_child_up(n->route, child, done, arg);
		return;
	}
	l = later_new(n, arg);
	l->way_done = done;
	go(l);
}

static void child_moved(void *host, struct child_sa *child)
{
	struct sim_node *n = host;

	n->moved++;
	if (n->route)
		route_child_moved(n->route, child);
}

static struct conn *policy(void *host, const struct ms_selector *src, const struct ms_selector *dst)
{
	struct sim_node *n = host;

	return n->route ? route_find(n->route, src, dst) : NULL;
}

/* A path is where the families are the same. */
static void path(void *host, const struct ms_addr *dst, host_path_f *done, void *arg)
{
	struct sim_node *n = host;

	if (n->addr.family == dst->family)
		done(arg, MS_OK, &n->addr);
	else if (n->addr2.family == dst->family)
		done(arg, MS_OK, &n->addr2);
	else
		done(arg, MS_ERR_NOT_FOUND, NULL);
}

static unsigned addresses(void *host, struct ms_addr *out, unsigned max)
{
	struct sim_node *n = host;
	unsigned count = 0;

	if (max > 0)
		out[count++] = n->addr;
	if (max > 1 && n->addr2.family != 0)
		out[count++] = n->addr2;
	return count;
}

static void child_down(void *host, struct child_sa *child)
{
	struct sim_node *n = host;

	n->downs++;
	if (n->route)
		route_child_down(n->route, child);
}

static void report(void *host, struct conn *c, uint32_t serial, int code, const char *text)
{
	struct sim_node *n = host;
	struct sim_line *line = &n->lines[n->n_lines % SIM_LINES];

	n->n_lines++;
	line->serial = serial;
	line->code = code;
	snprintf(line->text, sizeof(line->text), "%s", text);
	if (sim_verbose)
		fprintf(stderr, "%8llu %s: %03d \"%s\" #%u: %s\n",
			(unsigned long long)(n->sim->now - 1000000), n->name, code, c->desc->name,
			(unsigned)serial, text);
}

static void attempt_over(void *host, struct conn *c, ms_err err, const struct ms_why *why)
{
	struct sim_node *n = host;

	n->over++;
	if (n->sim->watch.over)
		n->sim->watch.over(n->sim->watch.arg, n, c, err);
	n->over_err = err;
	snprintf(n->over_text, sizeof(n->over_text), "%s", ms_why_text(why, err));
	if (n->route)
		route_attempt_over(n->route, c, err, why);
}

static void kernel(
	void *host, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done, void *arg)
{
	struct later *l = later_new(host, arg);

	l->ops = ops;
	l->n_ops = n;
	l->kernel_done = done;
	go(l);
}

static unsigned kernel_caps(void *host)
{
	return ((struct sim_node *)host)->no_compression ? 0 : MS_KCAP_COMPRESS;
}

const struct host_ops sim_host_ops = {
	.now_ms = now_ms,
	.wall_s = wall_s,
	.random = random_octets,
	.send = send_datagram,
	.keepalive = keepalive,
	.job = job,
	.deadline = deadline,
	.kernel = kernel,
	.kernel_caps = kernel_caps,
	.psk = psk,
	.private_key = private_key,
	.policy = policy,
	.lease = lease,
	.release = release,
	.child_up = child_up,
	.child_down = child_down,
	.child_moved = child_moved,
	.path = path,
	.addresses = addresses,
	.report = report,
	.another_address = sim_another_address,
	.readdress = sim_readdress,
	.attempt_over = attempt_over,
};
