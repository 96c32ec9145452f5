/* SPDX-License-Identifier: Apache-2.0 */
/* The table of transforms, their order, and the sequence numbers that ESP and AH share. */
#include "klips/xform.h"

#include "klips/note.h"
#include "klips/sadb.h"
#include "klips/worker.h"

#include <sched.h>
#include <stddef.h>

enum { TURN_TRIES = 64 };

static const struct klips_xform *const xforms[] = { &esp_xform, &ipip_xform, &ah_xform,
	&ipcomp_xform };

const struct klips_xform *klips_xform_of(uint8_t protocol)
{
	unsigned i;

	for (i = 0; i < sizeof xforms / sizeof xforms[0]; i++)
		if (xforms[i]->protocol == protocol)
			return xforms[i];
	return NULL;
}

bool klips_xform_follows(const struct klips_sa *inner, const struct klips_sa *outer)
{
	if (inner->xform == NULL || outer->xform == NULL || outer->xform == &ipip_xform)
		return true;
	return outer->xform->rank > inner->xform->rank;
}

/* --- sequence numbers ----------------------------------------------------------------------- */

uint64_t sequence_take(struct klips_worker *w, struct klips_sa *sa, unsigned n)
{
	uint64_t last = __atomic_add_fetch(&sa->seq, n, __ATOMIC_RELAXED);

	if (sa->esn || last <= UINT32_MAX) {
		w->turn.sa = sa;
		w->turn.first = last - n + 1;
		w->turn.last = last;
		return w->turn.first;
	}
	shared_set(sa->state, MS_PFKEY_DEAD);
	note_expire(w, sa, true);
	return 0;
}

void turn_wait(struct klips_worker *w)
{
	unsigned i;

	/* the one before may have lost its core: then it has lost its turn, too */
	for (i = 0; i < TURN_TRIES && w->turn.sa != NULL
		&& shared_get(w->turn.sa->sent) + 1 < w->turn.first; i++)
		sched_yield();
}

void turn_pass(struct klips_worker *w)
{
	struct klips_sa *sa = w->turn.sa;
	uint64_t sent;

	if (sa == NULL)
		return;
	w->turn.sa = NULL;
	sent = shared_get(sa->sent);
	while (sent < w->turn.last
		&& !__atomic_compare_exchange_n(&sa->sent, &sent, w->turn.last, true,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
}

static void replayed(struct klips_worker *w, struct klips_sa *sa, struct pkt *p)
{
	pkt_drop(w, p, KC_IN_REPLAY);
	__atomic_add_fetch(&sa->replay_errors, 1, __ATOMIC_RELAXED);
}

void sequence_hold(struct klips_sa *sa)
{
	pthread_spin_lock(&sa->lock);
}

void sequence_release(struct klips_sa *sa)
{
	pthread_spin_unlock(&sa->lock);
}

bool sequence_check(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, uint32_t low,
	uint64_t *seq_r)
{
	*seq_r = replay_infer(sa->replay, low, sa->esn);
	if (replay_check(sa->replay, *seq_r))
		return true;
	replayed(w, sa, p);
	return false;
}

bool sequence_accept(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, uint64_t seq)
{
	if (replay_accept(sa->replay, seq))
		return true;
	replayed(w, sa, p);
	return false;
}

void auth_failed(struct klips_worker *w, struct klips_sa *sa, struct pkt *p)
{
	pkt_drop(w, p, KC_IN_AUTH);
	__atomic_add_fetch(&sa->auth_errors, 1, __ATOMIC_RELAXED);
}
