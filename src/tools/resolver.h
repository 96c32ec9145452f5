/* SPDX-License-Identifier: Apache-2.0 */
/* DNS as pluto asks it: by the same plugin, with the same settings and the same ipsec.conf. */
#ifndef MODSWAN_TOOLS_RESOLVER_H
#define MODSWAN_TOOLS_RESOLVER_H

#include "tools/tool.h"

#include <modswan/resolver.h>

struct tool_resolver;

/* NULL, and why says it: no plugin resolves names, or its settings are wrong. */
struct tool_resolver *tool_resolver_open(const struct tool *t, struct ms_why *why);
void tool_resolver_close(struct tool_resolver **r);
/* With MS_OK done() was called, with the answer's own error, else not.  MS_ERR_TIMEOUT: nobody has
 * answered this question, or one before. */
ms_err tool_resolver_ask(struct tool_resolver *r, const char *name, uint16_t type,
	ms_resolver_done_f *done, void *arg, struct ms_why *why) MS_MUST_CHECK;

#endif
