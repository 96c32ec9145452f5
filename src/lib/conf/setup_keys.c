/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of `config setup`.  Where the members of the family disagree on a default, today's
 * libreswan decides (logip, ddos, shuntlifetime); interfaces= keeps the FreeS/WAN 2 default,
 * because klips needs it.
 */
#include <modswan/config.h>

#include "lib/conf/checks.h"
#include "lib/conf/rows.h"

static const struct ms_conf_choice ddos_modes[] = {
	{ "unlimited", MS_NO, "never ask for cookies" },
	{ "busy", MS_YES, "always ask for cookies" },
	{ "auto", MS_AUTO, "ask when more than ddos-ike-threshold negotiations are half open" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice helpers[] = {
	{ "-1", 0, "as many as there are processors" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice oes[] = {
	{ "no", MS_OE_NO, "none of them" },
	{ "off", MS_OE_NO, NULL },
	{ "false", MS_OE_NO, NULL },
	{ "on", MS_OE_YES, NULL },
	{ "true", MS_OE_YES, NULL },
	{ "groups", MS_OE_GROUPS, "those of the policy groups, which do nothing while no file lists a peer" },
	{ "yes", MS_OE_YES, "packetdefault, too" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice noeroutes[] = {
	{ "drop", MS_NOEROUTE_DROP, "drop it" },
	{ "pass", MS_NOEROUTE_PASS, "send it in the clear" },
	{ "reject", MS_NOEROUTE_REJECT, "drop it and tell its sender" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice ocsp_methods[] = {
	{ "get", false, "in the URL, so that caches on the way can answer" },
	{ "post", true, "in the body" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice mss_words[] = {
	{ "no", 0, "whatever they like" },
	{ "yes", 1, NULL },
	{ "auto", 1, "what fits" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice oe_dnssecs[] = {
	{ "require", MS_OE_DNSSEC_REQUIRE, "only signed records count" },
	{ "prefer", MS_OE_DNSSEC_PREFER,
		"unsigned records count too, those with bad signatures do not" },
	{ "ignore", MS_OE_DNSSEC_IGNORE, "signatures are not looked at" },
	{ NULL, 0, NULL },
};

#define S struct ms_setup_desc

const struct ms_conf_key ms_setup_keys[] = {
	MS_KEY_LIST(S, interfaces, "interfaces", .def_text = "%defaultroute",
		.check = conf_check_interface,
		.brief = "virtual devices of klips and the physical ones below them",
		.text = "A list of ipsecN=DEVICE.  %defaultroute stands for ipsec0 on the device "
			"of the "
			"default route, %none for no device at all.  Other backends than klips do "
			"not "
			"look at it."),
	MS_KEY_STRING(S, protostack, "protostack", .def_text = "klips", .check = conf_check_protostack,
		.brief = "the kernel backend of connections that name none",
		.text = "The name of a kernel plugin without its first word: klips for "
			"kernel-klips, null "
			"for kernel-null."),
	MS_KEY_STRING(
		S, myid, "myid", .check = conf_check_id, .brief = "identity that %myid stands for",
		.text = "Without it pluto looks whether a key of this host is published in the "
			"reverse map of its default route's address, or else under the host's "
			"name (as hostname --fqdn says it): the one where there is one is what "
			"%myid stands for.  Where there is none it is the address.  ipsec status "
			"shows what was found."),
	MS_KEY_STRING(S, logfile, "logfile", .check = conf_check_path,
		.brief = "file for the daemon's log lines, in place of syslog"),
	ALIAS("plutostderrlog", "logfile"),
	MS_KEY_BOOL(S, logtime, "logtime", .def = true,
		.brief = "put the time before each line of logfile="),
	ALIAS("plutostderrlogtime", "logtime"),
	MS_KEY_BOOL(S, logappend, "logappend", .def = true,
		.brief = "keep what is in logfile= when the daemon starts"),
	REFUSED("logip", "yes", "log lines always show peers' addresses"),
	MS_KEY_LIST(S, plutodebug, "plutodebug", .def_text = "none", .check = conf_check_plutodebug,
		.brief = "what the daemon tells for debugging: none, all, or a list",
		.text = "The flags are the daemon's rooms (ike, child, conn, route, creds, crypto, "
			"kernel, "
			"net, control, hook and so on) and the words that the family has for them "
			"(raw, "
			"crypt, parsing, emitting, control, lifecycle, klips, dns, oppo, natt, "
			"x509, "
			"dpd)."),
	MS_KEY_LIST(S, klipsdebug, "klipsdebug", .def_text = "none", .check = conf_check_klipsdebug,
		.brief = "what klips tells for debugging: none, all, or a list",
		.text = "Flags: tunnel, tunnel-xmit, netlink, xform, eroute, spi, radij, esp, ah, "
			"rcv, "
			"pfkey, ipcomp, verbose."),
	MS_KEY_BOOL(S, uniqueids, "uniqueids", .def = true,
		.brief = "a new negotiation replaces an old one of the same peer identity"),
	MS_KEY_LIST(S, listen, "listen", .check = conf_check_addr,
		.brief = "addresses on which the daemon listens; all when not written"),
	MS_KEY_UINT(S, ikeport, "ikeport", .min = 1, .max = 65535, .def = 500,
		.brief = "UDP port for IKE"),
	MS_KEY_UINT(S, nat_ikeport, "nat-ikeport", .min = 1, .max = 65535, .def = 4500,
		.brief = "UDP port for IKE and ESP through address translators"),
	MS_KEY_TIME(S, nat_keepalive_ms, "keep-alive", .def = 20000, .max = HOURS(1),
		.brief = "time between keep-alive datagrams through address translators"),
	MS_KEY_UINT(S, nhelpers, "nhelpers", .choices = helpers, .max = 256, .unit = "threads",
		.brief = "threads for public-key work; 0 or -1: as many as there are processors"),
	MS_KEY_UINT(S, ddos_threshold, "ddos-ike-threshold", .max = 1000000, .def = 25000,
		.brief = "half-open negotiations from which on peers must return a cookie"),
	MS_KEY_UINT(S, max_halfopen, "max-halfopen-ike", .max = 10000000, .def = 50000,
		.brief = "half-open negotiations above which new ones are not answered"),
	MS_KEY_ENUM(S, ddos_mode, "ddos-mode", .choices = ddos_modes, .def = MS_AUTO,
		.brief = "when peers must return a cookie before anything is computed for them"),
	MS_KEY_LIST(S, manualstart, "manualstart", .check = conf_check_word,
		.brief = "connections that ipsec manual brings up when the service starts",
		.text = "So it does with those that have auto=manual."),
	MS_KEY_UINT(S, overridemtu, "overridemtu", .max = 65535, .unit = "octets",
		.brief = "MTU of klips' devices; 0: what fits through the physical ones"),
	MS_KEY_BOOL(S, hidetos, "hidetos", .def = true,
		.brief = "outer packets of a tunnel do not show the inner type of service"),
	MS_KEY_ENUM(S, oe, "oe", .choices = oes, .def = MS_OE_GROUPS,
		.brief = "which of the connections that nobody wrote are loaded",
		.text = "They are clear, clear-or-private, private-or-clear, private and block, whose peers "
			"are listed in the files of that name in ipsec.d/policies, and packetdefault, which "
			"takes all packets that pass through this host from others.  A connection of the same "
			"name in this file stands in place of one; auto=ignore in it leaves it out; also= may "
			"name any of them."),
	MS_KEY_ENUM(S, noeroute, "noeroute", .choices = noeroutes, .def = MS_NOEROUTE_DROP,
		.brief = "what klips does with a packet that no connection covers"),
	MS_KEY_BOOL(S, fragicmp, "fragicmp", .def = true,
		.brief = "tell senders with ICMP when a packet is too big for its tunnel",
		.text = "With no, such packets leave klips in fragments."),
	MS_KEY_UINT(S, mssclamp, "mssclamp", .choices = mss_words, .max = 65535, .unit = "octets",
		.brief = "largest segment that TCP connections through klips may announce",
		.text = "Lowers the MSS option of SYNs in both directions, for paths on which ICMP is "
			"lost.  auto: what fits into the tunnel."),
	IGNORED("syslog", "start and stop commands tell their caller; see log-syslog of modswan.conf"),
	MS_KEY_STRING(S, dumpdir, "dumpdir", .check = conf_check_path,
		.brief = "directory for core dumps; none are made when not written"),
	MS_KEY_TIME(S, shunt_lifetime_ms, "shuntlifetime", .min = 1000, .max = HOURS(24),
		.def = 900000, .brief = "life of the shunts that failureshunt= makes",
		.text = "Used or not, it ends then, and the next packet asks again."),
	MS_KEY_STRING(S, secretsfile, "secretsfile", .check = conf_check_path,
		.brief = "the file of secrets; ipsec.secrets beside ipsec.conf when not written"),
	MS_KEY_STRING(S, ipsecdir, "ipsecdir", .check = conf_check_path,
		.brief = "directory of keys and policies; ipsec.d beside ipsec.conf when not "
			 "written"),
	MS_KEY_BOOL(S, plutorestartoncrash, "plutorestartoncrash", .def = true,
		.brief = "start the daemon again when it dies"),

	MS_KEY_BOOL(S, nocrsend, "nocrsend", .def = false,
		.brief = "do not ask peers for certificates"),
	MS_KEY_BOOL(S, crl_strict, "crl-strict", .def = false,
		.brief = "refuse certificates of which no valid revocation list tells that they are good",
		.text = "Without it, a missing or outdated list is no reason to refuse; what a list revokes "
			"is refused in any case.  An OCSP answer stands in place of a list."),
	ALIAS("strictcrlpolicy", "crl-strict"),
	MS_KEY_TIME(S, crl_check_interval_ms, "crlcheckinterval", .max = HOURS(24 * 365), .def = 0,
		.brief = "how often revocation lists are looked after; 0: none is fetched",
		.text = "Lists come from the distribution points in certificates whose issuer is trusted: "
			"when a peer shows one and no valid list is there, and again before they end."),
	MS_KEY_TIME(S, crl_timeout_ms, "crl-timeout", .min = 100, .max = MINUTES(1), .def = 5000,
		.brief = "how long to wait for a revocation list"),
	ALIAS("curl-timeout", "crl-timeout"),
	MS_KEY_BOOL(S, ocsp_enable, "ocsp-enable", .def = false,
		.brief = "ask OCSP servers whether peers' certificates are good"),
	MS_KEY_BOOL(S, ocsp_strict, "ocsp-strict", .def = false,
		.brief = "refuse certificates of which no OCSP server tells that they are good"),
	MS_KEY_TIME(S, ocsp_timeout_ms, "ocsp-timeout", .min = 100, .max = MINUTES(1), .def = 2000,
		.brief = "how long to wait for an OCSP server"),
	MS_KEY_BOOL(S, ocsp_post, "ocsp-method", .choices = ocsp_methods, .def = false,
		.brief = "HTTP method of OCSP requests",
		.text = "A request of more than 255 octets is always sent with post (RFC 6960 appendix A)."),
	MS_KEY_STRING(S, ocsp_uri, "ocsp-uri", .check = conf_check_http,
		.brief = "OCSP server for all certificates, in place of those that they name"),
	MS_KEY_STRING(S, ocsp_trustname, "ocsp-trustname",
		.brief = "certificate of the server of ocsp-uri=, a file in ipsec.d/ocspcerts",
		.text = "Its answers are then trusted for all issuers.  Without it, an answer must be "
			"signed by the certificate's issuer or by whom that appointed."),
	MS_KEY_TIME(S, ocsp_cache_min_age_ms, "ocsp-cache-min-age", .max = HOURS(24 * 365),
		.def = HOURS(1), .brief = "how long an OCSP answer is used at least"),
	MS_KEY_TIME(S, ocsp_cache_max_age_ms, "ocsp-cache-max-age", .max = HOURS(24 * 365),
		.def = HOURS(24), .brief = "how long an OCSP answer is used at most"),
	MS_KEY_UINT(S, ocsp_cache_size, "ocsp-cache-size", .max = 1000000, .def = 1000,
		.unit = "answers", .brief = "how many OCSP answers are kept"),
	MS_KEY_STRING(S, curl_iface, "curl-iface", .check = conf_check_word,
		.brief = "network device for fetching revocation lists and OCSP answers"),
	MS_KEY_ENUM(S, oe_dnssec, "oe-dnssec", .choices = oe_dnssecs, .def = MS_OE_DNSSEC_PREFER,
		.brief = "how far keys and gateways in DNS are believed",
		.text = "Of records that DNSSEC does not vouch for somebody on the way may be the author: "
			"they protect from those who only listen."),
	MS_KEY_BOOL(S, dnssec_enable, "dnssec-enable", .def = true,
		.brief = "DNSSEC signatures are checked; with no all of DNS counts as unsigned"),
	MS_KEY_STRING(S, dnssec_rootkey_file, "dnssec-rootkey-file", .check = conf_check_path,
		.brief = "file with the keys of the root of DNS, in place of resolver-unbound's"),
	MS_KEY_STRING(S, dnssec_anchors, "dnssec-anchors", .check = conf_check_path,
		.brief = "file with further keys that answers of DNS may be signed with"),

	IGNORED("forwardcontrol", "set net.ipv4.ip_forward with sysctl"),
	IGNORED("rp_filter", "set net.ipv4.conf.*.rp_filter with sysctl"),
	IGNORED("plutowait", "nothing waits for start-up negotiations"),
	IGNORED("nat_traversal", "always on"),
	IGNORED("force_keepalive", "keep-alives go where a translator was detected"),
	IGNORED("virtual-private", "there are no virtual clients to allow"),
	IGNORED("audit-log", "there is no audit log"),
	IGNORED("exampledir", "examples are in the documentation"),
	IGNORED("expire-lifetime", NULL),
	IGNORED("xfrmlifetime", NULL),
	IGNORED("expire-shunt-interval", NULL),
	IGNORED("ike-socket-bufsize", "set net.core.rmem_max with sysctl"),
	IGNORED("ike-socket-errqueue", "errors of the network do not end a negotiation"),
	IGNORED("ipsec-interface-managed", "there are no such devices"),
	IGNORED("loglimit", "log limits are always on"),
	IGNORED("logstderr", "modswan.conf: log-stderr"),
	IGNORED("nssdir", "there is no NSS database"),
	IGNORED("seedbits", "random octets come from the kernel"),
	IGNORED("seeddev", "random octets come from the kernel"),

	REFUSED("pluto", "yes", "the daemon always runs"),
	REFUSED("plutoopts", NULL, "write the settings themselves"),
	REFUSED("prepluto", NULL, "run the command before ipsec setup start"),
	REFUSED("postpluto", NULL, "run the command after ipsec setup start"),
	REFUSED("disable_port_floating", "no",
		"peers behind a translator are always met on port 4500"),
	REFUSED("force_busy", "no", "use ddos-mode=busy"),
	REFUSED("secctx_attr_value", NULL, LABELS),
	REFUSED("secctx-attr-type", NULL, LABELS),
	REFUSED("ikev1-secctx-attr-type", NULL, LABELS),
	REFUSED("dns-resolver", "file", "names are always looked up with DNS and /etc/hosts"),
	REFUSED("drop-oppo-null", "no", "there is no opportunistic NULL authentication"),
	REFUSED("global-redirect", "no", REDIRECT),
	REFUSED("global-redirect-to", NULL, REDIRECT),
	REFUSED("ikev1-policy", "drop", IKEV1_LATER),
	REFUSED("listen-tcp", "no", TCP_LATER),
	REFUSED("listen-udp", "yes", "IKE always listens on UDP"),
	REFUSED("myvendorid", NULL, "no vendor id is sent"),
	REFUSED("nflog-all", "0", "use tcpdump on the ipsec device"),
	REFUSED("rundir", NULL, "give --rundir to the commands"),
	REFUSED("seccomp", "disabled", "the sandbox is not there yet"),
	REFUSED("statsbin", NULL, "counters are shown by ipsec status"),
	REFUSED("plutoload", NULL, "removed in version 2: use auto=add in the connection"),
	REFUSED("plutostart", NULL, "removed in version 2: use auto=start in the connection"),
	REFUSED("plutobackgroundload", NULL, "removed in version 2"),
	REFUSED("no_eroute_pass", NULL, "removed in version 2: use noeroute="),
	REFUSED("dump", NULL, "removed in version 2: use dumpdir="),
	MS_KEY_END,
};
