/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of attr-pool, as the key table in attr-pool.c fills them. */
#ifndef ATTR_POOL_H
#define ATTR_POOL_H

#include <stdint.h>

struct attr_conf {
	char **leases, **subnets; /* end with NULL; NULL: none */
	char *file;
	uint64_t lease_ms;
};

#endif
