/* SPDX-License-Identifier: Apache-2.0 */
/* Key material of an IKE SA (RFC 7296 s2.14, s2.18). */
#ifndef MODSWAN_CORE_IKEV2_KEYMAT_H
#define MODSWAN_CORE_IKEV2_KEYMAT_H

#include "core/ike/ike_sa.h"

/* RFC 7296 s2.14; old: the IKE SA that this one rekeys (s2.18), or NULL. */
ms_err ike_keymat(
	struct ike_sa *ike, struct ike_exchange *x, const struct ike_sa *old) MS_MUST_CHECK;
void ike_keymat_trim(struct ike_sa *ike); /* SK_pi and SK_pr are of no use any more */
/* Finds the algorithms of ike->suite. */
ms_err ike_algorithms(struct ike_sa *ike, struct ms_why *why) MS_MUST_CHECK;

#endif
