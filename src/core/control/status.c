/* SPDX-License-Identifier: Apache-2.0 */
#include "core/control/status.h"

#include <modswan/registry.h>

#include "lib/log/sink.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum ms_alg_kind kind;
	const char *words; /* the family's */
} offered_kinds[] = {
	{ MS_ALG_ENCR, "ESP encrypt" },
	{ MS_ALG_INTEG, "ESP auth attr" },
	{ MS_ALG_PRF, "IKE prf" },
	{ MS_ALG_KE, "IKE dh group" },
};

static const char *words_of(enum ms_alg_kind kind)
{
	for (unsigned i = 0; i < sizeof offered_kinds / sizeof offered_kinds[0]; i++)
		if (offered_kinds[i].kind == kind)
			return offered_kinds[i].words;
	return NULL;
}

/* One line for each algorithm; the registry has a row for each key size, next to each other. */
static void algorithms_offered(call *c)
{
	struct ms_alg_info a, next;

	for (unsigned i = 0; ms_crypto_list(i, &a); i++) {
		unsigned min = a.key_bits, max = a.key_bits;

		if (!a.offered || !a.first || words_of(a.kind) == NULL)
			continue;
		while (ms_crypto_list(i + 1, &next) && next.kind == a.kind && next.id == a.id) {
			if (next.offered && next.key_bits < min)
				min = next.key_bits;
			if (next.offered && next.key_bits > max)
				max = next.key_bits;
			i++;
		}
		if (max > 0)
			call_line(c, MS_RC_COMMENT,
				"algorithm %s: id=%u, name=%s, keysizemin=%u, keysizemax=%u",
				words_of(a.kind), a.id, a.name, min, max);
		else
			call_line(c, MS_RC_COMMENT, "algorithm %s: id=%u, name=%s", words_of(a.kind),
				a.id, a.name);
	}
}

void status_daemon(call *c)
{
	const struct daemon *d = c->d;
	struct ms_endpoint local;
	const char *dev;

	call_line(c, MS_RC_COMMENT, "using kernel interface: %s", d->kernel->name);
	for (unsigned i = 0; daemon_interface(d, i, &local, &dev); i++) {
		char text[MS_ADDR_TEXT];

		ms_addr_text(&local.addr, text, sizeof text);
		call_line(c, MS_RC_COMMENT, "interface %s %s UDP %u", dev, text, local.port);
	}
	call_line(c, MS_RC_COMMENT, "%%myid = %s", d->setup.myid == NULL ? "(none)" : d->setup.myid);
	call_line(c, MS_RC_COMMENT, "debug %s", ms_log_debug_mask() == 0 ? "none" : "on");
	call_line(c, MS_RC_COMMENT, "config setup options:");
	call_line(c, MS_RC_COMMENT,
		"configdir=%s, rundir=%s, uniqueids=%s, ikeport=%u, nat-ikeport=%u", d->confdir,
		d->rundir, d->setup.uniqueids ? "yes" : "no",
		d->setup.ikeport == 0 ? 500 : d->setup.ikeport,
		d->setup.nat_ikeport == 0 ? 4500 : d->setup.nat_ikeport);
	call_line(c, MS_RC_COMMENT, " ");
	algorithms_offered(c);
	call_line(c, MS_RC_COMMENT, " ");
	call_line(c, MS_RC_COMMENT, "Connection list:");
	call_line(c, MS_RC_COMMENT, " ");
}

/* --- a connection --------------------------------------------------------------------------------- */

static size_t host_text(const struct conn_end *e, char *buf, size_t size)
{
	char addr[MS_ADDR_TEXT] = "%any", id[MS_ID_TEXT];
	struct ms_addr id_addr;
	size_t n;

	if (e->host.addr.family != 0)
		ms_addr_text(&e->host.addr, addr, sizeof addr);
	n = (size_t)snprintf(buf, size, "%s", addr);
	if (e->host.port != 500 && n < size)
		n += (size_t)snprintf(buf + n, size - n, ":%u", e->host.port);
	/* The address itself as identity goes without saying. */
	if (ms_id_to_addr(&e->id, &id_addr) && ms_addr_eq(&id_addr, &e->host.addr))
		return n;
	ms_id_text(&e->id, id, sizeof id);
	if (n < size)
		n += (size_t)snprintf(buf + n, size - n, "[%s]", id);
	return n;
}

static void protoport_text(const struct ms_selector *s, char *buf, size_t size)
{
	buf[0] = '\0';
	if (s->protocol == 0)
		return;
	if (s->port_first == s->port_last)
		snprintf(buf, size, ":%u/%u", s->protocol, s->port_first);
	else
		snprintf(buf, size, ":%u/%%any", s->protocol);
}

static void client_text(const struct ms_selector *s, char *buf, size_t size)
{
	struct ms_subnet net;

	if (ms_range_to_subnet(&s->range, &net) == MS_OK)
		ms_subnet_text(&net, buf, size);
	else
		ms_range_text(&s->range, buf, size);
}

/* client===host[id]---nexthop...host[id]===client */
static void topology(call *c, const struct conn *conn, unsigned i, unsigned k)
{
	char name[256], host[2][MS_ID_TEXT + 64], net[2][MS_RANGE_TEXT] = { "", "" };
	char pp[2][24], hop[MS_ADDR_TEXT + 4] = "", owner[64];
	const struct conn_end *l = &conn->local, *r = &conn->remote;

	conn_name_text(conn, name, sizeof name);
	host_text(l, host[0], sizeof host[0]);
	host_text(r, host[1], sizeof host[1]);
	if (l->has_client)
		client_text(&l->clients[i], net[0], sizeof net[0]);
	if (r->has_client)
		client_text(&r->clients[k], net[1], sizeof net[1]);
	protoport_text(&l->clients[i], pp[0], sizeof pp[0]);
	protoport_text(&r->clients[k], pp[1], sizeof pp[1]);
	if (l->nexthop.family != 0) {
		strcpy(hop, "---");
		ms_addr_text(&l->nexthop, hop + 3, sizeof hop - 3);
	}
	snprintf(owner, sizeof owner, conn->eroute_owner == 0 ? "#0" : "#%u", conn->eroute_owner);
	call_line(c, MS_RC_COMMENT, "%s: %s%s%s%s%s...%s%s%s%s; %s; eroute owner: %s", name, net[0],
		net[0][0] == '\0' ? "" : "===", host[0], pp[0], hop, host[1], pp[1],
		net[1][0] == '\0' ? "" : "===", net[1],
		conn->oriented ? route_state_name(conn->routing) : "unoriented", owner);
}

static void policy_words(const struct conn *conn, char *buf, size_t size)
{
	const struct ms_conn_desc *d = conn->desc;
	const struct {
		bool on;
		const char *word;
	} words[] = {
		{ d->authby & MS_AUTH_PSK, "PSK" },
		{ d->authby & MS_AUTH_RSA, "RSASIG" },
		{ d->authby & MS_AUTH_ECDSA, "ECDSA" },
		{ d->authby & MS_AUTH_NULL, "AUTH_NULL" },
		{ d->type <= MS_TYPE_TRANSPORT, "ENCRYPT" },
		{ d->type == MS_TYPE_TUNNEL, "TUNNEL" },
		{ d->type == MS_TYPE_PASS, "PASS" },
		{ d->type == MS_TYPE_DROP, "DROP" },
		{ d->type == MS_TYPE_REJECT, "REJECT" },
		{ d->pfs, "PFS" },
		{ !d->rekey, "DONT_REKEY" },
		{ conn->wanted_up, "UP" },
		{ conn->wanted_routed, "ROUTED" },
		{ d->type <= MS_TYPE_TRANSPORT, "IKEV2_ALLOW" },
		{ d->narrowing, "IKEV2_ALLOW_NARROWING" },
	};
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].on && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n == 0 ? "" : "+",
				words[i].word);
}

static const char *auth_word(uint32_t auth)
{
	if (auth & MS_AUTH_PSK)
		return auth == MS_AUTH_PSK ? "secret" : "secret|rsasig";
	if (auth & (MS_AUTH_RSA | MS_AUTH_ECDSA | MS_AUTH_EDDSA))
		return "rsasig";
	return auth & MS_AUTH_NULL ? "null" : "never";
}

static const char *or_word(const char *text, const char *word)
{
	return text != NULL ? text : word;
}

static void certificates(call *c, const struct conn *conn, const char *name)
{
	static const char *const when[] = { [MS_SENDCERT_ALWAYS] = "always",
		[MS_SENDCERT_IFASKED] = "ifasked", [MS_SENDCERT_NEVER] = "never" };
	const struct conn_end *l = &conn->local, *r = &conn->remote;

	if (l->cert != NULL || r->cert != NULL)
		call_line(c, MS_RC_COMMENT, "%s:   mycert=%s; hiscert=%s; sendcert: %s;", name,
			or_word(l->cert, "unset"), or_word(r->cert, "unset"), when[l->sendcert]);
	if (l->ca != NULL || r->ca != NULL)
		call_line(c, MS_RC_COMMENT, "%s:   CAs: '%s'...'%s'", name, or_word(l->ca, "%any"),
			or_word(r->ca, "%any"));
}

static void settings(call *c, const struct conn *conn, const char *name)
{
	const struct ms_conn_desc *d = conn->desc;
	char words[256];

	call_line(c, MS_RC_COMMENT, "%s:   our auth:%s, their auth:%s", name,
		auth_word(conn->local.auth), auth_word(conn->remote.auth));
	certificates(c, conn, name);
	call_line(c, MS_RC_COMMENT,
		"%s:   ike_life: %llus; ipsec_life: %llus; replay_window: %u; rekey_margin: %llus; "
		"rekey_fuzz: %u%%; keyingtries: %u;",
		name, (unsigned long long)d->ike_lifetime_ms / 1000,
		(unsigned long long)d->ipsec_lifetime_ms / 1000, d->replay_window,
		(unsigned long long)d->rekey_margin_ms / 1000, d->rekey_fuzz_percent, d->keyingtries);
	call_line(c, MS_RC_COMMENT, "%s:   retransmit-interval: %llums; retransmit-timeout: %llus;",
		name, (unsigned long long)d->retransmit_interval_ms,
		(unsigned long long)d->retransmit_timeout_ms / 1000);
	policy_words(conn, words, sizeof words);
	call_line(c, MS_RC_COMMENT, "%s:   policy: %s;", name, words);
	call_line(c, MS_RC_COMMENT, "%s:   conn_prio: %u; interface: %s; metric: %u; mtu: %u;", name,
		d->priority, conn->physical[0] == '\0' ? "(none)" : conn->physical, d->metric, d->mtu);
	call_line(c, MS_RC_COMMENT, "%s:   dpd: delay:%llu; nat-t: encaps:%s;", name,
		(unsigned long long)d->dpd_delay_ms / 1000,
		d->encapsulation == MS_YES ? "yes" : d->encapsulation == MS_NO ? "no" : "auto");
}

static void algorithms(call *c, const struct conn *conn, const char *name)
{
	char text[1024];
	struct ike_sa *ike = ike_by_serial(c->d->ike, conn->newest_ike);
	struct child_sa *child = child_by_serial(c->d->ike, conn->newest_child);

	ms_proposals_text(conn->ike, text, sizeof text);
	call_line(c, MS_RC_COMMENT, "%s:   IKE algorithms wanted: %s", name, text);
	if (ike != NULL) {
		struct ike_info info;

		ike_info(ike, &info);
		ms_suite_text(&info.suite, text, sizeof text);
		call_line(c, MS_RC_COMMENT, "%s:   IKE algorithm newest: %s", name, text);
	}
	ms_proposals_text(conn->esp, text, sizeof text);
	call_line(c, MS_RC_COMMENT, "%s:   ESP algorithms wanted: %s", name, text);
	if (child != NULL) {
		ms_suite_text(&child->suite, text, sizeof text);
		call_line(c, MS_RC_COMMENT, "%s:   ESP algorithm newest: %s", name, text);
	}
}

void status_conn(call *c, const struct conn *conn)
{
	char name[256], mine[MS_ADDR_TEXT];

	conn_name_text(conn, name, sizeof name);
	for (unsigned i = 0; i < conn->local.n_clients; i++)
		for (unsigned k = 0; k < conn->remote.n_clients; k++)
			topology(c, conn, i, k);
	strcpy(mine, "unset");
	if (conn->local.sourceip.family != 0)
		ms_addr_text(&conn->local.sourceip, mine, sizeof mine);
	call_line(c, MS_RC_COMMENT, "%s:     %s; my_ip=%s; their_ip=unset", name,
		conn->oriented ? "oriented" : "unoriented", mine);
	settings(c, conn, name);
	call_line(c, MS_RC_COMMENT, "%s:   newest IKE SA: #%u; newest IPsec SA: #%u;", name,
		conn->newest_ike, conn->newest_child);
	algorithms(c, conn, name);
}

/* --- states ------------------------------------------------------------------------------------------ */

void status_counts(call *c)
{
	unsigned ike = 0, half = ike_half_open(c->d->ike), open = 0, children = 0;

	for (struct ike_sa *i = ike_first(c->d->ike); i != NULL; i = ike_next(i)) {
		struct ike_info info;

		ike_info(i, &info);
		ike++;
		open += info.established;
		children += info.children;
	}
	call_line(c, MS_RC_COMMENT, "State Information: DDoS cookies %s, %s new IKE connections",
		c->d->setup.ddos_mode == MS_YES ? "REQUIRED" : "not required",
		c->d->listening ? "Accepting" : "NOT ACCEPTING");
	call_line(c, MS_RC_COMMENT,
		"IKE SAs: total(%u), half-open(%u), open(%u), authenticated(%u), anonymous(0)", ike,
		half, ike - open > half ? ike - open - half : 0, open);
	call_line(c, MS_RC_COMMENT, "IPsec SAs: total(%u), authenticated(%u), anonymous(0)", children,
		children);
}

static void event_text(const char *event, uint64_t in_ms, char *buf, size_t size)
{
	if (in_ms == UINT64_MAX || event == NULL)
		snprintf(buf, size, "no event");
	else
		snprintf(buf, size, "%s in %llus", event, (unsigned long long)in_ms / 1000);
}

void status_ike(call *c, const struct ike_info *info)
{
	char name[256], event[64];

	conn_name_text(info->conn, name, sizeof name);
	event_text(info->event, info->event_ms, event, sizeof event);
	call_line(c, MS_RC_COMMENT, "#%u: %s:%u %s (%s); %s; %sidle;", info->serial, name,
		info->remote.port, ike_state_name(info->state), ike_state_story(info->state), event,
		info->conn->newest_ike == info->serial ? "newest ISAKMP; " : "");
}

void status_child(call *c, const struct ike_info *info, const struct child_sa *k,
	const struct ms_kernel_op *traffic)
{
	char name[256], event[64], in[MS_SAID_TEXT], out[MS_SAID_TEXT];
	uint64_t in_ms;
	const char *what = child_event(k, &in_ms);
	struct ms_said sa_in = { k->local.addr, k->spi_in, MS_PROTO_ESP };
	struct ms_said sa_out = { k->remote.addr, k->spi_out, MS_PROTO_ESP };

	conn_name_text(k->conn, name, sizeof name);
	event_text(what, in_ms, event, sizeof event);
	call_line(c, MS_RC_COMMENT, "#%u: %s:%u %s (%s); %s; %s%sisakmp#%u; idle;", k->serial, name,
		k->remote.port, ike_state_name(info->state), ike_state_story(info->state), event,
		k->conn->newest_child == k->serial ? "newest IPSEC; " : "",
		k->conn->eroute_owner == k->serial ? "eroute owner; " : "", info->serial);
	ms_said_text(&sa_out, 0, out, sizeof out);
	ms_said_text(&sa_in, 0, in, sizeof in);
	call_line(c, MS_RC_COMMENT, "#%u: %s %s %s Traffic: ESPin=%lluB ESPout=%lluB", k->serial, name,
		out, in, (unsigned long long)(traffic == NULL ? 0 : traffic[0].counters.octets),
		(unsigned long long)(traffic == NULL ? 0 : traffic[1].counters.octets));
}
