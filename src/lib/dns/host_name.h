/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODSWAN_LIB_HOST_NAME_H
#define MODSWAN_LIB_HOST_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* This host's name as it was set; false: that is not a name of DNS, or is too long. */
bool ms_host_name(char *buf, size_t size);
/* With its domain, as `hostname --fqdn` says it; may wait for a name server.  False: it has none. */
bool ms_host_fqdn(char *buf, size_t size);

#endif
