/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AUTH payloads: what is signed (RFC 7296 s2.15), shared keys, none at all (RFC 7619), RSA signatures of method 1, RFC
 * 4754's raw ECDSA, and digital signatures with an AlgorithmIdentifier (RFC 7427).
 *
 * Signing and verifying run in jobs that own copies of the octets and a reference to the key.
 */
#include "core/ike/ike_sa.h"
#include "core/ike/sk.h"
#include "core/ikev2/auth.h"
#include "core/ikev2/cert.h"

#include <stdlib.h>
#include <string.h>

#define AUTH_HEAD 4 /* octets before the data */
#define MAX_KEYS  8 /* of a peer that published several: more are not tried */

/* --- methods --------------------------------------------------------------------------------- */

/* RFC 7427 appendix A; MS_SIGN_EDDSA: RFC 8420 */
/* clang-format off */
#define OID(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define SHA2_ID(n)                                                                                 \
	0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, n, 0x05, 0x00
#define PSS_ID(n, salt)                                                                            \
	OID(0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30,    \
		0x34, 0xa0, 0x0f, SHA2_ID(n), 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86,      \
		0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, SHA2_ID(n), 0xa2, 0x03, 0x02, 0x01, salt)
#define PKCS1_ID(n)                                                                                \
	OID(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n, 0x05, 0x00)
#define ECDSA_ID(n) OID(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n)
#define EDDSA_ID(n) OID(0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, n)

struct signature_kind {
	uint8_t method; /* enum ike_auth_method */
	enum ms_key_type key;
	unsigned bits; /* of the curve, where the method fixes it; 0: any */
	enum ms_sign_scheme scheme;
	uint16_t hash;	/* handed to the provider */
	uint16_t needs; /* bit of SIGNATURE_HASH_ALGORITHMS, 0: none */
	uint32_t auth;	/* enum ms_conn_auth */
	const uint8_t *oid;
	size_t oid_octets;
};

#define DIGITAL(key, bits, scheme, hash, needs, auth, oid)                                         \
	{ IKE_AUTHM_DIGITAL_SIGNATURE, MS_KEY_##key, bits, MS_SIGN_##scheme, hash,                 \
	  MS_HASH_##needs, MS_AUTH_##auth, oid }

/* Best first for signing: key, curve's bits, scheme, hash, SIGNATURE_HASH_ALGORITHMS, method. */
static const struct signature_kind kinds[] = {
	DIGITAL(ED25519, 0, EDDSA, 0, IDENTITY, EDDSA, EDDSA_ID(0x70)),
	DIGITAL(ED448, 0, EDDSA, 0, IDENTITY, EDDSA, EDDSA_ID(0x71)),
	DIGITAL(ECDSA, 256, ECDSA, MS_HASH_SHA2_256, SHA2_256, ECDSA, ECDSA_ID(2)),
	DIGITAL(ECDSA, 384, ECDSA, MS_HASH_SHA2_384, SHA2_384, ECDSA, ECDSA_ID(3)),
	DIGITAL(ECDSA, 521, ECDSA, MS_HASH_SHA2_512, SHA2_512, ECDSA, ECDSA_ID(4)),
	DIGITAL(ECDSA, 0, ECDSA, MS_HASH_SHA2_512, SHA2_512, ECDSA, ECDSA_ID(4)),
	DIGITAL(ECDSA, 0, ECDSA, MS_HASH_SHA2_384, SHA2_384, ECDSA, ECDSA_ID(3)),
	DIGITAL(ECDSA, 0, ECDSA, MS_HASH_SHA2_256, SHA2_256, ECDSA, ECDSA_ID(2)),
	DIGITAL(RSA, 0, RSA_PSS, MS_HASH_SHA2_256, SHA2_256, RSA, PSS_ID(1, 0x20)),
	DIGITAL(RSA, 0, RSA_PSS, MS_HASH_SHA2_384, SHA2_384, RSA, PSS_ID(2, 0x30)),
	DIGITAL(RSA, 0, RSA_PSS, MS_HASH_SHA2_512, SHA2_512, RSA, PSS_ID(3, 0x40)),
	DIGITAL(RSA, 0, RSA_PKCS1, MS_HASH_SHA2_256, SHA2_256, RSA, PKCS1_ID(0x0b)),
	DIGITAL(RSA, 0, RSA_PKCS1, MS_HASH_SHA2_384, SHA2_384, RSA, PKCS1_ID(0x0c)),
	DIGITAL(RSA, 0, RSA_PKCS1, MS_HASH_SHA2_512, SHA2_512, RSA, PKCS1_ID(0x0d)),
	/* RFC 4754 */
	{ IKE_AUTHM_ECDSA_P256, MS_KEY_ECDSA, 256, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256, 0,
	  MS_AUTH_ECDSA, NULL, 0 },
	{ IKE_AUTHM_ECDSA_P384, MS_KEY_ECDSA, 384, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_384, 0,
	  MS_AUTH_ECDSA, NULL, 0 },
	{ IKE_AUTHM_ECDSA_P521, MS_KEY_ECDSA, 521, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_512, 0,
	  MS_AUTH_ECDSA, NULL, 0 },
	/* RFC 7296 s2.15 */
	{ IKE_AUTHM_RSA_SIGNATURE, MS_KEY_RSA, 0, MS_SIGN_RSA_PKCS1, MS_HASH_SHA1, 0,
	  MS_AUTH_RSA | MS_AUTH_RSA_SHA1, NULL, 0 },
};
/* clang-format on */
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* *signature_r: what follows the AlgorithmIdentifier. */
static const struct signature_kind *kind_of(struct ms_bytes body, struct ms_bytes *signature_r)
{
	struct wire_reader r = wire_reader(body);
	struct ike_auth_payload a;

	if (ike_layout_get(&ike_auth_layout, &r, &a))
		return NULL;
	if (a.method != IKE_AUTHM_DIGITAL_SIGNATURE) {
		*signature_r = a.data;
		for (size_t i = 0; i < KINDS; i++)
			if (kinds[i].method == a.method)
				return &kinds[i];
		return NULL;
	}
	r = wire_reader(a.data);
	{
		/* Empty when it is cut, and then none of them. */
		struct ms_bytes oid = wire_take(&r, wire_u8(&r));

		*signature_r = wire_rest(&r);
		for (size_t i = 0; i < KINDS; i++)
			if (kinds[i].oid &&
				ms_bytes_eq(oid, ms_bytes(kinds[i].oid, kinds[i].oid_octets)))
				return &kinds[i];
	}
	return NULL;
}

uint32_t ike_auth_kind(struct ms_bytes body)
{
	struct ms_bytes signature;
	const struct signature_kind *k;

	if (body.len >= AUTH_HEAD && body.ptr[0] == IKE_AUTHM_SHARED_KEY)
		return MS_AUTH_PSK;
	if (body.len >= AUTH_HEAD && body.ptr[0] == IKE_AUTHM_NULL_AUTH)
		return MS_AUTH_NULL;
	k = kind_of(body, &signature);
	return k ? k->auth : 0;
}

/* How many there are; fits: of KINDS, best first. */
static unsigned kinds_for_key(const struct ike_sa *ike, enum ms_key_type type, unsigned bits,
	const struct signature_kind **fits)
{
	unsigned n = 0;

	for (size_t i = 0; i < KINDS; i++) {
		const struct signature_kind *k = &kinds[i];

		if (k->key != type || (k->bits && k->bits != bits) ||
			!(k->auth & ike->conn->local.auth))
			continue;
		if (k->method != IKE_AUTHM_DIGITAL_SIGNATURE ||
			(ike->peer_rfc7427 && ike->hashes & 1u << k->needs))
			fits[n++] = k;
	}
	return n;
}

/* --- what is signed --------------------------------------------------------------------------- */

/* <message> | nonce of the other | prf(SK_p, ID body); id is room for the last part. */
static ms_err signed_octets(struct ike_sa *ike, bool mine, uint8_t *id, struct ms_bytes parts[3])
{
	struct ike_exchange *x = ike->x;
	bool by_initiator = mine == ike->initiator;
	struct ms_bytes body = mine ? x->my_id : x->his_id;

	parts[0] = by_initiator ? x->init_i : x->init_r;
	parts[1] = by_initiator ? x->nr : x->ni;
	parts[2] = ms_bytes(id, ike->prf->out_octets);
	return ike->prf->prf(
		ike->prf, ike_key(ike, by_initiator ? IKE_SK_PI : IKE_SK_PR), &body, 1, id);
}

/* prf(prf(Shared Secret, "Key Pad for IKEv2"), octets) */
static ms_err psk_mac(struct ike_sa *ike, bool mine, struct ms_bytes psk, uint8_t *out)
{
	static const char pad[] = "Key Pad for IKEv2";
	struct ms_bytes pad_b = ms_bytes(pad, sizeof(pad) - 1), parts[3];
	uint8_t key[MS_MAX_PRF_OCTETS], id[MS_MAX_PRF_OCTETS];
	ms_err err = ike->prf->prf(ike->prf, psk, &pad_b, 1, key);

	if (err == MS_OK)
		err = signed_octets(ike, mine, id, parts);
	if (err == MS_OK)
		err = ike->prf->prf(ike->prf, ms_bytes(key, ike->prf->out_octets), parts, 3, out);
	ms_wipe(key, sizeof(key));
	return err;
}

static ms_err keep_auth(struct ike_exchange *x, unsigned method, const struct signature_kind *k,
	struct ms_bytes data)
{
	size_t oid = k && k->oid ? k->oid_octets + 1 : 0, len = AUTH_HEAD + oid + data.len;
	uint8_t *body = ms_arena_alloc(x->arena, len);
	struct wire_writer w;

	if (!body)
		return MS_ERR_NOMEM;
	w = wire_writer(body, len);
	wire_put_uint(&w, (uint64_t)method << 24, AUTH_HEAD);
	if (oid) {
		wire_put_u8(&w, (uint8_t)k->oid_octets);
		wire_put(&w, ms_bytes(k->oid, k->oid_octets));
	}
	wire_put(&w, data);
	x->my_auth = wire_result(&w);
	return MS_OK;
}

/* --- one wait for the host -------------------------------------------------------------------- */

struct auth_wait {
	struct ike_sa *ike;
	ike_step_f *next;
	bool mine;
	/* job */
	const struct signature_kind *kind, *fits[KINDS]; /* the one that it is, of those tried in turn */
	unsigned n_fits;
	struct ms_privkey *priv;
	struct ms_pubkey *pub[MAX_KEYS]; /* of the peer, as many as there are */
	int good; /* the one that it signed with */
	ms_err err;
	struct ms_bytes parts[3], signature;
	uint8_t id[MS_MAX_PRF_OCTETS];
	uint8_t out[MS_MAX_SIGNATURE_OCTETS];
	size_t out_octets;
	uint8_t room[];
};

/* With copies of the octets, since a job may outlive the exchange; signature: the peer's. */
static struct auth_wait *wait_new(
	struct ike_sa *ike, bool mine, ike_step_f *next, struct ms_bytes signature)
{
	struct ike_exchange *x = ike->x;
	struct ms_bytes message = mine == ike->initiator ? x->init_i : x->init_r;
	struct ms_bytes nonce = mine == ike->initiator ? x->nr : x->ni;
	struct auth_wait *w = calloc(1, sizeof(*w) + message.len + nonce.len + signature.len);
	struct wire_writer to;

	if (!w)
		return NULL;
	w->ike = ike_sa_ref(ike);
	w->next = next;
	w->mine = mine;
	if (signed_octets(ike, mine, w->id, w->parts)) {
		free(w);
		ike_sa_unref(&ike);
		return NULL;
	}
	to = wire_writer(w->room, message.len + nonce.len + signature.len);
	wire_put(&to, message);
	wire_put(&to, nonce);
	wire_put(&to, signature);
	w->parts[0].ptr = w->room;
	w->parts[1].ptr = w->room + message.len;
	w->signature = ms_bytes(w->room + message.len + nonce.len, signature.len);
	w->out_octets = sizeof(w->out);
	return w;
}

static void wait_free(struct auth_wait **p)
{
	struct auth_wait *w = *p;
	const struct ms_sign_ops *s = ms_sign();

	if (w->priv)
		s->privkey_free(&w->priv);
	for (int i = 0; i < MAX_KEYS; i++)
		if (w->pub[i])
			s->pubkey_free(&w->pub[i]);
	ike_sa_unref(&w->ike);
	free(w);
	*p = NULL;
}

/* Ends the wait; the SA may be gone by now. */
static void wait_end(struct auth_wait *w, ms_err err, const struct ms_why *why)
{
	struct ike_sa *ike = ike_sa_ref(w->ike);
	ike_step_f *next = w->next;

	wait_free(&w);
	if (!ike->gone && ike->x)
		next(ike, err, why);
	ike_sa_unref(&ike);
}

/* --- shared keys ------------------------------------------------------------------------------ */

/* What is signed is put together when the key is there: no job needs copies. */
struct psk_wait {
	struct ike_sa *ike;
	ike_step_f *next;
	bool mine;
};

static void got_psk(void *arg, ms_err err, struct ms_bytes psk, const struct ms_why *why)
{
	struct psk_wait *w = arg;
	struct ike_sa *ike = w->ike;
	ike_step_f *next = w->next;
	uint8_t mac[MS_MAX_PRF_OCTETS];
	struct ms_why local = { "" };

	if (err == MS_OK && !ike->gone && ike->x) {
		struct ms_bytes mac_b = ms_bytes(mac, ike->prf->out_octets);

		err = psk_mac(ike, w->mine, psk, mac);
		if (err == MS_OK && w->mine)
			err = keep_auth(ike->x, IKE_AUTHM_SHARED_KEY, NULL, mac_b);
		else if (err == MS_OK &&
			 (ike->x->auth.len != AUTH_HEAD + mac_b.len ||
				 !ms_ct_equal(ike->x->auth.ptr + AUTH_HEAD, mac, mac_b.len)))
			err = ms_fail(
				&local, MS_ERR_AUTH, "AUTH does not fit: another shared key?");
		ms_wipe(mac, sizeof(mac));
	}
	free(w);
	if (!ike->gone && ike->x)
		next(ike, err, local.text[0] ? &local : why);
	ike_sa_unref(&ike);
}

static void ask_psk(struct ike_sa *ike, bool mine, ike_step_f *next)
{
	const struct host *h = ike->e->host;
	const struct ms_id *peer =
		ike->peer_id.type != MS_ID_ANY ? &ike->peer_id : &ike->conn->remote.id;
	struct psk_wait *w = malloc(sizeof(*w));

	if (!w) {
		next(ike, MS_ERR_NOMEM, NULL);
		return;
	}
	*w = (struct psk_wait){ ike_sa_ref(ike), next, mine };
	h->ops->psk(h->ctx, &ike->conn->local.id, peer, &ike->remote.addr, got_psk, w);
}

/* --- no authentication ------------------------------------------------------------------------ */

/* RFC 7619 s2.1: as with a shared key, which is the SK_p of who makes it.  It proves that nobody
 * changed the handshake, and nothing about who it is. */
static ms_err without_credential(struct ike_sa *ike, bool mine, struct ms_why *why)
{
	struct ms_bytes key = ike_key(ike, mine == ike->initiator ? IKE_SK_PI : IKE_SK_PR);
	uint8_t mac[MS_MAX_PRF_OCTETS];
	struct ms_bytes mac_b = ms_bytes(mac, ike->prf->out_octets);
	ms_err err = psk_mac(ike, mine, key, mac);

	if (err == MS_OK && mine)
		err = keep_auth(ike->x, IKE_AUTHM_NULL_AUTH, NULL, mac_b);
	else if (err == MS_OK && (ike->x->auth.len != AUTH_HEAD + mac_b.len ||
					 !ms_ct_equal(ike->x->auth.ptr + AUTH_HEAD, mac, mac_b.len)))
		err = ms_fail(why, MS_ERR_AUTH, "AUTH does not fit: somebody changed the handshake");
	ms_wipe(mac, sizeof(mac));
	return err;
}

/* --- signing ---------------------------------------------------------------------------------- */

/* A key may be restricted to one hash (RFC 4055 s3.1), which only who has it can tell. */
static void sign_work(void *arg)
{
	struct auth_wait *w = arg;

	w->err = MS_ERR_UNSUPPORTED;
	for (unsigned i = 0; i < w->n_fits && w->err == MS_ERR_UNSUPPORTED; i++) {
		w->kind = w->fits[i];
		w->out_octets = sizeof(w->out);
		w->err = ms_sign()->sign(w->priv, w->kind->scheme, w->kind->hash, w->parts, 3,
			w->out, &w->out_octets);
	}
}

static void sign_done(void *arg)
{
	struct auth_wait *w = arg;
	struct ms_why why = { "" };
	ms_err err = w->err;

	if (err == MS_OK && !w->ike->gone && w->ike->x)
		err = keep_auth(
			w->ike->x, w->kind->method, w->kind, ms_bytes(w->out, w->out_octets));
	else if (err == MS_ERR_UNSUPPORTED)
		err = ms_fail(&why, MS_ERR_BAD_KEY,
			"the private key allows no hash (with MGF1 of it) that the peer verifies");
	wait_end(w, err, &why);
}

static void got_private(void *arg, ms_err err, struct ms_privkey *key, const struct ms_why *why)
{
	struct auth_wait *w = arg;
	struct ike_sa *ike = w->ike;
	const struct ms_sign_ops *s = ms_sign();
	struct ms_pubkey *pub = NULL;
	struct ms_why local = { "" };

	if (err == MS_OK && (ike->gone || !ike->x))
		err = MS_ERR_CANCELLED;
	if (err == MS_ERR_NO_CREDENTIAL && !ike->gone && ike->x &&
		ike->conn->local.auth & MS_AUTH_PSK) {
		ask_psk(ike, true, w->next);
		wait_free(&w);
		return;
	}
	/* authby= has null, too: better than nothing. */
	if (err == MS_ERR_NO_CREDENTIAL && !ike->gone && ike->x &&
		ike->conn->local.auth & MS_AUTH_NULL) {
		err = without_credential(ike, true, &local);
		wait_end(w, err, &local);
		return;
	}
	if (err == MS_OK)
		err = s->pubkey_of(&pub, key);
	if (err == MS_OK) {
		w->n_fits = kinds_for_key(ike, s->pubkey_type(pub), s->pubkey_bits(pub), w->fits);
		s->pubkey_free(&pub);
		if (w->n_fits == 0)
			err = ms_fail(&local, MS_ERR_BAD_KEY, "the private key's type is not among the "
				"methods of authby=, or the peer has no signature hash for it%s",
				ike->peer_rfc7427 ? "" : " (it does not speak RFC 7427)");
	}
	if (err) {
		wait_end(w, err, local.text[0] ? &local : why);
		return;
	}
	w->priv = s->privkey_ref(key);
	ike->e->host->ops->job(ike->e->host->ctx, sign_work, sign_done, w);
}

static void got_own(void *arg, ms_err err, struct ms_privkey *key, const struct ms_bytes *certs,
	unsigned n, const struct ms_why *why)
{
	struct auth_wait *w = arg;

	if (err == MS_OK && !w->ike->gone && w->ike->x)
		err = ike_certs_keep_mine(w->ike, certs, n);
	got_private(w, err, key, why);
}

void ike_auth_make(struct ike_sa *ike, ike_step_f *next)
{
	const struct host *h = ike->e->host;
	struct ms_why why = { "" };
	struct auth_wait *w;
	ms_err err;

	if (ike->conn->local.auth == MS_AUTH_NULL) {
		err = without_credential(ike, true, &why);
		next(ike, err, &why);
		return;
	}
	if (!(ike->conn->local.auth & IKE_AUTH_SIGNATURES) || !ms_sign()) {
		ask_psk(ike, true, next);
		return;
	}
	w = wait_new(ike, true, next, ms_bytes(NULL, 0));
	if (!w) {
		next(ike, MS_ERR_NOMEM, NULL);
		return;
	}
	if (h->ops->own_key)
		h->ops->own_key(h->ctx, ike->conn, &ike->peer_id,
			ms_bytes(ike->x->asked, ike->x->asked_octets), got_own, w);
	else
		h->ops->private_key(h->ctx, ike->conn, &ike->peer_id, got_private, w);
}

/* --- verifying
 * ------------------------------------------------------------------------------------ */

static void verify_work(void *arg)
{
	struct auth_wait *w = arg;

	w->err = MS_ERR_NO_CREDENTIAL;
	for (int i = 0; i < MAX_KEYS && w->err != MS_OK; i++)
		if (w->pub[i]) {
			w->err = ms_sign()->verify(w->pub[i], w->kind->scheme, w->kind->hash,
				w->parts, 3, w->signature);
			w->good = i;
		}
}

/* Who is delegated to is a key, not a name (RFC 4322 s3.2). */
static void keep_peer_key(struct ike_sa *ike, struct ms_pubkey *key)
{
	if (ike->peer_key)
		ms_sign()->pubkey_free(&ike->peer_key);
	ike->peer_key = ms_sign()->pubkey_ref(key);
}

static void verify_done(void *arg)
{
	struct auth_wait *w = arg;

	if (w->err == MS_OK)
		keep_peer_key(w->ike, w->pub[w->good]);
	/* Whatever went wrong in verifying is an authentication that failed. */
	wait_end(w, w->err == MS_OK ? MS_OK : MS_ERR_AUTH, NULL);
}

static bool usable(const struct signature_kind *k, const struct ms_pubkey *key)
{
	const struct ms_sign_ops *s = ms_sign();

	return s->pubkey_type(key) == k->key &&
	       (k->method == IKE_AUTHM_DIGITAL_SIGNATURE || !k->bits ||
		       s->pubkey_bits(key) == k->bits);
}

static ms_err no_key(const struct ike_sa *ike, struct ms_why *why)
{
	char id[MS_ID_TEXT];

	ms_id_text(&ike->peer_id, id, sizeof(id));
	return ms_fail(why, MS_ERR_NO_CREDENTIAL, "no public key of that kind is known for %s", id);
}

static void verify_with(struct auth_wait *w)
{
	const struct host *h = w->ike->e->host;

	h->ops->job(h->ctx, verify_work, verify_done, w);
}

/* The peer's certificate was found to be good, perhaps long after it came. */
static void got_peer_key(void *arg, ms_err err, struct ms_pubkey *const *keys, unsigned n,
	enum peer_proof proof, const struct ms_why *why)
{
	struct auth_wait *w = arg;
	struct ms_why local = { "" };
	unsigned used = 0;

	if (err == MS_OK && (w->ike->gone || !w->ike->x))
		err = MS_ERR_CANCELLED;
	for (unsigned i = 0; err == MS_OK && i < n && used < MAX_KEYS; i++)
		if (usable(w->kind, keys[i]))
			w->pub[used++] = ms_sign()->pubkey_ref(keys[i]);
	if (err == MS_OK && used == 0) {
		err = no_key(w->ike, &local);
		why = &local;
	}
	if (err) {
		wait_end(w, err, why);
		return;
	}
	w->ike->proof = (uint8_t)proof;
	verify_with(w);
}

/* Keys that are written for the connection count alone; certificates where there are none. */
static void find_keys(struct auth_wait *w)
{
	struct ike_sa *ike = w->ike;
	const struct host *h = ike->e->host;
	struct ms_why why = { "" };
	int used = 0;

	if (!ike->conn->remote.pubkeys[0] && h->ops->peer_key) {
		h->ops->peer_key(h->ctx, ike->conn, &ike->peer_id, ike->x->certs, ike->x->n_certs,
			got_peer_key, w);
		return;
	}
	ike->proof = ike->conn->remote.keys_from != PROOF_NONE ? ike->conn->remote.keys_from : PROOF_KEY;
	for (int i = 0; i < CONN_MAX_KEYS; i++) {
		struct ms_pubkey *key = ike->conn->remote.pubkeys[i];

		if (key && usable(w->kind, key))
			w->pub[used++] = ms_sign()->pubkey_ref(key);
	}
	if (used > 0)
		verify_with(w);
	else
		wait_end(w, no_key(ike, &why), &why);
}

void ike_auth_verify(struct ike_sa *ike, ike_step_f *next)
{
	struct ike_exchange *x = ike->x;
	uint32_t kind = ike_auth_kind(x->auth);
	struct ms_bytes signature = ms_bytes(NULL, 0);
	struct auth_wait *w;
	struct ms_why why = { "" };
	ms_err err;

	if (!(kind & ike->conn->remote.auth)) {
		next(ike,
			ms_fail(&why, MS_ERR_AUTH, "the peer used %s, which authby= does not allow",
				x->auth.len ? ike_name(ike_auth_method_name, x->auth.ptr[0])
					    : "nothing"),
			&why);
		return;
	}
	if (kind == MS_AUTH_PSK) {
		ike->proof = PROOF_SECRET;
		ask_psk(ike, false, next);
		return;
	}
	if (kind == MS_AUTH_NULL) {
		ike->proof = PROOF_NONE;
		err = without_credential(ike, false, &why);
		next(ike, err, &why);
		return;
	}
	(void)kind_of(x->auth, &signature);
	w = ms_sign() ? wait_new(ike, false, next, signature) : NULL;
	if (!w) {
		next(ike, MS_ERR_NOMEM, NULL);
		return;
	}
	w->kind = kind_of(x->auth, &signature);
	find_keys(w);
}
