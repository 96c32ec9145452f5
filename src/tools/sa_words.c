/* SPDX-License-Identifier: Apache-2.0 */
/* The words that name an SA: --af, --edst, --spi, --proto, or all in one: --said. */
#include "tools/klips_link.h"

#include <modswan/text.h>

#include <string.h>

enum { LOWEST_SPI = 0x100 };

static const struct {
	const char *word;
	uint8_t protocol;
} protocols[] = {
	{ "ah", MS_PROTO_AH },
	{ "esp", MS_PROTO_ESP },
	{ "tun", MS_PROTO_TUN },
	{ "comp", MS_PROTO_COMP },
};

uint8_t sa_protocol(const char *word)
{
	for (unsigned i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
		if (strcmp(protocols[i].word, word) == 0)
			return protocols[i].protocol;
	return 0;
}

int family_of_word(const char *word)
{
	return strcmp(word, "inet") == 0 ? AF_INET : strcmp(word, "inet6") == 0 ? AF_INET6 : 0;
}

bool take_number(const char *text, uint64_t max, uint64_t *out)
{
	return ms_number_parse(out, text, strlen(text), 0, max, NULL) == MS_OK;
}

bool take_address(const struct tool *t, const char *option, const char *text, int family,
	struct ms_addr *out)
{
	struct ms_why why = { "" };

	if (ms_addr_parse(out, text, strlen(text), family, MS_TEXT_DNS, &why) == MS_OK)
		return true;
	tool_error(t, "Error, %s converting --%s argument:%s", why.text, option, text);
	return false;
}

bool take_spi(const struct tool *t, const char *text, bool reserved_too, uint32_t *out)
{
	uint64_t n;

	if (!take_number(text, UINT32_MAX, &n)) {
		tool_error(t, "Invalid character in SPI parameter: %s (--spi: a number as in C)", text);
		return false;
	}
	if (n < LOWEST_SPI && !(reserved_too && n == 0)) {
		tool_error(t, "Illegal reserved spi: %s => 0x%x Must be larger than 0x100.", text,
			(unsigned)n);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

/* --- one taker per option --------------------------------------------------------------------- */

static bool twice(const struct tool *t, const char *what, const char *value, const char *old,
	const char *said)
{
	if (said != NULL)
		tool_error(t, "Error, %s parameter redefined:%s, already defined in SA:%s", what,
			value, said);
	else if (old != NULL)
		tool_error(t, "Error, %s parameter redefined:%s, already defined as:%s", what,
			value, old);
	return said != NULL || old != NULL;
}

static bool take_af(const struct tool *t, struct sa_words *w, const char *value)
{
	if (w->af != NULL) {
		tool_error(t, "Error, address family of SAID redefined:%s, already defined as:%s",
			value, w->af);
		return false;
	}
	w->af = value;
	w->family = family_of_word(value);
	if (w->family == 0)
		tool_error(t, "Invalid address family parameter for SAID: %s (--af: inet or inet6)",
			value);
	return w->family != 0;
}

static bool take_edst(const struct tool *t, struct sa_words *w, const char *value)
{
	if (twice(t, "EDST", value, w->edst, w->text))
		return false;
	w->edst = value;
	return take_address(t, "edst", value, w->family, &w->said.dst);
}

static bool take_spi_word(const struct tool *t, struct sa_words *w, const char *value)
{
	if (twice(t, "SPI", value, w->spi, w->text))
		return false;
	w->spi = value;
	return take_spi(t, value, false, &w->said.spi);
}

static bool take_proto(const struct tool *t, struct sa_words *w, const char *value)
{
	if (twice(t, "PROTO", value, w->proto, w->text))
		return false;
	w->proto = value;
	w->said.protocol = sa_protocol(value);
	if (w->said.protocol == 0)
		tool_error(t, "Invalid PROTO parameter: %s (--proto: ah, esp, tun or comp)", value);
	return w->said.protocol != 0;
}

static bool take_said(const struct tool *t, struct sa_words *w, const char *value)
{
	struct ms_why why = { "" };
	const char *old = w->edst != NULL ? w->edst : w->proto != NULL ? w->proto : w->spi;

	if (twice(t, "SAID", value, w->text != NULL ? w->text : old, NULL))
		return false;
	w->text = value;
	if (ms_said_parse(&w->said, value, strlen(value), MS_TEXT_DNS, &why) != MS_OK) {
		tool_error(t, "Error, %s converting --sa argument:%s (--said)", why.text, value);
		return false;
	}
	if (w->family == 0 || w->said.dst.family == 0 || w->said.dst.family == w->family)
		return true;
	tool_error(t, "Defined address family and address family of SA missmatch.");
	return false;
}

bool sa_words_take(const struct tool *t, struct sa_words *w, const char *option, const char *value)
{
	static const struct {
		const char *option;
		bool (*take)(const struct tool *t, struct sa_words *w, const char *value);
	} takers[] = {
		{ "af", take_af },
		{ "edst", take_edst },
		{ "spi", take_spi_word },
		{ "proto", take_proto },
		{ "said", take_said },
	};

	for (unsigned i = 0; i < sizeof takers / sizeof takers[0]; i++)
		if (strcmp(takers[i].option, option) == 0)
			return takers[i].take(t, w, value);
	return false;
}

bool sa_words_any(const struct sa_words *w)
{
	return w->edst != NULL || w->spi != NULL || w->proto != NULL || w->text != NULL;
}

const char *sa_words_missing(const struct sa_words *w)
{
	if (w->text != NULL)
		return NULL;
	return w->edst == NULL ? "destination" : w->spi == NULL ? "SPI" : w->proto == NULL ? "PROTO"
											   : NULL;
}

void said_to_message(const struct ms_said *said, struct ms_pfkey_msg *m)
{
	struct ms_addr dst = said->dst.family != 0 ? said->dst : ms_addr_any(AF_INET);

	m->has |= MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_DST);
	m->satype = ms_pfkey_satype_of(said->protocol);
	m->sa.spi = said->spi;
	m->sa.state = MS_PFKEY_MATURE;
	ms_pfkey_addr_set(&m->dst, &dst, 0);
}
