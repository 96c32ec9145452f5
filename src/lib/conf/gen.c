/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conf/gen.h"

#include "lib/conf/conf_i.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* --- sample files --- */

#define SAMPLE_COLUMNS 78

static void comment(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column + 1 + len > SAMPLE_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column += (size_t)fprintf(out, "%s%.*s", column == 0 ? "# " : " ", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static const char *choice_of(const struct ms_conf_key *key, int64_t value)
{
	for (const struct ms_conf_choice *c = key->choices; c != NULL && c->name != NULL; c++) {
		if (c->value == value)
			return c->name;
	}
	return NULL;
}

static void items(FILE *out, const char *list)
{
	const char *sep = " ";

	fputc('[', out);
	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, ",");

		fprintf(out, "%s\"%.*s\"", sep, (int)len, list);
		sep = ", ";
		list += len + (list[len] == ',');
	}
	fputs(" ]", out);
}

static void flag_items(FILE *out, const struct ms_conf_key *key)
{
	uint32_t set = (uint32_t)key->def;
	const char *sep = " ";

	fputc('[', out);
	for (const struct ms_conf_choice *c = key->choices; c->name != NULL; c++) {
		if (c->value != 0 && (set & (uint32_t)c->value) == (uint32_t)c->value) {
			fprintf(out, "%s\"%s\"", sep, c->name);
			set &= ~(uint32_t)c->value;
			sep = ", ";
		}
	}
	fputs(" ]", out);
}

/* As libconfig wants it. */
static void value(FILE *out, const struct ms_conf_key *key)
{
	const char *word = choice_of(key, key->def);
	char text[32];

	switch (key->type) {
	case MS_CONF_BOOL:
		if (word != NULL)
			fprintf(out, "\"%s\"", word);
		else
			fputs(key->def != 0 ? "true" : "false", out);
		break;
	case MS_CONF_UINT:
		fprintf(out, "%" PRId64, key->def);
		break;
	case MS_CONF_TIME:
		conf_time_text((uint64_t)key->def, text, sizeof text);
		fprintf(out, "\"%s\"", text);
		break;
	case MS_CONF_ENUM:
		fprintf(out, "\"%s\"", word != NULL ? word : "");
		break;
	case MS_CONF_FLAGS:
		flag_items(out, key);
		break;
	case MS_CONF_LIST:
		items(out, key->def_text);
		break;
	default:
		fprintf(out, "\"%s\"", key->def_text != NULL ? key->def_text : "");
	}
}

void ms_conf_gen_sample(
	FILE *out, const char *file, const char *summary, const struct ms_conf_key *keys)
{
	char want[CONF_TEXT_MAX];

	fprintf(out, "# %s: %s\n#\n", file, summary);
	comment(out, "Every setting stands here with its default; take the # away to change it.");
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if (!conf_has_member(k))
			continue;
		fputc('\n', out);
		comment(out, k->brief != NULL ? k->brief : k->name);
		if (k->text != NULL)
			comment(out, k->text);
		if (k->type != MS_CONF_STRING && k->type != MS_CONF_LIST) {
			conf_expected(k, want, sizeof want);
			fprintf(out, "# (%s)\n", want);
		}
		fprintf(out, "#%s = ", k->name);
		value(out, k);
		fputs(";\n", out);
	}
}

/* --- manual sections --- */

/* roff takes a dot or quote at a line's start for a request and \ for an escape. */
static void roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
}

static void sentence(FILE *out, const char *text)
{
	size_t len = strlen(text);
	/* a word like ipsecN=DEVICE keeps its first letter */
	bool raise = islower((unsigned char)text[0]) && strcspn(text, "=%") >= strcspn(text, " ");

	if (len == 0)
		return;
	if (raise)
		fputc(toupper((unsigned char)text[0]), out);
	roff(out, text + raise);
	fputs(text[len - 1] == '.' ? "\n" : ".\n", out);
}

static void item_names(FILE *out, const struct ms_conf_key *k)
{
	if ((k->flags & MS_CONF_SIDES) != 0)
		fprintf(out, ".It Cm left%s , right%s\n", k->name, k->name);
	else
		fprintf(out, ".It Cm %s\n", k->name);
}

static bool explained(const struct ms_conf_key *k)
{
	for (const struct ms_conf_choice *c = k->choices; c != NULL && c->name != NULL; c++) {
		if (c->help != NULL && c->value != MS_CONF_NOT_HERE)
			return true;
	}
	return false;
}

static void other_names(FILE *out, const struct ms_conf_key *k, const struct ms_conf_choice *c)
{
	const char *sep = " (also ";
	bool any = false;

	for (const struct ms_conf_choice *d = k->choices; d->name != NULL; d++) {
		if (d != c && d->help == NULL && d->value == c->value) {
			fprintf(out, "%s%s", sep, d->name);
			sep = ", ";
			any = true;
		}
	}
	fputs(any ? ")\n" : "\n", out);
}

static void words_not_here(FILE *out, const struct ms_conf_key *k)
{
	const char *sep = "Refused, though the family has them: ";

	for (const struct ms_conf_choice *c = k->choices; c->name != NULL; c++) {
		if (c->value != MS_CONF_NOT_HERE)
			continue;
		fprintf(out, "%s%s", sep, c->name);
		sep = ", ";
	}
	fputs(sep[0] == ',' ? ".\n" : "", out);
}

static void choices(FILE *out, const struct ms_conf_key *k)
{
	char want[CONF_TEXT_MAX];

	if (!explained(k)) {
		if (k->type != MS_CONF_STRING && k->type != MS_CONF_LIST) {
			conf_expected(k, want, sizeof want);
			fputs("Value: ", out);
			roff(out, want);
			fputs(".\n", out);
		}
		return;
	}
	if (k->type == MS_CONF_UINT || k->type == MS_CONF_TIME) {
		conf_expected(k, want, sizeof want);
		fputs("Value: ", out);
		roff(out, want);
		fputs(".\n", out);
	}
	fputs(".Bl -tag -width indent -compact\n", out);
	for (const struct ms_conf_choice *c = k->choices; c->name != NULL; c++) {
		if (c->help == NULL || c->value == MS_CONF_NOT_HERE)
			continue;
		fprintf(out, ".It Li %s\n", c->name);
		roff(out, c->help);
		other_names(out, k, c);
	}
	fputs(".El\n", out);
	words_not_here(out, k);
}

static void default_of(FILE *out, const struct ms_conf_key *k)
{
	union {
		bool b;
		uint32_t u;
		uint64_t t;
		int e;
		char *s;
		char **l;
	} room;
	struct ms_conf_key alone = *k;
	char text[CONF_TEXT_MAX];

	/* The default as ms_conf_text() shows it, in a struct of this one member. */
	memset(&room, 0, sizeof room);
	alone.offset = 0;
	if (!conf_set_default(&alone, &room))
		return;
	ms_conf_text(&alone, &room, text, sizeof text);
	if (k->type == MS_CONF_STRING || k->type == MS_CONF_LIST) {
		const struct ms_conf_key both[] = { alone, MS_KEY_END };

		ms_conf_free(both, &room);
	}
	if (text[0] != '\0')
		fprintf(out, "Default:\n.Li %s\n", text);
}

static void aliases(FILE *out, const struct ms_conf_key *keys, const struct ms_conf_key *k)
{
	for (const struct ms_conf_key *a = keys; a->type != MS_CONF_END; a++) {
		if ((a->flags & MS_CONF_ALIAS) == 0 || !conf_word_eq(a->def_text, k->name))
			continue;
		fprintf(out, ".It Cm %s\n", a->name);
		if (a->choices != NULL) {
			fputs("Another way to say\n", out);
			fprintf(out, ".Cm %s :\n", k->name);
			for (const struct ms_conf_choice *c = a->choices; c->name != NULL; c++)
				fprintf(out, "%s%s", c == a->choices ? "" : ", ", c->name);
			fputs(".\n", out);
		} else {
			fprintf(out, "Another name of\n.Cm %s .\n", k->name);
		}
	}
}

void ms_conf_gen_man(FILE *out, const struct ms_conf_key *keys)
{
	fputs(".Bl -tag -width indent\n", out);
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if (!conf_has_member(k))
			continue;
		item_names(out, k);
		sentence(out, k->brief);
		if (k->text != NULL)
			sentence(out, k->text);
		choices(out, k);
		default_of(out, k);
		aliases(out, keys, k);
	}
	fputs(".El\n", out);
}

void ms_conf_gen_man_others(FILE *out, const struct ms_conf_key *keys, unsigned flag)
{
	bool any = false;

	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if ((k->flags & flag) == 0)
			continue;
		if (!any)
			fputs(".Bl -tag -width indent -compact\n", out);
		any = true;
		item_names(out, k);
		if (k->brief != NULL)
			sentence(out, k->brief);
		if (flag == MS_CONF_REFUSED && k->def_text != NULL)
			fprintf(out, "Accepted:\n.Li %s\n", k->def_text);
	}
	/* groff does not like an empty list */
	if (any)
		fputs(".El\n", out);
}
