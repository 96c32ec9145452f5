/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UNIX socket below the run directory that clients connect to.
 *
 * Who they are is the system's word (SO_PEERCRED): root and our own user come in, everybody else is
 * turned away at the door, whatever the file's mode says.
 */
#ifndef KLIPS_LISTENER_H
#define KLIPS_LISTENER_H

#include <modswan/error.h>
#include <modswan/loop.h>

#include <sys/types.h>

struct listener;

/* A client came: fd (non-blocking) is fn's to close. */
typedef void listener_f(void *arg, int fd, pid_t pid);

/* type: SOCK_STREAM, SOCK_SEQPACKET. */
ms_err listener_new(struct listener **out, struct ms_loop *loop, const char *path, int type,
	listener_f *fn, void *arg, struct ms_why *why) MS_MUST_CHECK;
/* Removes the socket's file. */
void listener_free(struct listener **l);

#endif
