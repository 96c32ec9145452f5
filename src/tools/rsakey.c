/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who makes RSA keys: a plugin of the role crypto that offers struct ms_rsa_ops.
 *
 * It is the one that --plugin names, or rsa-key-plugin in modswan.conf, or else, of those that are
 * installed, the one with the highest preference.  No other plugin is loaded, and before a key of
 * it is believed it has to pass a known-answer test.
 */
#include "tools/rsakey.h"

#include "tools/hostkey.h"
#include "tools/plugins.h"

#include <modswan/registry.h>
#include <modswan/text.h>

#include <stdio.h>
#include <string.h>

struct maker {
	struct tool_plugins plugins;
	const struct ms_rsa_ops *ops;
};

/* --- what is wished for ----------------------------------------------------------------------- */

bool rsa_take_exponent(const struct tool *t, struct rsa_order *o, const char *value)
{
	if (ms_number_parse(&o->e, value, strlen(value), 0, UINT32_MAX, NULL) == MS_OK && o->e >= 3 &&
		o->e % 2 == 1)
		return true;
	tool_error(t, "--e %s: an odd number from 3 to %u", value, UINT32_MAX);
	return false;
}

bool rsa_take_hostname(const struct tool *t, struct rsa_order *o, const char *value)
{
	o->hostname = value;
	if (hostname_is_plain(value))
		return true;
	tool_error(t, "--hostname %s: a name of letters, digits, - and dots", value);
	return false;
}

/* --- the plugin ------------------------------------------------------------------------------- */

static const struct ms_crypto_ops *offer(const struct ms_plugin *datum)
{
	const struct ms_feature *f;

	if (datum == NULL)
		return NULL;
	for (f = datum->features; f->kind != MS_FEATURE_END; f++) {
		const struct ms_crypto_ops *ops = f->ops;

		if (f->kind == MS_FEATURE_PROVIDES && f->role == MS_ROLE_CRYPTO
			&& ops->size >= sizeof *ops && ops->rsa != NULL)
			return ops;
	}
	return NULL;
}

/* NULL: none of them makes keys. */
static const struct ms_plugin *best(const struct tool_plugins *p)
{
	const struct ms_plugin *found = NULL;
	struct ms_plugin_info info;

	for (unsigned i = 0; ms_plugins_info(p->set, i, &info); i++) {
		const struct ms_plugin *datum = ms_plugins_datum(p->set, i);
		const struct ms_crypto_ops *ops =
			info.state == MS_PLUGIN_REFUSED ? NULL : offer(datum);

		if (ops != NULL && (found == NULL || ops->preference > offer(found)->preference))
			found = datum;
	}
	return found;
}

static ms_err choose(const struct tool_plugins *p, const char *name, const struct ms_plugin **out,
	struct ms_why *why)
{
	unsigned i = 0;
	ms_err err;

	if (name == NULL) {
		*out = best(p);
		return *out != NULL ? MS_OK
				    : ms_fail(why, MS_ERR_PLUGIN,
					      "no plugin in %.200s makes RSA keys: install crypto-gmp",
					      p->folder);
	}
	err = tool_plugins_named(p, name, &i, why);
	if (err != MS_OK)
		return err;
	*out = ms_plugins_datum(p->set, i);
	return offer(*out) != NULL ? MS_OK
				   : ms_fail(why, MS_ERR_PLUGIN, "plugin %s makes no RSA keys", name);
}

static ms_err maker_open(struct maker *m, const struct tool *t, const char *name, struct ms_why *why)
{
	ms_err err = tool_plugins_find(&m->plugins, t, NULL, why);
	const struct ms_plugin *datum = NULL;
	const char *names[2] = { NULL };

	if (err == MS_OK)
		err = choose(&m->plugins, name != NULL ? name : m->plugins.conf.rsa_key_plugin,
			&datum, why);
	if (err != MS_OK)
		return err;
	names[0] = datum->name;
	err = ms_plugins_load(m->plugins.set, names, why);
	if (err != MS_OK)
		return err;
	m->ops = offer(datum)->rsa;
	err = ms_rsa_test(m->ops, why);
	if (err != MS_OK)
		ms_why_prefix(why, "plugin %s failed its test: ", datum->name);
	return err;
}

static ms_err from_device(void *arg, void *out, size_t len, struct ms_why *why)
{
	const struct rsa_order *order = arg;

	return random_octets(order->random, out, len, why);
}

static void tell(void *arg, unsigned bits, unsigned looked_at)
{
	(void)arg;
	fprintf(stderr, "found a prime of %u bits, the %u. looked at\n", bits, looked_at);
}

static struct ms_rsa_wish wish_of(const struct rsa_order *order)
{
	return (struct ms_rsa_wish){ .size = sizeof(struct ms_rsa_wish),
		.bits = order->bits,
		.public_exponent = order->e,
		.rounds = (uint32_t)order->rounds,
		.plain_d = order->plain_d,
		.random = from_device,
		.progress = order->verbose ? tell : NULL,
		.arg = (void *)(uintptr_t)order };
}

ms_err rsa_key_make(struct ms_rsa_key *key, const struct tool *t, const struct rsa_order *order,
	struct ms_why *why)
{
	const struct ms_rsa_wish wish = wish_of(order);
	struct maker m = { .ops = NULL };
	ms_err err;

	if (wish.bits > RSA_MAX_BITS)
		return ms_fail(why, MS_ERR_RANGE, "overlarge bit count (max %u)", RSA_MAX_BITS);
	if (wish.bits % 16 != 0 || wish.bits == 0)
		return ms_fail(why, MS_ERR_RANGE, "bit count (%u) not multiple of 16", wish.bits);
	err = maker_open(&m, t, order->plugin, why);
	if (err == MS_OK)
		err = m.ops->make(&wish, key, why);
	tool_plugins_close(&m.plugins);
	return err;
}

ms_err rsa_key_complete(struct ms_rsa_key *key, const struct tool *t,
	const struct rsa_order *order, struct ms_why *why)
{
	const struct ms_rsa_wish wish = wish_of(order);
	struct maker m = { .ops = NULL };
	ms_err err = maker_open(&m, t, order->plugin, why);

	if (err == MS_OK)
		err = m.ops->complete(&wish, key, why);
	tool_plugins_close(&m.plugins);
	return err;
}
