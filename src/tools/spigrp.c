/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec spigrp`: groups SAs, listed from the inside transform to the outside.
 *
 * One X_GRPSA message for each pair of neighbours; a single SA breaks its group up.  Unlike the
 * family's, there is no limit of four.
 */
#include "tools/klips_link.h"

#include <errno.h>
#include <string.h>

struct call {
	bool debug, said;
	char **words;
	unsigned n;
};

static const struct tool_slot table[] = {
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	TOOL_TAKEN(TOOL_LABEL),
	TOOL_FLAG("debug", "show what is sent and what comes back", struct call, debug),
	TOOL_FLAG("said", "each of the words that follow names an SA: PROTO.SPI@ADDRESS", struct call,
		said),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options spigrp_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &spigrp_options,
	.text = "Usage: ipsec spigrp\n"
		"       ipsec spigrp [--label TEXT] [--debug] FAMILY ADDRESS SPI PROTO ...\n"
		"       ipsec spigrp [--label TEXT] [--debug] --said SAID ...\n",
	.status = 1,
	.words = true,
	.on_stderr = true,
	.help_status = 1,
	.version_status = 1,
};

static const struct klips_reason reasons[] = {
	{ EINVAL, "Invalid argument, check the log of KLIPS for details." },
	{ ENXIO, "SA not found.  Check `ipsec spi'." },
	{ ENOENT, "SA not found.  Check `ipsec spi'." },
	{ ESRCH, "SA not found.  Check `ipsec spi'." },
	{ EEXIST, "SA already grouped.  Ungroup first." },
	{ EACCES, "Access denied.  You must be root." },
	{ EPERM, "Access denied.  You must be root." },
	{ EUNATCH, "KLIPS not loaded." },
	{ 0, "Unknown error." },
};

static bool four_words(const struct tool *t, char **w, struct ms_said *out)
{
	int family = family_of_word(w[0]);

	if (family == 0) {
		tool_error(t, "Address family %s not supported", w[0]);
		return false;
	}
	out->protocol = sa_protocol(w[3]);
	if (out->protocol == 0) {
		tool_error(t, "Badly formed proto: %s", w[3]);
		return false;
	}
	uint64_t spi;

	if (!take_number(w[2], UINT32_MAX, &spi) || spi == 0) {
		tool_error(t, "Badly formed spi: %s", w[2]);
		return false;
	}
	out->spi = (uint32_t)spi;
	return take_address(t, "edst", w[1], family, &out->dst);
}

static bool one_word(const struct tool *t, const char *word, struct ms_said *out)
{
	struct ms_why why = { "" };

	if (ms_said_parse(out, word, strlen(word), MS_TEXT_DNS, &why) == MS_OK)
		return true;
	tool_error(t, "Error, %s converting --sa argument:%s", why.text, word);
	return false;
}

static int pair(struct klips_link *l, const struct ms_said *first, const struct ms_said *second)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_GRPSA };

	said_to_message(first, &m);
	if (second != NULL) {
		m.has |= MS_PFKEY_BIT(X_SATYPE2) | MS_PFKEY_BIT(X_SA2) |
			MS_PFKEY_BIT(X_ADDRESS_DST2);
		m.satype2 = ms_pfkey_satype_of(second->protocol);
		m.sa2.spi = second->spi;
		m.sa2.state = MS_PFKEY_MATURE;
		ms_pfkey_addr_set(&m.dst2, &second->dst, 0);
	}
	return klips_ask(l, &m);
}

static int group(const struct tool *t, bool debug, const struct ms_said *sas, unsigned n)
{
	struct klips_link *l = klips_open(t, debug);
	int err;

	if (l == NULL)
		return 1;
	err = n == 1 ? pair(l, &sas[0], NULL) : 0;
	for (unsigned i = 0; i + 1 < n && err == 0; i++)
		err = pair(l, &sas[i], &sas[i + 1]);
	klips_close(&l);
	return klips_status(t, err, reasons);
}

static int take_word(void *arg, int row, const char *value)
{
	struct call *c = arg;

	(void)row;
	c->words[c->n++] = tool_format("%s", value);
	return -1;
}

int tool_spigrp(struct tool *t, int argc, char **argv)
{
	struct call c = { .words = tool_alloc((size_t)(argc + 1) * sizeof(char *)) };
	struct ms_said *sas = tool_alloc((size_t)(argc + 1) * sizeof *sas);
	int status = tool_args_read(t, &usage, argc, argv, take_word, &c);
	unsigned each = c.said ? 1 : 4;

	if (status != -1)
		return status;
	if (c.n == 0 && !c.said)
		return klips_list(t, "spigrp");
	if (c.n == 0)
		return tool_refuse(t, &usage, "expecting 3 or more args with --said");
	if (c.n % each != 0)
		return tool_refuse(t, &usage,
			"expecting 5 or more args without --said, four words for each SA");
	for (unsigned i = 0; i < c.n / each; i++)
		if (c.said ? !one_word(t, c.words[i], &sas[i])
			   : !four_words(t, &c.words[4 * i], &sas[i]))
			return 1;
	return group(t, c.debug, sas, c.n / each);
}
