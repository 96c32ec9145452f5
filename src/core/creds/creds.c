/* SPDX-License-Identifier: Apache-2.0 */
#include "core/creds/creds.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>

/* One question on its way from source to source; it keeps copies of what was asked. */
struct question {
	creds_source_f *sources;
	void *sources_arg;
	unsigned at;
	struct ms_id me, peer;
	struct ms_addr peer_addr;
	bool has_peer_addr;
	struct ms_pubkey *pub; /* private keys: a reference, may be NULL */
	bool by_ckaid;
	uint8_t ckaid[MS_CKAID_OCTETS];
	host_psk_f *psk_done;
	host_private_f *private_done;
	void *arg;
	struct ms_why why;
};

static void ask(struct question *q);

static void question_free(struct question *q)
{
	ms_id_free(&q->me);
	ms_id_free(&q->peer);
	if (q->pub != NULL)
		ms_sign()->pubkey_free(&q->pub);
	free(q);
}

static void over(struct question *q, ms_err err, struct ms_bytes psk, struct ms_privkey *key)
{
	if (q->psk_done != NULL)
		q->psk_done(q->arg, err, psk, &q->why);
	else
		q->private_done(q->arg, err, key, &q->why);
	question_free(q);
}

static void psk_answer(void *arg, ms_err err, struct ms_bytes psk, const struct ms_why *why)
{
	struct question *q = arg;

	if (err == MS_OK) {
		over(q, MS_OK, psk, NULL);
		return;
	}
	ms_fail(&q->why, err, "%s", ms_why_text(why, err));
	ask(q);
}

static void private_answer(void *arg, ms_err err, struct ms_privkey *key,
	const struct ms_sign_ops *ops, const struct ms_why *why)
{
	struct question *q = arg;

	(void)ops;
	if (err == MS_OK) {
		over(q, MS_OK, ms_bytes(NULL, 0), key);
		return;
	}
	ms_fail(&q->why, err, "%s", ms_why_text(why, err));
	ask(q);
}

static void ask(struct question *q)
{
	const struct ms_provider *p = q->sources(q->sources_arg, q->at++);
	const struct ms_creds_ops *ops;

	if (p == NULL) {
		if (q->why.text[0] == '\0')
			ms_fail(&q->why, MS_ERR_NO_CREDENTIAL, "no source of secrets is loaded");
		over(q, MS_ERR_NO_CREDENTIAL, ms_bytes(NULL, 0), NULL);
		return;
	}
	ops = p->ops;
	if (q->psk_done != NULL ? ops->psk == NULL
	    : q->by_ckaid	? ops->private_key_by_ckaid == NULL
				: ops->private_key == NULL)
		ask(q); /* it has other things */
	else if (q->by_ckaid)
		ops->private_key_by_ckaid(p->instance, q->ckaid, private_answer, q);
	else if (q->psk_done != NULL)
		ops->psk(p->instance, &q->me, &q->peer, q->has_peer_addr ? &q->peer_addr : NULL,
			psk_answer, q);
	else
		ops->private_key(p->instance, &q->me, &q->peer, q->pub, private_answer, q);
}

static struct question *question_new(creds_source_f *sources, void *sources_arg,
	const struct ms_id *me, const struct ms_id *peer, void *arg)
{
	struct question *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->sources = sources;
	q->sources_arg = sources_arg;
	q->arg = arg;
	if (ms_id_copy(&q->me, me) == MS_OK &&
		(peer == NULL || ms_id_copy(&q->peer, peer) == MS_OK))
		return q;
	question_free(q);
	return NULL;
}

void creds_psk(creds_source_f *sources, void *sources_arg, const struct ms_id *me,
	const struct ms_id *peer, const struct ms_addr *peer_addr, host_psk_f *done, void *arg)
{
	struct question *q = question_new(sources, sources_arg, me, peer, arg);

	if (q == NULL) {
		done(arg, MS_ERR_NOMEM, ms_bytes(NULL, 0), NULL);
		return;
	}
	q->psk_done = done;
	if (peer_addr != NULL) {
		q->peer_addr = *peer_addr;
		q->has_peer_addr = true;
	}
	ask(q);
}

static void ask_private(creds_source_f *sources, void *sources_arg, const struct ms_id *me,
	const struct ms_id *peer, struct ms_pubkey *pub, const uint8_t *ckaid, host_private_f *done,
	void *arg)
{
	struct question *q = question_new(sources, sources_arg, me, peer, arg);

	if (q == NULL) {
		done(arg, MS_ERR_NOMEM, NULL, NULL);
		return;
	}
	q->private_done = done;
	q->pub = pub == NULL ? NULL : ms_sign()->pubkey_ref(pub);
	q->by_ckaid = pub == NULL && ckaid != NULL;
	if (q->by_ckaid)
		memcpy(q->ckaid, ckaid, sizeof q->ckaid);
	ask(q);
}

void creds_private_key(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_id *peer, struct ms_pubkey *pub, host_private_f *done, void *arg)
{
	ask_private(sources, sources_arg, &c->local.id, peer, pub, conn_end_ckaid(&c->local), done,
		arg);
}

void creds_key_of(creds_source_f *sources, void *sources_arg, const struct ms_id *me,
	struct ms_pubkey *pub, host_private_f *done, void *arg)
{
	ask_private(sources, sources_arg, me, NULL, pub, NULL, done, arg);
}
