/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of pfkey.c. */
#include "lib/pfkey/pfkey_table.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t *const_member_of(const struct ms_pfkey_msg *m, const struct pfkey_ext *e,
	const struct pfkey_field *f)
{
	return (const uint8_t *)m + e->member + f->member;
}

static size_t sockaddr_octets(const struct ms_endpoint *ep)
{
	return ep->addr.family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* Octets of one extension, a multiple of a word. */
static size_t ext_octets(const struct ms_pfkey_msg *m, const struct pfkey_ext *e)
{
	const struct pfkey_field *last = &e->fields[e->n_fields - 1];
	const uint8_t *from = const_member_of(m, e, last);
	size_t len;

	switch ((enum pfkey_kind)last->kind) {
	case PFKEY_SOCKADDR:
		len = last->at + sockaddr_octets((const struct ms_endpoint *)(const void *)from);
		break;
	case PFKEY_TEXT:
		len = ((const struct ms_bytes *)(const void *)from)->len;
		len = last->at + (len == 0 ? 0 : len + 1);
		break;
	case PFKEY_BITS_KEY:
	case PFKEY_LENGTH_DATA:
	case PFKEY_REST:
		len = last->at + ((const struct ms_bytes *)(const void *)from)->len;
		break;
	default:
		len = e->min_octets;
	}
	return (len + PFKEY_WORD - 1) / PFKEY_WORD * PFKEY_WORD;
}

static void write_sockaddr(uint8_t *p, const struct ms_endpoint *ep)
{
	if (ep->addr.family == AF_INET6) {
		struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(ep->port) };

		memcpy(&sin6.sin6_addr, ep->addr.b, 16);
		memcpy(p, &sin6, sizeof sin6);
	} else {
		struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(ep->port) };

		memcpy(&sin.sin_addr, ep->addr.b, 4);
		memcpy(p, &sin, sizeof sin);
	}
}

static void write_selector(uint8_t *p, const struct ms_selector *s)
{
	size_t n = ms_addr_octets(&s->range.first);

	p[0] = s->protocol;
	p[1] = s->range.first.family;
	memcpy(p + 2, &s->port_first, 2);
	memcpy(p + 4, &s->port_last, 2);
	memcpy(p + 12, s->range.first.b, n);
	memcpy(p + 28, s->range.last.b, n);
}

void ms_pfkey_selector_put(uint8_t out[MS_PFKEY_SELECTOR_OCTETS], const struct ms_selector *s,
	bool dst)
{
	memset(out, 0, MS_PFKEY_SELECTOR_OCTETS);
	write_selector(out, s);
	out[44] = dst;
}

static void write_field(uint8_t *ext, const struct pfkey_field *f, const uint8_t *from)
{
	uint8_t *p = ext + f->at;
	const struct ms_bytes *bytes = (const struct ms_bytes *)(const void *)from;
	uint16_t u16;
	uint32_t u32;

	switch ((enum pfkey_kind)f->kind) {
	case PFKEY_U8:
		*p = *from;
		break;
	case PFKEY_U16:
		memcpy(p, from, 2);
		break;
	case PFKEY_U32:
		memcpy(p, from, 4);
		break;
	case PFKEY_U64:
		memcpy(p, from, 8);
		break;
	case PFKEY_BE16:
		memcpy(&u16, from, 2);
		u16 = htons(u16);
		memcpy(p, &u16, 2);
		break;
	case PFKEY_BE32:
		memcpy(&u32, from, 4);
		u32 = htonl(u32);
		memcpy(p, &u32, 4);
		break;
	case PFKEY_NAME:
		memcpy(p, from, 15);
		break;
	case PFKEY_SOCKADDR:
		write_sockaddr(p, (const struct ms_endpoint *)(const void *)from);
		break;
	case PFKEY_SELECTOR:
		write_selector(p, (const struct ms_selector *)(const void *)from);
		break;
	case PFKEY_BITS_KEY:
		u16 = (uint16_t)(bytes->len * 8);
		memcpy(ext + 4, &u16, 2);
		memcpy(p, bytes->ptr, bytes->len);
		break;
	case PFKEY_LENGTH_DATA:
		u32 = (uint32_t)bytes->len;
		memcpy(ext + 4, &u32, 4);
		/* fall through */
	case PFKEY_TEXT:
	case PFKEY_REST:
		if (bytes->len > 0)
			memcpy(p, bytes->ptr, bytes->len);
		break;
	}
}

static ms_err write_ext(const struct ms_pfkey_msg *m, unsigned id, uint8_t *p, size_t room,
	size_t *used_r, struct ms_why *why)
{
	const struct pfkey_ext *e = pfkey_ext_row(id);
	uint16_t words, number = (uint16_t)id;
	size_t len = ext_octets(m, e);
	unsigned i;

	if (len > room)
		return ms_fail(why, MS_ERR_SPACE, "no room for %s of %zu octets", e->name, len);
	if (len < e->min_octets)
		return ms_fail(why, MS_ERR_BUG, "%s of %zu octets", e->name, len);
	memset(p, 0, len);
	words = (uint16_t)(len / PFKEY_WORD);
	memcpy(p, &words, 2);
	memcpy(p + 2, &number, 2);
	for (i = 0; i < e->n_fields; i++)
		write_field(p, &e->fields[i], const_member_of(m, e, &e->fields[i]));
	*used_r = len;
	return MS_OK;
}

ms_err ms_pfkey_build(const struct ms_pfkey_msg *m, enum ms_pfkey_dir dir, void *buf, size_t cap,
	size_t *len_r, struct ms_why *why)
{
	const struct pfkey_message *row = pfkey_message_row(m->type);
	uint8_t *p = buf;
	size_t at = MS_PFKEY_HEADER_OCTETS, used = 0;
	uint16_t words;
	unsigned id;
	ms_err err;

	if (row == NULL || !row->legal[dir] || (m->has & ~row->may[dir]) != 0)
		return ms_fail(why, MS_ERR_BUG, "message type %u with extensions %#llx", m->type,
			(unsigned long long)m->has);
	if (!(m->err != 0 && (dir == MS_PFKEY_UP || m->type == MS_PFKEY_ACQUIRE))
		&& (row->need[dir] & ~m->has) != 0)
		return ms_fail(why, MS_ERR_BUG, "%s lacks %s", row->name,
			pfkey_missing(row->need[dir], m->has));
	if (cap < at)
		return ms_fail(why, MS_ERR_SPACE, "no room for a header");
	for (id = 0; id < MS_PFKEY_EXT_LIMIT; id++) {
		if ((m->has & UINT64_C(1) << id) == 0)
			continue;
		err = write_ext(m, id, p + at, cap - at, &used, why);
		if (err != MS_OK)
			return err;
		at += used;
	}
	if (m->type == MS_PFKEY_X_PROMISC && dir == MS_PFKEY_UP && m->data.len > 0) {
		if (m->data.len > cap - at || m->data.len % PFKEY_WORD != 0)
			return ms_fail(why, MS_ERR_SPACE, "no room for the message inside");
		memcpy(p + at, m->data.ptr, m->data.len);
		at += m->data.len;
	}
	memset(p, 0, MS_PFKEY_HEADER_OCTETS);
	p[0] = PFKEY_VERSION;
	p[1] = m->type;
	p[2] = m->err;
	p[3] = m->satype;
	words = (uint16_t)(at / PFKEY_WORD);
	memcpy(p + 4, &words, 2);
	memcpy(p + 8, &m->seq, 4);
	memcpy(p + 12, &m->pid, 4);
	*len_r = at;
	return MS_OK;
}
