/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/pfkey_client.h"

#include "klips/instance.h"
#include "klips/listener.h"
#include "klips/talk.h"

#include <modswan/log.h>
#include <modswan/unix.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 64, BATCH = 64 };

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
	[MS_PFKEY_ACQUIRE] = { pfkey_asked, ASKER },
	[MS_PFKEY_REGISTER] = { pfkey_register, ASKER },
	[MS_PFKEY_FLUSH] = { pfkey_flush, EVERYBODY },
	[MS_PFKEY_DUMP] = { pfkey_dump, ASKER },
	[MS_PFKEY_X_PROMISC] = { pfkey_promisc, ASKER },
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
			pfkey_deliver(c, s->out, len, call->fd_out, true);
		else if (err == 0 && handlers[m->type].audience == EVERYBODY)
			pfkey_deliver(c, s->out, len, -1, false);
		else
			pfkey_observe(c, s->out, len);
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

/* Those who look at everything see requests too, without keys. */
static void show_request(struct pfkey_server *s, size_t len)
{
	struct pfkey_client *c, *next;
	bool observed = false;

	for (c = s->clients; c != NULL; c = c->next)
		observed |= c->promiscuous;
	if (!observed || len > sizeof s->out)
		return;
	memcpy(s->out, s->in, len);
	ms_pfkey_blank_keys(s->out, len);
	for (c = s->clients; c != NULL; c = next) {
		next = c->next;
		pfkey_observe(c, s->out, len);
	}
}

static void request(struct pfkey_client *c, size_t len, int fd)
{
	struct pfkey_server *s = c->server;
	struct pfkey_call call = { .k = s->k, .server = s, .client = c, .fd_in = fd, .fd_out = -1,
		.scratch = s->scratch };
	struct ms_pfkey_msg m;
	char text[256];
	int err;

	show_request(s, len);
	if (ms_pfkey_parse(&m, s->in, len, MS_PFKEY_DOWN, &call.why) != MS_OK)
		err = EINVAL;
	else
		err = dispatch(&call, &m);
	if (talks(s->k, ROOM_PFKEY, TALK_ANY)) {
		ms_pfkey_text(&m, text, sizeof text);
		talk(s->k, ROOM_PFKEY, TALK_ANY, "from process %u: %s: %s", c->pid, text,
			err > 0 ? strerror(err) : "done");
	}
	if (err > 0) {
		ms_pfkey_text(&m, text, sizeof text);
		/* what has a reason is worth a line: errno alone tells nobody which key is too short */
		ms_log(&s->k->log, call.why.text[0] != '\0' ? MS_LOG_INFO : MS_LOG_DEBUG,
			"refused with %s: %s (%s)", strerror(err), text, call.why.text);
	}
	/* shorter ones leave nothing to answer to */
	if (len >= MS_PFKEY_HEADER_OCTETS && err != PFKEY_ANSWERED)
		answer(s, &call, &m, err);
	/* keys pass through here */
	ms_wipe(s->in, len);
	ms_wipe(&m, sizeof m);
	if (call.fd_in >= 0)
		close(call.fd_in);
}

/* The record was longer than any message can be: its header is all that is known. */
static void refuse_giant(struct pfkey_client *c)
{
	struct pfkey_server *s = c->server;
	struct pfkey_call call = { .k = s->k, .server = s, .client = c, .fd_in = -1, .fd_out = -1 };
	struct ms_pfkey_msg m;
	ms_err length = ms_pfkey_parse(&m, s->in, MS_PFKEY_HEADER_OCTETS, MS_PFKEY_DOWN, NULL);

	answer(s, &call, &m, length == MS_OK ? EINVAL : EMSGSIZE);
	ms_wipe(s->in, sizeof s->in);
}

/* False: the client is gone, or there is nothing more now. */
static bool take_one(struct pfkey_client *c)
{
	struct pfkey_server *s = c->server;
	size_t len = 0;
	int passed = -1;
	ms_err err = ms_unix_receive(c->fd, s->in, sizeof s->in, &len, &passed);

	if (err == MS_OK)
		request(c, len, passed);
	else if (err == MS_ERR_SPACE)
		refuse_giant(c);
	else if (err != MS_ERR_BUSY)
		pfkey_client_free(c);
	return err == MS_OK || err == MS_ERR_SPACE;
}

static void client_ready(void *arg, int fd, unsigned events)
{
	struct pfkey_client *c = arg;
	unsigned i;

	(void)fd;
	control_enter();
	if ((events & MS_WRITABLE) != 0)
		pfkey_drain(c);
	if (c->dump.running)
		pfkey_dump_more(c);
	else
		for (i = 0; (events & MS_READABLE) != 0 && i < BATCH && !pfkey_client_full(c)
			&& !c->dump.running && take_one(c); i++)
			continue;
	control_leave();
}

void pfkey_server_take(struct pfkey_server *s, int fd, uint32_t pid)
{
	struct pfkey_client *c;

	if (s->n_clients >= MAX_CLIENTS || (c = calloc(1, sizeof *c)) == NULL) {
		close(fd);
		return;
	}
	c->server = s;
	c->fd = fd;
	c->pid = pid;
	c->end = &c->first;
	c->next = s->clients;
	s->clients = c;
	s->n_clients++;
	c->watch = ms_watch_new(s->k->loop, fd, MS_READABLE, client_ready, c);
	if (c->watch == NULL)
		pfkey_client_free(c);
}

static void client_new(void *arg, int fd, pid_t pid)
{
	pfkey_server_take(arg, fd, (uint32_t)pid);
}

/* --- life ----------------------------------------------------------------------------------- */

ms_err pfkey_server_new(struct pfkey_server **out, struct klips *k, const char *path,
	struct ms_why *why)
{
	struct pfkey_server *s = calloc(1, sizeof *s);
	ms_err err = MS_OK;

	if (s == NULL)
		return MS_ERR_NOMEM;
	s->k = k;
	*out = s;
	if (path != NULL)
		err = listener_new(&s->listener, k->loop, path, SOCK_SEQPACKET, client_new, s, why);
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
		pfkey_client_free(s->clients);
	listener_free(&s->listener);
	ms_wipe(s, sizeof *s);
	free(s);
	*sp = NULL;
}
