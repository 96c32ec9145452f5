/* SPDX-License-Identifier: Apache-2.0 */
/* Notify payloads: writing them, and which one speaks for which error.  RFC 7296 s3.10.1. */
#ifndef MODSWAN_CORE_IKE_NOTIFY_H
#define MODSWAN_CORE_IKE_NOTIFY_H

#include "core/ike/ike_sa.h"

void ike_put_notify(struct ike_out *out, unsigned notify, struct ms_bytes data);
/* The NOTIFY that tells the peer of an error; 0: none. */
unsigned ike_notify_of(ms_err err);
ms_err ike_err_of_notify(unsigned notify);

#endif
