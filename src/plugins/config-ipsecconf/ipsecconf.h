/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin share: a file as read, and what it says. */
#ifndef CONFIG_IPSECCONF_H
#define CONFIG_IPSECCONF_H

#include <modswan/config.h>
#include <modswan/error.h>

#include <stdbool.h>
#include <stdint.h>

/* --- growing arrays --- */

/* Makes room for one more element of `size` octets; false: out of memory. */
bool ipsecconf_grow(void **array, uint32_t n, uint32_t *cap, size_t size);
uint32_t hash_word(const char *word); /* case and the kind of dash do not count */
bool word_eq(const char *a, const char *b);

/* --- words --- */

enum place { PLACE_SETUP, PLACE_CONN, PLACE_LEFT, PLACE_RIGHT, PLACE_ALSO, PLACE_ALSOFLIP };

/* A keyword as people write it, sides expanded.  Aliases have the slot of what they stand for. */
struct word {
	char *name;
	const struct ms_conf_key *key; /* NULL: also, alsoflip */
	enum place place;
	uint32_t slot;
	uint32_t flip; /* index of the other side's word; its own when it has no side */
	uint32_t next; /* in the hash chain, 0: end */
};

struct words {
	struct word *word; /* word[0] is not used */
	uint32_t n, cap;
	uint32_t bucket[512];
	uint32_t slots;
};

ms_err words_init_setup(struct words *w);
ms_err words_init_conn(struct words *w);
void words_free(struct words *w);
const struct word *words_find(const struct words *w, const char *name);
const char *words_nearest(const struct words *w, const char *name);

/* --- what a file says --- */

struct source {
	char *path; /* as in messages */
	char *text; /* values point into it */
	size_t len;
};

struct where {
	uint32_t source, line; /* line 0: nowhere */
};

struct param {
	const struct word *word;
	const char *value;
	struct where at;
};

struct section {
	const char *name;
	struct where at;
	uint32_t first, n; /* params */
	uint32_t next;     /* in the hash chain, 1 + index; 0: end */
	uint32_t mark[2];  /* of the resolver: visited in this round, plain and flipped */
	uint32_t via;      /* of the resolver: param that asked for it */
	bool builtin;      /* nobody wrote it */
	char *broken;      /* what is wrong in it, with file and line; NULL: nothing */
	ms_err broken_err;
};

/* The sections of one type. */
struct kind {
	const char *type; /* "config", "conn" */
	struct words words;
	struct section *section;
	uint32_t n, cap;
	uint32_t *bucket; /* 1 + index */
	uint32_t n_buckets;
	struct section defaults; /* params of all %default sections, joined */
	bool ordinary;           /* a section other than %default was seen */
	/* which parameter wrote a slot, while a section is read or resolved */
	uint32_t *slot_param, *slot_round;
	uint32_t round;
};

typedef void warn_f(void *arg, const char *text);

struct ipsecconf {
	struct source **source;
	uint32_t n_sources, cap_sources;
	struct param *param;
	uint32_t n_params, cap_params;
	struct param *default_param[2]; /* of kind[i].defaults */
	uint32_t cap_defaults[2];
	struct kind kind[2]; /* KIND_SETUP, KIND_CONN */
	struct ms_setup_desc setup_scratch;
	struct ms_conn_desc conn_scratch;
	int oe; /* enum ms_oe, known once connections are asked for */
	warn_f *warn; /* may be NULL */
	void *warn_arg;
};

enum { KIND_SETUP, KIND_CONN };

struct section *kind_find(const struct kind *k, const char *name);

/* Reads path and all that it includes.  A missing file is empty.  On error *out is NULL. */
ms_err ipsecconf_read(
	struct ipsecconf **out, const char *path, warn_f *warn, void *arg, struct ms_why *why);
void ipsecconf_free(struct ipsecconf **conf);

/* "FILE:LINE: " before what why holds; gives err back. */
ms_err ipsecconf_at(const struct ipsecconf *c, struct where w, ms_err err, struct ms_why *why);

/* Takes one file apart (parse.c), called by the reader, which follows includes. */
struct parser {
	struct ipsecconf *conf;
	struct kind *kind;       /* of the open section; NULL: none is open */
	struct section *section; /* the open one */
	struct where ended_by;   /* the blank line that closed the last one */
	const char *last_name;   /* of the section that it closed */
	uint32_t depth;          /* of includes */
	/* set by parse_line(): a file or pattern to include, then NULL again */
	const char *include;
};

ms_err parse_line(
	struct parser *p, char *line, size_t len, struct where w, bool first, struct ms_why *why);
void parse_end(struct parser *p);

/* --- connections that nobody wrote (builtin.c) --- */

/* Heap text of those that are not there under their names; NULL: out of memory. */
char *builtin_text(const struct kind *conns);
/* False: with this oe= (enum ms_oe) the connection is not loaded. */
bool builtin_wanted(const char *name, int oe);

/* --- what it means --- */

/* A connection with also= and %default taken in, before and while it is checked. */
struct resolved {
	const struct ipsecconf *conf;
	const struct section *section;
	struct ms_conn_desc desc;
	const struct param **by_slot; /* NULL: not written */
};

ms_err resolve_setup(struct ipsecconf *c, struct ms_setup_desc *out, struct ms_why *why);
/* Free out->desc afterwards in any case. */
ms_err resolve_conn(
	struct ipsecconf *c, struct section *s, struct resolved *out, struct ms_why *why);
/* Relations between the settings of one connection; fills in what follows from others. */
ms_err check_conn(struct resolved *r, struct ms_why *why);
/* The parameter that wrote conn keyword `name`, NULL when none did. */
const struct param *ipsecconf_written(const struct resolved *r, const char *name);

/* Whole files: everything is resolved and checked before the first description is handed over. */
ms_err ipsecconf_conns(struct ipsecconf *c, const char *name, const struct ms_config_sink *sink,
	void *arg, struct ms_why *why);

#endif
