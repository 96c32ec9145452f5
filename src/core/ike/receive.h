/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that come in (receive.c), the transition table's walk (fsm.c), and answers in clear. */
#ifndef MODSWAN_CORE_IKE_RECEIVE_H
#define MODSWAN_CORE_IKE_RECEIVE_H

#include "core/ike/ike_sa.h"

/* The action that rx->row names is complete: state, timer, story. */
void ike_advance(struct ike_sa *ike, const struct ike_transition *row);
/* The action ended, with whatever result: messages that waited are looked at. */
void ike_idle(struct ike_sa *ike);
/* An answer outside any SA: one notify, in clear, at a bounded rate. */
void ike_answer_clear(const struct ike_rx *rx, unsigned notify, struct ms_bytes data);
/* One line about a datagram of a stranger, rate limited. */
void ike_log_stranger(const struct ike_rx *rx, const char *fmt, ...) MS_PRINTF(2, 3);
void ike_send(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram);
/* All datagrams of a packet. */
void ike_send_packet(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, const struct ike_packet *p);

#endif
