/* SPDX-License-Identifier: Apache-2.0 */
/* The world behind struct host_ops: answers at once or in the next millisecond. */
#include "core/sim/sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t now_ms(void *host)
{
	return ((struct sim_node *)host)->sim->now;
}

static uint64_t wall_s(void *host)
{
	return 1700000000 + ((struct sim_node *)host)->sim->now / 1000;
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
	sim_send(host, local, remote, datagram);
}

static void keepalive(void *host, const struct ms_endpoint *local, const struct ms_endpoint *remote)
{
	(void)local;
	(void)remote;
	((struct sim_node *)host)->keepalives++;
}

static void deadline(void *host, uint64_t at_ms)
{
	((struct sim_node *)host)->deadline = at_ms;
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
	void *arg;
};

static void run_kernel(struct later *l);

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
	} else if (l->way_done) {
		err = n->fail_child_up ? ms_fail(&why, MS_ERR_KERNEL, "no way") : MS_OK;
		l->way_done(l->arg, err, &why);
	}
	free(l);
}

static struct later *later_new(struct sim_node *n, void *arg)
{
	struct later *l = calloc(1, sizeof(*l));

	l->n = n;
	l->arg = arg;
	return l;
}

static void go(struct later *l)
{
	struct sim *s = l->n->sim;

	if (s->later)
		sim_at(s, s->now + 1, run_later, l);
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

static void child_up(void *host, struct child_sa *child, host_done_f *done, void *arg)
{
	struct later *l = later_new(host, arg);

	(void)child;
	l->n->up++;
	l->way_done = done;
	go(l);
}

static void child_down(void *host, struct child_sa *child)
{
	(void)child;
	((struct sim_node *)host)->downs++;
}

static void report(void *host, struct conn *c, uint32_t serial, int code, const char *text)
{
	struct sim_node *n = host;
	struct sim_line *line = &n->lines[n->n_lines % SIM_LINES];

	n->n_lines++;
	line->serial = serial;
	line->code = code;
	snprintf(line->text, sizeof(line->text), "%s", text);
	if (getenv("SIM_VERBOSE"))
		fprintf(stderr, "%8llu %s: %03d \"%s\" #%u: %s\n",
			(unsigned long long)(n->sim->now - 1000000), n->name, code, c->desc->name,
			(unsigned)serial, text);
}

static void attempt_over(void *host, struct conn *c, ms_err err, const struct ms_why *why)
{
	struct sim_node *n = host;

	(void)c;
	n->over++;
	n->over_err = err;
	snprintf(n->over_text, sizeof(n->over_text), "%s", ms_why_text(why, err));
}

/* --- kernel
 * ---------------------------------------------------------------------------------------- */

static void kernel(
	void *host, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done, void *arg)
{
	struct later *l = later_new(host, arg);

	l->ops = ops;
	l->n_ops = n;
	l->kernel_done = done;
	go(l);
}

static struct sim_sa **find_sa(struct sim_node *n, const struct ms_said *said)
{
	struct sim_sa **p = &n->sas;

	while (*p && !ms_said_eq(&(*p)->said, said))
		p = &(*p)->next;
	return p;
}

static void fill(struct sim_sa *sa, const struct ms_kernel_sa *k)
{
	sa->said = k->said;
	sa->src = k->src;
	sa->larval = false;
	sa->inbound = k->inbound;
	sa->tunnel = k->tunnel;
	sa->esn = k->esn;
	sa->encr = k->encr;
	sa->encr_bits = k->encr_bits;
	sa->integ = k->integ;
	sa->encap_src = k->encap_src;
	sa->encap_dst = k->encap_dst;
	sa->encr_octets = k->encr_key.len;
	sa->integ_octets = k->integ_key.len;
	memcpy(sa->key, k->encr_key.ptr, k->encr_key.len);
	if (k->integ_key.len > 0)
		memcpy(sa->key + k->encr_key.len, k->integ_key.ptr, k->integ_key.len);
	sa->sel_src = k->sel_src;
	sa->sel_dst = k->sel_dst;
}

static ms_err carry_out(struct sim_node *n, struct ms_kernel_op *op)
{
	struct sim_sa **p = find_sa(n, &op->sa.said), *sa = *p;

	switch (op->kind) {
	case MS_KOP_GET_SPI:
		op->sa.said.spi = n->next_spi++;
		/* fall through */
	case MS_KOP_SA_ADD:
		if (op->kind == MS_KOP_SA_ADD && sa)
			return MS_ERR_DUPLICATE;
		sa = calloc(1, sizeof(*sa));
		sa->next = n->sas;
		n->sas = sa;
		if (op->kind == MS_KOP_SA_ADD) {
			fill(sa, &op->sa);
		} else {
			sa->said = op->sa.said;
			sa->larval = sa->inbound = true;
		}
		return MS_OK;
	case MS_KOP_SA_UPDATE:
		if (!sa || !sa->larval)
			return MS_ERR_NOT_FOUND;
		fill(sa, &op->sa);
		return MS_OK;
	case MS_KOP_SA_DELETE:
		if (!sa)
			return MS_ERR_NOT_FOUND;
		*p = sa->next;
		free(sa);
		return MS_OK;
	case MS_KOP_SA_QUERY:
		if (!sa)
			return MS_ERR_NOT_FOUND;
		op->counters.octets = sa->octets;
		return MS_OK;
	case MS_KOP_SA_MOVE:
		if (!sa)
			return MS_ERR_NOT_FOUND;
		sa->encap_src = op->sa.encap_src;
		sa->encap_dst = op->sa.encap_dst;
		return MS_OK;
	case MS_KOP_POLICY_SET:
	case MS_KOP_POLICY_DELETE:
		return MS_OK;
	}
	return MS_ERR_BUG;
}

static void run_kernel(struct later *l)
{
	struct sim_node *n = l->n;
	struct ms_why why = { "" };
	ms_err err = MS_OK;
	unsigned i = 0;

	for (; i < l->n_ops; i++) {
		if ((int)l->ops[i].kind == n->fail_kernel_op)
			err = ms_fail(&why, MS_ERR_KERNEL, "refused by the test");
		else
			err = carry_out(n, &l->ops[i]);
		if (err)
			break;
	}
	l->kernel_done(l->arg, err, i, &why);
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
	.psk = psk,
	.private_key = private_key,
	.child_up = child_up,
	.child_down = child_down,
	.report = report,
	.attempt_over = attempt_over,
};
