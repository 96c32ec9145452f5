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

void conn_proposals_free(struct conn_proposals **p)
{
	free((*p)->text);
	free((*p)->wanted);
	free((*p)->found);
	free((*p)->groups);
	free(*p);
	*p = NULL;
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
		conn_proposals_free(&p);
		return err;
	}
	p->next = t->proposals;
	t->proposals = p;
	*out = &p->value;
	return MS_OK;
}

typedef size_t proposals_text_f(const struct ms_proposals *p, char *buf, size_t size);

static char *words(proposals_text_f *text, const struct ms_proposals *p)
{
	size_t size = text(p, NULL, 0) + 1;
	char *buf = malloc(size);

	if (buf != NULL)
		text(p, buf, size);
	return buf;
}

bool conn_proposal_words(const struct ms_proposals *interned, struct conn_proposal_words *out)
{
	struct conn_proposals *p = (struct conn_proposals *)((uintptr_t)interned -
		offsetof(struct conn_proposals, value));
	struct ms_proposals all;

	if (p->wanted == NULL &&
		ms_proposals_words(&all, (enum ms_protocol)p->protocol, p->text, NULL) == MS_OK)
		p->wanted = words(ms_proposals_listing, &all);
	if (p->found == NULL)
		p->found = words(ms_proposals_listing, interned);
	if (p->groups == NULL)
		p->groups = words(ms_proposals_groups, interned);
	*out = (struct conn_proposal_words){ p->wanted, p->found, p->groups };
	return p->wanted != NULL && p->found != NULL && p->groups != NULL;
}
