/* SPDX-License-Identifier: Apache-2.0 */
/* Inside control-whack: the listening face and its clients. */
#ifndef MODSWAN_CONTROL_WHACK_FACE_H
#define MODSWAN_CONTROL_WHACK_FACE_H

#include <modswan/control.h>
#include <modswan/log.h>
#include <modswan/loop.h>
#include <modswan/whack.h>

struct whack_conf {
	uint32_t max_clients;
	uint64_t request_timeout_ms;
	uint64_t write_timeout_ms;
	uint32_t max_pending_kib;
};

struct whack_client;

struct whack_face {
	struct ms_loop *loop;
	const struct ms_logger *log;
	const struct whack_conf *conf;
	const struct ms_control_core *core; /* NULL: not started */
	char path[108];                     /* as sun_path */
	int fd;                             /* -1: none */
	struct ms_watch *watch;
	struct ms_timer *retry; /* after accept() failed for want of descriptors */
	struct whack_client *clients;
	unsigned n_clients;
};

/* Takes fd, also on failure.  The client ends itself. */
void whack_client_start(struct whack_face *face, int fd);
/* For whom there is no place: one line, the end marker, and gone. */
void whack_client_refuse(int fd, const char *text);
/* Forgets commands, drops what is unsent. */
void whack_clients_stop(struct whack_face *face);

#endif
