/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encapsulation sockets: UDP ports that carry IKE and ESP (RFC 3948).
 *
 * A socket comes from the key daemon, is shared with it, and outlives it: klips reads it alone,
 * passes IKE on, and hands a duplicate to the next daemon that asks for the same address.
 */
#ifndef KLIPS_ENCAP_H
#define KLIPS_ENCAP_H

#include "klips/rcu.h"
#include "klips/worker.h"

#include <modswan/addr.h>
#include <modswan/error.h>

struct klips;

struct encap {
	struct ms_endpoint local;
	int df_fd; /* same address and port, for packets with DF; receives nothing; -1: none */
	unsigned n; /* one for each worker, or one; the first is the key daemon's */
	struct klips_source sources[];
};

struct encap_list {
	struct rcu_head rcu;
	unsigned n;
	struct encap *encaps[];
};

/* Workers or control, online. A socket of the any-address serves every address. NULL: none. */
struct encap *encap_find(const struct klips *k, const struct ms_addr *addr, uint16_t port);

/* Control thread.  Takes fd over, also on error. */
ms_err encap_add(struct klips *k, const struct ms_endpoint *local, int fd,
	struct ms_why *why) MS_MUST_CHECK;
/* NULL: none with exactly this address. */
struct encap *encap_exact(const struct klips *k, const struct ms_endpoint *local);
void encap_clear(struct klips *k);

#endif
