/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PF_KEYv2 messages: one walker over the layout tables that reads, one that writes.
 *
 * Pure functions without state; any thread.  PF_KEY is a host-order interface with fields at fixed
 * places, so the walkers copy fields by offset after one check of the extension's length; nothing
 * else in the project touches the octets of a message.
 *
 * Standards: RFC 2367, with the KLIPS extensions of the FreeS/WAN family.
 */
#include "lib/pfkey/pfkey_table.h"

#include <arpa/inet.h>
#include <string.h>

static uint8_t *member_of(struct ms_pfkey_msg *m, const struct pfkey_ext *e,
	const struct pfkey_field *f)
{
	return (uint8_t *)m + e->member + f->member;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n-- > 0)
		if (*p++ != 0)
			return false;
	return true;
}

/* --- reading ------------------------------------------------------------------------------- */

static bool read_sockaddr(struct ms_endpoint *out, const uint8_t *p, size_t room)
{
	uint16_t family;
	size_t used;

	memset(out, 0, sizeof *out);
	memcpy(&family, p, sizeof family);
	if (family == AF_INET && room >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in sin;

		memcpy(&sin, p, sizeof sin);
		memcpy(out->addr.b, &sin.sin_addr, 4);
		out->port = ntohs(sin.sin_port);
		used = sizeof sin;
	} else if (family == AF_INET6 && room >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 sin6;

		memcpy(&sin6, p, sizeof sin6);
		memcpy(out->addr.b, &sin6.sin6_addr, 16);
		out->port = ntohs(sin6.sin6_port);
		used = sizeof sin6;
	} else {
		return false;
	}
	out->addr.family = (uint8_t)family;
	return all_zero(p + used, room - used) && room - used < PFKEY_WORD;
}

static bool read_selector(struct ms_selector *out, const uint8_t *p)
{
	size_t n;

	memset(out, 0, sizeof *out);
	out->protocol = p[0];
	out->range.first.family = out->range.last.family = p[1];
	memcpy(&out->port_first, p + 2, 2);
	memcpy(&out->port_last, p + 4, 2);
	n = ms_addr_octets(&out->range.first);
	if (n == 0 || !all_zero(p + 6, 6) || !all_zero(p + 12 + n, 16 - n)
		|| !all_zero(p + 28 + n, 16 - n))
		return false;
	memcpy(out->range.first.b, p + 12, n);
	memcpy(out->range.last.b, p + 28, n);
	return out->port_first <= out->port_last
		&& memcmp(out->range.first.b, out->range.last.b, n) <= 0;
}

bool ms_pfkey_selector_get(struct ms_bytes list, size_t i, struct ms_selector *out, bool *dst_r)
{
	const uint8_t *p = list.ptr + i * MS_PFKEY_SELECTOR_OCTETS;

	if (list.len / MS_PFKEY_SELECTOR_OCTETS <= i || p[44] > 1)
		return false;
	*dst_r = p[44] == 1;
	return read_selector(out, p);
}

static bool read_text(struct ms_bytes *out, const uint8_t *p, size_t room)
{
	const uint8_t *nul;

	*out = ms_bytes(p, 0);
	if (room == 0)
		return true;
	nul = memchr(p, 0, room);
	if (nul == NULL || !all_zero(nul, room - (size_t)(nul - p)))
		return false;
	out->len = (size_t)(nul - p);
	return true;
}

/* Counted octets: `want` of them, the rest of the last word being zero. */
static bool read_counted(struct ms_bytes *out, const uint8_t *p, size_t room, size_t want)
{
	*out = ms_bytes(p, want);
	return want <= room && room - want < PFKEY_WORD && all_zero(p + want, room - want);
}

static bool read_field(uint8_t *to, const struct pfkey_field *f, const uint8_t *ext, size_t len)
{
	const uint8_t *p = ext + f->at;
	size_t room = len - f->at;
	uint16_t u16;
	uint32_t u32;

	switch ((enum pfkey_kind)f->kind) {
	case PFKEY_U8:
		*to = *p;
		return true;
	case PFKEY_U16:
		memcpy(to, p, 2);
		return true;
	case PFKEY_U32:
		memcpy(to, p, 4);
		return true;
	case PFKEY_U64:
		memcpy(to, p, 8);
		return true;
	case PFKEY_BE16:
		memcpy(&u16, p, 2);
		u16 = ntohs(u16);
		memcpy(to, &u16, 2);
		return true;
	case PFKEY_BE32:
		memcpy(&u32, p, 4);
		u32 = ntohl(u32);
		memcpy(to, &u32, 4);
		return true;
	case PFKEY_NAME:
		memcpy(to, p, 16);
		return p[15] == 0;
	case PFKEY_SOCKADDR:
		return read_sockaddr((struct ms_endpoint *)(void *)to, p, room);
	case PFKEY_SELECTOR:
		return read_selector((struct ms_selector *)(void *)to, p);
	case PFKEY_BITS_KEY:
		memcpy(&u16, ext + 4, 2);
		return u16 != 0 && u16 % 8 == 0
			&& read_counted((struct ms_bytes *)(void *)to, p, room, u16 / 8u);
	case PFKEY_LENGTH_DATA:
		memcpy(&u32, ext + 4, 4);
		return read_counted((struct ms_bytes *)(void *)to, p, room, u32);
	case PFKEY_TEXT:
		return read_text((struct ms_bytes *)(void *)to, p, room);
	case PFKEY_REST:
		*(struct ms_bytes *)(void *)to = ms_bytes(p, room);
		return true;
	}
	return false;
}

static ms_err read_ext(struct ms_pfkey_msg *out, unsigned id, const uint8_t *p, size_t len,
	struct ms_why *why)
{
	const struct pfkey_ext *e = pfkey_ext_row(id);
	unsigned i;

	if (len < e->min_octets || (e->max_octets != 0 && len > e->max_octets))
		return ms_fail(why, MS_ERR_SYNTAX, "%s of %zu octets", e->name, len);
	for (i = 0; i < e->n_fields; i++)
		if (!read_field(member_of(out, e, &e->fields[i]), &e->fields[i], p, len))
			return ms_fail(why, MS_ERR_SYNTAX, "%s has a bad %s", e->name,
				e->fields[i].name);
	out->has |= UINT64_C(1) << id;
	return MS_OK;
}

static ms_err read_exts(struct ms_pfkey_msg *out, const uint8_t *p, size_t len, uint64_t may,
	struct ms_why *why)
{
	while (len > 0) {
		uint16_t words, id;
		ms_err err;

		memcpy(&words, p, 2);
		memcpy(&id, p + 2, 2);
		if (words == 0 || (size_t)words * PFKEY_WORD > len)
			return ms_fail(why, MS_ERR_TRUNCATED, "extension %u of %u words, %zu octets left",
				id, words, len);
		if (pfkey_ext_row(id) == NULL)
			return ms_fail(why, MS_ERR_SYNTAX, "unknown extension %u", id);
		if ((may & UINT64_C(1) << id) == 0)
			return ms_fail(why, MS_ERR_SYNTAX, "%s not allowed here", ms_pfkey_ext_name(id));
		if ((out->has & UINT64_C(1) << id) != 0)
			return ms_fail(why, MS_ERR_SYNTAX, "%s twice", ms_pfkey_ext_name(id));
		err = read_ext(out, id, p, (size_t)words * PFKEY_WORD, why);
		if (err != MS_OK)
			return err;
		p += (size_t)words * PFKEY_WORD;
		len -= (size_t)words * PFKEY_WORD;
	}
	return MS_OK;
}

static ms_err check_satype(const struct ms_pfkey_msg *m, const struct pfkey_message *row,
	struct ms_why *why)
{
	/* RFC 2367 s3.1.11: a switch there */
	if (m->type == MS_PFKEY_X_PROMISC && m->satype == 1)
		return MS_OK;
	if (m->satype == 0 ? !row->any_satype : ms_pfkey_satype_name(m->satype) == NULL)
		return ms_fail(why, MS_ERR_SYNTAX, "%s with SA type %u", row->name, m->satype);
	return MS_OK;
}

ms_err ms_pfkey_parse(struct ms_pfkey_msg *out, const void *buf, size_t len,
	enum ms_pfkey_dir dir, struct ms_why *why)
{
	const struct pfkey_message *row;
	const uint8_t *p = buf;
	uint16_t words;
	ms_err err;

	memset(out, 0, sizeof *out);
	if (len < MS_PFKEY_HEADER_OCTETS)
		return ms_fail(why, MS_ERR_TRUNCATED, "message of %zu octets", len);
	out->type = p[1];
	out->err = p[2];
	out->satype = p[3];
	memcpy(&words, p + 4, 2);
	memcpy(&out->seq, p + 8, 4);
	memcpy(&out->pid, p + 12, 4);
	if (p[0] != PFKEY_VERSION)
		return ms_fail(why, MS_ERR_SYNTAX, "PF_KEY version %u", p[0]);
	if ((size_t)words * PFKEY_WORD != len)
		return ms_fail(why, MS_ERR_TRUNCATED, "%zu octets where the header says %u", len,
			words * PFKEY_WORD);
	row = pfkey_message_row(out->type);
	if (row == NULL || !row->legal[dir])
		return ms_fail(why, MS_ERR_SYNTAX, "message type %u", out->type);
	/* a refusal repeats what was wrong */
	err = dir == MS_PFKEY_UP && out->err != 0 ? MS_OK : check_satype(out, row, why);
	/* a whole message inside */
	if (err == MS_OK && out->type == MS_PFKEY_X_PROMISC && dir == MS_PFKEY_UP) {
		out->data = ms_bytes(p + MS_PFKEY_HEADER_OCTETS, len - MS_PFKEY_HEADER_OCTETS);
		return MS_OK;
	}
	if (err == MS_OK)
		err = read_exts(out, p + MS_PFKEY_HEADER_OCTETS, len - MS_PFKEY_HEADER_OCTETS,
			row->may[dir], why);
	if (err != MS_OK)
		return err;
	/* A refusal need not repeat what was asked; RFC 2367 s3.1.6: a key manager may refuse, too. */
	if (out->err != 0 && (dir == MS_PFKEY_UP || out->type == MS_PFKEY_ACQUIRE))
		return MS_OK;
	if ((row->need[dir] & ~out->has) != 0)
		return ms_fail(why, MS_ERR_SYNTAX, "%s lacks %s", row->name,
			pfkey_missing(row->need[dir], out->has));
	return MS_OK;
}

void ms_pfkey_blank_keys(void *buf, size_t len)
{
	uint8_t *p = buf;
	size_t at = MS_PFKEY_HEADER_OCTETS;

	while (at + PFKEY_WORD <= len) {
		uint16_t words, id;
		size_t octets;

		memcpy(&words, p + at, 2);
		memcpy(&id, p + at + 2, 2);
		octets = (size_t)words * PFKEY_WORD;
		/* where the walk is lost, all that follows may be a key */
		if (words == 0 || octets > len - at)
			octets = len - at;
		if (octets > PFKEY_WORD && (id == MS_PFKEY_EXT_KEY_AUTH
			|| id == MS_PFKEY_EXT_KEY_ENCRYPT || pfkey_ext_row(id) == NULL || words == 0))
			memset(p + at + PFKEY_WORD, 0, octets - PFKEY_WORD);
		at += octets;
	}
}
