/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of certificates, lists, OCSP answers and identities.
 *
 * The first octet says what the rest is: octets as they come, or a list of edits that are done to
 * the elements of a good certificate, list or answer and keep its lengths right.  An edited
 * certificate is also looked at with a signature that fits it, or nothing behind the signature would
 * ever be reached.  Whatever comes: a verdict, and never "good" for an identity that is not there.
 */
#include "pki.h"
#include "fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

/* --- the good ones ----------------------------------------------------------------------------- */

#define MAX_OCTETS 8192

static struct pki_cert root, end;
static struct store *store;
static STACK_OF(X509) *chain;
static struct ocsp_ask ask;
static struct ms_bytes base[3]; /* certificate, list, answer */
static struct ms_id ids[6];

static void at_end(void)
{
	for (unsigned i = 0; i < 3; i++)
		OPENSSL_free((void *)(uintptr_t)base[i].ptr);
	for (unsigned i = 0; i < 6; i++)
		ms_id_free(&ids[i]);
	ocsp_ask_free(&ask);
	sk_X509_free(chain);
	store_unref(&store);
	pki_free(&root);
	pki_free(&end);
	pki_keys_free();
}

static void prepare(void)
{
	static const char *const texts[6] = { "@west.example.org", "user@example.org", "192.0.2.1",
		"2001:db8::1", "C=CH, O=ModSwan, CN=west", "@#77657374" };
	struct pki_spec s = { .name = "west", .key = "p256 west", .issuer = &root,
		.ext = { "basicConstraints=critical,CA:FALSE", "keyUsage=digitalSignature",
			"extendedKeyUsage=ipsecIKE,serverAuth",
			"subjectAltName=DNS:west.example.org,email:user@example.org,IP:192.0.2.1,"
			"IP:2001:db8::1",
			"crlDistributionPoints=URI:http://a/b.crl",
			"authorityInfoAccess=OCSP;URI:http://a/", "authorityKeyIdentifier=keyid",
			"nameConstraints=permitted;DNS:example.org" } };
	char dir[PKI_DIR];
	X509_CRL *crl;
	uint8_t *der = NULL;
	int n;

	root = pki_ca("root", NULL, "p256 root");
	end = pki_make(&s);
	pki_dir(dir);
	pki_write(dir, "cacerts/root.pem", (X509 *[]){ root.x509, NULL });
	store = pki_store(dir, NULL, NULL);
	MUST(pki_dir_remove(dir) == 0);
	chain = sk_X509_new_null();
	MUST(sk_X509_push(chain, end.x509) && sk_X509_push(chain, root.x509));
	MUST(ocsp_ask(&ask, end.x509, root.x509, NULL) == MS_OK);
	base[0] = pki_der(end.x509);
	crl = pki_crl(&root, (X509 *[]){ end.x509, NULL }, -60, 86400);
	n = i2d_X509_CRL(crl, &der);
	base[1] = ms_bytes(der, (size_t)n);
	X509_CRL_free(crl);
	base[2] = pki_ocsp(end.x509, root.x509, &root, V_OCSP_CERTSTATUS_GOOD, -60, 86400, NULL, 0);
	for (unsigned i = 0; i < 6; i++)
		MUST(ms_id_parse(&ids[i], texts[i], strlen(texts[i]), NULL) == MS_OK);
	atexit(at_end);
}

/* --- what is done with octets -------------------------------------------------------------------- */

static void build(X509 *cert, const struct ms_id *id)
{
	struct chain_request r = { .store = store, .end = cert, .id = id, .now = time(NULL) };
	STACK_OF(X509) *built = NULL;
	struct ms_why why = { "" };

	if (chain_build(&r, &built, &why) == MS_OK) {
		enum revocation state[MAX_DEPTH + 2];
		STACK_OF(X509_CRL) *none = sk_X509_CRL_new_null();

		MUST(built != NULL && (id == NULL || cert_has_id(cert, id)));
		MUST(chain_crl_check(&r, built, none, state, &why) == MS_OK);
		MUST(state[0] == REV_UNKNOWN);
		sk_X509_CRL_free(none);
		sk_X509_pop_free(built, X509_free);
	} else {
		MUST(built == NULL && why.text[0] != '\0');
	}
}

static void look_at_cert(struct ms_bytes der)
{
	X509 *cert = cert_of_der(der);
	char text[MS_ID_TEXT];
	struct ms_why why;
	struct ocsp_ask about;

	if (cert == NULL)
		return;
	name_text(X509_get_subject_name(cert), text, sizeof text);
	name_text(X509_get_issuer_name(cert), text, sizeof text);
	(void)end_entity_check(cert, &why);
	(void)key_check(cert, &why);
	if (ocsp_ask(&about, cert, root.x509, &why) == MS_OK)
		ocsp_ask_free(&about);
	for (unsigned i = 0; i < 6; i++)
		build(cert, &ids[i]);
	MUST(!cert_has_id(cert, &ids[5]));
	/* with a signature that fits, if it can have one */
	if (X509_sign(cert, root.key, EVP_sha256()) > 0)
		for (unsigned i = 0; i < 6; i++)
			build(cert, &ids[i]);
	X509_free(cert);
	ERR_clear_error();
}

static void look_at_crl(struct ms_bytes der)
{
	X509_CRL *crl = crl_in(der);
	struct chain_request r = { .store = store, .end = end.x509, .now = time(NULL) };
	enum revocation state[MAX_DEPTH + 2];
	STACK_OF(X509_CRL) *one = sk_X509_CRL_new_null();
	struct ms_why why = { "" };
	struct cache c;

	if (crl != NULL && sk_X509_CRL_push(one, crl)) {
		(void)chain_crl_check(&r, chain, one, state, &why);
		cache_init(&c);
		MUST(X509_CRL_up_ref(crl) && X509_up_ref(root.x509));
		MUST(cache_put_crl(&c, crl, root.x509, "http://a/b.crl"));
		(void)cache_has_fresh_crl(&c, store, end.x509, r.now);
		cache_free(&c);
	}
	sk_X509_CRL_pop_free(one, X509_CRL_free);
	ERR_clear_error();
}

static void look_at_ocsp(struct ms_bytes der)
{
	enum revocation state = REV_UNKNOWN;
	struct ms_why why = { "" };
	time_t until = 0, now = time(NULL);

	if (ocsp_read(&ask, der, store, chain, NULL, now, &state, &until, &why) == MS_OK)
		MUST(until > now && state <= REV_REVOKED);
	else
		MUST(why.text[0] != '\0');
}

static void look_at_id(struct ms_bytes b)
{
	static const uint8_t types[] = { MS_ID_IPV4_ADDR, MS_ID_FQDN, MS_ID_RFC822_ADDR,
		MS_ID_IPV6_ADDR, MS_ID_DER_ASN1_DN, MS_ID_DER_ASN1_GN, MS_ID_KEY_ID };
	struct ms_id id = { 0 }, pattern = { 0 }, again = { 0 };
	char text[MS_ID_TEXT];
	size_t half = b.len / 2, needed;

	if (b.len == 0 || b.len - half > MS_ID_MAX_OCTETS)
		return;
	MUST(ms_id_set(&id, (enum ms_id_type)types[b.ptr[0] % 7],
		     ms_bytes(b.ptr + half, b.len - half)) == MS_OK);
	needed = ms_id_text(&id, text, sizeof text);
	MUST(!cert_has_id(end.x509, &id) || ms_id_eq(&id, &ids[0]) || ms_id_eq(&id, &ids[1]) ||
		ms_id_eq(&id, &ids[2]) || ms_id_eq(&id, &ids[3]) || ms_id_eq(&id, &ids[4]));
	if (ms_id_set(&pattern, (enum ms_id_type)id.type, ms_bytes(b.ptr, half)) == MS_OK) {
		if (ms_id_match(&pattern, &id))
			MUST(pattern.type == id.type);
		MUST(ms_id_match(&id, &id) || ms_id_is_pattern(&id));
	}
	/* a text that is whole can be read again, unless it is of a type that is never written */
	if (needed < sizeof text && ms_id_parse(&again, text, strlen(text), NULL) == MS_OK &&
		id.type != MS_ID_DER_ASN1_DN)
		MUST(again.type != id.type || ms_id_eq(&again, &id));
	ms_id_free(&again);
	ms_id_free(&id);
	ms_id_free(&pattern);
}

/* --- edits of elements ------------------------------------------------------------------------------ */

struct edit {
	uint8_t at, what, with;
};

struct editor {
	const struct edit *edit;
	size_t n;
	unsigned element; /* number of the next one */
	uint8_t *out;
	size_t used;
	bool full;
};

static void put(struct editor *e, const void *octets, size_t len)
{
	if (e->full || len > MAX_OCTETS - e->used) {
		e->full = true;
		return;
	}
	memcpy(e->out + e->used, octets, len);
	e->used += len;
}

static void copy_elements(struct editor *e, struct ms_bytes in, unsigned depth);

/* Its head is written when the length of what is inside is known. */
static void put_element(struct editor *e, uint8_t tag, struct ms_bytes body, unsigned depth,
	const struct edit *edit)
{
	struct editor inner = *e;
	uint8_t *room = malloc(MAX_OCTETS), head[4] = { tag };
	size_t n = 2;

	MUST(room != NULL);
	inner.out = room;
	inner.used = 0;
	if ((tag & 0x20) && depth < 24)
		copy_elements(&inner, body, depth + 1);
	else
		put(&inner, body.ptr, body.len);
	if (edit != NULL && edit->what % 8 == 3 && inner.used > 0)
		room[edit->with % inner.used] ^= (uint8_t)(edit->with | 1);
	if (edit != NULL && edit->what % 8 == 4)
		inner.used = inner.used * edit->with / 256;
	if (inner.used < 128) {
		head[1] = (uint8_t)inner.used;
	} else {
		head[1] = 0x82;
		head[2] = (uint8_t)(inner.used >> 8);
		head[3] = (uint8_t)inner.used;
		n = inner.used < 256 ? 3 : 4;
		if (n == 3) {
			head[1] = 0x81;
			head[2] = (uint8_t)inner.used;
		}
	}
	e->element = inner.element;
	e->full |= inner.full;
	put(e, head, n);
	put(e, room, inner.used);
	free(room);
}

static const struct edit *edit_of(const struct editor *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->edit[i].at == (uint8_t)e->element)
			return &e->edit[i];
	return NULL;
}

static void copy_elements(struct editor *e, struct ms_bytes in, unsigned depth)
{
	while (in.len > 1 && !e->full) {
		size_t len = in.ptr[1], head = 2;
		const struct edit *edit = edit_of(e);
		uint8_t tag = in.ptr[0];
		unsigned times;

		if (len == 0x81 && in.len > 2)
			len = in.ptr[2], head = 3;
		else if (len == 0x82 && in.len > 3)
			len = (size_t)in.ptr[2] << 8 | in.ptr[3], head = 4;
		if (len > in.len - head)
			len = in.len - head;
		e->element++;
		if (edit != NULL && edit->what % 8 == 2)
			tag = edit->with;
		times = edit != NULL && edit->what % 8 == 0   ? 0
			: edit != NULL && edit->what % 8 == 1 ? 2 + edit->with % 3u
							      : 1;
		for (unsigned i = 0; i < times; i++)
			put_element(e, tag, ms_bytes(in.ptr + head, len), depth, edit);
		in = ms_bytes(in.ptr + head + len, in.len - head - len);
	}
}

static struct ms_bytes edited(struct ms_bytes in, const uint8_t *data, size_t size, uint8_t *room)
{
	struct edit edits[16];
	struct editor e = { .edit = edits, .out = room };

	for (; size >= 3 && e.n < 16; data += 3, size -= 3)
		edits[e.n++] = (struct edit){ data[0], data[1], data[2] };
	copy_elements(&e, in, 0);
	return ms_bytes(room, e.full ? 0 : e.used);
}

/* --- the target ---------------------------------------------------------------------------------------- */

size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	if (store == NULL)
		prepare();
	if (i < 3 && base[i].len < cap) {
		out[0] = (uint8_t)i;
		memcpy(out + 1, base[i].ptr, base[i].len);
		return 1 + base[i].len;
	}
	if (i < 9 && i >= 3) {
		out[0] = 3;
		memcpy(out + 1, ids[i - 3].data, ids[i - 3].len);
		return 1 + (size_t)ids[i - 3].len;
	}
	/* every element of each of the three, every kind of edit */
	if (i < 120) {
		out[0] = (uint8_t)(4 + i % 3);
		for (unsigned k = 0; k < 3; k++)
			out[1 + k] = (uint8_t)(k == 0 ? i : k == 1 ? i / 7 : 0x5a);
		return 4;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *room;
	struct ms_bytes b;

	if (store == NULL)
		prepare();
	if (size == 0)
		return 0;
	room = malloc(MAX_OCTETS);
	MUST(room != NULL);
	b = ms_bytes(data + 1, size - 1);
	if (data[0] % 7 >= 4)
		b = edited(base[data[0] % 7 - 4], data + 1, size - 1, room);
	switch (data[0] % 7) {
	case 0:
	case 4:
		look_at_cert(b);
		break;
	case 1:
	case 5:
		look_at_crl(b);
		break;
	case 2:
	case 6:
		look_at_ocsp(b);
		break;
	default:
		look_at_id(b);
	}
	free(room);
	return 0;
}
