/* SPDX-License-Identifier: Apache-2.0 */
/* Every subcommand of `ipsec`, once. */
#include "tools/tool.h"

#include <string.h>

const struct tool_command tool_commands[] = {
	{ "addconn", "--checkconfig [--config FILE]", "check ipsec.conf", tool_checkconfig,
		&checkconfig_options },
	{ "addresspoolstatus", NULL, "addresses of pools and who has them", tool_simple,
		&simple_options },
	{ "auto", "[OPTION]... --VERB [NAME]", "load, bring up, take down connections", tool_auto,
		&auto_options },
	{ "barf", "[--short] [--maxlines N]", "everything that a problem report needs, secrets censored",
		tool_script, NULL },
	{ "briefstatus", NULL, "counts of connections and SAs", tool_simple, &simple_options },
	{ "checkconfig", "[--config FILE]", "check ipsec.conf", tool_checkconfig,
		&checkconfig_options },
	{ "eroute", "[OPTION]...", "list or change the eroutes of KLIPS", tool_eroute,
		&eroute_options },
	{ "force-reload", NULL, "the same as restart", tool_setup, &setup_options },
	{ "ikeping", "[OPTION]... HOST[/PORT]...", "does an IKE daemon hear us?", tool_ikeping,
		&ikeping_options },
	{ "klipsdebug", "[OPTION]...", "show or change what KLIPS logs", tool_klipsdebug,
		&klipsdebug_options },
	{ "listen", NULL, "look for interfaces, secrets and groups again", tool_simple,
		&simple_options },
	{ "listpubkeys", NULL, "show public keys", tool_simple, &simple_options },
	{ "listsecrets", NULL, "show whose secrets are known, never the secrets", tool_simple,
		&simple_options },
	{ "look", NULL, "eroutes, SAs, devices and routes in short", tool_script, NULL },
	{ "manual", "[OPTION]... --VERB NAME", "connections keyed by hand", tool_manual,
		&manual_options },
	{ "newhostkey", "[--output FILE] [OPTION]...", "make a key for this host", tool_newhostkey,
		&newhostkey_options },
	{ "pf_key", "[OPTION]...", "show the PF_KEY messages of KLIPS", tool_pf_key, &pf_key_options },
	{ "plugins", NULL, "show plugins, their features, and why one is off", tool_simple,
		&simple_options },
	{ "policy", "[OPTION]...", "list what becomes of packets, whatever carries them", tool_policy,
		&policy_options },
	{ "ranbits", "[OPTION]... N", "print random bits", tool_ranbits, &ranbits_options },
	{ "rereadall", NULL, "read all credentials again", tool_simple, &simple_options },
	{ "rereadsecrets", NULL, "read ipsec.secrets again", tool_simple, &simple_options },
	{ "restart", NULL, "stop, then start", tool_setup, &setup_options },
	{ "rsasigkey", "[OPTION]... NBITS", "make an RSA key for signatures", tool_rsasigkey,
		&rsasigkey_options },
	{ "secrets", NULL, "the same as rereadsecrets", tool_simple, &simple_options },
	{ "setup", "[OPTION]... start|stop|restart|force-reload|status",
		"start and stop the service", tool_setup, &setup_options },
	{ "showdefaults", NULL, "show what %defaultroute stands for", tool_script, NULL },
	{ "showhostkey", "FORMAT [OPTION]...", "show the public half of this host's key",
		tool_showhostkey, &showhostkey_options },
	{ "showstates", "[NAME]", "show the SAs", tool_simple, &simple_options },
	{ "shuntstatus", NULL, "shunts that belong to no connection", tool_simple,
		&simple_options },
	{ "spi", "[OPTION]...", "list or change the SAs of KLIPS", tool_spi, &spi_options },
	{ "spigrp", "[OPTION]... [SA]...", "list or change the groups of SAs", tool_spigrp,
		&spigrp_options },
	{ "start", NULL, "start the service", tool_setup, &setup_options },
	{ "status", "[NAME]", "show everything, or one connection", tool_simple, &status_options },
	{ "stop", NULL, "stop the service", tool_setup, &setup_options },
	{ "tncfg", "[OPTION]...", "list, attach and detach ipsec devices", tool_tncfg,
		&tncfg_options },
	{ "trafficstatus", "[NAME]", "show octets through each tunnel", tool_simple,
		&simple_options },
	{ "verify", "[OPTION]...", "check this system, or DNS records of a host", tool_verify,
		&verify_options },
	{ "version", NULL, "show the version", tool_version_command, NULL },
	{ "whack", "[OPTION]...", "talk to pluto", tool_whack, &whack_options },
	{ "why", "SRC DST [PROTOCOL [SPORT DPORT]]", "what decides about a packet, step by step",
		tool_why, &why_options },
	{ "_plutorun", NULL, NULL, tool_plutorun, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct tool_command *tool_find_command(const char *name)
{
	for (const struct tool_command *c = tool_commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
