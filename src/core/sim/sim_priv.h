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

bool sim_is_local(void *node, const struct ms_addr *a);
ms_err sim_orient(struct sim_node *n, struct conn *c, struct ms_why *why) MS_MUST_CHECK;

/* sim_names.c: peers that are written as names, as core/daemon does it. */
void sim_names(struct sim_node *n);
bool sim_another_address(void *node, struct conn *c);
void sim_readdress(void *node, struct conn *c);
/* The node's own address is another one from now on. */
void sim_renumber(struct sim_node *n, const struct ms_addr *a);

/* sim_cover.c */
void sim_cover_datagram(struct sim *s, const struct sim_packet *p, const struct sim_fate *fate);
void sim_cover_arrival(const struct sim_packet *p, struct sim_node *to);
void sim_cover_child(struct sim *s, const struct child_sa *c);
void sim_cover_move(struct sim *s, const struct sim_sa *sa, const struct ms_kernel_sa *k);
/* What an engine has counted until now. */
void sim_cover_engine(const struct sim_node *n, uint64_t seen[COVER_END]);

#endif
