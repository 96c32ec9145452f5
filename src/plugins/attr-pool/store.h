/* SPDX-License-Identifier: Apache-2.0 */
/* The file of leases; see store.c. */
#ifndef PLUGINS_ATTR_STORE_H
#define PLUGINS_ATTR_STORE_H

#include <modswan/addr.h>
#include <modswan/error.h>
#include <modswan/id.h>

/* used: seconds since 1970. */
struct lease_store_row {
	char *pool;
	struct ms_addr addr;
	struct ms_id id;
	int64_t used;
	size_t line;
};

struct lease_store_rows {
	struct lease_store_row *row;
	size_t n;
	size_t lines; /* of the file */
};

/* The newest line of each address, longest unused first; none when there is no such file.
 * MS_ERR_SYNTAX: a line is wrong, and nothing is taken from the file; MS_ERR_SYSTEM, MS_ERR_NOMEM. */
ms_err lease_store_read(const char *path, struct lease_store_rows *out, struct ms_why *why) MS_MUST_CHECK;
void lease_store_row_free(struct lease_store_row *row);
void lease_store_rows_free(struct lease_store_rows *rows);

/* Opens for lines to be added; an empty one gets its heading.  fresh: whatever is there goes. */
ms_err lease_store_open(int *fd, const char *path, bool fresh, struct ms_why *why) MS_MUST_CHECK;
/* Identities that are nobody in particular have no lines: nothing happens. */
ms_err lease_store_add(int fd, const char *pool, const struct ms_addr *addr, const struct ms_id *id,
	int64_t used) MS_MUST_CHECK;

#endif
