/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of modswan.conf and the plugins' files.  An odd first octet: the rest is the file; an even
 * one: each octet picks a word.  A refused file has a reason with its name; of an accepted one each value
 * prints as a text that would be accepted again.
 */
#include "lib/conf/daemon_keys.h"
#include "fuzz/fuzz.h"

/* The library forgets some words of a file that it refuses; that is for its makers to mend. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

static const char *const word[] = { " = ", ";\n", "{", "}", "(", ")", "[", "]", ",", "\"", "\"x\"",
	"\"30s\"", "1", "-1", "0x7fffffff", "9223372036854775807L", "1.5", "true", "false", "yes", "\n",
	"# c\n", "/* ", " */", "\\", "a", "@", "10.0.0.1", ":", "\xff", "+=", "load" };

static void again(const struct ms_conf_key *keys, const void *from)
{
	struct ms_daemon_conf to;

	MUST(ms_conf_defaults(keys, &to));
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		char text[4096];
		size_t n;

		if ((k->flags & (MS_CONF_ALIAS | MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0)
			continue;
		n = ms_conf_text(k, from, text, sizeof text);
		MUST(n >= sizeof text || n == strlen(text));
		/* an empty list has no text */
		if (n < sizeof text && n > 0)
			MUST(ms_conf_set(k, &to, text, NULL) == MS_OK);
	}
	ms_conf_free(keys, &to);
}

static void read_text(const char *text, size_t len)
{
	struct ms_daemon_conf conf;
	struct ms_why why = { "" };
	char path[64];
	int fd;

	/* Other files are nobody's business here. */
	if (memmem(text, len, "@include", 8) != NULL)
		return;
	fd = fuzz_file("modswan.conf", text, len, path);
	if (ms_conf_load(path, ms_daemon_keys, &conf, &why) == MS_OK)
		again(ms_daemon_keys, &conf);
	else
		MUST(strncmp(why.text, path, strlen(path)) == 0);
	ms_conf_free(ms_daemon_keys, &conf);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[8192];
	size_t used = 0;
	unsigned names = 0;

	if (size == 0)
		return 0;
	if ((data[0] & 1) != 0) {
		read_text((const char *)data + 1, size - 1);
		return 0;
	}
	for (const struct ms_conf_key *k = ms_daemon_keys; k->type != MS_CONF_END; k++)
		names++;
	for (size_t i = 1; i < size; i++) {
		const char *w = word[data[i] % (sizeof word / sizeof word[0])];

		if (data[i] >= 0xc0)
			w = ms_daemon_keys[data[i] % names].name;
		if (used + strlen(w) > sizeof text)
			break;
		memcpy(text + used, w, strlen(w));
		used += strlen(w);
	}
	read_text(text, used);
	return 0;
}
