/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec why`: what decides about a packet.  pluto tells of connections, groups and the DNS; the
 * eroute that klips will find is looked for in its listing, closest as klips looks: source, then
 * destination, then protocol and ports.
 */
#include "tools/eroute_line.h"
#include "tools/tool.h"

#include <modswan/text.h>

#include <stdlib.h>
#include <string.h>

static const struct tool_option table[] = {
	{ "help", NULL, "show this text and exit" },
	{ "version", NULL, "show the version and exit" },
	{ NULL, NULL, NULL },
};

const struct tool_options why_options = TOOL_OPTIONS(table, false);

enum { WORD_SRC, WORD_DST, WORD_PROTOCOL, WORD_SPORT, WORD_DPORT, WORDS };

struct packet {
	struct ms_addr src, dst;
	uint8_t protocol;
	uint16_t sport, dport;
	struct eroute_line best;
	char *line; /* of the best */
	unsigned score, all;
};

static int usage(FILE *f, int status)
{
	fputs("Usage: ipsec why SRC DST [PROTOCOL [SPORT DPORT]]\n\n", f);
	tool_print_options(f, &why_options);
	return status;
}

static bool fits(uint16_t wanted, uint16_t have)
{
	return wanted == 0 || wanted == have;
}

static void try_eroute(void *arg, const char *text)
{
	struct packet *p = arg;
	struct eroute_line l;
	unsigned score;

	if (eroute_line_parse(&l, text, NULL) != MS_OK)
		return;
	p->all++;
	if (!ms_subnet_has(&l.src, &p->src) || !ms_subnet_has(&l.dst, &p->dst) ||
		(l.proto != 0 && l.proto != p->protocol) || !fits(l.src_port, p->sport) ||
		!fits(l.dst_port, p->dport))
		return;
	score = 1 + l.src.bits * 4096u + l.dst.bits * 8u + (l.proto != 0) * 4u +
		(l.src_port != 0) * 2u + (l.dst_port != 0);
	if (score <= p->score)
		return;
	free(p->line);
	p->line = tool_format("%s", text);
	p->best = l;
	p->score = score;
}

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
	ms_err err = tool_klips_command(t, "eroute", try_eroute, p, &why);

	if (err == MS_ERR_NOT_FOUND)
		printf("the eroute: klips does not run\n");
	else if (err != MS_OK)
		tool_error(t, "%s", ms_why_text(&why, err));
	else if (p->line == NULL)
		printf("the eroute: none of %u covers it; noeroute= of config setup says what becomes "
		       "of it\n", p->all);
	else
		printf("the eroute: %s\nif it is led to the IPsec device, %s\n", p->line,
			fate(&p->best.said));
	free(p->line);
	return err == MS_OK || err == MS_ERR_NOT_FOUND;
}

static ms_err packet_of(struct packet *p, char *const words[WORDS], struct ms_why *why)
{
	ms_err err = ms_addr_parse(&p->src, words[0], strlen(words[0]), 0, MS_TEXT_NUMERIC, why);

	if (err == MS_OK)
		err = ms_addr_parse(&p->dst, words[1], strlen(words[1]), 0, MS_TEXT_NUMERIC, why);
	if (err == MS_OK && words[WORD_PROTOCOL] != NULL)
		err = ms_protocol_parse(&p->protocol, words[WORD_PROTOCOL],
			strlen(words[WORD_PROTOCOL]), MS_TEXT_SERVICES, why);
	if (err == MS_OK && words[WORD_SPORT] != NULL)
		err = ms_port_parse(&p->sport, words[WORD_SPORT], strlen(words[WORD_SPORT]),
			p->protocol, MS_TEXT_SERVICES, why);
	if (err == MS_OK && words[WORD_DPORT] != NULL)
		err = ms_port_parse(&p->dport, words[WORD_DPORT], strlen(words[WORD_DPORT]),
			p->protocol, MS_TEXT_SERVICES, why);
	return err;
}

static int ask_pluto(struct tool *t, char *const words[WORDS])
{
	static const char *const names[WORDS] = { "src", "dst", "protocol", "sport", "dport" };
	struct ms_arg args[WORDS];
	struct ms_request request = { "why", args, 0, false };
	char *path = tool_pluto_socket(t);
	struct ms_why why = { "" };
	int status = 0;

	for (unsigned i = 0; i < WORDS && words[i] != NULL; i++)
		args[request.n_args++] = (struct ms_arg){ names[i], words[i] };
	if (!tool_command(path, &request, NULL, &status, &why))
		tool_error(t, "%s", why.text);
	free(path);
	return status;
}

int tool_why(struct tool *t, int argc, char **argv)
{
	char *words[WORDS] = { NULL };
	struct packet p = { .score = 0 };
	struct ms_why why = { "" };
	struct tool_args a;
	unsigned n = 0;
	int row, status;
	ms_err err;

	tool_args_start(&a, t, &why_options, argc, argv, 2);
	while ((row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			return a.problem;
		if (row == 0)
			return usage(stdout, 0);
		if (row == 1) {
			tool_version(stdout);
			return 0;
		}
		if (n == WORDS)
			return usage(stderr, 2);
		words[n++] = (char *)(uintptr_t)a.value;
	}
	if (n < 2 || n == 4)
		return usage(stderr, 2);
	err = packet_of(&p, words, &why);
	if (err != MS_OK) {
		tool_error(t, "%s", ms_why_text(&why, err));
		return 1;
	}
	status = ask_pluto(t, words);
	if (!show_eroute(t, &p) && status == 0)
		status = 1;
	return status;
}
