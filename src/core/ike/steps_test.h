/* SPDX-License-Identifier: Apache-2.0 */
/* What tests make a pair do once it is up: one exchange each, begun now. */
#ifndef CORE_IKE_STEPS_TEST_H
#define CORE_IKE_STEPS_TEST_H

#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/window.h"
#include "core/sim/sim_test.h"

static inline void rekey_child(struct pair *p)
{
	struct child_sa *c = ike_first_child(ike_first(p->west->ike));
	struct ms_said said = { p->west->addr, c->spi_in, MS_PROTO_ESP };

	ike_kernel_expire(p->west->ike, &said, false);
}

static inline void want(struct sim_node *n, unsigned what)
{
	struct ike_sa *ike = ike_first(n->ike);

	ike->wants |= (uint8_t)what;
	ike_next_request(ike);
}

static inline void rekey_ike(struct pair *p)
{
	want(p->west, IKE_WANT_REKEY);
}

static inline void liveness(struct pair *p)
{
	want(p->east, IKE_WANT_DPD);
}

static inline void end_child(struct pair *p)
{
	child_want_delete(ike_first_child(ike_first(p->west->ike)));
}

#endif
