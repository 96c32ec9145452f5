/* SPDX-License-Identifier: Apache-2.0 */
/* One SA: its memory, keys and window. */
#include "klips/sadb.h"

#include "klips/xform.h"

#include <stdlib.h>
#include <string.h>

struct klips_sa *sa_new(const struct ms_said *said)
{
	struct klips_sa *sa = calloc(1, sizeof *sa);

	if (sa == NULL)
		return NULL;
	sa->said = *said;
	sa->xform = klips_xform_of(said->protocol);
	CDS_INIT_LIST_HEAD(&sa->wheel);
	CDS_INIT_LIST_HEAD(&sa->eroutes);
	CDS_INIT_LIST_HEAD(&sa->by_path);
	pthread_spin_init(&sa->lock, PTHREAD_PROCESS_PRIVATE);
	return sa;
}

static void free_contexts(struct klips_sa *sa)
{
	unsigned i;

	for (i = 0; i < sa->n_ctx; i++) {
		if (sa->encr_ctx != NULL && sa->encr_ctx[i] != NULL)
			sa->encr->ctx_free(&sa->encr_ctx[i]);
		if (sa->integ_ctx != NULL && sa->integ_ctx[i] != NULL)
			sa->integ->ctx_free(&sa->integ_ctx[i]);
	}
	free(sa->encr_ctx);
	free(sa->integ_ctx);
	sa->encr_ctx = sa->integ_ctx = NULL;
}

void sa_free(struct klips_sa **sap)
{
	struct klips_sa *sa = *sap;

	if (sa == NULL)
		return;
	free_contexts(sa);
	free(sa->replay);
	free(sa->content);
	pthread_spin_destroy(&sa->lock);
	ms_wipe(sa, sizeof *sa);
	free(sa);
	*sap = NULL;
}

static ms_err check_keys(const struct ms_encr_alg *encr, const struct ms_integ_alg *integ,
	size_t encr_len, size_t integ_len, struct ms_why *why)
{
	size_t want = encr == NULL ? 0 : (size_t)encr->key_octets + encr->salt_octets;

	if (encr == NULL) /* AH */
		return integ == NULL || integ_len != integ->key_octets
			? ms_fail(why, MS_ERR_BAD_KEY, "integrity key of %zu octets", integ_len) : MS_OK;
	if (encr_len != want)
		return ms_fail(why, MS_ERR_BAD_KEY, "%s wants a key of %zu octets, got %zu", encr->name,
			want, encr_len);
	if (encr->icv_octets != 0 && integ != NULL)
		return ms_fail(why, MS_ERR_BAD_KEY, "%s authenticates by itself", encr->name);
	/* No encryption without authentication: RFC 8221 s4. */
	if (encr->icv_octets == 0 && integ == NULL)
		return ms_fail(why, MS_ERR_BAD_KEY, "%s needs an integrity algorithm", encr->name);
	if (integ != NULL && integ_len != integ->key_octets)
		return ms_fail(why, MS_ERR_BAD_KEY, "%s wants a key of %u octets, got %zu", integ->name,
			integ->key_octets, integ_len);
	return MS_OK;
}

ms_err sa_set_crypto(struct klips_sa *sa, const struct ms_encr_alg *encr,
	const struct ms_integ_alg *integ, struct ms_bytes encr_key, struct ms_bytes integ_key,
	unsigned n_ctx, struct ms_why *why)
{
	ms_err err = check_keys(encr, integ, encr_key.len, integ_key.len, why);
	unsigned i;

	if (err != MS_OK)
		return err;
	sa->encr = encr;
	sa->integ = integ;
	sa->encr_octets = (uint8_t)encr_key.len;
	sa->auth_octets = (uint8_t)integ_key.len;
	sa->n_ctx = n_ctx;
	sa->encr_ctx = calloc(n_ctx, sizeof *sa->encr_ctx);
	sa->integ_ctx = calloc(n_ctx, sizeof *sa->integ_ctx);
	if (sa->encr_ctx == NULL || sa->integ_ctx == NULL)
		return MS_ERR_NOMEM;
	for (i = 0; i < n_ctx && err == MS_OK; i++) {
		if (encr != NULL)
			err = encr->ctx_new(encr, &sa->encr_ctx[i], encr_key.ptr);
		if (err == MS_OK && integ != NULL)
			err = integ->ctx_new(integ, &sa->integ_ctx[i], integ_key.ptr);
	}
	return err == MS_OK ? MS_OK : ms_fail(why, err, "%s: no cipher context",
		encr != NULL ? encr->name : integ->name);
}

ms_err sa_set_window(struct klips_sa *sa, uint32_t window)
{
	if (window > REPLAY_MAX_WINDOW)
		return MS_ERR_RANGE;
	sa->window = window;
	/* also without a window: the highest number is kept for ESN and listings */
	sa->replay = malloc(replay_octets(window));
	if (sa->replay == NULL)
		return MS_ERR_NOMEM;
	replay_init(sa->replay, window);
	return MS_OK;
}

