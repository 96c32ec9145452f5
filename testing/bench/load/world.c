/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine asks of the world: everything is answered at once, nothing is protected. */
#include "load.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ms(void *host)
{
	struct load *l = host;

	return ms_loop_now_ms(l->loop);
}

static uint64_t wall_s(void *host)
{
	(void)host;
	return (uint64_t)time(NULL);
}

static void random_octets(void *host, void *out, size_t len)
{
	(void)host;
	if (ms_random(out, len) != MS_OK)
		abort();
}

static void send_datagram(void *host, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram)
{
	struct load *l = host;

	sockets_send(l->sockets, local, remote, datagram);
}

static void job(void *host, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	(void)host;
	work(arg);
	done(arg);
}

static void deadline(void *host, uint64_t at_ms)
{
	struct load *l = host;
	uint64_t now = ms_loop_now_ms(l->loop);

	if (at_ms == UINT64_MAX)
		ms_timer_stop(l->timer);
	else
		ms_timer_set(l->timer, at_ms > now ? at_ms - now : 0);
}

void load_timer(void *load)
{
	struct load *l = load;

	ike_tick(l->ike);
}

static void kernel(
	void *host, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done, void *arg)
{
	struct load *l = host;

	for (unsigned i = 0; i < n; i++) {
		memset(&ops[i].counters, 0, sizeof ops[i].counters);
		if (ops[i].kind == MS_KOP_GET_SPI)
			ops[i].sa.said.spi = ++l->spi;
	}
	done(arg, MS_OK, n, NULL);
}

static void psk(void *host, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_addr *peer_addr, host_psk_f *done, void *arg)
{
	struct load *l = host;

	(void)me;
	(void)peer;
	(void)peer_addr;
	done(arg, MS_OK, ms_bytes(l->o->psk, strlen(l->o->psk)), NULL);
}

static void child_up(void *host, struct child_sa *child, host_done_f *done, void *arg)
{
	(void)host;
	(void)child;
	done(arg, MS_OK, NULL);
}

static void child_down(void *host, struct child_sa *child)
{
	(void)host;
	(void)child;
}

static void report(void *host, struct conn *c, uint32_t serial, int code, const char *text)
{
	(void)host;
	(void)c;
	(void)serial;
	(void)code;
	(void)text;
}

static void attempt_over(void *host, struct conn *c, ms_err err, const struct ms_why *why)
{
	load_attempt_over(host, c, err, why);
}

const struct host_ops load_host_ops = {
	.now_ms = now_ms,
	.wall_s = wall_s,
	.random = random_octets,
	.send = send_datagram,
	.job = job,
	.deadline = deadline,
	.kernel = kernel,
	.psk = psk,
	.own_key = certs_own_key,
	.peer_key = certs_peer_key,
	.ca_hashes = certs_ca_hashes,
	.child_up = child_up,
	.child_down = child_down,
	.report = report,
	.attempt_over = attempt_over,
};
