/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/stray.h"

#include "klips/instance.h"
#include "klips/note.h"
#include "klips/worker.h"

#include <netinet/in.h>

static bool may_ask(struct klips_worker *w)
{
	uint64_t now = klips_now_s(w->k);

	if (w->strays.second != now) {
		w->strays.second = now;
		w->strays.left = STRAYS_PER_SECOND;
	}
	if (w->strays.left == 0)
		return false;
	w->strays.left--;
	return true;
}

void stray_packet(struct klips_worker *w, const struct pkt *p)
{
	struct note n = { .kind = NOTE_STRAY };
	struct flow *f = &n.flow.flow;
	const struct eroute *er;

	/* In UDP there is a translator before the peer, who is not reached by an address. */
	if ((p->next != IPPROTO_ESP && p->next != IPPROTO_AH) || p->peer.port != 0 || !may_ask(w))
		return;
	f->family = p->dst.family;
	memcpy(f->src, p->dst.b, ms_addr_octets(&p->dst));
	memcpy(f->dst, p->peer.addr.b, ms_addr_octets(&p->peer.addr));
	f->proto = p->next;
	er = eroute_find(w->k->eroutes, &n.flow);
	if (er != NULL && er->shunt == MS_SHUNT_TRAP)
		note_post(w, &n);
}
