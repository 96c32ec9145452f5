/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References: small numbers that name SAs, so that others need not carry address, SPI and protocol.
 *
 * Each SA in the table has one, larval ones too, and no two have the same; 0 is none.  The family had
 * 16 sub-tables of 4,096 entries; here there are more of them, made when they are needed.  Numbers are
 * given in turn, beginning behind the last one: one that became free rests until all others had theirs.
 * Control thread only.
 */
#ifndef KLIPS_SAREF_H
#define KLIPS_SAREF_H

#include <modswan/error.h>

#include <stdint.h>

struct klips_sa;
struct saref_table;

/* The highest one that there can be, and how many stand in a sub-table. */
enum { SAREF_ENTRIES = 4096, SAREF_MOST = (1 << 21) - 1 };

/* The highest one to give; 0: SAREF_MOST.  NULL: no memory. */
struct saref_table *saref_table_new(uint32_t most);
void saref_table_free(struct saref_table **t);

/* *ref 0: any, and tells which; else this one.  MS_ERR_LIMIT: all are taken, or there is no such number;
 * MS_ERR_BUSY: another SA has it. */
ms_err saref_take(struct saref_table *t, uint32_t *ref, struct klips_sa *sa) MS_MUST_CHECK;
/* One that was taken goes over to another SA. */
void saref_pass(struct saref_table *t, uint32_t ref, struct klips_sa *sa);
void saref_give_back(struct saref_table *t, uint32_t ref);

struct klips_sa *saref_find(const struct saref_table *t, uint32_t ref); /* NULL: nobody's */
/* The first SA whose reference is *ref or more, which it becomes; NULL: there is none. */
struct klips_sa *saref_next(const struct saref_table *t, uint32_t *ref);

#endif
