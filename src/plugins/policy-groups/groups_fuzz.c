/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of a group's file.  Whatever stands in it: each line is understood, or there is a
 * message that names file and line; ranges are in order and lines rise.
 */
#include "groups.h"
#include "fuzz/fuzz.h"

static const char *const seeds[] = {
	"0.0.0.0/0   # all\n",
	"192.0.2.96/27 tcp 0 25\n2001:db8::/32\n",
	"\t192.0.2.1-192.0.2.9 udp 53 0 host.example.com. 17 0 53\n",
	"192.0.2.1 192.0.2.2 # two\r\nspam.example.com\n10.0.0.0/255.0.0.0",
};

size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	return fuzz_seed_text(seeds, sizeof seeds / sizeof seeds[0], i, out, cap);
}

static void check_entry(const struct ms_policy_entry *e, uint32_t *line)
{
	MUST(e->line >= *line && e->line > 0);
	*line = e->line;
	if (e->protocol == 0)
		MUST(e->local_port == 0 && e->peer_port == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct group_text t;
	uint32_t line = 0;
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	MUST(group_parse(&t, "g", "/p/g", (const char *)data, size));
	for (size_t i = 0; i < t.list->n_entries; i++) {
		const struct ms_policy_entry *e = &t.list->entries[i];

		check_entry(e, &line);
		MUST(e->line <= lines);
		MUST(ms_addr_cmp(&e->peers.first, &e->peers.last) <= 0);
	}
	line = 0;
	for (size_t i = 0; i < t.n_names; i++) {
		check_entry(&t.names[i].entry, &line);
		MUST(t.names[i].host[0] != '\0');
	}
	MUST(t.list->n_problems <= lines);
	for (size_t i = 0; i < t.list->n_problems; i++)
		MUST(strncmp(t.list->problems[i], "\"/p/g\" line ", 12) == 0);
	group_text_free(&t);
	return 0;
}
