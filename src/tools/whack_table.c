/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of `ipsec whack`.
 *
 * Actions are carried out in the order of their rows, whatever order they were written in.  What a
 * daemon does not know it refuses by name: the table holds all of the family's.
 */
#include "tools/whack.h"

#include <string.h>

/* clang-format off */ /* rows on a line */
#define GENERAL(n, a, h) { { (n), (a), (h) }, WHACK_GENERAL, WHACK_OWN, NULL, NULL }
#define REFUSED(n, a) { { (n), (a), NULL }, WHACK_GENERAL, WHACK_REFUSED, NULL, NULL }
#define END(n, a, k, h) { { (n), (a), (h) }, WHACK_END, WHACK_TEXT, (k), NULL }
#define END_IS(n, k, v, h) { { (n), NULL, (h) }, WHACK_END, WHACK_WORD, (k), (v) }
#define POLICY(n, a, k, h) { { (n), (a), (h) }, WHACK_POLICY, WHACK_TEXT, (k), NULL }
#define POLICY_IS(n, k, v, h) { { (n), NULL, (h) }, WHACK_POLICY, WHACK_WORD, (k), (v) }
#define POLICY_BIT(n, h) { { (n), NULL, (h) }, WHACK_POLICY, WHACK_POLICY_BIT, NULL, NULL }
#define NUMBER(n, a, k, h) { { (n), (a), (h) }, WHACK_POLICY, WHACK_NUMBER, (k), NULL }
#define SECONDS(n, k, h) { { (n), "SECONDS", (h) }, WHACK_POLICY, WHACK_SECONDS, (k), NULL }
#define NAMED(n, c, h) { { (n), NULL, (h) }, WHACK_ACTION, WHACK_NAMED, NULL, (c) }
#define COMMAND(n, h) { { (n), NULL, (h) }, WHACK_ACTION, WHACK_COMMAND, NULL, (n) }
#define COMMAND_ARG(n, a, k, c, h) { { (n), (a), (h) }, WHACK_ACTION, WHACK_COMMAND, (k), (c) }
#define DEBUG(w) { { "debug-" w, NULL, NULL }, WHACK_ACTION, WHACK_DEBUG, NULL, (w) }
#define IMPAIR(w) { { "impair-" w, NULL, NULL }, WHACK_ACTION, WHACK_DEBUG, NULL, "impair-" w }

const struct whack_option whack_table[] = {
	GENERAL("help", NULL, "show this text and exit"),
	GENERAL("version", NULL, "show the version and exit"),
	GENERAL("label", "TEXT", "put TEXT into error messages"),
	GENERAL("ctlbase", "PATH", "the daemon's socket is PATH.ctl"),
	GENERAL("asynchronous", NULL, "do not wait for the outcome"),
	GENERAL("name", "NAME", "the connection that is meant"),
	GENERAL("to", NULL, "what follows describes the other end"),
	GENERAL("utc", NULL, "show times in UTC"),

	END("host", "ADDRESS", "", "address of the end, or %any, %opportunistic, %group ..."),
	END("id", "ID", "id", "identity of the end"),
	END("cert", "FILE", "cert", "certificate of the end"),
	END("ca", "DN", "ca", "issuer that the end's certificate must have"),
	REFUSED("groups", "LIST"),
	{ { "ikeport", "PORT", "UDP port of the end's IKE" }, WHACK_END, WHACK_NUMBER, "ikeport",
		NULL },
	END("nexthop", "ADDRESS", "nexthop", "gateway of the end towards the other, or %direct"),
	END("client", "NET/BITS", "subnet", "network behind the end"),
	END("clientwithin", "NET/BITS", "subnetwithin", "networks that the end may name"),
	END("clientprotoport", "PROTO/PORT", "protoport", "only this protocol and port"),
	END_IS("dnskeyondemand", "rsasigkey", "%dnsondemand", "look the end's key up when needed"),
	END("srcip", "ADDRESS", "sourceip", "source address of the end's own packets"),
	END("updown", "COMMAND", "updown", "what to run when the connection comes and goes"),
	REFUSED("tundev", "N"),
	END("sendcert", "MODE", "sendcert", "when to send the certificate"),
	REFUSED("certtype", "N"),
	END_IS("xauthserver", "xauthserver", "yes", "the end asks for a name and password"),
	END_IS("xauth", "xauthserver", "yes", NULL),
	END_IS("xauthclient", "xauthclient", "yes", "the end gives a name and password"),
	END_IS("modecfgserver", "modecfgserver", "yes", "the end hands out addresses"),
	END_IS("modeconfigserver", "modecfgserver", "yes", NULL),
	END_IS("modecfgclient", "modecfgclient", "yes", "the end is given an address"),

	POLICY_BIT("psk", "prove identities by a shared secret"),
	POLICY_BIT("rsasig", "prove identities by RSA signatures"),
	POLICY_BIT("ecdsa", "prove identities by ECDSA signatures"),
	POLICY_BIT("eddsa", "prove identities by Ed25519 or Ed448 signatures"),
	POLICY_BIT("encrypt", "protect by ESP"),
	POLICY_BIT("authenticate", "protect by AH"),
	POLICY_IS("compress", "compress", "yes", "propose IPComp"),
	POLICY_BIT("tunnel", "tunnel mode; without it, transport mode"),
	POLICY_IS("ipv4", "connaddrfamily", "ipv4", "the ends' addresses are IPv4"),
	POLICY_IS("ipv6", "connaddrfamily", "ipv6", "the ends' addresses are IPv6"),
	POLICY_IS("tunnelipv4", "clientaddrfamily", "ipv4", "the clients' addresses are IPv4"),
	POLICY_IS("tunnelipv6", "clientaddrfamily", "ipv6", "the clients' addresses are IPv6"),
	POLICY_BIT("pfs", "a key exchange of its own for each IPsec SA"),
	POLICY("pfsgroup", "GROUP", "pfsgroup", "group of that key exchange"),
	POLICY("ike", "PROPOSALS", "ike", "algorithms of the IKE SA"),
	POLICY("ikealg", "PROPOSALS", "ike", NULL),
	POLICY("esp", "PROPOSALS", "esp", "algorithms of the IPsec SAs"),
	POLICY_IS("ikev1", "keyexchange", "ikev1", "negotiate by IKEv1"),
	POLICY_IS("ikev2", "keyexchange", "ikev2", "negotiate by IKEv2"),
	POLICY_IS("aggrmode", "aggrmode", "yes", "IKEv1 aggressive mode"),
	POLICY_IS("overlapip", "overlapip", "yes", "clients of several connections may overlap"),
	POLICY_IS("sha2_truncbug", "sha2_truncbug", "yes", "cut SHA2-256 to 96 bits"),
	POLICY_IS("disablearrivalcheck", "disablearrivalcheck", "yes",
		"do not check where packets from a tunnel come from"),
	POLICY_IS("dontrekey", "rekey", "no", "let the connection end with its lifetime"),
	POLICY_IS("forceencaps", "encapsulation", "yes", "always put ESP into UDP"),
	POLICY_IS("initiateontraffic", "auto", "route", "negotiate when a packet wants to go"),
	POLICY_BIT("pass", "let packets pass in the clear"),
	POLICY_BIT("drop", "drop packets"),
	POLICY_BIT("reject", "drop packets and say so"),
	POLICY_BIT("failnone", "after a failure: nothing but the trap"),
	POLICY_BIT("failpass", "after a failure: let packets pass"),
	POLICY_BIT("faildrop", "after a failure: drop packets"),
	POLICY_BIT("failreject", "after a failure: reject packets"),
	POLICY_IS("modecfgpull", "modecfgpull", "yes", "the client asks for its address"),
	POLICY("modecfgdns1", "ADDRESS", "modecfgdns1", "name server handed out"),
	POLICY("modecfgdns2", "ADDRESS", "modecfgdns2", "the second one"),
	POLICY("modecfgwins1", "ADDRESS", "modecfgwins1", "WINS server handed out"),
	POLICY("modecfgwins2", "ADDRESS", "modecfgwins2", "the second one"),
	NUMBER("metric", "N", "metric", "metric of the connection's routes"),
	NUMBER("mtu", "OCTETS", "mtu", "MTU of the connection's routes"),
	POLICY("remote_peer_type", "TYPE", "remote_peer_type", "cisco, or nothing"),
	POLICY_IS("nm_configured", "nm_configured", "yes", "NetworkManager looks after it"),
	POLICY_IS("loopback", "loopback", "yes", "both ends are this host"),
	POLICY_IS("labeledipsec", "labeled_ipsec", "yes", "the security label matters"),
	POLICY("policylabel", "LABEL", "policy_label", "the security label"),
	POLICY("connalias", "NAME", "connalias", "another name of the connection"),
	SECONDS("ikelifetime", "ikelifetime", "life of the IKE SA"),
	SECONDS("ipseclifetime", "keylife", "life of the IPsec SAs"),
	SECONDS("rekeymargin", "rekeymargin", "how long before the end to negotiate anew"),
	SECONDS("rekeywindow", "rekeymargin", NULL),
	NUMBER("rekeyfuzz", "PERCENT", "rekeyfuzz", "by how much the margin is enlarged at most"),
	NUMBER("keyingtries", "N", "keyingtries", "how often to try; 0 is for ever"),
	SECONDS("dpddelay", "dpddelay", "silence after which the peer is asked whether it lives"),
	SECONDS("dpdtimeout", "dpdtimeout", "silence after which it is given up"),
	POLICY("dpdaction", "ACTION", "dpdaction", "what then: hold, clear, restart"),
	NUMBER("firstmsgid", "N", "firstmsgid", "message id to begin with"),

	/* in the order in which they are done; the description comes between delete and the rest */
	DEBUG("none"), DEBUG("all"), DEBUG("raw"), DEBUG("crypt"), DEBUG("parsing"),
	DEBUG("emitting"), DEBUG("control"), DEBUG("controlmore"), DEBUG("lifecycle"),
	DEBUG("klips"), DEBUG("netkey"), DEBUG("xfrm"), DEBUG("dns"), DEBUG("oppo"),
	DEBUG("oppoinfo"), DEBUG("whackwatch"), DEBUG("pfkey"), DEBUG("natt"), DEBUG("nat-t"),
	DEBUG("nat_t"), DEBUG("nattraversal"), DEBUG("x509"), DEBUG("dpd"), DEBUG("private"),
	DEBUG("main"), DEBUG("conf"), DEBUG("plugin"), DEBUG("ike"), DEBUG("child"), DEBUG("conn"),
	DEBUG("route"), DEBUG("creds"), DEBUG("crypto"), DEBUG("kernel"), DEBUG("net"),
	DEBUG("hook"),
	IMPAIR("delay-adns-key-answer"), IMPAIR("delay-adns-txt-answer"), IMPAIR("bust-mi2"),
	IMPAIR("bust-mr2"), IMPAIR("sa-fail"), IMPAIR("die-oninfo"), IMPAIR("jacob-two-two"),
	IMPAIR("major-version-bump"), IMPAIR("minor-version-bump"), IMPAIR("retransmits"),
	IMPAIR("send-bogus-isakmp-flag"),
	COMMAND_ARG("myid", "ID", "id", "myid", "what %myid stands for"),
	NAMED("delete", "delete", "forget the connection"),
	COMMAND_ARG("deletestate", "N", "serial", "deletestate", "delete the SA of this number"),
	COMMAND_ARG("crash", "ADDRESS", "peer", "crash", "forget all SAs with this peer"),
	COMMAND("unlisten", "close the IKE sockets"),
	COMMAND("rereadgroups", "read the policy groups again"),
	COMMAND("rereadsecrets", "read ipsec.secrets again"),
	COMMAND("rereadcerts", "read the certificates again"),
	COMMAND("rereadcacerts", "read the CA certificates again"),
	COMMAND("rereadaacerts", "read the AA certificates again"),
	COMMAND("rereadocspcerts", "read the OCSP certificates again"),
	COMMAND("rereadacerts", "read the attribute certificates again"),
	COMMAND("rereadcrls", "read the revocation lists again"),
	COMMAND("rereadall", "read all credentials again"),
	COMMAND("fetchcrls", "fetch revocation lists again"),
	COMMAND("purgeocsp", "forget OCSP answers"),
	{ { "keyid", "ID", "whose key to add or replace" }, WHACK_ACTION, WHACK_OWN, NULL, NULL },
	{ { "addkey", NULL, "keep the keys already known" }, WHACK_ACTION, WHACK_OWN, NULL, NULL },
	{ { "pubkeyrsa", "KEY", "the key" }, WHACK_ACTION, WHACK_OWN, NULL, NULL },
	COMMAND("listen", "look for interfaces, secrets and groups again and listen"),
	NAMED("route", "route", "catch packets of the connection and negotiate for them"),
	NAMED("unroute", "unroute", "take the route away"),
	NAMED("initiate", "up", "negotiate"),
	NAMED("rekey-ike", "rekey-ike", "new keys for the connection's IKE SA now"),
	NAMED("rekey-child", "rekey-child", "new keys for the connection's CHILD SA now"),
	NAMED("terminate", "down", "delete the connection's SAs, keep its route"),
	{ { "xauthname", "NAME", "name for --initiate" }, WHACK_ACTION, WHACK_OWN, NULL, NULL },
	{ { "xauthuser", "NAME", NULL }, WHACK_ACTION, WHACK_OWN, NULL, NULL },
	{ { "xauthpass", "PASSWORD", "password for --initiate" }, WHACK_ACTION, WHACK_OWN, NULL,
		NULL },
	{ { "oppohere", "ADDRESS", "negotiate opportunistically from here" }, WHACK_ACTION,
		WHACK_OWN, NULL, NULL },
	{ { "oppothere", "ADDRESS", "and to there" }, WHACK_ACTION, WHACK_OWN, NULL, NULL },
	REFUSED("tpmeval", "SCRIPT"),
	COMMAND_ARG("whackrecord", "FILE", "file", "whackrecord", "record requests in FILE"),
	COMMAND("whackstoprecord", "end that"),
	COMMAND("listpubkeys", "show public keys"),
	COMMAND("checkpubkeys", "show public keys that soon end"),
	COMMAND("listsecrets", "show whose secrets are known, never the secrets"),
	COMMAND("listpsks", "show whose shared secrets are known"),
	COMMAND("listcerts", "show certificates"),
	COMMAND("listcacerts", "show CA certificates"),
	COMMAND("listacerts", "show attribute certificates"),
	COMMAND("listaacerts", "show AA certificates"),
	COMMAND("listocspcerts", "show OCSP certificates"),
	COMMAND("listgroups", "show groups"),
	COMMAND("listcrls", "show revocation lists"),
	COMMAND("listcards", "show smart cards"),
	COMMAND("listocsp", "show OCSP answers"),
	COMMAND("listevents", "show timers"),
	COMMAND("listpairs", "show pairs of hosts"),
	{ { "listhostpairs", NULL, NULL }, WHACK_ACTION, WHACK_COMMAND, NULL, "listpairs" },
	COMMAND("listalgs", "show algorithms and who offers them"),
	{ { "listall", NULL, "show everything that can be listed" }, WHACK_ACTION, WHACK_OWN, NULL,
		NULL },
	COMMAND("status", "show everything"),
	COMMAND("briefstatus", "show counts"),
	COMMAND("addresspoolstatus", "show addresses of pools and who has them"),
	COMMAND("trafficstatus", "show octets through each tunnel"),
	COMMAND("showstates", "show the SAs"),
	COMMAND("shuntstatus", "show shunts that belong to no connection"),
	COMMAND("plugins", "show plugins and their features"),
	COMMAND("shutdown", "end the daemon"),
	/* of later members of the family */
	REFUSED("delete-ike", NULL),
	REFUSED("delete-child", NULL),
	REFUSED("down-ike", NULL),
	REFUSED("down-child", NULL),
	REFUSED("suspend", NULL),
	REFUSED("deleteid", NULL),
	REFUSED("deleteuser", NULL),
	REFUSED("opposport", "PORT"),
	REFUSED("oppodport", "PORT"),
	REFUSED("oppoproto", "PROTOCOL"),
	REFUSED("opporeqid", "N"),
	REFUSED("oppolabel", "LABEL"),
	REFUSED("ike-socket-bufsize", "OCTETS"),
	REFUSED("ike-socket-errqueue", "YES"),
	REFUSED("ddos-mode", "MODE"),
	REFUSED("global-redirect", "MODE"),
	REFUSED("global-redirect-to", "ADDRESS"),
	REFUSED("clearstats", NULL),
	REFUSED("processstatus", NULL),
	REFUSED("ddns", NULL),
	REFUSED("debug", "WORDS"),
	REFUSED("no-debug", "WORDS"),
	REFUSED("impair", "WORDS"),
	REFUSED("no-impair", "WORDS"),
	REFUSED("seccomp-crashtest", NULL),
	REFUSED("leave-state", NULL),
	REFUSED("magic", "N"),
	REFUSED("globalstatus", NULL),
	REFUSED("fipsstatus", NULL),
	REFUSED("connectionstatus", NULL),
	REFUSED("briefconnectionstatus", NULL),
	REFUSED("redirect-to", "ADDRESS"),
	{ { NULL, NULL, NULL }, WHACK_GENERAL, WHACK_OWN, NULL, NULL },
};

_Static_assert(sizeof whack_table / sizeof *whack_table <= WHACK_MAX_ROWS, "more rows than room");

const struct tool_options whack_options = TOOL_OPTIONS(whack_table, true);

unsigned whack_rows(void)
{
	return sizeof whack_table / sizeof *whack_table - 1;
}

unsigned whack_row(const char *name)
{
	unsigned i = 0;

	while (strcmp(whack_table[i].o.name, name) != 0)
		i++;
	return i;
}

bool whack_has(const struct whack *w, const char *name)
{
	return w->general.row[whack_row(name)];
}
