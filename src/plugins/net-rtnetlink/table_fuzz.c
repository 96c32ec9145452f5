/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of what the kernel says of links and addresses.  First octet, bit 0: within a dump.  Then
 * messages: type (of four), flags, octets of payload, payload.  The table stays sorted, and every address
 * has its link's name when the link is known.
 */
#include "rtnetlink.h"
#include "fuzz/fuzz.h"

#include <modswan/addr.h>

/* A link, an address of it, the link's end. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	const struct ifinfomsg link = { .ifi_index = 3, .ifi_flags = 1 };
	const struct ifaddrmsg addr = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 3 };
	static const uint8_t name[12] = { 8, 0, IFLA_IFNAME, 0, 'e', 't', 'h', 0 };
	static const uint8_t local[8] = { 8, 0, IFA_LOCAL, 0, 192, 0, 2, 1 };
	size_t n = 0;

	if (i >= 2 || cap < 128)
		return 0;
	out[n++] = (uint8_t)i;
	for (unsigned k = 0; k < 3; k++) {
		out[n++] = k == 0 ? 0 : k == 1 ? 2 : 1;
		out[n++] = 0;
		out[n] = k == 1 ? sizeof addr + sizeof local : sizeof link + sizeof name;
		n++;
		memcpy(out + n, k == 1 ? (const void *)&addr : &link, k == 1 ? sizeof addr : sizeof link);
		n += k == 1 ? sizeof addr : sizeof link;
		memcpy(out + n, k == 1 ? local : name, k == 1 ? sizeof local : sizeof name);
		n += k == 1 ? sizeof local : sizeof name;
	}
	return n;
}

static void check(const struct net_table *t)
{
	for (unsigned i = 0; i < t->links.n; i++) {
		MUST(i == 0 || t->links.v[i - 1].ifindex < t->links.v[i].ifindex);
		MUST(memchr(t->links.v[i].name, '\0', sizeof t->links.v[i].name) != NULL);
		MUST(table_link(t, t->links.v[i].ifindex) == &t->links.v[i]);
	}
	for (unsigned i = 0; i < t->addrs.n; i++)
		MUST(t->addrs.v[i].addr.family == AF_INET || t->addrs.v[i].addr.family == AF_INET6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR };
	struct net_table t;
	bool dump = size > 0 && (data[0] & 1) != 0;

	memset(&t, 0, sizeof t);
	if (dump)
		table_dump_begins(&t);
	for (size_t at = 1; at + 3 <= size;) {
		size_t len = data[at + 2];
		struct nlmsghdr *h;

		if (len > size - at - 3)
			len = size - at - 3;
		/* as long as the kernel says and pads, and no octet more */
		h = calloc(1, sizeof *h + NLMSG_ALIGN(len));
		MUST(h != NULL);
		h->nlmsg_len = (uint32_t)(sizeof *h + len);
		h->nlmsg_type = types[data[at] % 4];
		h->nlmsg_flags = data[at + 1] & 1 ? NLM_F_MULTI : 0;
		memcpy(h + 1, data + at + 3, len);
		table_message(&t, h);
		free(h);
		check(&t);
		at += 3 + len;
	}
	if (dump)
		table_dump_ends(&t);
	check(&t);
	table_free(&t);
	return 0;
}
