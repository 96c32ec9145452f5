/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the eroute listing, ipsec_eroute(5), read back. */
#ifndef MODSWAN_TOOLS_EROUTE_LINE_H
#define MODSWAN_TOOLS_EROUTE_LINE_H

#include <modswan/addr.h>
#include <modswan/error.h>

enum { EROUTE_ID_OCTETS = 256 };

struct eroute_line {
	struct ms_subnet src, dst;
	uint16_t src_port, dst_port; /* 0: all */
	uint8_t proto;		     /* 0: all */
	struct ms_said said;
	char src_id[EROUTE_ID_OCTETS], dst_id[EROUTE_ID_OCTETS]; /* "": none */
};

/* [COUNT] SRC -> DST => SAID[:PROTO] [(ID) (ID)], in any form that a listing ever had. */
ms_err eroute_line_parse(struct eroute_line *out, const char *text, struct ms_why *why) MS_MUST_CHECK;
/* How many octets of a SAID are the SAID itself; what follows, if anything, is ":PROTO". */
size_t eroute_said_octets(const char *said);

#endif
