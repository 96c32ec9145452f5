/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ikeload: many IKEv2 initiators in one process, to load a responder.
 *
 * One IKE engine (libcore) with one connection for each peer that is played: own identity, own
 * inner address, same outer address.  load.c brings the connections up, so many at once; world.c is
 * the engine's struct host_ops, with a kernel that protects nothing; sockets.c moves datagrams in
 * batches, so that this side costs as little as it can; certs.c gives each peer a certificate.  One
 * thread; key exchange is done inline.
 */
#ifndef TESTING_BENCH_LOAD_H
#define TESTING_BENCH_LOAD_H

#include <modswan/creds.h>

#include "core/conn/conn.h"
#include "core/host.h"
#include "core/ike/ike.h"
#include "lib/loop/loop.h"

struct sockets;
struct certs;

struct load_options {
	const char *local, *peer; /* outer addresses */
	const char *id_prefix;    /* "@l": identities are @l1, @l2 ... */
	const char *peer_id;
	const char *psk;
	const char *key, *peer_key; /* instead: file of a private key of all, 0s... of the peer */
	const char *ca_cert, *ca_key; /* files of a CA: each peer gets a certificate for `key` */
	const char *ike, *esp;      /* proposals */
	const char *net, *peer_net; /* inner: first address of ours, network of the peer's */
	const char *plugin_dir;
	uint64_t first, count, window; /* number of the first identity, how many, open at once */
	uint64_t retransmit_ms;        /* 0: the engine's default */
	uint64_t limit_s;              /* what is not up after that has failed */
	bool verbose;
};

enum attempt_state { ATTEMPT_WAITS, ATTEMPT_OPEN, ATTEMPT_UP, ATTEMPT_FAILED };

struct attempt {
	struct conn *conn;    /* the table's */
	struct ms_bytes cert; /* DER, of libcrypto's memory; empty: none */
	uint64_t started_ns;
	uint32_t latency_us;
	uint8_t state; /* enum attempt_state */
};

struct load {
	const struct load_options *o;
	struct ms_loop *loop;
	struct ms_timer *timer;
	struct sockets *sockets;
	struct conn_table *conns;
	struct host host;
	struct ike_engine *ike;
	struct ms_addr local, peer, net;
	struct ms_privkey *key;
	char *own_key; /* 0s... of `key` */
	struct ms_pubkey *peer_pub;
	struct certs *certs; /* NULL: none */
	struct attempt *attempts;
	uint64_t next, open, up, failed;
	uint64_t began_ns, ended_ns;
	uint32_t spi;
};

/* --- load.c --- */
/* One connection for each peer to be played. */
ms_err load_connections(struct load *l, struct ms_why *why) MS_MUST_CHECK;
/* Brings all of them up; returns when each is up or has failed. */
void load_run(struct load *l);
void load_attempt_over(struct load *l, const struct conn *c, ms_err err, const struct ms_why *why);
uint64_t load_now_ns(void);

/* --- certs.c --- */
ms_err certs_open(struct load *l, struct ms_why *why) MS_MUST_CHECK;
/* Frees those of the attempts, too. */
void certs_close(struct load *l);
/* A certificate for the identity ("@name"), into a->cert. */
ms_err certs_make(
	struct load *l, struct attempt *a, const char *id, uint64_t number) MS_MUST_CHECK;
/* For struct host_ops. */
void certs_own_key(void *host, const struct conn *c, const struct ms_id *peer,
	struct ms_bytes asked, host_own_f *done, void *arg);
void certs_peer_key(void *host, const struct conn *c, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, host_peer_key_f *done, void *arg);
size_t certs_ca_hashes(void *host, const struct conn *c, uint8_t *buf, size_t size);

/* --- world.c --- */
extern const struct host_ops load_host_ops;
void load_timer(void *load);

/* --- sockets.c --- */
/* Both IKE sockets on the address.  Datagrams go to ike_receive() of l->ike. */
ms_err sockets_open(struct load *l, struct ms_why *why) MS_MUST_CHECK;
void sockets_close(struct sockets **s);
/* Queues; sockets_flush() sends. */
void sockets_send(struct sockets *s, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram);
void sockets_flush(struct sockets *s);

#endif
