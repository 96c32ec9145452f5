/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a peer's certificate to a CA that is trusted.
 *
 * OpenSSL builds and verifies the chain: signatures, times, basicConstraints and path lengths, name
 * constraints, unknown critical extensions, and the floor for keys and hashes.  What it does not ask
 * is asked here: every issuer says that it is a CA, keys are keys, the end's certificate is for IKE
 * and has the identity, a CA that was named is in the chain.
 *
 * Every certificate in cacerts/ is a trust anchor, roots or not.  These functions run in jobs; all
 * they get is theirs or immutable.
 *
 * Standards: RFC 5280 s6, RFC 4945 s4, s5.
 */
#include "x509.h"

#include <openssl/err.h>

/* --- building --- */

static ms_err context(const struct chain_request *r, X509_STORE_CTX **out,
	STACK_OF(X509) **untrusted, STACK_OF(X509) **trusted)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *p;

	*untrusted = r->sent != NULL ? sk_X509_dup(r->sent) : sk_X509_new_null();
	*trusted = NULL;
	*out = ctx;
	if (ctx == NULL || *untrusted == NULL)
		return MS_ERR_NOMEM;
	for (int i = 0; i < sk_X509_num(r->store->between); i++)
		if (!sk_X509_push(*untrusted, sk_X509_value(r->store->between, i)))
			return MS_ERR_NOMEM;
	if (X509_STORE_CTX_init(ctx, r->store->trusted, r->end, *untrusted) != 1)
		return MS_ERR_NOMEM;
	if (r->pinned != NULL) {
		*trusted = X509_STORE_get1_all_certs(r->store->trusted);
		if (*trusted == NULL || !X509_up_ref(r->pinned))
			return MS_ERR_NOMEM;
		if (!sk_X509_push(*trusted, r->pinned)) {
			X509_free(r->pinned);
			return MS_ERR_NOMEM;
		}
		X509_STORE_CTX_set0_trusted_stack(ctx, *trusted);
	}
	p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_depth(p, MAX_DEPTH);
	X509_VERIFY_PARAM_set_time(p, r->now);
	X509_VERIFY_PARAM_set_auth_level(p, r->store->policy.auth_level);
	return MS_OK;
}

static void context_free(X509_STORE_CTX *ctx, STACK_OF(X509) *untrusted, STACK_OF(X509) *trusted)
{
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	sk_X509_pop_free(trusted, X509_free);
	ERR_clear_error();
}

/* "the certificate of C=CH, CN=x: has expired" */
static ms_err verify_fail(X509_STORE_CTX *ctx, X509 *end, struct ms_why *why)
{
	X509 *at = X509_STORE_CTX_get_current_cert(ctx);
	char name[MS_ID_TEXT];

	name_text(X509_get_subject_name(at != NULL ? at : end), name, sizeof name);
	return ms_fail(why, MS_ERR_AUTH, "certificate of '%.200s': %s", name,
		X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
}

static ms_err cert_fail(X509 *cert, ms_err err, struct ms_why *why)
{
	char name[MS_ID_TEXT];

	name_text(X509_get_subject_name(cert), name, sizeof name);
	ms_why_prefix(why, "certificate of '%.200s': ", name);
	return err;
}

/* --- what OpenSSL does not ask --- */

static ms_err keys_check(const struct chain_request *r, struct ms_why *why)
{
	ms_err err = key_check(r->end, why);

	if (err != MS_OK)
		return cert_fail(r->end, err, why);
	for (int i = 0; i < sk_X509_num(r->sent); i++) {
		err = key_check(sk_X509_value(r->sent, i), why);
		if (err != MS_OK)
			return cert_fail(sk_X509_value(r->sent, i), err, why);
	}
	return MS_OK;
}

static ms_err issuers_check(STACK_OF(X509) *chain, struct ms_why *why)
{
	for (int i = 1; i < sk_X509_num(chain); i++) {
		X509 *ca = sk_X509_value(chain, i);

		if (X509_check_ca(ca) != 1)
			return cert_fail(ca,
				ms_fail(why, MS_ERR_AUTH, "it does not say that it is a CA's"), why);
	}
	return MS_OK;
}

static ms_err ca_check(const struct chain_request *r, STACK_OF(X509) *chain, struct ms_why *why)
{
	char want[MS_ID_TEXT];

	if (r->ca == NULL)
		return MS_OK;
	for (int i = 1; i < sk_X509_num(chain); i++)
		if (X509_NAME_cmp(X509_get_subject_name(sk_X509_value(chain, i)), r->ca) == 0)
			return MS_OK;
	/* A chain that ends below its root may name the CA as its last issuer. */
	if (X509_NAME_cmp(X509_get_issuer_name(sk_X509_value(chain, sk_X509_num(chain) - 1)),
		    r->ca) == 0)
		return MS_OK;
	name_text(r->ca, want, sizeof want);
	return ms_fail(why, MS_ERR_AUTH, "not issued by '%.200s', which ca= wants", want);
}

static ms_err id_check(const struct chain_request *r, struct ms_why *why)
{
	char id[MS_ID_TEXT];

	if (r->id == NULL || cert_has_id(r->end, r->id))
		return MS_OK;
	ms_id_text(r->id, id, sizeof id);
	return cert_fail(r->end,
		ms_fail(why, MS_ERR_AUTH, "the peer's identity '%.150s' is not in it", id), why);
}

ms_err chain_build(const struct chain_request *r, STACK_OF(X509) **out, struct ms_why *why)
{
	STACK_OF(X509) *untrusted, *trusted, *chain = NULL;
	X509_STORE_CTX *ctx;
	ms_err err = keys_check(r, why);

	*out = NULL;
	if (err != MS_OK)
		return err;
	err = context(r, &ctx, &untrusted, &trusted);
	if (err == MS_OK && X509_verify_cert(ctx) != 1)
		err = verify_fail(ctx, r->end, why);
	if (err == MS_OK) {
		chain = X509_STORE_CTX_get1_chain(ctx);
		err = chain == NULL ? MS_ERR_NOMEM : issuers_check(chain, why);
	}
	context_free(ctx, untrusted, trusted);
	if (err == MS_OK) {
		err = end_entity_check(r->end, why);
		if (err != MS_OK)
			(void)cert_fail(r->end, err, why);
	}
	if (err == MS_OK)
		err = ca_check(r, chain, why);
	if (err == MS_OK)
		err = id_check(r, why);
	if (err != MS_OK)
		sk_X509_pop_free(chain, X509_free);
	else
		*out = chain;
	return err;
}

/* --- revocation lists --- */

struct crl_walk {
	enum revocation *state;
	bool refused;
};

static int crl_slot(void)
{
	static int slot = -1;
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	if (slot < 0)
		slot = X509_STORE_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	pthread_mutex_unlock(&lock);
	return slot;
}

/* A list that is missing, outdated, of another scope or badly signed says nothing about this
 * certificate; what it means that nothing is known is decided later. */
static int on_crl_error(int ok, X509_STORE_CTX *ctx)
{
	struct crl_walk *w = X509_STORE_CTX_get_ex_data(ctx, crl_slot());
	int depth = X509_STORE_CTX_get_error_depth(ctx);

	if (ok || depth < 0 || depth > MAX_DEPTH + 1)
		return ok;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_CERT_REVOKED:
		w->state[depth] = REV_REVOKED;
		w->refused = true;
		return 0;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
	case X509_V_ERR_INVALID_EXTENSION:
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
		w->state[depth] = REV_UNKNOWN;
		return 1;
	default:
		w->refused = true;
		return 0;
	}
}

ms_err chain_crl_check(const struct chain_request *r, STACK_OF(X509) *chain,
	STACK_OF(X509_CRL) *crls, enum revocation state[MAX_DEPTH + 2], struct ms_why *why)
{
	STACK_OF(X509) *untrusted, *trusted;
	struct crl_walk w = { state, false };
	X509_STORE_CTX *ctx;
	ms_err err = context(r, &ctx, &untrusted, &trusted);

	for (int i = 0; i < MAX_DEPTH + 2; i++)
		state[i] = i < sk_X509_num(chain) ? REV_GOOD : REV_UNKNOWN;
	if (err == MS_OK) {
		X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx),
			X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
		X509_STORE_CTX_set0_crls(ctx, crls);
		X509_STORE_CTX_set_verify_cb(ctx, on_crl_error);
		if (X509_STORE_CTX_set_ex_data(ctx, crl_slot(), &w) != 1)
			err = MS_ERR_NOMEM;
	}
	if (err == MS_OK && (X509_verify_cert(ctx) != 1 || w.refused))
		err = verify_fail(ctx, r->end, why);
	context_free(ctx, untrusted, trusted);
	return err;
}
