/* SPDX-License-Identifier: Apache-2.0 */
/* ipsecN has the addresses of its physical device, however many they are. */
#include "klips/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has(const struct ms_addr *list, unsigned n, const struct ms_addr *a)
{
	while (n > 0)
		if (ms_addr_eq(&list[--n], a))
			return true;
	return false;
}

static const struct ms_addr *first4(const struct klips_device *d)
{
	unsigned i;

	for (i = 0; i < d->n_addrs; i++)
		if (d->addrs[i].family == AF_INET)
			return &d->addrs[i];
	return d->last4.family == AF_INET ? &d->last4 : NULL;
}

ms_err device_follow_addrs(struct klips_device *d, const struct klips_device *before,
	struct ms_why *why)
{
	const struct ms_addr *last = before == NULL || d->phys[0] == '\0' ? NULL : first4(before);
	unsigned i;

	if (if_addrs(d->phys, &d->addrs, &d->n_addrs) < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "addresses of %s: %s", d->phys, strerror(errno));
	if (last != NULL && first4(d) == NULL)
		d->last4 = *last;
	/* what a family switched off refuses can be had no other way */
	for (i = 0; i < d->n_addrs; i++)
		if ((before == NULL || !has(before->addrs, before->n_addrs, &d->addrs[i]))
			&& if_change_addr(d->name, &d->addrs[i], true) < 0)
			continue;
	for (i = 0; before != NULL && i <= before->n_addrs; i++) {
		const struct ms_addr *old = i == before->n_addrs ? &before->last4 : &before->addrs[i];

		if (old->family != 0 && !has(d->addrs, d->n_addrs, old)
			&& !ms_addr_eq(old, &d->last4) && if_change_addr(d->name, old, false) < 0)
			continue;
	}
	return MS_OK;
}

ms_err device_keep_addrs(struct klips_device *to, const struct klips_device *from)
{
	if (from->n_addrs == 0)
		return MS_OK;
	to->addrs = calloc(from->n_addrs, sizeof *to->addrs);
	if (to->addrs == NULL)
		return MS_ERR_NOMEM;
	memcpy(to->addrs, from->addrs, from->n_addrs * sizeof *to->addrs);
	to->n_addrs = from->n_addrs;
	return MS_OK;
}

void device_free(struct klips_device *d)
{
	free(d->addrs);
	free(d);
}
