/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin share: files, chains, revocation. */
#ifndef CREDS_X509_H
#define CREDS_X509_H

#include <modswan/config.h>
#include <modswan/creds.h>
#include <modswan/fetch.h>
#include <modswan/id.h>
#include <modswan/plugin.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define MAX_DEPTH 8	    /* issuers above an end's certificate */
#define MAX_CRL_OCTETS (16u << 20)
#define MAX_OCSP_OCTETS 65536u

struct settings {
	char *dir;
	uint32_t security_bits;
};

/* The words of config setup, read anew with the files. */
struct policy {
	bool nocrsend, crl_strict, ocsp_enable, ocsp_strict, ocsp_post;
	uint64_t crl_interval_ms, crl_timeout_ms, ocsp_timeout_ms;
	time_t ocsp_min_age, ocsp_max_age;
	uint32_t ocsp_size;
	char *ocsp_uri, *ocsp_trustname, *iface;
	int auth_level; /* OpenSSL's: 2 is 112 bits */
};

/* --- store.c: the files ------------------------------------------------------------------------ */

enum place { IN_CERTS, IN_CACERTS, IN_OCSPCERTS, PLACES };

struct cert {
	X509 *x509;
	char *file; /* whole path */
	enum place place;
	bool is_ca, self_signed;
	uint8_t spki_sha1[MS_CA_HASH_OCTETS];
};

/* Immutable once made, since jobs read it: reading again makes another. */
struct store {
	atomic_uint refs;
	struct cert *cert;
	uint32_t n, cap;
	X509_STORE *trusted; /* cacerts */
	STACK_OF(X509) *between; /* CA certificates of other places: they help, but are not trusted */
	STACK_OF(X509_CRL) *crls; /* of crls/ */
	struct policy policy;
};

typedef bool passphrase_f(void *arg, const char *path, struct ms_bytes *out);
struct store_from {
	const char *dir; /* ipsec.d */
	passphrase_f *passphrase;
	void *arg;
	ms_creds_line_f *line; /* what was read, and what could not be */
	void *line_arg;
};
ms_err store_read(struct store **out, const struct store_from *from, struct ms_why *why);
struct store *store_ref(struct store *s);
void store_unref(struct store **s);
/* By file name, with or without folder and extension; NULL: none. */
const struct cert *store_named(const struct store *s, const char *name, enum place place);
/* The end's certificate whose key has this CKAID; NULL: none (own.c). */
const struct cert *store_with_ckaid(const struct store *s, const uint8_t ckaid[MS_CKAID_OCTETS]);
const struct cert *store_issuer(const struct store *s, X509 *of);
/* All that OpenSSL finds in octets; each is handed over.  False: none, or not a certificate. */
typedef void found_f(void *arg, X509 *cert);
bool certs_in(struct ms_bytes octets, struct ms_bytes passphrase, found_f *found, void *arg);
X509_CRL *crl_in(struct ms_bytes octets);
/* Exactly one certificate and nothing behind it. */
X509 *cert_of_der(struct ms_bytes der);
struct policy policy_defaults(void);
void policy_free(struct policy *p);

/* --- match.c: what a certificate says ----------------------------------------------------------- */

bool cert_has_id(X509 *cert, const struct ms_id *id);
ms_err name_to_id(const X509_NAME *name, struct ms_id *out);
/* "C=CH, O=x, CN=y", like snprintf. */
size_t name_text(const X509_NAME *name, char *buf, size_t size);
/* RFC 4945 s5.1.3.2, s5.1.3.12 and what this house adds. */
ms_err end_entity_check(X509 *cert, struct ms_why *why);
ms_err key_check(X509 *cert, struct ms_why *why);
void spki_sha1(X509 *cert, uint8_t out[MS_CA_HASH_OCTETS]);

/* --- chain.c ------------------------------------------------------------------------------------ */

struct chain_request {
	const struct store *store;
	X509 *end;		/* the peer's own */
	STACK_OF(X509) *sent;	/* what else it sent */
	X509 *pinned;		/* peer's cert=: trusted as it is; may be NULL */
	X509_NAME *ca;		/* that must be in the chain; may be NULL */
	const struct ms_id *id; /* that the certificate must have; NULL: any */
	time_t now;
};
/* The chain, the end's own first; signatures, times, constraints, usage and identity are right,
 * nothing is known about revocation yet. */
ms_err chain_build(const struct chain_request *r, STACK_OF(X509) **out, struct ms_why *why);

enum revocation { REV_UNKNOWN, REV_GOOD, REV_REVOKED };
/* By lists: one state for each certificate of the chain below its root. */
ms_err chain_crl_check(const struct chain_request *r, STACK_OF(X509) *chain,
	STACK_OF(X509_CRL) *crls, enum revocation state[MAX_DEPTH + 2], struct ms_why *why);

/* --- cache.c: what was learnt, behind a lock since jobs look too --------------------------------- */

#define CERT_KEY_OCTETS 32
struct ocsp_entry {
	struct ocsp_entry *next;
	uint8_t key[CERT_KEY_OCTETS];
	enum revocation state;
	time_t until;
};

struct crl_entry {
	struct crl_entry *next;
	X509_CRL *crl;
	char *url; /* from where; never NULL */
	X509 *issuer;
};

struct failed {
	struct failed *next;
	time_t until;
	char key[];
};

#define OCSP_BUCKETS 256
struct cache {
	pthread_mutex_t lock;
	struct crl_entry *crls;
	struct ocsp_entry *ocsp[OCSP_BUCKETS];
	uint32_t n_ocsp;
	struct failed *failed;
};
void cache_init(struct cache *c);
void cache_free(struct cache *c);
/* Replaces an older one of the same issuer and place; takes the references over.  False: what is
 * there is newer. */
bool cache_put_crl(struct cache *c, X509_CRL *crl, X509 *issuer, const char *url);
/* References to all; NULL: no memory. */
STACK_OF(X509_CRL) *cache_crls(struct cache *c, const struct store *s);
bool cache_has_fresh_crl(struct cache *c, const struct store *s, X509 *cert, time_t now);
void cert_key(X509 *cert, X509 *issuer, uint8_t key[CERT_KEY_OCTETS]);
void cache_put_ocsp(struct cache *c, const uint8_t key[CERT_KEY_OCTETS], enum revocation state,
	time_t until, uint32_t max);
enum revocation cache_ocsp(struct cache *c, const uint8_t key[CERT_KEY_OCTETS], time_t now);
void cache_forget_ocsp(struct cache *c);
/* A server that did not answer is left in peace for a while. */
void cache_failed(struct cache *c, const char *key, time_t until);
bool cache_has_failed(struct cache *c, const char *key, time_t now);

/* --- ocsp.c ------------------------------------------------------------------------------------- */

/* The request in DER; *nonce and *id belong to the caller (ocsp_ask_free). */
struct ocsp_ask {
	uint8_t *der;
	int octets;
	void *request; /* OCSP_REQUEST */
	void *id;      /* OCSP_CERTID, inside the request */
};
ms_err ocsp_ask(struct ocsp_ask *out, X509 *cert, X509 *issuer, struct ms_why *why);
void ocsp_ask_free(struct ocsp_ask *a);
/* GET URL of RFC 6960 appendix A.1; NULL: too long for it, or no memory. */
char *ocsp_get_url(const char *server, const struct ocsp_ask *a);
/* responder: trusted for every issuer, may be NULL. */
ms_err ocsp_read(const struct ocsp_ask *a, struct ms_bytes answer, const struct store *store,
	STACK_OF(X509) *chain, X509 *responder, time_t now, enum revocation *state, time_t *until,
	struct ms_why *why);

/* --- inquiry.c: is a peer's certificate good? ----------------------------------------------------- */

struct instance {
	const struct ms_services *services;
	const struct settings *conf;
	struct store *store;
	const struct cert *own; /* of the store: what own_cert() said last, and its key */
	struct ms_pubkey *own_key;
	struct cache cache;
	struct ms_timer *timer; /* crlcheckinterval= */
	struct inquiry *inquiries;
	struct download *downloads;
	unsigned arrivals; /* lists and answers that came */
	unsigned jobs; /* of ours, under way */
	bool closing;  /* the last job frees all */
	time_t (*clock)(void);
	const struct ms_provider *(*fetcher)(struct instance *in);
};

void inquire(struct instance *in, const struct ms_cert_wish *wish, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, ms_creds_peer_f *done, void *arg);
void inquiries_free(struct instance *in);
/* The distinguished name that ca= stands for, NULL: any.  MS_ERR_CONFIG: it cannot be found out. */
ms_err wished_ca(const struct store *s, const struct ms_cert_wish *wish, X509_NAME **out,
	struct ms_why *why);

/* --- download.c ----------------------------------------------------------------------------------- */

/* One list or answer on its way; several inquiries may wait for it. */
typedef void downloaded_f(void *arg);
struct wanted {
	X509 *cert, *issuer;	/* borrowed */
	STACK_OF(X509) *chain;	/* borrowed, from the certificate on */
	bool ocsp;
	const char *url;
};
/* Starts it or joins in; false: it cannot be had now. */
bool download(struct instance *in, const struct wanted *w, downloaded_f *done, void *arg);
void download_forget(struct instance *in, void *arg);
void downloads_free(struct instance *in);
/* Lists that end soon are fetched again. */
void crls_refresh(struct instance *in, bool all);

/* --- own.c ---------------------------------------------------------------------------------------- */

/* The certificate's public key as the provider of signatures knows it. */
ms_err cert_pubkey(X509 *cert, struct ms_pubkey **out, struct ms_why *why);
/* The store goes. */
void own_forget(struct instance *in);
void own_cert(void *inst, const struct ms_cert_wish *wish, ms_creds_own_f *done, void *arg);
bool ca_fits(
	void *inst, const struct ms_cert_wish *wish, const struct ms_bytes *certs, unsigned n);
size_t ca_hashes(void *inst, const struct ms_cert_wish *wish, uint8_t *buf, size_t size);

/* creds-x509.c: after each job. */
void job_over(struct instance *in);
/* The certificate that own_cert() answers with; NULL: none. */
const struct cert *own_pick(const struct store *s, const struct ms_cert_wish *wish, time_t now);

/* --- list.c --------------------------------------------------------------------------------------- */

void list_some(void *inst, enum ms_creds_kind kind, ms_creds_line_f *line, void *arg);

/* `err` with OpenSSL's reason in `why`; empties OpenSSL's queue. */
ms_err x509_fail(struct ms_why *why, ms_err err, const char *what);

#endif
