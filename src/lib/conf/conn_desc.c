/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/config.h>

#include <modswan/mem.h>

#include <stdlib.h>
#include <string.h>

bool ms_conn_desc_defaults(struct ms_conn_desc *d)
{
	memset(d, 0, sizeof *d);
	if (ms_conf_defaults(ms_conn_keys, d) && ms_conf_defaults(ms_end_keys, &d->left) &&
		ms_conf_defaults(ms_end_keys, &d->right))
		return true;
	ms_conn_desc_free(d);
	return false;
}

bool ms_conn_desc_copy(struct ms_conn_desc *to, const struct ms_conn_desc *from)
{
	memset(to, 0, sizeof *to);
	to->name = from->name == NULL ? NULL : strdup(from->name);
	to->source = from->source == NULL ? NULL : strdup(from->source);
	to->section = from->section == NULL ? NULL : strdup(from->section);
	to->places = from->places == NULL ? NULL : strdup(from->places);
	if ((to->name != NULL) == (from->name != NULL) &&
		(to->source != NULL) == (from->source != NULL) &&
		(to->section != NULL) == (from->section != NULL) &&
		(to->places != NULL) == (from->places != NULL) &&
		ms_conf_copy(ms_conn_keys, to, from) &&
		ms_conf_copy(ms_end_keys, &to->left, &from->left) &&
		ms_conf_copy(ms_end_keys, &to->right, &from->right))
		return true;
	ms_conn_desc_free(to);
	return false;
}

static void wipe_text(char *text)
{
	if (text != NULL)
		ms_wipe(text, strlen(text));
}

static void wipe_end(struct ms_manual_end *e)
{
	wipe_text(e->espenckey);
	wipe_text(e->espauthkey);
	wipe_text(e->ahkey);
}

void ms_conn_desc_free(struct ms_conn_desc *d)
{
	wipe_text(d->manual.espenckey);
	wipe_text(d->manual.espauthkey);
	wipe_text(d->manual.ahkey);
	wipe_end(&d->left.manual);
	wipe_end(&d->right.manual);
	ms_conf_free(ms_conn_keys, d);
	ms_conf_free(ms_end_keys, &d->left);
	ms_conf_free(ms_end_keys, &d->right);
	free(d->name);
	free(d->source);
	free(d->section);
	free(d->places);
	d->name = d->source = d->section = d->places = NULL;
}
