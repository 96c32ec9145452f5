/* SPDX-License-Identifier: Apache-2.0 */
/* PF_KEY messages about eroutes: X_ADDFLOW, X_DELFLOW. */
#include "klips/hold.h"
#include "klips/instance.h"
#include "klips/life.h"
#include "klips/pfkey_server.h"
#include "klips/talk.h"

#include <errno.h>
#include <stdlib.h>

#define HAS(m, id) (((m)->has & MS_PFKEY_BIT(id)) != 0)
#define FLOW_BITS                                                                                  \
	(MS_PFKEY_BIT(X_ADDRESS_SRC_FLOW) | MS_PFKEY_BIT(X_ADDRESS_DST_FLOW)                       \
		| MS_PFKEY_BIT(X_ADDRESS_SRC_MASK) | MS_PFKEY_BIT(X_ADDRESS_DST_MASK))

/* --- keys ------------------------------------------------------------------------------------- */

/* Leading ones of `octets`; -1 when others follow. */
static int prefix_of(const uint8_t *mask, size_t octets)
{
	int bits = 0;
	size_t i;

	for (i = 0; i < octets; i++) {
		uint8_t b = mask[i];

		if (b != 0 && (unsigned)bits != i * 8)
			return -1;
		for (; (b & 0x80) != 0; b = (uint8_t)(b << 1))
			bits++;
		if (b != 0)
			return -1;
	}
	return bits;
}

static int port_prefix(uint16_t mask)
{
	uint8_t b[2] = { (uint8_t)(mask >> 8), (uint8_t)mask };

	return prefix_of(b, 2);
}

/* False: families differ, or a mask has holes. */
static bool key_from_message(const struct ms_pfkey_msg *m, struct flow *key, struct flow_mask *mask)
{
	const struct ms_addr *src = &m->src_flow.ep.addr, *dst = &m->dst_flow.ep.addr;
	size_t octets = ms_addr_octets(src);
	int s, d, sp, dp;

	if (src->family != dst->family || m->src_mask.ep.addr.family != src->family
		|| m->dst_mask.ep.addr.family != src->family)
		return false;
	s = prefix_of(m->src_mask.ep.addr.b, octets);
	d = prefix_of(m->dst_mask.ep.addr.b, octets);
	sp = port_prefix(m->src_mask.ep.port);
	dp = port_prefix(m->dst_mask.ep.port);
	if (s < 0 || d < 0 || sp < 0 || dp < 0)
		return false;
	memset(key, 0, sizeof *key);
	key->family = src->family;
	memcpy(key->src, src->b, octets);
	memcpy(key->dst, dst->b, octets);
	key->sport = m->src_flow.ep.port;
	key->dport = m->dst_flow.ep.port;
	key->proto = HAS(m, X_PROTOCOL) ? m->protocol.proto : 0;
	/* older callers leave the mask's port away */
	if (sp == 0 && key->sport != 0)
		sp = 16;
	if (dp == 0 && key->dport != 0)
		dp = 16;
	*mask = (struct flow_mask){ src->family, (uint8_t)s, (uint8_t)d, key->proto != 0 ? 8 : 0,
		(uint8_t)sp, (uint8_t)dp };
	return true;
}

static bool shunt_of(uint32_t spi, enum ms_shunt *out)
{
	static const struct {
		uint32_t spi;
		enum ms_shunt shunt;
	} rows[] = {
		{ MS_SPI_PASS, MS_SHUNT_PASS },
		{ MS_SPI_DROP, MS_SHUNT_DROP },
		{ MS_SPI_REJECT, MS_SHUNT_REJECT },
		{ MS_SPI_HOLD, MS_SHUNT_HOLD },
		{ MS_SPI_TRAP, MS_SHUNT_TRAP },
		{ MS_SPI_TRAPSUBNET, MS_SHUNT_TRAP },
	};
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].spi == spi) {
			*out = rows[i].shunt;
			return true;
		}
	return false;
}

/* --- add -------------------------------------------------------------------------------------- */

/* INFLOW: what may come out of the group, kept with its IPIP member. */
static int set_inflow(struct pfkey_call *c, const struct ms_pfkey_msg *m, const struct flow *key,
	const struct flow_mask *mask)
{
	struct ms_said said = pfkey_said(m);
	struct klips_sa *sa = sadb_find(c->k->sadb, &said);
	struct ms_addr src = flow_addr(key, key->src), dst = flow_addr(key, key->dst);
	struct ms_subnet src_net = ms_subnet_make(&src, mask->src);
	struct ms_subnet dst_net = ms_subnet_make(&dst, mask->dst);
	struct ms_selector s = ms_selector_of_subnet(&src_net), d = ms_selector_of_subnet(&dst_net);
	ms_err err;

	s.protocol = d.protocol = key->proto;
	if (mask->sport == 16)
		s.port_first = s.port_last = key->sport;
	if (mask->dport == 16)
		d.port_first = d.port_last = key->dport;
	if (sa == NULL)
		return ENOENT;
	for (sa = sa_head(sa); sa != NULL && sa->said.protocol != MS_PROTO_TUN; sa = sa->outer)
		continue;
	if (sa == NULL)
		return ENOENT;
	err = sa_set_content(sa, &s, &d);
	if (err == MS_OK)
		life_allocate(c->k, sa);
	return pfkey_errno(err);
}

static char *identity(const struct ms_pfkey_ident *id)
{
	return id->text.len == 0 ? NULL : strndup((const char *)id->text.ptr, id->text.len);
}

static struct eroute *eroute_from_message(const struct ms_pfkey_msg *m, const struct flow *key,
	const struct flow_mask *mask)
{
	struct eroute *er = eroute_new(key, mask);

	if (er == NULL)
		return NULL;
	er->said = pfkey_said(m);
	er->pid = m->pid;
	if (HAS(m, IDENTITY_SRC))
		er->src_id = identity(&m->id_src);
	if (HAS(m, IDENTITY_DST))
		er->dst_id = identity(&m->id_dst);
	return er;
}

/* An SA inside a group stands for the group, which is named by its first member. */
static void point_to_sa(struct klips *k, struct eroute *er)
{
	struct klips_sa *sa = sadb_find(k->sadb, &er->said);

	if (sa == NULL)
		return;
	sa = sa_head(sa);
	er->said = sa->said;
	eroute_cache_sa(er, sa);
}

static void say_changed(const struct klips *k, const struct eroute *er, const char *what)
{
	char flow[TALK_PACKET], said[TALK_PACKET];

	talk(k, ROOM_EROUTE, TALK_ANY, "%s, masks %u, %u, %u, %u, %u => %s: %s", talk_flow(flow, &er->key),
		er->mask.src, er->mask.dst, er->mask.proto, er->mask.sport, er->mask.dport,
		talk_said(said, &er->said), what);
	talk(k, ROOM_RADIJ, TALK_ANY, "the table has %u eroutes after %llu changes",
		eroute_count(k->eroutes), (unsigned long long)eroute_changes(k->eroutes));
}

int pfkey_addflow(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct klips *k = c->k;
	struct eroute *er, *old;
	struct flow key;
	struct flow_mask mask;
	struct ms_said before = { .protocol = 0 };
	bool held;
	ms_err err;

	if (!key_from_message(m, &key, &mask))
		return EINVAL;
	if ((m->sa.flags & MS_PFKEY_INFLOW) != 0)
		return set_inflow(c, m, &key, &mask);
	if ((m->sa.flags & MS_PFKEY_POLICYONLY) != 0)
		return 0;
	er = eroute_from_message(m, &key, &mask);
	if (er == NULL)
		return ENOMEM;
	/* "tun SPI 0" is an older way to say pass */
	if (er->said.protocol == MS_PROTO_TUN && er->said.spi == 0) {
		er->said.protocol = MS_PROTO_INT;
		er->said.spi = MS_SPI_PASS;
	}
	if (er->said.protocol == 0
		|| (er->said.protocol == MS_PROTO_INT && !shunt_of(er->said.spi, &er->shunt))) {
		eroute_free(&er);
		return EINVAL;
	}
	if (er->shunt == MS_SHUNT_NONE)
		point_to_sa(k, er);
	old = eroute_exact(k->eroutes, &key, &mask);
	if (old != NULL && old->pid != er->pid && pfkey_client_manages(c->client))
		k->taken_over = true;
	if (old != NULL)
		before = old->said;
	held = old != NULL && old->shunt == MS_SHUNT_HOLD && !old->automatic;
	err = eroute_put(k->eroutes, er, (m->sa.flags & MS_PFKEY_REPLACEFLOW) != 0);
	if (err != MS_OK) {
		cds_list_del_init(&er->by_sa);
		eroute_free(&er);
		return pfkey_errno(err);
	}
	say_changed(k, er, old == NULL ? "added" : "replaced");
	if (er->sa != NULL) {
		m->sa.ref = er->sa->ref;
		if (!ms_said_eq(&before, &er->said))
			life_allocate(k, er->sa);
	}
	if (er->shunt == MS_SHUNT_HOLD)
		hold_adopt(k->holds, &er->key, &er->mask);
	else if (er->shunt != MS_SHUNT_TRAP)
		hold_release(k->holds, &er->key, &er->mask);
	else if (held) /* nothing came of it: the next packet asks again */
		hold_forget(k->holds, &er->key, &er->mask);
	return 0;
}

/* --- delete ----------------------------------------------------------------------------------- */

int pfkey_delflow(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct klips *k = c->k;
	union flow_words words;
	struct eroute *er;
	struct flow key;
	struct flow_mask mask;

	if (HAS(m, SA) && (m->sa.flags & MS_PFKEY_CLEARFLOW) != 0) {
		hold_clear(k->holds);
		eroute_clear(k->eroutes);
		return 0;
	}
	if ((m->has & FLOW_BITS) != FLOW_BITS || !key_from_message(m, &key, &mask))
		return EINVAL;
	er = eroute_exact(k->eroutes, &key, &mask);
	if (er == NULL)
		return ENOENT;
	say_changed(k, er, "deleted");
	/* the holds first: theirs may be this very eroute */
	words = er->key;
	hold_forget(k->holds, &words, &mask);
	er = eroute_exact(k->eroutes, &key, &mask);
	if (er != NULL)
		eroute_remove(k->eroutes, er);
	return 0;
}
