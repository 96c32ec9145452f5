/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PF_KEY server: RUNDIR/klips.sock, on the control thread.
 *
 * Clients are UNIX SOCK_SEQPACKET connections of root or of our own user; each record is one
 * message.  Answers to requests that change something go to every client (RFC 2367 s3), the rest
 * to the asker; a client that does not read is first no longer listened to, then loses events
 * (pfkey_client.h).  Whoever is promiscuous sees the rest too, in X_PROMISC messages, without keys.
 */
#ifndef KLIPS_PFKEY_SERVER_H
#define KLIPS_PFKEY_SERVER_H

#include "klips/eroute_key.h"

#include <modswan/error.h>
#include <modswan/pfkey.h>

struct klips;
struct klips_sa;
struct text;
struct pfkey_server;
struct pfkey_client;

ms_err pfkey_server_new(struct pfkey_server **out, struct klips *k, const char *path,
	struct ms_why *why) MS_MUST_CHECK;
void pfkey_server_free(struct pfkey_server **s);
/* A connected client; fd (non-blocking) is taken over. path of pfkey_server_new() may be NULL. */
void pfkey_server_take(struct pfkey_server *s, int fd, uint32_t pid);

/* --- listings --------------------------------------------------------------------------------- */

void list_pfkey_clients(const struct klips *k, struct text *t);
void list_pfkey_registered(const struct klips *k, struct text *t);
void list_pfkey_supported(const struct klips *k, struct text *t);

/* --- events; the control thread is online ----------------------------------------------------- */

/* The message's sequence number; 0: no key manager is registered. */
uint32_t pfkey_acquire(struct pfkey_server *s, const struct flow *flow);
void pfkey_expire(struct pfkey_server *s, const struct klips_sa *sa, bool hard);
void pfkey_new_mapping(struct pfkey_server *s, const struct klips_sa *sa,
	const struct ms_endpoint *peer);
/* To those who gave or asked for an encapsulation socket. */
void pfkey_datagram(struct pfkey_server *s, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes data);

/* --- handlers: turn *m into its answer, return 0 or an errno ----------------------------------- */

/* Returned by handlers that answer by themselves, or not at all. */
enum { PFKEY_ANSWERED = -1 };

/* What came or goes beside the message. */
struct pfkey_call {
	struct klips *k;
	struct pfkey_server *server;
	struct pfkey_client *client;
	int fd_in;  /* -1: none; set to -1 by who takes it over */
	int fd_out; /* -1: none; borrowed for the answer */
	uint8_t *scratch; /* PFKEY_SCRATCH octets for views of the answer */
	struct ms_why why;
};

enum { PFKEY_SCRATCH = 4096 };

typedef int pfkey_handler_f(struct pfkey_call *c, struct ms_pfkey_msg *m);

pfkey_handler_f pfkey_getspi, pfkey_add, pfkey_update, pfkey_delete, pfkey_get, pfkey_flush, pfkey_dump,
	pfkey_asked, pfkey_promisc,
	pfkey_move, pfkey_grpsa, pfkey_addflow, pfkey_delflow, pfkey_register, pfkey_debug,
	pfkey_hello, pfkey_attach, pfkey_detach, pfkey_encap, pfkey_teardown, pfkey_plumb,
	pfkey_unplumb;

int pfkey_errno(ms_err err);
/* The SA that a message names. */
struct ms_said pfkey_said(const struct ms_pfkey_msg *m);
/* Is the client a key daemon: has it registered for an SA type? */
bool pfkey_client_manages(const struct pfkey_client *c);
uint32_t pfkey_client_pid(const struct pfkey_client *c);
/* Is a key daemon with this process id connected? arg: the server. */
bool pfkey_manager_present(void *arg, uint32_t pid);
void pfkey_client_register(struct pfkey_client *c, uint8_t satype);
void pfkey_client_wants_datagrams(struct pfkey_client *c);
void pfkey_client_observes(struct pfkey_client *c, bool yes);

#endif
