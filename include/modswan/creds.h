/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role creds: where secrets and keys come from.
 *
 * A source may answer at once or later, always exactly once per call.  What it hands over is
 * borrowed for the callback: take references or copies.  Sources are asked in the order in which
 * they were loaded; the first that finds something wins.
 */
#ifndef MODSWAN_CREDS_H
#define MODSWAN_CREDS_H

#include <modswan/crypto.h>
#include <modswan/error.h>
#include <modswan/id.h>
#include <modswan/resolver.h>

struct ms_sign_ops;

/* Bounds of what a peer may send and of what is sent. */
#define MS_MAX_CERTS 12
#define MS_MAX_CERT_OCTETS 16384
#define MS_CA_HASH_OCTETS 20 /* SHA-1 of a CA's SubjectPublicKeyInfo, RFC 7296 s3.7 */
#define MS_CKAID_OCTETS 20

/*
 * CKAID: the name that key stores give a public key and its private half (PKCS #11's CKA_ID, as NSS
 * makes it): SHA-1 of an RSA key's modulus without leading zeros, of the point of an elliptic curve
 * as its SubjectPublicKeyInfo has it.  It is text in hexadecimal, in ipsec.conf and in listings.
 */
/* The octets that are hashed, within spki (DER); false: not a public key. */
bool ms_ckaid_input(struct ms_bytes spki, struct ms_bytes *out);
/* By the registry's SHA-1.  MS_ERR_NO_ALGORITHM: nobody offers it; MS_ERR_BAD_KEY. */
ms_err ms_ckaid_of_spki(uint8_t out[MS_CKAID_OCTETS], struct ms_bytes spki, struct ms_why *why)
	MS_MUST_CHECK;
ms_err ms_ckaid(uint8_t out[MS_CKAID_OCTETS], const struct ms_pubkey *key, struct ms_why *why)
	MS_MUST_CHECK;
/* Has the key this one?  False, too, when nobody can say. */
bool ms_has_ckaid(const struct ms_pubkey *key, const uint8_t ckaid[MS_CKAID_OCTETS]);
#define MS_CKAID_TEXT (2 * MS_CKAID_OCTETS + 1)
/* 40 hexadecimal digits, 0x before them may stand. */
ms_err ms_ckaid_parse(uint8_t out[MS_CKAID_OCTETS], const char *text, struct ms_why *why)
	MS_MUST_CHECK;
void ms_ckaid_text(const uint8_t ckaid[MS_CKAID_OCTETS], char out[MS_CKAID_TEXT]);

/* What a connection says of the certificates of both ends; strings may be NULL. */
struct ms_cert_wish {
	const char *my_cert, *my_ca; /* leftcert=, leftca= */
	const char *peer_cert, *peer_ca;
	const struct ms_id *me;
	int send_ca;		 /* enum ms_sendca */
	struct ms_bytes asked;	 /* hashes of the CAs that the peer trusts, joined; may be empty */
	bool require_id;	 /* the peer's identity must be in its certificate */
	/* leftckaid= and rightckaid=, MS_CKAID_OCTETS; NULL: not written.  Where no certificate is
	 * named, it is the one whose key has this CKAID. */
	const uint8_t *my_ckaid, *peer_ckaid;
};

/* Which files to read again. */
enum ms_creds_kind {
	MS_CREDS_SECRETS = 1,
	MS_CREDS_CERTS = 2,
	MS_CREDS_CACERTS = 4,
	MS_CREDS_CRLS = 8,
	MS_CREDS_OCSP = 16, /* listings, and forgetting what was answered */
	MS_CREDS_ALL = 31,
	MS_CREDS_PUBKEYS = 32, /* listings: public keys of certificates, a line each, without a head */
};

/* MS_ERR_NO_CREDENTIAL: nothing fits. */
typedef void ms_creds_psk_f(void *arg, ms_err err, struct ms_bytes psk, const struct ms_why *why);
typedef void ms_creds_private_f(void *arg, ms_err err, struct ms_privkey *key,
	const struct ms_sign_ops *ops, const struct ms_why *why);

/* Certificates in DER, the end's own first, then its issuers; key: the one of the first. */
typedef void ms_creds_own_f(void *arg, ms_err err, const struct ms_bytes *certs, unsigned n,
	struct ms_pubkey *key, const struct ms_why *why);
typedef void ms_creds_peer_f(void *arg, ms_err err, struct ms_pubkey *key,
	const struct ms_why *why);
typedef void ms_creds_line_f(void *arg, const char *text);

/* --- keys that others published --- */

#define MS_MAX_PUBLISHED_KEYS 16 /* of one identity or gateway */
#define MS_MAX_GATEWAYS 16	 /* of one client */
#define MS_MAX_GATEWAY_ADDRS 8	 /* of one gateway */

/* Who may speak IPsec for a client, as the client's own records say (RFC 4322, RFC 4025). */
struct ms_gateway {
	uint32_t precedence; /* smaller ones are to be tried first */
	struct ms_id id;     /* what the gateway will call itself: an address or a name */
	struct ms_addr addrs[MS_MAX_GATEWAY_ADDRS]; /* where it is reached; may be none */
	unsigned n_addrs;
	struct ms_pubkey *keys[MS_MAX_PUBLISHED_KEYS];
	unsigned n_keys; /* at least 1 */
	const char *source; /* kind of record: "TXT", "KEY", "IPSECKEY" */
};

/* What all of an answer has in common; the reader's time. */
struct ms_published {
	enum ms_dns_status status; /* the worst of what led to it */
	uint32_t ttl_s;		   /* the shortest */
};

struct ms_creds_query; /* one question under way */

/* keys are borrowed: take references.  MS_ERR_NO_CREDENTIAL: nothing usable is published;
 * MS_ERR_AUTH: what is published is bogus, or not signed and oe-dnssec=require; MS_ERR_TIMEOUT,
 * MS_ERR_SYSTEM, MS_ERR_LIMIT: nobody knows.  `how` tells of errors too. */
typedef void ms_creds_keys_f(void *arg, ms_err err, struct ms_pubkey *const *keys, unsigned n,
	const struct ms_published *how, const struct ms_why *why);
/* Sorted by precedence; everything is borrowed.  Errors as above. */
typedef void ms_creds_gateways_f(void *arg, ms_err err, const struct ms_gateway *gateways,
	unsigned n, const struct ms_published *how, const struct ms_why *why);

/* The files' line that decided, for messages: "ipsec.secrets:7". */
struct ms_creds_ops {
	uint32_t size;
	/* psk and private_key may be NULL: a source that has neither. */
	/* Secret shared between me and peer; the family's scoring of index lists. peer_addr helps
	 * where the identity found nothing (%any entries). */
	void (*psk)(void *inst, const struct ms_id *me, const struct ms_id *peer,
		const struct ms_addr *peer_addr, ms_creds_psk_f *done, void *arg);
	/* Private key for my identity, or the one that belongs to `pub` (may be NULL). */
	void (*private_key)(void *inst, const struct ms_id *me, const struct ms_id *peer,
		const struct ms_pubkey *pub, ms_creds_private_f *done, void *arg);
	/* Reads the files again; what cannot be read leaves the old state untouched. */
	ms_err (*reread)(void *inst, unsigned *count_r, struct ms_why *why);
	/* One line per entry without secrets ("1: PSK (none) @east"); like a listing's callback. */
	void (*list)(void *inst, void (*line)(void *arg, const char *text), void *arg);

	/* --- certificates; a source without them leaves all of these NULL --- */

	/* Our certificate for an end: the one that is named, or else one that bears the identity.
	 * MS_ERR_NO_CREDENTIAL: none; with my_cert written that is an error. */
	void (*own_cert)(void *inst, const struct ms_cert_wish *wish, ms_creds_own_f *done,
		void *arg);
	/* The public key by which a peer may prove that it is `peer`: its certificate (the first of
	 * `certs`, DER as it came, nothing checked yet, or none) is good in every respect.  May take
	 * as long as revocation lists take to come.  MS_ERR_AUTH: not good; MS_ERR_NO_CREDENTIAL:
	 * no certificate. */
	void (*peer_cert)(void *inst, const struct ms_cert_wish *wish, const struct ms_id *peer,
		const struct ms_bytes *certs, unsigned n, ms_creds_peer_f *done, void *arg);
	/* Hashes of the CAs that are trusted for the wish's peer, for a CERTREQ; returns octets. */
	size_t (*ca_hashes)(void *inst, const struct ms_cert_wish *wish, uint8_t *buf, size_t size);
	/* The subject of the certificate that a connection names (leftid=%fromcert). */
	ms_err (*cert_subject)(void *inst, const char *cert, struct ms_id *out, struct ms_why *why);
	/* Some of the files again, a set of enum ms_creds_kind; lines say what was read. */
	ms_err (*reread_some)(void *inst, uint32_t kinds, ms_creds_line_f *line, void *arg,
		struct ms_why *why);
	/* Lines of one kind, headed as the family heads them. */
	void (*list_some)(void *inst, enum ms_creds_kind kind, ms_creds_line_f *line, void *arg);
	/* Fetches revocation lists of which an address is known, and forgets OCSP answers. */
	void (*refresh)(void *inst, uint32_t kinds);
	/* The passphrase that a secrets source has for a file, borrowed until the next reread;
	 * false: none. */
	bool (*passphrase)(void *inst, const char *path, struct ms_bytes *out);
	/* Do the issuers' names above the first of `certs` (DER as it came, nothing checked) lead to
	 * the issuer that the wish names for the peer?  True when it names none. */
	bool (*ca_fits)(void *inst, const struct ms_cert_wish *wish, const struct ms_bytes *certs,
		unsigned n);

	/* --- published keys; a source without them leaves all of these NULL --- */

	/* Public keys by which `peer` (an address or a name, else MS_ERR_NO_CREDENTIAL) may prove
	 * itself.  On an error nothing will be called: MS_ERR_LIMIT, MS_ERR_NOMEM; else done()
	 * comes once, never before this has returned. */
	ms_err (*published_keys)(void *inst, const struct ms_id *peer, struct ms_creds_query **out,
		ms_creds_keys_f *done, void *arg, struct ms_why *why);
	/* The gateways that a client's own records name, in the reverse map of its address. */
	ms_err (*gateways)(void *inst, const struct ms_addr *client, struct ms_creds_query **out,
		ms_creds_gateways_f *done, void *arg, struct ms_why *why);
	/* done() will not be called. */
	void (*cancel)(void *inst, struct ms_creds_query **query);

	/* --- private keys once more; NULL: the source has none --- */

	/* The one with this CKAID, whatever identities stand before it. */
	void (*private_key_by_ckaid)(void *inst, const uint8_t ckaid[MS_CKAID_OCTETS],
		ms_creds_private_f *done, void *arg);
};

#endif
