/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical devices that go and come, or change addresses or MTU, and ipsec devices that follow.
 *
 * What the system tells by netlink is only taken for a hint that something changed: a moment later
 * all devices are compared with what there is now.  So a lost message, or many at once, do no harm.
 */
#ifndef KLIPS_DEVICE_WATCH_H
#define KLIPS_DEVICE_WATCH_H

#include <modswan/error.h>

struct klips;
struct device_watch;

ms_err device_watch_new(struct device_watch **out, struct klips *k, struct ms_why *why) MS_MUST_CHECK;
void device_watch_free(struct device_watch **w);

#endif
