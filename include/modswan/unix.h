/* SPDX-License-Identifier: Apache-2.0 */
/* UNIX sockets that carry records, and a descriptor beside a record (SCM_RIGHTS). */
#ifndef MODSWAN_UNIX_H
#define MODSWAN_UNIX_H

#include <modswan/error.h>

#include <stddef.h>

/* type: SOCK_STREAM or SOCK_SEQPACKET.  Both give a non-blocking, close-on-exec descriptor that the
 * caller owns; listen replaces a socket file that is left over and gives it the mode. */
ms_err ms_unix_listen(int *fd_r, const char *path, int type, unsigned mode,
	struct ms_why *why) MS_MUST_CHECK;
/* MS_ERR_NOT_FOUND: nobody listens there. */
ms_err ms_unix_connect(int *fd_r, const char *path, int type, struct ms_why *why) MS_MUST_CHECK;
/* Waits at most timeout_ms for the next record or bytes; MS_ERR_TIMEOUT. */
ms_err ms_unix_wait(int fd, int timeout_ms) MS_MUST_CHECK;

/* passed: a descriptor that the receiver gets a duplicate of, -1: none.  MS_ERR_SYSTEM with errno,
 * EAGAIN among them. */
ms_err ms_unix_send(int fd, const void *data, size_t len, int passed) MS_MUST_CHECK;
/* One record; *passed_r is the caller's, -1: none came.  MS_ERR_BUSY: nothing there now;
 * MS_ERR_SPACE: longer than size, the record is lost; MS_ERR_KERNEL_GONE: the peer has closed. */
ms_err ms_unix_receive(int fd, void *buf, size_t size, size_t *len_r, int *passed_r) MS_MUST_CHECK;

#endif
