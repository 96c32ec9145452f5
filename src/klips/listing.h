/* SPDX-License-Identifier: Apache-2.0 */
/* Text listings of what klips holds; control thread, online. */
#ifndef KLIPS_LISTING_H
#define KLIPS_LISTING_H

#include <modswan/error.h>

#include <stdbool.h>
#include <stddef.h>

struct klips;

/* Grows; what does not fit into memory is left out. */
struct text {
	char *buf;
	size_t len, cap;
};

void text_put(struct text *t, const char *fmt, ...) MS_PRINTF(2, 3);

/* name: eroute, spi, spigrp, tncfg, version, counters, klipsdebug.  False: none of them. */
bool listing(struct klips *k, const char *name, struct text *out);

#endif
