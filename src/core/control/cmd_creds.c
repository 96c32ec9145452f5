/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about secrets and certificates: what is known, and reading the files again. */
#include "core/control/control_priv.h"

#include <modswan/creds.h>

#include <string.h>

/* One command's word, and the kinds of role creds that it is about. */
static const struct {
	const char *command;
	uint32_t kinds;
} words[] = {
	{ "rereadsecrets", MS_CREDS_SECRETS },
	{ "rereadcerts", MS_CREDS_CERTS | MS_CREDS_CACERTS },
	{ "rereadcacerts", MS_CREDS_CACERTS },
	{ "rereadocspcerts", MS_CREDS_OCSP },
	{ "rereadcrls", MS_CREDS_CRLS },
	{ "rereadall", MS_CREDS_ALL },
	{ "listcerts", MS_CREDS_CERTS },
	{ "listcacerts", MS_CREDS_CACERTS },
	{ "listcrls", MS_CREDS_CRLS },
	{ "listocsp", MS_CREDS_OCSP },
	{ "fetchcrls", MS_CREDS_CRLS },
	{ "purgeocsp", MS_CREDS_OCSP },
};

static uint32_t kinds_of(const call *c)
{
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].command, c->request->command) == 0)
			return words[i].kinds;
	return 0;
}

static void log_line(void *arg, const char *text)
{
	call_line(arg, MS_RC_LOG, "%s", text);
}

static void comment_line(void *arg, const char *text)
{
	call_line(arg, MS_RC_COMMENT, "%s", text);
}

static ms_err reread(call *c, const struct ms_provider *p, uint32_t kinds, struct ms_why *why)
{
	const struct ms_creds_ops *ops = p->ops;
	unsigned n = 0;
	ms_err err = MS_OK;

	if ((kinds & MS_CREDS_SECRETS) && ops->reread != NULL) {
		err = ops->reread(p->instance, &n, why);
		if (err == MS_OK)
			call_line(c, MS_RC_LOG, "%s: %u secrets loaded", p->name, n);
	}
	if (err == MS_OK && ops->reread_some != NULL)
		err = ops->reread_some(p->instance, kinds, log_line, c, why);
	return err;
}

/* Secrets come first in the order of loading, so that a new passphrase opens what needs it. */
void cmd_reread(call *c)
{
	const struct ms_provider *p;
	uint32_t kinds = kinds_of(c);
	struct ms_why why = { "" };

	for (unsigned i = 0; (p = daemon_provider(c->d, MS_ROLE_CREDS, i)) != NULL; i++) {
		ms_err err = reread(c, p, kinds, &why);

		if (err != MS_OK) {
			call_fail(c, err, &why);
			return;
		}
	}
	/* A key that was published before it was here. */
	daemon_myid_look(c->d);
	call_done(c, MS_RC_COMMENT);
}

void cmd_list_creds(call *c)
{
	const struct ms_provider *p;

	for (unsigned i = 0; (p = daemon_provider(c->d, MS_ROLE_CREDS, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->list_some != NULL)
			ops->list_some(p->instance, (enum ms_creds_kind)kinds_of(c), comment_line, c);
	}
	call_done(c, MS_RC_COMMENT);
}

void cmd_refresh_creds(call *c)
{
	const struct ms_provider *p;

	for (unsigned i = 0; (p = daemon_provider(c->d, MS_ROLE_CREDS, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->refresh != NULL)
			ops->refresh(p->instance, kinds_of(c));
	}
	call_done(c, MS_RC_COMMENT);
}

void cmd_myid(call *c)
{
	struct ms_why why = { "" };
	ms_err err = daemon_myid_set(c->d, call_arg(c, "id"), &why);

	if (err != MS_OK)
		call_fail(c, err, &why);
	else
		call_done(c, MS_RC_COMMENT);
}
