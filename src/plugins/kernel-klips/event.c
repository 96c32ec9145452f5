/* SPDX-License-Identifier: Apache-2.0 */
/* What klips says unasked, and how its refusals are told. */
#include "kernel-klips.h"

#include <errno.h>
#include <string.h>

ms_err klips_error(uint8_t no)
{
	static const struct {
		uint8_t no;
		ms_err err;
	} rows[] = {
		{ ENOENT, MS_ERR_NOT_FOUND },
		{ ESRCH, MS_ERR_NOT_FOUND },
		{ EEXIST, MS_ERR_DUPLICATE },
		{ ENOMEM, MS_ERR_NOMEM },
		{ EBUSY, MS_ERR_BUSY },
		{ ENOSPC, MS_ERR_LIMIT },
		{ ECANCELED, MS_ERR_CANCELLED },
		{ EPROTONOSUPPORT, MS_ERR_UNSUPPORTED },
	};
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].no == no)
			return rows[i].err;
	return MS_ERR_KERNEL;
}

static struct ms_selector host_selector(const struct ms_pfkey_addr *a)
{
	struct ms_selector s = { .range = { a->ep.addr, a->ep.addr }, .protocol = a->proto,
		.port_first = a->ep.port, .port_last = a->ep.port };

	return s;
}

static struct ms_said said_of(const struct ms_pfkey_msg *m)
{
	struct ms_said s = { .dst = m->dst.ep.addr, .spi = m->sa.spi,
		.protocol = ms_pfkey_protocol_of(m->satype) };

	return s;
}

void event_message(struct link *l, const struct ms_pfkey_msg *m)
{
	struct ms_selector src, dst;
	struct ms_endpoint peer;
	struct ms_said said;

	if (l->events == NULL || m->err != 0)
		return;
	switch (m->type) {
	case MS_PFKEY_ACQUIRE:
		src = host_selector(&m->src);
		dst = host_selector(&m->dst);
		l->events->acquire(l->ctx, &src, &dst);
		break;
	case MS_PFKEY_EXPIRE:
		said = said_of(m);
		/* the other members are klips' own affair */
		if (said.protocol == MS_PROTO_ESP || said.protocol == MS_PROTO_AH)
			l->events->expire(l->ctx, &said, (m->has & MS_PFKEY_BIT(LIFETIME_HARD)) != 0);
		break;
	case MS_PFKEY_X_NAT_T_NEW_MAPPING:
		said = said_of(m);
		peer = (struct ms_endpoint){ m->src.ep.addr, m->nat_sport };
		l->events->mapping(l->ctx, &said, &peer);
		break;
	case MS_PFKEY_X_MS_DATAGRAM:
		l->events->datagram(l->ctx, &m->local.ep, &m->remote.ep, m->data);
		break;
	}
}
