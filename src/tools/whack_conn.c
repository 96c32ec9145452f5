/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec whack --name N ENDHERE --to ENDTHERE POLICY`: a description made of options becomes the
 * keywords of ipsec.conf, ENDHERE as left.  What can be told to be wrong without the daemon is
 * refused here, in the family's order.
 */
#include "tools/whack.h"

#include <modswan/addr.h>
#include <modswan/config.h>

#include <stdlib.h>
#include <string.h>

bool whack_defines(const struct whack *w)
{
	for (unsigned i = 0; i < whack_rows(); i++)
		if (w->end[0].row[i] || w->end[1].row[i] ||
			(whack_table[i].scope == WHACK_POLICY && w->general.row[i]))
			return true;
	return false;
}

static const char *end_value(const struct whack *w, unsigned end, const char *name)
{
	unsigned i = whack_row(name);

	return w->end[end].row[i] ? w->end_value[end][i] : NULL;
}

static bool has_any(const struct whack *w, const char *const *names)
{
	for (; *names != NULL; names++)
		if (whack_has(w, *names))
			return true;
	return false;
}

static bool is_shunt(const struct whack *w)
{
	static const char *const names[] = { "pass", "drop", "reject", NULL };

	return has_any(w, names);
}

static bool is_protected(const struct whack *w)
{
	return whack_has(w, "encrypt") || whack_has(w, "authenticate");
}

/* --- refusals --------------------------------------------------------------------------------- */

/* The address that the text is, or NULL when it is a name or a word with %. */
static const struct ms_addr *numeric(struct ms_addr *a, const char *text)
{
	size_t len = text == NULL ? 0 : strcspn(text, "/");

	if (len == 0 || text[0] == '%' || ms_addr_parse(a, text, len, 0, 0, NULL) != MS_OK)
		return NULL;
	return a;
}

static ms_err check_hosts(const struct whack *w, struct ms_why *why)
{
	bool unknown[2];

	if (!w->to)
		return ms_fail(why, MS_ERR_CONFIG, "connection description without --to");
	for (unsigned e = 0; e < 2; e++) {
		const char *host = end_value(w, e, "host");
		struct ms_addr a;

		if (host == NULL)
			return ms_fail(why, MS_ERR_CONFIG,
				"connection description without --host "
				"%s --to",
				e == 0 ? "before" : "after");
		unknown[e] = strcmp(host, "%any") == 0 ||
			     (numeric(&a, host) != NULL && ms_addr_is_any(&a));
	}
	if (unknown[0] && unknown[1])
		return ms_fail(why, MS_ERR_CONFIG,
			"the --host of both ends is unknown (%%any or "
			"0.0.0.0): one must be this host");
	return MS_OK;
}

static ms_err same_family(
	const char *const *names, const struct whack *w, const char *what, struct ms_why *why)
{
	const char *first = NULL;
	int family = 0;

	for (; *names != NULL; names++)
		for (unsigned e = 0; e < 2; e++) {
			const char *text = end_value(w, e, *names);
			struct ms_addr a;

			if (numeric(&a, text) == NULL)
				continue;
			if (family != 0 && family != a.family)
				return ms_fail(why, MS_ERR_CONFIG,
					"address families of %s differ: "
					"%s, %s",
					what, first, text);
			family = a.family;
			first = text;
		}
	return MS_OK;
}

static ms_err check_families(const struct whack *w, struct ms_why *why)
{
	static const char *const outer[] = { "host", "nexthop", NULL };
	static const char *const inner[] = { "client", "clientwithin", "srcip", NULL };
	ms_err err = same_family(outer, w, "hosts and next hops", why);

	return err != MS_OK ? err : same_family(inner, w, "the clients", why);
}

static bool is_opportunistic(const struct whack *w)
{
	for (unsigned e = 0; e < 2; e++) {
		const char *host = end_value(w, e, "host");

		if (host != NULL && strncmp(host, "%opportunistic", 14) == 0)
			return true;
	}
	return false;
}

static ms_err check_policy(const struct whack *w, struct ms_why *why)
{
	static const char *const auths[] = { "psk", "rsasig", "ecdsa", "eddsa", NULL };
	static const char *const types[] = { "pass", "drop", "reject", NULL };
	static const char *const fails[] = { "failpass", "faildrop", "failreject", NULL };
	unsigned n_types = 0, n_fails = 0;

	for (unsigned i = 0; i < 3; i++) {
		n_types += whack_has(w, types[i]);
		n_fails += whack_has(w, fails[i]);
	}
	if (n_types > 1 || (n_types == 1 && whack_has(w, "tunnel")))
		return ms_fail(why, MS_ERR_CONFIG,
			"more than one of --tunnel, --pass, --drop, "
			"--reject");
	if (n_fails + whack_has(w, "failnone") > 1)
		return ms_fail(why, MS_ERR_CONFIG,
			"more than one of --failnone, --failpass, "
			"--faildrop, --failreject");
	if (is_opportunistic(w) &&
		!(whack_has(w, "rsasig") && whack_has(w, "pfs") && whack_has(w, "encrypt")))
		return ms_fail(why, MS_ERR_CONFIG,
			"opportunistic connections need --rsasig, "
			"--encrypt and --pfs");
	if (is_shunt(w) && n_fails > 0)
		return ms_fail(why, MS_ERR_CONFIG,
			"a shunt cannot fail: no --failpass, --faildrop "
			"or --failreject with --pass, --drop or --reject");
	if (!is_shunt(w) && !has_any(w, auths))
		return ms_fail(why, MS_ERR_CONFIG,
			"connection with neither --psk nor --rsasig (nor "
			"--ecdsa, --eddsa, nor a shunt)");
	for (unsigned e = 0; e < 2 && !is_shunt(w) && !is_protected(w); e++)
		if (end_value(w, e, "client") != NULL)
			return ms_fail(why, MS_ERR_CONFIG,
				"--client without --encrypt or "
				"--authenticate: an IKE SA alone has no clients");
	return MS_OK;
}

/* The number of an option in the key's own unit (milliseconds for times), else its default. */
static uint64_t number_of(const struct whack *w, const char *option, const char *keyword)
{
	const struct ms_conf_key *key = ms_conf_find(ms_conn_keys, keyword);
	unsigned i = whack_row(option);

	if (!w->general.row[i])
		return key == NULL ? 0 : (uint64_t)key->def;
	return strtoull(w->value[i], NULL, 0) * (whack_table[i].kind == WHACK_SECONDS ? 1000 : 1);
}

static ms_err check_times(const struct whack *w, struct ms_why *why)
{
	static const char *const lives[][2] = { { "ikelifetime", "ikelifetime" },
		{ "ipseclifetime", "keylife" } };
	const char *margin_option = whack_has(w, "rekeywindow") ? "rekeywindow" : "rekeymargin";
	uint64_t margin = number_of(w, margin_option, "rekeymargin");
	uint64_t fuzz = number_of(w, "rekeyfuzz", "rekeyfuzz");

	if (margin > UINT32_MAX || fuzz > 10000)
		return ms_fail(why, MS_ERR_RANGE, "--rekeymargin or --rekeyfuzz is far too large");
	for (unsigned i = 0; i < 2; i++) {
		const struct ms_conf_key *key = ms_conf_find(ms_conn_keys, lives[i][1]);
		uint64_t life = number_of(w, lives[i][0], lives[i][1]);

		if (key != NULL && key->max > 0 && life > (uint64_t)key->max)
			return ms_fail(why, MS_ERR_RANGE,
				"--%s is above the maximum of %llu "
				"seconds",
				lives[i][0], (unsigned long long)(key->max / 1000));
		if (!whack_has(w, "dontrekey") && margin * (100 + fuzz) / 100 >= life)
			return ms_fail(why, MS_ERR_RANGE,
				"--rekeymargin with --rekeyfuzz (%llu "
				"seconds) is not below --%s (%llu seconds)",
				(unsigned long long)(margin * (100 + fuzz) / 100000), lives[i][0],
				(unsigned long long)(life / 1000));
	}
	return MS_OK;
}

/* --- keywords --------------------------------------------------------------------------------- */

static ms_err put(
	struct whack_request_args *out, const char *name, const char *value, struct ms_why *why)
{
	if (out->n == WHACK_MAX_ARGS)
		return ms_fail(
			why, MS_ERR_LIMIT, "description of more than %d keywords", WHACK_MAX_ARGS);
	out->arg[out->n].name = name;
	out->arg[out->n].value = value;
	out->n++;
	return MS_OK;
}

static ms_err put_ends(const struct whack *w, struct whack_request_args *out, struct ms_why *why)
{
	static const char *const sides[] = { "left", "right" };
	ms_err err = MS_OK;

	for (unsigned e = 0; e < 2; e++)
		for (unsigned i = 0; i < whack_rows() && err == MS_OK; i++) {
			const struct whack_option *row = &whack_table[i];

			if (row->scope == WHACK_END && w->end[e].row[i])
				err = put(out, tool_format("%s%s", sides[e], row->key),
					row->value != NULL ? row->value : w->end_value[e][i], why);
		}
	return err;
}

/* Bits that only together make a keyword. */
static ms_err put_bits(const struct whack *w, struct whack_request_args *out, struct ms_why *why)
{
	static const struct {
		const char *option, *value;
	} auths[] = { { "psk", "secret" }, { "rsasig", "rsasig" }, { "ecdsa", "ecdsa" },
		{ "eddsa", "eddsa" } },
	  fails[] = { { "failpass", "passthrough" }, { "faildrop", "drop" },
		  { "failreject", "reject" } },
	  types[] = { { "pass", "passthrough" }, { "drop", "drop" }, { "reject", "reject" },
		  { "tunnel", "tunnel" } };
	const char *type = "transport";
	char *authby = NULL;
	ms_err err;

	for (unsigned i = 0; i < 4; i++)
		if (whack_has(w, types[i].option))
			type = types[i].value;
	err = put(out, "type", type, why);
	for (unsigned i = 0; i < 4; i++)
		if (whack_has(w, auths[i].option))
			authby = authby == NULL ? tool_format("%s", auths[i].value)
						: tool_format("%s|%s", authby, auths[i].value);
	if (err == MS_OK && (authby != NULL || is_shunt(w)))
		err = put(out, "authby", authby != NULL ? authby : "never", why);
	for (unsigned i = 0; i < 3 && err == MS_OK; i++)
		if (whack_has(w, fails[i].option))
			err = put(out, "failureshunt", fails[i].value, why);
	if (err == MS_OK && is_protected(w))
		err = put(out, "phase2", whack_has(w, "authenticate") ? "ah" : "esp", why);
	if (err == MS_OK && !is_shunt(w))
		err = put(out, "pfs", whack_has(w, "pfs") ? "yes" : "no", why);
	return err;
}

ms_err whack_description(const struct whack *w, struct whack_request_args *out, struct ms_why *why)
{
	static ms_err (*const checks[])(const struct whack *, struct ms_why *) = { check_hosts,
		check_families, check_policy, check_times };
	ms_err err = MS_OK;

	for (unsigned i = 0; i < sizeof checks / sizeof *checks && err == MS_OK; i++)
		err = checks[i](w, why);
	if (err == MS_OK)
		err = put(out, "conn", w->name, why);
	if (err == MS_OK)
		err = put_ends(w, out, why);
	if (err == MS_OK)
		err = put_bits(w, out, why);
	for (unsigned i = 0; i < whack_rows() && err == MS_OK; i++) {
		const struct whack_option *row = &whack_table[i];

		if (row->scope == WHACK_POLICY && row->kind != WHACK_POLICY_BIT &&
			w->general.row[i])
			err = put(
				out, row->key, row->value != NULL ? row->value : w->value[i], why);
	}
	return err;
}
