/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CHILD SAs: a pair of ESP or AH SAs, what may go through them, and their place in the kernel.
 *
 * A child belongs to one IKE SA, holds a reference to its connection, and lives from the moment our
 * SPI is asked for until the kernel was told to delete it.  Key material exists only between its
 * derivation and the kernel's answer.
 */
#ifndef MODSWAN_CORE_CHILD_CHILD_SA_H
#define MODSWAN_CORE_CHILD_CHILD_SA_H

#include <modswan/addr.h>
#include <modswan/proposal.h>

#include "core/ike/index.h"

struct conn;
struct ike_sa;
struct child_install;

#define CHILD_MAX_SELECTORS 16 /* of one side, after narrowing */

enum child_state {
	CHILD_LARVAL,     /* our SPI is asked for or here */
	CHILD_INSTALLING, /* kernel and routing are at work */
	CHILD_ESTABLISHED,
	CHILD_REKEYED,  /* a newer one took its place, the peer may still send on it */
	CHILD_DELETING, /* out of the kernel, the peer's Delete is awaited */
	CHILD_GONE,
};

struct child_sa {
	struct child_sa *prev, *next;           /* children of one IKE SA */
	struct child_sa *conn_prev, *conn_next; /* children of one connection */
	struct ike_sa *ike;
	struct conn *conn; /* a reference */
	struct ike_node by_in, by_out;
	struct ike_node by_host; /* transport mode: by the peer's address */
	struct ike_serial_node by_serial;
	struct ike_timer timer;
	uint32_t refs;
	uint32_t serial;
	uint32_t spi_in, spi_out; /* host order; 0: none yet */
	uint32_t reqid;
	uint8_t state;  /* enum child_state */
	bool initiator; /* of the exchange that made it */
	bool tunnel;    /* else transport */
	bool ah;        /* phase2=ah: AH instead of ESP */
	bool in_kernel_in, in_kernel_out;
	bool up; /* child_up was called */
	bool encapsulated;
	bool delegated; /* the peer speaks for another address: may it? */
	bool attempt; /* somebody asked for its connection, and it has an IKE SA already */
	bool telling; /* and waits for attempt_over() */
	bool put_off; /* its rekeying, since it was not the newest one when its time came */
	uint8_t wants; /* private */
	uint16_t cpi_in, cpi_out; /* IPComp; 0: without */
	struct ms_suite suite;
	struct ms_endpoint local, remote; /* outer; ports matter when encapsulated */
	struct ms_selector *mine, *theirs;
	uint8_t n_mine, n_theirs;
	uint64_t rekey_at, expire_at; /* UINT64_MAX: never */
	uint64_t established_s;       /* wall clock */
	uint64_t born_ms;             /* when it was established; monotonic */
	uint32_t replaces;            /* serial of the child that this one rekeys */
	uint64_t lower;               /* of its exchange's nonces, the beginning */
	uint64_t octets_in;           /* at the last look, for liveness */
	struct ms_said left[2]; /* out, in: there was no memory to have it deleted; spi 0: none */
	struct child_install *install;
};

/* Of its SAs: the IP protocol, and the number that IKE's payloads have for it. */
static inline uint8_t child_proto(const struct child_sa *child)
{
	return child->ah ? MS_PROTO_AH : MS_PROTO_ESP;
}

static inline uint8_t child_protocol(const struct child_sa *child)
{
	return child->ah ? MS_PROTOCOL_AH : MS_PROTOCOL_ESP;
}

/* When it goes, its connection has lost it: it was up, or ours and on its way there.  An attempt on an
 * IKE SA that was there already sees to itself. */
static inline bool child_missed(const struct child_sa *child)
{
	return child->state == CHILD_ESTABLISHED ||
	       (child->state < CHILD_ESTABLISHED && child->initiator && !child->attempt);
}

/* "AES_GCM_16_128-NONE": the family's xfrm= words; like snprintf. */
size_t child_suite_text(const struct ms_suite *s, char *buf, size_t size);
/* "{ESP=>0x5f1c2d3e <0x1a2b3c4d xfrm=AES_GCM_16_128-NONE NATOA=none NATD=none DPD=active}" */
size_t child_text(const struct child_sa *child, char *buf, size_t size);
/* "[10.1.0.0-10.1.255.255:0-65535 0] -> [...]" of one side's selectors. */
size_t child_selectors_text(const struct ms_selector *s, unsigned n, char *buf, size_t size);

#endif
