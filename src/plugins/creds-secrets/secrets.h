/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin share: the entries of ipsec.secrets. */
#ifndef CREDS_SECRETS_H
#define CREDS_SECRETS_H

#include <modswan/creds.h>
#include <modswan/crypto.h>
#include <modswan/error.h>
#include <modswan/id.h>
#include <modswan/mem.h>

#include <stdbool.h>
#include <stdint.h>

/* --- entries --- */

struct entry {
	struct ms_id *index;
	uint32_t n;
	bool any;             /* %any, %any6 or 0.0.0.0 is among the indices */
	bool default_one;     /* no index, or none but %any */
	struct ms_secret psk; /* ptr NULL: this is a private key */
	struct ms_privkey *key;
	struct ms_pubkey *pub; /* its public half */
	const struct ms_sign_ops *ops;
	char *key_file;              /* whole path; NULL: the key stands in the file of secrets */
	struct ms_secret passphrase; /* of key_file: certificates may lie behind it too */
	const char *file; /* of struct secrets */
	uint32_t line;
};

struct node {
	uint32_t hash, entry;
	uint32_t next; /* 1 + index; 0: end */
};

/* Where an identity occurs as an index, by its hash. */
struct occurs {
	struct node *node;
	uint32_t n, cap;
	uint32_t *bucket;
	uint32_t n_buckets;
};

struct secrets {
	struct entry *entry;
	uint32_t n, cap;
	char **file;
	uint32_t n_files, cap_files;
	/* everybody: each index of each shared secret.  mine: indices of entries that count when
	 * only our own identity is there. */
	struct occurs everybody, mine;
	uint32_t *defaults; /* entries without index */
	uint32_t n_defaults, cap_defaults;
};

void secrets_free(struct secrets **s);
bool occurs_add(struct occurs *o, const struct ms_id *id, uint32_t entry);
/* Makes room for one more; what was there before is not wiped. */
bool secrets_grow(void **array, uint32_t n, uint32_t *cap, size_t size);

/* --- reading --- */

typedef void note_f(void *arg, const char *text);

struct reader {
	struct secrets *out;
	const char *keydir;            /* of private key files: ipsec.d/private */
	const struct ms_sign_ops *ops; /* NULL: private keys cannot be used */
	note_f *note;                  /* warnings */
	void *note_arg;
	unsigned depth;
};

/* Reads path and what it includes; a missing file is empty. On error *out is NULL. */
ms_err secrets_read(struct secrets **out, const char *path, const char *keydir,
	const struct ms_sign_ops *ops, note_f *note, void *arg, struct ms_why *why);

/* A whole file in memory that is wiped by ms_secret_free().  *exposed_r: what is wrong with who may
 * read or write it; NULL: nothing. */
ms_err octets_read(
	struct ms_secret *out, const char *path, const char **exposed_r, struct ms_why *why);

/* --- tokens --- */

enum token_kind {
	TOKEN_END, /* of the record: the next thing begins in the first column */
	TOKEN_WORD,
	TOKEN_QUOTED, /* text without its quotes */
	TOKEN_COLON,
};

struct lexer {
	const char *p, *end;
	uint32_t line;
	bool line_start;
	/* the token; text points into the file */
	enum token_kind kind;
	const char *text;
	size_t len;
	uint32_t token_line;
};

void lexer_init(struct lexer *lx, struct ms_bytes file);
/* Goes to the first token of the next record; false: the file ends. */
ms_err lexer_record(struct lexer *lx, bool *more, struct ms_why *why);
/* The next token of this record, or TOKEN_END. */
ms_err lexer_next(struct lexer *lx, struct ms_why *why);
bool lexer_is(const struct lexer *lx, const char *word);

/* key = what stands behind the colon; the lexer stands on its first token (key.c). */
ms_err key_read(
	struct reader *r, struct lexer *lx, struct entry *e, bool *usable, struct ms_why *why);

/* --- choosing --- */

/* peer may be NULL.  MS_ERR_NO_CREDENTIAL: nothing fits, or two fit equally well. */
ms_err choose_psk(const struct secrets *s, const struct ms_id *me, const struct ms_id *peer,
	const struct entry **out, struct ms_why *why);
ms_err choose_key(const struct secrets *s, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_pubkey *pub, const struct entry **out, struct ms_why *why);
/* Whatever its indices. */
ms_err choose_ckaid(const struct secrets *s, const uint8_t ckaid[MS_CKAID_OCTETS],
	const struct entry **out, struct ms_why *why);

#endif
