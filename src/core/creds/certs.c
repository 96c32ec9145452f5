/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates: the questions of the IKE engine to the sources that have some.
 *
 * Our own key is found in two steps, since certificates and private keys may come from different
 * sources: first a certificate, then the private key that belongs to it.  An answer may take its
 * time, so a question holds the connection and copies of all it was asked.
 */
#include "core/creds/creds.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>

struct cert_question {
	creds_source_f *sources;
	void *sources_arg;
	unsigned at;
	struct conn *conn; /* a reference */
	struct ms_id peer;
	uint8_t *octets;   /* what was asked: hashes, or certificates */
	struct ms_bytes certs[MS_MAX_CERTS], asked;
	unsigned n;
	struct ms_pubkey *pub; /* of our certificate */
	host_own_f *own_done;
	host_peer_key_f *peer_done;
	bool published; /* sources of published keys are being asked, before the others */
	struct ms_creds_query *query; /* one of these */
	void *arg;
	struct ms_why why;
};

static void question_free(struct cert_question *q)
{
	ms_id_free(&q->peer);
	conn_unref(&q->conn);
	if (q->pub != NULL)
		ms_sign()->pubkey_free(&q->pub);
	free(q->octets);
	free(q);
}

static bool keep(struct cert_question *q, const struct ms_bytes *certs, unsigned n,
	struct ms_bytes asked)
{
	size_t size = asked.len + 1;
	uint8_t *at;

	for (unsigned i = 0; i < n; i++)
		size += certs[i].len;
	free(q->octets);
	at = q->octets = malloc(size);
	if (at == NULL)
		return false;
	for (unsigned i = 0; i < n; i++) {
		memcpy(at, certs[i].ptr, certs[i].len);
		q->certs[i] = ms_bytes(at, certs[i].len);
		at += certs[i].len;
	}
	if (asked.len > 0)
		memcpy(at, asked.ptr, asked.len);
	q->asked = ms_bytes(at, asked.len);
	q->n = n;
	return true;
}

static struct cert_question *question_new(creds_source_f *sources, void *sources_arg,
	const struct conn *c, const struct ms_id *peer, const struct ms_bytes *certs, unsigned n,
	struct ms_bytes asked, void *arg)
{
	struct cert_question *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->sources = sources;
	q->sources_arg = sources_arg;
	q->arg = arg;
	q->conn = conn_ref((struct conn *)(uintptr_t)c);
	if (n <= MS_MAX_CERTS && keep(q, certs, n, asked) && ms_id_copy(&q->peer, peer) == MS_OK)
		return q;
	question_free(q);
	return NULL;
}

struct ms_cert_wish creds_cert_wish(const struct conn *c)
{
	const struct conn *written = c->template != NULL ? c->template : c;

	return (struct ms_cert_wish){
		.my_cert = c->local.cert,
		.my_ca = c->local.ca,
		.peer_cert = c->remote.cert,
		.peer_ca = c->remote.ca,
		.me = &c->local.id,
		.send_ca = c->desc->sendca,
		.my_ckaid = conn_end_ckaid(&c->local),
		.peer_ckaid = conn_end_ckaid(&c->remote),
		/* An identity that nobody wrote must come from somewhere. */
		.require_id = c->desc->require_id_on_certificate ||
			      ms_id_is_pattern(&written->remote.id),
	};
}

/* The next source whose struct has the function at this place; NULL: no more. */
static const struct ms_creds_ops *next_source(struct cert_question *q, void **inst)
{
	const struct ms_provider *p;

	while ((p = q->sources(q->sources_arg, q->at++)) != NULL) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->own_cert != NULL) {
			*inst = p->instance;
			return ops;
		}
	}
	return NULL;
}

/* --- ours ------------------------------------------------------------------------------------- */

static void ask_own(struct cert_question *q);

static void own_over(struct cert_question *q, ms_err err, struct ms_privkey *key,
	const struct ms_why *why)
{
	q->own_done(q->arg, err, key, q->certs, err == MS_OK ? q->n : 0, why);
	question_free(q);
}

static void got_key(void *arg, ms_err err, struct ms_privkey *key, const struct ms_why *why)
{
	struct cert_question *q = arg;
	struct ms_why local = { "" };

	/* The right identity may have lines for other keys. */
	if (err == MS_ERR_NO_CREDENTIAL && q->pub != NULL) {
		ms_fail(&local, err, "no private key belongs to our certificate: %s",
			ms_why_text(why, err));
		why = &local;
	}
	own_over(q, err, key, why);
}

static void got_own(void *arg, ms_err err, const struct ms_bytes *certs, unsigned n,
	struct ms_pubkey *key, const struct ms_why *why)
{
	static const struct ms_why wrong = { "our certificate's key does not have our ckaid=" };
	struct cert_question *q = arg;

	if (err == MS_OK && (n > MS_MAX_CERTS || !keep(q, certs, n, ms_bytes(NULL, 0))))
		err = MS_ERR_NOMEM;
	if (err == MS_OK && !conn_end_may_have(&q->conn->local, key)) {
		err = MS_ERR_NO_CREDENTIAL;
		why = &wrong;
	}
	if (err != MS_OK) {
		ms_fail(&q->why, err, "%s", ms_why_text(why, err));
		ask_own(q);
		return;
	}
	q->pub = ms_sign()->pubkey_ref(key);
	creds_private_key(q->sources, q->sources_arg, q->conn, &q->peer, q->pub, got_key, q);
}

static void ask_own(struct cert_question *q)
{
	struct ms_cert_wish wish = creds_cert_wish(q->conn);
	void *inst;
	const struct ms_creds_ops *ops = q->conn->local.pubkeys[0] == NULL || wish.my_cert != NULL ?
						 next_source(q, &inst) : NULL;

	wish.asked = q->asked;
	if (ops != NULL) {
		ops->own_cert(inst, &wish, got_own, q);
	} else if (wish.my_cert != NULL) {
		if (q->why.text[0] == '\0')
			ms_fail(&q->why, MS_ERR_NO_CREDENTIAL, "no plugin has certificates");
		own_over(q, MS_ERR_NO_CREDENTIAL, NULL, &q->why);
	} else {
		/* A raw key. */
		q->n = 0;
		creds_private_key(q->sources, q->sources_arg, q->conn, &q->peer,
			q->conn->local.pubkeys[0], got_key, q);
	}
}

void creds_own_key(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_id *peer, struct ms_bytes asked, host_own_f *done, void *arg)
{
	struct cert_question *q =
		question_new(sources, sources_arg, c, peer, NULL, 0, asked, arg);

	if (q == NULL) {
		done(arg, MS_ERR_NOMEM, NULL, NULL, 0, NULL);
		return;
	}
	q->own_done = done;
	ask_own(q);
}

/* --- the peer's ------------------------------------------------------------------------------- */

static void ask_peer(struct cert_question *q);

/* Keeps in `out` those that may be the peer's; MS_ERR_AUTH: none may. */
static ms_err with_ckaid(const struct cert_question *q, struct ms_pubkey *const *keys, unsigned *n,
	struct ms_pubkey **out, struct ms_why *why)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < *n && kept < MS_MAX_PUBLISHED_KEYS; i++)
		if (conn_end_may_have(&q->conn->remote, keys[i]))
			out[kept++] = keys[i];
	*n = kept;
	return kept > 0 ? MS_OK
			: ms_fail(why, MS_ERR_AUTH, "no key of the peer has the CKAID that its ckaid= "
						    "wants");
}

static void got_peer(void *arg, ms_err err, struct ms_pubkey *key, const struct ms_why *why)
{
	struct cert_question *q = arg;
	struct ms_why local = { "" };
	unsigned n = 1;

	if (err == MS_ERR_NO_CREDENTIAL) {
		ms_fail(&q->why, err, "%s", ms_why_text(why, err));
		ask_peer(q);
		return;
	}
	if (err == MS_OK) {
		err = with_ckaid(q, &key, &n, &key, &local);
		why = err == MS_OK ? why : &local;
	}
	q->peer_done(q->arg, err, &key, err == MS_OK, PROOF_CERT, why);
	question_free(q);
}

static void got_published(void *arg, ms_err err, struct ms_pubkey *const *keys, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	struct cert_question *q = arg;
	struct ms_logger lg = conn_logger(q->conn, MS_SOURCE_CREDS);
	struct ms_pubkey *fit[MS_MAX_PUBLISHED_KEYS];
	struct ms_why local = { "" };
	char peer[MS_ID_TEXT];

	if (err == MS_ERR_NO_CREDENTIAL) {
		ms_fail(&q->why, err, "%s", ms_why_text(why, err));
		ask_peer(q);
		return;
	}
	if (err == MS_OK) {
		ms_id_text(&q->peer, peer, sizeof peer);
		ms_info(&lg, "%s has published %u key%s (%s)", peer, n, n == 1 ? "" : "s",
			ms_dns_status_name(how->status));
		err = with_ckaid(q, keys, &n, fit, &local);
		why = err == MS_OK ? why : &local;
	}
	q->peer_done(q->arg, err, fit, err == MS_OK ? n : 0,
		err == MS_OK && how->status == MS_DNS_SECURE ? PROOF_DNSSEC : PROOF_DNS, why);
	question_free(q);
}

/* False: there is no source of published keys left. */
static bool ask_published(struct cert_question *q)
{
	const struct ms_provider *p;

	while ((p = q->sources(q->sources_arg, q->at++)) != NULL) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->published_keys == NULL)
			continue;
		if (ops->published_keys(p->instance, &q->peer, &q->query, got_published, q,
			    &q->why) == MS_OK)
			return true;
	}
	q->published = false;
	q->at = 0;
	return false;
}

static void ask_peer(struct cert_question *q)
{
	struct ms_cert_wish wish = creds_cert_wish(q->conn);
	void *inst;
	const struct ms_creds_ops *ops;

	if (q->published && ask_published(q))
		return;
	ops = next_source(q, &inst);
	if (ops != NULL) {
		ops->peer_cert(inst, &wish, &q->peer, q->certs, q->n, got_peer, q);
		return;
	}
	if (q->why.text[0] == '\0')
		ms_fail(&q->why, MS_ERR_NO_CREDENTIAL,
			"no public key is known for the peer, and no plugin has certificates");
	q->peer_done(q->arg, MS_ERR_NO_CREDENTIAL, NULL, 0, PROOF_NONE, &q->why);
	question_free(q);
}

void creds_peer_key(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_id *peer, const struct ms_bytes *certs, unsigned n, host_peer_key_f *done,
	void *arg)
{
	struct cert_question *q = question_new(
		sources, sources_arg, c, peer, certs, n, ms_bytes(NULL, 0), arg);

	if (q == NULL) {
		done(arg, MS_ERR_NOMEM, NULL, 0, PROOF_NONE, NULL);
		return;
	}
	q->peer_done = done;
	q->published = c->remote.key_published;
	ask_peer(q);
}

/* --- at once ----------------------------------------------------------------------------------- */

size_t creds_ca_hashes(creds_source_f *sources, void *sources_arg, const struct conn *c,
	uint8_t *buf, size_t size)
{
	const struct ms_cert_wish wish = creds_cert_wish(c);
	const struct ms_provider *p;
	size_t used = 0;

	for (unsigned i = 0; (p = sources(sources_arg, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->ca_hashes != NULL)
			used += ops->ca_hashes(p->instance, &wish, buf + used, size - used);
	}
	return used;
}

bool creds_ca_fits(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_bytes *certs, unsigned n)
{
	const struct ms_cert_wish wish = creds_cert_wish(c);
	const struct ms_provider *p;
	bool asked = false;

	for (unsigned i = 0; (p = sources(sources_arg, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->ca_fits == NULL)
			continue;
		if (ops->ca_fits(p->instance, &wish, certs, n))
			return true;
		asked = true;
	}
	return !asked;
}

ms_err creds_cert_subject(creds_source_f *sources, void *sources_arg, const char *cert,
	struct ms_id *out, struct ms_why *why)
{
	const struct ms_provider *p;
	ms_err err = ms_fail(why, MS_ERR_NO_CREDENTIAL, "no plugin has certificates");

	for (unsigned i = 0; err != MS_OK && (p = sources(sources_arg, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->cert_subject != NULL)
			err = ops->cert_subject(p->instance, cert, out, why);
	}
	return err;
}
