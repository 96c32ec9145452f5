/* SPDX-License-Identifier: Apache-2.0 */
/* Every command, once. */
#include "core/control/control_priv.h"

#define REQUIRED(n) { { (n), true } }
#define OPTIONAL(n) { { (n), false } }

const struct command commands[] = {
	{ "add", REQUIRED("name"), false, "load a connection from the configuration", cmd_add },
	{ "replace", REQUIRED("name"), false, "delete it if it is there, load it again",
		cmd_replace },
	{ "define", REQUIRED("conn"), true, "add a connection from keywords of ipsec.conf",
		cmd_define },
	{ "delete", REQUIRED("name"), false, "take down and forget a connection", cmd_delete },
	{ "up", REQUIRED("name"), false, "negotiate", cmd_up },
	{ "down", REQUIRED("name"), false, "delete the SAs, keep the route", cmd_down },
	{ "route", REQUIRED("name"), false, "catch packets and negotiate for them", cmd_route },
	{ "unroute", REQUIRED("name"), false, "take the route away", cmd_unroute },
	{ "deletestate", REQUIRED("serial"), false, "delete one SA by its number", cmd_deletestate },
	{ "status", OPTIONAL("name"), false, "everything, as text", cmd_status },
	{ "briefstatus", OPTIONAL(NULL), false, "counts of connections and SAs", cmd_briefstatus },
	{ "trafficstatus", OPTIONAL("name"), false, "octets through each tunnel",
		cmd_trafficstatus },
	{ "showstates", OPTIONAL("name"), false, "the SAs", cmd_showstates },
	{ "listen", OPTIONAL(NULL), false, "look for interfaces and connections again",
		cmd_listen },
	{ "unlisten", OPTIONAL(NULL), false, "close the IKE sockets", cmd_unlisten },
	{ "rereadsecrets", OPTIONAL(NULL), false, "read ipsec.secrets again", cmd_rereadsecrets },
	{ "rereadall", OPTIONAL(NULL), false, "read all credentials again", cmd_rereadsecrets },
	{ "plugins", OPTIONAL(NULL), false, "each plugin, its features, and why one is off",
		cmd_plugins },
	{ "listpubkeys", OPTIONAL(NULL), false, "public keys of connections", cmd_listpubkeys },
	{ "listsecrets", OPTIONAL(NULL), false, "secrets' identities, never the secrets",
		cmd_listsecrets },
	{ "listalgs", OPTIONAL(NULL), false, "algorithms and who offers them", cmd_listalgs },
	{ "counters", OPTIONAL(NULL), false, "IKE datagrams by fate", cmd_counters },
	{ "debug", REQUIRED("words"), false, "debug lines of these rooms; none, all", cmd_debug },
	{ "fsm", OPTIONAL(NULL), false, "the transition table as a graph", cmd_fsm },
	{ "shutdown", OPTIONAL("flush"), false, "end the daemon; flush=yes: the kernel's state too",
		cmd_shutdown },
	{ NULL, OPTIONAL(NULL), false, NULL, NULL },
};
