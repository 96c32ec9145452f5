/* SPDX-License-Identifier: Apache-2.0 */
/* The updown command for connections keyed by hand, with its environment as pluto gives it. */
#include "tools/manual_updown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *client_text(const struct ms_subnet *s)
{
	char text[MS_SUBNET_TEXT];

	ms_subnet_text(s, text, sizeof text);
	return tool_format("%s", text);
}

static const char *addr_text(const struct ms_addr *a)
{
	char text[MS_ADDR_TEXT];

	ms_addr_text(a, text, sizeof text);
	return tool_format("%s", text);
}

static void put(const char *name, const char *value)
{
	setenv(name, value != NULL ? value : "", 1);
}

static void put_end(const char *who, const struct manual_end *e)
{
	struct ms_addr mask = ms_subnet_mask(&e->net);
	const char *id = e->desc->id != NULL ? e->desc->id : addr_text(&e->host);

	put(tool_format("PLUTO_%s", strcmp(who, "MY") == 0 ? "ME" : who), addr_text(&e->host));
	put(tool_format("PLUTO_%s_ID", who), id);
	put(tool_format("PLUTO_%s_CLIENT", who), client_text(&e->net));
	put(tool_format("PLUTO_%s_CLIENT_NETWORKS", who), client_text(&e->net));
	put(tool_format("PLUTO_%s_CLIENT_NET", who), addr_text(&e->net.net));
	put(tool_format("PLUTO_%s_CLIENT_MASK", who), addr_text(&mask));
	put(tool_format("PLUTO_%s_PORT", who), tool_format("%u", e->pp.port_first));
	put(tool_format("PLUTO_%s_PROTOCOL", who), tool_format("%u", e->pp.protocol));
}

static void put_step(const struct tool *t, const struct manual_conn *c, const char *verb)
{
	/* what only a negotiation would know */
	static const char *const empty[] = { "PLUTO_CONN_POLICY", "PLUTO_PEER_CA",
		"PLUTO_PEER_DNS_INFO", "PLUTO_PEER_DOMAIN_INFO", "PLUTO_PEER_SUBNET_INFO",
		"PLUTO_CISCO_DNS_INFO", "PLUTO_CISCO_DOMAIN_INFO", "PLUTO_XAUTH_USERNAME", "PLUTO_PEER_BANNER" };
	bool six = c->me.net.net.family == AF_INET6;
	const struct ms_conn_desc *d = &c->desc;

	put("PLUTO_VERSION", "2.0");
	put("PLUTO_VERB", tool_format("%s-%s%s", verb, ms_subnet_is_host(&c->me.net) &&
			ms_addr_eq(&c->me.net.net, &c->me.host) ? "host" : "client",
			six ? "-v6" : ""));
	put("PLUTO_CONNECTION", c->name);
	put("PLUTO_INTERFACE", c->device);
	put("PLUTO_STACK", "klips");
	put("PLUTO_PROTO_STACK", "klips");
	put("PLUTO_NEXT_HOP", addr_text(&c->next_hop));
	put_end("MY", &c->me);
	put_end("PEER", &c->them);
	put("PLUTO_MY_SOURCEIP", c->me.desc->sourceip);
	put("PLUTO_CONN_ADDRFAMILY", six ? "ipv6" : "ipv4");
	put("PLUTO_CONNECTION_TYPE", d->type == MS_TYPE_TRANSPORT ? "transport" : "tunnel");
	put("PLUTO_FIREWALL", c->me.desc->firewall ? "yes" : "no");
	put("PLUTO_METRIC", d->metric != 0 ? tool_format("%" PRIu32, d->metric) : "");
	put("PLUTO_MTU", d->mtu != 0 ? tool_format("%" PRIu32, d->mtu) : "");
	for (unsigned i = 0; i < sizeof empty / sizeof *empty; i++)
		put(empty[i], NULL);
	put("IPSEC_RUNDIR", t->rundir);
	put("IPSEC_CONFS", t->confdir);
	put("IPSEC_EXECDIR", t->execdir);
	put("IPSEC_SBINDIR", t->sbindir);
}

const char *manual_updown_command(const struct tool *t, const struct manual_conn *c)
{
	const char *own = c->me.desc->updown;

	return own != NULL && own[0] != '\0' ? own : tool_format("%s/_updown", t->execdir);
}

int manual_updown(const struct tool *t, const struct manual_conn *c, const char *verb)
{
	const char *command = manual_updown_command(t, c);
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		put_step(t, c, verb);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
