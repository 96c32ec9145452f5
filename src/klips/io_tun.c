/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side: TUN queues. */
#include "klips/instance.h"
#include "klips/io.h"

#include <unistd.h>

void tun_ready(struct klips_worker *w, struct klips_source *s)
{
	unsigned n;

	for (n = 0; n < PKT_BATCH; n++) {
		uint8_t *data = w->pkts[n].buf + PKT_HEADROOM;
		ssize_t len = read(s->fd, data, PKT_MAX);

		if (len <= 0)
			break;
		w->pkts[n].len = (uint32_t)len;
	}
	if (n == 0)
		return;
	worker_reset(w, n);
	count(&w->counters, KC_OUT_READ, n);
	outbound(w, s->owner, n);
}

void tun_write(struct klips_worker *w, struct klips_device *d, struct pkt *p)
{
	if (write(d->tun[w->index % d->n_tun].fd, p->data, p->len) == (ssize_t)p->len)
		count(&w->counters, KC_IN_DELIVERED, 1);
	else
		count(&w->counters, KC_IN_WRITE, 1);
}
