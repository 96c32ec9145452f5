/* SPDX-License-Identifier: Apache-2.0 */
/* A packet that a person asks about, and what klips and the host's routes do to it. */
#ifndef MODSWAN_TOOLS_PACKET_H
#define MODSWAN_TOOLS_PACKET_H

#include "tools/eroute_line.h"
#include "tools/tool.h"

enum { PACKET_SRC, PACKET_DST, PACKET_PROTOCOL, PACKET_SPORT, PACKET_DPORT, PACKET_WORDS };

struct packet {
	struct ms_addr src, dst;
	uint8_t protocol;	 /* 0: not said */
	uint16_t sport, dport; /* 0: not said */
	/* of klips */
	struct eroute_line eroute; /* when line is not NULL */
	char *line;		   /* as it was listed; NULL: none covers it */
	unsigned eroutes;	   /* how many there are in all */
	unsigned score;		   /* of this one */
};

/* SRC DST [PROTOCOL [SPORT DPORT]]; what is missing is NULL. */
ms_err packet_of_words(struct packet *p, char *const words[PACKET_WORDS], struct ms_why *why)
	MS_MUST_CHECK;
/* What this end of a connected socket sends. */
ms_err packet_of_socket(struct packet *p, int fd, struct ms_why *why) MS_MUST_CHECK;
void packet_done(struct packet *p);

/* The closest eroute.  MS_ERR_NOT_FOUND: klips does not run. */
ms_err packet_find_eroute(const struct tool *t, struct packet *p, struct ms_why *why) MS_MUST_CHECK;
/* The device that the host's routes lead it to.  False: there is no route. */
bool packet_device(const struct packet *p, char *name, size_t size);
/* Asks pluto a command with these arguments; an error is printed.  The exit status. */
int packet_ask(const struct tool *t, const struct packet *p, const char *command,
	const struct tool_replies *replies);

#endif
