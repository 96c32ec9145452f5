/* SPDX-License-Identifier: Apache-2.0 */
/* Standards: none; the formats of /proc/net/ipsec_* as the family's tools and users know them. */
#include "klips/listing.h"

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/ipcomp.h"
#include "klips/pfkey_server.h"
#include "klips/talk.h"

#include <modswan/crypto.h>
#include <modswan/registry.h>

#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What one piece holds at least, unless the table is at its end. */
enum { PIECE_OCTETS = 32768 };

enum walked { NOTHING, EROUTES, SAS, REFS };

struct kind {
	const char *name;
	enum walked table;
	void (*all)(const struct klips *k, struct text *t); /* NOTHING */
	void (*sa)(const struct klips *k, struct text *t, struct klips_sa *sa); /* SAS */
};

struct listing {
	struct klips *k;
	const struct kind *kind;
	struct eroute_walk eroutes;
	struct walk sas;
	uint32_t ref; /* the next one */
};

void text_put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (t->len + (size_t)n + 1 > t->cap) {
		size_t cap = (t->len + (size_t)n + 1) * 2;
		char *bigger = realloc(t->buf, cap);

		if (bigger == NULL)
			return;
		t->buf = bigger;
		t->cap = cap;
	}
	va_start(ap, fmt);
	vsnprintf(t->buf + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

/* --- the short ones --------------------------------------------------------------------------- */

static void list_devices(const struct klips *k, struct text *t)
{
	unsigned i;

	for (i = 0; i < k->devices->n; i++) {
		const struct klips_device *d = k->devices->devices[i];

		text_put(t, "%s -> %s mtu=%u(%u) -> %u\n", d->name,
			d->phys[0] == '\0' ? "NULL" : d->phys, d->mtu, d->mtu, d->phys_mtu);
	}
}

static void list_version(const struct klips *k, struct text *t)
{
	(void)k;
	text_put(t, "ModSwan version: %s\n", PACKAGE_VERSION);
}

static void list_debug(const struct klips *k, struct text *t)
{
	unsigned i;

	for (i = 0; i < MS_PFKEY_DEBUG_WORDS; i++)
		text_put(t, "debug_%s=%08x.\n", room_name(i), k->debug[i]);
}

/* ESP in UDP is always there. */
static void list_natt(const struct klips *k, struct text *t)
{
	(void)k;
	text_put(t, "1\n");
}

/* The packets that the family could be told to send when an SA was born: nobody can tell us any. */
static void list_birth(const struct klips *k, struct text *t)
{
	(void)k;
	(void)t;
}

static void list_traps(const struct klips *k, struct text *t)
{
	text_put(t, "%08" PRIx64 "\n", shared_get(k->traps));
}

static void list_traps_sent(const struct klips *k, struct text *t)
{
	text_put(t, "%08" PRIx64 "\n", shared_get(k->traps_sent));
}

static void list_xforms(const struct klips *k, struct text *t)
{
	struct ms_alg_info info;
	unsigned i;

	(void)k;
	for (i = 0; ms_crypto_list(i, &info); i++) {
		const struct ms_encr_alg *e;
		const struct ms_integ_alg *a;

		if (!info.offered || !info.first)
			continue;
		if (info.kind == MS_ALG_ENCR && (e = ms_encr_find(info.id, info.key_bits)) != NULL)
			text_put(t, "esp %s id=%u iv_bits=%u eklen=%u alen=%u\n", e->name, e->id,
				e->iv_octets * 8u, (e->key_octets + e->salt_octets) * 8u,
				e->icv_octets * 8u);
		if (info.kind == MS_ALG_INTEG && (a = ms_integ_find(info.id)) != NULL)
			text_put(t, "auth %s id=%u aklen=%u alen=%u\n", list_integ_name(a), a->id,
				a->key_octets * 8u, a->icv_octets * 8u);
	}
	text_put(t, "comp DEFLATE id=%u\nipip IPIP id=%u\n", IPCOMP_DEFLATE, MS_PROTO_TUN);
}

static void group_of(const struct klips *k, struct text *t, struct klips_sa *sa)
{
	(void)k;
	list_group(t, sa);
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct kind kinds[] = {
	{ "eroute", EROUTES, NULL, NULL },
	{ "spi", SAS, NULL, list_sa },
	{ "spigrp", SAS, NULL, group_of },
	{ "saref", REFS, NULL, NULL },
	{ "tncfg", NOTHING, list_devices, NULL },
	{ "version", NOTHING, list_version, NULL },
	{ "counters", NOTHING, list_counters, NULL },
	{ "klipsdebug", NOTHING, list_debug, NULL },
	{ "natt", NOTHING, list_natt, NULL },
	{ "xforms", NOTHING, list_xforms, NULL },
	{ "birth", NOTHING, list_birth, NULL },
	{ "trap_count", NOTHING, list_traps, NULL },
	{ "trap_sendcount", NOTHING, list_traps_sent, NULL },
	{ "pf_key", NOTHING, list_pfkey_clients, NULL },
	{ "pf_key_registered", NOTHING, list_pfkey_registered, NULL },
	{ "pf_key_supported", NOTHING, list_pfkey_supported, NULL },
};

struct listing *listing_start(struct klips *k, const char *name)
{
	struct listing *l;
	unsigned i = 0;

	while (i < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i].name, name) != 0)
		i++;
	if (i == sizeof kinds / sizeof kinds[0] || (l = calloc(1, sizeof *l)) == NULL)
		return NULL;
	l->k = k;
	l->kind = &kinds[i];
	if (l->kind->table == EROUTES)
		eroute_walk_start(&l->eroutes, k->eroutes);
	if (l->kind->table == SAS)
		sadb_walk_start(k->sadb, &l->sas);
	return l;
}

static bool more_eroutes(struct listing *l, struct text *out)
{
	struct eroute *er;

	while (out->len < PIECE_OCTETS) {
		er = eroute_walk_next(&l->eroutes);
		if (er == NULL)
			return false;
		list_eroute(out, er);
	}
	return true;
}

static bool more_sas(struct listing *l, struct text *out)
{
	struct klips_sa *sa;

	while (out->len < PIECE_OCTETS) {
		sa = sadb_walk_next(l->k->sadb, &l->sas);
		if (sa == NULL)
			return false;
		l->kind->sa(l->k, out, sa);
	}
	return true;
}

static bool more_refs(struct listing *l, struct text *out)
{
	struct klips_sa *sa;

	while (out->len < PIECE_OCTETS) {
		sa = sadb_next_ref(l->k->sadb, &l->ref);
		if (sa == NULL)
			return false;
		list_ref(l->k, out, sa);
		l->ref++;
	}
	return true;
}

bool listing_more(struct listing *l, struct text *out)
{
	switch (l->kind->table) {
	case EROUTES:
		return more_eroutes(l, out);
	case SAS:
		return more_sas(l, out);
	case REFS:
		return more_refs(l, out);
	case NOTHING:
		break;
	}
	l->kind->all(l->k, out);
	return false;
}

void listing_end(struct listing **lp)
{
	struct listing *l = *lp;

	if (l == NULL)
		return;
	if (l->kind->table == EROUTES)
		eroute_walk_end(&l->eroutes);
	if (l->kind->table == SAS)
		walk_end(&l->sas);
	free(l);
	*lp = NULL;
}
