/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key exchange in worker jobs.  A job owns copies of all it touches and a reference to the IKE SA,
 * which it looks at on the owner thread only.
 */
#include "core/ike/ike_sa.h"
#include "core/ikev2/jobs.h"

#include <stdlib.h>
#include <string.h>

enum ke_kind { KE_START, KE_FINISH, KE_RESPOND };

struct ke_job {
	struct ike_sa *ike;
	ike_step_f *next;
	enum ke_kind kind;
	const struct ms_ke_alg *ke;
	void *priv;
	ms_err err;
	uint8_t *pub, *shared;
	struct ms_bytes peer;
	size_t size;
	uint8_t room[];
};

static void work(void *arg)
{
	struct ke_job *j = arg;

	switch (j->kind) {
	case KE_START:
		j->err = j->ke->start(j->ke, &j->priv, j->pub);
		break;
	case KE_FINISH:
		j->err = j->ke->finish(j->ke, j->priv, j->peer, j->shared);
		break;
	case KE_RESPOND:
		j->err = j->ke->respond(j->ke, j->peer, j->pub, j->shared);
		break;
	}
}

static ms_err take_over(struct ke_job *j, struct ike_exchange *x)
{
	size_t pub = j->kind == KE_START ? j->ke->init_octets : j->ke->resp_octets;

	if (j->kind == KE_START) {
		x->ke_priv = j->priv;
		j->priv = NULL;
	}
	if (j->kind != KE_FINISH) {
		x->ke_pub = ms_arena_copy(x->arena, ms_bytes(j->pub, pub));
		if (!x->ke_pub)
			return MS_ERR_NOMEM;
	}
	if (j->kind != KE_START) {
		x->shared = ike_keep(x, ms_bytes(j->shared, j->ke->shared_octets));
		if (!x->shared.ptr)
			return MS_ERR_NOMEM;
	}
	return MS_OK;
}

static void done(void *arg)
{
	struct ke_job *j = arg;
	struct ike_sa *ike = j->ike;
	ms_err err = j->err;

	if (err == MS_OK && !ike->gone && ike->x)
		err = take_over(j, ike->x);
	if (j->priv)
		j->ke->priv_free(&j->priv);
	if (!ike->gone && ike->x)
		j->next(ike, err, NULL);
	ms_wipe(j->room, j->size);
	free(j);
	ike_sa_unref(&ike);
}

static void submit(struct ike_sa *ike, enum ke_kind kind, ike_step_f *next)
{
	struct ike_exchange *x = ike->x;
	size_t pub =
		x->ke->init_octets > x->ke->resp_octets ? x->ke->init_octets : x->ke->resp_octets;
	size_t size = pub + x->ke->shared_octets + x->ke_peer.len;
	struct ke_job *j = calloc(1, sizeof(*j) + size);

	if (!j) {
		next(ike, MS_ERR_NOMEM, NULL);
		return;
	}
	j->ike = ike_sa_ref(ike);
	j->next = next;
	j->kind = kind;
	j->ke = x->ke;
	j->size = size;
	j->pub = j->room;
	j->shared = j->room + pub;
	if (x->ke_peer.len > 0)
		memcpy(j->shared + x->ke->shared_octets, x->ke_peer.ptr, x->ke_peer.len);
	j->peer = ms_bytes(j->shared + x->ke->shared_octets, x->ke_peer.len);
	if (kind == KE_FINISH) {
		j->priv = x->ke_priv;
		x->ke_priv = NULL;
	}
	ike->e->host->ops->job(ike->e->host->ctx, work, done, j);
}

void ike_job_ke_start(struct ike_sa *ike, ike_step_f *next)
{
	submit(ike, KE_START, next);
}

void ike_job_ke_finish(struct ike_sa *ike, ike_step_f *next)
{
	submit(ike, KE_FINISH, next);
}

void ike_job_ke_respond(struct ike_sa *ike, ike_step_f *next)
{
	submit(ike, KE_RESPOND, next);
}
