/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals are kilobytes and thousands of connections have the same: one copy of each text. */
#include "core/conn/conn_priv.h"

#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

ms_err conn_intern(struct conn_table *t, enum ms_protocol protocol, const char *text,
	const struct ms_proposals **out, struct ms_why *why)
{
	struct conn_proposals *p;
	ms_err err;

	for (p = t->proposals; p != NULL; p = p->next)
		if (p->protocol == (int)protocol && same_text(p->text, text)) {
			*out = &p->value;
			return MS_OK;
		}
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return MS_ERR_NOMEM;
	p->protocol = (int)protocol;
	p->text = text == NULL ? NULL : strdup(text);
	err = ms_proposals_parse(&p->value, protocol, text, why);
	if (err == MS_OK && text != NULL && p->text == NULL)
		err = MS_ERR_NOMEM;
	if (err != MS_OK) {
		free(p->text);
		free(p);
		return err;
	}
	p->next = t->proposals;
	t->proposals = p;
	*out = &p->value;
	return MS_OK;
}
