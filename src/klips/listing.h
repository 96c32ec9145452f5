/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text listings of what klips holds, made piece by piece: a table of a million eroutes is neither
 * in memory at once nor keeps the control thread from other work.  Control thread, online.
 */
#ifndef KLIPS_LISTING_H
#define KLIPS_LISTING_H

#include <modswan/error.h>

#include <stdbool.h>
#include <stddef.h>

struct eroute;
struct klips;
struct klips_sa;
struct ms_integ_alg;
struct listing;

/* Grows; what does not fit into memory is left out. */
struct text {
	char *buf;
	size_t len, cap;
};

void text_put(struct text *t, const char *fmt, ...) MS_PRINTF(2, 3);

/* name: eroute, spi, spigrp, saref, tncfg, version, counters, klipsdebug, natt, xforms, birth,
 * trap_count, trap_sendcount, pf_key, pf_key_registered, pf_key_supported.  NULL: none of them, or no memory. */
struct listing *listing_start(struct klips *k, const char *name);
/* Adds whole lines, some kilo-octets; false: that was the end. */
bool listing_more(struct listing *l, struct text *out);
void listing_end(struct listing **l);

/* --- lines of it ------------------------------------------------------------------------------ */

void list_eroute(struct text *t, const struct eroute *er);
void list_sa(const struct klips *k, struct text *t, struct klips_sa *sa);
/* Its reference, and what it says of the other direction's. */
void list_ref(const struct klips *k, struct text *t, const struct klips_sa *sa);
/* As the family called it. */
const char *list_integ_name(const struct ms_integ_alg *integ);
/* Nothing for an SA that is not the first of its group. */
void list_group(struct text *t, const struct klips_sa *sa);
void list_counters(const struct klips *k, struct text *t);

#endif
