/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A crypto provider that fails when it is told to: each function of the real one, counted, and the
 * n-th call answers with an error.  What it had to write is left as it was.
 */
#ifndef MODSWAN_CORE_SIM_FAULTS_H
#define MODSWAN_CORE_SIM_FAULTS_H

#include <modswan/crypto.h>

struct sim_faults {
	unsigned calls;    /* since this was set to zero */
	unsigned nth;      /* this call fails, from 1; 0: none does */
	bool for_good;     /* and all after it */
	unsigned failures; /* that there were */
};
extern struct sim_faults sim_faults;

/* Registered as the provider "faults"; the algorithms prove themselves as any provider's do. */
ms_err sim_faults_load(void) MS_MUST_CHECK;
void sim_faults_unload(void);

#endif
