/* SPDX-License-Identifier: Apache-2.0 */
#include "core/control/status.h"

#include <modswan/registry.h>

#include "lib/log/sink.h"

#include <stdio.h>
#include <string.h>

/* What is offered, in the family's words; ESP's and AH's first, then IKE's. */
static const struct offered_kind {
	enum ms_alg_kind kind;
	const char *words;
} for_packets[] = { { MS_ALG_ENCR, "ESP encrypt" }, { MS_ALG_INTEG, "ESP auth attr" },
	{ MS_ALG_KINDS, NULL } },
  for_ike[] = { { MS_ALG_ENCR, "IKE encrypt" }, { MS_ALG_INTEG, "IKE hash" },
	  { MS_ALG_PRF, "IKE prf" }, { MS_ALG_KE, "IKE dh group" }, { MS_ALG_KINDS, NULL } };

/* One line for each algorithm; the registry has a row for each key size, next to each other. */
static void algorithms_of(call *c, const struct offered_kind *kind)
{
	struct ms_alg_info a, next;

	for (unsigned i = 0; ms_crypto_list(i, &a); i++) {
		unsigned min = a.key_bits, max = a.key_bits;

		if (a.kind != kind->kind || !a.offered || !a.first)
			continue;
		while (ms_crypto_list(i + 1, &next) && next.kind == a.kind && next.id == a.id) {
			if (next.offered && next.key_bits < min)
				min = next.key_bits;
			if (next.offered && next.key_bits > max)
				max = next.key_bits;
			i++;
		}
		/* RFC 7296 s3.3.2: NULL is not for IKE. */
		if (kind == for_ike && a.id == MS_ENCR_NULL)
			continue;
		if (max > 0)
			call_line(c, MS_RC_COMMENT,
				"algorithm %s: id=%u, name=%s, keysizemin=%u, keysizemax=%u",
				kind->words, a.id, a.name, min, max);
		else
			call_line(c, MS_RC_COMMENT, "algorithm %s: id=%u, name=%s", kind->words, a.id,
				a.name);
	}
}

static void algorithms_offered(call *c, const struct offered_kind *kinds)
{
	for (; kinds->words != NULL; kinds++)
		algorithms_of(c, kinds);
	call_line(c, MS_RC_COMMENT, " ");
}

#define SETUP_COLUMNS 90

/* What is in force of `config setup`: as many settings to a line as fit. */
static void setup_options(call *c)
{
	char line[1024] = "", one[512];

	call_line(c, MS_RC_COMMENT, "config setup options:");
	call_line(c, MS_RC_COMMENT, "configdir=%s, rundir=%s", c->d->confdir, c->d->rundir);
	for (const struct ms_conf_key *k = ms_setup_keys; k->type != MS_CONF_END; k++) {
		char value[400];

		if (k->flags & (MS_CONF_ALIAS | MS_CONF_IGNORED | MS_CONF_REFUSED))
			continue;
		ms_conf_text(k, &c->d->setup, value, sizeof value);
		snprintf(one, sizeof one, "%s=%s", k->name, value[0] == '\0' ? "<unset>" : value);
		if (line[0] != '\0' && strlen(line) + strlen(one) + 2 > SETUP_COLUMNS) {
			call_line(c, MS_RC_COMMENT, "%s", line);
			line[0] = '\0';
		}
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s",
			line[0] == '\0' ? "" : ", ", one);
	}
	call_line(c, MS_RC_COMMENT, "%s", line);
	call_line(c, MS_RC_COMMENT, " ");
}

/* What is written, or else what others find our key under. */
static const char *myid_words(const struct daemon *d, char *buf, size_t size)
{
	const char *written = d->myid_set != NULL ? d->myid_set : d->setup.myid;

	if (written != NULL)
		return written;
	return d->myid != NULL && myid_text(d->myid, buf, size) ? buf : "(none)";
}

void status_daemon(call *c)
{
	const struct daemon *d = c->d;
	char myid[MS_ID_TEXT];
	struct ms_endpoint local;
	const char *dev;

	call_line(c, MS_RC_COMMENT, "using kernel interface: %s", d->kernel->name);
	for (unsigned i = 0; daemon_interface(d, i, &local, &dev); i++) {
		char text[MS_ADDR_TEXT];

		ms_addr_text(&local.addr, text, sizeof text);
		call_line(c, MS_RC_COMMENT, "interface %s %s UDP %u", dev, text, local.port);
	}
	call_line(c, MS_RC_COMMENT, "%%myid = %s", myid_words(d, myid, sizeof myid));
	call_line(c, MS_RC_COMMENT, "debug %s", ms_log_debug_mask() == 0 ? "none" : "on");
	call_line(c, MS_RC_COMMENT, " ");
	setup_options(c);
	algorithms_offered(c, for_packets);
	algorithms_offered(c, for_ike);
	call_line(c, MS_RC_COMMENT, "Connection list:");
	call_line(c, MS_RC_COMMENT, " ");
}

/* --- states ------------------------------------------------------------------------------------------ */

void status_counts(call *c)
{
	unsigned half = ike_half_open(c->d->ike);
	struct ike_counts n = ike_counts(c->d->ike);

	call_line(c, MS_RC_COMMENT, "State Information: DDoS cookies %s, %s new IKE connections",
		c->d->setup.ddos_mode == MS_YES ? "REQUIRED" : "not required",
		c->d->listening ? "Accepting" : "NOT ACCEPTING");
	call_line(c, MS_RC_COMMENT,
		"IKE SAs: total(%u), half-open(%u), open(%u), authenticated(%u), anonymous(%u)", n.ike,
		half, n.ike - n.open > half ? n.ike - n.open - half : 0, n.open - n.nameless,
		n.nameless);
	call_line(c, MS_RC_COMMENT, "IPsec SAs: total(%u), authenticated(%u), anonymous(%u)",
		n.children, n.children - n.nameless_children, n.nameless_children);
}

/* An event that is due already is shown with 0 seconds; none is EVENT_NULL. */
static void event_text(const char *event, uint64_t in_ms, char *buf, size_t size)
{
	if (in_ms == UINT64_MAX || event == NULL)
		snprintf(buf, size, "EVENT_NULL in -1s");
	else
		snprintf(buf, size, "%s in %llus", event, (unsigned long long)in_ms / 1000);
}

/* "name" or "name"[3] ...peer: states of an instance say whose it is. */
static void state_name(
	const struct conn *conn, const struct ms_endpoint *peer, char *buf, size_t size)
{
	char addr[MS_ADDR_TEXT];

	if (conn->instance == 0) {
		snprintf(buf, size, "\"%s\"", conn->desc->name);
		return;
	}
	ms_addr_text(&peer->addr, addr, sizeof addr);
	snprintf(buf, size, "\"%s\"[%u] ...%s", conn->desc->name, conn->instance, addr);
}

/* Why it is there, in the family's words. */
static const char *import_text(const struct conn *conn, bool initiator)
{
	if (!initiator)
		return "respond to stranger";
	return conn->wanted_up ? "admin initiate" : "local rekey";
}

/* RFC 7619: it is encryption alone, and everybody who looks is told. */
static const char *proof_text(const struct ike_info *info)
{
	return info->established && info->peer_id->type == MS_ID_NULL ? "; peer NOT authenticated" : "";
}

void status_ike(call *c, const struct ike_info *info)
{
	char name[256], event[64];

	state_name(info->conn, &info->remote, name, sizeof name);
	event_text(info->event, info->event_ms, event, sizeof event);
	call_line(c, MS_RC_COMMENT, "#%u: %s:%u %s (%s); %s; %sisakmp#0; idle; import:%s%s",
		info->serial, name, info->remote.port, ike_state_name(info->state),
		ike_state_story(info->state), event,
		info->conn->newest_ike == info->serial ? "newest ISAKMP; " : "",
		import_text(info->conn, info->initiator), proof_text(info));
	call_line(c, MS_RC_COMMENT, "#%u: %s ref=0 refhim=0 Traffic:", info->serial, name);
}

static void child_saids(const struct child_sa *k, char *buf, size_t size)
{
	const struct ms_said said[] = { { k->remote.addr, k->spi_out, child_proto(k) },
		{ k->local.addr, k->spi_in, child_proto(k) }, { k->remote.addr, 0, MS_PROTO_TUN },
		{ k->local.addr, 0, MS_PROTO_TUN } };
	char one[MS_SAID_TEXT];
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < (k->tunnel ? 4 : 2) && n < size; i++) {
		ms_said_text(&said[i], 0, one, sizeof one);
		n += (size_t)snprintf(buf + n, size - n, " %s", one);
	}
}

void status_child(call *c, const struct ike_info *info, const struct child_sa *k,
	const struct ms_kernel_op *traffic)
{
	char name[256], event[64], saids[4 * MS_SAID_TEXT];
	uint64_t in_ms;
	const char *what = child_event(k, &in_ms);

	state_name(k->conn, &k->remote, name, sizeof name);
	event_text(what, in_ms, event, sizeof event);
	call_line(c, MS_RC_COMMENT, "#%u: %s:%u %s (%s); %s; %s%sisakmp#%u; idle; import:%s%s",
		k->serial, name, k->remote.port, ike_state_name(info->state),
		ike_state_story(info->state), event,
		k->conn->newest_child == k->serial ? "newest IPSEC; " : "",
		k->conn->eroute_owner == k->serial ? "eroute owner; " : "", info->serial,
		import_text(k->conn, k->initiator), proof_text(info));
	child_saids(k, saids, sizeof saids);
	call_line(c, MS_RC_COMMENT,
		"#%u: %s%s ref=0 refhim=0 Traffic: ESPin=%lluB ESPout=%lluB! ESPmax=0B", k->serial,
		name, saids, (unsigned long long)(traffic == NULL ? 0 : traffic[0].counters.octets),
		(unsigned long long)(traffic == NULL ? 0 : traffic[1].counters.octets));
}
