/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a version of IKE brings to the engine: the rows by which its messages are taken, and what the
 * engine cannot know by itself.  ikev2/ has the one that there is; ike/ names none.
 */
#ifndef MODSWAN_CORE_IKE_VERSION_H
#define MODSWAN_CORE_IKE_VERSION_H

#include "core/ike/ike_sa.h"

/* One row of the transition table. */
struct ike_transition {
	const char *story;
	uint32_t from; /* set of 1 << (state - IKE_PARENT_I1); 0: IKE_UNBORN */
	uint8_t exchange, role;
	uint64_t need,
		may; /* IKE_HAS(), IKE_HAS_NOTIFY(); N, V and CERT kinds are always allowed */
	ike_action_f *act;
	uint8_t to;    /* 0: stays */
	uint8_t timer; /* enum ike_row_timer */
};
enum ike_row_timer { TIMER_NONE, TIMER_HALF_OPEN, TIMER_RETRANSMIT, TIMER_LIFETIME };
#define IKE_FROM(state) (UINT32_C(1) << ((state)-IKE_PARENT_I1))

struct ike_version {
	const char *name;
	const struct ike_transition *rows;
	unsigned n_rows;
	uint64_t always; /* IKE_HAS() of what never decides about a row */
	void (*start)(struct ike_sa *ike); /* sends the first request */
	/* Something is in ike->wants, and the window is free. */
	void (*next_request)(struct ike_sa *ike);
	void (*gone)(struct ike_sa *ike); /* gives back what the peer was lent */
	bool (*floats)(const struct ike_sa *ike); /* to the NAT-T port without any NAT */
	/* Where a message came from; false: the engine follows a NAT's mapping only. */
	bool (*follow)(struct ike_sa *ike, const struct ms_endpoint *local,
		const struct ms_endpoint *remote);
	void (*look)(struct ike_sa *ike);       /* ike->look_at is here */
	void (*unanswered)(struct ike_sa *ike); /* a request was sent once more */
	/* Where the answer to the request in work goes. */
	void (*answer_to)(
		const struct ike_sa *ike, struct ms_endpoint *local, struct ms_endpoint *remote);
};

/* NULL: the message fits no row. */
const struct ike_transition *ike_transition_find(const struct ike_version *v, enum ike_state from,
	unsigned exchange, enum ike_role role, uint64_t set);

#endif
