/* SPDX-License-Identifier: Apache-2.0 */
/* Public-key work of an exchange: the result is in ike->x, next is called on the owner thread. */
#ifndef MODSWAN_CORE_IKEV2_JOBS_H
#define MODSWAN_CORE_IKEV2_JOBS_H

#include "core/ike/ike_sa.h"

void ike_job_ke_start(struct ike_sa *ike, ike_step_f *next);
void ike_job_ke_finish(struct ike_sa *ike, ike_step_f *next);
void ike_job_ke_respond(struct ike_sa *ike, ike_step_f *next);

#endif
