/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of ipsec_counters. */
#include "klips/device.h"
#include "klips/encap.h"
#include "klips/instance.h"
#include "klips/listing.h"
#include "klips/worker.h"

#include <inttypes.h>
#include <stdio.h>

static void put_line(struct text *t, const char *name, uint64_t n, const char *meaning)
{
	text_put(t, "%-18s %12" PRIu64 "  %s\n", name, n, meaning);
}

/* Those that are not 0, each behind its device's name. */
static void list_device(struct text *t, const struct klips_device *d)
{
	char name[64];
	unsigned i, q;

	for (i = 0; i < KC_COUNT; i++) {
		uint64_t sum = 0;

		for (q = 0; q < d->n_queues; q++)
			sum += shared_get(d->queues[q].counts[i]);
		snprintf(name, sizeof name, "%s:%s", d->name, counter_name(i));
		if (sum > 0)
			put_line(t, name, sum, counter_text(i));
	}
}

/* Of sockets that there are, and of devices' earlier ones. */
static uint64_t all_overflows(const struct klips *k)
{
	uint64_t sum = 0;
	unsigned i, s;

	for (i = 0; i < k->devices->n; i++)
		sum += device_overflows(k->devices->devices[i]);
	for (i = 0; i < k->encaps->n; i++)
		for (s = 0; s < k->encaps->encaps[i]->n; s++)
			sum += socket_overflows(k->encaps->encaps[i]->sources[s].fd);
	return sum;
}

void list_counters(const struct klips *k, struct text *t)
{
	unsigned i, w;
	uint64_t host;

	for (i = 0; i < KC_COUNT; i++) {
		uint64_t sum = k->counters.n[i]; /* the control thread's */

		for (w = 0; w < k->n_workers; w++)
			sum += shared_get(k->workers[w]->counters.n[i]);
		put_line(t, counter_name(i), sum, counter_text(i));
	}
	put_line(t, "trap_count", shared_get(k->traps), "flows that met a trap");
	put_line(t, "trap_sendcount", shared_get(k->traps_sent), "ACQUIRE messages sent for them");
	put_line(t, "hold_refused", shared_get(k->holds_refused),
		"dropped: too many flows wait for an SA already");
	put_line(t, "in_overflow", all_overflows(k),
		"dropped by the system: came from outside faster than handled");
	for (i = 0, host = 0; i < k->devices->n; i++)
		host += if_overflows(k->devices->devices[i]->name);
	put_line(t, "out_overflow", host, "dropped by the system: the host was faster than handled");
	for (i = 0; i < k->devices->n; i++)
		list_device(t, k->devices->devices[i]);
}
