/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on their way.
 *
 * All messages of one submit() go out at once and carry one chain number: after one has failed,
 * klips refuses the rest of the chain, so "in order, the first failure stops" holds without waiting
 * for each answer.  The job is done when the last answer is here.
 */
#include "kernel-klips.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
	struct link *link;
	struct ms_kernel_op *ops;
	unsigned n;
	ms_kernel_done_f *done;
	void *arg;
	unsigned waiting; /* answers, and one for submit() itself */
	bool sent_all;
	ms_err err;
	unsigned failed;
	struct ms_why why;
	struct ms_timer *later; /* done() never comes from within submit() */
};

static void finish(void *arg)
{
	struct job *job = arg;

	ms_timer_free(&job->later);
	job->done(job->arg, job->err, job->err == MS_OK ? job->n : job->failed,
		job->err == MS_OK ? NULL : &job->why);
	free(job);
}

static void release(struct job *job)
{
	if (--job->waiting > 0)
		return;
	if (job->sent_all) {
		finish(job);
		return;
	}
	job->later = ms_timer_new(job->link->services->loop, finish, job);
	if (job->later == NULL)
		finish(job);
	else
		ms_timer_set(job->later, 0);
}

static void fail(struct job *job, unsigned op, ms_err err, const char *text)
{
	if (job->err != MS_OK)
		return;
	job->err = ms_fail(&job->why, err, "%s", text);
	job->failed = op;
}

static bool send_one(struct job *job, unsigned op, struct ms_pfkey_msg *m)
{
	struct pending *p = calloc(1, sizeof *p);
	struct ms_why why = { "" };
	ms_err err;

	if (p == NULL) {
		fail(job, op, MS_ERR_NOMEM, "out of memory");
		return false;
	}
	m->has |= MS_PFKEY_BIT(X_MS_CHAIN);
	m->chain = job->link->chain;
	p->type = m->type;
	p->job = job;
	p->op = op;
	job->waiting++;
	err = link_send(job->link, m, p, &why);
	if (err == MS_OK)
		return true;
	job->waiting--;
	free(p);
	fail(job, op, err, ms_why_text(&why, err));
	return false;
}

static bool send_policy(struct job *job, unsigned op)
{
	const struct ms_kernel_policy *p = &job->ops[op].policy;
	struct flow_list *flows = malloc(sizeof *flows);
	struct ms_why why = { "" };
	struct ms_pfkey_msg m;
	unsigned i, n;
	ms_err err = flows == NULL ? MS_ERR_NOMEM : flows_of_policy(p, flows, &why);
	bool ok = err == MS_OK;

	if (!ok)
		fail(job, op, err, ms_why_text(&why, err));
	n = ok ? flows_count(flows) : 0;
	for (i = 0; i < n && ok; i++) {
		message_of_flow(p, flows, i, job->ops[op].kind == MS_KOP_POLICY_SET, &m);
		ok = send_one(job, op, &m);
	}
	free(flows);
	return ok;
}

static bool send_op(struct job *job, unsigned op)
{
	struct ms_kernel_op *o = &job->ops[op];
	uint8_t scratch[SA_SCRATCH];
	struct ms_pfkey_msg m;
	bool ok;

	memset(&o->counters, 0, sizeof o->counters);
	if (o->kind == MS_KOP_POLICY_SET || o->kind == MS_KOP_POLICY_DELETE)
		return send_policy(job, op);
	message_of_sa(&o->sa, o->kind, &m, scratch);
	ok = send_one(job, op, &m);
	ms_wipe(&m, sizeof m);
	return ok;
}

void submit(struct link *l, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done, void *arg)
{
	struct job *job = calloc(1, sizeof *job);
	unsigned i;

	if (job == NULL) {
		done(arg, MS_ERR_NOMEM, 0, NULL);
		return;
	}
	*job = (struct job){ .link = l, .ops = ops, .n = n, .done = done, .arg = arg, .waiting = 1 };
	if (++l->chain == 0)
		l->chain = 1;
	for (i = 0; i < n && send_op(job, i); i++)
		continue;
	if (job->waiting > 1)
		job->sent_all = true;
	release(job);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void take_counters(struct ms_kernel_counters *out, const struct ms_pfkey_msg *m)
{
	out->octets = m->counters.octets;
	out->packets = m->counters.packets;
	out->replay_errors = m->counters.replay_errors;
	out->auth_errors = m->counters.auth_errors;
	out->added_s = m->life[MS_PFKEY_LIFE_CURRENT].addtime;
	out->used_s = m->life[MS_PFKEY_LIFE_CURRENT].usetime;
}

void submit_answer(struct link *l, struct pending *p, const struct ms_pfkey_msg *m)
{
	struct job *job = p->job;
	char text[128];

	(void)l;
	if (job == NULL)
		return;
	if (m == NULL) {
		fail(job, p->op, MS_ERR_KERNEL_GONE, "klips went away");
	} else if (m->err != 0) {
		const char *name = ms_pfkey_type_name(p->type);

		snprintf(text, sizeof text, "klips refused %s: %s", name == NULL ? "?" : name,
			strerror(m->err));
		/* what was refused because of an earlier failure says nothing new */
		if (m->err != ECANCELED || job->err == MS_OK)
			fail(job, p->op, klips_error(m->err), text);
	} else if (p->type == MS_PFKEY_GETSPI) {
		job->ops[p->op].sa.said.spi = m->sa.spi;
	} else if (p->type == MS_PFKEY_GET) {
		take_counters(&job->ops[p->op].counters, m);
	}
	release(job);
}
