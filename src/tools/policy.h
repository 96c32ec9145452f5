/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec policy`: what the ways to carry packets have in common. */
#ifndef TOOLS_POLICY_H
#define TOOLS_POLICY_H

#include "tools/tool.h"

enum { POLICY_IN = 1, POLICY_OUT = 2, POLICY_FWD = 4 };

struct policy_call {
	const struct tool *t;
	unsigned dirs; /* which of them are wanted */
	const char *read; /* a saved listing of SAs, or NULL */
	bool debug;
};

/* One line; packets: how many, or NULL. */
void policy_put(const char *dir, const char *src, const char *dst, const char *what,
	const char *packets);
/* The kernel's own, by its netlink socket; what setkey(8) and ip(8) put in is among them. */
ms_err policy_list_netkey(const struct policy_call *c, struct ms_why *why) MS_MUST_CHECK;

#endif
