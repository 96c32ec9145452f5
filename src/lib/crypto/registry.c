/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithm registry.
 *
 * One growing array, ordered by kind, then by number and key size, then by preference and order of
 * arrival, so that the first offered row of a number is the one to use and a listing is already
 * sorted.  Written at start by one thread, only read afterwards: no lock.
 */
#include "lib/crypto/registry.h"

#include <modswan/registry.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct entry {
	enum ms_alg_kind kind;
	uint16_t id, key_bits;
	int preference;
	const char *name, *provider;
	const void *alg;
	ms_err (*random)(void *out, size_t len);
	bool offered;
	char reason[96];
};

static struct {
	struct entry *rows;
	unsigned n, room;
	/* The first offered row of each kind; rows of a kind stand together. */
	unsigned start[MS_ALG_KINDS + 1];
} reg;

static const char *const kind_names[MS_ALG_KINDS] = {
	[MS_ALG_ENCR] = "encryption",
	[MS_ALG_INTEG] = "integrity",
	[MS_ALG_PRF] = "prf",
	[MS_ALG_HASH] = "hash",
	[MS_ALG_KE] = "key exchange",
	[MS_ALG_SIGN] = "signature",
	[MS_ALG_RANDOM] = "random",
};

const char *ms_alg_kind_name(enum ms_alg_kind kind)
{
	return (unsigned)kind < MS_ALG_KINDS ? kind_names[kind] : "unknown";
}

static bool before(const struct entry *a, const struct entry *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind;
	if (a->id != b->id)
		return a->id < b->id;
	if (a->key_bits != b->key_bits)
		return a->key_bits < b->key_bits;
	return a->preference > b->preference;
}

static void index_kinds(void)
{
	unsigned kind, i = 0;

	for (kind = 0; kind < MS_ALG_KINDS; kind++) {
		while (i < reg.n && reg.rows[i].kind < kind)
			i++;
		reg.start[kind] = i;
	}
	reg.start[MS_ALG_KINDS] = reg.n;
}

static ms_err insert(const struct entry *e, ms_err tested, const struct ms_why *why)
{
	struct entry *rows;
	unsigned at = reg.n;

	if (reg.n == reg.room) {
		rows = realloc(reg.rows, (reg.room + 64) * sizeof *rows);
		if (rows == NULL)
			return MS_ERR_NOMEM;
		reg.rows = rows;
		reg.room += 64;
	}
	while (at > 0 && before(e, &reg.rows[at - 1]))
		at--;
	memmove(&reg.rows[at + 1], &reg.rows[at], (reg.n - at) * sizeof *reg.rows);
	reg.rows[at] = *e;
	reg.rows[at].offered = tested == MS_OK;
	if (tested != MS_OK)
		snprintf(reg.rows[at].reason, sizeof reg.rows[at].reason, "%s",
			ms_why_text(why, tested));
	reg.n++;
	index_kinds();
	return MS_OK;
}

/* clang-format off */
/* One list of ops: TYPE is the descriptor's kind in lower case. */
#define ENTER_LIST(list, KIND, test, bits)                                                         \
	for (i = 0; err == MS_OK && ops->list != NULL && ops->list[i] != NULL; i++) {              \
		struct entry e = { .kind = (KIND),                                                 \
			.id = ops->list[i]->id,                                                    \
			.name = ops->list[i]->name,                                                \
			.provider = provider,                                                      \
			.preference = ops->preference,                                             \
			.alg = ops->list[i],                                                       \
			.key_bits = (bits) };                                                      \
		struct ms_why why = { "" };                                                        \
                                                                                                   \
		err = insert(&e, tests->test(ops->list[i], &why), &why);                           \
	}
/* clang-format on */

static ms_err enter_rest(
	const struct ms_crypto_ops *ops, const char *provider, const struct kat_suite *tests)
{
	struct entry e = { .provider = provider, .preference = ops->preference };
	ms_err err = MS_OK;

	if (ops->sign != NULL) {
		struct ms_why why = { "" };

		e.kind = MS_ALG_SIGN;
		e.name = "signatures";
		e.alg = ops->sign;
		err = insert(&e, tests->sign(ops->sign, &why), &why);
	}
	if (err == MS_OK && ops->random != NULL) {
		struct ms_why why = { "" };

		e.kind = MS_ALG_RANDOM;
		e.name = "random";
		e.alg = NULL;
		e.random = ops->random;
		err = insert(&e, tests->random(ops->random, &why), &why);
	}
	return err;
}

ms_err ms_crypto_register_tested(
	const struct ms_crypto_ops *ops, const char *provider, const struct kat_suite *tests)
{
	ms_err err = MS_OK;
	unsigned i;

	if (ops == NULL || provider == NULL || ops->size < sizeof *ops)
		return MS_ERR_BUG;
	for (i = 0; i < reg.n; i++)
		if (strcmp(reg.rows[i].provider, provider) == 0)
			return MS_ERR_DUPLICATE;
	ENTER_LIST(encr, MS_ALG_ENCR, encr,
		ms_encr_has_key_bits(ops->encr[i]->id) ? ops->encr[i]->key_octets * 8u : 0)
	ENTER_LIST(integ, MS_ALG_INTEG, integ, 0)
	ENTER_LIST(prf, MS_ALG_PRF, prf, 0)
	ENTER_LIST(hash, MS_ALG_HASH, hash, 0)
	ENTER_LIST(ke, MS_ALG_KE, ke, 0)
	if (err == MS_OK)
		err = enter_rest(ops, provider, tests);
	if (err != MS_OK)
		ms_crypto_unregister(provider);
	return err;
}

/* Stands in for tests: nothing is offered. */
#define NOT_LOADED(type, name)                                                                     \
	static ms_err name(const struct type *alg, struct ms_why *why)                             \
	{                                                                                          \
		(void)alg;                                                                         \
		return ms_fail(why, MS_ERR_PLUGIN, "its plugin is not loaded");                    \
	}
NOT_LOADED(ms_encr_alg, no_encr)
NOT_LOADED(ms_integ_alg, no_integ)
NOT_LOADED(ms_prf_alg, no_prf)
NOT_LOADED(ms_hash_alg, no_hash)
NOT_LOADED(ms_ke_alg, no_ke)

void ms_crypto_note_absent(const struct ms_crypto_ops *ops, const char *provider,
	const char *plugin)
{
	static const struct kat_suite none = { no_encr, no_integ, no_prf, no_hash, no_ke, NULL, NULL };
	struct ms_crypto_ops lists = *ops;
	unsigned i;

	lists.sign = NULL;
	lists.random = NULL;
	if (ms_crypto_register_tested(&lists, provider, &none) != MS_OK)
		return; /* it only makes messages poorer */
	for (i = 0; i < reg.n; i++)
		if (strcmp(reg.rows[i].provider, provider) == 0)
			snprintf(reg.rows[i].reason, sizeof reg.rows[i].reason,
				"it is in the plugin %s, which plugins-also in modswan.conf switches on",
				plugin);
}

const char *ms_crypto_why_not(enum ms_alg_kind kind, uint16_t id, uint16_t key_bits)
{
	unsigned i;

	for (i = reg.start[kind]; i < reg.start[kind + 1]; i++) {
		const struct entry *e = &reg.rows[i];

		if (e->id == id && !e->offered && (key_bits == 0 || e->key_bits == 0
			|| e->key_bits == key_bits))
			return e->reason;
	}
	return NULL;
}

ms_err ms_crypto_register(const struct ms_crypto_ops *ops, const char *provider)
{
	return ms_crypto_register_tested(ops, provider, &kat_suite);
}

void ms_crypto_unregister(const char *provider)
{
	unsigned i, kept = 0;

	for (i = 0; i < reg.n; i++)
		if (strcmp(reg.rows[i].provider, provider) != 0)
			reg.rows[kept++] = reg.rows[i];
	reg.n = kept;
	if (kept == 0) {
		free(reg.rows);
		reg.rows = NULL;
		reg.room = 0;
	}
	index_kinds();
}

static const struct entry *find(enum ms_alg_kind kind, uint16_t id, uint16_t key_bits)
{
	unsigned i;

	for (i = reg.start[kind]; i < reg.start[kind + 1]; i++) {
		const struct entry *e = &reg.rows[i];

		if (e->id == id && e->key_bits == key_bits && e->offered)
			return e;
	}
	return NULL;
}

bool ms_crypto_list(unsigned i, struct ms_alg_info *out)
{
	const struct entry *e;

	if (i >= reg.n)
		return false;
	e = &reg.rows[i];
	*out = (struct ms_alg_info){ .kind = e->kind,
		.id = e->id,
		.key_bits = e->key_bits,
		.name = e->name,
		.provider = e->provider,
		.offered = e->offered,
		.first = e->offered && find(e->kind, e->id, e->key_bits) == e,
		.reason = e->reason };
	return true;
}

const struct ms_encr_alg *ms_encr_find(uint16_t id, uint16_t key_bits)
{
	bool variable = ms_encr_has_key_bits(id);
	const struct entry *e = find(MS_ALG_ENCR, id, variable ? key_bits : 0);
	const struct ms_encr_alg *alg;

	if (e == NULL)
		return NULL;
	alg = e->alg;
	return variable || key_bits == 0 || key_bits == alg->key_octets * 8u ? alg : NULL;
}

static const void *find_alg(enum ms_alg_kind kind, uint16_t id)
{
	const struct entry *e = find(kind, id, 0);

	return e != NULL ? e->alg : NULL;
}

const struct ms_integ_alg *ms_integ_find(uint16_t id)
{
	return find_alg(MS_ALG_INTEG, id);
}

const struct ms_prf_alg *ms_prf_find(uint16_t id)
{
	return find_alg(MS_ALG_PRF, id);
}

const struct ms_hash_alg *ms_hash_find(uint16_t id)
{
	return find_alg(MS_ALG_HASH, id);
}

const struct ms_ke_alg *ms_ke_find(uint16_t id)
{
	return find_alg(MS_ALG_KE, id);
}

const struct ms_sign_ops *ms_sign(void)
{
	return find_alg(MS_ALG_SIGN, 0);
}

ms_err ms_random(void *out, size_t len)
{
	const struct entry *e = find(MS_ALG_RANDOM, 0, 0);
	uint8_t *at = out;

	if (e != NULL)
		return e->random(out, len);
	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return MS_ERR_SYSTEM;
		at += n;
		len -= (size_t)n;
	}
	return MS_OK;
}
