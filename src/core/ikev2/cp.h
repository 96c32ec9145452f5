/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration Payload: what IKE_AUTH, CHILD SAs and the end of an IKE SA need of it. */
#ifndef MODSWAN_CORE_IKEV2_CP_H
#define MODSWAN_CORE_IKEV2_CP_H

#include "core/ike/ike_sa.h"

/* --- cp.c: addresses ------------------------------------------------------------------------ */

void ike_cp_put_request(struct ike_sa *ike, struct ike_out *out);
/* Understands the request in x->cp; false: there is none for an address. */
bool ike_cp_asked(struct ike_sa *ike);
/* Asks the host for x->ask; goes on at next with the lease in ike and the connection. */
void ike_cp_lease(struct ike_sa *ike, ike_step_f *next);
void ike_cp_release(struct ike_sa *ike);
/* Before CHILD SAs of the connection are negotiated on the IKE SA: while a client has two IKE SAs with
 * an address each, one of which may be a ghost, the instance's clients are those of either in turn. */
ms_err ike_cp_turn(struct ike_sa *ike, struct conn *c) MS_MUST_CHECK;
void ike_cp_put_reply(struct ike_sa *ike, struct ike_out *out);
/* The initiator: what the peer's reply in x->cp gives us goes into the connection. */
ms_err ike_cp_take_reply(struct ike_sa *ike, struct ms_why *why) MS_MUST_CHECK;

/* The lease becomes the clients of a connection that asks for one, unless it has others. */
ms_err ike_cp_apply(struct conn *c, const struct ms_addr lease[2]) MS_MUST_CHECK;

/* --- cp_nets.c: networks behind the gateway (RFC 7296 s3.15.2) -------------------------------- */

#define IKE_MAX_NETS CONN_MAX_SELECTORS
struct ike_nets {
	struct ms_subnet net[IKE_MAX_NETS];
	unsigned n;
};
/* False: an attribute of another type.  Malformed ones are left out. */
bool ike_nets_take(struct ike_sa *ike, unsigned type, struct ms_bytes v, struct ike_nets *to);
/* They become the connection's. */
ms_err ike_nets_keep(struct ike_sa *ike, const struct ike_nets *nets) MS_MUST_CHECK;
/* cisco-split=yes: of selectors that were agreed on those that are led into the tunnel; returns how
 * many. */
unsigned ike_nets_split(const struct conn *c, struct ms_selector *theirs, unsigned n);
/* The first CHILD SA is up: further ones for networks that it does not reach. */
void ike_nets_further(struct ike_sa *ike);
/* The server: what the lease says is to be told; false: out of memory. */
bool ike_nets_announce(struct ike_sa *ike, const struct ms_attr_lease *lease);
void ike_nets_put(const struct ike_sa *ike, struct ike_out *out);

#endif
