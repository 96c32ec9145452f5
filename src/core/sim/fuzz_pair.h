/* SPDX-License-Identifier: Apache-2.0 */
/* West and east for fuzz targets, and messages that are sealed with the right keys.  Included by fuzz
 * targets only. */
#ifndef MODSWAN_CORE_SIM_FUZZ_PAIR_H
#define MODSWAN_CORE_SIM_FUZZ_PAIR_H

#include "core/ike/ike_sa.h"
#include "core/ike/sk.h"
#include "core/sim/sim.h"
#include "lib/log/sink.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

static inline void fuzz_setup(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	ms_log_open("fuzz");
	ms_log_to_stderr(MS_LOG_ERROR, MS_LOG_PLAIN, false);
	MUST(openssl_load(NULL) == MS_OK);
	MUST(ms_crypto_register(&openssl_ops, "openssl") == MS_OK);
}

/* Only so many datagrams pass. */
static inline void fuzz_stop_at(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	const unsigned *passed = arg;

	fate->lose = p->number > *passed;
}

/* A pair that has exchanged `passed` datagrams; it must outlive the world. */
static inline struct sim *fuzz_pair(const struct sim_words *w, const struct ike_params *params,
	uint64_t seed, bool later, unsigned *passed)
{
	struct sim *s;
	struct conn *c;

	fuzz_setup();
	s = sim_new(seed);
	sim_node(s, "west", "192.1.2.45", params);
	sim_node(s, "east", "192.1.2.23", params);
	c = sim_conn(s->nodes[0], w);
	(void)sim_conn(s->nodes[1], w);
	s->later = later;
	s->network = fuzz_stop_at;
	s->network_arg = passed;
	if (ike_initiate(s->nodes[0]->ike, c, NULL) == MS_OK)
		sim_run(s, 40);
	return s;
}

/* A header that `to` expects: its answer, or a request of its peer; id: added to the right one. */
static inline void fuzz_header(const struct ike_sa *to, bool response, unsigned id, struct ike_header *h)
{
	memcpy(h->spi_i, to->spi_i, 8);
	memcpy(h->spi_r, to->spi_r, 8);
	h->flags |= to->initiator ? 0 : IKE_F_INITIATOR;
	h->flags |= response ? IKE_F_RESPONSE : 0;
	h->id = (response ? to->send_id : to->recv_id) + id;
}

/* With the other side's keys: the SA's own, looked at from the other end. */
static inline ms_err fuzz_seal(const struct ike_sa *to, struct ike_out *out)
{
	struct ike_sa other = *to;

	other.initiator = !to->initiator;
	other.iv = 0x7000000000000000 + to->e->counters[IKE_C_RECEIVED];
	return ike_sk_seal(&other, out);
}

/* Both shut down: nothing is left anywhere. */
static inline void fuzz_end(struct sim *s)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		s->nodes[i]->down = true;
		ike_shutdown(s->nodes[i]->ike);
	}
	sim_run(s, 100);
	for (unsigned i = 0; i < s->n_nodes; i++) {
		MUST(s->nodes[i]->ike->fragment_octets == 0);
		MUST(s->nodes[i]->up == s->nodes[i]->downs);
		MUST(s->nodes[i]->leases == 0);
		MUST(sim_sas(s->nodes[i]) == 0);
		MUST(sim_states(s->nodes[i]) == 0);
	}
	sim_free(&s);
}

#endif
