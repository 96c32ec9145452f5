/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands that key klips by hand share: a PF_KEY connection, and the words that name an
 * SA on the command line.
 *
 * Standards: RFC 2367 for the messages; the words and texts are the family's.
 */
#ifndef MODSWAN_TOOLS_KLIPS_LINK_H
#define MODSWAN_TOOLS_KLIPS_LINK_H

#include "tools/tool.h"

#include <modswan/addr.h>
#include <modswan/pfkey.h>

#include <stdint.h>

/* --- RUNDIR/klips.sock ------------------------------------------------------------------------ */

struct klips_link {
	const struct tool *t;
	int fd;
	bool debug;
	uint32_t seq;
	size_t len; /* of the message in buf */
	uint8_t buf[MS_PFKEY_MAX_OCTETS];
};

/* An errno and what it means to a person; a table ends with errno 0: what all others mean. */
struct klips_reason {
	int no;
	const char *text;
};

/* NULL: trouble, which was printed. */
struct klips_link *klips_open(const struct tool *t, bool debug);
void klips_close(struct klips_link **l);
/* Sends *m and turns it into the answer (views into l->buf).  0, the errno that klips refused with,
 * or -1: trouble, which was printed. */
int klips_ask(struct klips_link *l, struct ms_pfkey_msg *m);
bool klips_send(struct klips_link *l, struct ms_pfkey_msg *m);
/* The next message of anybody; false: trouble, which was printed. */
bool klips_receive(struct klips_link *l, int timeout_ms);
/* Says why; gives the exit status: 0 when err is 0. */
int klips_status(const struct tool *t, int err, const struct klips_reason *table);
/* One question, all of the above. */
int klips_ask_once(const struct tool *t, bool debug, struct ms_pfkey_msg *m,
	const struct klips_reason *table);
/* Prints a listing of klips. The exit status. */
int klips_list(const struct tool *t, const char *name);
/* A line of --debug. */
void klips_trace(const struct tool *t, bool debug, const char *fmt, ...) MS_PRINTF(3, 4);

/* --- words that name an SA -------------------------------------------------------------------- */

struct sa_words {
	struct ms_said said;
	int family; /* --af; 0: not given */
	const char *af, *edst, *spi, *proto, *text; /* as given; text: --said */
};

/* Takes --af, --edst, --spi, --proto or --said; false: a complaint was printed. */
bool sa_words_take(const struct tool *t, struct sa_words *w, const char *option, const char *value);
bool sa_words_any(const struct sa_words *w);
/* What is missing ("destination", "SPI", "PROTO"), or NULL. */
const char *sa_words_missing(const struct sa_words *w);
/* "inet", "inet6", or 0. */
int family_of_word(const char *word);
/* False: printed.  option: for the complaint. */
bool take_address(const struct tool *t, const char *option, const char *text, int family,
	struct ms_addr *out);
bool take_spi(const struct tool *t, const char *text, bool reserved_too, uint32_t *out);
/* A C number; false: no complaint was printed. */
bool take_number(const char *text, uint64_t max, uint64_t *out);
/* 0: no such protocol. */
uint8_t sa_protocol(const char *word);
/* For X_DELFLOW, ADD, DELETE and X_GRPSA: satype, SA and destination. */
void said_to_message(const struct ms_said *said, struct ms_pfkey_msg *m);

#endif
