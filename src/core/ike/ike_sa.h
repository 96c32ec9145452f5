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
	bool established, gone, half_open;
	uint8_t busy; /* enum ike_busy: an action waits for the host */
	bool nat_here, nat_there, floated;
	bool no_revival; /* terminated by a person, or replaced */
	bool replacing, successor; /* one is on its way; it was begun as one */
	bool heir;       /* of a rekeying under way: lives and dies with that exchange */
	bool telling;    /* somebody waits for attempt_over() */
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
	uint64_t lower;   /* the beginning of the lower of its nonces */
	uint64_t twin_at, twin_since; /* goes then, because */
	uint32_t twin;    /* of this one */
	uint64_t heard_ms; /* last protected message */
	uint64_t born_ms, made_ms; /* the first message, established; monotonic */
	uint64_t established_s;

	struct ms_id peer_id;
	uint8_t proof; /* enum peer_proof; of it */
	struct ike_mobike *mobike; /* NULL: not agreed on */
	struct ms_addr lease[2]; /* IPv4, IPv6: the peer's, when c->remote.pool; else ours */
	struct ike_exchange *x; /* of what is being worked on */
	struct ike_exchange
		*x_out; /* of our CREATE_CHILD_SA request, while its answer is awaited */
	struct child_sa *children;
};

/* One row of the transition table. */
struct ike_transition {
	const char *story;
	uint32_t from; /* set of 1 << (state - IKE_PARENT_I1); 0: IKE_UNBORN */
	uint8_t exchange, role;
	uint64_t need,
		may; /* IKE_HAS(), IKE_HAS_NOTIFY(); N, V and CERT kinds are always allowed */
	ike_action_f *act;
	uint8_t to;    /* 0: stays */
	uint8_t timer; /* enum ike_row_timer */
};
enum ike_row_timer { TIMER_NONE, TIMER_HALF_OPEN, TIMER_RETRANSMIT, TIMER_LIFETIME };
extern const struct ike_transition ike_transitions[];
extern const unsigned ike_transition_count;
#define IKE_FROM(state) (UINT32_C(1) << ((state)-IKE_PARENT_I1))
const struct ike_transition *ike_transition_find(
	enum ike_state from, unsigned exchange, enum ike_role role, uint64_t set);

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

/* --- engine.c, ike_sa.c ----------------------------------------------------------------------- */

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
/* With our SPI chosen and in the indexes; the caller's pointer is borrowed from the engine. */
struct ike_sa *ike_sa_new(struct ike_engine *e, struct conn *c, bool initiator,
	const struct ms_endpoint *local, const struct ms_endpoint *remote);
struct ike_sa *ike_sa_ref(struct ike_sa *ike);
void ike_sa_unref(struct ike_sa **ike);
/* Out of all indexes, children too; why: for the log and for who waits. */
void ike_gone(struct ike_sa *ike, ms_err err, const struct ms_why *why);
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
bool ike_has_ids(struct ike_engine *e, const struct ms_id *me, const struct ms_id *peer);
/* An instance of the template for this IKE SA's peer: the one that the peer's older IKE SA uses,
 * where one identity is one peer and its clients do not depend on its address, or a new one.  A
 * reference; NULL: out of memory. */
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

/* --- report.c ----- */

/* A line of this level is of use to the log or to somebody who watches. */
bool ike_heard(const struct ike_engine *e, const struct ms_logger *lg, enum ms_log_level level);
/* Log line and host_ops.report with the object's serial number. */
void ike_report(struct ike_sa *ike, uint32_t serial, int code, const char *fmt, ...)
	MS_PRINTF(4, 5);
/* "STATE_PARENT_I1: sent v2I1, expected v2R1" with code 100 + n, and what stands in fmt after it.
 */
void ike_report_state(struct ike_sa *ike, uint32_t serial, int code, const char *extra);
size_t ike_crypto_text(const struct ike_sa *ike, char *buf, size_t size);

/* --- receive.c, fsm.c ----- */

/* The action that rx->row names is complete: state, timer, story. */
void ike_advance(struct ike_sa *ike, const struct ike_transition *row);
/* The action ended, with whatever result: messages that waited are looked at. */
void ike_idle(struct ike_sa *ike);
/* An answer outside any SA: one notify, in clear, at a bounded rate. */
void ike_answer_clear(const struct ike_rx *rx, unsigned notify, struct ms_bytes data);
/* One line about a datagram of a stranger, rate limited. */
void ike_log_stranger(const struct ike_rx *rx, const char *fmt, ...) MS_PRINTF(2, 3);
void ike_send(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram);
/* All datagrams of a packet. */
void ike_send_packet(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, const struct ike_packet *p);

/* --- window.c ----- */

/* Our next request: begins a message in the engine's scratch, with SK open when keys are there. */
void ike_request_begin(struct ike_sa *ike, struct ike_out *out, unsigned exchange);
/* Seals, keeps and sends it. */
ms_err ike_request_send(struct ike_sa *ike, struct ike_out *out) MS_MUST_CHECK;
/* The answer to request `id` (the peer's). */
void ike_response_begin(struct ike_sa *ike, struct ike_out *out, unsigned exchange, uint32_t id);
ms_err ike_response_send(struct ike_sa *ike, struct ike_out *out) MS_MUST_CHECK;
/* An answer with one notify; recv_id goes on. */
void ike_response_notify(
	struct ike_sa *ike, unsigned exchange, uint32_t id, unsigned notify, struct ms_bytes data);
void ike_request_answered(struct ike_sa *ike);
void ike_resend(struct ike_sa *ike);
/* Starts the next thing in ike->wants when no request is under way. */
void ike_next_request(struct ike_sa *ike);

/* --- fragment.c -------------------------------------------------------------------------------- */

/* A datagram of ours on an IPv4 or IPv6 network with all headers: what every IPv6 link carries
 * (RFC 8200 s5), and what RFC 7383 s2.5.1 advises where nothing is known of an IPv4 path. */
#define IKE_FRAGMENT_OCTETS       1280
#define IKE_FRAGMENT_OCTETS_FORCE 576
/* What is collected at most: fragments of one message, their octets before and after the peer is
 * authenticated, and octets of a whole engine; strangers get no more than half of that. */
#define IKE_MAX_FRAGMENTS            128
#define IKE_FRAGMENTS_OCTETS_UNKNOWN 16384
#define IKE_FRAGMENTS_OCTETS         IKE_MAX_DATAGRAM
#define IKE_FRAGMENTS_OCTETS_ENGINE  (32u << 20)
#define IKE_FRAGMENTS_MS             60000 /* after the last new one */

/* The message in `out`, not sealed, has to be sent in fragments. */
bool ike_fragment_needed(struct ike_sa *ike, struct ike_out *out);
/* Sealed, one after the other; the caller frees. */
ms_err ike_fragment_seal(
	struct ike_sa *ike, struct ike_out *out, struct ike_packet **packet_r) MS_MUST_CHECK;
/* Before anything is spent on it: this fragment is new and within bounds (counted if not). */
bool ike_fragment_wanted(const struct ike_rx *rx);
/* An authenticated one. */
void ike_fragment_keep(struct ike_rx *rx, struct ms_bytes inner);
/* When all fragments are there: rx becomes the whole message, its payloads in the engine's scratch,
 * and nothing is kept of it. */
bool ike_fragment_join(
	struct ike_sa *ike, enum ike_role role, struct ike_rx *rx, struct ms_bytes *inner_r);
void ike_fragments_free(struct ike_sa *ike, enum ike_role role);

/* --- sk.c ----- */

ms_err ike_sk_seal(struct ike_sa *ike, struct ike_out *out) MS_MUST_CHECK;
/* Octets of a message that has `head` octets before the IV and `inner` octets of payloads. */
size_t ike_sk_sealed(const struct ike_sa *ike, size_t head, size_t inner);
/* The most payload octets for a message of `datagram` octets; 0: it is too small for any. */
size_t ike_sk_room(const struct ike_sa *ike, size_t head, size_t datagram);
/* In place in the octets of rx->m.raw (which must be writable); *inner_r: the payloads inside. */
ms_err ike_sk_open(struct ike_sa *ike, uint8_t *datagram, struct ike_msg *m,
	struct ms_bytes *inner_r) MS_MUST_CHECK;

/* --- lifetime.c ----- */

void ike_start_lifetime(struct ike_sa *ike);
void ike_start_keepalive(struct ike_sa *ike); /* when we are behind a NAT */
void child_start_lifetime(struct child_sa *child);
void ike_timer_fired(struct ike_sa *ike, uint64_t now);
void child_timer_fired(struct child_sa *child, uint64_t now);
/* A fresh IKE SA with child that takes this one's place; the old one stays until it is up. */
void ike_replace(struct ike_sa *ike);
/* Such a one came to nothing: is the old one still there?  Then it is tried again later. */
bool ike_replace_later(const struct ike_sa *ike);
/* After an attempt failed: another one as keyingtries says (true), or the end. */
bool ike_attempt_failed(
	struct ike_engine *e, struct conn *c, bool telling, ms_err err, const struct ms_why *why);

/* The same for an IKE SA that was not established: another address of a peer that is a name goes
 * before another try. */
void ike_peer_failed(
	struct ike_engine *e, struct conn *c, bool telling, ms_err err, const struct ms_why *why);

/* The connection lost its last CHILD SA: brings it up again when it is wanted up, or always. */
void ike_revive(struct ike_engine *e, struct conn *c, bool always);
/* Authenticated: indexes, newest, what INITIAL_CONTACT and uniqueids= remove. */
void ike_established(struct ike_sa *ike, bool initial_contact);
/* The child of the attempt is up: who waits is told, a replaced IKE SA goes. */
void ike_attempt_succeeded(struct ike_sa *ike);
/* The same for a child that was asked for on an IKE SA that was there already. */
void child_attempt_over(struct child_sa *child, ms_err err, const struct ms_why *why);
/* Asks for the SA's deletion as soon as the window lets it. */
void ike_want_delete(struct ike_sa *ike);
/* Another IKE SA took its place; what came to it meanwhile comes up there. */
void ike_superseded(struct ike_sa *ike);
void ike_strand(struct ike_sa *ike, bool can_tell); /* its connection has another address */
/* At once and without a word, since its peer knows nothing of it; its connections come again when
 * they are wanted. */
void ike_supplant(struct ike_sa *old, const struct ike_sa *by);
/* The same when its time is over: connections that are wanted up come again. */
void ike_expired(struct ike_sa *ike);
void child_want_delete(struct child_sa *child);
/* The same for one that has a successor: what the peer still sends on it is taken until he has
 * heard of it. */
void child_retire(struct child_sa *child);
void child_rekey_later(struct child_sa *child, uint64_t in_ms);

/* A CHILD SA of the connection on an IKE SA that is there, or will be. */
ms_err ike_child_attempt(struct ike_sa *ike, struct conn *c) MS_MUST_CHECK;
void child_expire_soon(struct child_sa *child, uint64_t in_ms);

/* --- twin.c ----- */

#define IKE_TWIN_WINDOW_MS UINT64_C(30000) /* twins are born within it */

uint64_t ike_lower_nonce(const struct ike_exchange *x);
/* Both ends initiated at once, and these are the two results. */
bool ike_is_twin(const struct ike_sa *a, const struct ike_sa *b);
/* By the index of identities; NULL: it has none. */
struct ike_sa *ike_twin_of(struct ike_sa *ike);
/* A child came up. */
void ike_resolve_twins(struct child_sa *child);
void ike_twin_due(struct ike_sa *ike);
/* The heir takes its place: its connections move, then its CHILD SAs go, then itself. */
void ike_retire(struct ike_sa *ike, const struct ike_sa *heir);

/* --- natd.c, cookie.c ------------------------------------------------------------------------- */

void ike_natd_put(struct ike_sa *ike, struct ike_out *out, bool with_spi_r);
/* From the peer's IKE_SA_INIT message. */
void ike_natd_check(struct ike_sa *ike, const struct ike_msg *m);
/* As a request came from there: what a peer needs to see its mapping. */
void ike_natd_put_seen(struct ike_sa *ike, struct ike_out *out, const struct ms_endpoint *local,
	const struct ms_endpoint *remote);
void ike_float(struct ike_sa *ike);
/* Takes over the addresses that an authenticated message came from (RFC 7296 s2.23). */
void ike_follow(
	struct ike_sa *ike, const struct ms_endpoint *local, const struct ms_endpoint *remote);
bool ike_cookie_wanted(const struct ike_engine *e);
/* RFC 7296 s2.6; at least 8 and at most 64 octets: 33 of ours. */
#define IKE_COOKIE_OCTETS 33
ms_err ike_cookie_make(
	struct ike_engine *e, const struct ike_rx *rx, uint8_t *cookie) MS_MUST_CHECK;
bool ike_cookie_good(struct ike_engine *e, const struct ike_rx *rx, struct ms_bytes cookie);

/* --- ikev2/ ----------------------------------------------------------------------------------- */

/* ike_sa_init.c */
void ike_sa_init_start(struct ike_sa *ike);
ike_action_f ike_sa_init_request, ike_sa_init_response, ike_sa_init_cookie, ike_sa_init_ke,
	ike_sa_init_refused;
/* ike_auth.c */
void ike_auth_start(struct ike_sa *ike);
ms_err ike_auth_conn(struct ike_sa *ike, struct ms_why *why) MS_MUST_CHECK;
ike_action_f ike_auth_request, ike_auth_eap, ike_auth_response, ike_auth_refused;
/* informational.c */
ike_action_f ike_informational_request, ike_informational_response;
void ike_informational_start(struct ike_sa *ike);
/* create_child_sa.c */
ike_action_f ike_create_child_request, ike_rekey_child_request, ike_create_child_response,
	ike_create_child_refused, ike_create_child_late;
void ike_rekey_child_start(struct child_sa *child);
/* A child that child_new() made on an established IKE SA. */
void ike_create_child_start(struct child_sa *child);
/* rekey_ike.c */
ike_action_f ike_rekey_ike_request, ike_rekey_ike_response;
void ike_rekey_ike_start(struct ike_sa *ike);
void ike_rekey_ike_failed(struct ike_sa *ike, unsigned notify);
/* A responder's way out of a CREATE_CHILD_SA request: one notify, everything given up. */
void ike_create_refuse(struct ike_sa *ike, unsigned notify, struct ms_bytes data);

/* keymat.c */
enum ike_key { IKE_SK_D, IKE_SK_AI, IKE_SK_AR, IKE_SK_EI, IKE_SK_ER, IKE_SK_PI, IKE_SK_PR };
struct ms_bytes ike_key(const struct ike_sa *ike, enum ike_key key);
/* RFC 7296 s2.14; old: the IKE SA that this one rekeys (s2.18), or NULL. */
ms_err ike_keymat(
	struct ike_sa *ike, struct ike_exchange *x, const struct ike_sa *old) MS_MUST_CHECK;
void ike_keymat_trim(struct ike_sa *ike); /* SK_pi and SK_pr are of no use any more */
/* Finds the algorithms of ike->suite. */
ms_err ike_algorithms(struct ike_sa *ike, struct ms_why *why) MS_MUST_CHECK;

/* auth.c: both go on at x->next. */
void ike_auth_make(struct ike_sa *ike, ike_step_f *next);
void ike_auth_verify(struct ike_sa *ike, ike_step_f *next);
/* The bit of enum ms_conn_auth that an AUTH payload uses; 0: none that we know. */
uint32_t ike_auth_kind(struct ms_bytes auth_body);

#define IKE_AUTH_SIGNATURES (MS_AUTH_RSA | MS_AUTH_RSA_SHA1 | MS_AUTH_ECDSA | MS_AUTH_EDDSA)

/* cert.c */
/* CERT and CERTREQ payloads of a message into rx->ike->x. */
void ike_certs_take(struct ike_rx *rx);
void ike_certs_put(struct ike_sa *ike, struct ike_out *out);
void ike_certreq_put(struct ike_sa *ike, struct ike_out *out);
/* What ike_certs_put() sends, if sendcert= lets it. */
ms_err ike_certs_keep_mine(
	struct ike_sa *ike, const struct ms_bytes *certs, unsigned n) MS_MUST_CHECK;

/* jobs.c: the job's result is in x, next is called on the owner thread. */
void ike_job_ke_start(struct ike_sa *ike, ike_step_f *next);
void ike_job_ke_finish(struct ike_sa *ike, ike_step_f *next);
void ike_job_ke_respond(struct ike_sa *ike, ike_step_f *next);

/* sa_payload.c */
void ike_put_proposals(struct ike_out *out, const struct ms_proposals *p, struct ms_bytes spi);
void ike_put_suite(
	struct ike_out *out, const struct ms_suite *s, unsigned number, struct ms_bytes spi);
/* Into x->peers, numbers, spis: only transforms that `ours` has, proposals of `protocol`.
 * MS_ERR_SYNTAX, MS_ERR_NO_PROPOSAL when none is left, MS_ERR_NOMEM. */
ms_err ike_get_proposals(struct ike_exchange *x, struct ms_bytes body,
	const struct ms_proposals *ours, unsigned spi_octets, struct ms_why *why) MS_MUST_CHECK;
/* What an SA payload says, for logs; like snprintf. */
size_t ike_proposals_peer_text(struct ms_bytes body, char *buf, size_t size);
/* The first group that a provider has; NULL: none. */
const struct ms_ke_alg *ike_first_ke(const struct ms_proposals *p);
/* Among x->peers, with the peer's KE group where that is possible; sets x->chosen. */
ms_err ike_choose_suite(struct ms_suite *suite, const struct ms_proposals *ours,
	struct ike_exchange *x, unsigned group) MS_MUST_CHECK;
/* pub empty: no KE payload. */
void ike_put_ke_nonce(
	struct ike_out *out, unsigned group, struct ms_bytes pub, struct ms_bytes nonce);
bool ike_nonce_fits(const struct ike_payload *p);
bool ike_proposals_have_ke(const struct ms_proposals *p, uint16_t ke);

/* cp.c */
void ike_cp_put_request(struct ike_sa *ike, struct ike_out *out);
/* Understands the request in x->cp; false: there is none for an address. */
bool ike_cp_asked(struct ike_sa *ike);
/* Asks the host for x->ask; goes on at next with the lease in ike and the connection. */
void ike_cp_lease(struct ike_sa *ike, ike_step_f *next);
void ike_cp_release(struct ike_sa *ike);
void ike_cp_put_reply(struct ike_sa *ike, struct ike_out *out);
/* The initiator: what the peer's reply in x->cp gives us goes into the connection. */
ms_err ike_cp_take_reply(struct ike_sa *ike, struct ms_why *why) MS_MUST_CHECK;

/* mobike.c */
bool ike_mobike_wanted(const struct ike_sa *ike);
/* IKE_AUTH: what we say, and what the peer says; the latter agrees on it. */
void ike_mobike_put(struct ike_sa *ike, struct ike_out *out);
void ike_mobike_take(struct ike_sa *ike, const struct ike_msg *m);
void ike_mobike_inherit(struct ike_sa *heir, struct ike_sa *ike);
/* INFORMATIONAL: our request, its answer, the peer's request. */
void ike_mobike_put_request(struct ike_sa *ike, struct ike_out *out);
bool ike_mobike_tells(const struct ike_sa *ike); /* our list is to be told still */
void ike_mobike_answered(struct ike_sa *ike, const struct ike_msg *m);
void ike_mobike_request(struct ike_rx *rx, struct ike_out *out);
void ike_mobike_answer_sent(struct ike_sa *ike);
/* Where a message came from; false: MOBIKE is not agreed on. */
bool ike_mobike_follow(
	struct ike_sa *ike, const struct ms_endpoint *local, const struct ms_endpoint *remote);
/* Where the answer to the request in work goes. */
void ike_answer_to(const struct ike_sa *ike, struct ms_endpoint *local, struct ms_endpoint *remote);
/* The initiator looks for a path, other: to another one of the peer's addresses; the responder, if
 * its own address is no more.  A list of our addresses that changed is told. */
void ike_mobike_look(struct ike_sa *ike, bool other);
void ike_mobike_unanswered(struct ike_sa *ike); /* a request was sent once more */
/* Established children follow the IKE SA's addresses. */
void ike_move_children(struct ike_sa *ike);

/* ipcomp.c: what we offer, what the peer says in x, what the responder chooses and says, and whether
 * the initiator can take that. */
void ike_ipcomp_offer(struct child_sa *child, struct ike_out *out);
void ike_ipcomp_take(struct ike_exchange *x, const struct ike_msg *m);
void ike_ipcomp_choose(struct child_sa *child);
void ike_ipcomp_answer(const struct child_sa *child, struct ike_out *out);
ms_err ike_ipcomp_accept(struct child_sa *child, struct ms_why *why) MS_MUST_CHECK;

/* ts.c */
void ike_put_ts(struct ike_out *out, unsigned payload, const struct ms_selector *s, unsigned n);
/* Of x->child, as the peer knows its addresses (RFC 7296 s2.23.1). */
void ike_put_child_ts(const struct ike_exchange *x, struct ike_out *out);
/* Transport mode through NATs: hosts in the peer's selectors become what we see of them. */
void ike_ts_substitute(const struct ike_sa *ike, struct ike_exchange *x);
/* Selectors of unknown types are left out. *n_r 0 is possible. */
ms_err ike_get_ts(struct ms_arena *arena, const struct ike_payload *p, struct ms_selector **out,
	unsigned *n_r, struct ms_why *why) MS_MUST_CHECK;
/* RFC 7296 s2.9: intersection of both lists, ours in order; at most CHILD_MAX_SELECTORS. */
unsigned ike_ts_narrow(const struct ms_selector *ours, unsigned n_ours,
	const struct ms_selector *peers, unsigned n_peers, struct ms_selector *out);

/* notify.c */
void ike_put_notify(struct ike_out *out, unsigned notify, struct ms_bytes data);
/* The NOTIFY that tells the peer of an error; 0: none. */
unsigned ike_notify_of(ms_err err);
ms_err ike_err_of_notify(unsigned notify);

#include "core/child/child_priv.h"

#endif
