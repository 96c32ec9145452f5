/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distinguished names.
 *
 * Only what identities need: definite lengths below 64 KiB, attribute types by name or dotted
 * number, string values.  A peer's DER is walked with a cursor that cannot leave its octets and
 * is refused as a whole at the first thing that is not a name; then it is shown as hex.
 *
 * Patterns are for our own configuration: an attribute whose value is * matches any.
 *
 * Standards: RFC 5280 s4.1.2.4 and s7.1, RFC 4514 (escapes), X.690 s8.
 */
#include "lib/addr/text.h"
#include "lib/id/dn_i.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- reading DER --- */

struct ava {
	struct ms_bytes oid, value;
	uint8_t tag;
	bool joined; /* stands in one relative name with the one before */
};

struct walk {
	struct wire_reader rdns, set;
	bool first_of_set;
};

static bool walk_begin(struct walk *w, struct ms_bytes der)
{
	struct ms_bytes body;

	if (!der_whole(der, DER_SEQUENCE, &body))
		return false;
	w->rdns = wire_reader(body);
	w->set = wire_reader(ms_bytes(NULL, 0));
	return true;
}

/* 1: *a is the next attribute; 0: the end; -1: malformed. */
static int walk_next(struct walk *w, struct ava *a)
{
	struct wire_reader r;
	struct ms_bytes body;

	a->joined = wire_left(&w->set) > 0;
	if (!a->joined) {
		if (wire_left(&w->rdns) == 0)
			return 0;
		if (!der_take(&w->rdns, DER_SET, &body) || body.len == 0)
			return -1;
		w->set = wire_reader(body);
	}
	if (!der_take(&w->set, DER_SEQUENCE, &body))
		return -1;
	r = wire_reader(body);
	if (!der_take(&r, DER_OID, &a->oid) || a->oid.len == 0 || a->oid.len > MAX_OID ||
		(a->oid.ptr[a->oid.len - 1] & 0x80) != 0)
		return -1;
	if (!der_next(&r, &a->tag, &a->value) || wire_left(&r) > 0)
		return -1;
	return 1;
}

/* --- DER to text --- */

static void put_oid(struct ms_out *w, struct ms_bytes oid)
{
	const struct dn_attribute *at = dn_attribute_of_oid(oid);
	unsigned long arc = 0;
	bool first = true;
	char num[48];

	if (at != NULL) {
		ms_out_str(w, at->name);
		return;
	}
	for (size_t i = 0; i < oid.len; i++) {
		arc = (arc & 0x1ffffffUL) << 7 | (oid.ptr[i] & 0x7f);
		if ((oid.ptr[i] & 0x80) != 0)
			continue;
		if (first)
			snprintf(num, sizeof num, "%lu.%lu", arc < 80 ? arc / 40 : 2,
				arc < 80 ? arc % 40 : arc - 80);
		else
			snprintf(num, sizeof num, ".%lu", arc);
		ms_out_str(w, num);
		first = false;
		arc = 0;
	}
}

static bool is_text_tag(uint8_t tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5 || tag == DER_T61;
}

static void put_value(struct ms_out *w, const struct ava *a)
{
	char one[8];

	if (!is_text_tag(a->tag)) {
		/* RFC 4514 s2.4: other types as hex of the whole element */
		snprintf(one, sizeof one, "#%02x", a->tag);
		ms_out_str(w, one);
		if (a->value.len >= 256)
			snprintf(one, sizeof one, "82%04zx", a->value.len & 0xffff);
		else
			snprintf(one, sizeof one, a->value.len >= 128 ? "81%02zx" : "%02zx",
				a->value.len);
		ms_out_str(w, one);
		for (size_t i = 0; i < a->value.len; i++) {
			snprintf(one, sizeof one, "%02x", a->value.ptr[i]);
			ms_out_str(w, one);
		}
		return;
	}
	for (size_t i = 0; i < a->value.len; i++) {
		uint8_t c = a->value.ptr[i];
		bool edge = i == 0 || i + 1 == a->value.len;

		if (c < 0x20 || c >= 0x7f || c == '\'' || c == '"' || c == '`' || c == '$')
			snprintf(one, sizeof one, "\\%02X", c);
		else if (strchr("\\,/+=<>;", c) != NULL || (edge && c == ' ') ||
			 (i == 0 && c == '#'))
			snprintf(one, sizeof one, "\\%c", c);
		else
			snprintf(one, sizeof one, "%c", c);
		ms_out_str(w, one);
	}
}

bool ms_dn_text(struct ms_bytes der, char *buf, size_t size, size_t *needed_r)
{
	struct ms_out w = ms_out_begin(buf, size);
	struct walk walk;
	struct ava a;
	int more;

	/* Twice, so that nothing is written of what turns out not to be a name. */
	if (!walk_begin(&walk, der))
		return false;
	while ((more = walk_next(&walk, &a)) > 0)
		;
	if (more < 0 || !walk_begin(&walk, der))
		return false;
	for (unsigned n = 0; walk_next(&walk, &a) > 0; n++) {
		if (n > 0)
			ms_out_str(&w, a.joined ? "+" : ", ");
		put_oid(&w, a.oid);
		ms_out_str(&w, "=");
		put_value(&w, &a);
	}
	*needed_r = ms_out_end(&w);
	return true;
}

/* --- comparison --- */

/* The next character with runs of blanks as one and none at the edges; -1 at the end. */
static int fold_next(struct ms_bytes v, size_t *i)
{
	size_t at = *i;

	if (at < v.len && v.ptr[at] == ' ') {
		while (at < v.len && v.ptr[at] == ' ')
			at++;
		if (*i != 0 && at < v.len) {
			*i = at;
			return ' ';
		}
	}
	*i = at + (at < v.len);
	return at < v.len ? (v.ptr[at] < 0x80 ? tolower(v.ptr[at]) : v.ptr[at]) : -1;
}

static bool value_eq(const struct ava *a, const struct ava *b)
{
	size_t i = 0, j = 0;
	int c;

	if (!is_text_tag(a->tag) || !is_text_tag(b->tag))
		return a->tag == b->tag && ms_bytes_eq(a->value, b->value);
	do {
		c = fold_next(a->value, &i);
		if (c != fold_next(b->value, &j))
			return false;
	} while (c >= 0);
	return true;
}

bool ms_dn_eq(struct ms_bytes a, struct ms_bytes b)
{
	struct walk wa, wb;
	struct ava x, y;
	int more;

	if (ms_bytes_eq(a, b))
		return true;
	if (!walk_begin(&wa, a) || !walk_begin(&wb, b))
		return false;
	while ((more = walk_next(&wa, &x)) > 0) {
		if (walk_next(&wb, &y) <= 0 || x.joined != y.joined || !ms_bytes_eq(x.oid, y.oid) ||
			!value_eq(&x, &y))
			return false;
	}
	return more == 0 && walk_next(&wb, &y) == 0;
}

/* --- patterns --- */

#define MAX_PATTERN 32 /* attributes of a name that a pattern is compared with */

static bool is_wildcard(const struct ava *a)
{
	return is_text_tag(a->tag) && a->value.len == 1 && a->value.ptr[0] == '*';
}

/* Attributes of a name; -1: not a name, or too many. */
static int collect(struct ms_bytes der, struct ava *out)
{
	struct walk w;
	int n = 0, more;
	struct ava a;

	if (!walk_begin(&w, der))
		return -1;
	while ((more = walk_next(&w, &a)) > 0) {
		if (n == MAX_PATTERN)
			return -1;
		out[n++] = a;
	}
	return more == 0 ? n : -1;
}

bool ms_dn_has_wildcard(struct ms_bytes name)
{
	struct ava a[MAX_PATTERN];
	int n = collect(name, a);

	for (int i = 0; i < n; i++) {
		if (is_wildcard(&a[i]))
			return true;
	}
	return false;
}

/* Written values first, so that C=*, C=CH takes CH with the second. */
static bool match_any_order(const struct ava *p, const struct ava *v, int n)
{
	bool used[MAX_PATTERN] = { false };

	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < n; i++) {
			int k = 0;

			if (is_wildcard(&p[i]) != (pass == 1))
				continue;
			while (k < n && (used[k] || !ms_bytes_eq(p[i].oid, v[k].oid) ||
						(pass == 0 && !value_eq(&p[i], &v[k]))))
				k++;
			if (k == n)
				return false;
			used[k] = true;
		}
	}
	return true;
}

bool ms_dn_match(struct ms_bytes pattern, struct ms_bytes name)
{
	struct ava p[MAX_PATTERN], v[MAX_PATTERN];
	int n;

	if (!ms_dn_has_wildcard(pattern))
		return ms_dn_eq(pattern, name);
	n = collect(pattern, p);
	return n == collect(name, v) && match_any_order(p, v, n);
}
