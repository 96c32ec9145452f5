/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/pfkey_client.h"

#include "klips/instance.h"
#include "klips/listing.h"

#include "klips/pfkey_tell.h"
#include <modswan/log.h>
#include <modswan/unix.h>

#include <errno.h>
#include <linux/net.h>
#include <linux/pfkeyv2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_QUEUED = 1 << 20, SATYPE_PROMISCUOUS = 1 };

/* --- what it wants ---------------------------------------------------------------------------- */

void pfkey_client_register(struct pfkey_client *c, uint8_t satype)
{
	c->registered |= satype == 0 ? UINT32_MAX : UINT32_C(1) << satype;
}

bool pfkey_client_manages(const struct pfkey_client *c)
{
	return c->registered != 0;
}

uint32_t pfkey_client_pid(const struct pfkey_client *c)
{
	return c->pid;
}

bool pfkey_manager_present(void *arg, uint32_t pid)
{
	const struct pfkey_server *s = arg;
	const struct pfkey_client *c;

	for (c = s->clients; c != NULL; c = c->next)
		if (c->pid == pid && c->registered != 0)
			return true;
	return false;
}

void pfkey_client_wants_datagrams(struct pfkey_client *c)
{
	c->datagrams = true;
}

void pfkey_client_observes(struct pfkey_client *c, bool yes)
{
	c->promiscuous = yes;
}

/* --- sending -------------------------------------------------------------------------------- */

void pfkey_client_free(struct pfkey_client *c)
{
	struct pfkey_client **at;
	struct pfkey_record *r;

	for (at = &c->server->clients; *at != c; at = &(*at)->next)
		continue;
	*at = c->next;
	c->server->n_clients--;
	pfkey_dump_end(c);
	while ((r = c->first) != NULL) {
		c->first = r->next;
		free(r);
	}
	ms_watch_free(&c->watch);
	close(c->fd);
	free(c);
}

bool pfkey_client_full(const struct pfkey_client *c)
{
	return c->queued >= MAX_QUEUED;
}

void pfkey_client_set_events(struct pfkey_client *c)
{
	unsigned events = c->first != NULL || c->dump.running ? MS_WRITABLE : 0;

	/* whoever does not read answers is not asked for more questions */
	if (!pfkey_client_full(c) && !c->dump.running)
		events |= MS_READABLE;
	ms_watch_set(c->watch, events);
}

static void enqueue(struct pfkey_client *c, const uint8_t *data, size_t len)
{
	struct pfkey_record *r = malloc(sizeof *r + len);

	if (r == NULL)
		return; /* lost, as on any socket without memory */
	r->next = NULL;
	r->len = len;
	memcpy(r->data, data, len);
	*c->end = r;
	c->end = &r->next;
	c->queued += sizeof *r + len;
	pfkey_client_set_events(c);
}

void pfkey_deliver(struct pfkey_client *c, const uint8_t *data, size_t len, int fd, bool own)
{
	if (c->first == NULL && ms_unix_send(c->fd, data, len, fd) == MS_OK)
		return;
	if (c->first != NULL || errno == EAGAIN || errno == EWOULDBLOCK)
		if (own || !pfkey_client_full(c))
			enqueue(c, data, len);
}

void pfkey_observe(struct pfkey_client *c, const uint8_t *data, size_t len)
{
	const struct ms_pfkey_msg header = { .type = MS_PFKEY_X_PROMISC,
		.satype = SATYPE_PROMISCUOUS, .pid = c->pid,
		.data = ms_bytes(data, len) };
	uint8_t *out = c->server->wrapped;
	size_t used;

	if (c->promiscuous && ms_pfkey_build(&header, MS_PFKEY_UP, out, sizeof c->server->wrapped,
		&used, NULL) == MS_OK)
		pfkey_deliver(c, out, used, -1, false);
}

void pfkey_drain(struct pfkey_client *c)
{
	struct pfkey_record *r;

	while ((r = c->first) != NULL) {
		if (ms_unix_send(c->fd, r->data, r->len, -1) != MS_OK
			&& (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		c->first = r->next;
		c->queued -= sizeof *r + r->len;
		free(r);
	}
	if (c->first == NULL)
		c->end = &c->first;
	pfkey_client_set_events(c);
}

/* --- events --------------------------------------------------------------------------------- */

static unsigned tell(struct pfkey_server *s, const struct ms_pfkey_msg *m, uint32_t registered,
	bool datagrams)
{
	struct pfkey_client *c, *next;
	unsigned told = 0;
	size_t len;

	if (ms_pfkey_build(m, MS_PFKEY_UP, s->out, sizeof s->out, &len, NULL) != MS_OK)
		return 0;
	for (c = s->clients; c != NULL; c = next) {
		next = c->next;
		if (datagrams ? c->datagrams : (c->registered & registered) != 0) {
			pfkey_deliver(c, s->out, len, -1, false);
			told++;
		} else if (!datagrams) {
			pfkey_observe(c, s->out, len);
		}
	}
	return told;
}

unsigned pfkey_pass_on(struct pfkey_server *s, const struct ms_pfkey_msg *m)
{
	return tell(s, m, UINT32_C(1) << m->satype, false);
}

unsigned pfkey_tell_registered(struct pfkey_server *s, struct ms_pfkey_msg *m)
{
	m->seq = ++s->seq;
	return pfkey_pass_on(s, m);
}

void pfkey_datagram(struct pfkey_server *s, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes data)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_DATAGRAM,
		.has = MS_PFKEY_BIT(X_MS_LOCAL) | MS_PFKEY_BIT(X_MS_REMOTE)
			| MS_PFKEY_BIT(X_MS_DATA), .seq = ++s->seq };

	ms_pfkey_addr_set(&m.local, &local->addr, local->port);
	ms_pfkey_addr_set(&m.remote, &remote->addr, remote->port);
	m.data = data;
	tell(s, &m, 0, true);
}

/* --- listings ------------------------------------------------------------------------------- */

/* As /proc/net/unix names it. */
static unsigned long inode_of(const struct pfkey_client *c)
{
	struct stat st;

	return fstat(c->fd, &st) < 0 ? 0 : (unsigned long)st.st_ino;
}

/* The family's columns: the kernel's addresses of its structs are descriptors here, and inodes.  Ours
 * stand behind them. */
void list_pfkey_clients(const struct klips *k, struct text *t)
{
	const struct pfkey_client *c, *prev = NULL;

	text_put(t, "    sock   pid   socket     next     prev e n p sndbf    Flags     Type St\n");
	for (c = k->pfkey->clients; c != NULL; prev = c, c = c->next) {
		int room = 0;
		socklen_t len = sizeof room;

		getsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &room, &len);
		text_put(t, "%8x %5u %8lx %8x %8x 0 0 %d %5d %08x %8d %2d queued=%zu registered=%08x\n",
			(unsigned)c->fd, c->pid, inode_of(c), c->next == NULL ? 0 : (unsigned)c->next->fd,
			prev == NULL ? 0 : (unsigned)prev->fd, PF_KEY_V2, room,
			c->datagrams * 1u + c->promiscuous * 2u + c->dump.running * 4u, SOCK_SEQPACKET,
			SS_CONNECTED, c->queued, c->registered);
	}
}

void list_pfkey_registered(const struct klips *k, struct text *t)
{
	const struct pfkey_client *c;
	unsigned satype;

	text_put(t, "satype   socket   pid       sk\n");
	for (satype = 1; satype < MS_PFKEY_SATYPE_LIMIT; satype++)
		for (c = k->pfkey->clients; c != NULL; c = c->next)
			if (ms_pfkey_satype_name(satype) != NULL
				&& (c->registered & UINT32_C(1) << satype) != 0)
				text_put(t, "%6u %8lx %5u %8x\n", satype, inode_of(c), c->pid,
					(unsigned)c->fd);
}
