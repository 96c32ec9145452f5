/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INTERNAL_IP4_SUBNET and INTERNAL_IP6_SUBNET: what a gateway says is behind it, both roles.
 * Standards: RFC 7296 s3.15.1, s3.15.2.
 *
 * What may go through a CHILD SA is what its traffic selectors say, and those are never wider than our
 * policy.  Within that the networks count: one that our policy has and the gateway's TSr has not is
 * asked for by a CHILD SA of its own (s3.15.2), as an instance of the connection, because SAs of one
 * connection share their clients.  What TSr has beside the networks goes through the tunnel all the
 * same, or packets that a person wants protected would leave in clear, unless cisco-split=yes says
 * that they shall.
 */
#include "core/child/child_priv.h"
#include "core/ike/lifetime.h"
#include "core/ike/report.h"
#include "core/ikev2/cp.h"
#include "core/ikev2/ts.h"

#include <stdlib.h>
#include <string.h>

#define IP6_OCTETS 17 /* address and prefix length */

static const unsigned subnet_attr[2] = { IKE_CFG_IP4_SUBNET, IKE_CFG_IP6_SUBNET };

/* --- client ---------------------------------------------------------------------------------- */

/* s3.15.1: address and mask, or address and prefix length. */
static ms_err get_net(bool v6, struct ms_bytes v, struct ms_subnet *out, struct ms_why *why)
{
	unsigned bits = 0, len = v6 ? 16 : 4;
	struct ms_addr a, mask;

	if (v.len != (v6 ? IP6_OCTETS : 8))
		return ms_fail(why, MS_ERR_SYNTAX, "%zu octets", v.len);
	if (ms_addr_from_octets(&a, v.ptr, len))
		return MS_ERR_BUG;
	if (v6)
		bits = v.ptr[16];
	while (!v6 && bits < 32 && v.ptr[4 + bits / 8] >> (7 - bits % 8) & 1)
		bits++;
	if (bits > 8 * len)
		return ms_fail(why, MS_ERR_SYNTAX, "a prefix of %u bits", bits);
	*out = ms_subnet_make(&a, bits);
	mask = ms_subnet_mask(out);
	if (!v6 && memcmp(mask.b, v.ptr + 4, 4) != 0)
		return ms_fail(why, MS_ERR_SYNTAX, "a mask with holes");
	return MS_OK;
}

static bool has_net(const struct ike_nets *nets, const struct ms_subnet *net)
{
	for (unsigned i = 0; i < nets->n; i++)
		if (ms_subnet_eq(&nets->net[i], net))
			return true;
	return false;
}

bool ike_nets_take(struct ike_sa *ike, unsigned type, struct ms_bytes v, struct ike_nets *to)
{
	bool v6 = type == IKE_CFG_IP6_SUBNET;
	struct ms_logger lg = ike_logger(ike);
	struct ms_why why = { "" };
	struct ms_subnet net;

	if (!v6 && type != IKE_CFG_IP4_SUBNET)
		return false;
	/* One message may be full of them. */
	lg.limit = &ike->e->limit;
	if (v.len == 0)
		return true; /* it has none to tell */
	if (get_net(v6, v, &net, &why))
		ms_notice(&lg, "INTERNAL_IP%c_SUBNET is malformed (%s), ignoring", v6 ? '6' : '4',
			why.text);
	else if (!ike->conn->local.cp_ask[v6])
		ms_notice(&lg, "INTERNAL_IP%c_SUBNET without an address of that family, ignoring",
			v6 ? '6' : '4');
	else if (to->n == IKE_MAX_NETS && !has_net(to, &net))
		ms_notice(&lg, "more than %u networks of the peer, ignoring", IKE_MAX_NETS);
	else if (!has_net(to, &net))
		to->net[to->n++] = net;
	return true;
}

ms_err ike_nets_keep(struct ike_sa *ike, const struct ike_nets *nets)
{
	struct conn *c = ike->conn;
	char text[MS_SUBNET_TEXT];

	free(c->nets);
	c->nets = NULL;
	c->n_nets = 0;
	if (nets->n == 0)
		return MS_OK;
	c->nets = malloc(nets->n * sizeof(*c->nets));
	if (!c->nets)
		return MS_ERR_NOMEM;
	memcpy(c->nets, nets->net, nets->n * sizeof(*c->nets));
	c->n_nets = (uint8_t)nets->n;
	for (unsigned i = 0; i < nets->n; i++) {
		ms_subnet_text(&nets->net[i], text, sizeof(text));
		ike_report(ike, ike->serial, MS_RC_LOG, "received INTERNAL_IP%c_SUBNET %s",
			nets->net[i].net.family == AF_INET ? '4' : '6', text);
	}
	return MS_OK;
}

unsigned ike_nets_split(const struct conn *c, struct ms_selector *theirs, unsigned n)
{
	struct ms_selector nets[IKE_MAX_NETS], in[CHILD_MAX_SELECTORS];
	unsigned n_in;

	for (unsigned i = 0; i < c->n_nets; i++)
		nets[i] = ms_selector_of_subnet(&c->nets[i]);
	n_in = c->desc->cisco_split ? ike_ts_narrow(theirs, n, nets, c->n_nets, in) : 0;
	if (n_in == 0)
		return n;
	memcpy(theirs, in, n_in * sizeof(*in));
	return n_in;
}

static bool within(const struct ms_selector *s, const struct ms_selector *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (ms_selector_contains(&list[i], s))
			return true;
	return false;
}

/* Some CHILD SA of this IKE SA carries it, or will. */
static bool is_served(const struct ike_sa *ike, const struct ms_selector *s)
{
	for (const struct child_sa *o = ike->children; o; o = o->next) {
		if (o->state >= CHILD_REKEYED)
			continue;
		if (o->n_theirs ? within(s, o->theirs, o->n_theirs)
				: o->conn->part && within(s, o->conn->remote.clients,
							   o->conn->remote.n_clients))
			return true;
	}
	return false;
}

static void ask_for(struct ike_sa *ike, const struct ms_selector *theirs)
{
	struct conn *part = conn_part(ike->e->conns, ike->conn, theirs);
	struct ms_logger lg = ike_logger(ike);
	char text[MS_SELECTOR_TEXT];

	ms_selector_text(theirs, text, sizeof(text));
	ms_info(&lg, "a CHILD SA of its own is asked for %s", text);
	if (!part || ike_child_attempt(ike, part)) {
		ms_error(&lg, "no memory for the CHILD SA for %s", text);
		if (part)
			ike_drop_instance(ike->e, part);
	}
	conn_unref(&part);
}

void ike_nets_further(struct ike_sa *ike)
{
	const struct conn *c = ike->conn;
	struct ms_logger lg = ike_logger(ike);
	char text[MS_SUBNET_TEXT];
	unsigned asked = 0;

	for (unsigned i = 0; i < c->n_nets; i++) {
		struct ms_selector net = ms_selector_of_subnet(&c->nets[i]), part;
		bool whole = false;

		for (unsigned k = 0; k < c->remote.n_clients; k++) {
			if (!ms_selector_intersect(&c->remote.clients[k], &net, &part))
				continue;
			whole |= ms_range_eq(&part.range, &net.range);
			if (!is_served(ike, &part) && asked++ < IKE_MAX_NETS)
				ask_for(ike, &part);
		}
		if (whole)
			continue;
		ms_subnet_text(&c->nets[i], text, sizeof(text));
		ms_notice(&lg, "the peer is a gateway to %s too, which this connection does not ask for",
			text);
	}
}

/* --- server ---------------------------------------------------------------------------------- */

static void put_net(struct ike_out *out, const struct ms_subnet *net)
{
	bool v6 = net->net.family == AF_INET6;
	struct ms_addr mask = ms_subnet_mask(net);
	uint8_t value[IP6_OCTETS];

	memcpy(value, net->net.b, 16);
	value[16] = net->bits;
	if (!v6)
		memcpy(value + 4, mask.b, 4);
	wire_put_uint(&out->w, subnet_attr[v6], 2);
	wire_put_uint(&out->w, v6 ? IP6_OCTETS : 8, 2);
	wire_put(&out->w, ms_bytes(value, v6 ? IP6_OCTETS : 8));
}

bool ike_nets_announce(struct ike_sa *ike, const struct ms_attr_lease *lease)
{
	struct ike_exchange *x = ike->x;
	size_t octets = lease->n_subnets * sizeof(*x->announce);

	if (lease->n_subnets == 0)
		return true;
	x->announce = ms_arena_alloc(x->arena, octets);
	if (!x->announce)
		return false;
	memcpy(x->announce, lease->subnets, octets);
	x->n_announce = lease->n_subnets;
	return true;
}

/* For clients that route only these to us: what attr plugins say, or the networks behind us. */
void ike_nets_put(const struct ike_sa *ike, struct ike_out *out)
{
	const struct ike_exchange *x = ike->x;
	const struct conn_end *us = &ike->conn->local;

	for (unsigned i = 0; i < x->n_announce; i++)
		if (ike->lease[x->announce[i].net.family == AF_INET6].family != 0)
			put_net(out, &x->announce[i]);
	for (unsigned i = 0; x->n_announce == 0 && i < us->n_clients; i++) {
		struct ms_subnet net;

		if (ms_range_to_subnet(&us->clients[i].range, &net) == MS_OK && net.bits > 0)
			put_net(out, &net);
	}
}
