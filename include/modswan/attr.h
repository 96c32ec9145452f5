/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role attr: addresses for peers that ask for one (RFC 7296 s2.19, Configuration Payload).
 *
 * A provider hands out leases by the peer's authenticated identity and takes them back.  It may
 * answer at once or later, exactly once per call; what it hands over is borrowed for the callback.
 */
#ifndef MODSWAN_ATTR_H
#define MODSWAN_ATTR_H

#include <modswan/addr.h>
#include <modswan/error.h>
#include <modswan/id.h>

enum ms_attr_family { MS_ATTR_V4, MS_ATTR_V6, MS_ATTR_FAMILIES };

struct ms_attr_request {
	const char *pool; /* rightaddresspool= */
	const struct ms_id *peer;
	bool ask[MS_ATTR_FAMILIES];
	struct ms_addr wanted[MS_ATTR_FAMILIES]; /* what the peer had before; unset: any will do */
	/* A lease of this identity that is in use already is handed out once more: the peer comes
	 * again.  Else two peers with one identity get two addresses. */
	bool share;
};

struct ms_attr_lease {
	struct ms_addr addr[MS_ATTR_FAMILIES]; /* unset: not asked for, or none in the pool */
	/* What the peer is told to be behind us (RFC 7296 s3.15.2); n_subnets 0: the connection's own
	 * networks. */
	const struct ms_subnet *subnets;
	unsigned n_subnets;
};

/* MS_OK with at least one address; MS_ERR_LIMIT: none is free; MS_ERR_CONFIG: no pool of that
 * text or family; MS_ERR_NOMEM. */
typedef void ms_attr_lease_f(
	void *arg, ms_err err, const struct ms_attr_lease *lease, const struct ms_why *why);

struct ms_attr_ops {
	uint32_t size;
	void (*lease)(void *inst, const struct ms_attr_request *rq, ms_attr_lease_f *done,
		void *arg);
	/* Once for each address of each answer to lease(). */
	void (*release)(void *inst, const char *pool, const struct ms_addr *addr);
	/* One line per pool and per lease, without line end. */
	void (*list)(void *inst, void (*line)(void *arg, const char *text), void *arg);
};

#endif
