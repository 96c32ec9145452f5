/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection as `ipsec status` shows it.
 *
 * Lines, words and their order are those that "How to read status output" of the family explains:
 * people read them, and scripts match them.  First eight lines for each pair of clients, then the
 * settings.  What there is not, is "unset"; blanks are the family's, two of them here and there.
 */
#include "core/control/status.h"

#include <modswan/registry.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *or_word(const char *text, const char *word)
{
	return text != NULL ? text : word;
}

/* Appends a piece; what does not fit is cut. */
MS_PRINTF(3, 4)
static void put(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

/* --- for each pair of clients --------------------------------------------------------------------- */

/* A name that people wrote for the address. */
static const char *host_name(const struct ms_end_desc *d)
{
	struct ms_addr a;

	if (d->host == NULL || d->host[0] == '%' ||
		ms_addr_parse(&a, d->host, strlen(d->host), 0, MS_TEXT_NUMERIC, NULL) == MS_OK)
		return NULL;
	return d->host;
}

/* [id,+MC+S=C]: identity unless it is the address, who hands out addresses, whether a certificate
 * is sent. */
static void options_text(const struct conn_end *e, const struct ms_end_desc *d, char *buf, size_t size)
{
	static const char *const sent[] = { [MS_SENDCERT_ALWAYS] = "S=C",
		[MS_SENDCERT_IFASKED] = "S?C", [MS_SENDCERT_NEVER] = "S-C" };
	const uint32_t signs = MS_AUTH_RSA | MS_AUTH_RSA_SHA1 | MS_AUTH_ECDSA | MS_AUTH_EDDSA;
	const char *flag[3];
	char id[MS_ID_TEXT] = "";
	struct ms_addr addr;
	unsigned n = 0;

	if (!ms_id_to_addr(&e->id, &addr) || !ms_addr_eq(&addr, &e->host.addr))
		ms_id_text(&e->id, id, sizeof id);
	if (conn_end_asks(e))
		flag[n++] = "MC";
	if (d->modecfgserver)
		flag[n++] = "MS";
	if (e->auth & signs)
		flag[n++] = sent[e->sendcert];
	if (id[0] == '\0' && n == 0)
		return;
	put(buf, size, "[%s%s", id, id[0] != '\0' && n > 0 ? ",+" : "");
	for (unsigned i = 0; i < n; i++)
		put(buf, size, "%s%s", i > 0 ? "+" : "", flag[i]);
	put(buf, size, "]");
}

/* What stands for a peer that is no host: the word that somebody wrote, of a member what is left of it. */
static const char *nobody(const struct ms_end_desc *d, bool member)
{
	if (d->host == NULL || d->host[0] != '%' || strcmp(d->host, "%any6") == 0)
		return "%any";
	return member && strcmp(d->host, "%opportunisticgroup") == 0 ? "%opportunistic" : d->host;
}

static void host_text(const struct conn_end *e, const struct ms_end_desc *d, bool member, char *buf,
	size_t size)
{
	char addr[MS_ADDR_TEXT];
	const char *word = nobody(d, member);

	if (e->host.addr.family != 0)
		ms_addr_text(&e->host.addr, addr, sizeof addr);
	else
		snprintf(addr, sizeof addr, "%s", e->name != NULL ? "%unresolved" : word);
	snprintf(buf, size, "%s", addr);
	if (e->host.addr.family == 0 && e->name == NULL && strcmp(word, "%any") != 0)
		return; /* neither identity nor anything else is known */
	if (e->host.port != 500)
		put(buf, size, ":%u", e->host.port);
	if (host_name(d) != NULL)
		put(buf, size, "<%s>", host_name(d));
	options_text(e, d, buf, size);
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

/* Which of the two written ends is ours. */
static const struct ms_end_desc *written(const struct conn *conn, bool local)
{
	return local == conn->left_is_local ? &conn->desc->left : &conn->desc->right;
}

/* client===host[id]---nexthop...host[id]===client */
static void topology(call *c, const struct conn *conn, const char *name, unsigned i, unsigned k)
{
	char host[2][MS_ID_TEXT + 400], net[2][MS_RANGE_TEXT] = { "", "" };
	char pp[2][24], hop[MS_ADDR_TEXT + 4] = "";
	const struct conn_end *l = &conn->local, *r = &conn->remote;

	host_text(l, written(conn, true), conn->member, host[0], sizeof host[0]);
	host_text(r, written(conn, false), conn->member, host[1], sizeof host[1]);
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
	call_line(c, MS_RC_COMMENT, "%s: %s%s%s%s%s...%s%s%s%s; %s; eroute owner: #%u", name, net[0],
		net[0][0] == '\0' ? "" : "===", host[0], pp[0], hop, host[1], pp[1],
		net[1][0] == '\0' ? "" : "===", net[1],
		conn->oriented ? route_state_name(conn->routing) : "unoriented", conn->eroute_owner);
}

static const char *auth_word(uint32_t auth)
{
	if (auth & MS_AUTH_PSK)
		return auth == MS_AUTH_PSK ? "secret" : "secret|rsasig";
	if (auth & (MS_AUTH_RSA | MS_AUTH_RSA_SHA1))
		return "rsasig";
	if (auth & MS_AUTH_ECDSA)
		return "ecdsa";
	if (auth & MS_AUTH_EDDSA)
		return "eddsa";
	return auth & MS_AUTH_NULL ? "null" : "never";
}

/* What DNS says of an end that is a name. */
static void name_line(call *c, const struct conn_end *e, const char *conn_name)
{
	const struct conn_name *n = e->name;
	char list[CONN_MAX_ADDRS * MS_ADDR_TEXT] = "", one[MS_ADDR_TEXT];

	if (n == NULL)
		return;
	for (unsigned i = 0; i < n->n; i++) {
		ms_addr_text(&n->addrs[i], one, sizeof one);
		put(list, sizeof list, "%s%s", i > 0 ? " " : "", one);
	}
	if (n->n > 0)
		call_line(c, MS_RC_COMMENT, "%s:   %s is %s (%s)%s%s;", conn_name, n->text, list,
			ms_dns_status_name(n->status), n->trouble != NULL ? "; now: " : "",
			or_word(n->trouble, ""));
	else
		call_line(c, MS_RC_COMMENT, "%s:   %s does not resolve: %s;", conn_name, n->text,
			or_word(n->trouble, "is being looked up"));
}

static const char *modecfg_word(const struct conn_end *e, const struct ms_end_desc *d)
{
	if (conn_end_asks(e))
		return "client";
	return d->modecfgserver ? "server" : "none";
}

static void modecfg(call *c, const struct conn *conn, const char *name)
{
	char *const *dns = conn->desc->modecfgdns, *const *domain = conn->desc->modecfgdomains;
	char servers[512] = "", domains[512] = "";
	unsigned i = 0;

	for (; (dns != NULL && dns[i] != NULL) || i < 2; i++) {
		const char *one = dns != NULL ? dns[i] : NULL;

		put(servers, sizeof servers, "dns%u:%s, ", i + 1, or_word(one, "unset"));
		if (one == NULL)
			dns = NULL; /* only "unset" from here on */
	}
	for (i = 0; domain != NULL && domain[i] != NULL; i++)
		put(domains, sizeof domains, "%s%s", i > 0 ? " " : "", domain[i]);
	call_line(c, MS_RC_COMMENT,
		"%s:   modecfg info: us:%s, them:%s, modecfg policy:pull, %sdomain:%s, cat:unset;",
		name, modecfg_word(&conn->local, written(conn, true)),
		modecfg_word(&conn->remote, written(conn, false)), servers,
		domains[0] == '\0' ? "unset" : domains);
}

static void aliases(call *c, const struct conn *conn, const char *name)
{
	char words[1024] = "";

	for (char **a = conn->desc->connalias; a != NULL && *a != NULL; a++)
		put(words, sizeof words, " %s", *a);
	if (words[0] != '\0')
		call_line(c, MS_RC_COMMENT, "%s:   aliases:%s", name, words);
}

/* What a gateway said is behind it, when it gave us an address. */
static void networks(call *c, const struct conn *conn, const char *name)
{
	char nets[1024];

	if (conn->newest_ike != 0 && conn_nets_text(conn, nets, sizeof nets) > 0)
		call_line(c, MS_RC_COMMENT, "%s:   modecfg subnets: %s; cisco-split:%s;", name, nets,
			conn->desc->cisco_split ? "yes" : "no");
}

static void addr_or_unset(const struct ms_addr *a, char *buf, size_t size)
{
	if (a->family != 0)
		ms_addr_text(a, buf, size);
	else
		snprintf(buf, size, "unset");
}

static void pair(call *c, const struct conn *conn, const char *name, unsigned i, unsigned k)
{
	char mine[MS_ADDR_TEXT], theirs[MS_ADDR_TEXT];

	topology(c, conn, name, i, k);
	addr_or_unset(&conn->local.sourceip, mine, sizeof mine);
	addr_or_unset(&conn->remote.sourceip, theirs, sizeof theirs);
	call_line(c, MS_RC_COMMENT, "%s:     %s; my_ip=%s; their_ip=%s", name,
		conn->oriented ? "oriented" : "unoriented", mine, theirs);
	call_line(c, MS_RC_COMMENT,
		"%s:   xauth us:none, xauth them:none,  my_username=[any]; their_username=[any]",
		name);
	call_line(c, MS_RC_COMMENT, "%s:   our auth:%s, their auth:%s", name,
		auth_word(conn->local.auth), auth_word(conn->remote.auth));
	modecfg(c, conn, name);
	networks(c, conn, name);
	call_line(c, MS_RC_COMMENT, "%s:   labeled_ipsec:no;", name);
	call_line(c, MS_RC_COMMENT, "%s:   policy_label:unset;", name);
}

/* --- the settings --------------------------------------------------------------------------------- */

void control_policy_words(const struct conn *conn, char *buf, size_t size)
{
	const struct ms_conn_desc *d = conn->desc;
	const bool sas = d->type <= MS_TYPE_TRANSPORT;
	/* How either end proves itself. */
	const uint32_t auth = conn->local.auth | conn->remote.auth;
	const struct {
		bool on;
		const char *word;
	} words[] = {
		{ auth & MS_AUTH_PSK, "PSK" },
		{ auth & (MS_AUTH_RSA | MS_AUTH_RSA_SHA1), "RSASIG" },
		{ auth & MS_AUTH_ECDSA, "ECDSA" },
		{ auth & MS_AUTH_EDDSA, "EDDSA" },
		{ auth & MS_AUTH_NULL, "AUTH_NULL" },
		{ auth & MS_AUTH_NEVER, "AUTH_NEVER" },
		{ sas && !d->ah, "ENCRYPT" },
		{ sas && d->ah, "AUTHENTICATE" },
		{ d->compress, "COMPRESS" },
		{ d->type == MS_TYPE_TUNNEL, "TUNNEL" },
		{ d->type == MS_TYPE_PASS, "PASS" },
		{ d->type == MS_TYPE_DROP, "DROP" },
		{ d->type == MS_TYPE_REJECT, "REJECT" },
		{ d->pfs, "PFS" },
		{ !d->rekey, "DONT_REKEY" },
		{ d->reauth, "REAUTH" },
		{ conn->wanted_up, "UP" },
		{ conn->wanted_routed, "ROUTED" },
		{ sas, "IKEV2_ALLOW" },
		{ d->narrowing, "IKEV2_ALLOW_NARROWING" },
		{ d->fragmentation == MS_FRAGMENTATION_YES, "IKE_FRAG_ALLOW" },
		{ d->fragmentation == MS_FRAGMENTATION_FORCE, "IKE_FRAG_FORCE" },
		{ d->mobike, "MOBIKE" },
		{ sas, "NO_IKEPAD" },
		{ d->esn != MS_YES, "ESN_NO" },
		{ d->esn != MS_NO, "ESN_YES" },
	};

	size_t n = 0;

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t len = strlen(words[i].word);

		if (!words[i].on || n + 1 + len >= size)
			continue;
		if (n > 0)
			buf[n++] = '+';
		memcpy(buf + n, words[i].word, len);
		n += len;
	}
	buf[n] = '\0';
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

/* How narrow the clients are, in bits: what decides between connections. */
static unsigned narrow(const struct conn_end *e)
{
	struct ms_subnet net;

	if (e->n_clients == 0 || ms_range_to_subnet(&e->clients[0].range, &net) != MS_OK)
		return 0;
	return net.bits;
}

static void number_or(uint32_t n, const char *word, char *buf, size_t size)
{
	if (n == 0)
		snprintf(buf, size, "%s", word);
	else
		snprintf(buf, size, "%u", n);
}

static void data_plane(call *c, const struct conn *conn, const char *name)
{
	static const char *const dpd[] = { [MS_DPD_HOLD] = "hold", [MS_DPD_CLEAR] = "clear",
		[MS_DPD_RESTART] = "restart" };
	const struct ms_conn_desc *d = conn->desc;
	char mtu[16], prio[16];

	number_or(d->mtu, "unset", mtu, sizeof mtu);
	number_or(d->priority, "auto", prio, sizeof prio);
	call_line(c, MS_RC_COMMENT,
		"%s:   conn_prio: %u,%u; interface: %s; metric: %u; mtu: %s; sa_prio:%s; sa_tfc:none;",
		name, narrow(&conn->local), narrow(&conn->remote),
		conn->physical[0] == '\0' ? "unset" : conn->physical, d->metric, mtu, prio);
	call_line(c, MS_RC_COMMENT,
		"%s:   nflog-group: unset; mark: unset; vti-iface:unset; vti-routing:no; vti-shared:no;",
		name);
	/* The time after which a peer is dead is that of any request (RFC 7296 s2.4). */
	call_line(c, MS_RC_COMMENT,
		"%s:   dpd: action:%s; delay:%llu; timeout:%llu; nat-t: force_encaps:%s; "
		"nat_keepalive:%s; ikev1_natt:both",
		name, dpd[d->dpd_action], (unsigned long long)d->dpd_delay_ms / 1000,
		(unsigned long long)d->retransmit_timeout_ms / 1000,
		d->encapsulation == MS_YES ? "yes" : "no", d->nat_keepalive ? "yes" : "no");
}

static void settings(call *c, const struct conn *conn, const char *name)
{
	const struct ms_conn_desc *d = conn->desc;
	char words[512];

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
	call_line(c, MS_RC_COMMENT,
		"%s:   sha2-truncbug:no; initial-contact:%s; cisco-unity:no; fake-strongswan:no; "
		"send-vendorid:no; send-no-esp-tfc:no;",
		name, d->initial_contact ? "yes" : "no");
	control_policy_words(conn, words, sizeof words);
	call_line(c, MS_RC_COMMENT, "%s:   policy: %s;", name, words);
	data_plane(c, conn, name);
	call_line(c, MS_RC_COMMENT, "%s:   newest ISAKMP SA: #%u; newest IPsec SA: #%u;", name,
		conn->newest_ike, conn->newest_child);
}

/* --- algorithms ----------------------------------------------------------------------------------- */

/* Without a group of its own a CHILD SA that is rekeyed takes that of its IKE SA, or none. */
static const char *pfs_words(const struct conn *conn, const char *groups)
{
	if (groups[0] != '\0')
		return groups;
	if (conn->desc->pfs && conn->pfs_group != 0)
		return ms_transform_name(MS_TRANSFORM_KE, conn->pfs_group);
	return conn->desc->pfs ? "<Phase1>" : "<N/A>";
}

static void newest_child(call *c, const struct conn *conn, const char *name)
{
	struct child_sa *child = child_by_serial(c->d->ike, conn->newest_child);
	char text[256], group[64] = "";
	struct ms_suite suite;

	if (child == NULL)
		return;
	suite = child->suite;
	if (suite.ke != MS_KE_NONE)
		ms_transform_text(MS_TRANSFORM_KE, suite.ke, 0, group, sizeof group);
	suite.ke = MS_KE_NONE;
	ms_suite_text(&suite, text, sizeof text);
	call_line(c, MS_RC_COMMENT, "%s:   %s algorithm newest: %s; pfsgroup=%s", name,
		child->ah ? "AH" : "ESP", text, pfs_words(conn, group));
}

static void algorithms(call *c, const struct conn *conn, const char *name)
{
	struct ike_sa *ike = ike_by_serial(c->d->ike, conn->newest_ike);
	const char *protocol = conn->desc->ah ? "AH" : "ESP";
	struct conn_proposal_words words;
	struct ike_info info;
	char text[256];

	if (conn_proposal_words(conn->ike, &words)) {
		call_line(c, MS_RC_COMMENT, "%s:   IKE algorithms wanted: %s", name, words.wanted);
		call_line(c, MS_RC_COMMENT, "%s:   IKE algorithms found:  %s", name, words.found);
	}
	if (ike != NULL) {
		ike_info(ike, &info);
		ms_suite_text(&info.suite, text, sizeof text);
		call_line(c, MS_RC_COMMENT, "%s:   IKE algorithm newest: %s", name, text);
	}
	if (conn_proposal_words(conn->esp, &words)) {
		call_line(c, MS_RC_COMMENT, "%s:   %s algorithms wanted: %s; pfsgroup=%s", name,
			protocol, words.wanted, pfs_words(conn, words.groups));
		call_line(c, MS_RC_COMMENT, "%s:   %s algorithms loaded: %s", name, protocol,
			words.found);
	}
	newest_child(c, conn, name);
}

void status_conn(call *c, const struct conn *conn)
{
	char name[256];

	conn_name_text(conn, name, sizeof name);
	if (conn->member) {
		topology(c, conn, name, 0, 0);
		return; /* the rest is the group's */
	}
	for (unsigned i = 0; i < conn->local.n_clients; i++)
		for (unsigned k = 0; k < conn->remote.n_clients; k++)
			pair(c, conn, name, i, k);
	aliases(c, conn, name);
	name_line(c, &conn->local, name);
	name_line(c, &conn->remote, name);
	settings(c, conn, name);
	algorithms(c, conn, name);
}
