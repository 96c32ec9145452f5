/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration Payload: an address for the peer, or one from it, in IKE_AUTH.
 * Standards: RFC 7296 s2.19, s3.15; RFC 8598 s3.1 (domains).
 *
 *     ... CP(CFG_REQUEST), SAi2, TSi, TSr  -->
 *                                          <--  ... CP(CFG_REPLY), SAr2, TSi, TSr
 *
 * A lease belongs to the IKE SA (its heir inherits it) and goes back when that goes.  The addresses
 * become the peer's clients in the connection, which is an instance; ours become our clients.
 * INTERNAL_IP4/6_SUBNET, what is behind the server, are in cp_nets.c.
 */
#include "core/ike/ike_sa.h"
#include "core/ikev2/cp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IP6_OCTETS   17 /* address and prefix length */
#define DNS_TEXT_MAX 512

static const unsigned address_attr[2] = { IKE_CFG_IP4_ADDRESS, IKE_CFG_IP6_ADDRESS };
static const unsigned dns_attr[2] = { IKE_CFG_IP4_DNS, IKE_CFG_IP6_DNS };
static const unsigned subnet_attr[2] = { IKE_CFG_IP4_SUBNET, IKE_CFG_IP6_SUBNET };

static void put_attr(struct ike_out *out, unsigned type, struct ms_bytes value)
{
	wire_put_uint(&out->w, type, 2);
	wire_put_uint(&out->w, value.len, 2);
	wire_put(&out->w, value);
}

static void open_cp(struct ike_out *out, unsigned type)
{
	struct ike_cp_payload cp = { .type = type };

	ike_out_put(out, IKE_P_CP, &cp);
}

/* False: the next one is not whole, or there is none. */
static bool next_attr(struct wire_reader *r, unsigned *type, struct ms_bytes *value)
{
	if (wire_left(r) == 0)
		return false;
	*type = wire_u16(r) & 0x7fff; /* the highest bit is reserved */
	*value = wire_take(r, wire_u16(r));
	return wire_ok(r);
}

static bool open_body(struct ms_bytes body, unsigned type, struct wire_reader *r)
{
	struct wire_reader whole = wire_reader(body);
	struct ike_cp_payload cp;

	if (body.len == 0 || ike_layout_get(&ike_cp_layout, &whole, &cp) || cp.type != type)
		return false;
	*r = wire_reader(cp.attributes);
	return true;
}

/* An address attribute of either family; the rest of an IPv6 one is its prefix length. */
static bool get_addr(unsigned type, struct ms_bytes v, struct ms_addr out[2])
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned len = i == 0 ? 4 : 16;

		if (type == address_attr[i] && v.len >= len && out[i].family == 0)
			return ms_addr_from_octets(&out[i], v.ptr, len) == MS_OK;
	}
	return false;
}

static void put_addr(struct ike_out *out, const struct ms_addr *a)
{
	uint8_t value[IP6_OCTETS];
	bool v6 = a->family == AF_INET6;

	memcpy(value, a->b, 16);
	value[16] = 128;
	put_attr(out, address_attr[v6], ms_bytes(value, v6 ? IP6_OCTETS : 4));
}

/* --- client ---------------------------------------------------------------------------------- */

void ike_cp_put_request(struct ike_sa *ike, struct ike_out *out)
{
	const struct conn *c = ike->conn;
	const struct ms_addr had[2] = { c->local.sourceip, c->local.sourceip6 };

	if (!conn_end_asks(&c->local))
		return;
	open_cp(out, IKE_CFG_REQUEST);
	for (unsigned i = 0; i < 2; i++) {
		if (!c->local.cp_ask[i])
			continue;
		if (had[i].family != 0)
			put_addr(out, &had[i]);
		else
			put_attr(out, address_attr[i], ms_bytes(NULL, 0));
		put_attr(out, dns_attr[i], ms_bytes(NULL, 0));
		put_attr(out, subnet_attr[i], ms_bytes(NULL, 0));
	}
	put_attr(out, IKE_CFG_DNS_DOMAIN, ms_bytes(NULL, 0));
}

static void add_word(char *list, size_t size, const char *word)
{
	size_t n = strlen(list);

	if (n + strlen(word) + 2 <= size)
		snprintf(list + n, size - n, "%s%s", n > 0 ? " " : "", word);
}

/* A name of letters, digits, '-', '_' and dots: it ends up in scripts and files. */
static bool is_domain(struct ms_bytes v)
{
	for (size_t i = 0; i < v.len; i++) {
		uint8_t ch = v.ptr[i];

		if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') &&
			!(ch >= '0' && ch <= '9') && ch != '-' && ch != '_' && ch != '.')
			return false;
	}
	return v.len > 0 && v.len <= 255;
}

static void take_dns(unsigned type, struct ms_bytes v, char *dns, char *domains)
{
	char text[256];
	struct ms_addr a;

	if ((type == IKE_CFG_IP4_DNS && v.len == 4) || (type == IKE_CFG_IP6_DNS && v.len == 16)) {
		if (ms_addr_from_octets(&a, v.ptr, v.len) == MS_OK) {
			ms_addr_text(&a, text, sizeof(text));
			add_word(dns, DNS_TEXT_MAX, text);
		}
	} else if (type == IKE_CFG_DNS_DOMAIN && is_domain(v)) {
		memcpy(text, v.ptr, v.len);
		text[v.len] = '\0';
		add_word(domains, DNS_TEXT_MAX, text);
	}
}

static ms_err keep_text(char **to, const char *text)
{
	free(*to);
	*to = text[0] ? strdup(text) : NULL;
	return text[0] && !*to ? MS_ERR_NOMEM : MS_OK;
}

ms_err ike_cp_apply(struct conn *c, const struct ms_addr lease[2])
{
	if (!conn_end_asks(&c->local))
		return MS_OK;
	if (!c->local.has_client && !conn_end_lease(&c->local, lease))
		return MS_ERR_NOMEM;
	c->local.sourceip = lease[0];
	c->local.sourceip6 = lease[1];
	return MS_OK;
}

ms_err ike_cp_take_reply(struct ike_sa *ike, struct ms_why *why)
{
	struct conn *c = ike->conn;
	char dns[DNS_TEXT_MAX] = "", domains[DNS_TEXT_MAX] = "";
	struct ms_addr addr[2] = { { .family = 0 }, { .family = 0 } };
	struct ms_logger lg = ike_logger(ike);
	struct ike_nets nets = { .n = 0 };
	struct wire_reader r;
	struct ms_bytes v;
	unsigned type;
	ms_err err;

	if (!conn_end_asks(&c->local))
		return MS_OK;
	if (open_body(ike->x->cp, IKE_CFG_REPLY, &r)) {
		while (next_attr(&r, &type, &v))
			if (!ike_nets_take(ike, type, v, &nets) && !get_addr(type, v, addr))
				take_dns(type, v, dns, domains);
		if (!wire_ok(&r))
			return ms_fail(why, MS_ERR_SYNTAX, "malformed CP payload");
	}
	/* Only what was asked for. */
	for (unsigned i = 0; i < 2; i++)
		if (!c->local.cp_ask[i] || ms_addr_is_any(&addr[i]))
			addr[i].family = 0;
	if (addr[0].family == 0 && addr[1].family == 0)
		return ms_fail(why, MS_ERR_PEER_REFUSED, "the peer gave no address");
	err = keep_text(&c->dns, c->desc->ignore_peer_dns ? "" : dns);
	if (err == MS_OK)
		err = keep_text(&c->domains, c->desc->ignore_peer_dns ? "" : domains);
	if (err == MS_OK)
		err = ike_nets_keep(ike, &nets);
	if (err == MS_OK)
		err = ike_cp_apply(c, addr);
	if (err)
		return err;
	memcpy(ike->lease, addr, sizeof(addr));
	for (unsigned i = 0; i < 2; i++) {
		char text[MS_ADDR_TEXT];

		if (addr[i].family == 0)
			continue;
		ms_addr_text(&addr[i], text, sizeof(text));
		ms_info(&lg, "received INTERNAL_IP%c_ADDRESS %s%s%s", i == 0 ? '4' : '6', text,
			c->dns ? ", name servers " : "", c->dns ? c->dns : "");
	}
	return MS_OK;
}

/* --- server ---------------------------------------------------------------------------------- */

bool ike_cp_asked(struct ike_sa *ike)
{
	struct ms_attr_request *ask = &ike->x->ask;
	struct wire_reader r;
	struct ms_bytes v;
	unsigned type;

	if (!open_body(ike->x->cp, IKE_CFG_REQUEST, &r))
		return false;
	while (next_attr(&r, &type, &v)) {
		for (unsigned i = 0; i < 2; i++)
			ask->ask[i] |= type == address_attr[i];
		(void)get_addr(type, v, ask->wanted);
	}
	return ask->ask[0] || ask->ask[1];
}

struct lease_wait {
	struct ike_sa *ike;
	struct conn *conn;
	ike_step_f *next;
};

static void give_back(struct ike_sa *ike, const struct conn *c, const struct ms_addr addr[2])
{
	const struct host *h = ike->e->host;

	for (unsigned i = 0; i < 2; i++)
		if (addr[i].family != 0)
			h->ops->release(h->ctx, c, &addr[i]);
}

static void leased(
	void *arg, ms_err err, const struct ms_attr_lease *lease, const struct ms_why *why)
{
	struct lease_wait *w = arg;
	struct ike_sa *ike = w->ike;
	struct conn *c = w->conn;
	struct ms_logger lg = ike_logger(ike);
	ike_step_f *next = w->next;

	free(w);
	if (err == MS_OK && (ike->gone || !ike->x)) {
		give_back(ike, c, lease->addr);
	} else if (err == MS_OK) {
		memcpy(ike->lease, lease->addr, sizeof(ike->lease));
		if (!conn_end_lease(&c->remote, ike->lease) || !ike_nets_announce(ike, lease))
			err = MS_ERR_NOMEM;
		for (unsigned i = 0; i < 2; i++) {
			char text[MS_ADDR_TEXT];

			if (ike->lease[i].family == 0)
				continue;
			ms_addr_text(&ike->lease[i], text, sizeof(text));
			ms_info(&lg, "assigned address %s", text);
		}
	}
	if (!ike->gone && ike->x)
		next(ike, err, why);
	conn_unref(&c);
	ike_sa_unref(&ike);
}

void ike_cp_lease(struct ike_sa *ike, ike_step_f *next)
{
	const struct host *h = ike->e->host;
	struct ms_attr_request *ask = &ike->x->ask;
	struct lease_wait *w = h->ops->lease ? calloc(1, sizeof(*w)) : NULL;

	if (!w) {
		next(ike, h->ops->lease ? MS_ERR_NOMEM : MS_ERR_CONFIG, NULL);
		return;
	}
	w->ike = ike_sa_ref(ike);
	w->conn = conn_ref(ike->conn);
	w->next = next;
	ask->pool = ike->conn->remote.pool;
	ask->peer = &ike->peer_id;
	ask->share = ike->e->params.unique_ids && ike->conn->desc->share_lease;
	h->ops->lease(h->ctx, ike->conn, ask, leased, w);
}

static bool is_turn(const struct conn_end *client, const struct ms_addr lease[2])
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (lease[i].family == 0)
			continue;
		if (n == client->n_clients ||
			!ms_addr_eq(&client->clients[n].range.first, &lease[i]))
			return false;
		n++;
	}
	return n == 0 || n == client->n_clients;
}

ms_err ike_cp_turn(struct ike_sa *ike, struct conn *c)
{
	if (c != ike->conn || !c->remote.pool || is_turn(&c->remote, ike->lease))
		return MS_OK;
	return conn_end_lease(&c->remote, ike->lease) ? MS_OK : MS_ERR_NOMEM;
}

void ike_cp_release(struct ike_sa *ike)
{
	if (ike->conn->remote.pool)
		give_back(ike, ike->conn, ike->lease);
	memset(ike->lease, 0, sizeof(ike->lease));
}

static void put_servers(const struct conn *c, struct ike_out *out, const struct ms_addr lease[2])
{
	for (char **text = c->desc->modecfgdns; text && *text; text++) {
		struct ms_addr a;

		if (ms_addr_parse(&a, *text, strlen(*text), 0, MS_TEXT_NUMERIC, NULL) == MS_OK &&
			lease[a.family == AF_INET6].family != 0)
			put_attr(out, dns_attr[a.family == AF_INET6],
				ms_bytes(a.b, ms_addr_octets(&a)));
	}
	for (char **text = c->desc->modecfgdomains; text && *text; text++)
		put_attr(out, IKE_CFG_DNS_DOMAIN, ms_bytes(*text, strlen(*text)));
}

void ike_cp_put_reply(struct ike_sa *ike, struct ike_out *out)
{
	if (!ike->conn->remote.pool || (ike->lease[0].family == 0 && ike->lease[1].family == 0))
		return;
	open_cp(out, IKE_CFG_REPLY);
	for (unsigned i = 0; i < 2; i++)
		if (ike->lease[i].family != 0)
			put_addr(out, &ike->lease[i]);
	put_servers(ike->conn, out, ike->lease);
	ike_nets_put(ike, out);
}
