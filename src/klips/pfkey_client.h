/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of the PF_KEY server: what each one asked to be told, and what waits for it to read.
 *
 * What cannot be sent at once waits in a queue of bounded octets; beyond that, events and other
 * people's answers are lost to the client, and its own requests are not read.  A dump goes out piece
 * by piece, as the client reads it, so it never stands in memory as a whole (pfkey_dump.c).
 */
#ifndef KLIPS_PFKEY_CLIENT_H
#define KLIPS_PFKEY_CLIENT_H

#include "klips/pfkey_server.h"
#include "klips/walk.h"

#include <modswan/loop.h>

struct listener;

struct pfkey_record {
	struct pfkey_record *next;
	size_t len;
	uint8_t data[];
};

struct pfkey_dump {
	bool running;
	uint8_t satype; /* 0: all */
	uint32_t pid, left;
	struct walk walk;
	struct pfkey_record *last; /* not sent yet: it may be the last one, whose seq is 0 */
};

struct pfkey_client {
	struct pfkey_server *server;
	struct pfkey_client *next;
	struct ms_watch *watch;
	int fd;
	uint32_t pid;	     /* of the process, by the system's word */
	uint32_t registered; /* 1 << satype */
	bool datagrams, promiscuous;
	uint32_t failed_chain; /* 0: none */
	struct pfkey_record *first, **end;
	size_t queued; /* octets */
	struct pfkey_dump dump;
};

struct pfkey_server {
	struct klips *k;
	struct listener *listener;
	struct pfkey_client *clients;
	unsigned n_clients;
	uint32_t seq; /* of our own messages */
	uint8_t in[MS_PFKEY_MAX_OCTETS], out[MS_PFKEY_MAX_OCTETS], scratch[PFKEY_SCRATCH];
	uint8_t wrapped[MS_PFKEY_HEADER_OCTETS + MS_PFKEY_MAX_OCTETS];
};

void pfkey_client_free(struct pfkey_client *c);
/* It reads too slowly: nothing more is to be asked by it. */
bool pfkey_client_full(const struct pfkey_client *c);
/* own: the answer to its question, which is never lost. */
void pfkey_deliver(struct pfkey_client *c, const uint8_t *data, size_t len, int fd, bool own);
/* A message that is not for this client, which may be looking at all of them. */
void pfkey_observe(struct pfkey_client *c, const uint8_t *data, size_t len);
void pfkey_drain(struct pfkey_client *c);
void pfkey_client_set_events(struct pfkey_client *c);

/* The next piece of what X asked to be dumped. */
void pfkey_dump_more(struct pfkey_client *c);
void pfkey_dump_end(struct pfkey_client *c);

#endif
