/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one end of a `conn`: people write them behind left or right; the first row is the side's
 * word alone. */
#include <modswan/config.h>

#include "lib/conf/checks.h"
#include "lib/conf/rows.h"

static const struct ms_conf_choice auths[] = {
	{ "secret", MS_AUTH_PSK, "a shared secret of ipsec.secrets" },
	{ "psk", MS_AUTH_PSK, NULL },
	{ "rsasig", MS_AUTH_RSA, "RSA signatures" },
	{ "rsa", MS_AUTH_RSA, NULL },
	{ "rsa-sha1", MS_AUTH_RSA_SHA1, "RSA signatures with SHA-1, for old peers" },
	{ "ecdsa", MS_AUTH_ECDSA, "ECDSA signatures" },
	{ "eddsa", MS_AUTH_EDDSA, "Ed25519 and Ed448 signatures" },
	{ "null", MS_AUTH_NULL, "no authentication (RFC 7619)" },
	{ "never", MS_AUTH_NEVER, "never negotiated" },
	{ "rsa-sha2", MS_AUTH_RSA, NULL },
	{ "rsa-sha2_256", MS_AUTH_RSA, NULL },
	{ "rsa-sha2_384", MS_AUTH_RSA, NULL },
	{ "rsa-sha2_512", MS_AUTH_RSA, NULL },
	{ "ecdsa-sha2", MS_AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_256", MS_AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_384", MS_AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_512", MS_AUTH_ECDSA, NULL },
	{ "pubkey", MS_AUTH_RSA | MS_AUTH_ECDSA | MS_AUTH_EDDSA, NULL },
	NOT_HERE("eaponly", XAUTH_LATER),
	NOT_HERE("eap", XAUTH_LATER),
	NOT_HERE("xauth", XAUTH_LATER),
	{ NULL, 0, NULL },
};

static const struct ms_conf_choice sendcerts[] = {
	{ "always", MS_SENDCERT_ALWAYS, "always" },
	{ "alwayssend", MS_SENDCERT_ALWAYS, NULL },
	{ "yes", MS_SENDCERT_ALWAYS, NULL },
	{ "ifasked", MS_SENDCERT_IFASKED, "when the peer asks for certificates" },
	{ "sendifasked", MS_SENDCERT_IFASKED, NULL },
	{ "never", MS_SENDCERT_NEVER, "never: the peer has it already" },
	{ "neversend", MS_SENDCERT_NEVER, NULL },
	{ "no", MS_SENDCERT_NEVER, NULL },
	NOT_HERE("forcedtype", NULL),
	{ NULL, 0, NULL },
};

#define E     struct ms_end_desc
#define SIDES .flags = MS_CONF_SIDES
#define SIDE_REFUSED(n, same, advice)                                                          \
	{                                                                                      \
		.name = (n), .type = MS_CONF_STRING, .flags = MS_CONF_REFUSED | MS_CONF_SIDES, \
		.def_text = (same), .brief = (advice)                                          \
	}

const struct ms_conf_key ms_end_keys[] = {
	MS_KEY_STRING(E, host, "", SIDES, .check = conf_check_host,
		.brief = "address of this end; required",
		.text = "An IPv4 or IPv6 address or a host name.  A name is looked up when the connection is "
			"loaded, and again when its time to live ends or none of its addresses "
			"answered; all of them are tried in turn (see hostaddrfamily=).  A connection "
			"whose name does not resolve stays loaded, and ipsec status says why.  "
			"%defaultroute is this host's "
			"address "
			"towards its default route, %eth0 the first address of that device, if it is one of "
			"this host's, %any an address that is not known in advance.  "
			"%group takes the peers of a policy group, %opportunistic and "
			"%opportunisticgroup look for the peer's gateway in the DNS."),
	MS_KEY_STRING(E, subnet, "subnet", SIDES, .check = conf_check_subnet_list,
		.brief = "network behind this end; the end itself when not written",
		.text = "Several, up to 16, are joined with commas, A/N,B/N: all of them are in one "
			"CHILD SA, which goes with peers that allow several traffic selectors "
			"(RFC 7296 section 2.9).  A peer that takes a part of them leaves the others "
			"without a tunnel, or is refused with narrowing=no."),
	MS_KEY_LIST(E, subnets, "subnets", SIDES, .check = conf_check_subnet,
		.brief = "several networks, { A/N, B/N }; each pair is a connection of its own",
		.text = "Each pair of a left and a right network of one address family is a connection, "
			"NAME/1x2 for the first at the left and the second at the right, with a CHILD SA "
			"of its own; all share one IKE SA.  An end without this keyword has number 0, "
			"and so has leftsubnet= when it is written too.  NAME is an alias of all of "
			"them (see connalias=).  There are 1024 pairs at most.  Not for connections "
			"that take or hand out addresses: leftsubnet= with commas is.  Of a group, "
			"and with %opportunistic, each pair is on its own in any case."),
	MS_KEY_STRING(E, protoport, "protoport", SIDES, .check = conf_check_protoport,
		.brief = "restricts the connection to a protocol and port",
		.text = "PROTOCOL or PROTOCOL/PORT, by number or name; port %any is one port that "
			"the peer "
			"chooses, 0 all of them."),
	MS_KEY_STRING(E, nexthop, "nexthop", SIDES, .check = conf_check_nexthop,
		.brief = "this end's gateway towards the peer; %direct when not written"),
	MS_KEY_STRING(E, sourceip, "sourceip", SIDES, .check = conf_check_sourceip,
		.brief = "address that this host uses for its own packets through the tunnel",
		.text = "%config asks the peer for one of each address family that the peer's "
			"networks have, %config4 and %config6 for one of that family."),
	MS_KEY_BOOL(E, modecfgclient, "modecfgclient", SIDES, .def = false,
		.brief = "this end asks the other one for an address",
		.text = "The same as leftsourceip=%config.  The address is this end's network unless "
			"leftsubnet= is written."),
	MS_KEY_BOOL(E, modecfgserver, "modecfgserver", SIDES, .def = false,
		.brief = "this end hands out addresses; rightaddresspool= says which"),
	MS_KEY_STRING(E, addresspool, "addresspool", SIDES, .check = conf_check_pool,
		.brief = "this end's address comes from here, when the other end is ours",
		.text = "A list of ranges and networks, 10.9.0.10-10.9.0.99,2001:db8:9::/112.  A peer "
			"that does not ask for an address gets no tunnel.  It gets the same address "
			"again as long as nobody else needed it."),
	MS_KEY_STRING(E, id, "id", SIDES, .check = conf_check_id,
		.brief = "identity of this end; its address when not written",
		.text = "An address, @NAME, USER@NAME, @#HEX for a key id, a distinguished name in "
			"quotes, %myid, or %any for every peer.  %fromcert is the subject of this end's "
			"certificate, for a peer without cert= any identity that its certificate has.  A "
			"peer's name may have * for a value (\"C=CH, O=x, CN=*\"), and @*.example.org "
			"and *@example.org stand for all that end so."),
	MS_KEY_STRING(E, rsasigkey, "rsasigkey", SIDES, .check = conf_check_rsakey,
		.brief = "RSA public key of this end, as ipsec showhostkey prints it",
		.text = "With %dnsondemand (or %dns, %dnsonload) all public keys, RSA and others, that the end's "
			"identity has published in DNS: TXT X-IPsec-Server, IPSECKEY and KEY records at "
			"the name, or in the reverse map of the address.  They are looked up when they "
			"are needed; oe-dnssec= of config setup says which ones count."),
	MS_KEY_STRING(E, rsasigkey2, "rsasigkey2", SIDES, .check = conf_check_rsakey,
		.brief = "a second RSA public key, while keys are being changed"),
	MS_KEY_STRING(E, pubkey, "pubkey", SIDES, .check = conf_check_pubkey,
		.brief = "public key of this end, X.509 SubjectPublicKeyInfo behind 0s"),
	MS_KEY_STRING(E, ckaid, "ckaid", SIDES, .check = conf_check_ckaid,
		.brief = "CKAID of this end's key, as ipsec showhostkey --list prints it",
		.text = "40 hexadecimal digits.  Our own end uses the certificate or the private key "
			"in ipsec.secrets that has this CKAID, whatever identities stand before it; "
			"of a peer no other key is accepted, wherever it comes from: a certificate "
			"that it sends, DNS, or rightpubkey=.  A peer that sends no certificate is "
			"looked up by it among those in ipsec.d/certs.  What cert= or pubkey= name "
			"must have this CKAID."),
	MS_KEY_STRING(E, cert, "cert", SIDES,
		.brief = "certificate of this end: a file in ipsec.d/certs",
		.text = "PEM, DER or PKCS#12.  Our own is sent as sendcert= says, and its private key is "
			"looked for in ipsec.secrets.  The peer's is then the only one that the peer may "
			"use; its issuer need not be known here.  Without it, our own end takes a "
			"certificate that bears its identity, and the peer sends its."),
	MS_KEY_STRING(E, ca, "ca", SIDES, .check = conf_check_ca,
		.brief = "issuer that this end's certificate must have; any CA of ipsec.d/cacerts when "
			 "not written",
		.text = "A distinguished name in quotes, which must be in the chain of this end's "
			"certificate; %same is the other end's, %any any.  Of connections that fit a peer "
			"otherwise, the one is taken whose issuer its certificate has."),
	MS_KEY_ENUM(E, sendcert, "sendcert", SIDES, .choices = sendcerts, .def = MS_SENDCERT_ALWAYS,
		.brief = "when this end sends its certificate"),
	MS_KEY_STRING(E, updown, "updown", SIDES,
		.brief = "command to run when the connection comes up or goes down"),
	MS_KEY_UINT(
		E, ikeport, "ikeport", SIDES, .max = 65535, .brief = "UDP port for IKE; 0: 500"),
	MS_KEY_FLAGS(E, auth, "auth", SIDES, .choices = auths, .def = 0,
		.brief = "how this end proves who it is; authby= when not written"),
	MS_KEY_BOOL(E, firewall, "firewall", SIDES, .def = false,
		.brief = "the updown command opens this end's firewall for the connection"),

	MS_KEY_STRING(E, manual.espenckey, "espenckey", .flags = MS_CONF_SIDES | MS_CONF_SECRET,
		.check = conf_check_key,
		.brief = "encryption key of the SA towards this end, keyed by hand"),
	MS_KEY_STRING(E, manual.espauthkey, "espauthkey", .flags = MS_CONF_SIDES | MS_CONF_SECRET,
		.check = conf_check_key,
		.brief = "key of the authentication in esp towards this end, keyed by hand"),
	MS_KEY_STRING(E, manual.ahkey, "ahkey", .flags = MS_CONF_SIDES | MS_CONF_SECRET,
		.check = conf_check_key, .brief = "key of ah towards this end, keyed by hand"),
	MS_KEY_STRING(E, manual.espspi, "espspi", SIDES, .check = conf_check_spi,
		.brief = "SPI of esp towards this end, keyed by hand, in place of the usual one"),
	MS_KEY_STRING(E, manual.ahspi, "ahspi", SIDES, .check = conf_check_spi,
		.brief = "SPI of ah towards this end, keyed by hand, in place of the usual one"),

	SIDE_REFUSED("subnetwithin", NULL, "write the networks themselves"),
	SIDE_REFUSED("ecdsakey", NULL, "write the key in leftpubkey= or rightpubkey="),
	SIDE_REFUSED("eddsakey", NULL, "write the key in leftpubkey= or rightpubkey="),
	SIDE_REFUSED("autheap", "none", XAUTH_LATER),
	SIDE_REFUSED("username", NULL, XAUTH_LATER),
	SIDE_REFUSED("xauthusername", NULL, XAUTH_LATER),
	SIDE_REFUSED("xauthname", NULL, XAUTH_LATER),
	SIDE_REFUSED("xauthserver", "no", XAUTH_LATER),
	SIDE_REFUSED("xauthclient", "no", XAUTH_LATER),
	SIDE_REFUSED("cat", "no", "a client behind a translator is not given another address"),
	SIDE_REFUSED("groundhog", "no", "certificates always have a validity"),
	SIDE_REFUSED("interface-ip", NULL,
		"klips' devices have the addresses of the physical ones"),
	SIDE_REFUSED("vti", NULL, "klips' devices have the addresses of the physical ones"),
	SIDE_REFUSED("updown-config", NULL,
		"the updown command finds all it needs in its environment"),
	MS_KEY_END,
};
