/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of `ipsec status`. */
#ifndef MODSWAN_CORE_STATUS_H
#define MODSWAN_CORE_STATUS_H

#include "core/control/control_priv.h"

void status_daemon(call *c); /* interfaces, settings, debug, algorithms */
void status_conn(call *c, const struct conn *conn); /* status_conn.c */
void status_counts(call *c);
void status_ike(call *c, const struct ike_info *info);
/* traffic: query in, then out; NULL: not known */
void status_child(call *c, const struct ike_info *info, const struct child_sa *child,
	const struct ms_kernel_op *traffic);

#endif
