/* SPDX-License-Identifier: Apache-2.0 */
/* What the log, and whoever watches, hear of an IKE SA. */
#ifndef MODSWAN_CORE_IKE_REPORT_H
#define MODSWAN_CORE_IKE_REPORT_H

#include "core/ike/ike_sa.h"

/* A line of this level is of use to the log or to somebody who watches. */
bool ike_heard(const struct ike_engine *e, const struct ms_logger *lg, enum ms_log_level level);
/* Log line and host_ops.report with the object's serial number. */
void ike_report(struct ike_sa *ike, uint32_t serial, int code, const char *fmt, ...)
	MS_PRINTF(4, 5);
/* "STATE_PARENT_I1: sent v2I1, expected v2R1" with code 100 + n, and what stands in fmt after it.
 */
void ike_report_state(struct ike_sa *ike, uint32_t serial, int code, const char *extra);
size_t ike_crypto_text(const struct ike_sa *ike, char *buf, size_t size);

#endif
