/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what people read from the key tables; runs while building and is not installed.
 *
 *	confgen samples OUTDIR [FOLDER]...   OUTDIR/modswan.conf, OUTDIR/PLUGIN.conf
 *	confgen man FRAME [FOLDER]...        FRAME with its @@ lines replaced, to standard output
 *	confgen check-man PAGE [FOLDER]...   every keyword of the page exists, every one is there
 *
 * FOLDERs hold built plugins; those linked in are known without.
 */
#include "lib/conf/daemon_keys.h"
#include "lib/conf/gen.h"
#include "lib/plugin/loader.h"

#include <modswan/config.h>

#include <ltdl.h>
#include <stdlib.h>
#include <string.h>

extern const lt_dlsymlist lt_preloaded_symbols[];

static struct ms_plugins *plugins;

static void find_plugins(char **folders)
{
	static struct ms_services services = { .size = sizeof services };
	struct ms_plugin_info info;
	struct ms_why why = { "" };

	plugins = ms_plugins_new(&services);
	ms_plugins_find_preopened(plugins, (const struct ms_preopened *)lt_preloaded_symbols);
	for (; *folders != NULL; folders++) {
		if (ms_plugins_find(plugins, *folders, &why) != MS_OK) {
			fprintf(stderr, "confgen: %s\n", why.text);
			exit(1);
		}
	}
	for (unsigned i = 0; ms_plugins_info(plugins, i, &info); i++) {
		if (ms_plugins_datum(plugins, i) == NULL) {
			fprintf(stderr, "confgen: %s: %s\n", info.file, info.reason);
			exit(1);
		}
	}
}

/* The i-th plugin that has settings. */
static const struct ms_plugin *with_keys(unsigned *i)
{
	struct ms_plugin_info info;

	for (; ms_plugins_info(plugins, *i, &info); ++*i) {
		const struct ms_plugin *p = ms_plugins_datum(plugins, *i);

		if (p->keys != NULL && p->keys->type != MS_CONF_END) {
			++*i;
			return p;
		}
	}
	return NULL;
}

/* --- samples --- */

static int sample(
	const char *dir, const char *name, const char *summary, const struct ms_conf_key *keys)
{
	char path[4096], file[256];
	FILE *out;

	snprintf(file, sizeof file, "%s.conf", name);
	snprintf(path, sizeof path, "%s/%s", dir, file);
	out = fopen(path, "we");
	if (out == NULL) {
		perror(path);
		return 1;
	}
	ms_conf_gen_sample(out, file, summary, keys);
	if (fclose(out) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

static int samples(const char *dir)
{
	int failed = sample(dir, "modswan", "how the daemon itself runs", ms_daemon_keys);
	const struct ms_plugin *p;
	unsigned i = 0;

	while ((p = with_keys(&i)) != NULL)
		failed |= sample(dir, p->name, p->summary, p->keys);
	return failed;
}

/* --- manual pages --- */

static void plugin_sections(FILE *out)
{
	const struct ms_plugin *p;
	unsigned i = 0;

	while ((p = with_keys(&i)) != NULL) {
		fprintf(out, ".Ss %s.conf\n%s.\n", p->name, p->summary);
		ms_conf_gen_man(out, p->keys);
	}
}

static bool replace(const char *line, FILE *out)
{
	if (strcmp(line, "@@setup@@\n") == 0)
		ms_conf_gen_man(out, ms_setup_keys);
	else if (strcmp(line, "@@ends@@\n") == 0)
		ms_conf_gen_man(out, ms_end_keys);
	else if (strcmp(line, "@@conn@@\n") == 0)
		ms_conf_gen_man(out, ms_conn_keys);
	else if (strcmp(line, "@@setup-ignored@@\n") == 0)
		ms_conf_gen_man_others(out, ms_setup_keys, MS_CONF_IGNORED);
	else if (strcmp(line, "@@setup-refused@@\n") == 0)
		ms_conf_gen_man_others(out, ms_setup_keys, MS_CONF_REFUSED);
	else if (strcmp(line, "@@ends-ignored@@\n") == 0)
		ms_conf_gen_man_others(out, ms_end_keys, MS_CONF_IGNORED);
	else if (strcmp(line, "@@ends-refused@@\n") == 0)
		ms_conf_gen_man_others(out, ms_end_keys, MS_CONF_REFUSED);
	else if (strcmp(line, "@@conn-ignored@@\n") == 0)
		ms_conf_gen_man_others(out, ms_conn_keys, MS_CONF_IGNORED);
	else if (strcmp(line, "@@conn-refused@@\n") == 0)
		ms_conf_gen_man_others(out, ms_conn_keys, MS_CONF_REFUSED);
	else if (strcmp(line, "@@daemon@@\n") == 0)
		ms_conf_gen_man(out, ms_daemon_keys);
	else if (strcmp(line, "@@plugins@@\n") == 0)
		plugin_sections(out);
	else
		return false;
	return true;
}

static int man(const char *frame, FILE *out)
{
	FILE *in = fopen(frame, "re");
	char line[1024];

	if (in == NULL) {
		perror(frame);
		return 1;
	}
	while (fgets(line, sizeof line, in) != NULL) {
		if (replace(line, out))
			continue;
		if (strncmp(line, "@@", 2) == 0) {
			fprintf(stderr, "confgen: %s: nothing for %s", frame, line);
			fclose(in);
			return 1;
		}
		fputs(line, out);
	}
	fclose(in);
	return fflush(out) == 0 ? 0 : 1;
}

/* --- checks --- */

static bool known_in(const struct ms_conf_key *keys, const char *word)
{
	return ms_conf_find(keys, word) != NULL;
}

/* Is this a word that some table or the grammar knows? */
static bool known(const char *word)
{
	static const char *const grammar[] = { "version", "include", "config", "conn", "setup",
		"also", "alsoflip", "PSK", "RSA", "ECDSA", "PKCS8", "P12", "XAUTH", "PIN", "PPKS" };
	const struct ms_plugin *p;
	unsigned i = 0;

	for (size_t k = 0; k < sizeof grammar / sizeof grammar[0]; k++) {
		if (strcmp(grammar[k], word) == 0)
			return true;
	}
	while ((p = with_keys(&i)) != NULL) {
		if (known_in(p->keys, word))
			return true;
	}
	if (strncmp(word, "left", 4) == 0 && known_in(ms_end_keys, word + 4))
		return true;
	if (strncmp(word, "right", 5) == 0 && known_in(ms_end_keys, word + 5))
		return true;
	return known_in(ms_conn_keys, word) || known_in(ms_setup_keys, word) ||
	       known_in(ms_daemon_keys, word);
}

/* Keywords stand behind .Cm and .It Cm, one or two (left and right) to a line. */
static int check_words(const char *page, char *text)
{
	char *save = NULL;
	int failed = 0;

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char *cm = strncmp(line, ".Cm ", 4) == 0      ? line + 4
			   : strncmp(line, ".It Cm ", 7) == 0 ? line + 7
							      : NULL;
		char *word, *inner = NULL;

		if (cm == NULL)
			continue;
		for (word = strtok_r(cm, " ", &inner); word != NULL;
			word = strtok_r(NULL, " ", &inner)) {
			if (strlen(word) == 1 || strcmp(word, "Ns") == 0)
				continue;
			if (!known(word)) {
				fprintf(stderr, "%s: %s is no keyword\n", page, word);
				failed = 1;
			}
		}
	}
	return failed;
}

static int has_items(const char *page, const char *text, const struct ms_conf_key *keys)
{
	char want[256];
	int failed = 0;

	for (; keys->type != MS_CONF_END; keys++) {
		snprintf(want, sizeof want, ".It Cm %s%s%s\n",
			(keys->flags & MS_CONF_SIDES) != 0 ? "left" : "", keys->name,
			(keys->flags & MS_CONF_SIDES) != 0 ? " ," : "");
		if ((keys->flags & MS_CONF_SIDES) != 0)
			*strchr(want, '\n') = '\0';
		if (strstr(text, want) == NULL) {
			fprintf(stderr, "%s: %s%s is missing\n", page,
				(keys->flags & MS_CONF_SIDES) != 0 ? "left" : "", keys->name);
			failed = 1;
		}
	}
	return failed;
}

static int check_man(const char *page)
{
	FILE *in = fopen(page, "re");
	const struct ms_plugin *p;
	char *text = NULL;
	unsigned i = 0;
	size_t size = 0;
	int failed = 0;

	if (in == NULL || getdelim(&text, &size, '\0', in) <= 0) {
		perror(page);
		return 1;
	}
	fclose(in);
	if (strstr(page, "ipsec.conf") != NULL) {
		failed |= has_items(page, text, ms_setup_keys);
		failed |= has_items(page, text, ms_conn_keys);
		failed |= has_items(page, text, ms_end_keys);
	} else if (strstr(page, "modswan.conf") != NULL) {
		failed |= has_items(page, text, ms_daemon_keys);
		while ((p = with_keys(&i)) != NULL)
			failed |= has_items(page, text, p->keys);
	}
	failed |= check_words(page, text);
	free(text);
	return failed;
}

int main(int argc, char **argv)
{
	int rc;

	if (argc < 3) {
		fprintf(stderr,
			"usage: confgen samples DIR | man FRAME | check-man PAGE [FOLDER]...\n");
		return 2;
	}
	find_plugins(argv + 3);
	if (strcmp(argv[1], "samples") == 0)
		rc = samples(argv[2]);
	else if (strcmp(argv[1], "man") == 0)
		rc = man(argv[2], stdout);
	else if (strcmp(argv[1], "check-man") == 0)
		rc = check_man(argv[2]);
	else
		rc = 2;
	ms_plugins_free(&plugins);
	return rc;
}
