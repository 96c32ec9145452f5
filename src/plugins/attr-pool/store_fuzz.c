/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the file of leases: one that is taken is in order of time, has each address of a pool
 * once, and reads back the same after it was written.
 */
#include "store.h"
#include "fuzz/fuzz.h"

static const char *const seeds[] = {
	"modswan leases 1\n10.9.0.10 1763746800 @road 10.9.0.10-10.9.0.99\n",
	"modswan leases 1\n10.9.0.1 5 user@example.org 10.9.0.0/24, 2001:db8::/64\n"
	"2001:db8::1 4 #9:3000 10.9.0.0/24, 2001:db8::/64\n10.9.0.1 9 #11:00ff pool\n"
	"10.9.0.1 9 192.0.2.1 pool\n10.9.0",
};

size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	return fuzz_seed_text(seeds, sizeof seeds / sizeof seeds[0], i, out, cap);
}

static void check(const struct lease_store_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct lease_store_row *r = &rows->row[i];

		MUST(r->pool[0] != '\0' && r->addr.family != 0 && r->used >= 0);
		MUST(i == 0 || r[-1].used <= r->used);
		for (size_t k = 0; k < i; k++)
			MUST(strcmp(rows->row[k].pool, r->pool) != 0 ||
				!ms_addr_eq(&rows->row[k].addr, &r->addr));
	}
}

static void write_again(const struct lease_store_rows *rows)
{
	struct lease_store_rows again;
	struct ms_why why = { "" };
	char path[64];
	int file = fuzz_file("again", "", 0, path), fd;
	size_t n = 0;

	MUST(lease_store_open(&fd, path, true, &why) == MS_OK);
	for (size_t i = 0; i < rows->n; i++) {
		const struct lease_store_row *r = &rows->row[i];

		MUST(lease_store_add(fd, r->pool, &r->addr, &r->id, r->used) == MS_OK);
	}
	close(fd);
	MUST(lease_store_read(path, &again, &why) == MS_OK);
	for (size_t i = 0; i < rows->n; i++) {
		const struct lease_store_row *r = &rows->row[i], *a = &again.row[n];

		if (r->id.type == MS_ID_ANY || r->id.type == MS_ID_NULL)
			continue; /* nobody in particular: not written */
		MUST(n < again.n && strcmp(r->pool, a->pool) == 0 && r->used == a->used &&
			ms_addr_eq(&r->addr, &a->addr) && r->id.type == a->id.type &&
			r->id.len == a->id.len &&
			(r->id.len == 0 || memcmp(r->id.data, a->id.data, r->id.len) == 0));
		n++;
	}
	MUST(n == again.n);
	lease_store_rows_free(&again);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lease_store_rows rows;
	struct ms_why why = { "" };
	char path[64];
	int file = fuzz_file("leases", (const char *)data, size, path);
	ms_err err = lease_store_read(path, &rows, &why);

	if (err == MS_OK) {
		check(&rows);
		write_again(&rows);
	} else {
		MUST(rows.n == 0 && rows.row == NULL && why.text[0] != '\0');
	}
	lease_store_rows_free(&rows);
	close(file);
	return 0;
}
