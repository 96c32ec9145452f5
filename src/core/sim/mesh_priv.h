/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of a mesh. */
#ifndef MODSWAN_CORE_SIM_MESH_PRIV_H
#define MODSWAN_CORE_SIM_MESH_PRIV_H

#include "core/creds/opp_source.h"
#include "core/route/groups.h"
#include "core/sim/mesh.h"

#include <modswan/plugin.h>

#define MESH_LINES 24
#define MESH_RSA_KEYS 6
#define MESH_SPLITS 3
#define MESH_SHUNT_MS 90000
#define MESH_LIFE_MS 900000
#define MESH_TTL_S 120 /* the longest */
#define MESH_SETTLE_MS (2 * (MESH_LIFE_MS + MESH_SHUNT_MS + MESH_TTL_S * 1000))
#define MESH_PATIENCE_MS 60000

struct mesh;
struct mesh_host;

#define MESH_FULL_FROM 200000 /* seeds: keys in other records than TXT, too */

/* Of a group's list. */
struct mesh_line {
	struct ms_subnet net;
	enum mesh_policy policy;
};

/* One way of a flow: when something last became of a packet. */
struct mesh_way {
	uint64_t clear_ms, protected_ms, stopped_ms; /* as it left, or did not */
	uint64_t arrived_ms;
	bool arrived_protected; /* the last one */
};

/* a speaks, b answers what arrives. */
struct mesh_flow {
	struct mesh *m;
	struct mesh_host *a, *b;
	struct mesh_flow *back; /* b speaks to a, too; NULL: it does not */
	uint64_t every_ms;
	struct mesh_way request, reply;
	uint64_t asked_ms; /* the last request */
	uint64_t good_ms;  /* when it last was as the matrix says */
	uint64_t bad_ms;   /* since when it is not; 0: it is */
};

/* A packet of a flow; flow NULL: of a scan. */
struct mesh_packet {
	struct mesh_flow *flow;
	bool reply;
	struct mesh_host *from;
	struct ms_addr src, dst;
};

/* What the kernel keeps for a flow that met a trap, as KLIPS does (src/klips/hold.c). */
struct mesh_hold {
	struct mesh_hold *next;
	struct ms_addr dst;
	struct mesh_packet packet; /* the newest one */
	bool automatic;		   /* a trap made it: it has its life */
	bool was_trap;		   /* it stands where the trap stood */
	uint64_t born_ms, ask_ms, patience_ms;
};

/* What the resolver believes. */
struct mesh_cached {
	struct mesh_cached *next;
	int owner; /* index of the host whose records these are; -1: nobody's */
	bool reverse;
	uint16_t type; /* of the records; in meshes that are not full TXT, and 0 for all others */
	unsigned key; /* of the pool; MESH_RSA_KEYS: there is none */
	uint64_t until_ms, ttl_s;
};

struct mesh_host {
	struct mesh *m;
	struct sim_node *n;
	unsigned index, boots;
	char name[16], text[16], fqdn[32], myid[34]; /* myid: "@" and the name */
	enum mesh_key key;
	unsigned rsa; /* of the pool, when there is a key */
	uint16_t record; /* enum ms_dns_type, in which it is published */
	struct mesh_line lines[MESH_LINES];
	unsigned n_lines;
	uint64_t changed_ms; /* its lists did */
	/* while it runs */
	bool ready, routed; /* its groups are routed: packets may go */
	struct groups *groups;
	const struct ms_policy_events *policy_events;
	void *policy_ctx;
	struct opp_source source;
	struct opp_env opp;
	struct ms_provider creds[2], resolver;
	struct ms_services services;
	struct ms_dns_query *queries;
	struct mesh_cached *cache;
	struct mesh_hold *holds;
	unsigned n_holds, acquires;
	bool ticking, own_doing;
	uint64_t trouble, trouble_ms; /* what is wrong there, and since when; 0: nothing */
	unsigned asked, asked_before; /* questions to DNS; and a second ago */
};

struct mesh {
	struct story s;
	enum story_kind kind;
	struct sim *sim; /* the story's */
	struct dice plan, net, fate, traffic, dns;
	struct mesh_host *hosts;
	unsigned n_hosts;
	struct mesh_flow *flows;
	unsigned n_flows;
	unsigned *by_addr; /* hash table, index + 1 */
	unsigned addr_mask;
	bool full;
	bool nameless; /* nobody proves who he is (RFC 7619), nobody needs a key */
	bool calm, silent; /* nothing goes wrong any more; nobody speaks any more */
	uint64_t healed_ms;
	uint64_t act_ms;   /* how long the first act is */
	uint64_t packets, questions;
	bool *split[MESH_SPLITS]; /* which side each host is on */
	bool split_on[MESH_SPLITS];
	unsigned lose, copy, late; /* of IKE datagrams, in a hundred; late: at most, in ms */
	unsigned dns_silent, dns_fails, dns_lies, dns_late_ms;
};

/* mesh.c: a mesh that is planned, not booted; the end. */
void mesh_begin(struct mesh *m, const struct story_options *o, struct story_result *result);
void mesh_end(struct mesh *m);

/* mesh_scan.c */
void mesh_scan(const struct story_options *o, struct story_result *result);

/* mesh_plan.c: who is there, with what lists and keys, and who speaks to whom. */
void mesh_plan(struct mesh *m);
void mesh_plan_free(struct mesh *m);
void mesh_plan_lines(struct mesh *m, struct mesh_host *h);
struct mesh_host *mesh_owner(const struct mesh *m, const struct ms_addr *a);

/* mesh_host.c: a daemon without a loop. */
extern const char *const mesh_groups[MESH_POLICIES]; /* NULL: none */
void mesh_host_init(struct mesh_host *h);
void mesh_boot(struct mesh_host *h);
void mesh_halt(struct mesh_host *h, bool politely);
bool mesh_conns_load(void);
void mesh_conns_unload(void);

/* mesh_dns.c */
extern const struct ms_resolver_ops mesh_resolver_ops;
bool mesh_keys_load(void);
void mesh_keys_unload(void);
struct ms_privkey *mesh_private_key(unsigned pool);
/* Everything that is asked is answered now: there is no network. */
void mesh_dns_flush(struct mesh_host *h);
void mesh_dns_forget(struct mesh_host *h);

/* mesh_kernel.c */
void mesh_packet(struct mesh *m, const struct mesh_packet *p);
void mesh_kernel_did(void *mesh, struct sim_node *n, const struct ms_kernel_op *op);
void mesh_holds_free(struct mesh_host *h);

/* mesh_trouble.c */
void mesh_traffic(struct mesh *m);
/* An event: a flow's next request, and on it goes. */
void mesh_speak(struct sim *s, void *flow);
void mesh_trouble(struct mesh *m);
void mesh_heal(struct mesh *m);
void mesh_network(void *mesh, struct sim_packet *p, struct sim_fate *fate);
bool mesh_cut(const struct mesh *m, const struct mesh_host *a, const struct mesh_host *b);

/* mesh_matrix.c: what should become of them. */
enum mesh_policy mesh_policy(const struct mesh_host *here, const struct ms_addr *there);
bool mesh_encrypts(const struct mesh_flow *f);
/* Without a tunnel. */
bool mesh_leaves_in_clear(enum mesh_policy p);

/* mesh_check.c */
/* Looks at everything; the answers that follow are about what was seen. */
void mesh_look(struct mesh *m);
/* Every flow has been as it should be since then. */
bool mesh_all_since(struct mesh *m, uint64_t since_ms, char *why, size_t size);
/* Nothing has been wrong for so long. */
bool mesh_none_longer(struct mesh *m, uint64_t ms, char *why, size_t size);
/* Each second, with the events in it. */
void mesh_bounds(struct mesh *m, uint64_t events);
void mesh_empty(struct mesh *m);
void mesh_count_flows(struct mesh *m);

#endif
