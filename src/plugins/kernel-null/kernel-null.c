/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel-null: accepts every SA and policy and protects nothing.
 *
 * For benchmarks of the daemon alone, for tests, and for hosts that only negotiate.  It keeps
 * nothing per SA: SPIs come from a keyed permutation of a counter, so they look random and are
 * unique for 2^32 requests without a table.  All on the loop's thread; completions come on a later
 * turn, as with a real backend.
 */
#include <modswan/kernel.h>
#include <modswan/plugin.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { LOWEST_SPI = 4096, ROUNDS = 4 };

struct completion {
	ms_kernel_done_f *done;
	void *arg;
	unsigned n;
};

struct null_kernel {
	const struct ms_kernel_events *events;
	void *ctx;
	struct ms_timer *timer;
	struct completion *queue;
	size_t queued, cap;
	uint32_t counter;
	uint32_t keys[ROUNDS];
};

/* A balanced Feistel network is a permutation whatever its round function does. */
static uint32_t permute(const struct null_kernel *k, uint32_t v)
{
	uint16_t left = (uint16_t)(v >> 16), right = (uint16_t)v;
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		uint32_t f = (right + k->keys[i]) * 0x9e3779b1u;
		uint16_t next = (uint16_t)(left ^ (f >> 16));

		left = right;
		right = next;
	}
	return (uint32_t)left << 16 | right;
}

static uint32_t next_spi(struct null_kernel *k)
{
	uint32_t spi;

	do
		spi = permute(k, k->counter++);
	while (spi < LOWEST_SPI);
	return spi;
}

static void deliver(void *arg)
{
	struct null_kernel *k = arg;
	struct completion *list = k->queue;
	size_t n = k->queued, i;

	/* done() may submit again: that goes to a new queue */
	k->queue = NULL;
	k->queued = k->cap = 0;
	for (i = 0; i < n; i++)
		list[i].done(list[i].arg, MS_OK, list[i].n, NULL);
	if (k->queue == NULL) {
		k->queue = list;
		k->cap = n;
	} else {
		free(list);
	}
}

static bool enqueue(struct null_kernel *k, ms_kernel_done_f *done, void *arg, unsigned n)
{
	if (k->queued == k->cap) {
		size_t cap = k->cap == 0 ? 16 : k->cap * 2;
		struct completion *bigger = realloc(k->queue, cap * sizeof *bigger);

		if (bigger == NULL)
			return false;
		k->queue = bigger;
		k->cap = cap;
	}
	k->queue[k->queued++] = (struct completion){ done, arg, n };
	if (k->queued == 1)
		ms_timer_set(k->timer, 0);
	return true;
}

static ms_err null_start(void *inst, const struct ms_kernel_events *events, void *ctx,
	struct ms_why *why)
{
	struct null_kernel *k = inst;

	(void)why;
	k->events = events;
	k->ctx = ctx;
	return MS_OK;
}

static void null_stop(void *inst)
{
	struct null_kernel *k = inst;

	k->events = NULL;
}

static void null_submit(void *inst, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done,
	void *arg)
{
	struct null_kernel *k = inst;
	unsigned i;

	for (i = 0; i < n; i++) {
		memset(&ops[i].counters, 0, sizeof ops[i].counters);
		if (ops[i].kind == MS_KOP_GET_SPI)
			ops[i].sa.said.spi = next_spi(k);
	}
	if (!enqueue(k, done, arg, n))
		done(arg, MS_ERR_NOMEM, 0, NULL);
}

static ms_err null_encap_socket(void *inst, const struct ms_endpoint *local, int *fd_r,
	struct ms_why *why)
{
	struct sockaddr_storage ss;
	socklen_t len = ms_endpoint_to_sockaddr(local, &ss);
	int fd, on = 1;

	(void)inst;
	if (len == 0)
		return ms_fail(why, MS_ERR_BUG, "encapsulation socket without an address");
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "socket: %s", strerror(errno));
	if ((ss.ss_family == AF_INET6
		    && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
		|| bind(fd, (struct sockaddr *)&ss, len) < 0) {
		int e = errno;

		close(fd);
		return ms_fail(why, MS_ERR_SYSTEM, "cannot bind to UDP port %u: %s", local->port,
			strerror(e));
	}
	*fd_r = fd;
	return MS_OK;
}

static void null_flush(void *inst)
{
	(void)inst; /* holds nothing */
}

static void null_unload(void **instance)
{
	struct null_kernel *k = *instance;

	if (k == NULL)
		return;
	ms_timer_free(&k->timer);
	free(k->queue);
	free(k);
	*instance = NULL;
}

static ms_err null_load(void **instance_r, const struct ms_services *services, const void *conf,
	struct ms_why *why)
{
	struct null_kernel *k = calloc(1, sizeof *k);

	(void)conf;
	if (k == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "kernel-null: out of memory");
	k->timer = ms_timer_new(services->loop, deliver, k);
	if (k->timer == NULL || getrandom(k->keys, sizeof k->keys, 0) != (ssize_t)sizeof k->keys) {
		void *instance = k;

		null_unload(&instance);
		return ms_fail(why, MS_ERR_SYSTEM, "kernel-null: no timer or no random numbers");
	}
	*instance_r = k;
	return MS_OK;
}

static const struct ms_kernel_ops null_ops = {
	.size = sizeof null_ops,
	.caps = MS_KCAP_TUNNEL | MS_KCAP_TRANSPORT | MS_KCAP_UDP_ENCAP | MS_KCAP_ESN | MS_KCAP_TRAP
		| MS_KCAP_COMPRESS,
	.start = null_start,
	.stop = null_stop,
	.submit = null_submit,
	.encap_socket = null_encap_socket,
	.flush = null_flush,
};

static const struct ms_feature null_features[] = {
	MS_PROVIDES(KERNEL, "null", &null_ops),
	MS_FEATURES_END,
};

MS_PLUGIN(kernel_null, "kernel-null",
	.summary = "accepts every SA and protects nothing: tests and benchmarks",
	.features = null_features,
	.load = null_load,
	.unload = null_unload);
