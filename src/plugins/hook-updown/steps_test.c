/* SPDX-License-Identifier: Apache-2.0 */
/* Every step of the family, for hosts and clients, IPv4 and IPv6, as a shell that the hook starts sees
 * it: all of PLUTO_*, and nothing else. */
#include "lib/log/sink.h"
#include "lib/loop/loop.h"

#include "updown_test.h"

struct side {
	const char *me, *peer, *next_hop, *source, *mine, *theirs; /* of the event */
	const char *words; /* what the script is told of them */
};

static void fill(struct ms_hook_event *e, const struct side *s)
{
	e->me = addr(s->me);
	e->peer = addr(s->peer);
	e->next_hop = addr(s->next_hop);
	e->source_ip = addr(s->source);
	e->my_client = selector(s->mine);
	e->peer_client = selector(s->theirs);
}

static const struct side sides[2][2] = {
	{ { "192.0.2.9", "198.51.100.7", "192.0.2.1", "192.0.2.9", "192.0.2.9/32", "198.51.100.7/32",
		  "PLUTO_ME=192.0.2.9\nPLUTO_MY_CLIENT=192.0.2.9/32\n"
		  "PLUTO_MY_CLIENT_MASK=255.255.255.255\nPLUTO_MY_CLIENT_NET=192.0.2.9\n"
		  "PLUTO_MY_CLIENT_NETWORKS=192.0.2.9/32\nPLUTO_MY_PORT=0\nPLUTO_MY_PROTOCOL=0\n"
		  "PLUTO_MY_SOURCEIP=192.0.2.9\nPLUTO_NEXT_HOP=192.0.2.1\n"
		  "PLUTO_PEER=198.51.100.7\nPLUTO_PEER_CLIENT=198.51.100.7/32\n"
		  "PLUTO_PEER_CLIENT_MASK=255.255.255.255\nPLUTO_PEER_CLIENT_NET=198.51.100.7\n"
		  "PLUTO_PEER_CLIENT_NETWORKS=198.51.100.7/32\nPLUTO_PEER_PORT=0\n"
		  "PLUTO_PEER_PROTOCOL=0\n" },
		{ "2001:db8::9", "2001:db8:1::7", "fe80::1", "2001:db8::9", "2001:db8::9/128",
			"2001:db8:1::7/128",
			"PLUTO_ME=2001:db8::9\nPLUTO_MY_CLIENT=2001:db8::9/128\n"
			"PLUTO_MY_CLIENT_MASK=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n"
			"PLUTO_MY_CLIENT_NET=2001:db8::9\n"
			"PLUTO_MY_CLIENT_NETWORKS=2001:db8::9/128\nPLUTO_MY_PORT=0\n"
			"PLUTO_MY_PROTOCOL=0\nPLUTO_MY_SOURCEIP=2001:db8::9\n"
			"PLUTO_NEXT_HOP=fe80::1\nPLUTO_PEER=2001:db8:1::7\n"
			"PLUTO_PEER_CLIENT=2001:db8:1::7/128\n"
			"PLUTO_PEER_CLIENT_MASK=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n"
			"PLUTO_PEER_CLIENT_NET=2001:db8:1::7\n"
			"PLUTO_PEER_CLIENT_NETWORKS=2001:db8:1::7/128\nPLUTO_PEER_PORT=0\n"
			"PLUTO_PEER_PROTOCOL=0\n" } },
	{ { "192.0.2.9", "198.51.100.7", "192.0.2.1", "10.0.1.1", "10.0.1.0/24/17/1701",
		  "10.0.2.0-10.0.4.255/6/1000-2000",
		  "PLUTO_ME=192.0.2.9\nPLUTO_MY_CLIENT=10.0.1.0/24\n"
		  "PLUTO_MY_CLIENT_MASK=255.255.255.0\nPLUTO_MY_CLIENT_NET=10.0.1.0\n"
		  "PLUTO_MY_CLIENT_NETWORKS=10.0.1.0/24\nPLUTO_MY_PORT=1701\nPLUTO_MY_PROTOCOL=17\n"
		  "PLUTO_MY_SOURCEIP=10.0.1.1\nPLUTO_NEXT_HOP=192.0.2.1\n"
		  "PLUTO_PEER=198.51.100.7\nPLUTO_PEER_CLIENT=10.0.2.0-10.0.4.255\n"
		  "PLUTO_PEER_CLIENT_MASK=\nPLUTO_PEER_CLIENT_NET=10.0.2.0\n"
		  "PLUTO_PEER_CLIENT_NETWORKS=10.0.2.0/23 10.0.4.0/24\nPLUTO_PEER_PORT=1000-2000\n"
		  "PLUTO_PEER_PROTOCOL=6\n" },
		{ "192.0.2.9", "198.51.100.7", "192.0.2.1", "2001:db8:a::1", "2001:db8:a::/48", "::/0",
			"PLUTO_ME=192.0.2.9\nPLUTO_MY_CLIENT=2001:db8:a::/48\n"
			"PLUTO_MY_CLIENT_MASK=ffff:ffff:ffff::\nPLUTO_MY_CLIENT_NET=2001:db8:a::\n"
			"PLUTO_MY_CLIENT_NETWORKS=2001:db8:a::/48\nPLUTO_MY_PORT=0\n"
			"PLUTO_MY_PROTOCOL=0\nPLUTO_MY_SOURCEIP=2001:db8:a::1\n"
			"PLUTO_NEXT_HOP=192.0.2.1\nPLUTO_PEER=198.51.100.7\n"
			"PLUTO_PEER_CLIENT=::/0\nPLUTO_PEER_CLIENT_MASK=::\n"
			"PLUTO_PEER_CLIENT_NET=::\nPLUTO_PEER_CLIENT_NETWORKS=::/0\n"
			"PLUTO_PEER_PORT=0\nPLUTO_PEER_PROTOCOL=0\n" } },
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char *text)
{
	char *copy = strdup(text), *rest = copy, *line[64];
	unsigned n = 0;

	while (n < 64 && (line[n] = strsep(&rest, "\n")) != NULL && *line[n] != '\0')
		n++;
	qsort(line, n, sizeof *line, by_text);
	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		text += sprintf(text, "%s\n", line[i]);
	free(copy);
}

/* The whole of PLUTO_*, as a shell that the hook starts has it. */
static void test_every_step(void **state)
{
	static const char *const verbs[] = { [MS_HOOK_PREPARE] = "prepare", [MS_HOOK_ROUTE] = "route",
		[MS_HOOK_UNROUTE] = "unroute", [MS_HOOK_UP] = "up", [MS_HOOK_DOWN] = "down" };
	struct world *w = *state;
	char command[128], path[64], numbers[64], got[4096], want[4096];

	snprintf(path, sizeof path, "%s/env", w->dir);
	snprintf(command, sizeof command, "env | grep ^PLUTO_ >%s", path);
	for (unsigned i = 0; i < 5 * 4; i++) {
		bool client = i & 1, six = i & 2, tunnel = i % 3 != 0, firewall = i % 5 != 0;
		struct ms_hook_event e = event(command);
		FILE *f;

		e.verb = (enum ms_hook_verb)(i / 4);
		e.client = client;
		e.tunnel = tunnel;
		e.firewall = firewall;
		e.peer_ca = "C=CH, O=\"a; b\", CN=x";
		e.dns = "192.0.2.53";
		e.domains = "example.net a.example";
		e.subnets = "192.0.2.0/24 2001:db8:2::/48";
		e.metric = i;
		e.mtu = i == 0 ? 0 : 1200 + i;
		fill(&e, &sides[client][six]);
		assert_int_equal(run(w, &e), MS_OK);
		f = fopen(path, "r");
		assert_non_null(f);
		got[fread(got, 1, sizeof got - 1, f)] = '\0';
		fclose(f);
		snprintf(want, sizeof want,
			"PLUTO_CISCO_DNS_INFO=192.0.2.53\n"
			"PLUTO_CISCO_DOMAIN_INFO=example.net a.example\n"
			"PLUTO_CONNECTION=net1\nPLUTO_CONNECTION_TYPE=%s\n"
			"PLUTO_CONN_ADDRFAMILY=%s\nPLUTO_CONN_POLICY=PSK+ENCRYPT\n"
			"PLUTO_FIREWALL=%s\nPLUTO_INTERFACE=ipsec0\nPLUTO_IS_PEER_CISCO=0\n",
			tunnel ? "tunnel" : "transport", six ? "ipv6" : "ipv4",
			firewall ? "yes" : "no");
		snprintf(numbers, sizeof numbers, i == 0 ? "PLUTO_METRIC=\nPLUTO_MTU=\n" :
			"PLUTO_METRIC=%u\nPLUTO_MTU=%u\n", i, 1200 + i);
		snprintf(want + strlen(want), sizeof want - strlen(want),
			"%s%sPLUTO_MY_ID=@west\nPLUTO_NM_CONFIGURED=0\nPLUTO_PEER_BANNER=\n"
			"PLUTO_PEER_CA=C=CH, O=\"a; b\", CN=x\nPLUTO_PEER_DNS_INFO=192.0.2.53\n"
			"PLUTO_PEER_DOMAIN_INFO=example.net a.example\nPLUTO_PEER_ID=@east\n"
			"PLUTO_PEER_SUBNET_INFO=192.0.2.0/24 2001:db8:2::/48\n"
			"PLUTO_PROTO_STACK=klips\nPLUTO_SAREF_TRACKING=no\nPLUTO_STACK=klips\n"
			"PLUTO_VERB=%s-%s%s\nPLUTO_VERSION=2.0\nPLUTO_XAUTH_USERNAME=\n",
			numbers, sides[client][six].words, verbs[e.verb],
			client ? "client" : "host", six ? "-v6" : "");
		sort_lines(want);
		sort_lines(got);
		assert_string_equal(got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(test_every_step) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
