/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IKE engine as pluto sees it: datagrams, time and kernel events in; effects through struct
 * host.
 *
 * An engine owns all IKE and CHILD SAs, their indexes and timers.  It makes no system call and
 * reads no clock but host_ops.now_ms.  Everything runs on the owner thread; public-key work goes to
 * host_ops.job.  Answers of host_ops that come after the SA went are understood and dropped, but
 * every answer must have come before ike_engine_free().
 *
 * Standards: RFC 7296, RFC 7383, RFC 7427, RFC 8247; section numbers stand where a rule is obeyed.
 */
#ifndef MODSWAN_CORE_IKE_IKE_H
#define MODSWAN_CORE_IKE_IKE_H

#include "core/child/child_sa.h"
#include "core/conn/conn.h"
#include "core/host.h"

struct ike_engine;
struct ike_sa;
struct ike_version;

struct ike_params {
	const struct ike_version *v2; /* &ikev2 */
	uint16_t port, nat_port;   /* ours; 0: 500, 4500 */
	int cookies;               /* enum ms_tristate: never, always, from the threshold on */
	uint32_t cookie_threshold; /* half-open SAs; 0: 25000 */
	uint32_t max_half_open;    /* more are refused; 0: 50000 */
	uint32_t max_children;     /* on one IKE SA, twice as many while they are rekeyed; 0: 10000 */
	uint64_t half_open_ms;     /* how long a responder waits for IKE_AUTH; 0: 30 s */
	uint64_t retransmit_interval_ms; /* where a connection says 0; 0: 500 */
	uint64_t retransmit_timeout_ms;  /* 0: 60 s */
	uint64_t nat_keepalive_ms;       /* 0: none are sent */
	bool unique_ids; /* a newer IKE SA of the same two identities replaces the older */
	struct ms_bytes vendor_id; /* sent in IKE_SA_INIT; borrowed; empty: none */
};

/* NULL: out of memory. host, conns, params->v2 and params->vendor_id stay the caller's. */
struct ike_engine *ike_engine_new(
	const struct host *host, struct conn_table *conns, const struct ike_params *params);
/* SAs are forgotten without a word to peers or kernel; see ike_shutdown(). */
void ike_engine_free(struct ike_engine **e);

/* Addresses of this datagram, ours first; the octets are borrowed for the call. */
void ike_receive(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram);
/* Does what is due. */
void ike_tick(struct ike_engine *e);
uint64_t ike_deadline(const struct ike_engine *e); /* UINT64_MAX: nothing to wait for */

/* Starts to bring the connection up; host_ops.attempt_over tells the end.  MS_ERR_BUSY: an attempt
 * is under way already (its end is reported all the same); MS_ERR_CONFIG: it cannot be initiated.
 */
ms_err ike_initiate(struct ike_engine *e, struct conn *c, struct ms_why *why) MS_MUST_CHECK;
/* No IKE SA of it but attempts that wait for their turn: its addresses may change. */
bool ike_waits(const struct conn *c);
/* They have: such an attempt begins anew, now. */
void ike_readdressed(struct ike_engine *e, struct conn *c);
/* SAs of the connection moved (RFC 4555), or the peer's name has other addresses: is it up there? */
void ike_follow_peer(struct ike_engine *e, struct conn *c);
/* Deletes all SAs of the connection, with Delete payloads to the peer; no revival. */
void ike_terminate_conn(struct ike_engine *e, struct conn *c);
/* Is the peer of its newest CHILD SA alive (RFC 7296 s2.4)?  Nothing comes of it when it answers. */
void ike_probe_conn(struct ike_engine *e, struct conn *c);
/* One IKE or CHILD SA by serial number. MS_ERR_NOT_FOUND. */
ms_err ike_terminate_serial(struct ike_engine *e, uint32_t serial) MS_MUST_CHECK;
/* New keys for the connection's newest IKE SA, or for its newest CHILD SA, before their time.
 * MS_ERR_NOT_FOUND: it has none. */
ms_err ike_rekey_conn(struct ike_engine *e, struct conn *c, bool child) MS_MUST_CHECK;
/* The first step to the end, while nothing is wanted up any more: each established IKE SA is deleted as
 * soon as the peer has answered the request before (RFC 7296 s2.3).  Are there peers who wait for that? */
void ike_delete_all(struct ike_engine *e);
bool ike_untold(const struct ike_engine *e);
/* Tells every peer once and forgets everything; the kernel's SAs and policies are taken back. */
void ike_shutdown(struct ike_engine *e);

/* The connection has another address than before, and its instances with it: SAs that cannot move
 * (RFC 4555) go, connections that are wanted up come up again from there.  is_local tells whether the
 * old address is still ours. */
typedef bool ike_is_local_f(void *arg, const struct ms_addr *a);
void ike_left_address(struct ike_engine *e, struct conn *c, ike_is_local_f *is_local, void *arg);
/* Our addresses or routes changed: SAs that can move (RFC 4555) look for their path. */
void ike_network_changed(struct ike_engine *e);

/* Kernel events; SAIDs that are not ours are ignored. */
void ike_kernel_expire(struct ike_engine *e, const struct ms_said *said, bool hard);
void ike_kernel_mapping(
	struct ike_engine *e, const struct ms_said *said, const struct ms_endpoint *peer);

/* --- listing --------------------------------------------------------------------------------- */

/* Numbered as the family numbers its states: code = 100 + n */
enum ike_state {
	IKE_UNBORN = 0, /* a request for which there is no SA yet */
	IKE_PARENT_I1 = 33,
	IKE_PARENT_I2,
	IKE_PARENT_I3,
	IKE_PARENT_R1,
	IKE_PARENT_R2,
	IKE_DELETING, /* told the peer, waits for its answer */
	IKE_GONE,
	IKE_STATE_END
};

/* "STATE_PARENT_I1"; its story: "sent v2I1, expected v2R1". Never NULL. */
const char *ike_state_name(enum ike_state s);
const char *ike_state_story(enum ike_state s);

struct ike_sa *ike_first(const struct ike_engine *e); /* in order of birth */
struct ike_sa *ike_next(const struct ike_sa *ike);
/* The same in pieces: SAs may come and go between two of them.  The walker is the caller's, and must
 * end before it goes away. */
struct ike_walk {
	struct ike_walk *next;
	struct ike_sa *at;
};
void ike_walk_begin(struct ike_engine *e, struct ike_walk *w);
struct ike_sa *ike_walk_next(struct ike_walk *w); /* NULL: that was all */
void ike_walk_end(struct ike_engine *e, struct ike_walk *w); /* no-op when it has not begun */
struct ike_sa *ike_by_serial(const struct ike_engine *e, uint32_t serial);
struct child_sa *ike_first_child(const struct ike_sa *ike); /* ->next */
struct child_sa *child_by_serial(const struct ike_engine *e, uint32_t serial);

struct ike_info {
	uint32_t serial;
	enum ike_state state;
	bool initiator, established, nat_here, nat_there;
	struct conn *conn;
	uint8_t spi_i[8], spi_r[8];
	struct ms_endpoint local, remote;
	const struct ms_id *peer_id; /* MS_ID_ANY before it is authenticated */
	enum peer_proof proof;       /* what it was authenticated by */
	struct ms_suite suite;       /* valid from I2, R1 on */
	const char *event;           /* what the next timer does: "EVENT_SA_REPLACE" ... */
	uint64_t event_ms;           /* from now; UINT64_MAX: no event */
	uint64_t established_s;      /* wall clock */
	unsigned children;
};
void ike_info(const struct ike_sa *ike, struct ike_info *out);
/* The same for a CHILD SA's next event. */
const char *child_event(const struct child_sa *child, uint64_t *in_ms_r);

/* A logger that writes `"conn" #N: `; the object must outlive it. */
struct ms_logger ike_logger(const struct ike_sa *ike);
struct ms_logger child_logger(const struct child_sa *child);

/* --- counters -------------------------------------------------------------------------------- */

/* clang-format off */
#define IKE_COUNTERS(X)                                                                            \
	X(RECEIVED, "datagrams received")                                                          \
	X(SENT, "datagrams sent")                                                                  \
	X(RETRANSMITTED, "requests sent again")                                                    \
	X(ANSWERED_AGAIN, "responses sent again")                                                  \
	X(COOKIES_SENT, "cookies demanded")                                                        \
	X(DROP_SHORT, "dropped: no whole IKE header, or wrong length")                             \
	X(DROP_VERSION, "dropped: other IKE version")                                              \
	X(DROP_SYNTAX, "dropped: malformed")                                                       \
	X(DROP_GRAMMAR, "dropped: payloads do not fit the exchange")                               \
	X(DROP_SPI, "dropped: no such IKE SA")                                                     \
	X(DROP_ID, "dropped: message id outside the window")                                       \
	X(DROP_INTEGRITY, "dropped: integrity check failed")                                       \
	X(FRAGMENTED, "messages sent in fragments")                                                \
	X(REASSEMBLED, "messages put together from fragments")                                     \
	X(DROP_FRAGMENT, "dropped: fragment known already, not agreed on or beyond bounds")        \
	X(DROP_UNPROTECTED, "dropped: clear message where SK is needed")                           \
	X(DROP_STATE, "dropped: no transition for it")                                             \
	X(DROP_BUSY, "dropped: an earlier message is still worked on")                             \
	X(DROP_HALF_OPEN, "dropped: too many half-open IKE SAs")                                   \
	X(DROP_NO_CONN, "refused: no connection for these addresses")                              \
	X(DROP_MEMORY, "dropped: out of memory")                                                   \
	X(IKE_ESTABLISHED, "IKE SAs established")                                                  \
	X(CHILD_ESTABLISHED, "CHILD SAs established")                                              \
	X(IKE_FAILED, "IKE SAs failed")                                                            \
	X(LIVENESS, "liveness checks begun")                                                       \
	X(SILENT, "IKE SAs whose peer did not answer")                                             \
	X(SUPERSEDED, "IKE SAs superseded by a newer one of the same peer")                        \
	X(REVIVED, "connections revived")                                                          \
	X(GIVEN_UP, "connections given up after keyingtries=")
/* clang-format on */

enum ike_counter {
#define IKE_COUNTER_ENUM(id, text) IKE_C_##id,
	IKE_COUNTERS(IKE_COUNTER_ENUM)
#undef IKE_COUNTER_ENUM
		IKE_COUNTER_COUNT
};
uint64_t ike_counter(const struct ike_engine *e, enum ike_counter c);
const char *ike_counter_text(enum ike_counter c);
unsigned ike_half_open(const struct ike_engine *e);

/* SAs there are; only the first one counts IKE SAs that are not established. */
struct ike_counts {
	uint32_t ike, open, children;
	uint32_t nameless, nameless_children; /* of those: the peer has proved nothing (RFC 7619) */
};
struct ike_counts ike_counts(const struct ike_engine *e);

/* Graphviz text of the transition table; like snprintf. */
size_t ike_fsm_dot(const struct ike_version *v, char *buf, size_t size);

#endif
