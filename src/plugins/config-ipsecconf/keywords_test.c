/* SPDX-License-Identifier: Apache-2.0 */
/* Every keyword of the family, and its words, against the reader: testing/keywords/ipsec.conf says
 * what must come of them. */
#include "ipsecconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct entry {
	char *section, *keyword, *outcome;
	unsigned line;
};

static char path[] = "/tmp/modswan-keywords-XXXXXX";
static char warning[1024];
static unsigned failed, keywords, values;

static void take_warning(void *arg, const char *text)
{
	(void)arg;
	snprintf(warning, sizeof warning, "%s", text);
}

/* The next word, or what stands between quotes; NULL: no more. */
static char *next_word(char **rest)
{
	char *p = *rest + strspn(*rest, " \t\n"), *word;
	bool quoted = *p == '"';

	if (*p == '\0')
		return NULL;
	word = quoted ? p + 1 : p;
	p = word + strcspn(word, quoted ? "\"" : " \t\n");
	*rest = *p == '\0' ? p : p + 1;
	*p = '\0';
	return word;
}

/* Writes a file whose third line has the keyword; `side` is "left", "right" or "". */
static void write_file(const struct entry *e, const char *side, const char *value)
{
	const char *name = strcmp(e->keyword, "-") == 0 ? "" : e->keyword;
	FILE *f = fopen(path, "we");

	if (f == NULL)
		abort();
	fprintf(f, "%s\n\t# what comes next is tried\n\t%s%s=%s%s%s\n",
		strcmp(e->section, "setup") == 0 ? "config setup" : "conn tried", side, name,
		value[0] == '{' ? "" : "\"", value, value[0] == '{' ? "" : "\"");
	if (fclose(f) != 0)
		abort();
}

static void complain(const struct entry *e, const char *side, const char *value, const char *text)
{
	fprintf(stderr, "testing/keywords/ipsec.conf:%u: %s%s=%s: %s\n", e->line, side, e->keyword,
		value, text[0] == '\0' ? "accepted without a word" : text);
	failed++;
}

/* FILE:3: KEYWORD=... */
static bool names_place(const struct entry *e, const char *side, const char *text)
{
	const char *name = strcmp(e->keyword, "-") == 0 ? "" : e->keyword;
	char start[256];
	size_t n = (size_t)snprintf(start, sizeof start, "%s:3: %s%s=", path, side, name);

	if (strlen(text) < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] != start[i] && !(text[i] == '-' && start[i] == '_') &&
			!(text[i] == '_' && start[i] == '-'))
			return false;
	return true;
}

/* A row that has no effect must say so. */
static bool is_mute(const struct entry *e)
{
	const struct ms_conf_key *keys = strcmp(e->section, "setup") == 0 ? ms_setup_keys
					 : strcmp(e->section, "end") == 0 ? ms_end_keys
									  : ms_conn_keys;
	const struct ms_conf_key *key =
		ms_conf_find(keys, strcmp(e->keyword, "-") == 0 ? "" : e->keyword);

	return key != NULL && (key->flags & (MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0;
}

static ms_err broken_in(const struct ipsecconf *c, struct ms_why *why)
{
	const struct kind *k = &c->kind[KIND_CONN];

	for (uint32_t i = 0; i < k->n; i++)
		if (k->section[i].broken != NULL)
			return ms_fail(why, k->section[i].broken_err, "%s", k->section[i].broken);
	return MS_OK;
}

static void one_value(const struct entry *e, const char *side, const char *value)
{
	bool works = strcmp(e->outcome, "works") == 0;
	struct ms_why why = { "" };
	struct ipsecconf *c;
	ms_err err;

	warning[0] = '\0';
	write_file(e, side, value);
	err = ipsecconf_read(&c, path, take_warning, NULL, &why);
	if (err == MS_OK)
		err = broken_in(c, &why);
	ipsecconf_free(&c);
	if (works && (err != MS_OK || warning[0] != '\0'))
		complain(e, side, value, err != MS_OK ? why.text : warning);
	else if (!works && err != MS_OK &&
		 (err != MS_ERR_UNSUPPORTED || !names_place(e, side, why.text) ||
			 strstr(why.text, ": known from the family, not supported here") == NULL))
		complain(e, side, value, why.text);
	else if (!works && warning[0] != '\0' &&
		 (!names_place(e, side, warning) || strstr(warning, " has no effect") == NULL))
		complain(e, side, value, warning);
	else if (!works && err == MS_OK && warning[0] == '\0' && is_mute(e))
		complain(e, side, value, "");
	values++;
}

static void one_line(char *line, unsigned number)
{
	struct entry e = { .line = number };
	char *rest = line, *value;
	unsigned n = 0;

	e.section = next_word(&rest);
	if (e.section == NULL || e.section[0] == '#')
		return;
	e.keyword = next_word(&rest);
	e.outcome = e.keyword == NULL ? NULL : next_word(&rest);
	if (e.outcome == NULL ||
		(strcmp(e.outcome, "works") != 0 && strcmp(e.outcome, "known") != 0)) {
		fprintf(stderr, "testing/keywords/ipsec.conf:%u: not understood\n", number);
		failed++;
		return;
	}
	keywords++;
	for (; (value = next_word(&rest)) != NULL; n++) {
		if (strcmp(e.section, "end") == 0) {
			one_value(&e, "left", value);
			one_value(&e, "right", value);
		} else {
			one_value(&e, "", value);
		}
	}
	if (n == 0)
		complain(&e, "", "", "no value is tried");
}

/* What nobody ever knew is not called known. */
static void nonsense(void)
{
	struct entry e = { (char[]){ "conn" }, (char[]){ "zzz-nonsense" }, (char[]){ "known" }, 0 };
	struct ms_why why = { "" };
	struct ipsecconf *c;

	write_file(&e, "", "yes");
	if (ipsecconf_read(&c, path, take_warning, NULL, &why) != MS_OK ||
		broken_in(c, &why) != MS_ERR_UNKNOWN)
		complain(&e, "", "yes", why.text);
	ipsecconf_free(&c);
}

int main(void)
{
	const char *top = getenv("srcdir");
	char file[512], line[1024];
	unsigned number = 0;
	FILE *f;
	int fd = mkstemp(path);

	snprintf(file, sizeof file, "%s/testing/keywords/ipsec.conf", top != NULL ? top : ".");
	f = fopen(file, "re");
	if (fd < 0 || f == NULL) {
		perror(file);
		return 1;
	}
	close(fd);
	while (fgets(line, sizeof line, f) != NULL)
		one_line(line, ++number);
	fclose(f);
	nonsense();
	unlink(path);
	printf("%u lines of keywords, %u values, %u failed\n", keywords, values, failed);
	return failed == 0 && keywords > 280 ? 0 : 1;
}
