/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec eroute`: the extended routes of KLIPS, listed and changed by hand.
 *
 * One X_ADDFLOW or X_DELFLOW message; what klips says to it is translated for people.
 */
#include "tools/eroute_line.h"
#include "tools/klips_link.h"

#include <modswan/text.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ACTIONS "'--add', '--addin', '--replace', '--clear', or '--del'"

enum { IDENT_CONNECTION = 4 };

struct call {
	struct tool *t;
	bool debug;
	const char *action;
	struct sa_words sa;
	int family;
	const char *eraf, *src, *dst, *proto, *src_port, *dst_port;
	struct ms_subnet src_net, dst_net;
	uint16_t src_port_n, dst_port_n;
	uint8_t proto_n;
	uint8_t said_proto; /* behind --said */
	const char *src_id, *dst_id, *restore;
};

struct row {
	struct tool_option o;
	bool (*take)(struct call *c, const char *name, const char *value);
};

static const struct klips_reason add_reasons[] = {
	{ EINVAL, "Invalid argument, check the log of KLIPS for details." },
	{ ENXIO, "Invalid mask." },
	{ EFAULT, "Invalid address." },
	{ EACCES, "Access denied.  You must be root." },
	{ EPERM, "Access denied.  You must be root." },
	{ EUNATCH, "KLIPS not loaded." },
	{ EEXIST, "eroute already in use.  Delete old one first." },
	{ ENOENT, "No such IPIP SA: the inbound policy goes with an existing IPIP SA." },
	{ ENOSPC, "SAref table is full." },
	{ ESPIPE, "SAref internal error." },
	{ ENOMEM, "No memory." },
	{ ENOBUFS, "No memory." },
	{ 0, "Unknown error." },
};

static const struct klips_reason del_reasons[] = {
	{ EINVAL, "Invalid argument, check the log of KLIPS for details." },
	{ ENXIO, "Mask not found." },
	{ EFAULT, "Address not found." },
	{ EACCES, "Access denied.  You must be root." },
	{ EPERM, "Access denied.  You must be root." },
	{ EUNATCH, "KLIPS not loaded." },
	{ ENOENT, "eroute doesn't exist.  Can't delete." },
	{ ENOSPC, "SAref table is full." },
	{ ESPIPE, "SAref internal error." },
	{ 0, "Unknown error." },
};

/* --- options ---------------------------------------------------------------------------------- */

static bool take_action(struct call *c, const char *name, const char *value)
{
	(void)value;
	if (c->action != NULL) {
		tool_error(c->t, "Only one of " ACTIONS " options permitted.");
		return false;
	}
	c->action = name;
	return true;
}

static bool once(struct call *c, const char **slot, const char *name, const char *value)
{
	if (*slot != NULL)
		tool_error(c->t, "Error, --%s parameter redefined:%s, already defined as:%s", name,
			value, *slot);
	else
		*slot = value;
	return *slot == value;
}

/* A listing's SAID may have the protocol of the flow behind it. */
static bool take_sa(struct call *c, const char *name, const char *value)
{
	size_t len = strlen(value);
	uint64_t proto = 0;

	if (strcmp(name, "said") == 0)
		len = eroute_said_octets(value);
	if (value[len] == ':' && !take_number(value + len + 1, UINT8_MAX, &proto)) {
		tool_error(c->t, "--said parameter: %s must end with a protocol from 0 to 255", value);
		return false;
	}
	c->said_proto = (uint8_t)proto;
	if (value[len] == ':')
		value = tool_format("%.*s", (int)len, value);
	return sa_words_take(c->t, &c->sa, name, value);
}

static bool take_id(struct call *c, const char *name, const char *value)
{
	bool src = strcmp(name, "src-id") == 0;

	return once(c, src ? &c->src_id : &c->dst_id, name, value);
}

static bool take_eraf(struct call *c, const char *name, const char *value)
{
	(void)name;
	if (c->eraf != NULL) {
		tool_error(c->t,
			"Error, address family of eroute redefined:%s, already defined as:%s", value,
			c->eraf);
		return false;
	}
	c->eraf = value;
	c->family = family_of_word(value);
	if (c->family == 0)
		tool_error(c->t, "Invalid address family parameter for eroute: %s (--eraf: inet or inet6)",
			value);
	return c->family != 0;
}

/* Listings put the port behind a colon, so that is taken, too. */
static bool take_net(struct call *c, const char *name, const char *value)
{
	bool src = strcmp(name, "src") == 0;
	struct ms_why why = { "" };

	if (!once(c, src ? &c->src : &c->dst, name, value))
		return false;
	if (ms_subnet_port_parse(src ? &c->src_net : &c->dst_net,
		    src ? &c->src_port_n : &c->dst_port_n, value, strlen(value), c->family,
		    MS_TEXT_NUMERIC, &why) == MS_OK)
		return true;
	tool_error(c->t, "Error, %s converting --%s argument:%s", why.text, name, value);
	return false;
}

static bool take_transport(struct call *c, const char *name, const char *value)
{
	struct ms_why why = { "" };
	uint64_t n;

	if (!once(c, &c->proto, name, value))
		return false;
	if (take_number(value, UINT64_MAX, &n) && n > UINT8_MAX) {
		tool_error(c->t, "--transport-proto parameter: %s must be in the range 0 to 255",
			value);
		return false;
	}
	if (ms_protocol_parse(&c->proto_n, value, strlen(value), MS_TEXT_SERVICES, &why) == MS_OK)
		return true;
	tool_error(c->t, "Invalid character in --transport-proto parameter: %s, no number or name of a "
			 "protocol", value);
	return false;
}

static bool take_port(struct call *c, const char *name, const char *value)
{
	return once(c, strcmp(name, "src-port") == 0 ? &c->src_port : &c->dst_port, name, value);
}

static bool take_restore(struct call *c, const char *name, const char *value)
{
	c->restore = value;
	return take_action(c, name, value);
}

static bool take_debug(struct call *c, const char *name, const char *value)
{
	(void)name;
	(void)value;
	c->debug = true;
	return true;
}

static const struct row table[] = {
	{ TOOL_HELP, NULL },
	{ TOOL_VERSION, NULL },
	{ TOOL_LABEL, NULL },
	{ { "debug", NULL, "show what is sent and what comes back" }, take_debug },
	{ { "add", NULL, "add an eroute; there must be none for this flow" }, take_action },
	{ { "addin", NULL, "make the flow the policy for what comes out of a tunnel" }, take_action },
	{ { "replace", NULL, "add an eroute in place of the one for this flow, if any" },
		take_action },
	{ { "del", NULL, "remove the eroute for this flow" }, take_action },
	{ { "clear", NULL, "remove all eroutes" }, take_action },
	{ { "restore", "FILE", "put in what FILE lists, in the form of the listing; - is the input" },
		take_restore },
	{ { "eraf", "FAMILY", "address family of the flow: inet or inet6; goes before --src, --dst" },
		take_eraf },
	{ { "src", "NET/MASK", "where the flow comes from; :PORT may follow" }, take_net },
	{ { "dst", "NET/MASK", "where it goes; :PORT may follow" }, take_net },
	{ { "transport-proto", "PROTO", "number or name of its protocol, 0 for any" },
		take_transport },
	{ { "src-port", "PORT", "its source port, with TCP and UDP; 0 for any" }, take_port },
	{ { "dst-port", "PORT", "its destination port, likewise" }, take_port },
	{ { "af", "FAMILY", "address family of the SA: inet or inet6; goes before --edst" },
		take_sa },
	{ { "edst", "ADDRESS", "destination of the SA" }, take_sa },
	{ { "spi", "SPI", "SPI of the SA, as in C: 257 or 0x101" }, take_sa },
	{ { "proto", "PROTO", "protocol of the SA: ah, esp, tun or comp" }, take_sa },
	{ { "said", "SAID", "all of the SA in one word, or %pass, %drop, %reject, %trap, %hold" },
		take_sa },
	{ { "src-id", "TEXT", "identity of the end that the flow comes from, for listings" }, take_id },
	{ { "dst-id", "TEXT", "identity of the other end" }, take_id },
	{ { NULL, NULL, NULL }, NULL },
};

const struct tool_options eroute_options = TOOL_OPTIONS(table, true);

/* --help and --version end with 1, as scripts of the family expect of the low-level tools. */
static const struct tool_usage usage = {
	.options = &eroute_options,
	.text = "Usage: ipsec eroute\n"
		"       ipsec eroute --add|--addin|--replace FLOW SA\n"
		"       ipsec eroute --del FLOW\n"
		"       ipsec eroute --clear\n"
		"       ipsec eroute --restore FILE\n"
		"FLOW:  --eraf FAMILY --src NET/MASK --dst NET/MASK\n"
		"       [--transport-proto PROTO] [--src-port PORT] [--dst-port PORT]\n"
		"SA:    --af FAMILY --edst ADDRESS --spi SPI --proto PROTO, or --said SAID\n"
		"       [--src-id TEXT] [--dst-id TEXT]\n",
	.status = 1,
	.help_status = 1,
	.version_status = 1,
};

static int take(void *arg, int row, const char *value)
{
	struct call *c = arg;
	const struct row *r = &table[row];

	klips_trace(c->t, c->debug, "option --%s %s", r->o.name, value == NULL ? "" : value);
	return r->take(c, r->o.name, value) ? -1 : usage.status;
}

/* --- checks ----------------------------------------------------------------------------------- */

static bool check_port(struct call *c, const char *name, const char *text, uint16_t *port)
{
	struct ms_why why = { "" };
	uint64_t n;

	if (text == NULL)
		return true;
	if (take_number(text, UINT64_MAX, &n) && n == 0) {
		*port = 0;
		return true;
	}
	if (c->proto_n != IPPROTO_TCP && c->proto_n != IPPROTO_UDP) {
		tool_error(c->t,
			"--transport-proto with either UDP or TCP must be specified if --src-port or "
			"--dst-port is used");
		return false;
	}
	if (take_number(text, UINT64_MAX, &n) && n > UINT16_MAX) {
		tool_error(c->t, "--%s parameter: %s must be in the range 0 to 65535", name, text);
		return false;
	}
	if (ms_port_parse(port, text, strlen(text), c->proto_n, MS_TEXT_SERVICES, &why) == MS_OK)
		return true;
	tool_error(c->t, "Invalid character in --%s parameter: %s, no number or name of a port", name,
		text);
	return false;
}

static bool check_flow(struct call *c)
{
	const char *missing = c->src == NULL ? "src" : c->dst == NULL ? "dst" : NULL;

	if (missing != NULL) {
		tool_error(c->t, "Error -- %s option '--%s' is required.", c->action, missing);
		return false;
	}
	if (c->src_net.net.family != c->dst_net.net.family) {
		tool_error(c->t, "Error, address families of --src and --dst differ.");
		return false;
	}
	if (c->proto != NULL && c->said_proto != 0 && c->said_proto != c->proto_n) {
		tool_error(c->t, "--transport-proto parameter: %s, but %u behind the SAID", c->proto,
			c->said_proto);
		return false;
	}
	if (c->said_proto != 0)
		c->proto_n = c->said_proto;
	if (!check_port(c, "src-port", c->src_port, &c->src_port_n) ||
		!check_port(c, "dst-port", c->dst_port, &c->dst_port_n))
		return false;
	if ((c->src_port_n != 0 || c->dst_port_n != 0) && c->proto_n != IPPROTO_TCP &&
		c->proto_n != IPPROTO_UDP)
		return check_port(c, "src-port", "1", &c->src_port_n);
	return true;
}

/* --- messages --------------------------------------------------------------------------------- */

static void put_flow(const struct call *c, struct ms_pfkey_msg *m)
{
	struct ms_addr src_mask = ms_subnet_mask(&c->src_net), dst_mask = ms_subnet_mask(&c->dst_net);

	m->has |= MS_PFKEY_BIT(X_ADDRESS_SRC_FLOW) | MS_PFKEY_BIT(X_ADDRESS_DST_FLOW) |
		MS_PFKEY_BIT(X_ADDRESS_SRC_MASK) | MS_PFKEY_BIT(X_ADDRESS_DST_MASK);
	ms_pfkey_addr_set(&m->src_flow, &c->src_net.net, c->src_port_n);
	ms_pfkey_addr_set(&m->dst_flow, &c->dst_net.net, c->dst_port_n);
	ms_pfkey_addr_set(&m->src_mask, &src_mask, c->src_port_n != 0 ? UINT16_MAX : 0);
	ms_pfkey_addr_set(&m->dst_mask, &dst_mask, c->dst_port_n != 0 ? UINT16_MAX : 0);
	if (c->proto_n != 0) {
		m->has |= MS_PFKEY_BIT(X_PROTOCOL);
		m->protocol.proto = c->proto_n;
	}
}

static void put_id(const char *text, uint64_t bit, struct ms_pfkey_ident *id, struct ms_pfkey_msg *m)
{
	if (text == NULL || text[0] == '\0')
		return;
	m->has |= bit;
	id->type = IDENT_CONNECTION;
	id->text = ms_bytes(text, strlen(text));
}

static void put_sa(struct call *c, struct ms_pfkey_msg *m, uint32_t flags)
{
	if (c->sa.said.dst.family == 0)
		c->sa.said.dst = ms_addr_any(c->src_net.net.family);
	said_to_message(&c->sa.said, m);
	m->sa.flags = flags;
	put_id(c->src_id, MS_PFKEY_BIT(IDENTITY_SRC), &m->id_src, m);
	put_id(c->dst_id, MS_PFKEY_BIT(IDENTITY_DST), &m->id_dst, m);
}

/* One eroute for each line; the first that is refused ends it. */
static int restore(struct call *c)
{
	FILE *f = strcmp(c->restore, "-") == 0 ? stdin : fopen(c->restore, "r");
	struct klips_link *l = f == NULL ? NULL : klips_open(c->t, c->debug);
	char *text = NULL;
	unsigned line = 0;
	size_t cap = 0;
	int status = 0;

	if (f == NULL)
		tool_error(c->t, "cannot read %s: %s", c->restore, strerror(errno));
	if (l == NULL)
		return 1;
	while (status == 0 && getline(&text, &cap, f) > 0) {
		struct ms_pfkey_msg m = { .type = MS_PFKEY_X_ADDFLOW };
		struct ms_why why = { "" };
		struct eroute_line e;
		struct call one = { .t = c->t };

		line++;
		if (text[strspn(text, " \t\n")] == '\0' || text[0] == '#')
			continue;
		if (eroute_line_parse(&e, text, &why) != MS_OK) {
			tool_error(c->t, "%s, line %u: %s", c->restore, line, why.text);
			status = 1;
			break;
		}
		one.src_net = e.src;
		one.dst_net = e.dst;
		one.src_port_n = e.src_port;
		one.dst_port_n = e.dst_port;
		one.proto_n = e.proto;
		one.sa.said = e.said;
		one.src_id = e.src_id;
		one.dst_id = e.dst_id;
		put_flow(&one, &m);
		put_sa(&one, &m, MS_PFKEY_REPLACEFLOW);
		status = klips_status(c->t, klips_ask(l, &m), add_reasons);
		if (status != 0)
			tool_error(c->t, "%s, line %u was refused", c->restore, line);
	}
	free(text);
	klips_close(&l);
	return status;
}

static int change(struct call *c)
{
	static const struct {
		const char *action;
		uint32_t flags;
	} adds[] = { { "add", 0 }, { "addin", MS_PFKEY_INFLOW }, { "replace", MS_PFKEY_REPLACEFLOW } };
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_DELFLOW };
	unsigned i = 0;

	if (strcmp(c->action, "clear") == 0) {
		m.has |= MS_PFKEY_BIT(SA);
		m.sa.flags = MS_PFKEY_CLEARFLOW;
		return klips_ask_once(c->t, c->debug, &m, del_reasons);
	}
	if (c->restore != NULL)
		return restore(c);
	while (i < 3 && strcmp(adds[i].action, c->action) != 0)
		i++;
	if (i < 3 && sa_words_missing(&c->sa) != NULL) {
		tool_error(c->t, "%s and addin options must have SA specified.",
			strcmp(c->action, "addin") == 0 ? "add" : c->action);
		return 1;
	}
	if (!check_flow(c))
		return 1;
	put_flow(c, &m);
	if (i == 3)
		return klips_ask_once(c->t, c->debug, &m, del_reasons);
	m.type = MS_PFKEY_X_ADDFLOW;
	put_sa(c, &m, adds[i].flags);
	return klips_ask_once(c->t, c->debug, &m, add_reasons);
}

static bool any_flow(const struct call *c)
{
	return c->eraf != NULL || c->src != NULL || c->dst != NULL || c->proto != NULL ||
		c->src_port != NULL || c->dst_port != NULL || c->sa.af != NULL ||
		sa_words_any(&c->sa);
}

int tool_eroute(struct tool *t, int argc, char **argv)
{
	struct call c = { .t = t };
	int status = tool_args_read(t, &usage, argc, argv, take, &c);

	if (status != -1)
		return status;
	if (c.action != NULL)
		return change(&c);
	if (!any_flow(&c))
		return klips_list(t, "eroute");
	return tool_refuse(t, &usage, "exactly one of " ACTIONS " must be specified.");
}
