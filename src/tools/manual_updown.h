/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODSWAN_TOOLS_MANUAL_UPDOWN_H
#define MODSWAN_TOOLS_MANUAL_UPDOWN_H

#include "tools/manual.h"

/* The exit status of leftupdown=, or of ours; verb: prepare, route, up, down, unroute. */
int manual_updown(const struct tool *t, const struct manual_conn *c, const char *verb);
const char *manual_updown_command(const struct tool *t, const struct manual_conn *c);

#endif
