/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One IKE message as received: header, payload chain, what is in it.
 *
 * The walker checks the chain: lengths, the critical bit (RFC 7296 s2.5) and each type's minimum.
 * The grammar table then says which payloads a message of this exchange may carry, how often, and
 * whether inside SK.  Handlers see only messages that passed both.  Views point into the datagram,
 * which the caller keeps.
 */
#ifndef MODSWAN_CORE_IKE_MESSAGE_H
#define MODSWAN_CORE_IKE_MESSAGE_H

#include <modswan/log.h>

#include "core/ike/layout.h"

#define IKE_MAX_PAYLOADS  48
#define IKE_HEADER_OCTETS 28
#define IKE_MAX_DATAGRAM  65535

/* What a message contains, as a set: payload types, and the notifies that steer transitions. */
#define IKE_HAS(type)       (UINT64_C(1) << ((type)-IKE_P_FIRST))
#define IKE_HAS_NOTIFY(bit) (UINT64_C(1) << (32 + (bit)))
enum ike_steering_notify {
	STEER_ERROR, /* any error type that is not one of these */
	STEER_COOKIE,
	STEER_INVALID_KE,
	STEER_REKEY_SA,
	STEER_TRANSPORT,
	STEER_CHILD_ERROR, /* concerns the CHILD SA only (RFC 7296 s1.2.1) */
};

struct ike_payload {
	uint8_t type;
	bool protected;
	struct ms_bytes body; /* without generic header */
};

struct ike_msg {
	struct ike_header h;
	struct ms_bytes raw; /* whole datagram */
	unsigned n;
	uint64_t set;
	uint32_t critical;    /* type, after MS_ERR_CRITICAL */
	uint32_t first_inner; /* what SK says comes first */
	size_t sk_at;         /* offset of SK's or SKF's IV in raw, 0: none */
	uint32_t fragment;    /* number of an SKF payload; 0: a whole message */
	uint32_t fragments;   /* how many there are, says SKF */
	struct ike_payload p[IKE_MAX_PAYLOADS];
};

/* The fixed header only; MS_ERR_TRUNCATED, MS_ERR_SYNTAX (length differs from the datagram's). */
ms_err ike_msg_header(struct ike_msg *m, struct ms_bytes datagram) MS_MUST_CHECK;
/* The chain of the clear part; stops at SK or SKF. */
ms_err ike_msg_walk(struct ike_msg *m, struct ms_why *why) MS_MUST_CHECK;
/* The chain inside SK, decrypted. */
ms_err ike_msg_walk_inner(
	struct ike_msg *m, struct ms_bytes inner, struct ms_why *why) MS_MUST_CHECK;
/* Makes m the whole message of which it was one fragment, as if it had come in one SK payload whose
 * first inner payload is this. */
void ike_msg_join(struct ike_msg *m, uint32_t first_inner);
/* Against the grammar of its exchange. MS_ERR_UNEXPECTED for an exchange without one. */
ms_err ike_msg_grammar(const struct ike_msg *m, struct ms_why *why) MS_MUST_CHECK;

static inline bool ike_msg_is_response(const struct ike_msg *m)
{
	return (m->h.flags & IKE_F_RESPONSE) != 0;
}

/* First payload of a type; NULL: none. */
const struct ike_payload *ike_msg_find(const struct ike_msg *m, unsigned type);
/* First notify of a type, decoded; protected_only: not one from the clear part. */
bool ike_msg_notify(const struct ike_msg *m, unsigned notify, bool protected_only,
	struct ike_notify_payload *out);
/* First error notify. */
bool ike_msg_error(const struct ike_msg *m, struct ike_notify_payload *out);
/* Decodes a body by its layout; the walker checked the minimum, so this fails for nonsense only. */
ms_err ike_payload_get(const struct ike_payload *p, void *out) MS_MUST_CHECK;

/* "IKE_AUTH request id=1 SK{IDi AUTH SA TSi TSr N(INITIAL_CONTACT)}"; like snprintf. */
size_t ike_msg_text(const struct ike_msg *m, char *buf, size_t size);

/* --- grammar --------------------------------------------------------------------------------- */

enum ike_role { IKE_REQUEST, IKE_RESPONSE };

struct ike_grammar_row {
	uint8_t exchange, role;
	uint8_t payload;
	uint8_t min, max;
	bool protected;
};
extern const struct ike_grammar_row ike_grammar[];
extern const unsigned ike_grammar_rows;

#endif
