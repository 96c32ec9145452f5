/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the engine: the IKE SA, its exchange in progress, and the functions that the files of
 * ike/, ikev2/ and child/ offer each other.
 *
 * An IKE SA is refcounted because answers of the host may come after it went: the engine holds one
 * reference until ike_gone(), every outstanding answer one.  What only an exchange needs (nonces,
 * DH, saved messages, the peer's proposals) lives in the exchange's wiping arena and goes with it,
 * which keeps an established SA small.
 */
#ifndef MODSWAN_CORE_IKE_IKE_SA_H
#define MODSWAN_CORE_IKE_IKE_SA_H

#include <modswan/control.h>
#include <modswan/registry.h>

#include "core/ike/ike.h"
#include "core/ike/message.h"
#include "core/ike/out.h"
#include "lib/mem/arena.h"

#define IKE_NONCE_OCTETS 32
#define IKE_NONCE_MIN    16 /* RFC 7296 s2.10 */
#define IKE_NONCE_MAX    256
#define IKE_MAX_COOKIE   64
#define IKE_NEVER        UINT64_MAX

enum ike_timer_kind { IKE_TIMER_SA, IKE_TIMER_CHILD };

/* Octets that are kept: a request until it is answered, a response until the next request.  The
 * fragments of one message follow each other; each begins with an IKE header, which has its length.
 */
struct ike_packet {
	uint32_t len;
	uint8_t octets[];
};

struct ike_sa;
struct ike_exchange;
struct ike_fragments;
struct ike_mobike;
struct ike_rx;
typedef void ike_step_f(struct ike_sa *ike, ms_err err, const struct ms_why *why);
typedef void ike_action_f(struct ike_rx *rx);

enum ike_busy { IKE_NOT_BUSY, IKE_BUSY_REQUEST, IKE_BUSY_OTHER };

/* What an established SA has to tell its peer, by falling urgency. */
enum ike_wants {
	IKE_WANT_DELETE = 1,
	IKE_WANT_CHILD_DELETE = 2,
	IKE_WANT_DPD = 4,
	IKE_WANT_REKEY = 8,
	IKE_WANT_CHILD_REKEY = 16,
	IKE_WANT_CHILD_NEW = 32,
	IKE_WANT_ADDRESSES = 64, /* RFC 4555, UPDATE_SA_ADDRESSES */
	IKE_WANT_COOKIE2 = 128
};
enum child_wants { CHILD_WANT_DELETE = 1, CHILD_WANT_REKEY = 2, CHILD_WANT_NEW = 4 };

struct ike_sa {
	struct ike_engine *e;
	struct conn *conn; /* a reference */
	struct ike_sa *prev, *next;
	struct ike_sa *conn_prev, *conn_next;
	struct ike_node by_spi, by_init, by_ids;
	struct ike_serial_node by_serial;
	struct ike_timer timer;
	uint32_t refs, serial;
	uint8_t spi_i[8], spi_r[8];
	struct ms_endpoint local, remote;

	uint8_t state;  /* enum ike_state */
	bool initiator; /* original initiator of this IKE SA */
	bool began;     /* and of the first one, of which this is an heir by rekeyings */
	bool established, gone, half_open;
	bool nameless; /* was established without a proof of who it is, and so counted */
	uint8_t busy; /* enum ike_busy: an action waits for the host */
	bool nat_here, nat_there, floated;
	bool no_revival; /* terminated by a person, or replaced */
	bool replacing, successor; /* one is on its way; it or the first one was begun as one */
	bool apart;      /* its peer failed to prove itself, and is told so; of no use for anything */
	bool heir;       /* of a rekeying under way: lives and dies with that exchange */
	bool telling;    /* somebody waits for attempt_over() */
	bool full;       /* the peer takes no further CHILD SAs on it */
	bool peer_rfc7427;
	bool peer_fragments; /* both ends said IKEV2_FRAGMENTATION_SUPPORTED */
	uint32_t replaces; /* serial of the IKE SA whose place it takes */
	uint8_t hashes;    /* bit per enum ms_hash_id that the peer verifies */
	uint8_t wants;

	struct ms_suite suite;
	const struct ms_encr_alg *encr;
	const struct ms_integ_alg *integ; /* NULL with AEADs */
	const struct ms_prf_alg *prf;
	struct ms_secret keys; /* ike_key() finds its way */
	uint64_t iv;           /* next explicit IV of counter modes */

	uint32_t send_id, recv_id; /* of the next request, each way */
	struct ike_packet *request, *response;
	struct ike_packet *waiting; /* came while busy */
	struct ms_endpoint waiting_local, waiting_remote;
	struct ike_fragments *fragments[2]; /* being collected, by enum ike_role */
	uint64_t fragments_until;
	uint32_t sends; /* of the request */
	uint64_t resend_at, give_up_at;
	uint64_t half_open_until, replace_at, expire_at, dpd_at, keepalive_at;
	uint64_t look_at; /* for a path (RFC 4555) */
	uint64_t lower;   /* the beginning of the lower of the first one's nonces */
	uint64_t twin_at, twin_since; /* goes then, because */
	uint32_t twin;    /* of this one */
	uint64_t heard_ms; /* last protected message */
	uint64_t born_ms, made_ms; /* the first one's first message, established; monotonic */
	uint64_t established_s;

	struct ms_id peer_id;
	uint8_t proof; /* enum peer_proof; of it */
	struct ms_pubkey *peer_key; /* that the peer signed with; NULL: it did not sign */
	struct ike_mobike *mobike; /* NULL: not agreed on */
	struct ms_addr lease[2]; /* IPv4, IPv6: the peer's, when c->remote.pool; else ours */
	struct ike_exchange *x; /* of what is being worked on */
	struct ike_exchange
		*x_out; /* of our CREATE_CHILD_SA request, while its answer is awaited */
	struct child_sa *children;
};

/* A message on its way through the engine. */
struct ike_rx {
	struct ike_engine *e;
	struct ike_sa *ike; /* NULL: none yet */
	const struct ike_transition *row;
	struct ms_endpoint local, remote;
	struct ike_msg m;
};

/* What lives as long as an exchange. */
struct ike_exchange {
	struct ms_arena *arena;
	const struct ike_transition *row; /* taken when the action is done */
	ike_step_f *next;

	/* key exchange */
	struct ms_bytes ni, nr;
	const struct ms_ke_alg *ke;
	void *ke_priv;
	uint8_t *ke_pub; /* ours */
	struct ms_bytes ke_peer;
	unsigned ke_group; /* that the peer's KE payload names */
	struct ms_bytes shared;
	struct ms_bytes cookie;
	unsigned cookie_rounds, ke_rounds;
	struct ms_proposals *peers; /* SA payload of the peer, with our kinds of transforms */
	uint8_t numbers[MS_MAX_PROPOSALS];
	uint32_t spis[MS_MAX_PROPOSALS];
	uint8_t spi8[8]; /* peer's, of an IKE SA being rekeyed */
	unsigned chosen; /* index into numbers */

	/* authentication */
	struct ms_bytes init_i, init_r; /* the two IKE_SA_INIT messages */
	struct ms_bytes my_id, his_id;  /* bodies of ID payloads */
	struct ms_id asked_id;          /* IDr of the request; MS_ID_ANY: none */
	struct ms_bytes auth;           /* body of the peer's AUTH */
	uint32_t his_auth;              /* the bit of enum ms_conn_auth that it uses; 0: none */
	struct ms_bytes my_auth;        /* body of ours */
	bool initial_contact;
	struct ms_bytes *certs;  /* the peer's, DER as they came; at most MS_MAX_CERTS */
	unsigned n_certs;
	bool certreq;            /* the peer asks for certificates, */
	uint8_t *asked;          /* of these CAs */
	size_t asked_octets;
	struct ms_bytes *my_certs;
	unsigned n_my_certs;
	struct ms_bytes cp; /* body of the peer's CP payload */
	struct ms_attr_request ask;
	struct ms_subnet *announce; /* to who asked; n_announce 0: the connection's own */
	unsigned n_announce;

	/* the child being made */
	struct ms_bytes sa;                      /* body of the peer's SA payload */
	struct child_sa *child;                  /* a reference */
	struct ms_selector *ts_mine, *ts_theirs; /* as the peer wrote them */
	unsigned n_mine, n_theirs;
	bool transport;
	bool comp;    /* the peer speaks of IPComp, */
	uint16_t cpi; /* with deflate; 0: with nothing that we know */
	struct ms_addr was_mine, was_theirs; /* before RFC 7296 s2.23.1 put others in their place */
	unsigned child_refused; /* notify to send instead of a child */
	uint32_t rekeys;        /* serial of the child that this exchange replaces */
	uint32_t rival;         /* the child by which the peer replaces it at the same time */
	uint8_t *rival_nonce;
	struct ike_sa *new_ike; /* a reference, IKE SA rekey */
};

struct ike_engine {
	const struct host *host;
	struct conn_table *conns;
	struct ike_params params;
	uint64_t seed[2];
	struct ike_table by_spi, by_init, by_ids, by_serial, by_child_spi, by_host;
	struct ike_heap heap;
	struct ike_sa *first, *last;
	struct ike_walk *walks;
	struct ike_counts counts;
	uint32_t next_serial;
	uint32_t half_open;
	uint64_t deadline;
	uint8_t cookie_secret[2][32];
	uint8_t cookie_version;
	uint64_t cookie_until;
	uint64_t counters[IKE_COUNTER_COUNT];
	size_t fragment_octets;    /* of all SAs' incomplete messages */
	struct ms_log_limit limit; /* for lines that strangers cause */
	uint64_t clear_filled_ms;  /* bucket of answers to strangers */
	uint32_t clear_left;
	bool closing;
	uint8_t rx_scratch[IKE_MAX_DATAGRAM + 1];
	uint8_t tx_scratch[16384];
};

static inline uint64_t ike_now(const struct ike_engine *e)
{
	return e->host->ops->now_ms(e->host->ctx);
}

static inline void ike_random(const struct ike_engine *e, void *out, size_t len)
{
	e->host->ops->random(e->host->ctx, out, len);
}

static inline void ike_count(struct ike_engine *e, enum ike_counter c)
{
	e->counters[c]++;
}

uint32_t ike_serial(struct ike_engine *e);
/* With our SPI chosen and in the indexes; the caller's pointer is borrowed from the engine.  octets: that
 * its first exchange will keep besides itself, where that is known; 0: enough for most. */
struct ike_sa *ike_sa_new(struct ike_engine *e, struct conn *c, bool initiator,
	const struct ms_endpoint *local, const struct ms_endpoint *remote, size_t octets);
struct ike_sa *ike_sa_ref(struct ike_sa *ike);
void ike_sa_unref(struct ike_sa **ike);
/* Out of all indexes, children too; why: for the log and for who waits. */
void ike_gone(struct ike_sa *ike, ms_err err, const struct ms_why *why);
/* The attempt has failed, and the peer that believes otherwise is being told: the connection, the
 * children and the identities have it no more, and it goes when the peer answers or is silent. */
void ike_apart(struct ike_sa *ike, ms_err err, const struct ms_why *why);
void ike_set_conn(struct ike_sa *ike, struct conn *c);
struct ike_sa *ike_find_spi(struct ike_engine *e, const uint8_t spi[8]);
struct ike_sa *ike_find_init(
	struct ike_engine *e, const uint8_t spi_i[8], const struct ms_endpoint *remote);
void ike_index_init(struct ike_sa *ike); /* responder: duplicates of the first request */
void ike_index_ids(struct ike_sa *ike);
/* Another established IKE SA of the same two identities that take() takes; NULL: none. */
struct ike_sa *ike_same_ids(struct ike_sa *ike,
	bool (*take)(const struct ike_sa *old, const struct ike_sa *ike, bool how), bool how);
/* Serials of other established IKE SAs with peers without a name at the same address. */
unsigned ike_nameless_at(const struct ike_sa *ike, uint32_t *serials, unsigned max);
/* Another one, established or about to be by the peer's word. */
bool ike_has_ids(struct ike_engine *e, const struct ms_id *me, const struct ms_id *peer,
	const struct ike_sa *but);
/* An instance of the template for this IKE SA's peer: the one that the peer's older IKE SA uses,
 * where one identity is one peer and its clients depend neither on its address nor on its lease, or a
 * new one.  A reference; NULL: out of memory. */
struct conn *ike_instance(struct ike_sa *ike, struct conn *template);
/* An established IKE SA that a CHILD SA of `c` may use: same hosts, identities, methods of
 * authentication and proposals.  NULL: none. */
struct ike_sa *ike_find_shared(struct ike_engine *e, const struct conn *c);
/* An instance without SAs goes: else each peer that comes and goes would leave one behind. */
void ike_drop_instance(struct ike_engine *e, struct conn *c);
/* Sets the timer to the earliest of the SA's deadlines. */
void ike_arm(struct ike_sa *ike);
void ike_arm_timer(struct ike_engine *e, struct ike_timer *t, uint64_t at);
/* ike->x; NULL: out of memory. */
struct ike_exchange *ike_exchange_new(struct ike_sa *ike);
void ike_exchange_free(struct ike_exchange **x);
/* A copy in the exchange's arena; len 0 with ptr NULL when out of memory. */
struct ms_bytes ike_keep(struct ike_exchange *x, struct ms_bytes b);
static inline const uint8_t *ike_my_spi(const struct ike_sa *ike)
{
	return ike->initiator ? ike->spi_i : ike->spi_r;
}

#endif
