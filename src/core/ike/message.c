/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ike/message.h"

#include <stdio.h>

ms_err ike_msg_header(struct ike_msg *m, struct ms_bytes datagram)
{
	struct wire_reader r = wire_reader(datagram);
	ms_err err;

	m->raw = datagram;
	m->n = 0;
	m->set = 0;
	m->critical = 0;
	m->first_inner = 0;
	m->sk_at = 0;
	m->fragment = m->fragments = 0;
	err = ike_layout_get(&ike_header_layout, &r, &m->h);
	if (err)
		return err;
	return m->h.length == datagram.len ? MS_OK : MS_ERR_SYNTAX;
}

/* RFC 7296 s1.2.1: these leave the IKE SA up when they answer IKE_AUTH. */
static bool child_error(uint32_t type)
{
	return type == IKE_N_NO_PROPOSAL_CHOSEN || type == IKE_N_TS_UNACCEPTABLE ||
	       type == IKE_N_SINGLE_PAIR_REQUIRED || type == IKE_N_INTERNAL_ADDRESS_FAILURE ||
	       type == IKE_N_FAILED_CP_REQUIRED || type == IKE_N_NO_ADDITIONAL_SAS ||
	       type == IKE_N_TEMPORARY_FAILURE;
}

static uint64_t steering(uint32_t type)
{
	switch (type) {
	case IKE_N_COOKIE:
		return IKE_HAS_NOTIFY(STEER_COOKIE);
	case IKE_N_INVALID_KE_PAYLOAD:
		return IKE_HAS_NOTIFY(STEER_INVALID_KE);
	case IKE_N_REKEY_SA:
		return IKE_HAS_NOTIFY(STEER_REKEY_SA);
	case IKE_N_USE_TRANSPORT_MODE:
		return IKE_HAS_NOTIFY(STEER_TRANSPORT);
	}
	if (!ike_notify_is_error(type))
		return 0;
	return child_error(type) ? IKE_HAS_NOTIFY(STEER_CHILD_ERROR) : IKE_HAS_NOTIFY(STEER_ERROR);
}

static ms_err add_payload(
	struct ike_msg *m, unsigned type, bool protected, struct ms_bytes body, struct ms_why *why)
{
	const struct ike_layout *l = ike_layout_of(type);
	struct ike_payload *p;

	if (body.len < l->min_octets)
		return ms_fail(why, MS_ERR_SYNTAX, "%s payload of %zu octets is too short",
			ike_name(ike_payload_name, type), body.len);
	if (m->n == IKE_MAX_PAYLOADS)
		return ms_fail(why, MS_ERR_SYNTAX, "more than %d payloads", IKE_MAX_PAYLOADS);
	p = &m->p[m->n++];
	p->type = (uint8_t)type;
	p->protected = protected;
	p->body = body;
	m->set |= IKE_HAS(type);
	if (type == IKE_P_NOTIFY) {
		struct ike_notify_payload n;

		if (ike_payload_get(p, &n))
			return ms_fail(why, MS_ERR_SYNTAX, "notify with an SPI beyond its end");
		m->set |= steering(n.type);
	}
	return MS_OK;
}

/* RFC 7383 s2.5: both numbers are at least 1. */
static ms_err take_fragment(struct ike_msg *m, struct ms_bytes body, struct ms_why *why)
{
	struct wire_reader r = wire_reader(body);
	struct ike_skf_payload skf;

	if (ike_layout_get(&ike_skf_layout, &r, &skf))
		return ms_fail(why, MS_ERR_TRUNCATED, "SKF payload of %zu octets", body.len);
	if (skf.number == 0 || skf.number > skf.total)
		return ms_fail(why, MS_ERR_SYNTAX, "fragment %u of %u", (unsigned)skf.number,
			(unsigned)skf.total);
	m->fragment = skf.number;
	m->fragments = skf.total;
	m->sk_at += body.len - skf.data.len;
	return MS_OK;
}

static ms_err take_encrypted(struct ike_msg *m, const struct ike_generic *g, uint32_t type,
	struct ms_bytes body, struct ms_why *why)
{
	ms_err err;

	m->first_inner = g->next;
	m->sk_at = (size_t)(body.ptr - m->raw.ptr);
	err = type == IKE_P_SKF ? take_fragment(m, body, why) : MS_OK;
	if (err) {
		m->sk_at = 0;
		return err;
	}
	return add_payload(m, type, false, body, why);
}

static ms_err walk(
	struct ike_msg *m, uint32_t type, struct ms_bytes chain, bool protected, struct ms_why *why)
{
	struct wire_reader r = wire_reader(chain);

	while (type != IKE_P_NONE) {
		struct ike_generic g;
		struct ms_bytes body;

		/* Each turn takes at least the four octets of the generic header. */
		if (ike_layout_get(&ike_generic_layout, &r, &g))
			return ms_fail(why, MS_ERR_TRUNCATED,
				"the header of a %s payload is cut off",
				ike_name(ike_payload_name, type));
		if (g.length < 4)
			return ms_fail(why, MS_ERR_SYNTAX, "length %u of a %s payload",
				(unsigned)g.length, ike_name(ike_payload_name, type));
		body = wire_take(&r, g.length - 4);
		if (!wire_ok(&r))
			return ms_fail(why, MS_ERR_TRUNCATED, "%s payload goes beyond the end",
				ike_name(ike_payload_name, type));
		if (type == IKE_P_SK || type == IKE_P_SKF) {
			if (protected || wire_left(&r) != 0)
				return ms_fail(why, MS_ERR_SYNTAX, "%s is not the last payload",
					ike_name(ike_payload_name, type));
			return take_encrypted(m, &g, type, body, why);
		}
		if (ike_layout_of(type)) {
			ms_err err = add_payload(m, type, protected, body, why);

			if (err)
				return err;
		} else if (g.flags & 0x80) {
			/* RFC 7296 s2.5: unknown and critical rejects the message. */
			m->critical = type;
			return ms_fail(why, MS_ERR_CRITICAL, "unsupported critical payload #%u",
				(unsigned)type);
		}
		type = g.next;
	}
	if (wire_left(&r) != 0)
		return ms_fail(
			why, MS_ERR_SYNTAX, "%zu octets after the last payload", wire_left(&r));
	return MS_OK;
}

ms_err ike_msg_walk(struct ike_msg *m, struct ms_why *why)
{
	struct wire_reader r = wire_reader(m->raw);

	(void)wire_take(&r, IKE_HEADER_OCTETS);
	return walk(m, m->h.next, wire_rest(&r), false, why);
}

void ike_msg_join(struct ike_msg *m, uint32_t first_inner)
{
	m->raw = ms_bytes(NULL, 0);
	m->critical = 0;
	m->first_inner = first_inner;
	m->fragment = m->fragments = 0;
	m->n = 1;
	m->p[0].type = IKE_P_SK;
	m->p[0].protected = false;
	m->p[0].body = ms_bytes(NULL, 0);
	m->set = IKE_HAS(IKE_P_SK);
}

ms_err ike_msg_walk_inner(struct ike_msg *m, struct ms_bytes inner, struct ms_why *why)
{
	return walk(m, m->first_inner, inner, true, why);
}

const struct ike_payload *ike_msg_find(const struct ike_msg *m, unsigned type)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->p[i].type == type)
			return &m->p[i];
	return NULL;
}

ms_err ike_payload_get(const struct ike_payload *p, void *out)
{
	const struct ike_layout *l = ike_layout_of(p->type);
	struct wire_reader r = wire_reader(p->body);

	return l ? ike_layout_get(l, &r, out) : MS_ERR_SYNTAX;
}

bool ike_msg_notify(const struct ike_msg *m, unsigned notify, bool protected_only,
	struct ike_notify_payload *out)
{
	for (unsigned i = 0; i < m->n; i++) {
		if (m->p[i].type != IKE_P_NOTIFY || (protected_only && !m->p[i].protected))
			continue;
		if (ike_payload_get(&m->p[i], out) == MS_OK && out->type == notify)
			return true;
	}
	return false;
}

bool ike_msg_error(const struct ike_msg *m, struct ike_notify_payload *out)
{
	for (unsigned i = 0; i < m->n; i++) {
		if (m->p[i].type != IKE_P_NOTIFY)
			continue;
		if (ike_payload_get(&m->p[i], out) == MS_OK && ike_notify_is_error(out->type))
			return true;
	}
	return false;
}

size_t ike_msg_text(const struct ike_msg *m, char *buf, size_t size)
{
	size_t n = 0;
	bool inside = false;

#define ADD(...) \
	n += (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0, __VA_ARGS__)
	ADD("%s %s id=%u", ike_name(ike_exchange_name, m->h.exchange),
		ike_msg_is_response(m) ? "response" : "request", (unsigned)m->h.id);
	for (unsigned i = 0; i < m->n; i++) {
		const struct ike_payload *p = &m->p[i];
		struct ike_notify_payload notify;

		if (p->protected && !inside) {
			ADD("{");
			inside = true;
		} else {
			ADD(" ");
		}
		if (p->type == IKE_P_NOTIFY && ike_payload_get(p, &notify) == MS_OK)
			ADD("N(%s)", ike_name(ike_notify_name, notify.type));
		else
			ADD("%s", ike_name(ike_payload_name, p->type));
	}
	if (inside)
		ADD("}");
#undef ADD
	return n;
}
