/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/pfkey_rig.h"

#include "klips/hold.h"
#include "klips/pfkey_server.h"

#include "lib/log/sink.h"
#include "lib/loop/loop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_SAID = 2048 };

static void must(bool ok)
{
	if (!ok)
		abort();
}

void pfkey_rig_new(struct pfkey_rig *p)
{
	struct klips *k = &p->r.k;
	int pair[2];
	unsigned i;

	ms_log_to_stderr(MS_LOG_ERROR, MS_LOG_PLAIN, false);
	rig_new(&p->r);
	k->holds = hold_table_new(k);
	must(k->holds != NULL && pfkey_server_new(&k->pfkey, k, NULL, NULL) == MS_OK);
	for (i = 0; i < PFKEY_RIG_CLIENTS; i++) {
		must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
		p->fd[i] = pair[0];
		pfkey_server_take(k->pfkey, pair[1], 100 + i);
	}
}

void pfkey_rig_free(struct pfkey_rig *p)
{
	struct klips *k = &p->r.k;
	unsigned i;

	pfkey_server_free(&k->pfkey);
	hold_table_free(&k->holds);
	for (i = 0; i < PFKEY_RIG_CLIENTS; i++)
		close(p->fd[i]);
	rig_free(&p->r);
}

void pfkey_rig_turn(struct pfkey_rig *p)
{
	rcu_quiescent_state();
	ms_loop_turn(p->r.k.loop, false);
	rcu_thread_online(); /* the handler left */
}

void pfkey_rig_send(struct pfkey_rig *p, unsigned client, const void *data, size_t len)
{
	must(send(p->fd[client], data, len, MSG_NOSIGNAL) == (ssize_t)len);
}

void pfkey_rig_say(struct pfkey_rig *p, unsigned client, const struct ms_pfkey_msg *m)
{
	uint8_t buf[MAX_SAID];
	size_t len;

	must(ms_pfkey_build(m, MS_PFKEY_DOWN, buf, sizeof buf, &len, NULL) == MS_OK);
	pfkey_rig_send(p, client, buf, len);
	pfkey_rig_turn(p);
}

bool pfkey_rig_receive(struct pfkey_rig *p, unsigned client)
{
	ssize_t n = recv(p->fd[client], p->buf, sizeof p->buf, MSG_DONTWAIT);

	p->len = n < 0 ? 0 : (size_t)n;
	return n > 0;
}

bool pfkey_rig_next(struct pfkey_rig *p, unsigned client, struct ms_pfkey_msg *m)
{
	if (!pfkey_rig_receive(p, client))
		return false;
	must(ms_pfkey_parse(m, p->buf, p->len, MS_PFKEY_UP, NULL) == MS_OK);
	return true;
}

void pfkey_rig_drain(struct pfkey_rig *p)
{
	unsigned i;

	for (i = 0; i < PFKEY_RIG_CLIENTS; i++)
		while (pfkey_rig_receive(p, i))
			continue;
}
