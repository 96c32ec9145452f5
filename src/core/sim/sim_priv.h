/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of sim/. */
#ifndef MODSWAN_CORE_SIM_PRIV_H
#define MODSWAN_CORE_SIM_PRIV_H

#include "core/sim/sim.h"

typedef void sim_event_f(struct sim *s, void *arg);

struct sim_event {
	uint64_t at, number;
	sim_event_f *run;
	void (*drop)(void *arg); /* instead of run, when the world ends first; may be NULL */
	void *arg;
	struct sim_node *answers; /* an engine waits for it; NULL: none does */
};

/* Memory of the world itself, zeroed: it is always there, even where tests let that of the engines
 * fail, which is why they ask whether it is for the world. */
void *sim_alloc(size_t octets);
extern volatile unsigned sim_allocating; /* compilers know that malloc() does not read it */

/* The event is borrowed from the world until it has run. */
struct sim_event *sim_at(struct sim *s, uint64_t at, sim_event_f *run, void *arg);
/* After a node's deadline or clock changed. */
void sim_set_timer(struct sim_node *n);
/* All answers that a node (NULL: any) waits for come now. */
void sim_answer_all(struct sim *s, const struct sim_node *n);
void sim_forget_events(struct sim *s);
/* Who has the address, and what it is behind its NAT; NULL: nobody. */
struct sim_node *sim_owner(
	const struct sim *s, const struct ms_endpoint *to, struct ms_endpoint *inside);
void sim_send(struct sim_node *n, const struct ms_endpoint *local, const struct ms_endpoint *remote,
	struct ms_bytes datagram);
/* The node's kernel loses everything. */
void sim_kernel_clear(struct sim_node *n);
struct sim_sa *sim_find_sa(const struct sim_node *n, const struct ms_said *said);
/* Carries operations out until one fails. */
ms_err sim_kernel(struct sim_node *n, struct ms_kernel_op *ops, unsigned n_ops, unsigned *failed_r,
	struct ms_why *why);
extern const struct host_ops sim_host_ops;

#endif
