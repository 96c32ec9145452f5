/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/device_watch.h"

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/talk.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SETTLE_MS = 20, RETRY_MS = 2000 };

struct device_watch {
	struct klips *k;
	int fd;
	struct ms_watch *watch;
	struct ms_timer *timer;
	bool waits; /* for the rest of what changes now; who tells all the time does not put it off */
};

static bool same_addrs(const struct klips_device *d)
{
	struct ms_addr *now;
	unsigned n, i;
	bool same;

	if (if_addrs(d->phys, &now, &n) < 0)
		return true; /* not to be told; the next event asks again */
	same = n == d->n_addrs;
	for (i = 0; same && i < n; i++)
		same = device_has_addr(d, &now[i]);
	free(now);
	return same;
}

/* What is not as it was; NULL: nothing. */
static const char *difference(const struct klips_device *d)
{
	unsigned ifindex = d->phys[0] == '\0' ? 0 : if_nametoindex(d->phys);

	if (if_nametoindex(d->name) == 0)
		return "was deleted";
	if (ifindex != d->phys_ifindex)
		return ifindex == 0 ? "lost its physical device" : "has its physical device again";
	return ifindex != 0 && !same_addrs(d) ? "has new addresses" : NULL;
}

/* False: try again later. */
static bool look_at(struct klips *k, struct klips_device *d)
{
	const char *what = difference(d);
	struct ms_why why = { "" };
	uint32_t mtu;
	ms_err err;

	if (what != NULL) {
		ms_info(&k->log, "%s (%s) %s", d->name, d->phys, what);
		err = device_renew(k, &d, d->phys, &why);
		if (err != MS_OK) {
			ms_error(&k->log, "%s: %s", d->name, ms_why_text(&why, err));
			return false;
		}
		device_set_mtu(k, d);
	} else if (d->phys_ifindex != 0 && if_get_mtu(d->phys, &mtu) == 0 && mtu != d->phys_mtu) {
		ms_info(&k->log, "%s: MTU of %s is %u", d->name, d->phys, mtu);
		shared_set(d->phys_mtu, mtu);
		device_set_mtu(k, d);
	}
	return true;
}

static void look_around(void *arg)
{
	struct device_watch *w = arg;
	struct klips *k = w->k;
	unsigned i;
	bool done = true;

	w->waits = false;
	control_enter();
	/* the list is another one after each change, but its order stays */
	for (i = 0; i < k->devices->n; i++)
		done = look_at(k, k->devices->devices[i]) && done;
	control_leave();
	if (!done)
		ms_timer_set(w->timer, RETRY_MS);
}

static void told(void *arg, int fd, unsigned events)
{
	struct device_watch *w = arg;
	char buf[8192];

	(void)events;
	/* ENOBUFS: messages were lost, which is a hint as good as any */
	while (recv(fd, buf, sizeof buf, MSG_DONTWAIT) >= 0 || errno == ENOBUFS || errno == EINTR)
		continue;
	if (w->waits)
		return;
	w->waits = true;
	talk(w->k, ROOM_NETLINK, TALK_ANY, "interfaces or addresses changed, devices are looked at in %d ms",
		SETTLE_MS);
	ms_timer_set(w->timer, SETTLE_MS);
}

ms_err device_watch_new(struct device_watch **out, struct klips *k, struct ms_why *why)
{
	struct device_watch *w = calloc(1, sizeof *w);
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };

	if (w == NULL)
		return MS_ERR_NOMEM;
	w->k = k;
	*out = w;
	w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (w->fd >= 0 && bind(w->fd, (struct sockaddr *)&nl, sizeof nl) == 0) {
		w->watch = ms_watch_new(k->loop, w->fd, MS_READABLE, told, w);
		w->timer = ms_timer_new(k->loop, look_around, w);
	}
	if (w->watch != NULL && w->timer != NULL)
		return MS_OK;
	device_watch_free(out);
	return ms_fail(why, MS_ERR_SYSTEM, "cannot watch interfaces");
}

void device_watch_free(struct device_watch **wp)
{
	struct device_watch *w = *wp;

	if (w == NULL)
		return;
	ms_watch_free(&w->watch);
	ms_timer_free(&w->timer);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
	*wp = NULL;
}
