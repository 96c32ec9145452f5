/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/mtu.h"

#include "klips/icmp.h"
#include "klips/instance.h"

enum { MIN_MTU6 = 1280 };

/* The member that writes the outer header decides: the last IPIP. */
static uint8_t df_of(const struct klips_sa *head)
{
	uint8_t df = MS_DF_COPY;

	for (; head != NULL; head = rcu_get(head->outer))
		if (head->said.protocol == MS_PROTO_TUN)
			df = head->df;
	return df;
}

/* RFC 2473 s7.1: IPv6 packets of 1280 octets always pass, cut outside if they must be. */
static uint32_t told_mtu(const struct ip_view *v, uint32_t mtu)
{
	return v->version == 6 && mtu < MIN_MTU6 ? MIN_MTU6 : mtu;
}

bool mtu_refuses(struct klips_worker *w, const struct klips_device *d, struct pkt *p,
	const struct ip_view *v, const struct klips_sa *head, uint32_t len)
{
	uint32_t mtu = shared_get(head->inner_mtu);

	if (mtu == 0 || len <= mtu)
		return false;
	mtu = told_mtu(v, mtu);
	if (v->df && w->k->tell_too_big && len > mtu) {
		icmp_too_big(w, d, p, v, mtu);
		/* where DF never goes outside the packet can pass all the same, as in the family */
		if (df_of(head) != MS_DF_CLEAR)
			return true;
	}
	p->cut = true;
	count(&w->counters, KC_OUT_CUT, 1);
	return false;
}
