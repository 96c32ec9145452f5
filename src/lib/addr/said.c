/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security Association identifiers and the shunts that share their notation.
 *
 * A point or colon says the family and that the SPI is hexadecimal (esp.101@10.7.7.7); without one
 * the SPI is a C number (esp257@10.7.7.7, esp0x101@10.7.7.7).  Listings of the family print the
 * 0x form for IPv4 and the colon form for IPv6 side by side, and so do we.
 */
#include <modswan/addr.h>
#include <modswan/text.h>

#include "lib/addr/text.h"

#include <string.h>

static const struct {
	const char *name;
	uint8_t protocol;
} protocols[] = {
	{ "ah", MS_PROTO_AH },
	{ "esp", MS_PROTO_ESP },
	{ "tun", MS_PROTO_TUN },
	{ "comp", MS_PROTO_COMP },
	{ "int", MS_PROTO_INT },
};

#define PROTOCOLS (sizeof protocols / sizeof protocols[0])

/* Of two names for the same, the first is printed. */
static const struct {
	const char *name;
	uint8_t protocol;
	uint32_t spi;
	int family;
} shunts[] = {
	{ "%pass", MS_PROTO_INT, MS_SPI_PASS, AF_INET },
	{ "%drop", MS_PROTO_INT, MS_SPI_DROP, AF_INET },
	{ "%reject", MS_PROTO_INT, MS_SPI_REJECT, AF_INET },
	{ "%hold", MS_PROTO_INT, MS_SPI_HOLD, AF_INET },
	{ "%trap", MS_PROTO_INT, MS_SPI_TRAP, AF_INET },
	{ "%trapsubnet", MS_PROTO_INT, MS_SPI_TRAPSUBNET, AF_INET },
	/* how %pass was said before there were shunts */
	{ "%passthrough4", MS_PROTO_TUN, 0, AF_INET },
	{ "%passthrough6", MS_PROTO_TUN, 0, AF_INET6 },
	{ "%passthrough", MS_PROTO_TUN, 0, AF_INET },
};

#define SHUNTS (sizeof shunts / sizeof shunts[0])

bool ms_said_eq(const struct ms_said *a, const struct ms_said *b)
{
	if (a->spi != b->spi || a->protocol != b->protocol)
		return false;
	if (a->protocol == MS_PROTO_INT && ms_addr_is_any(&a->dst) && ms_addr_is_any(&b->dst))
		return true;
	return ms_addr_eq(&a->dst, &b->dst);
}

static ms_err shunt_parse(struct ms_said *out, struct ms_slice s, struct ms_why *why)
{
	size_t i;

	for (i = 0; i < SHUNTS; i++) {
		if (!ms_slice_is(s, shunts[i].name))
			continue;
		out->dst = ms_addr_any(shunts[i].family);
		out->spi = shunts[i].spi;
		out->protocol = shunts[i].protocol;
		return MS_OK;
	}
	return ms_text_fail(why, MS_ERR_UNKNOWN, s,
		"unknown; %%pass, %%drop, %%reject, %%hold, %%trap, %%trapsubnet, %%passthrough, "
		"%%passthrough4 or %%passthrough6 was expected");
}

/* The part before '@', after the protocol's name. */
static ms_err spi_parse(
	uint32_t *spi, int *family, struct ms_slice whole, struct ms_slice s, struct ms_why *why)
{
	unsigned base = 0;
	uint64_t n;
	ms_err err;

	*family = 0;
	if (s.len > 0 && (s.p[0] == '.' || s.p[0] == ':')) {
		*family = s.p[0] == '.' ? AF_INET : AF_INET6;
		base = 16;
		s = ms_slice_from(s, 1);
	}
	if (s.len == 0)
		return ms_text_fail(why, MS_ERR_TEXT, whole, "SPI missing before '@'");
	err = ms_number_parse(&n, s.p, s.len, base, UINT32_MAX, NULL);
	if (err != MS_OK)
		return ms_text_fail(why, err, whole, "SPI must be %s up to 32 bits",
			base == 16 ? "a hexadecimal number without 0x,"
				   : "a number (decimal, or 0x and hexadecimal)");
	*spi = (uint32_t)n;
	return MS_OK;
}

ms_err ms_said_parse(
	struct ms_said *out, const char *text, size_t len, unsigned flags, struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len), dst;
	struct ms_said said = { .spi = 0 };
	size_t at, i, name;
	int family;
	ms_err err;

	err = ms_text_check(
		s, "an SA (PROTO.SPI@ADDRESS, PROTO:SPI@IPV6) or %pass and the like", why);
	if (err != MS_OK)
		return err;
	if (s.p[0] == '%')
		return shunt_parse(out, s, why);
	at = ms_slice_find(s, "@");
	if (at == s.len)
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"no '@' where PROTO.SPI@ADDRESS, PROTO:SPI@V6 or %%pass was expected");
	for (i = 0; i < PROTOCOLS && !ms_slice_starts(s, protocols[i].name); i++)
		;
	if (i == PROTOCOLS)
		return ms_text_fail(why, MS_ERR_UNKNOWN, s,
			"unknown protocol; ah, esp, tun, comp or int was expected in front");
	said.protocol = protocols[i].protocol;
	name = strlen(protocols[i].name);
	err = spi_parse(&said.spi, &family, s, ms_slice_from(ms_slice_upto(s, at), name), why);
	if (err != MS_OK)
		return err;
	dst = ms_slice_from(s, at + 1);
	if (dst.len == 0)
		return ms_text_fail(why, MS_ERR_TEXT, s, "destination address missing after '@'");
	err = ms_addr_parse(
		&said.dst, dst.p, dst.len, family, flags & ~(unsigned)MS_TEXT_SHORT, why);
	if (err == MS_OK)
		*out = said;
	return err;
}

static const char *shunt_name(const struct ms_said *s)
{
	size_t i;

	if (!ms_addr_is_any(&s->dst))
		return NULL;
	for (i = 0; i < SHUNTS; i++) {
		if (shunts[i].protocol == s->protocol && shunts[i].spi == s->spi &&
			(s->protocol == MS_PROTO_INT || shunts[i].family == s->dst.family))
			return shunts[i].name;
	}
	return NULL;
}

static void out_protocol(struct ms_out *o, uint8_t protocol)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++) {
		if (protocols[i].protocol == protocol) {
			ms_out_str(o, protocols[i].name);
			return;
		}
	}
	ms_out_str(o, "unk");
	ms_out_uint(o, protocol, 10, 0);
}

size_t ms_said_text(const struct ms_said *s, int format, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	const char *name = shunt_name(s);
	char dst[MS_ADDR_TEXT];

	if (name != NULL) {
		ms_out_str(&o, name);
		return ms_out_end(&o);
	}
	out_protocol(&o, s->protocol);
	if (s->dst.family == AF_INET6)
		ms_out_char(&o, ':');
	else
		ms_out_str(&o, format == 'x' ? "0x" : ".");
	ms_out_uint(&o, s->spi, 16, format == 'f' ? 8 : 0);
	ms_out_char(&o, '@');
	ms_addr_text(&s->dst, dst, sizeof dst);
	ms_out_str(&o, dst);
	return ms_out_end(&o);
}
