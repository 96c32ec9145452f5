/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about the daemon as a whole. */
#include "core/control/control_priv.h"
#include "core/ikev2/ikev2.h"

#include <modswan/creds.h>
#include <modswan/registry.h>

#include "lib/log/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cmd_shutdown(call *c)
{
	const char *flush = call_arg(c, "flush");

	c->d->flush_at_stop = flush != NULL && strcmp(flush, "yes") == 0;
	call_line(c, MS_RC_LOG, "shutting down");
	ms_notice(&c->d->log, "shutting down");
	call_done(c, MS_RC_COMMENT);
	ms_loop_stop(c->d->loop);
}

void cmd_listen(call *c)
{
	call_line(c, MS_RC_LOG, "listening for IKE messages");
	daemon_listen(c->d);
	cmd_rereadgroups(c);
}

void cmd_unlisten(call *c)
{
	call_line(c, MS_RC_LOG, "no longer listening for IKE messages");
	daemon_unlisten(c->d);
	call_done(c, MS_RC_COMMENT);
}

static const char *const plugin_states[] = {
	[MS_PLUGIN_FOUND] = "found",
	[MS_PLUGIN_LOADED] = "loaded",
	[MS_PLUGIN_OFF] = "off",
	[MS_PLUGIN_REFUSED] = "refused",
};

void cmd_plugins(call *c)
{
	struct ms_plugin_info info;
	struct ms_feature_info f;

	for (unsigned i = 0; ms_plugins_info(c->d->plugins, i, &info); i++) {
		char abi[16];
		struct ms_field_value v[] = { { "name", info.name }, { "state", plugin_states[info.state] },
			{ "file", info.file }, { "abi", abi },
			{ "reason", info.reason == NULL ? "" : info.reason } };

		snprintf(abi, sizeof abi, "%u", info.abi);
		call_record(c, "plugin", v, 5);
		call_line(c, MS_RC_COMMENT, "%s: %s; ABI %s; %s", info.name, plugin_states[info.state],
			abi, info.file);
		if (info.summary != NULL)
			call_line(c, MS_RC_COMMENT, "%s:   %s", info.name, info.summary);
		if (info.reason != NULL)
			call_line(c, MS_RC_COMMENT, "%s:   %s because: %s", info.name,
				plugin_states[info.state], info.reason);
		for (unsigned k = 0; ms_plugins_feature(c->d->plugins, i, k, &f); k++)
			call_line(c, MS_RC_COMMENT, "%s:   %s:%s %s%s%s", info.name,
				ms_role_name(f.role), f.name, f.on ? "on" : "off",
				f.on || f.reason == NULL ? "" : ": ",
				f.on || f.reason == NULL ? "" : f.reason);
	}
	call_done(c, MS_RC_COMMENT);
}

static void list_end_keys(call *c, const struct conn *conn, const struct conn_end *e)
{
	static const char *const types[] = { [MS_KEY_RSA] = "RSA", [MS_KEY_ECDSA] = "ECDSA",
		[MS_KEY_ED25519] = "Ed25519", [MS_KEY_ED448] = "Ed448" };
	char id[MS_ID_TEXT];

	ms_id_text(&e->id, id, sizeof id);
	for (unsigned i = 0; i < CONN_MAX_KEYS; i++)
		if (e->pubkeys[i] != NULL)
			call_line(c, MS_RC_COMMENT, "       %u bit %s key of '%s' in \"%s\"",
				ms_sign()->pubkey_bits(e->pubkeys[i]),
				types[ms_sign()->pubkey_type(e->pubkeys[i])], id, conn->desc->name);
}

static void key_line(void *arg, const char *text)
{
	call_line(arg, MS_RC_COMMENT, "%s", text);
}

void cmd_listpubkeys(call *c)
{
	const struct ms_provider *p;

	call_line(c, MS_RC_COMMENT, " ");
	call_line(c, MS_RC_COMMENT, "List of Public Keys:");
	call_line(c, MS_RC_COMMENT, " ");
	for (const struct conn *k = conn_first(c->d->conns); k != NULL; k = k->all_next) {
		if (k->template != NULL)
			continue;
		list_end_keys(c, k, &k->local);
		list_end_keys(c, k, &k->remote);
	}
	for (unsigned i = 0; (p = daemon_provider(c->d, MS_ROLE_CREDS, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->list_some != NULL)
			ops->list_some(p->instance, MS_CREDS_PUBKEYS, key_line, c);
	}
	call_done(c, MS_RC_COMMENT);
}

static void secret_line(void *arg, const char *text)
{
	call_line(arg, MS_RC_COMMENT, "    %s", text);
}

void cmd_listsecrets(call *c)
{
	const struct ms_provider *p;

	call_line(c, MS_RC_COMMENT, "List of Pre-shared secrets and private keys:");
	for (unsigned i = 0; (p = daemon_provider(c->d, MS_ROLE_CREDS, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->list != NULL)
			ops->list(p->instance, secret_line, c);
	}
	call_done(c, MS_RC_COMMENT);
}

void cmd_listalgs(call *c)
{
	struct ms_alg_info a;

	for (unsigned i = 0; ms_crypto_list(i, &a); i++)
		call_line(c, MS_RC_COMMENT, "algorithm %s: id=%u, name=%s, keybits=%u, from %s%s%s",
			ms_alg_kind_name(a.kind), a.id, a.name, a.key_bits, a.provider,
			a.offered ? "" : "; not offered: ", a.offered ? "" : a.reason);
	call_done(c, MS_RC_COMMENT);
}

void cmd_counters(call *c)
{
	for (unsigned i = 0; i < IKE_COUNTER_COUNT; i++)
		call_line(c, MS_RC_COMMENT, "%llu %s",
			(unsigned long long)ike_counter(c->d->ike, (enum ike_counter)i),
			ike_counter_text((enum ike_counter)i));
	call_done(c, MS_RC_COMMENT);
}

void cmd_debug(call *c)
{
	char *words = strdup(call_arg(c, "words")), *save = NULL;
	struct ms_why why = { "" };
	uint32_t mask = 0;
	ms_err err = words == NULL ? MS_ERR_NOMEM : MS_OK;

	for (char *w = err == MS_OK ? strtok_r(words, ", ", &save) : NULL; err == MS_OK && w != NULL;
		w = strtok_r(NULL, ", ", &save))
		err = ms_log_debug_word(w, &mask, &why);
	free(words);
	if (err != MS_OK) {
		call_fail(c, err, &why);
		return;
	}
	ms_log_debug_sources(mask);
	call_done(c, MS_RC_COMMENT);
}

void cmd_fsm(call *c)
{
	size_t n = ike_fsm_dot(&ikev2, NULL, 0);
	char *text = malloc(n + 1), *save = NULL;

	if (text == NULL) {
		call_fail(c, MS_ERR_NOMEM, NULL);
		return;
	}
	ike_fsm_dot(&ikev2, text, n + 1);
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		call_line(c, MS_RC_COMMENT, "%s", line);
	free(text);
	call_done(c, MS_RC_COMMENT);
}
