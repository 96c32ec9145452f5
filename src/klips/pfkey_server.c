/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/pfkey_server.h"

#include "klips/instance.h"
#include "klips/pfkey_tell.h"
#include <modswan/log.h>
#include <modswan/loop.h>
#include <modswan/unix.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 64, MAX_QUEUED = 4096, BATCH = 64 };

struct record {
	struct record *next;
	size_t len;
	uint8_t data[];
};

struct pfkey_client {
	struct pfkey_server *server;
	struct pfkey_client *next;
	struct ms_watch *watch;
	int fd;
	uint32_t pid; /* of the process, by the system's word */
	uint32_t registered; /* 1 << satype */
	bool datagrams;
	uint32_t failed_chain; /* 0: none */
	struct record *first, **last;
	unsigned queued;
};

struct pfkey_server {
	struct klips *k;
	int fd;
	char *path;
	struct ms_watch *watch;
	struct pfkey_client *clients;
	unsigned n_clients;
	uint32_t seq; /* of our own messages */
	uint8_t in[MS_PFKEY_MAX_OCTETS], out[MS_PFKEY_MAX_OCTETS], scratch[PFKEY_SCRATCH];
};

/* Who gets the answer of a success. */
enum audience { ASKER, EVERYBODY };

static const struct {
	pfkey_handler_f *handle;
	enum audience audience;
} handlers[] = {
	[MS_PFKEY_GETSPI] = { pfkey_getspi, EVERYBODY },
	[MS_PFKEY_UPDATE] = { pfkey_update, EVERYBODY },
	[MS_PFKEY_ADD] = { pfkey_add, EVERYBODY },
	[MS_PFKEY_DELETE] = { pfkey_delete, EVERYBODY },
	[MS_PFKEY_GET] = { pfkey_get, ASKER },
	[MS_PFKEY_REGISTER] = { pfkey_register, ASKER },
	[MS_PFKEY_FLUSH] = { pfkey_flush, EVERYBODY },
	[MS_PFKEY_X_GRPSA] = { pfkey_grpsa, EVERYBODY },
	[MS_PFKEY_X_ADDFLOW] = { pfkey_addflow, EVERYBODY },
	[MS_PFKEY_X_DELFLOW] = { pfkey_delflow, EVERYBODY },
	[MS_PFKEY_X_DEBUG] = { pfkey_debug, EVERYBODY },
	[MS_PFKEY_X_PLUMBIF] = { pfkey_plumb, EVERYBODY },
	[MS_PFKEY_X_UNPLUMBIF] = { pfkey_unplumb, EVERYBODY },
	[MS_PFKEY_X_MS_HELLO] = { pfkey_hello, ASKER },
	[MS_PFKEY_X_MS_ATTACH] = { pfkey_attach, ASKER },
	[MS_PFKEY_X_MS_DETACH] = { pfkey_detach, ASKER },
	[MS_PFKEY_X_MS_ENCAP_SOCKET] = { pfkey_encap, ASKER },
	[MS_PFKEY_X_MS_MOVE] = { pfkey_move, EVERYBODY },
	[MS_PFKEY_X_MS_TEARDOWN] = { pfkey_teardown, ASKER },
};

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

/* --- sending -------------------------------------------------------------------------------- */

static void client_free(struct pfkey_client *c)
{
	struct pfkey_client **at;
	struct record *r;

	for (at = &c->server->clients; *at != c; at = &(*at)->next)
		continue;
	*at = c->next;
	c->server->n_clients--;
	while ((r = c->first) != NULL) {
		c->first = r->next;
		free(r);
	}
	ms_watch_free(&c->watch);
	close(c->fd);
	free(c);
}

static void set_events(struct pfkey_client *c)
{
	unsigned events = c->queued > 0 ? MS_WRITABLE : 0;

	/* whoever does not read answers is not asked for more questions */
	if (c->queued < MAX_QUEUED)
		events |= MS_READABLE;
	ms_watch_set(c->watch, events);
}

static void enqueue(struct pfkey_client *c, const uint8_t *data, size_t len)
{
	struct record *r = malloc(sizeof *r + len);

	if (r == NULL)
		return; /* lost, as on any socket without memory */
	r->next = NULL;
	r->len = len;
	memcpy(r->data, data, len);
	*c->last = r;
	c->last = &r->next;
	c->queued++;
	set_events(c);
}

/* Events and other people's answers are lost to a client with a full queue. */
static void deliver(struct pfkey_client *c, const uint8_t *data, size_t len, int fd, bool own)
{
	if (c->queued == 0 && ms_unix_send(c->fd, data, len, fd) == MS_OK)
		return;
	if (c->queued > 0 || errno == EAGAIN || errno == EWOULDBLOCK)
		if (own || c->queued < MAX_QUEUED)
			enqueue(c, data, len);
}

static void drain(struct pfkey_client *c)
{
	struct record *r;

	while ((r = c->first) != NULL) {
		if (ms_unix_send(c->fd, r->data, r->len, -1) != MS_OK
			&& (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		c->first = r->next;
		c->queued--;
		free(r);
	}
	if (c->first == NULL)
		c->last = &c->first;
	set_events(c);
}

/* --- requests ------------------------------------------------------------------------------- */

static void answer(struct pfkey_server *s, struct pfkey_call *call, struct ms_pfkey_msg *m, int err)
{
	struct pfkey_client *c, *next;
	struct ms_pfkey_msg refusal = { .type = m->type, .satype = m->satype, .seq = m->seq,
		.pid = m->pid, .err = (uint8_t)err };
	bool known = ms_pfkey_type_name(m->type) != NULL;
	uint64_t need, may;
	size_t len;

	if (!known)
		refusal.type = m->type = MS_PFKEY_X_PROMISC; /* something must be said */
	if (!ms_pfkey_grammar(m->type, MS_PFKEY_UP, &need, &may))
		return;
	m->has &= may;
	if (ms_pfkey_build(err != 0 ? &refusal : m, MS_PFKEY_UP, s->out, sizeof s->out, &len, NULL)
		!= MS_OK)
		return;
	for (c = s->clients; c != NULL; c = next) {
		next = c->next;
		if (c == call->client)
			deliver(c, s->out, len, call->fd_out, true);
		else if (err == 0 && handlers[m->type].audience == EVERYBODY)
			deliver(c, s->out, len, -1, false);
	}
}

static int dispatch(struct pfkey_call *call, struct ms_pfkey_msg *m)
{
	struct pfkey_client *c = call->client;
	uint32_t chain = (m->has & MS_PFKEY_BIT(X_MS_CHAIN)) != 0 ? m->chain : 0;
	int err = ENOSYS;

	if (chain != 0 && chain == c->failed_chain)
		return ECANCELED;
	if (m->type < sizeof handlers / sizeof handlers[0] && handlers[m->type].handle != NULL)
		err = handlers[m->type].handle(call, m);
	if (err != 0 && chain != 0)
		c->failed_chain = chain;
	return err;
}

static void request(struct pfkey_client *c, size_t len, int fd)
{
	struct pfkey_server *s = c->server;
	struct pfkey_call call = { .k = s->k, .server = s, .client = c, .fd_in = fd, .fd_out = -1,
		.scratch = s->scratch };
	struct ms_pfkey_msg m;
	char text[256];
	int err;

	if (ms_pfkey_parse(&m, s->in, len, MS_PFKEY_DOWN, &call.why) != MS_OK)
		err = len >= MS_PFKEY_HEADER_OCTETS ? EINVAL : 0;
	else
		err = dispatch(&call, &m);
	if (err != 0) {
		ms_pfkey_text(&m, text, sizeof text);
		ms_debug(&s->k->log, "refused with %s: %s (%s)", strerror(err), text,
			call.why.text);
	}
	if (len >= MS_PFKEY_HEADER_OCTETS)
		answer(s, &call, &m, err);
	/* keys pass through here */
	ms_wipe(s->in, len);
	ms_wipe(&m, sizeof m);
	if (call.fd_in >= 0)
		close(call.fd_in);
}

static void client_ready(void *arg, int fd, unsigned events)
{
	struct pfkey_client *c = arg;
	struct pfkey_server *s = c->server;
	unsigned i;

	control_enter();
	if ((events & MS_WRITABLE) != 0)
		drain(c);
	for (i = 0; (events & MS_READABLE) != 0 && i < BATCH && c->queued < MAX_QUEUED; i++) {
		size_t len = 0;
		int passed = -1;
		ms_err err = ms_unix_receive(fd, s->in, sizeof s->in, &len, &passed);

		if (err == MS_ERR_BUSY)
			break;
		if (err != MS_OK) {
			client_free(c);
			break;
		}
		request(c, len, passed);
	}
	control_leave();
}

static void accept_ready(void *arg, int fd, unsigned events)
{
	struct pfkey_server *s = arg;
	struct ucred cred;
	socklen_t len = sizeof cred;
	struct pfkey_client *c;
	int cfd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (cfd < 0)
		return;
	if (getsockopt(cfd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0
		|| (cred.uid != 0 && cred.uid != geteuid()) || s->n_clients >= MAX_CLIENTS
		|| (c = calloc(1, sizeof *c)) == NULL) {
		close(cfd);
		return;
	}
	c->server = s;
	c->fd = cfd;
	c->pid = (uint32_t)cred.pid;
	c->last = &c->first;
	c->next = s->clients;
	s->clients = c;
	s->n_clients++;
	c->watch = ms_watch_new(s->k->loop, cfd, MS_READABLE, client_ready, c);
	if (c->watch == NULL)
		client_free(c);
}

/* --- life ----------------------------------------------------------------------------------- */

ms_err pfkey_server_new(struct pfkey_server **out, struct klips *k, const char *path,
	struct ms_why *why)
{
	struct pfkey_server *s = calloc(1, sizeof *s);
	ms_err err;

	if (s == NULL)
		return MS_ERR_NOMEM;
	s->k = k;
	s->fd = -1;
	*out = s;
	s->path = strdup(path);
	err = s->path == NULL ? MS_ERR_NOMEM
			      : ms_unix_listen(&s->fd, path, SOCK_SEQPACKET, 0600, why);
	if (err == MS_OK) {
		s->watch = ms_watch_new(k->loop, s->fd, MS_READABLE, accept_ready, s);
		if (s->watch == NULL)
			err = MS_ERR_NOMEM;
	}
	if (err != MS_OK)
		pfkey_server_free(out);
	return err;
}

void pfkey_server_free(struct pfkey_server **sp)
{
	struct pfkey_server *s = *sp;

	if (s == NULL)
		return;
	while (s->clients != NULL)
		client_free(s->clients);
	ms_watch_free(&s->watch);
	if (s->fd >= 0) {
		close(s->fd);
		unlink(s->path);
	}
	free(s->path);
	ms_wipe(s, sizeof *s);
	free(s);
	*sp = NULL;
}

/* --- events --------------------------------------------------------------------------------- */

static unsigned tell(struct pfkey_server *s, struct ms_pfkey_msg *m, uint32_t registered,
	bool datagrams)
{
	struct pfkey_client *c, *next;
	unsigned told = 0;
	size_t len;

	m->seq = ++s->seq;
	if (ms_pfkey_build(m, MS_PFKEY_UP, s->out, sizeof s->out, &len, NULL) != MS_OK)
		return 0;
	for (c = s->clients; c != NULL; c = next) {
		next = c->next;
		if (datagrams ? !c->datagrams : (c->registered & registered) == 0)
			continue;
		deliver(c, s->out, len, -1, false);
		told++;
	}
	return told;
}

unsigned pfkey_tell_registered(struct pfkey_server *s, struct ms_pfkey_msg *m)
{
	return tell(s, m, UINT32_C(1) << m->satype, false);
}

void pfkey_datagram(struct pfkey_server *s, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes data)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_DATAGRAM,
		.has = MS_PFKEY_BIT(X_MS_LOCAL) | MS_PFKEY_BIT(X_MS_REMOTE)
			| MS_PFKEY_BIT(X_MS_DATA) };

	ms_pfkey_addr_set(&m.local, &local->addr, local->port);
	ms_pfkey_addr_set(&m.remote, &remote->addr, remote->port);
	m.data = data;
	tell(s, &m, 0, true);
}
