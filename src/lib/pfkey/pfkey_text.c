/* SPDX-License-Identifier: Apache-2.0 */
/* PF_KEY messages for people, names, and the small translations between number spaces. */
#include "lib/pfkey/pfkey_table.h"

#include <modswan/crypto.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const satypes[MS_PFKEY_SATYPE_LIMIT] = {
	[MS_PFKEY_SATYPE_UNSPEC] = "UNSPEC",
	[MS_PFKEY_SATYPE_AH] = "AH",
	[MS_PFKEY_SATYPE_ESP] = "ESP",
	[5] = "RSVP",
	[6] = "OSPFV2",
	[7] = "RIPV2",
	[8] = "MIP",
	[MS_PFKEY_SATYPE_IPIP] = "IPIP",
	[MS_PFKEY_SATYPE_COMP] = "COMP",
	[MS_PFKEY_SATYPE_INT] = "INT",
};

static const struct {
	uint8_t satype, protocol;
} protocols[] = {
	{ MS_PFKEY_SATYPE_AH, MS_PROTO_AH },
	{ MS_PFKEY_SATYPE_ESP, MS_PROTO_ESP },
	{ MS_PFKEY_SATYPE_IPIP, MS_PROTO_TUN },
	{ MS_PFKEY_SATYPE_COMP, MS_PROTO_COMP },
	{ MS_PFKEY_SATYPE_INT, MS_PROTO_INT },
};

/* RFC 2407 s4.5 and IANA number the same algorithms differently; 249 is our own. */
static const struct {
	uint8_t auth;
	uint16_t integ;
} auths[] = {
	{ 2, MS_INTEG_HMAC_MD5_96 },
	{ 3, MS_INTEG_HMAC_SHA1_96 },
	{ 5, MS_INTEG_HMAC_SHA2_256_128 },
	{ 6, MS_INTEG_HMAC_SHA2_384_192 },
	{ 7, MS_INTEG_HMAC_SHA2_512_256 },
	{ 9, MS_INTEG_AES_XCBC_96 },
	{ 249, MS_INTEG_AES_CMAC_96 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, const char *fmt, ...) MS_PRINTF(2, 3);

static void put(struct out *o, const char *fmt, ...)
{
	size_t room = o->len < o->size ? o->size - o->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room > 0 ? o->buf + o->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		o->len += (size_t)n;
}

static void put_octets(struct out *o, const struct ms_bytes *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (b->ptr[i] > ' ' && b->ptr[i] < 0x7f)
			put(o, "%c", b->ptr[i]);
		else
			put(o, "\\x%02x", b->ptr[i]);
}

static void put_endpoint(struct out *o, const struct ms_endpoint *ep)
{
	char text[MS_ENDPOINT_TEXT];

	if (ep->port != 0)
		ms_endpoint_text(ep, text, sizeof text);
	else
		ms_addr_text(&ep->addr, text, sizeof text);
	put(o, "%s", text);
}

static void put_field(struct out *o, const struct pfkey_field *f, const uint8_t *from)
{
	const struct ms_bytes *bytes = (const struct ms_bytes *)(const void *)from;
	char text[MS_SELECTOR_TEXT];
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	put(o, "%s=", f->name);
	switch ((enum pfkey_kind)f->kind) {
	case PFKEY_U8:
		put(o, "%u", *from);
		break;
	case PFKEY_U16:
	case PFKEY_BE16:
		memcpy(&u16, from, 2);
		put(o, "%u", u16);
		break;
	case PFKEY_U32:
		memcpy(&u32, from, 4);
		put(o, "%u", u32);
		break;
	case PFKEY_BE32:
		memcpy(&u32, from, 4);
		put(o, "0x%x", u32);
		break;
	case PFKEY_U64:
		memcpy(&u64, from, 8);
		put(o, "%llu", (unsigned long long)u64);
		break;
	case PFKEY_NAME:
		put(o, "%.16s", (const char *)from);
		break;
	case PFKEY_SOCKADDR:
		put_endpoint(o, (const struct ms_endpoint *)(const void *)from);
		break;
	case PFKEY_SELECTOR:
		ms_selector_text((const struct ms_selector *)(const void *)from, text, sizeof text);
		put(o, "%s", text);
		break;
	case PFKEY_TEXT:
		put_octets(o, bytes);
		break;
	case PFKEY_BITS_KEY: /* never the key itself */
	case PFKEY_LENGTH_DATA:
	case PFKEY_REST:
		put(o, "<%zu octets>", bytes->len);
		break;
	}
}

size_t ms_pfkey_text(const struct ms_pfkey_msg *m, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };
	const char *type = ms_pfkey_type_name(m->type);
	const char *satype = ms_pfkey_satype_name(m->satype);
	unsigned id, i;

	if (size > 0)
		buf[0] = '\0';
	put(&o, "%s", type == NULL ? "?" : type);
	if (type == NULL)
		put(&o, "%u", m->type);
	put(&o, " satype=%s seq=%u pid=%u errno=%u", satype == NULL ? "?" : satype, m->seq, m->pid,
		m->err);
	for (id = 0; id < MS_PFKEY_EXT_LIMIT; id++) {
		const struct pfkey_ext *e = pfkey_ext_row(id);

		if ((m->has & UINT64_C(1) << id) == 0 || e == NULL)
			continue;
		put(&o, " %s(", e->name);
		for (i = 0; i < e->n_fields; i++) {
			if (i > 0)
				put(&o, " ");
			put_field(&o, &e->fields[i],
				(const uint8_t *)m + e->member + e->fields[i].member);
		}
		put(&o, ")");
	}
	return o.len;
}

const char *ms_pfkey_type_name(unsigned type)
{
	const struct pfkey_message *row = pfkey_message_row(type);

	return row == NULL ? NULL : row->name;
}

const char *ms_pfkey_ext_name(unsigned ext)
{
	const struct pfkey_ext *row = pfkey_ext_row(ext);

	return row == NULL ? NULL : row->name;
}

const char *ms_pfkey_satype_name(unsigned satype)
{
	return satype < COUNT(satypes) ? satypes[satype] : NULL;
}

bool ms_pfkey_grammar(unsigned type, enum ms_pfkey_dir dir, uint64_t *need_r, uint64_t *may_r)
{
	const struct pfkey_message *row = pfkey_message_row(type);

	if (row == NULL || !row->legal[dir])
		return false;
	*need_r = row->need[dir];
	*may_r = row->may[dir];
	return true;
}

uint8_t ms_pfkey_satype_of(uint8_t protocol)
{
	unsigned i;

	for (i = 0; i < COUNT(protocols); i++)
		if (protocols[i].protocol == protocol)
			return protocols[i].satype;
	return 0;
}

uint8_t ms_pfkey_protocol_of(uint8_t satype)
{
	unsigned i;

	for (i = 0; i < COUNT(protocols); i++)
		if (protocols[i].satype == satype)
			return protocols[i].protocol;
	return 0;
}

uint8_t ms_pfkey_auth_of(uint16_t integ)
{
	unsigned i;

	for (i = 0; i < COUNT(auths); i++)
		if (auths[i].integ == integ)
			return auths[i].auth;
	return 0;
}

uint16_t ms_pfkey_integ_of(uint8_t auth)
{
	unsigned i;

	for (i = 0; i < COUNT(auths); i++)
		if (auths[i].auth == auth)
			return auths[i].integ;
	return 0;
}

void ms_pfkey_addr_set(struct ms_pfkey_addr *a, const struct ms_addr *addr, uint16_t port)
{
	memset(a, 0, sizeof *a);
	a->prefix = (uint8_t)(ms_addr_octets(addr) * 8);
	a->ep.addr = *addr;
	a->ep.port = port;
}

/* --- lists inside extensions ------------------------------------------------------------------ */

bool ms_pfkey_alg_get(struct ms_bytes list, size_t i, struct ms_pfkey_alg *out)
{
	const uint8_t *p;

	if (list.len / MS_PFKEY_ALG_OCTETS <= i)
		return false;
	p = list.ptr + i * MS_PFKEY_ALG_OCTETS;
	out->id = p[0];
	out->ivlen = p[1];
	memcpy(&out->minbits, p + 2, 2);
	memcpy(&out->maxbits, p + 4, 2);
	return true;
}

void ms_pfkey_alg_put(uint8_t out[MS_PFKEY_ALG_OCTETS], const struct ms_pfkey_alg *alg)
{
	memset(out, 0, MS_PFKEY_ALG_OCTETS);
	out[0] = alg->id;
	out[1] = alg->ivlen;
	memcpy(out + 2, &alg->minbits, 2);
	memcpy(out + 4, &alg->maxbits, 2);
}

/* RFC 2367 s2.3.10 places, the family's two packet limits (72..79) stay zero. */
static const struct {
	uint8_t at, octets;
	uint16_t member;
} comb_fields[] = {
#define COMB(at, m) { (at), sizeof(((struct ms_pfkey_comb *)0)->m), offsetof(struct ms_pfkey_comb, m) }
	COMB(0, auth),
	COMB(1, encrypt),
	COMB(2, flags),
	COMB(4, auth_minbits),
	COMB(6, auth_maxbits),
	COMB(8, encrypt_minbits),
	COMB(10, encrypt_maxbits),
	COMB(40, soft_addtime),
	COMB(48, hard_addtime),
	COMB(56, soft_usetime),
	COMB(64, hard_usetime),
#undef COMB
};

bool ms_pfkey_comb_get(struct ms_bytes list, size_t i, struct ms_pfkey_comb *out)
{
	unsigned f;

	if (list.len / MS_PFKEY_COMB_OCTETS <= i)
		return false;
	for (f = 0; f < COUNT(comb_fields); f++)
		memcpy((uint8_t *)out + comb_fields[f].member,
			list.ptr + i * MS_PFKEY_COMB_OCTETS + comb_fields[f].at,
			comb_fields[f].octets);
	return true;
}

void ms_pfkey_comb_put(uint8_t out[MS_PFKEY_COMB_OCTETS], const struct ms_pfkey_comb *comb)
{
	unsigned f;

	memset(out, 0, MS_PFKEY_COMB_OCTETS);
	for (f = 0; f < COUNT(comb_fields); f++)
		memcpy(out + comb_fields[f].at, (const uint8_t *)comb + comb_fields[f].member,
			comb_fields[f].octets);
}
