/* SPDX-License-Identifier: Apache-2.0 */
/* The process around one instance. */
#ifndef KLIPS_KLIPS_H
#define KLIPS_KLIPS_H

#include "klips/instance.h"

enum { KLIPS_MAX_WORKERS = 64 };

struct options {
	const char *rundir, *confdir, *plugindir;
	bool nofork, stderrlog, hide_tos, tell_too_big;
	uint32_t debug; /* log sources */
	unsigned workers; /* 0: one per core */
	enum ms_shunt no_eroute;
	uint32_t most_sas; /* 0: what there can be references of */
};

/* Everything up to listening; o's strings must live as long. */
ms_err klips_new(struct klips **out, const struct options *o, struct ms_why *why) MS_MUST_CHECK;
void klips_run(struct klips *k);
/* Removes devices and sockets. */
void klips_free(struct klips **k);

#endif
