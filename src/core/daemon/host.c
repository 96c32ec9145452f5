/* SPDX-License-Identifier: Apache-2.0 */
/* The real world behind struct host_ops. */
#include "core/daemon/daemon.h"

#include <modswan/registry.h>

#include "core/control/control.h"
#include "core/creds/creds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ms(void *host)
{
	struct daemon *d = host;

	return ms_loop_now_ms(d->loop);
}

static uint64_t wall_s(void *host)
{
	(void)host;
	return (uint64_t)time(NULL);
}

/* Without random octets nothing that follows would be safe. */
static void random_or_stop(struct daemon *d, void *out, size_t len)
{
	if (ms_random(out, len) != MS_OK) {
		ms_error(&d->log, "no random octets: stopping");
		abort();
	}
}

/* A call of the generator costs three of these: nonces and SPIs are cut from one piece.  What was
 * handed out is wiped, and no child of the daemon runs this program's code. */
static void random_octets(void *host, void *out, size_t len)
{
	struct daemon *d = host;
	uint8_t *from;

	if (len > sizeof d->random / 4) {
		random_or_stop(d, out, len);
		return;
	}
	if (len > d->random_left) {
		random_or_stop(d, d->random, sizeof d->random);
		d->random_left = sizeof d->random;
	}
	from = d->random + sizeof d->random - d->random_left;
	memcpy(out, from, len);
	ms_wipe(from, len);
	d->random_left -= len;
}

static void send_datagram(void *host, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram)
{
	daemon_send(host, local, remote, datagram, false);
}

static void send_keepalive(void *host, const struct ms_endpoint *local,
	const struct ms_endpoint *remote)
{
	static const uint8_t octet = 0xff; /* RFC 3948 s2.3 */

	daemon_send(host, local, remote, ms_bytes(&octet, 1), true);
}

struct job {
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

static void job_work(void *arg)
{
	struct job *job = arg;

	job->work(job->arg);
}

static void job_done(void *arg, bool cancelled)
{
	struct job *job = arg;

	(void)cancelled; /* the daemon cancels nothing */
	job->done(job->arg);
	free(job);
}

static void submit_job(void *host, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	struct daemon *d = host;
	struct job *job = malloc(sizeof *job);

	if (job != NULL) {
		*job = (struct job){ work, done, arg };
		if (ms_job_submit(d->loop, job_work, job_done, job) != NULL)
			return;
		free(job);
	}
	/* No memory for a job: better late on this thread than never. */
	work(arg);
	done(arg);
}

static void deadline(void *host, uint64_t at_ms)
{
	struct daemon *d = host;
	uint64_t now = ms_loop_now_ms(d->loop);

	if (d->ike_timer == NULL)
		return;
	if (at_ms == UINT64_MAX)
		ms_timer_stop(d->ike_timer);
	else
		ms_timer_set(d->ike_timer, at_ms > now ? at_ms - now : 0);
}

void daemon_ike_timer(void *daemon)
{
	struct daemon *d = daemon;

	ike_tick(d->ike);
}

static void kernel_submit(void *host, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done,
	void *arg)
{
	struct daemon *d = host;
	const struct ms_kernel_ops *k = d->kernel->ops;

	k->submit(d->kernel->instance, ops, n, done, arg);
}

static unsigned kernel_caps(void *host)
{
	const struct ms_kernel_ops *k = ((struct daemon *)host)->kernel->ops;

	return k->caps;
}

const struct ms_provider *daemon_creds_source(void *daemon, unsigned i)
{
	return daemon_provider(daemon, MS_ROLE_CREDS, i);
}

static void psk(void *host, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_addr *peer_addr, host_psk_f *done, void *arg)
{
	creds_psk(daemon_creds_source, host, me, peer, peer_addr, done, arg);
}

static void private_key(void *host, const struct conn *c, const struct ms_id *peer,
	host_private_f *done, void *arg)
{
	creds_private_key(daemon_creds_source, host, c, peer, c->local.pubkeys[0], done, arg);
}

static void own_key(void *host, const struct conn *c, const struct ms_id *peer,
	struct ms_bytes asked, host_own_f *done, void *arg)
{
	creds_own_key(daemon_creds_source, host, c, peer, asked, done, arg);
}

static void peer_key(void *host, const struct conn *c, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, host_peer_key_f *done, void *arg)
{
	creds_peer_key(daemon_creds_source, host, c, peer, certs, n, done, arg);
}

static size_t ca_hashes(void *host, const struct conn *c, uint8_t *buf, size_t size)
{
	return creds_ca_hashes(daemon_creds_source, host, c, buf, size);
}

static bool ca_fits(
	void *host, const struct conn *c, const struct ms_bytes *certs, unsigned n)
{
	return creds_ca_fits(daemon_creds_source, host, c, certs, n);
}

ms_err daemon_cert_subject(void *daemon, const char *cert, struct ms_id *out, struct ms_why *why)
{
	return creds_cert_subject(daemon_creds_source, daemon, cert, out, why);
}

static void lease(void *host, const struct conn *c, const struct ms_attr_request *rq,
	ms_attr_lease_f *done, void *arg)
{
	const struct ms_provider *p = daemon_provider(host, MS_ROLE_ATTR, 0);
	const struct ms_attr_ops *ops;
	struct ms_attr_lease none = { 0 };
	struct ms_why why = { "" };

	(void)c;
	if (p == NULL) {
		done(arg, ms_fail(&why, MS_ERR_CONFIG, "no plugin hands out addresses"), &none,
			&why);
		return;
	}
	ops = p->ops;
	ops->lease(p->instance, rq, done, arg);
}

static void release(void *host, const struct conn *c, const struct ms_addr *addr)
{
	const struct ms_provider *p = daemon_provider(host, MS_ROLE_ATTR, 0);

	if (p != NULL)
		((const struct ms_attr_ops *)p->ops)->release(p->instance, c->remote.pool, addr);
}

static void child_up(void *host, struct child_sa *child, host_done_f *done, void *arg)
{
	struct daemon *d = host;

	route_child_up(d->route, child, done, arg);
}

static void child_down(void *host, struct child_sa *child)
{
	struct daemon *d = host;

	route_child_down(d->route, child);
}

static void child_moved(void *host, struct child_sa *child)
{
	struct daemon *d = host;

	route_child_moved(d->route, child);
}

static struct conn *policy(void *host, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct daemon *d = host;

	return route_find(d->route, src, dst);
}

static void authorise(void *host, const struct ms_addr *client, const struct ms_id *peer,
	const struct ms_addr *peer_addr, struct ms_pubkey *key, host_done_f *done, void *arg)
{
	struct daemon *d = host;

	opp_source_authorise(&d->opp_source, client, peer, peer_addr, key, done, arg);
}

struct path_question {
	struct daemon *d;
	struct ms_addr dst;
	host_path_f *done;
	void *arg;
};

/* Where the way leads into a tunnel of ours, the way around it is meant. */
static void path_answer(void *arg, ms_err err, const struct ms_net_route *route)
{
	struct path_question *q = arg;
	const struct ms_addr *src = err == MS_OK ? &route->src : NULL;

	if (err == MS_OK && strncmp(route->ifname, "ipsec", 5) == 0)
		src = &q->d->default_src[q->dst.family == AF_INET6];
	if (src == NULL || src->family == 0 || !daemon_is_local(q->d, src))
		q->done(q->arg, MS_ERR_NOT_FOUND, NULL);
	else
		q->done(q->arg, MS_OK, src);
	free(q);
}

static void path(void *host, const struct ms_addr *dst, host_path_f *done, void *arg)
{
	struct daemon *d = host;
	struct path_question *q = malloc(sizeof *q);

	if (q == NULL) {
		done(arg, MS_ERR_NOMEM, NULL);
		return;
	}
	*q = (struct path_question){ d, *dst, done, arg };
	((const struct ms_net_ops *)d->net->ops)->route(d->net->instance, dst, path_answer, q);
}

static unsigned addresses(void *host, struct ms_addr *out, unsigned max)
{
	struct ms_endpoint ep;
	const char *dev;
	unsigned n = 0;

	for (unsigned i = 0; n < max && daemon_interface(host, i, &ep, &dev); i++) {
		bool known = false;

		for (unsigned k = 0; k < n && !known; k++)
			known = ms_addr_eq(&out[k], &ep.addr);
		if (!known && !ms_addr_is_loopback(&ep.addr))
			out[n++] = ep.addr;
	}
	return n;
}

static void report(void *host, struct conn *c, uint32_t serial, int code, const char *text)
{
	struct daemon *d = host;

	control_report(d->control, c, serial, code, text);
}

static bool listened(void *host)
{
	const struct daemon *d = host;

	return control_listened(d->control);
}

static void readdress(void *host, struct conn *c)
{
	/* Where that fails the address stays that it had. */
	if (daemon_orient(host, c, NULL) != MS_OK && !c->oriented)
		conn_names_again(c);
}

static bool another_address(void *host, struct conn *c)
{
	return conn_names_next(c) && daemon_orient(host, c, NULL) == MS_OK;
}

static void attempt_over(void *host, struct conn *c, ms_err err, const struct ms_why *why)
{
	struct daemon *d = host;

	(void)conn_ref(c);
	control_attempt_over(d->control, c, err, why);
	route_attempt_over(d->route, c, err, why);
	conn_unref(&c);
}

const struct host_ops daemon_host_ops = {
	.now_ms = now_ms,
	.wall_s = wall_s,
	.random = random_octets,
	.send = send_datagram,
	.keepalive = send_keepalive,
	.job = submit_job,
	.deadline = deadline,
	.kernel = kernel_submit,
	.kernel_caps = kernel_caps,
	.psk = psk,
	.private_key = private_key,
	.own_key = own_key,
	.peer_key = peer_key,
	.ca_hashes = ca_hashes,
	.ca_fits = ca_fits,
	.lease = lease,
	.release = release,
	.child_up = child_up,
	.child_down = child_down,
	.child_moved = child_moved,
	.policy = policy,
	.authorise = authorise,
	.path = path,
	.addresses = addresses,
	.report = report,
	.listened = listened,
	.another_address = another_address,
	.readdress = readdress,
	.attempt_over = attempt_over,
};

/* --- kernel events --------------------------------------------------------------------------- */

static void on_acquire(void *ctx, const struct ms_selector *src, const struct ms_selector *dst)
{
	struct daemon *d = ctx;
	static struct ms_log_limit limit = { .burst = 20, .per_minute = 60 };
	struct ms_logger lg = d->conn_log;
	char s[MS_SELECTOR_TEXT], t[MS_SELECTOR_TEXT];

	lg.limit = &limit;
	if (route_find(d->route, src, dst) == NULL) {
		ms_selector_text(src, s, sizeof s);
		ms_selector_text(dst, t, sizeof t);
		ms_info(&lg, "a packet %s -> %s waits, but no routed connection covers it", s, t);
	}
	route_packet(d->route, src, dst);
}

static void on_expire(void *ctx, const struct ms_said *said, bool hard)
{
	struct daemon *d = ctx;

	ike_kernel_expire(d->ike, said, hard);
}

static void on_mapping(void *ctx, const struct ms_said *said, const struct ms_endpoint *peer)
{
	struct daemon *d = ctx;

	ike_kernel_mapping(d->ike, said, peer);
}

static void on_datagram(void *ctx, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes data)
{
	struct daemon *d = ctx;

	ike_receive(d->ike, local, remote, data);
}

static void on_state(void *ctx, bool reachable, bool fresh)
{
	struct daemon *d = ctx;

	ms_notice(&d->kernel_log, "kernel backend %s%s", reachable ? "reachable" : "not reachable",
		fresh ? ", it starts empty" : "");
	if (reachable && fresh && d->listening) {
		/* Devices and the encapsulation sockets went with it. */
		daemon_unlisten(d);
		daemon_listen(d);
	}
}

const struct ms_kernel_events daemon_kernel_events = {
	.acquire = on_acquire,
	.expire = on_expire,
	.mapping = on_mapping,
	.datagram = on_datagram,
	.state = on_state,
};

/* --- hooks ------------------------------------------------------------------------------------ */

struct hook_run {
	struct daemon *d;
	unsigned next;
	struct ms_hook_event event; /* its pointers belong to the route job, which waits */
	ms_hook_done_f *done;
	void *arg;
	char policy[400];
};

static void next_hook(struct hook_run *run);

static void hook_answer(void *arg, ms_err err, const struct ms_why *why)
{
	struct hook_run *run = arg;

	if (err == MS_OK) {
		next_hook(run);
		return;
	}
	run->done(run->arg, err, why);
	free(run);
}

static void next_hook(struct hook_run *run)
{
	const struct ms_provider *p = daemon_provider(run->d, MS_ROLE_HOOK, run->next++);
	const struct ms_hook_ops *ops;

	if (p == NULL) {
		run->done(run->arg, MS_OK, NULL);
		free(run);
		return;
	}
	ops = p->ops;
	ops->event(p->instance, &run->event, hook_answer, run);
}

void daemon_hook(void *daemon, struct conn *c, const struct ms_hook_event *event,
	ms_hook_done_f *done, void *arg)
{
	struct daemon *d = daemon;
	struct hook_run *run = malloc(sizeof *run);

	if (run == NULL) {
		done(arg, MS_ERR_NOMEM, NULL);
		return;
	}
	*run = (struct hook_run){ .d = d, .event = *event, .done = done, .arg = arg };
	control_policy_words(c, run->policy, sizeof run->policy);
	if (event->policy != NULL && event->policy[0] != '\0') {
		size_t n = strlen(run->policy);

		snprintf(run->policy + n, sizeof run->policy - n, "+%s", event->policy);
	}
	run->event.policy = run->policy;
	run->event.ike_port = (uint16_t)d->setup.ikeport;
	run->event.nat_port = (uint16_t)d->setup.nat_ikeport;
	next_hook(run);
}
