/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about host keys share: secret text, random octets, keys in files. */
#ifndef MODSWAN_TOOLS_HOSTKEY_H
#define MODSWAN_TOOLS_HOSTKEY_H

#include "tools/tool.h"

#include <modswan/creds.h>
#include <modswan/mem.h>

#include <stdint.h>
#include <time.h>

/* --- text that may hold a secret: grows by copying, wiped when freed (hostkey_text.c) -----------
 */

struct text {
	char *ptr; /* NUL-terminated once something was added */
	size_t len, cap;
};

void text_add(struct text *t, const char *fmt, ...) MS_PRINTF(2, 3);
/* Behind it: 0x, 0s or plain base64, as ms_data_text() calls the formats. */
void text_add_data(struct text *t, struct ms_bytes data, int format);
void text_free(struct text *t);
/* All of it or an error; fd is not closed. */
ms_err text_write(const struct text *t, int fd, struct ms_why *why);
/* A whole file, "-": stdin. */
ms_err text_read(struct text *t, const char *path, struct ms_why *why);

/* Appends to a file or creates it, for its owner only; on failure nothing is left behind. */
ms_err text_append_to_file(
	const struct text *t, const char *path, bool *existed_r, struct ms_why *why);

ms_err random_octets(const char *device, void *out, size_t len, struct ms_why *why);
/* "Tue Mar  4 10:11:12 2003" */
void date_text(char buf[26]);
/* For comments and file names: letters, digits, dots, hyphens, underscores. */
bool hostname_is_plain(const char *name);
const char *own_hostname(void);
/* RFC 3110 s2; to be freed. */
struct ms_bytes rsa_blob(struct ms_bytes e, struct ms_bytes n);

/* --- public halves of what ipsec.secrets holds (hostkey_file.c) ----------------- */

enum hostkey_kind { HOSTKEY_OTHER, HOSTKEY_RSA, HOSTKEY_ECDSA, HOSTKEY_ED25519, HOSTKEY_ED448 };

struct hostkey {
	enum hostkey_kind kind;
	const char *word;    /* of the file: RSA, PSK, ... */
	char **index;        /* NULL-terminated; none: a default */
	const char *file;    /* key file, NULL: the numbers stand in ipsec.secrets */
	const char *comment; /* "RSA 2192 bits   gw.example.net   Tue ...", NULL: none */
	const char *trouble; /* why there is no public half, NULL: there is */
	unsigned bits;
	struct ms_bytes blob; /* RSA: RFC 3110 */
	struct ms_bytes spki; /* DER, all kinds but RSA in a block */
};

struct hostkeys {
	struct hostkey *key;
	size_t n, cap;
};

/* keydir: where relative names of key files are.  Memory lives as long as the process; nothing
 * secret is kept.  MS_ERR_NOT_FOUND, MS_ERR_SYSTEM, MS_ERR_CONFIG. */
ms_err hostkeys_read(
	struct hostkeys *keys, const char *path, const char *keydir, struct ms_why *why);
const char *hostkey_kind_name(enum hostkey_kind kind);

/* --- keys by libcrypto (hostkey_pkey.c) ---------------------------------------------------------
 */

/* A new key as PKCS#8 PEM; k gets kind, bits and spki.  curve: P-256, P-384, P-521; NULL: Ed25519.
 */
ms_err pkey_make(struct text *pem, struct hostkey *k, const char *curve, struct ms_why *why);
/* Kind, bits, blob and spki of a private key file's text; passphrase may be NULL. */
ms_err pkey_public(
	struct hostkey *k, struct ms_bytes octets, const char *passphrase, struct ms_why *why);
/* Without the registry, which has no algorithms here. */
bool pkey_ckaid(const struct hostkey *k, uint8_t out[MS_CKAID_OCTETS]);

#endif
