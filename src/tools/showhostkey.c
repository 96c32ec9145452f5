/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec showhostkey`: the public half of this host's key, for ipsec.conf, DNS or DHCP. */
#include "tools/showhostkey.h"

#include <modswan/text.h>

#include <string.h>
#include <strings.h>

enum {
	KEY,
	LEFT,
	RIGHT,
	TXT,
	IPSECKEY,
	DHCLIENT,
	LIST,
	DUMP,
	FORMATS, /* the rest are no formats */
};

struct order {
	struct show show;
	int format; /* -1: none yet */
	const char *file, *id, *rsaid, *ckaid;
	uint64_t keynum; /* 0: any */
	bool verbose;
	const struct tool *t;
};

static const struct tool_slot table[] = {
	[KEY] = TOOL_TAKE("key", NULL, "a KEY record for DNS"),
	[LEFT] = TOOL_TAKE("left", NULL, "leftrsasigkey= or leftpubkey= for ipsec.conf"),
	[RIGHT] = TOOL_TAKE("right", NULL, "rightrsasigkey= or rightpubkey= for ipsec.conf"),
	[TXT] = TOOL_TAKE("txt", "GATEWAY", "a TXT record for DNS: an IPv4 address or @NAME"),
	[IPSECKEY] = TOOL_TAKE("ipseckey", NULL, "an IPSECKEY record for DNS"),
	[DHCLIENT] = TOOL_TAKE("dhclient", NULL, "options for dhclient.conf"),
	[LIST] = TOOL_TAKE("list", NULL, "one line for each key"),
	[DUMP] = TOOL_TAKE("dump", NULL, "what is known of each key"),
	[FORMATS] = TOOL_TEXT("gateway", "GATEWAY", "gateway in the IPSECKEY record (none)",
		struct order, show.gateway),
	TOOL_NUMBER("precedence", "N", "precedence in DNS records, 0 to 255 (10)", struct order,
		show.precedence, 0, 255),
	TOOL_TEXT("file", "FILE", "read FILE instead of ipsec.secrets", struct order, file),
	TOOL_TEXT("id", "ID", "the key of this identity, not the default key", struct order, id),
	TOOL_NUMBER("keynum", "N", "the key that --list gives this number", struct order, keynum, 1,
		UINT32_MAX),
	TOOL_TEXT("rsaid", "KEYID", "the RSA key with this key id", struct order, rsaid),
	TOOL_TEXT("ckaid", "HEX", "the key whose CKAID begins so", struct order, ckaid),
	TOOL_FLAG("verbose", "tell on stderr which file is read", struct order, verbose),
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options showhostkey_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &showhostkey_options,
	.text = "Usage: ipsec showhostkey FORMAT [--file FILE] [--id ID] [OPTION]...\n\n"
		"FORMAT is one of --key, --left, --right, --txt GATEWAY, --ipseckey, --dhclient,\n"
		"--list and --dump.\n",
	.status = 2,
};

/* --- options ---------------------------------------------------------------------------------- */

static int take_format(void *arg, int row, const char *value)
{
	struct order *o = arg;

	if (o->format >= 0 && o->format != row)
		return tool_refuse(o->t, &usage, "both --%s and --%s", table[o->format].o.name,
			table[row].o.name);
	o->format = row;
	if (row == TXT)
		o->show.gateway = value;
	return -1;
}

/* --- choosing --------------------------------------------------------------------------------- */

static bool has_index(const struct hostkey *k, const char *id)
{
	for (char **i = k->index; *i != NULL; i++)
		if (strcmp(*i, id) == 0)
			return true;
	return false;
}

static bool is_key(const struct hostkey *k)
{
	return k->kind != HOSTKEY_OTHER || k->file != NULL;
}

static bool begins_with_ckaid(const struct hostkey *k, const char *hex)
{
	uint8_t id[MS_CKAID_OCTETS];
	char text[MS_CKAID_TEXT];

	if (k->trouble != NULL || hex[0] == '\0' || !pkey_ckaid(k, id))
		return false;
	ms_ckaid_text(id, text);
	return strncasecmp(text, hex, strlen(hex)) == 0;
}

static bool is_wanted(const struct order *o, const struct hostkey *k, size_t number)
{
	char id[MS_RSA_KEYID_TEXT];

	if (!is_key(k))
		return false;
	if (o->keynum != 0)
		return number == o->keynum;
	if (o->rsaid != NULL)
		return k->blob.ptr != NULL &&
		       ms_rsa_keyid_text(k->blob.ptr, k->blob.len, id, sizeof id) > 0 &&
		       strcmp(id, o->rsaid) == 0;
	if (o->ckaid != NULL)
		return begins_with_ckaid(k, o->ckaid);
	return o->id != NULL ? has_index(k, o->id) : k->index[0] == NULL;
}

static const struct hostkey *choose(
	const struct tool *t, const struct order *o, const struct hostkeys *keys)
{
	const char *name = o->keynum != 0 ? "key of this number" : "default key";
	const char *which = o->rsaid != NULL ? o->rsaid : o->ckaid != NULL ? o->ckaid : o->id;
	const struct hostkey *found = NULL;
	size_t number = 0;
	bool several = false;

	for (size_t i = 0; i < keys->n; i++) {
		number += is_key(&keys->key[i]);
		if (!is_wanted(o, &keys->key[i], number))
			continue;
		several = found != NULL;
		found = &keys->key[i];
		if (several)
			break;
	}
	if (o->keynum == 0 && which != NULL)
		name = tool_format("\"%s\" key", which);
	if (found == NULL)
		tool_error(t, "no %s in \"%s\"", name, o->file);
	else if (several)
		tool_error(t, "more than one %s in \"%s\"", name, o->file);
	else if (found->trouble != NULL)
		tool_error(t, "%s: %s", o->file, found->trouble);
	return found == NULL || several || found->trouble != NULL ? NULL : found;
}

/* --- showing ---------------------------------------------------------------------------------- */

static int show_key(const struct tool *t, const struct order *o, const struct hostkeys *keys)
{
	static show_f *const shows[FORMATS] = {
		[KEY] = show_key_record,
		[LEFT] = show_left,
		[RIGHT] = show_right,
		[TXT] = show_txt,
		[IPSECKEY] = show_ipseckey,
		[DHCLIENT] = show_dhclient,
	};
	const struct hostkey *k = choose(t, o, keys);

	if (k == NULL)
		return 1;
	if (!shows[o->format](k, &o->show)) {
		tool_error(t, "a key of this kind, %s, has no form for --%s",
			hostkey_kind_name(k->kind), table[o->format].o.name);
		return 1;
	}
	return 0;
}

static int show_all(const struct hostkeys *keys, bool dump)
{
	unsigned number = 0;

	for (size_t i = 0; i < keys->n; i++)
		if (is_key(&keys->key[i]))
			show_list(&keys->key[i], ++number, dump);
	return 0;
}

static int work(const struct tool *t, struct order *o)
{
	char *keydir = tool_format("%s/ipsec.d/private", t->confdir);
	struct hostkeys keys = { NULL, 0, 0 };
	struct ms_why why = { "" };
	ms_err err;

	if (o->file == NULL)
		o->file = tool_format("%s/ipsec.secrets", t->confdir);
	if (o->verbose)
		fprintf(stderr, "ipsec showhostkey: reading \"%s\"\n", o->file);
	err = hostkeys_read(&keys, o->file, keydir, &why);
	if (err != MS_OK) {
		tool_error(t, "%s", ms_why_text(&why, err));
		return 1;
	}
	if (o->format == LIST || o->format == DUMP)
		return show_all(&keys, o->format == DUMP);
	return show_key(t, o, &keys);
}

int tool_showhostkey(struct tool *t, int argc, char **argv)
{
	struct order o = { .show = { .precedence = 10 }, .format = -1, .t = t };
	struct ms_why why = { "" };
	int status = tool_args_read(t, &usage, argc, argv, take_format, &o);

	if (status != -1)
		return status;
	if (o.format < 0)
		return tool_show_usage(&usage, stderr, 2);
	if (o.show.gateway != NULL && o.show.gateway[0] == '\0') {
		tool_error(t, "--%s: the gateway is empty", o.format == TXT ? "txt" : "gateway");
		return 2;
	}
	if (show_gateway_check(&o.show, o.format == TXT, &why) != MS_OK) {
		tool_error(t, "%s", why.text);
		return 1;
	}
	return work(t, &o);
}
