/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUNDIR/klips.ctl: listings in the old /proc formats.
 *
 * A client writes one line, the listing's name, and reads text until the end.
 */
#ifndef KLIPS_CTL_H
#define KLIPS_CTL_H

#include <modswan/error.h>

struct klips;
struct ctl_server;

ms_err ctl_server_new(struct ctl_server **out, struct klips *k, const char *path,
	struct ms_why *why) MS_MUST_CHECK;
void ctl_server_free(struct ctl_server **s);

#endif
