/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec spi`: the SAs of KLIPS, listed, added and deleted by hand.
 *
 * The options fill one ADD, DELETE or FLUSH message.  Keys are wiped once it is sent, and never
 * shown, not even in complaints about them.
 */
#include "tools/spi.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define ACTIONS "'--ah', '--esp', '--comp', '--ip4', '--ip6', '--del' or '--clear'"

/* What the SA extension has room for; larger windows go in one of our own. */
enum { KEY_OCTETS = 512, MAX_WINDOW = 4096, FAMILY_WINDOW = 64 };

struct key {
	const char *text;
	size_t len;
	uint8_t octets[KEY_OCTETS];
};

struct call {
	struct tool *t;
	bool debug, show_saref, show_answer, list_sarefs;
	const char *action, *alg;
	struct sa_words sa;
	struct spi_alg algs;
	const char *src, *dst, *window;
	uint32_t window_n;
	struct ms_addr src_addr, dst_addr;
	struct key auth, enc, iv;
	unsigned lives;
	struct ms_pfkey_msg m;
};

struct row {
	struct tool_option o;
	bool (*take)(struct call *c, const char *name, const char *value);
};

static const struct klips_reason reasons[] = {
	{ EACCES, "access denied.  Check permissions: you must be root." },
	{ EPERM, "access denied.  Check permissions: you must be root." },
	{ EUNATCH, "KLIPS not loaded." },
	{ EINVAL, "Invalid argument: wrong length of a key?  Check the log of KLIPS for details." },
	{ EEXIST, "SA already in use.  Delete old one first." },
	{ ENXIO, "SA does not exist.  Cannot delete." },
	{ ESRCH, "SA does not exist.  Cannot delete." },
	{ ENOENT, "SA does not exist." },
	{ ESOCKTNOSUPPORT, "Algorithm support not available in KLIPS." },
	{ EBUSY, "the reference number that was wished for belongs to another SA." },
	{ ENODEV, "there is no such ipsec device." },
	{ EPROTONOSUPPORT, "Algorithm or transform support not available in KLIPS.  Check the log of "
			   "KLIPS for details." },
	{ ENOBUFS, "no kernel memory to allocate SA." },
	{ ENOMEM, "no kernel memory to allocate SA." },
	{ ENOSPC, "no room in kernel SAref table.  Cannot process request." },
	{ ESPIPE, "kernel SAref table internal error.  Cannot process request." },
	{ 0, "Unknown error." },
};

/* --- options ---------------------------------------------------------------------------------- */

/* The three kinds that have an algorithm. */
static const struct {
	const char *action;
	uint8_t protocol;
	bool (*parse)(const char *word, struct spi_alg *out);
	const char *complaint;
} kinds[] = {
	{ "ah", MS_PROTO_AH, spi_alg_ah,
		"Unknown authentication algorithm '%s' follows '--ah' option." },
	{ "esp", MS_PROTO_ESP, spi_alg_esp,
		"Invalid encryption algorithm '%s' follows '--esp' option." },
	{ "comp", MS_PROTO_COMP, spi_alg_comp,
		"Unknown compression algorithm '%s' follows '--comp' option." },
	{ "ip4", MS_PROTO_TUN, NULL, NULL },
	{ "ip6", MS_PROTO_TUN, NULL, NULL },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static bool take_action(struct call *c, const char *name, const char *value)
{
	if (c->action != NULL) {
		tool_error(c->t, "Only one of " ACTIONS " options permitted.");
		return false;
	}
	c->action = name;
	c->alg = value;
	for (unsigned i = 0; value != NULL && i < KINDS; i++)
		if (strcmp(kinds[i].action, name) == 0 && !kinds[i].parse(value, &c->algs)) {
			tool_error(c->t, kinds[i].complaint, value);
			return false;
		}
	return true;
}

static bool take_sa(struct call *c, const char *name, const char *value)
{
	return sa_words_take(c->t, &c->sa, name, value);
}

static bool once(struct call *c, const char **slot, const char *what, const char *value)
{
	if (*slot != NULL)
		tool_error(c->t, "Error, %s parameter redefined:%s, already defined as:%s", what,
			value, *slot);
	else
		*slot = value;
	return *slot == value;
}

static bool take_end(struct call *c, const char *name, const char *value)
{
	bool src = strcmp(name, "src") == 0;

	return once(c, src ? &c->src : &c->dst, src ? "SRC" : "DST", value) &&
		take_address(c->t, name, value, c->sa.family, src ? &c->src_addr : &c->dst_addr);
}

static bool take_key(struct call *c, const char *name, const char *value)
{
	bool auth = strcmp(name, "authkey") == 0, iv = strcmp(name, "iv") == 0;
	const char *what = auth ? "Authentication" : iv ? "Initialization" : "Encryption";
	struct key *k = auth ? &c->auth : iv ? &c->iv : &c->enc;

	if (k->text != NULL) {
		tool_error(c->t, "Error, %s key parameter redefined, already defined", what);
		return false;
	}
	k->text = value;
	if (value[0] != '0' || value[1] == '\0' || strchr("xst", tolower((unsigned char)value[1]))
			== NULL) {
		tool_error(c->t,
			"%s key must have a '0x', '0t' or '0s' prefix to select the format (--%s)", what,
			name);
		return false;
	}
	if (ms_data_parse(k->octets, sizeof k->octets, &k->len, value, strlen(value), 0, NULL)
		== MS_OK)
		return true;
	tool_error(c->t, "unknown format or syntax error in %s key (--%s: 0xHEX, 0sBASE64 or 0tTEXT)",
		auth ? "authentication" : iv ? "initialization" : "encryption", name);
	return false;
}

static bool take_window(struct call *c, const char *name, const char *value)
{
	uint64_t n;

	if (!once(c, &c->window, "REPLAY_WINDOW", value))
		return false;
	if (!take_number(value, UINT32_MAX, &n)) {
		tool_error(c->t, "Invalid character in replay_window parameter: %s (--%s: 0 to %d)", value, name,
			MAX_WINDOW);
		return false;
	}
	if (n > MAX_WINDOW) {
		tool_error(c->t,
			"Failed -- Illegal window size: arg=%s, replay_window=%u, must be 0 <= size "
			"<= %d.",
			value, (unsigned)n, MAX_WINDOW);
		return false;
	}
	c->window_n = (uint32_t)n;
	return true;
}

static bool take_life(struct call *c, const char *name, const char *value)
{
	(void)name;
	return spi_take_life(c->t, value, &c->m, &c->lives);
}

/* How a tunnel's headers are written and read; the direction is not said by it. */
static const struct {
	const char *option, *word;
	uint32_t flag;
} header_words[] = {
	{ "df", "copy", 0 },
	{ "df", "set", MS_PFKEY_X_DF_SET },
	{ "df", "clear", MS_PFKEY_X_DF_CLEAR },
	{ "encap-dscp", "yes", MS_PFKEY_X_SHOW_DSCP },
	{ "encap-dscp", "no", MS_PFKEY_X_HIDE_DSCP },
	{ "decap-dscp", "yes", MS_PFKEY_X_DECAP_DSCP },
	{ "bare", "yes", MS_PFKEY_X_BARE },
	{ "bare", "no", 0 },
	{ "decap-dscp", "no", 0 },
};

static bool take_header(struct call *c, const char *name, const char *value)
{
	uint32_t all = 0, flag = 0;
	bool found = false;

	for (unsigned i = 0; i < sizeof header_words / sizeof header_words[0]; i++) {
		if (strcmp(header_words[i].option, name) != 0)
			continue;
		all |= header_words[i].flag;
		if (strcmp(header_words[i].word, value) == 0) {
			flag = header_words[i].flag;
			found = true;
		}
	}
	if (!found) {
		tool_error(c->t, "--%s %s: %s", name, value,
			strcmp(name, "df") == 0 ? "copy, set or clear" : "yes or no");
		return false;
	}
	c->m.x_sa.flags = (c->m.x_sa.flags & ~all) | flag | MS_PFKEY_X_GUESS;
	c->m.has |= MS_PFKEY_BIT(X_MS_SA);
	return true;
}

/* Numbers that become an extension of their own. */

static bool take_extra(struct call *c, const char *name, const char *value)
{
	uint64_t n, max = strncmp(name, "saref", 5) == 0 ? UINT32_MAX : UINT16_MAX;

	if (!take_number(value, max, &n)) {
		tool_error(c->t, "Invalid character in %s parameter: %s (--%s: a number up to %llu)", name,
			value, name, (unsigned long long)max);
		return false;
	}
	if (strcmp(name, "natt") == 0) {
		c->m.nat_type = (uint8_t)n;
		c->m.has |= MS_PFKEY_BIT(X_NAT_T_TYPE);
	} else if (strcmp(name, "sport") == 0) {
		c->m.nat_sport = (uint16_t)n;
		c->m.has |= MS_PFKEY_BIT(X_NAT_T_SPORT);
	} else if (strcmp(name, "dport") == 0) {
		c->m.nat_dport = (uint16_t)n;
		c->m.has |= MS_PFKEY_BIT(X_NAT_T_DPORT);
	} else if (strcmp(name, "outif") == 0) {
		c->m.plumb = (uint16_t)n;
		c->m.has |= MS_PFKEY_BIT(X_PLUMBIF_NUM);
	} else {
		bool him = strstr(name, "him") != NULL;

		*(him ? &c->m.saref.him : &c->m.saref.me) = (uint32_t)n;
		c->m.has |= MS_PFKEY_BIT(X_SAREF);
	}
	return true;
}

static bool take_switch(struct call *c, const char *name, const char *value)
{
	if (strcmp(name, "debug") == 0)
		c->debug = true;
	if (strcmp(name, "listenreply") == 0)
		c->show_answer = true;
	if (strcmp(name, "saref") == 0 || strcmp(name, "listenreply") == 0)
		c->show_saref = true;
	if (strcmp(name, "dumpsaref") == 0)
		c->show_saref = c->list_sarefs = true;
	return value == NULL || take_extra(c, name, value);
}

static const struct row table[] = {
	{ TOOL_HELP, NULL },
	{ TOOL_VERSION, NULL },
	{ TOOL_LABEL, NULL },
	{ { "debug", NULL, "show what is sent and what comes back, without keys" }, take_switch },
	{ { "clear", NULL, "delete all SAs" }, take_action },
	{ { "del", NULL, "delete the SA, and with it all of its group" }, take_action },
	{ { "ip4", NULL, "add an IPv4 tunnel" }, take_action },
	{ { "ip6", NULL, "add an IPv6 tunnel" }, take_action },
	{ { "ah", "ALGORITHM", "add an AH SA" }, take_action },
	{ { "esp", "ALGORITHM", "add an ESP SA" }, take_action },
	{ { "comp", "ALGORITHM", "add an IPComp SA: deflate" }, take_action },
	{ { "af", "FAMILY", "address family: inet or inet6; goes before the addresses" }, take_sa },
	{ { "edst", "ADDRESS", "destination of the SA" }, take_sa },
	{ { "spi", "SPI", "its SPI, as in C: 257 or 0x101" }, take_sa },
	{ { "proto", "PROTO", "its protocol: ah, esp, tun or comp" }, take_sa },
	{ { "said", "SAID", "the three in one word: PROTO.SPI@ADDRESS" }, take_sa },
	{ { "src", "ADDRESS", "the end that sends" }, take_end },
	{ { "dst", "ADDRESS", "the end that receives: the destination of the SA" }, take_end },
	{ { "authkey", "KEY", "key of the authentication: 0xHEX, 0sBASE64 or 0tTEXT" }, take_key },
	{ { "enckey", "KEY", "key of the encryption, with its salt if it has one" }, take_key },
	{ { "iv", "OCTETS", "checked for its form only: KLIPS makes its own" }, take_key },
	{ { "replay_window", "PACKETS", "refuse packets seen before, up to 4096; 0: do not" },
		take_window },
	{ { "replay-window", "PACKETS", NULL }, take_window },
	{ { "life", "LIST",
		  "SEVERITY-TYPE=N,...: soft or hard; allocations, bytes, addtime, usetime, packets" },
		take_life },
	{ { "saref", "[N]", "show the reference number of the SA; with a number behind it, wish for that" },
		take_switch },
	{ { "dumpsaref", NULL, "list all reference numbers; with an SA to add, show its own" }, take_switch },
	{ { "listenreply", NULL, "show what KLIPS answers" }, take_switch },
	{ { "df", "WHAT", "with --ip4: DF bit of the tunnel's packets: copy, set or clear" }, take_header },
	{ { "encap-dscp", "WORD", "likewise: the DSCP of what is inside is shown outside: yes or no" },
		take_header },
	{ { "decap-dscp", "WORD", "likewise: what comes out takes over the DSCP from outside: yes or no" },
		take_header },
	{ { "bare", "WORD",
		  "tunnels, IPComp: packets may come in without ESP and AH around them: yes or no" },
		take_header },
	{ { "natt", "TYPE", "UDP encapsulation: 2 (RFC 3948)" }, take_extra },
	{ { "sport", "PORT", "its source port" }, take_extra },
	{ { "dport", "PORT", "its destination port" }, take_extra },
	{ { "outif", "N", "what comes out of the SA is that of the device: 49152 for ipsec0, and so on" }, take_extra },
	{ { "saref_me", "N", "reference number wished for; it must be free" }, take_extra },
	{ { "sarefme", "N", NULL }, take_extra },
	{ { "saref_him", "N", "reference number of the other direction, for listings" }, take_extra },
	{ { "sarefhim", "N", NULL }, take_extra },
	{ { NULL, NULL, NULL }, NULL },
};

const struct tool_options spi_options = TOOL_OPTIONS(table, true);

static const struct tool_usage usage = {
	.options = &spi_options,
	.text = "Usage: ipsec spi\n"
		"       ipsec spi --dumpsaref\n"
		"       ipsec spi --clear\n"
		"       ipsec spi --del SA\n"
		"       ipsec spi --ip4|--ip6 SA --src ADDRESS --dst ADDRESS [--df WHAT]\n"
		"                 [--encap-dscp WORD] [--decap-dscp WORD]\n"
		"       ipsec spi --ah ALGORITHM SA [--life LIST] [--replay_window N] --authkey KEY\n"
		"       ipsec spi --esp ALGORITHM SA [--life LIST] [--replay_window N] --enckey KEY\n"
		"                 [--authkey KEY]\n"
		"       ipsec spi --comp deflate SA\n"
		"SA:    --af FAMILY --edst ADDRESS --spi SPI --proto PROTO, or --said SAID\n",
	.status = 255,
	.loud = true,
	.help_status = 255,
	.version_status = 1,
};

static int take(void *arg, int row, const char *value)
{
	const struct row *r = &table[row];

	return r->take(arg, r->o.name, value) ? -1 : 1;
}

/* --- messages --------------------------------------------------------------------------------- */

static bool check_protocol(struct call *c)
{
	for (unsigned i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].action, c->action) == 0 &&
			kinds[i].protocol != c->sa.said.protocol) {
			tool_error(c->t, "the protocol of the SA does not fit '--%s'", c->action);
			return false;
		}
	return true;
}

static bool check_sa(struct call *c)
{
	const char *missing = sa_words_missing(&c->sa);
	const struct ms_said *said = &c->sa.said;

	if (missing != NULL) {
		tool_error(c->t, "SA %s not specified.", missing);
		return false;
	}
	if (said->protocol == MS_PROTO_INT) {
		tool_error(c->t, "Illegal reserved spi: %s is no SA", c->sa.text);
		return false;
	}
	if ((c->src != NULL && c->src_addr.family != said->dst.family) ||
		(c->dst != NULL && c->dst_addr.family != said->dst.family)) {
		tool_error(c->t, "Defined address family and address family of SA missmatch.");
		return false;
	}
	if (c->dst != NULL && !ms_addr_eq(&c->dst_addr, &said->dst)) {
		tool_error(c->t, "--dst %s is not the destination of the SA", c->dst);
		return false;
	}
	return check_protocol(c);
}

static bool check_tunnel(struct call *c)
{
	bool six = strcmp(c->action, "ip6") == 0;

	if (!six && strcmp(c->action, "ip4") != 0) {
		uint32_t others = c->m.x_sa.flags & ~(uint32_t)(MS_PFKEY_X_BARE | MS_PFKEY_X_GUESS);

		if ((c->m.has & MS_PFKEY_BIT(X_MS_SA)) == 0
			|| (strcmp(c->action, "comp") == 0 && others == 0))
			return true;
		tool_error(c->t, "only tunnels have '--df', '--encap-dscp', '--decap-dscp' and '--bare'.");
		return false;
	}
	if (c->src == NULL || c->dst == NULL) {
		tool_error(c->t, "'--%s' needs '--src' and '--dst'.", c->action);
		return false;
	}
	if (c->src_addr.family == (six ? AF_INET6 : AF_INET))
		return true;
	tool_error(c->t, "Defined address family and address family of SA missmatch.");
	return false;
}

static void fill(struct call *c)
{
	struct ms_pfkey_msg *m = &c->m;
	struct ms_addr src = c->src != NULL ? c->src_addr : ms_addr_any(c->sa.said.dst.family);

	said_to_message(&c->sa.said, m);
	m->has |= MS_PFKEY_BIT(ADDRESS_SRC);
	ms_pfkey_addr_set(&m->src, &src, 0);
	m->sa.encrypt = c->algs.encrypt;
	m->sa.auth = c->algs.auth;
	m->sa.replay = (uint8_t)(c->window_n < FAMILY_WINDOW ? c->window_n : FAMILY_WINDOW);
	if (c->window_n > FAMILY_WINDOW) {
		m->has |= MS_PFKEY_BIT(X_MS_SA);
		m->x_sa.flags |= MS_PFKEY_X_GUESS;
		m->x_sa.encr = c->algs.encrypt;
		m->x_sa.integ = ms_pfkey_integ_of(c->algs.auth);
		m->x_sa.window = c->window_n;
	}
	if (c->auth.len > 0) {
		m->has |= MS_PFKEY_BIT(KEY_AUTH);
		m->key_auth.key = ms_bytes(c->auth.octets, c->auth.len);
		m->key_auth.bits = (uint16_t)(c->auth.len * 8);
	}
	if (c->enc.len > 0) {
		m->has |= MS_PFKEY_BIT(KEY_ENCRYPT);
		m->key_encrypt.key = ms_bytes(c->enc.octets, c->enc.len);
		m->key_encrypt.bits = (uint16_t)(c->enc.len * 8);
	}
}

static void show(const struct call *c, const struct klips_link *l)
{
	const struct ms_pfkey_msg *m = &c->m;
	char type[32], who[256] = "ipsec spi";

	snprintf(type, sizeof type, "%s", ms_pfkey_type_name(m->type));
	for (char *p = type; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (c->t->label != NULL)
		snprintf(who, sizeof who, "ipsec spi --label %s", c->t->label);
	if (c->show_answer)
		printf("%s: pfkey v2 msg received. type=%u(%s) seq=%u len=%zu pid=%u "
		       "errno=%u satype=%u(%s)\n",
			who, m->type, type, m->seq, l->len / 8, m->pid, m->err, m->satype,
			ms_pfkey_satype_name(m->satype));
	if (c->show_saref && m->err == 0)
		printf("%s: saref=%u\n", who, m->sa.ref);
}

static int change(struct call *c)
{
	struct klips_link *l;
	int err;

	if (strcmp(c->action, "clear") == 0) {
		c->m.type = MS_PFKEY_FLUSH;
	} else {
		bool del = strcmp(c->action, "del") == 0;

		if (!check_sa(c) || !check_tunnel(c))
			return 1;
		c->m.type = del ? MS_PFKEY_DELETE : MS_PFKEY_ADD;
		if (del)
			c->m.has = c->window_n = 0;
		fill(c);
	}
	l = klips_open(c->t, c->debug);
	if (l == NULL)
		return 1;
	err = klips_ask(l, &c->m);
	if (err >= 0)
		show(c, l);
	klips_close(&l);
	return klips_status(c->t, err, reasons);
}

/* --- command line ----------------------------------------------------------------------------- */

int tool_spi(struct tool *t, int argc, char **argv)
{
	struct call *c = tool_alloc(sizeof *c);
	int status;

	c->t = t;
	status = tool_args_read(t, &usage, argc, argv, take, c);
	if (status < 0 && c->action != NULL)
		status = change(c);
	else if (status < 0 && c->list_sarefs)
		status = klips_list(t, "saref");
	else if (status < 0 && argc > 1 && (sa_words_any(&c->sa) || c->src != NULL ||
			c->dst != NULL || c->sa.af != NULL || c->m.has != 0 || c->auth.len != 0 ||
			c->enc.len != 0 || c->window != NULL)) {
		tool_error(t, "No action chosen.  See 'ipsec spi --help' for usage.");
		status = 1;
	} else if (status < 0) {
		status = klips_list(t, "spi");
	}
	ms_wipe(c, sizeof *c);
	return status;
}
