/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODSWAN_LOOP_PRIV_H
#define MODSWAN_LOOP_PRIV_H

#include "lib/loop/loop.h"

#include <uv.h>

struct ms_loop {
	uv_loop_t uv;
	uv_prepare_t prepare; /* measure how long callbacks take */
	uv_check_t check;
	uint64_t turn_start_ns, stall_ns;
	unsigned dying; /* children that were given up and are not buried yet */
};

/* Frees the memory around a closed handle: the handle is its first member. */
void loop_free_closed(uv_handle_t *h);

#endif
