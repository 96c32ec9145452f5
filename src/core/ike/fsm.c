/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through a version's transition table.
 *
 * A row is taken when its state, exchange and role fit, all that it needs is in the message, and
 * nothing is there that it does not list, but for what never decides.
 */
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/receive.h"
#include "core/ike/version.h"

#include <stdio.h>

const struct ike_transition *ike_transition_find(const struct ike_version *v, enum ike_state from,
	unsigned exchange, enum ike_role role, uint64_t set)
{
	for (unsigned i = 0; i < v->n_rows; i++) {
		const struct ike_transition *t = &v->rows[i];

		if (t->exchange != exchange || t->role != role)
			continue;
		if (from == IKE_UNBORN ? t->from != 0 : !(t->from & IKE_FROM(from)))
			continue;
		if ((set & t->need) == t->need && !(set & ~(t->need | t->may | v->always)))
			return t;
	}
	return NULL;
}

static void arm_row(struct ike_sa *ike, enum ike_row_timer timer)
{
	switch (timer) {
	case TIMER_HALF_OPEN:
		ike->half_open_until = ike_now(ike->e) + ike->e->params.half_open_ms;
		break;
	case TIMER_LIFETIME:
		ike->half_open_until = IKE_NEVER;
		ike_start_lifetime(ike);
		break;
	case TIMER_RETRANSMIT: /* set when the request was sent */
	case TIMER_NONE:
		break;
	}
	ike_arm(ike);
}

void ike_advance(struct ike_sa *ike, const struct ike_transition *row)
{
	if (row->to != 0)
		ike->state = row->to;
	arm_row(ike, (enum ike_row_timer)row->timer);
}

static const char *dot_state(unsigned bit)
{
	return ike_state_name((enum ike_state)(IKE_PARENT_I1 + bit));
}

size_t ike_fsm_dot(const struct ike_version *v, char *buf, size_t size)
{
	size_t n = 0;

#define ADD(...) \
	n += (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0, __VA_ARGS__)
	ADD("digraph %s {\n", v->name);
	for (unsigned i = 0; i < v->n_rows; i++) {
		const struct ike_transition *t = &v->rows[i];

		for (unsigned bit = 0; bit <= IKE_DELETING - IKE_PARENT_I1; bit++) {
			const char *from;

			if (t->from ? !(t->from >> bit & 1) : bit > 0)
				continue;
			from = t->from ? dot_state(bit) : ike_state_name(IKE_UNBORN);
			ADD("\t\"%s\" -> \"%s\" [label=\"%s %s: %s\"];\n", from,
				t->to ? ike_state_name((enum ike_state)t->to) : from,
				ike_name(ike_exchange_name, t->exchange),
				t->role == IKE_REQUEST ? "request" : "response", t->story);
		}
	}
	ADD("}\n");
#undef ADD
	return n;
}
