/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec why`: what decides about a packet.  pluto tells of connections, groups and the DNS; the
 * eroute that klips will find is looked for in its listing.
 */
#include "tools/packet.h"

#include <string.h>

static const struct tool_option table[] = {
	TOOL_HELP,
	TOOL_VERSION,
	{ NULL, NULL, NULL },
};

const struct tool_options why_options = TOOL_OPTIONS(table, false);

static const struct tool_usage usage = {
	.options = &why_options,
	.text = "Usage: ipsec why SRC DST [PROTOCOL [SPORT DPORT]]\n",
	.status = 2,
	.words = true,
};

static const char *fate(const struct ms_said *said)
{
	static const struct {
		uint32_t spi;
		const char *text;
	} rows[] = {
		{ MS_SPI_PASS, "it passes in clear" },
		{ MS_SPI_DROP, "it is discarded" },
		{ MS_SPI_REJECT, "it is discarded, and the sender is told with ICMP" },
		{ MS_SPI_HOLD, "it waits until a negotiation ends" },
		{ MS_SPI_TRAP, "it waits, and pluto is asked" },
		{ MS_SPI_TRAPSUBNET, "it waits, and pluto is asked for the network" },
	};

	for (unsigned i = 0; said->protocol == MS_PROTO_INT && i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].spi == said->spi)
			return rows[i].text;
	return "it is protected";
}

static bool show_eroute(struct tool *t, struct packet *p)
{
	struct ms_why why = { "" };
	ms_err err = packet_find_eroute(t, p, &why);
	char device[32];
	bool led = false;

	if (packet_device(p, device, sizeof device))
		led = printf("the route: it leaves by %s\n", device) > 0 &&
		      strncmp(device, "ipsec", 5) == 0;
	else
		printf("the route: there is none, it does not leave at all\n");
	if (err == MS_ERR_NOT_FOUND)
		printf("the eroute: klips does not run\n");
	else if (err != MS_OK)
		tool_error(t, "%s", ms_why_text(&why, err));
	else if (p->line == NULL)
		printf("the eroute: none of %u covers it; noeroute= of config setup says what becomes "
		       "of it\n", p->eroutes);
	else
		printf("the eroute: %s\n%s%s\n", p->line,
			led ? "" : "but klips does not see it; if it were led to an IPsec device: ",
			fate(&p->eroute.said));
	return err == MS_OK || err == MS_ERR_NOT_FOUND;
}

struct call {
	char *words[PACKET_WORDS];
	unsigned n;
};

static int take_word(void *arg, int row, const char *value)
{
	struct call *c = arg;

	(void)row;
	if (c->n == PACKET_WORDS)
		return tool_show_usage(&usage, stderr, usage.status);
	c->words[c->n++] = (char *)(uintptr_t)value;
	return -1;
}

int tool_why(struct tool *t, int argc, char **argv)
{
	struct packet p = { .line = NULL };
	struct call c = { .n = 0 };
	struct ms_why why = { "" };
	int status = tool_args_read(t, &usage, argc, argv, take_word, &c);
	ms_err err;

	if (status != -1)
		return status;
	if (c.n < PACKET_DST + 1 || c.n == PACKET_SPORT + 1)
		return tool_show_usage(&usage, stderr, usage.status);
	err = packet_of_words(&p, c.words, &why);
	if (err != MS_OK) {
		tool_error(t, "%s", ms_why_text(&why, err));
		return 1;
	}
	status = packet_ask(t, &p, "why", NULL);
	if (!show_eroute(t, &p) && status == 0)
		status = 1;
	packet_done(&p);
	return status;
}
