/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities: values.  Text forms are in id_text.c, distinguished names in dn*.c.
 *
 * Standards: RFC 7296 s3.5, RFC 7619.
 */
#include <modswan/id.h>

#include "lib/id/dn.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

ms_err ms_id_set(struct ms_id *out, enum ms_id_type type, struct ms_bytes data)
{
	struct ms_id id = { (uint8_t)type, (uint16_t)data.len, NULL };

	if (data.len > MS_ID_MAX_OCTETS)
		return MS_ERR_LIMIT;
	if (data.len > 0) {
		id.data = malloc(data.len);
		if (id.data == NULL)
			return MS_ERR_NOMEM;
		memcpy(id.data, data.ptr, data.len);
	}
	*out = id;
	return MS_OK;
}

ms_err ms_id_of_addr(struct ms_id *out, const struct ms_addr *a)
{
	size_t len = ms_addr_octets(a);

	if (len == 0)
		return ms_id_set(out, MS_ID_ANY, ms_bytes(NULL, 0));
	return ms_id_set(out, len == 4 ? MS_ID_IPV4_ADDR : MS_ID_IPV6_ADDR, ms_bytes(a->b, len));
}

ms_err ms_id_copy(struct ms_id *out, const struct ms_id *from)
{
	return ms_id_set(out, from->type, ms_bytes(from->data, from->len));
}

void ms_id_free(struct ms_id *id)
{
	free(id->data);
	memset(id, 0, sizeof *id);
}

static bool eq_without_case(const struct ms_id *a, const struct ms_id *b)
{
	if (a->len != b->len)
		return false;
	for (unsigned i = 0; i < a->len; i++) {
		if (tolower(a->data[i]) != tolower(b->data[i]))
			return false;
	}
	return true;
}

bool ms_id_eq(const struct ms_id *a, const struct ms_id *b)
{
	struct ms_bytes x = ms_bytes(a->data, a->len), y = ms_bytes(b->data, b->len);

	if (a->type != b->type)
		return false;
	switch (a->type) {
	case MS_ID_FQDN:
	case MS_ID_RFC822_ADDR:
		return eq_without_case(a, b);
	case MS_ID_DER_ASN1_DN:
		return ms_dn_eq(x, y);
	case MS_ID_ANY:
	case MS_ID_NULL:
		/* RFC 7619 s2.2: what an ID_NULL carries means nothing. */
		return true;
	default:
		return ms_bytes_eq(x, y);
	}
}

bool ms_id_is_pattern(const struct ms_id *id)
{
	switch (id->type) {
	case MS_ID_ANY:
		return true;
	case MS_ID_FQDN:
		return id->len > 2 && id->data[0] == '*' && id->data[1] == '.';
	case MS_ID_RFC822_ADDR:
		return id->len > 2 && id->data[0] == '*' && id->data[1] == '@';
	case MS_ID_DER_ASN1_DN:
		return ms_dn_has_wildcard(ms_bytes(id->data, id->len));
	default:
		return false;
	}
}

/* With something before what follows the pattern's *. */
static bool ends_with(const struct ms_id *id, const struct ms_id *pattern)
{
	size_t tail = pattern->len - 1u, head;

	if (id->len <= tail)
		return false;
	head = id->len - tail;
	for (size_t i = 0; i < tail; i++) {
		if (tolower(id->data[head + i]) != tolower(pattern->data[1 + i]))
			return false;
	}
	return true;
}

bool ms_id_match(const struct ms_id *pattern, const struct ms_id *id)
{
	if (pattern->type == MS_ID_ANY)
		return true;
	if (!ms_id_is_pattern(pattern))
		return ms_id_eq(pattern, id);
	if (pattern->type != id->type)
		return false;
	if (pattern->type == MS_ID_DER_ASN1_DN)
		return ms_dn_match(ms_bytes(pattern->data, pattern->len),
			ms_bytes(id->data, id->len));
	return ends_with(id, pattern);
}

bool ms_id_to_addr(const struct ms_id *id, struct ms_addr *out)
{
	if ((id->type != MS_ID_IPV4_ADDR || id->len != 4) &&
		(id->type != MS_ID_IPV6_ADDR || id->len != 16))
		return false;
	return ms_addr_from_octets(out, id->data, id->len) == MS_OK;
}
