/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of sim/. */
#ifndef MODSWAN_CORE_SIM_PRIV_H
#define MODSWAN_CORE_SIM_PRIV_H

#include "core/sim/sim.h"

typedef void sim_event_f(struct sim *s, void *arg);

struct sim_event {
	struct sim_event *next;
	uint64_t at;
	sim_event_f *run;
	void *arg;
};

void sim_at(struct sim *s, uint64_t at, sim_event_f *run, void *arg);
void sim_send(struct sim_node *n, const struct ms_endpoint *local, const struct ms_endpoint *remote,
	struct ms_bytes datagram);
extern const struct host_ops sim_host_ops;

#endif
