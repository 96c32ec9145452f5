/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/transforms.h"

#include <modswan/proposal.h>
#include <modswan/registry.h>

#include <stdio.h>

#define ROW(id, name, traits) { (id), (traits), (name) },
static const struct iana_row encr_rows[] = { IANA_ENCR(ROW) };
static const struct iana_row prf_rows[] = { IANA_PRF(ROW) };
static const struct iana_row integ_rows[] = { IANA_INTEG(ROW) };
static const struct iana_row ke_rows[] = { IANA_KE(ROW) };
static const struct iana_row esn_rows[] = { IANA_ESN(ROW) };
static const struct iana_row hash_rows[] = { IANA_HASH(ROW) };
#undef ROW

struct iana_registry {
	const char *name;
	const struct iana_row *rows;
	unsigned n;
};

#define REGISTRY(name, rows)                                   \
	{                                                      \
		(name), (rows), sizeof(rows) / sizeof(rows)[0] \
	}
static const struct iana_registry registries[MS_TRANSFORM_TYPES] = {
	[MS_TRANSFORM_ENCR] = REGISTRY("ENCR", encr_rows),
	[MS_TRANSFORM_PRF] = REGISTRY("PRF", prf_rows),
	[MS_TRANSFORM_INTEG] = REGISTRY("INTEG", integ_rows),
	[MS_TRANSFORM_KE] = REGISTRY("KE", ke_rows),
	[MS_TRANSFORM_ESN] = REGISTRY("ESN", esn_rows),
};
static const struct iana_registry hashes = REGISTRY("HASH", hash_rows);

static const struct iana_row *find(const struct iana_registry *r, uint16_t id)
{
	unsigned i;

	for (i = 0; i < r->n; i++)
		if (r->rows[i].id == id)
			return &r->rows[i];
	return NULL;
}

const struct iana_row *ms_iana_transform(uint8_t type, uint16_t id)
{
	return type < MS_TRANSFORM_TYPES ? find(&registries[type], id) : NULL;
}

const struct iana_row *ms_iana_transform_at(uint8_t type, unsigned i)
{
	return type < MS_TRANSFORM_TYPES && i < registries[type].n ? &registries[type].rows[i]
								   : NULL;
}

const char *ms_transform_type_name(uint8_t type)
{
	return type < MS_TRANSFORM_TYPES ? registries[type].name : NULL;
}

const char *ms_transform_name(uint8_t type, uint16_t id)
{
	const struct iana_row *row = ms_iana_transform(type, id);

	return row != NULL ? row->name : NULL;
}

const char *ms_hash_name(uint16_t id)
{
	const struct iana_row *row = find(&hashes, id);

	return row != NULL ? row->name : NULL;
}

size_t ms_transform_text(uint8_t type, uint16_t id, uint16_t key_bits, char *buf, size_t size)
{
	const char *type_name = ms_transform_type_name(type);
	const char *name = ms_transform_name(type, id);
	char number[32];
	int n;

	if (name == NULL && type_name != NULL)
		snprintf(number, sizeof number, "%s_%u", type_name, id);
	else if (name == NULL)
		snprintf(number, sizeof number, "TYPE%u_%u", type, id);
	if (name == NULL)
		name = number;
	n = key_bits != 0 ? snprintf(buf, size, "%s_%u", name, key_bits)
			  : snprintf(buf, size, "%s", name);
	return n < 0 ? 0 : (size_t)n;
}

bool ms_encr_is_aead(uint16_t id)
{
	const struct iana_row *row = find(&registries[MS_TRANSFORM_ENCR], id);

	return row != NULL && (row->traits & TRAIT_AEAD) != 0;
}

bool ms_encr_has_key_bits(uint16_t id)
{
	const struct iana_row *row = find(&registries[MS_TRANSFORM_ENCR], id);

	return row != NULL && (row->traits & TRAIT_KEY_BITS) != 0;
}
