/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec showpolicy`: in one word, how well what a socket or a packet carries is protected.
 *
 * Three know: the host's routes whether the packet gets to klips at all, klips which eroute it finds
 * there, pluto who the peer is and how that was proved.  What klips does counts where pluto thinks
 * otherwise: eroutes are also put by hand.
 */
#include "tools/packet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FACTS = 32, STATUS_NO_PEER = 1, STATUS_NO_PLUTO = 2, STATUS_FAILED = 3 };

enum policy_word { CLEAR, VPN, PRIVATE, SECURE, ANONYMOUS, BLOCKED, WAITING, POLICY_WORDS };

struct request {
	struct tool *t;
	struct packet packet;
	const char *words[POLICY_WORDS];
	uint64_t fd;
	bool cgi, textual;
	char *packet_words[PACKET_WORDS];
	unsigned n_words;
	/* pluto's answer, NAME=VALUE */
	char *fact[MAX_FACTS];
	unsigned n_facts;
	char device[32];
	bool klips;
};

static const struct tool_slot table[] = {
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	TOOL_FLAG("cgi", "the peer is that of a web server's program, by its environment",
		struct request, cgi),
	TOOL_NUMBER("socket", "N",
		"the peer is that of the connected socket of descriptor N, without this 0",
		struct request, fd, 0, 1 << 20),
	TOOL_FLAG("textual", "show all that is known, a NAME=VALUE each line", struct request, textual),
	TOOL_TEXT("plaintext", "WORD", "say this for \"clear\"", struct request, words[CLEAR]),
	TOOL_TEXT("vpntext", "WORD", "say this for \"vpn\"", struct request, words[VPN]),
	TOOL_TEXT("privacytext", "WORD", "say this for \"private\"", struct request, words[PRIVATE]),
	TOOL_TEXT("dnssectext", "WORD", "say this for \"secure\"", struct request, words[SECURE]),
	TOOL_TEXT("anontext", "WORD", "say this for \"anonymous\"", struct request, words[ANONYMOUS]),
	TOOL_TEXT("blocktext", "WORD", "say this for \"blocked\"", struct request, words[BLOCKED]),
	TOOL_TEXT("waittext", "WORD", "say this for \"waiting\"", struct request, words[WAITING]),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options showpolicy_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &showpolicy_options,
	.text = "Usage: ipsec showpolicy [--socket N | --cgi] [OPTION]...\n"
		"       ipsec showpolicy [OPTION]... SRC DST [PROTOCOL [SPORT DPORT]]\n",
	.status = 2,
	.words = true,
};

/* --- what is known ------------------------------------------------------------------------------ */

static void take_fact(void *arg, int code, const char *text, const char *raw)
{
	struct request *r = arg;

	(void)raw;
	if (code != MS_RC_COMMENT)
		tool_error(r->t, "%s", text);
	else if (r->n_facts < MAX_FACTS)
		r->fact[r->n_facts++] = tool_format("%s", text);
}

/* "": there is no such fact. */
static const char *fact(const struct request *r, const char *name)
{
	size_t len = strlen(name);

	for (unsigned i = 0; i < r->n_facts; i++)
		if (strncmp(r->fact[i], name, len) == 0 && r->fact[i][len] == '=')
			return r->fact[i] + len + 1;
	return "";
}

static bool fact_is(const struct request *r, const char *name, const char *value)
{
	return strcmp(fact(r, name), value) == 0;
}

static int look(struct request *r)
{
	const struct tool_replies replies = { take_fact, r };
	struct ms_why why = { "" };
	int status = packet_ask(r->t, &r->packet, "policy", &replies);
	ms_err err;

	if (status != 0)
		return r->n_facts == 0 ? STATUS_NO_PLUTO : STATUS_FAILED;
	err = packet_find_eroute(r->t, &r->packet, &why);
	r->klips = err == MS_OK;
	if (err != MS_OK && err != MS_ERR_NOT_FOUND) {
		tool_error(r->t, "%s", ms_why_text(&why, err));
		return STATUS_FAILED;
	}
	if (!packet_device(&r->packet, r->device, sizeof r->device))
		r->device[0] = '\0';
	return 0;
}

/* --- what it means ------------------------------------------------------------------------------ */

static enum policy_word protected_by(const char *proof)
{
	static const struct {
		const char *proof;
		enum policy_word word;
	} rows[] = { { "dnssec", SECURE }, { "dns", PRIVATE }, { "certificate", PRIVATE },
		{ "none", ANONYMOUS } };

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].proof, proof) == 0)
			return rows[i].word;
	return VPN; /* a secret or a key that somebody wrote here, or SAs put by hand */
}

static enum policy_word by_eroute(const struct request *r)
{
	const struct ms_said *said = &r->packet.eroute.said;

	if (said->protocol != MS_PROTO_INT)
		return protected_by(fact(r, "proof"));
	switch (said->spi) {
	case MS_SPI_DROP:
	case MS_SPI_REJECT:
		return BLOCKED;
	case MS_SPI_TRAP:
	case MS_SPI_TRAPSUBNET:
	case MS_SPI_HOLD:
		return WAITING;
	}
	return CLEAR;
}

static enum policy_word by_pluto(const struct request *r)
{
	if (fact_is(r, "fate", "protected"))
		return protected_by(fact(r, "proof"));
	if (fact_is(r, "fate", "drop") || fact_is(r, "fate", "reject"))
		return BLOCKED;
	return fact_is(r, "fate", "trap") || fact_is(r, "fate", "hold") ? WAITING : CLEAR;
}

static enum policy_word judge(const struct request *r)
{
	if (!r->klips)
		return by_pluto(r);
	if (strncmp(r->device, "ipsec", 5) != 0)
		return CLEAR; /* klips does not see it */
	if (r->packet.line == NULL)
		return fact_is(r, "noeroute", "pass") ? CLEAR : BLOCKED;
	return by_eroute(r);
}

static void show(const struct request *r, enum policy_word word)
{
	const struct packet *p = &r->packet;
	char src[MS_ADDR_TEXT], dst[MS_ADDR_TEXT];

	if (!r->textual) {
		puts(r->words[word]);
		return;
	}
	ms_addr_text(&p->src, src, sizeof src);
	ms_addr_text(&p->dst, dst, sizeof dst);
	printf("src=%s\ndst=%s\n", src, dst);
	if (p->protocol != 0)
		printf("protocol=%u\nsport=%u\ndport=%u\n", p->protocol, p->sport, p->dport);
	printf("policy=%s\n", r->words[word]);
	for (unsigned i = 0; i < r->n_facts; i++)
		puts(r->fact[i]);
	if (r->device[0] != '\0')
		printf("device=%s\n", r->device);
	if (r->klips)
		printf("eroute=%s\n", p->line != NULL ? p->line : "none");
}

/* --- what is asked ------------------------------------------------------------------------------ */

/* RFC 3875 s4.1: the peer is REMOTE_*; which address of ours it talks to is SERVER_ADDR, by custom. */
static ms_err packet_of_cgi(struct packet *p, struct ms_why *why)
{
	static const char *const names[] = { "SERVER_ADDR", "REMOTE_ADDR", NULL, "SERVER_PORT",
		"REMOTE_PORT" };
	static char tcp[] = "tcp", any[] = "0";
	char *words[PACKET_WORDS];

	for (unsigned i = 0; i < PACKET_WORDS; i++)
		words[i] = names[i] == NULL ? tcp : getenv(names[i]);
	if (words[PACKET_SRC] == NULL || words[PACKET_DST] == NULL)
		return ms_fail(why, MS_ERR_NOT_FOUND, "no %s in the environment",
			words[PACKET_SRC] == NULL ? names[PACKET_SRC] : names[PACKET_DST]);
	for (unsigned i = PACKET_SPORT; i < PACKET_WORDS; i++)
		if (words[i] == NULL)
			words[i] = any;
	return packet_of_words(p, words, why);
}

static int run(struct request *r)
{
	struct ms_why why = { "" };
	int status;
	ms_err err;

	if (r->n_words == 0 && !r->cgi && isatty((int)r->fd) == 1) {
		tool_error(r->t, "descriptor %d is a terminal: no socket and no addresses are given",
			(int)r->fd);
		return STATUS_NO_PEER;
	}
	if (r->n_words > 0)
		err = packet_of_words(&r->packet, r->packet_words, &why);
	else if (r->cgi)
		err = packet_of_cgi(&r->packet, &why);
	else
		err = packet_of_socket(&r->packet, (int)r->fd, &why);
	if (err != MS_OK) {
		tool_error(r->t, "%s", ms_why_text(&why, err));
		return STATUS_FAILED;
	}
	status = look(r);
	if (status == 0)
		show(r, judge(r));
	packet_done(&r->packet);
	while (r->n_facts > 0)
		free(r->fact[--r->n_facts]);
	return status;
}

static int take_word(void *arg, int row, const char *value)
{
	struct request *r = arg;

	(void)row;
	if (r->n_words == PACKET_WORDS)
		return tool_show_usage(&usage, stderr, usage.status);
	r->packet_words[r->n_words++] = (char *)(uintptr_t)value;
	return -1;
}

int tool_showpolicy(struct tool *t, int argc, char **argv)
{
	struct request r = { .t = t, .words = { "clear", "vpn", "private", "secure", "anonymous",
						"blocked", "waiting" } };
	int status = tool_args_read(t, &usage, argc, argv, take_word, &r);

	if (status != -1)
		return status;
	if (r.n_words == 1 || r.n_words == PACKET_SPORT + 1)
		return tool_show_usage(&usage, stderr, 2);
	return run(&r);
}
