/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of `conn` without sides.  Defaults: where FreeS/WAN 2 and today's libreswan disagree the
 * newer one is taken (ikelifetime 8h instead of 1h, replay-window 128 instead of off, authby
 * rsasig,ecdsa, esn either, retransmit-timeout 60s as its manual says); keyingtries stays %forever,
 * and dpdaction, which libreswan ignores today, keeps its meaning and its default hold.
 */
#include <modswan/config.h>
#include <modswan/kernel.h>

#include "lib/conf/checks.h"
#include "lib/conf/rows.h"

#include <sys/socket.h>

static const struct ms_conf_choice types[] = {
	{ "tunnel", MS_TYPE_TUNNEL, "packets of networks or hosts inside packets of the gateways" },
	{ "transport", MS_TYPE_TRANSPORT, "packets of the two hosts themselves" },
	{ "passthrough", MS_TYPE_PASS, "no IPsec: packets pass as they are" },
	{ "pass", MS_TYPE_PASS, NULL },
	{ "drop", MS_TYPE_DROP, "packets are discarded" },
	{ "reject", MS_TYPE_REJECT, "packets are discarded and the sender is told with ICMP" },
	NOT_HERE("udp", "use encapsulation=yes"),
	NOT_HERE("udpencap", "use encapsulation=yes"),
	NOT_HERE("transport_proxy", NULL),
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice autos[] = {
	{ "ignore", MS_AUTO_IGNORE, "do nothing with this connection" },
	{ "add", MS_AUTO_ADD, "load it" },
	{ "route", MS_AUTO_ROUTE, "load it and bring it up when a packet asks for it" },
	{ "ondemand", MS_AUTO_ROUTE, NULL },
	{ "start", MS_AUTO_START, "load it and bring it up at once" },
	{ "up", MS_AUTO_START, NULL },
	{ "keep", MS_AUTO_KEEP, "load it and, once the peer brought it up, keep it up" },
	{ "manual", MS_AUTO_MANUAL, "bring it up with ipsec manual when the service starts" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice exchanges[] = {
	{ "ikev2", MS_KEX_IKEV2, "RFC 7296" },
	{ "ike", MS_KEX_IKEV2, NULL },
	{ "rfc7296", MS_KEX_IKEV2, NULL },
	{ "ikev1", MS_KEX_IKEV1, "RFC 2409" },
	{ "isakmp", MS_KEX_IKEV1, NULL },
	{ "oakley", MS_KEX_IKEV1, NULL },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice ikev2_words[] = {
	{ "never", MS_KEX_IKEV1, NULL },
	{ "no", MS_KEX_IKEV1, NULL },
	{ "permit", MS_KEX_IKEV2, NULL },
	{ "propose", MS_KEX_IKEV2, NULL },
	{ "yes", MS_KEX_IKEV2, NULL },
	{ "insist", MS_KEX_IKEV2, NULL },
	{ "always", MS_KEX_IKEV2, NULL },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice auths[] = {
	{ "secret", MS_AUTH_PSK, "a shared secret of ipsec.secrets" },
	{ "psk", MS_AUTH_PSK, NULL },
	{ "rsasig", MS_AUTH_RSA, "RSA signatures" },
	{ "rsa", MS_AUTH_RSA, NULL },
	{ "rsa-sha2", MS_AUTH_RSA, NULL },
	{ "rsa-sha2_256", MS_AUTH_RSA, NULL },
	{ "rsa-sha2_384", MS_AUTH_RSA, NULL },
	{ "rsa-sha2_512", MS_AUTH_RSA, NULL },
	{ "rsa-sha1", MS_AUTH_RSA_SHA1, "RSA signatures with SHA-1, for old peers" },
	{ "ecdsa", MS_AUTH_ECDSA, "ECDSA signatures" },
	{ "ecdsa-sha2", MS_AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_256", MS_AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_384", MS_AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_512", MS_AUTH_ECDSA, NULL },
	{ "eddsa", MS_AUTH_EDDSA, "Ed25519 and Ed448 signatures" },
	{ "null", MS_AUTH_NULL, "no authentication (RFC 7619); an end of that kind has no identity" },
	{ "never", MS_AUTH_NEVER, "the connection is never negotiated" },
	{ "pubkey", MS_AUTH_RSA | MS_AUTH_ECDSA | MS_AUTH_EDDSA, NULL },
	NOT_HERE("xauthpsk", XAUTH_LATER),
	NOT_HERE("xauthrsasig", XAUTH_LATER),
	NOT_HERE("eap", XAUTH_LATER),
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice phase2s[] = {
	{ "esp", false, "ESP (RFC 4303)" },
	{ "ah", true, "AH (RFC 4302)" },
	NOT_HERE("ah+esp", NULL),
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice esns[] = {
	{ "no", MS_NO, "32 bits" },
	{ "yes", MS_YES, "64 bits" },
	{ "either", MS_AUTO, "64 bits when the peer can" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice fragmentations[] = {
	{ "yes", MS_FRAGMENTATION_YES, "above 1280 octets, when the peer can" },
	{ "force", MS_FRAGMENTATION_FORCE, "in IPv4 already above 576 octets, when the peer can" },
	{ "no", MS_FRAGMENTATION_NO, "never" },
	NOT_HERE("accept", "use yes"),
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice encapsulations[] = {
	{ "auto", MS_AUTO, "when a translator was detected" },
	{ "yes", MS_YES, "always" },
	{ "no", MS_NO, "never" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice forever[] = {
	{ "%forever", 0, "no end" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice dpd_actions[] = {
	{ "hold", MS_DPD_HOLD, "keep the connection routed, so that the next packet brings it up" },
	{ "clear", MS_DPD_CLEAR, "take the connection down" },
	{ "restart", MS_DPD_RESTART, "bring it up again" },
	{ "restart_by_peer", MS_DPD_RESTART, NULL },
	{ "trap", MS_DPD_HOLD, NULL },
	NOT_HERE("none", "leave out dpddelay="),
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice failure_shunts[] = {
	{ "none", MS_FAILURE_NONE, "the next packet asks for the connection again" },
	{ "passthrough", MS_FAILURE_PASS, "they pass in clear" },
	{ "pass", MS_FAILURE_PASS, NULL },
	{ "drop", MS_FAILURE_DROP, "they are discarded" },
	{ "reject", MS_FAILURE_REJECT, "they are discarded and the sender is told with ICMP" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice negotiation_shunts[] = {
	{ "hold", MS_NEGOTIATION_HOLD, "they wait; if there are many, the last ones do" },
	{ "drop", MS_NEGOTIATION_HOLD, NULL },
	{ "passthrough", MS_NEGOTIATION_PASS, "they pass in clear" },
	{ "pass", MS_NEGOTIATION_PASS, NULL },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice sendcas[] = {
	{ "all", MS_SENDCA_ALL, "those between our certificate and the root" },
	{ "issuer", MS_SENDCA_ISSUER, "the one that issued ours, if it is no root" },
	{ "none", MS_SENDCA_NONE, "none" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice dfs[] = {
	{ "copy", MS_DF_COPY, "that of the inner packet" },
	{ "set", MS_DF_SET, "always set" },
	{ "clear", MS_DF_CLEAR, "never set, so that routers may cut the packets" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice nopmtudisc_words[] = {
	{ "yes", MS_DF_CLEAR, NULL },
	{ "no", MS_DF_COPY, NULL },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice encap_dscps[] = {
	{ "default", MS_DSCP_DEFAULT, "as hidetos= of config setup says" },
	{ "yes", MS_DSCP_SHOW, "they do" },
	{ "no", MS_DSCP_HIDE, "their DSCP is 0" },
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice families[] = {
	{ "any", 0, "both" },
	{ "ipv4", AF_INET, "IPv4" },
	{ "ipv6", AF_INET6, "IPv6" },
	{ "inet", AF_INET, NULL },
	{ "inet6", AF_INET6, NULL },
	{ NULL, 0, NULL },
};

#define C struct ms_conn_desc

const struct ms_conf_key ms_conn_keys[] = {
	MS_KEY_ENUM(C, type, "type", .choices = types, .def = MS_TYPE_TUNNEL,
		.brief = "what happens to the packets"),
	MS_KEY_ENUM(C, autostart, "auto", .choices = autos, .def = MS_AUTO_IGNORE,
		.brief = "what to do with the connection when the daemon starts"),
	MS_KEY_ENUM(C, keyexchange, "keyexchange", .choices = exchanges, .def = MS_KEX_IKEV2,
		.brief = "version of IKE"),
	{ .name = "ikev2",
		.type = MS_CONF_ENUM,
		.flags = MS_CONF_ALIAS,
		.def_text = "keyexchange",
		.offset = MS_CONF_FIELD_(C, keyexchange, int),
		.choices = ikev2_words },
	MS_KEY_FLAGS(C, authby, "authby", .choices = auths, .def = MS_AUTH_RSA | MS_AUTH_ECDSA,
		.brief = "how the two ends prove who they are, a list",
		.text = "leftauth= and rightauth= may say something else for one end."),
	MS_KEY_STRING(C, ike, "ike", .check = conf_check_ike, .brief = "proposals for the IKE SA",
		.text = "Proposals separated by commas, each ENCRYPTION-PRF-GROUP with "
			"alternatives joined "
			"by a plus: aes_gcm256-sha2_512+sha2_256-x25519+ecp256."),
	MS_KEY_STRING(C, esp, "esp", .brief = "proposals for the IPsec SAs",
		.text = "Proposals separated by commas: aes_gcm128, aes256-sha2_256, "
			"chacha20_poly1305."),
	ALIAS("phase2alg", "esp"),
	MS_KEY_STRING(C, manual.ah, "ah", .brief = "proposals for IPsec SAs that are AH",
		.text = "Implies phase2=ah.  With spi= or spibase= an algorithm as ipsec spi --ah takes it, "
			"beside or in place of esp=."),
	MS_KEY_BOOL(C, ah, "phase2", .choices = phase2s, .def = false,
		.brief = "protocol of the IPsec SAs"),
	ALIAS("auth", "phase2"),
	MS_KEY_BOOL(C, pfs, "pfs", .def = true,
		.brief = "each new IPsec SA has a key exchange of its own"),
	MS_KEY_STRING(C, pfsgroup, "pfsgroup", .check = conf_check_pfsgroup,
		.brief = "group of the key exchanges of pfs=yes; the IKE SA's when not written",
		.text = "A word of ike=, modp2048 or x25519.  Proposals of esp= that name groups keep their own."),
	MS_KEY_BOOL(C, compress, "compress", .def = false,
		.brief = "content is compressed before it is encrypted (IPComp, RFC 3173)",
		.text = "Both ends must want it (FreeS/WAN's no still took an offer); who does not gets "
			"SAs without it.  Packets that would not get shorter go as they are.  The "
			"length of what is sent tells something about its content then."),
	MS_KEY_BOOL(C, rekey, "rekey", .def = true,
		.brief = "negotiate anew when lifetimes end; the peer may in any case"),
	MS_KEY_BOOL(C, narrowing, "narrowing", .def = true,
		.brief = "agree on traffic selectors that are smaller than what was offered",
		.text = "RFC 7296 section 2.9 lets the responder answer with a part of what the initiator "
			"offered, which is the default here (libreswan's is no).  With no, either end "
			"refuses the CHILD SA unless the selectors are agreed on whole."),
	MS_KEY_BOOL(C, mobike, "mobike", .def = false,
		.brief = "SAs stay while addresses change (RFC 4555)",
		.text = "Both ends must want it, and type=tunnel.  The end that made the IKE SA tells "
			"the other one its new address, also of the other address family, and tries "
			"the other addresses of the peer when one does not answer."),
	MS_KEY_ENUM(C, esn, "esn", .choices = esns, .def = MS_AUTO,
		.brief = "extended sequence numbers of IPsec SAs"),
	MS_KEY_ENUM(C, fragmentation, "fragmentation", .choices = fragmentations,
		.def = MS_FRAGMENTATION_YES,
		.brief = "encrypted IKE messages are sent in pieces (RFC 7383)",
		.text = "The octets are those of a datagram with its IP and UDP headers.  Both ends say in "
			"IKE_SA_INIT whether they can; a peer that cannot gets whole messages, with "
			"force too."),
	MS_KEY_ENUM(C, encapsulation, "encapsulation", .choices = encapsulations, .def = MS_AUTO,
		.brief = "ESP in UDP (RFC 3948)"),
	ALIAS("forceencaps", "encapsulation"),
	MS_KEY_BOOL(C, nat_keepalive, "nat-keepalive", .def = true,
		.brief = "send keep-alives when we are behind a translator"),
	MS_KEY_TIME(C, ike_lifetime_ms, "ikelifetime", .min = 1000, .max = HOURS(24),
		.def = HOURS(8), .brief = "life of the IKE SA"),
	MS_KEY_TIME(C, ipsec_lifetime_ms, "keylife", .min = 1000, .max = HOURS(24), .def = HOURS(8),
		.brief = "life of the IPsec SAs"),
	ALIAS("salifetime", "keylife"),
	ALIAS("lifetime", "keylife"),
	ALIAS("ipsec-lifetime", "keylife"),
	MS_KEY_TIME(C, rekey_margin_ms, "rekeymargin", .max = HOURS(24), .def = MINUTES(9),
		.brief = "how long before the end of a lifetime to negotiate anew"),
	MS_KEY_UINT(C, rekey_fuzz_percent, "rekeyfuzz", .unit = "%", .max = 10000, .def = 100,
		.brief = "by how much rekeymargin= is randomly enlarged at most"),
	MS_KEY_UINT(C, keyingtries, "keyingtries", .choices = forever, .max = 1000000, .def = 0,
		.brief = "how often to try to bring the connection up"),
	MS_KEY_TIME(C, retransmit_interval_ms, "retransmit-interval", .min = 10, .max = MINUTES(1),
		.def = 500,
		.brief = "time before the first repetition of a request; doubles each time"),
	MS_KEY_TIME(C, retransmit_timeout_ms, "retransmit-timeout", .min = 100, .max = HOURS(1),
		.def = MINUTES(1), .brief = "time after which a request without answer has failed"),
	MS_KEY_TIME(C, dpd_delay_ms, "dpddelay", .max = HOURS(24), .def = 0,
		.brief = "silence after which the peer is asked whether it lives; 0: never",
		.text = "When only dpdtimeout= is written, dpddelay= is 30s; when only dpddelay= "
			"is "
			"written, dpdtimeout= is 120s."),
	IGNORED("dpdtimeout", "in IKEv2 retransmit-timeout= decides when a peer is dead"),
	IGNORED("ikev1-dpdtimeout", IKEV1_LATER),
	MS_KEY_ENUM(C, dpd_action, "dpdaction", .choices = dpd_actions, .def = MS_DPD_HOLD,
		.brief = "what to do with a connection whose peer is dead"),
	MS_KEY_UINT(C, replay_window, "replay-window", .max = 4096, .def = 128, .unit = "packets",
		.brief = "how far a packet may be late; 0: no check"),
	MS_KEY_ENUM(C, failure_shunt, "failureshunt", .choices = failure_shunts,
		.def = MS_FAILURE_NONE, .brief = "what becomes of packets after negotiation failed",
		.text = "It lasts as long as shuntlifetime= of config setup says; then the next packet "
			"asks for the connection again."),
	MS_KEY_ENUM(C, negotiation_shunt, "negotiationshunt", .choices = negotiation_shunts,
		.def = MS_NEGOTIATION_HOLD,
		.brief = "what becomes of packets while the connection comes up"),
	MS_KEY_UINT(C, mtu, "mtu", .max = 65535, .unit = "octets",
		.brief = "MTU of the connection's route; 0: the device's"),
	MS_KEY_ENUM(C, df, "df", .choices = dfs, .def = MS_DF_COPY,
		.brief = "DF bit of the tunnel's packets (RFC 4301 s8.1)",
		.text = "Packets that are too big for the path have none in any case."),
	{ .name = "nopmtudisc",
		.type = MS_CONF_ENUM,
		.flags = MS_CONF_ALIAS,
		.def_text = "df",
		.offset = MS_CONF_FIELD_(C, df, int),
		.choices = nopmtudisc_words },
	MS_KEY_ENUM(C, encap_dscp, "encap-dscp", .choices = encap_dscps, .def = MS_DSCP_DEFAULT,
		.brief = "outer packets of the tunnel show the DSCP of inner ones"),
	MS_KEY_BOOL(C, decap_dscp, "decap-dscp", .def = false,
		.brief = "inner packets take over the DSCP of outer ones when they come in"),
	MS_KEY_UINT(C, metric, "metric", .brief = "metric of the connection's route"),
	MS_KEY_UINT(C, priority, "priority",
		.brief = "priority of the connection's policy, smaller first; 0: by the selectors"),
	MS_KEY_UINT(C, reqid, "reqid", .max = 16383,
		.brief = "number that ties policies to SAs; 0: any"),
	MS_KEY_LIST(C, modecfgdns, "modecfgdns", .check = conf_check_addr,
		.brief = "name servers for peers that get an address, a list"),
	MS_KEY_LIST(C, modecfgdomains, "modecfgdomains", .check = conf_check_domain,
		.brief = "domains that these name servers are to be asked for, a list"),
	MS_KEY_BOOL(C, ignore_peer_dns, "ignore-peer-dns", .def = false,
		.brief = "do not tell the updown command of name servers that the peer names"),
	MS_KEY_BOOL(C, share_lease, "share-lease", .def = true,
		.brief = "a peer that comes again while it has an address gets the same one",
		.text = "With no it gets another one for each IKE SA.  With uniqueids=no of config setup, "
			"where several devices may call themselves the same, that is always so."),
	MS_KEY_BOOL(C, cisco_split, "cisco-split", .def = false,
		.brief = "send only what the gateway says to be behind it through the tunnel",
		.text = "A gateway that gives us an address (leftmodecfgclient=yes) may name networks with it "
			"(INTERNAL_IP4_SUBNET, INTERNAL_IP6_SUBNET).  What goes through the tunnel is "
			"decided by rightsubnet= and what the gateway narrows it to; with this keyword the "
			"rest of that, what lies in none of these networks, stays outside: it leaves this "
			"host UNPROTECTED, as if there were no tunnel, and is not taken out of the tunnel "
			"either.  A gateway that names no network in the tunnel changes nothing."),
	MS_KEY_STRING(C, kernel, "kernel", .check = conf_check_word,
		.brief = "kernel backend; protostack= of config setup when not written"),

	MS_KEY_LIST(C, connalias, "connalias", .check = conf_check_word,
		.brief = "other names of the connection, a list",
		.text = "Several connections may have the same one.  ipsec auto and ipsec whack take it for "
			"all of them when no connection is called so."),

	/* Keyed by hand: ipsec manual */
	MS_KEY_STRING(C, manual.spi, "spi", .check = conf_check_spi,
		.brief = "SPI of all SAs of a connection that ipsec manual brings up",
		.text = "As in C, from 0x100 to 0xfff.  This or spibase= makes a connection one that is keyed "
			"by hand; its esp= and ah= are algorithms as ipsec spi takes them."),
	MS_KEY_STRING(C, manual.spibase, "spibase", .check = conf_check_spibase,
		.brief = "first of the SPIs of such a connection; its last hexadecimal digit is 0",
		.text = "SAs towards the left end have the last digits 1, 3, 5, those towards the right one 0, "
			"2, 4, in the order tunnel, esp, ah."),
	MS_KEY_STRING(C, manual.espenckey, "espenckey", .flags = MS_CONF_SECRET,
		.check = conf_check_key, .brief = "its encryption key: 0xHEX, 0sBASE64 or 0tTEXT",
		.text = "leftespenckey= and rightespenckey= are for the SA towards that end, and so with the "
			"other keys."),
	MS_KEY_STRING(C, manual.espauthkey, "espauthkey", .flags = MS_CONF_SECRET,
		.check = conf_check_key, .brief = "its key of the authentication in esp"),
	MS_KEY_STRING(C, manual.ahkey, "ahkey", .flags = MS_CONF_SECRET, .check = conf_check_key,
		.brief = "its key of ah"),
	MS_KEY_UINT(C, manual.espreplay_window, "espreplay_window", .max = 4096, .unit = "packets",
		.brief = "its replay window of esp; 0: no check"),
	MS_KEY_UINT(C, manual.ahreplay_window, "ahreplay_window", .max = 4096, .unit = "packets",
		.brief = "its replay window of ah; 0: no check"),

	MS_KEY_ENUM(C, host_family, "hostaddrfamily", .choices = families, .def = 0,
		.brief = "which addresses of a host that is written as a name are used",
		.text = "Addresses that are written say it themselves, and have to be of this family when it "
			"is written too."),
	ALIAS("connaddrfamily", "hostaddrfamily"),
	ALIAS("endaddrfamily", "hostaddrfamily"),

	/* What the family knows and we do not support (yet). */
	IGNORED("clientaddrfamily", "addresses say their family"),
	IGNORED("tunneladdrfamily", "addresses say their family"),
	IGNORED("nm-configured", "NetworkManager needs nothing of us"),
	IGNORED("firstmsgid", "message ids of IKEv2 begin with 0"),
	IGNORED("sareftrack", "SAs have no references for applications"),
	IGNORED("nat-ikev1-method", IKEV1_LATER),
	IGNORED("ikepad", "IKEv2 messages are padded as their cipher wants it"),
	IGNORED("ms-dh-downgrade", IKEV1_LATER),
	IGNORED("pfs-rekey-workaround", "no such peer is known"),
	IGNORED("send-vendorid", "none is sent"),
	IGNORED("fake-strongswan", "no vendor id is sent"),
	IGNORED("cisco-unity", IKEV1_LATER),
	IGNORED("reject-simultaneous-ike-auth", "both are brought to an end (RFC 7296 section 2.8)"),
	IGNORED("send-esp-tfc-padding-not-supported", "padding of the peer is always understood"),
	IGNORED("send-no-esp-tfc", "padding of the peer is always understood"),
	IGNORED("debug", "use plutodebug= of config setup"),
	IGNORED("tcp-remoteport", TCP_LATER),
	IGNORED("accept-redirect-to", REDIRECT),
	IGNORED("iptfs-fragmentation", "there is no IP-TFS"),
	IGNORED("iptfs-packet-size", "there is no IP-TFS"),
	IGNORED("iptfs-max-queue-size", "there is no IP-TFS"),
	IGNORED("iptfs-reorder-window", "there is no IP-TFS"),
	IGNORED("iptfs-init-delay", "there is no IP-TFS"),
	IGNORED("iptfs-drop-time", "there is no IP-TFS"),

	REFUSED("disablearrivalcheck", "no", "arriving packets are always checked"),
	REFUSED("sha2_truncbug", "no",
		"HMAC_SHA2_256 is cut to 128 bits (RFC 4868), which peers of the last ten years do"),
	REFUSED("loopback", "no", "SAs of a host with itself protect nothing"),
	REFUSED("labeled_ipsec", "no", LABELS),
	REFUSED("policy_label", NULL, LABELS),
	REFUSED("sec-label", NULL, LABELS),
	REFUSED("overlapip", "no", "two peers with one network would get each other's packets"),
	REFUSED("aggrmode", "no", IKEV1_LATER),
	REFUSED("aggressive", "no", IKEV1_LATER),
	MS_KEY_BOOL(C, require_id_on_certificate, "require-id-on-certificate", .def = true,
		.brief = "the peer's identity must be in its certificate",
		.text = "With no, any certificate of a trusted issuer may be used with the identity that "
			"id= of the peer says; it must not be %any then."),
	MS_KEY_ENUM(C, sendca, "sendca", .choices = sendcas, .def = MS_SENDCA_ALL,
		.brief = "which issuers' certificates are sent with our own"),
	REFUSED("xauthby", "file", XAUTH_LATER),
	REFUSED("xauthfail", "hard", XAUTH_LATER),
	REFUSED("pam-authorize", "no", XAUTH_LATER),
	IGNORED("modecfgpull", "in IKEv2 it is always the client that asks"),
	REFUSED("modecfgdns1", NULL, "write all of them in modecfgdns="),
	REFUSED("modecfgdns2", NULL, "write all of them in modecfgdns="),
	REFUSED("modecfgwins1", NULL, WINS_GONE),
	REFUSED("modecfgwins2", NULL, WINS_GONE),
	REFUSED("modecfgbanner", NULL, IKEV1_LATER),
	REFUSED("remote-peer-type", "ietf", "Cisco's remote access belongs to IKEv1"),
	REFUSED("dns-match-id", "no", "a peer is who its key says; names of it in DNS prove less"),
	REFUSED("send-supported-auth-methods", "no", "RFC 9593 is not there yet"),
	REFUSED("ipsec-max-bytes", NULL, "SAs are limited by time"),
	REFUSED("ipsec-max-packets", NULL, "SAs are limited by time"),
	MS_KEY_BOOL(C, reauth, "reauth", .def = false,
		.brief = "at the end of ikelifetime= prove anew who both ends are, make before break",
		.text = "A new IKE SA with new CHILD SAs is made by the end that made the old one, which "
			"goes when they are up.  With no, the IKE SA is rekeyed."),
	MS_KEY_BOOL(C, initial_contact, "initial-contact", .def = true,
		.brief = "tell the peer that we have nothing with it yet (RFC 7296 section 2.4)",
		.text = "Sent with the first IKE SA between two identities; the peer forgets what it "
			"still has of an earlier life of ours."),
	REFUSED("enable-tcp", "no", TCP_LATER),
	REFUSED("intermediate", "no", "RFC 9242 is not there yet"),
	REFUSED("ppk", "no", "there are no post-quantum preshared keys yet"),
	REFUSED("ppk-ids", NULL, "there are no post-quantum preshared keys yet"),
	REFUSED("session-resumption", "no", "RFC 5723 is not there yet"),
	REFUSED("send-redirect", "no", REDIRECT),
	REFUSED("redirect-to", NULL, REDIRECT),
	REFUSED("accept-redirect", "no", REDIRECT),
	REFUSED("mark", NULL, "klips has eroutes, and no marks of packets"),
	REFUSED("mark-in", NULL, "klips has eroutes, and no marks of packets"),
	REFUSED("mark-out", NULL, "klips has eroutes, and no marks of packets"),
	REFUSED("tfc", "0", "packets are not padded to hide their length"),
	REFUSED("nic-offload", "no", "klips works in user space"),
	REFUSED("nflog", "0", "use tcpdump on the ipsec device"),
	REFUSED("nflog-group", "0", "use tcpdump on the ipsec device"),
	REFUSED("ipsec-interface", "no",
		"klips has devices of its own, see interfaces= of config setup"),
	REFUSED("vti-interface", NULL,
		"klips has devices of its own, see interfaces= of config setup"),
	REFUSED("vti-routing", "no",
		"klips has devices of its own, see interfaces= of config setup"),
	REFUSED("vti-shared", "no",
		"klips has devices of its own, see interfaces= of config setup"),
	REFUSED("clones", "no", "one pair of SAs keeps several processors busy"),
	REFUSED("iptfs", "no", "IP-TFS (RFC 9347) is not there yet"),
	REFUSED("rekeystart", NULL, "removed in version 2: use rekeymargin="),
	REFUSED("rekeytries", NULL, "removed in version 2: use keyingtries="),
	MS_KEY_END,
};
