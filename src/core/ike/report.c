/* SPDX-License-Identifier: Apache-2.0 */
/* What people see of an SA: names of states, stories, log prefixes, lines for whack. */
#include "core/ike/ike_sa.h"
#include "core/ike/report.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name, *story;
} states[] = {
	[IKE_UNBORN] = { "STATE_UNDEFINED", "waiting for its turn" },
	[IKE_PARENT_I1] = { "STATE_PARENT_I1", "sent v2I1, expected v2R1" },
	[IKE_PARENT_I2] = { "STATE_PARENT_I2", "sent v2I2, expected v2R2" },
	[IKE_PARENT_I3] = { "STATE_PARENT_I3", "PARENT SA established" },
	[IKE_PARENT_R1] = { "STATE_PARENT_R1", "received v2I1, sent v2R1" },
	[IKE_PARENT_R2] = { "STATE_PARENT_R2", "received v2I2, PARENT SA established" },
	[IKE_DELETING] = { "STATE_IKESA_DEL", "STATE_IKESA_DEL" },
	[IKE_GONE] = { "STATE_CHILDSA_DEL", "gone" },
};

const char *ike_state_name(enum ike_state s)
{
	const char *name = (unsigned)s < sizeof(states) / sizeof(states[0]) ? states[s].name : NULL;

	return name ? name : "STATE_UNDEFINED";
}

const char *ike_state_story(enum ike_state s)
{
	const char *story =
		(unsigned)s < sizeof(states) / sizeof(states[0]) ? states[s].story : NULL;

	return story ? story : "";
}

static size_t prefix_text(const struct conn *c, uint32_t serial, char *buf, size_t size)
{
	size_t n = c ? conn_name_text(c, buf, size) : 0;

	n += (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0,
		"%s#%u: ", n > 0 ? " " : "", (unsigned)serial);
	return n;
}

static size_t ike_prefix(const void *object, char *buf, size_t size)
{
	const struct ike_sa *ike = object;

	return prefix_text(ike->conn, ike->serial, buf, size);
}

static size_t child_prefix(const void *object, char *buf, size_t size)
{
	const struct child_sa *child = object;

	return prefix_text(child->conn, child->serial, buf, size);
}

struct ms_logger ike_logger(const struct ike_sa *ike)
{
	struct ms_logger lg = { ike->e->host->log, MS_SOURCE_IKE, ike_prefix, ike, NULL };
	return lg;
}

struct ms_logger child_logger(const struct child_sa *child)
{
	struct ms_logger lg = { child->ike->e->host->log, MS_SOURCE_CHILD, child_prefix, child,
		NULL };
	return lg;
}

bool ike_heard(const struct ike_engine *e, const struct ms_logger *lg, enum ms_log_level level)
{
	const struct host *h = e->host;

	return !h->ops->listened || h->ops->listened(h->ctx) || ms_log_wants(lg, level);
}

void ike_report(struct ike_sa *ike, uint32_t serial, int code, const char *fmt, ...)
{
	const struct host *h = ike->e->host;
	/* A CHILD SA may be another connection's than the IKE SA. */
	const struct child_sa *child = serial == ike->serial ? NULL : child_by_serial(ike->e, serial);
	struct conn *c = child ? child->conn : ike->conn;
	struct ike_sa named = { .conn = c, .serial = serial, .e = ike->e };
	struct ms_logger lg = ike_logger(&named);
	enum ms_log_level level = code == MS_RC_SUCCESS ? MS_LOG_NOTICE : MS_LOG_INFO;
	char text[640];
	va_list ap;

	if (!ike_heard(ike->e, &lg, level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ms_log(&lg, level, "%s", text);
	h->ops->report(h->ctx, c, serial, code, text);
}

void ike_report_state(struct ike_sa *ike, uint32_t serial, int code, const char *extra)
{
	ike_report(ike, serial, code, "%s: %s%s%s", ike_state_name(ike->state),
		ike_state_story(ike->state), extra && extra[0] ? " " : "", extra ? extra : "");
}

size_t ike_crypto_text(const struct ike_sa *ike, char *buf, size_t size)
{
	char encr[40], integ[40] = "n/a", prf[40], group[40];

	ms_transform_text(
		MS_TRANSFORM_ENCR, ike->suite.encr, ike->suite.encr_bits, encr, sizeof(encr));
	if (ike->suite.integ)
		ms_transform_text(MS_TRANSFORM_INTEG, ike->suite.integ, 0, integ, sizeof(integ));
	ms_transform_text(MS_TRANSFORM_PRF, ike->suite.prf, 0, prf, sizeof(prf));
	ms_transform_text(MS_TRANSFORM_KE, ike->suite.ke, 0, group, sizeof(group));
	return (size_t)snprintf(buf, size, "{auth=IKEv2 cipher=%s integ=%s prf=%s group=%s}", encr,
		integ, prf, group);
}

void ike_info(const struct ike_sa *ike, struct ike_info *out)
{
	const struct {
		uint64_t at;
		const char *name;
	} events[] = {
		{ ike->resend_at, "EVENT_v2_RETRANSMIT" },
		{ ike->half_open_until, "EVENT_SO_DISCARD" },
		{ ike->replace_at, "EVENT_SA_REPLACE" },
		{ ike->expire_at, "EVENT_SA_EXPIRE" },
		{ ike->dpd_at, "EVENT_v2_LIVENESS" },
	};
	uint64_t now = ike_now(ike->e), best = IKE_NEVER;

	*out = (struct ike_info){ .serial = ike->serial,
		.state = ike->state,
		.initiator = ike->initiator,
		.established = ike->established,
		.nat_here = ike->nat_here,
		.nat_there = ike->nat_there,
		.conn = ike->conn,
		.local = ike->local,
		.remote = ike->remote,
		.peer_id = &ike->peer_id,
		.proof = ike->proof,
		.suite = ike->suite,
		.event = "",
		.event_ms = UINT64_MAX,
		.established_s = ike->established_s };
	memcpy(out->spi_i, ike->spi_i, 8);
	memcpy(out->spi_r, ike->spi_r, 8);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		/* Liveness checks come and go: lifetimes are what a listing should show. */
		if (events[i].at >= best || (events[i].at == ike->dpd_at && best != IKE_NEVER))
			continue;
		best = events[i].at;
		out->event = events[i].name;
		out->event_ms = best > now ? best - now : 0;
	}
	for (const struct child_sa *c = ike->children; c; c = c->next)
		out->children++;
}

const char *child_event(const struct child_sa *child, uint64_t *in_ms_r)
{
	uint64_t now = ike_now(child->ike->e);
	bool rekey = child->rekey_at <= child->expire_at;
	uint64_t at = rekey ? child->rekey_at : child->expire_at;

	*in_ms_r = at == IKE_NEVER ? IKE_NEVER : at > now ? at - now : 0;
	if (at == IKE_NEVER)
		return "";
	return rekey ? "EVENT_SA_REPLACE" : "EVENT_SA_EXPIRE";
}
