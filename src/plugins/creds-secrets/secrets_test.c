/* SPDX-License-Identifier: Apache-2.0 */
/* ipsec.secrets: malformed files and their messages, good files with questions in them, and the
 * role functions. */
#include "secrets.h"

#include "lib/conf/cases.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <modswan/creds.h>
#include <modswan/plugin.h>
#include <modswan/registry.h>

#include <modswan/addr.h>
#include <sys/stat.h>
#include <time.h>

extern const struct ms_plugin creds_secrets_LTX_modswan_plugin;

/* Who can read the files of the source tree is not ours to say here. */
static void write_note(void *arg, const char *text)
{
	if (strstr(text, "everybody can") == NULL)
		fprintf(arg, "note: %s\n", text);
}

static void count_note(void *arg, const char *text)
{
	unsigned *n = arg;

	*n += strstr(text, "everybody can") != NULL;
}

/* --- malformed files --- */

static void bad_case(const char *path, FILE *out)
{
	struct ms_why why = { "" };
	struct secrets *s;
	ms_err err;

	err = secrets_read(&s, path, "keys", &sign_ops, write_note, out, &why);
	fprintf(out, "%s\n", err == MS_OK ? "(no error)" : ms_why_text(&why, err));
	secrets_free(&s);
}

/* --- good files: lines "#? psk ME PEER" and "#? key ME PEER" ask --- */

static void answer(const struct secrets *s, char *question, FILE *out)
{
	char *save = NULL, *kind = strtok_r(question, " \n", &save);
	char *mine = strtok_r(NULL, " \n", &save), *his = strtok_r(NULL, " \n", &save);
	struct ms_id me = { 0 }, peer = { 0 };
	const struct entry *e = NULL;
	struct ms_why why = { "" };
	char hex[256];
	ms_err err;

	if (ms_id_parse(&me, mine, strlen(mine), &why) != MS_OK ||
		ms_id_parse(&peer, his, strlen(his), &why) != MS_OK)
		abort();
	fprintf(out, "%s %s %s: ", kind, mine, his);
	if (strcmp(kind, "psk") == 0)
		err = choose_psk(s, &me, &peer, &e, &why);
	else
		err = choose_key(s, &me, &peer, NULL, &e, &why);
	if (err != MS_OK) {
		fprintf(out, "%s\n", why.text);
	} else if (e->psk.ptr != NULL) {
		ms_data_text(e->psk.ptr, e->psk.len, 'x', hex, sizeof hex);
		fprintf(out, "line %u, %s\n", e->line, hex);
	} else {
		fprintf(out, "line %u, %u bits\n", e->line, e->ops->pubkey_bits(e->pub));
	}
	ms_id_free(&me);
	ms_id_free(&peer);
}

static void good_case(const char *path, FILE *out)
{
	struct ms_why why = { "" };
	struct secrets *s;
	char line[512];
	FILE *f;

	if (secrets_read(&s, path, "keys", &sign_ops, write_note, out, &why) != MS_OK) {
		fprintf(out, "%s\n", why.text);
		return;
	}
	fprintf(out, "%u entries\n", s->n);
	f = fopen(path, "re");
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "#? ", 3) == 0)
			answer(s, line + 3, out);
	}
	fclose(f);
	secrets_free(&s);
}

/* --- the role --- */

static bool expect(bool ok, const char *what)
{
	if (!ok)
		fprintf(stderr, "failed: %s\n", what);
	return ok;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	chmod(path, 0600);
}

struct found {
	unsigned calls;
	ms_err err;
	char psk[32];
};

static void got_psk(void *arg, ms_err err, struct ms_bytes psk, const struct ms_why *why)
{
	struct found *f = arg;

	(void)why;
	f->calls++;
	f->err = err;
	snprintf(f->psk, sizeof f->psk, "%.*s", (int)psk.len,
		psk.ptr == NULL ? "" : (const char *)psk.ptr);
}

static void got_line(void *arg, const char *text)
{
	fprintf(arg, "%s\n", text);
}

static bool asks(const struct ms_creds_ops *ops, void *inst, const char *want)
{
	struct found f = { 0, MS_OK, "" };
	struct ms_id me = { 0 }, peer = { 0 };

	if (ms_id_parse(&me, "@west", 5, NULL) != MS_OK ||
		ms_id_parse(&peer, "@east", 5, NULL) != MS_OK)
		abort();
	ops->psk(inst, &me, &peer, NULL, got_psk, &f);
	ms_id_free(&me);
	ms_id_free(&peer);
	return f.calls == 1 && (want == NULL ? f.err == MS_ERR_NO_CREDENTIAL
					     : f.err == MS_OK && strcmp(f.psk, want) == 0);
}

static int role(void)
{
	const struct ms_plugin *plugin = &creds_secrets_LTX_modswan_plugin;
	const struct ms_creds_ops *ops = plugin->features[0].ops;
	char dir[] = "/tmp/modswan-secrets-XXXXXX", path[64], *lines = NULL;
	struct {
		char *file, *keydir;
	} conf = { NULL, NULL };
	static const struct ms_logger log = { .source = MS_SOURCE_CREDS };
	struct ms_services services = { .size = sizeof services, .confdir = dir, .log = &log };
	struct ms_why why = { "" };
	unsigned count = 0;
	size_t size = 0;
	void *inst = NULL;
	bool ok = true;
	FILE *out;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/ipsec.secrets", dir);
	ok &= expect(plugin->load(&inst, &services, &conf, &why) == MS_OK, "load without a file");
	ok &= expect(asks(ops, inst, NULL), "nothing in a missing file");
	write_file(path, "@west @east : PSK \"one\"\n@other : PSK \"zzz\"\n");
	ok &= expect(ops->reread(inst, &count, &why) == MS_OK && count == 2, "reread");
	ok &= expect(asks(ops, inst, "one"), "the secret");
	write_file(path, "@west @east : PSK \"two\"\n: PSK two\n");
	ok &= expect(ops->reread(inst, &count, &why) != MS_OK, "a mistake in the file");
	ok &= expect(asks(ops, inst, "one"), "the old secret after a mistake");
	write_file(path, "@west @east : PSK \"two\"\n: PSK \"default\"\n@a : PSK 0x00\n");
	ok &= expect(ops->reread(inst, &count, &why) == MS_OK && count == 3, "reread again");
	ok &= expect(asks(ops, inst, "two"), "the new secret");
	out = open_memstream(&lines, &size);
	ops->list(inst, got_line, out);
	fclose(out);
	ok &= expect(
		strcmp(lines, "1: PSK @west @east\n2: PSK (none) (none)\n3: PSK (none) @a\n") == 0,
		"list");
	free(lines);
	plugin->unload(&inst);
	ok &= expect(inst == NULL, "unload");
	unlink(path);
	rmdir(dir);
	return ok ? 0 : 1;
}

static bool keys_by_ckaid(const struct secrets *s)
{
	uint8_t ckaid[MS_CKAID_OCTETS] = { 0 };
	const struct entry *e = NULL;
	struct ms_why why = { "" };
	bool ok;

	/* CKAIDs are hashes of what keys are written as. */
	if (openssl_load(NULL) != MS_OK || ms_crypto_register(&openssl_ops, "openssl") != MS_OK)
		abort();
	ok = expect(choose_ckaid(s, ckaid, &e, &why) == MS_ERR_NO_CREDENTIAL && e == NULL &&
				 strstr(why.text, "0000000000000000000000000000000000000000") != NULL,
		"no key has a CKAID of zeros");

	for (uint32_t i = 3; i < 5; i++)
		ok &= expect(ms_ckaid(ckaid, s->entry[i].pub, NULL) == MS_OK &&
				     choose_ckaid(s, ckaid, &e, NULL) == MS_OK && e == &s->entry[i],
			"a key by its CKAID");
	ms_crypto_unregister("openssl");
	openssl_unload();
	return ok;
}

/* The key that belongs to a public key, whoever asks; and files that everybody can read. */
static int keys_and_modes(void)
{
	const char *top = getenv("srcdir");
	char path[512], keys[512], file[] = "/tmp/modswan-secrets-XXXXXX";
	const struct entry *e = NULL;
	struct ms_id me = { 0 };
	unsigned notes = 0;
	struct secrets *s;
	bool ok = true;
	int fd;

	snprintf(path, sizeof path, "%s/conf.d/ipsec.secrets.sample", top != NULL ? top : ".");
	ok &= expect(
		secrets_read(&s, path, "", NULL, write_note, stderr, NULL) == MS_OK && s->n == 2,
		"the sample file");
	secrets_free(&s);
	snprintf(path, sizeof path, "%s/testing/good-input/ipsec.secrets/14-key-files.in",
		top != NULL ? top : ".");
	snprintf(keys, sizeof keys, "%s/testing/good-input/ipsec.secrets/keys",
		top != NULL ? top : ".");
	if (secrets_read(&s, path, keys, &sign_ops, count_note, &notes, NULL) != MS_OK)
		abort();
	for (uint32_t i = 3; i < 5; i++)
		ok &= expect(choose_key(s, &me, NULL, s->entry[i].pub, &e, NULL) == MS_OK &&
				     e == &s->entry[i],
			"a key by its public half");
	ok &= keys_by_ckaid(s);
	secrets_free(&s);
	fd = mkstemp(file);
	if (fd < 0 || fchmod(fd, 0640) != 0)
		abort();
	notes = 0;
	ok &= expect(
		secrets_read(&s, file, keys, NULL, count_note, &notes, NULL) == MS_OK && notes == 0,
		"a file that its group can read");
	secrets_free(&s);
	if (fchmod(fd, 0644) != 0)
		abort();
	ok &= expect(
		secrets_read(&s, file, keys, NULL, count_note, &notes, NULL) == MS_OK && notes == 1,
		"a file that everybody can read");
	secrets_free(&s);
	close(fd);
	unlink(file);
	return ok ? 0 : 1;
}

/* --- CVE-2025-9615: what is opened with our rights is a file, and whose it is matters --- */

static unsigned owners;

static void count_owner(void *arg, const char *text)
{
	(void)arg;
	owners += strstr(text, "belongs to neither root nor") != NULL;
}

static bool refused(const char *path, const char *words)
{
	struct ms_why why = { "" };
	struct secrets *s;
	ms_err err = secrets_read(&s, path, "", NULL, count_owner, NULL, &why);

	secrets_free(&s);
	return err == MS_ERR_SYSTEM && strstr(why.text, words) != NULL;
}

static int cve_2025_9615_owners_and_links(void)
{
	char dir[] = "/tmp/modswan-secrets-XXXXXX", file[64], link[64], pipe[64];
	struct secrets *s;
	bool ok = true;
	FILE *f;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(file, sizeof file, "%s/secrets", dir);
	snprintf(link, sizeof link, "%s/link", dir);
	snprintf(pipe, sizeof pipe, "%s/pipe", dir);
	f = fopen(file, "w");
	if (f == NULL || fputs(": PSK \"x\"\n", f) < 0 || fclose(f) != 0 ||
		chmod(file, 0600) != 0 || symlink(file, link) != 0 || mkfifo(pipe, 0600) != 0)
		abort();
	ok &= expect(secrets_read(&s, link, "", NULL, count_owner, NULL, NULL) == MS_OK &&
			     s->n == 1 && owners == 0,
		"a link to a file of ours");
	secrets_free(&s);
	if (geteuid() == 0) {
		/* the link is root's, the file is not */
		if (chown(file, 65534, 65534) != 0)
			abort();
		ok &= expect(secrets_read(&s, link, "", NULL, count_owner, NULL, NULL) == MS_OK &&
				     owners == 1,
			"a link to a file of somebody else");
		secrets_free(&s);
	}
	/* these would be read for ever */
	ok &= expect(refused(pipe, "not a regular file"), "a pipe");
	ok &= expect(refused("/dev/zero", "not a regular file"), "a device");
	ok &= expect(refused(dir, "directory"), "a folder");
	unlink(link);
	unlink(pipe);
	unlink(file);
	rmdir(dir);
	return ok ? 0 : 1;
}

/* --- many --- */

static double seconds_for(unsigned n)
{
	struct ms_id me = { 0 }, peer = { 0 };
	char path[] = "/tmp/modswan-secrets-XXXXXX", name[32];
	const struct entry *e = NULL;
	struct timespec t0, t1;
	struct secrets *s;
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (f == NULL || ms_id_parse(&me, "@us", 3, NULL) != MS_OK)
		abort();
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "@us @peer%u : PSK \"secret %u\"\n", i, i);
	fclose(f);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
	if (secrets_read(&s, path, "keys", NULL, write_note, stderr, NULL) != MS_OK)
		abort();
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "@peer%u", i);
		if (ms_id_parse(&peer, name, strlen(name), NULL) != MS_OK ||
			choose_psk(s, &me, &peer, &e, NULL) != MS_OK || e->line != i + 1)
			abort();
		ms_id_free(&peer);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
	secrets_free(&s);
	ms_id_free(&me);
	unlink(path);
	return (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
}

/* Reading and finding each of ten times as many may take ten times as long, and some room. */
static int many(void)
{
	double small = seconds_for(5000), large = seconds_for(50000);

	printf("5,000 secrets %.3f s, 50,000 secrets %.3f s\n", small, large);
	return large < 25 * small + 0.05 ? 0 : 1;
}

int main(void)
{
	int failed = cases_run("testing/bad-input/ipsec.secrets", ".err", bad_case);

	failed += cases_run("testing/good-input/ipsec.secrets", ".out", good_case);
	failed += role();
	failed += keys_and_modes();
	failed += cve_2025_9615_owners_and_links();
	failed += many();
	return failed == 0 ? 0 : 1;
}
