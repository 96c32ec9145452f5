/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must never happen, whatever the network does, seen on the wire and at the kernel:
 *
 * - one message id with two contents, in one direction of an IKE SA (RFC 7296 s2.1, s2.2);
 * - one explicit IV with two contents under one key (RFC 5282 s3.1);
 * - one key in two SAs of the same direction.
 */
#ifndef MODSWAN_CORE_SIM_WATCH_H
#define MODSWAN_CORE_SIM_WATCH_H

#include <modswan/kernel.h>

#include <stddef.h>

struct watch;

struct watch *watch_new(void);
void watch_free(struct watch **w);
/* False: what may not happen did; why says it. */
bool watch_datagram(struct watch *w, struct ms_bytes datagram, struct ms_why *why);
bool watch_kernel(struct watch *w, const struct ms_kernel_op *op, struct ms_why *why);

#endif
