/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs, as the files job*.c see them. */
#ifndef MODSWAN_CORE_ROUTE_JOB_H
#define MODSWAN_CORE_ROUTE_JOB_H

#include "core/route/route_priv.h"

/* Until a step must be waited for, or the job is over. */
void job_run(struct route_job *job);
/* The step at hand failed: it is ignored, or everything is undone. */
void job_fail(struct route_job *job, ms_err err, const struct ms_why *why);

/* Steps; true: something is waited for. */
bool job_step_route(struct route_job *job);
bool job_step_unroute(struct route_job *job);
bool job_step_leave(struct route_job *job);
bool job_step_policies(struct route_job *job, const struct step *s);
void job_hook(struct route_job *job, enum ms_hook_verb verb, const struct flow *f);
/* What was waited for is over: the next flow. */
void job_flow_done(void *arg, ms_err err, const struct ms_why *why);

#endif
