/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: what becomes of a packet, and who its peer is, for programs (`ipsec showpolicy`).
 *
 * A line for each fact, NAME=VALUE; what there is not has no line.  Nothing is asked of anybody, and
 * the cost does not grow with the number of connections.
 */
#include "core/control/control_priv.h"

#include <modswan/registry.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FACTS = 20, FACT_OCTETS = MS_ID_TEXT };

struct facts {
	struct ms_field_value v[MAX_FACTS];
	char text[MAX_FACTS][FACT_OCTETS];
	unsigned n;
};

MS_PRINTF(3, 4)
static void fact(struct facts *f, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (f->n == MAX_FACTS)
		return;
	va_start(ap, fmt);
	vsnprintf(f->text[f->n], sizeof f->text[0], fmt, ap);
	va_end(ap);
	f->v[f->n] = (struct ms_field_value){ name, f->text[f->n] };
	f->n++;
}

static void id_fact(struct facts *f, const char *name, const struct ms_id *id)
{
	char text[MS_ID_TEXT];

	ms_id_text(id, text, sizeof text);
	fact(f, name, "%s", text);
}

static void said_fact(struct facts *f, const char *name, const struct ms_addr *dst, uint32_t spi)
{
	const struct ms_said said = { *dst, spi, MS_PROTO_ESP };
	char text[MS_SAID_TEXT];

	ms_said_text(&said, 'x', text, sizeof text);
	fact(f, name, "%s", text);
}

static void peer_facts(struct facts *f, const struct ike_sa *ike)
{
	static const char *const proofs[PROOF_KINDS] = { [PROOF_NONE] = "none",
		[PROOF_SECRET] = "secret", [PROOF_KEY] = "key", [PROOF_CERT] = "certificate",
		[PROOF_DNS] = "dns", [PROOF_DNSSEC] = "dnssec" };
	struct ike_info info;
	char text[256];

	ike_info(ike, &info);
	id_fact(f, "me", &info.conn->local.id);
	id_fact(f, "peer", info.peer_id);
	fact(f, "proof", "%s", proofs[info.proof]);
	ms_addr_text(&info.remote.addr, text, sizeof text);
	fact(f, "gateway", "%s", text);
	ms_suite_text(&info.suite, text, sizeof text);
	fact(f, "ike", "#%u %s", info.serial, text);
}

static void tunnel_facts(struct facts *f, const struct child_sa *child)
{
	char text[256];

	peer_facts(f, child->ike);
	ms_suite_text(&child->suite, text, sizeof text);
	fact(f, "esp", "#%u %s", child->serial, text);
	fact(f, "mode", "%s", child->tunnel ? "tunnel" : "transport");
	said_fact(f, "out", &child->remote.addr, child->spi_out);
	said_fact(f, "in", &child->local.addr, child->spi_in);
	fact(f, "since", "%llu", (unsigned long long)child->established_s);
}

static void conn_facts(struct facts *f, const struct daemon *d, const struct conn *c)
{
	const struct child_sa *child = child_by_serial(d->ike, c->eroute_owner);
	char name[256];

	conn_name_text(c, name, sizeof name);
	fact(f, "connection", "%s", name);
	fact(f, "routing", "%s", route_state_name(c->routing));
	if (c->routing == RT_ROUTED_TUNNEL && child != NULL)
		tunnel_facts(f, child);
}

void cmd_policy(call *c)
{
	static const char *const fates[] = { [MS_SHUNT_NONE] = "protected", [MS_SHUNT_PASS] = "pass",
		[MS_SHUNT_DROP] = "drop", [MS_SHUNT_REJECT] = "reject", [MS_SHUNT_TRAP] = "trap",
		[MS_SHUNT_HOLD] = "hold" };
	static const char *const noeroutes[] = { [MS_NOEROUTE_DROP] = "drop",
		[MS_NOEROUTE_PASS] = "pass", [MS_NOEROUTE_REJECT] = "reject" };
	struct facts f = { .n = 0 };
	struct ms_selector src, dst;
	struct route_fate fate;
	struct ms_why why = { "" };
	ms_err err = call_packet(c, &src, &dst, &why);

	if (err != MS_OK) {
		call_fail(c, err, &why);
		return;
	}
	if (!route_fate(c->d->route, &src, &dst, &fate)) {
		fact(&f, "fate", "none");
	} else {
		fact(&f, "fate", "%s", fates[fate.shunt]);
		if (fate.why != NULL)
			fact(&f, "why", "%s", fate.why);
		if (fate.owner != NULL)
			conn_facts(&f, c->d, fate.owner);
	}
	fact(&f, "noeroute", "%s", noeroutes[c->d->setup.noeroute]);
	fact(&f, "kernel", "%s", c->d->kernel->name);
	call_record(c, "policy", f.v, f.n);
	for (unsigned i = 0; i < f.n; i++)
		call_line(c, MS_RC_COMMENT, "%s=%s", f.v[i].name, f.v[i].text);
	call_done(c, MS_RC_COMMENT);
}
