/* SPDX-License-Identifier: Apache-2.0 */
/* ipsec.conf: malformed files and their messages, good files and what they mean, and the shape of
 * the plugin's role functions. */
#include "ipsecconf.h"

#include "lib/conf/cases.h"

#include <modswan/plugin.h>

#include <time.h>

extern const struct ms_plugin config_ipsecconf_LTX_modswan_plugin;

/* --- what a file means, as text --- */

static void dump(FILE *out, const struct ms_conf_key *keys, const void *from, const void *defaults,
	const char *side)
{
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		char text[2048], normal[2048];

		if ((k->flags & (MS_CONF_ALIAS | MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0)
			continue;
		ms_conf_text(k, from, text, sizeof text);
		ms_conf_text(k, defaults, normal, sizeof normal);
		if (strcmp(text, normal) != 0)
			fprintf(out, "\t%s%s=%s\n", side, k->name, text);
	}
}

/* Those that every file has have a test of their own. */
static bool is_builtin(const struct ms_conn_desc *d)
{
	return strncmp(d->source, "(built in)", 10) == 0;
}

static void dump_conn(void *arg, const struct ms_conn_desc *d)
{
	struct ms_conn_desc normal;
	FILE *out = arg;

	if (is_builtin(d))
		return;
	if (!ms_conn_desc_defaults(&normal))
		abort();
	fprintf(out, "conn %s # %s\n", d->name, d->source);
	dump(out, ms_end_keys, &d->left, &normal.left, "left");
	dump(out, ms_end_keys, &d->right, &normal.right, "right");
	dump(out, ms_conn_keys, d, &normal, "");
	ms_conn_desc_free(&normal);
}

static void dump_warning(void *arg, const char *text)
{
	fprintf(arg, "warning: %s\n", text);
}

static void dump_setup(FILE *out, const struct ms_setup_desc *setup)
{
	struct ms_setup_desc normal;

	if (!ms_conf_defaults(ms_setup_keys, &normal))
		abort();
	fprintf(out, "config setup\n");
	dump(out, ms_setup_keys, setup, &normal, "");
	ms_conf_free(ms_setup_keys, &normal);
}

static void run_case(const char *path, FILE *out)
{
	static const struct ms_config_sink sink = { .conn = dump_conn };
	struct ms_why why = { "" };
	struct ms_setup_desc setup;
	struct ipsecconf *c;
	char *conns = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&conns, &size);
	ms_err err = ipsecconf_read(&c, path, dump_warning, f, &why);

	if (err == MS_OK)
		err = resolve_setup(c, &setup, &why);
	if (err == MS_OK) {
		dump_setup(f, &setup);
		ms_conf_free(ms_setup_keys, &setup);
		err = ipsecconf_conns(c, NULL, &sink, f, &why);
	}
	fclose(f);
	/* On error nothing of what was collected counts. */
	if (err == MS_OK)
		fputs(conns, out);
	else
		fprintf(out, "%s\n", ms_why_text(&why, err));
	free(conns);
	ipsecconf_free(&c);
}

/* --- the role --- */

static void count_conn(void *arg, const struct ms_conn_desc *d)
{
	unsigned *n = arg;

	if (!is_builtin(d))
		++*n;
}

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
}

static int role(void)
{
	static const struct ms_config_sink sink = { .conn = count_conn };
	const struct ms_plugin *plugin = &config_ipsecconf_LTX_modswan_plugin;
	const struct ms_config_ops *ops = plugin->features[0].ops;
	char dir[] = "/tmp/modswan-ipsecconf-XXXXXX", path[64], *file = NULL;
	struct ms_services services = { .size = sizeof services, .confdir = dir };
	struct ms_setup_desc setup;
	struct ms_why why = { "" };
	unsigned n = 0;
	void *inst = NULL;
	bool ok = true;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/ipsec.conf", dir);
	ok &= expect(plugin->load(&inst, &services, &file, &why) == MS_OK, "load");
	ok &= expect(ops->conns(inst, NULL, &sink, &n, &why) == MS_OK && n == 0,
		"a missing file is empty");
	ok &= expect(ops->setup(inst, &setup, &why) == MS_OK, "setup without a file");
	ops->setup_free(inst, &setup);
	write_file(path, "conn base\n\tauthby=secret\n\nconn "
			 "a\n\talso=base\n\tleft=10.0.0.1\n\tright=10.0.0.2\n"
			 "\tauto=add\nconn b\n\talso=a\n\trightid=@b\n");
	ok &= expect(ops->conns(inst, NULL, &sink, &n, &why) == MS_OK && n == 2,
		"two of three sections");
	n = 0;
	ok &= expect(ops->conns(inst, "a", &sink, &n, &why) == MS_OK && n == 1, "one by name");
	ok &= expect(ops->conns(inst, "base", &sink, &n, &why) == MS_ERR_CONFIG && n == 1,
		"a section without ends by name");
	ok &= expect(
		ops->conns(inst, "c", &sink, &n, &why) == MS_ERR_UNKNOWN && n == 1, "no such conn");
	write_file(path, "conn a\n\tleft=10.0.0.1\n\tright=10.0.0.2\n\tauto=add\nconn "
			 "b\n\tlefft=10.0.0.1\n");
	ok &= expect(ops->conns(inst, NULL, &sink, &n, &why) == MS_ERR_UNKNOWN && n == 1,
		"nothing is handed over of a file with a mistake");
	unlink(path);
	rmdir(dir);
	plugin->unload(&inst);
	ok &= expect(inst == NULL, "unload");
	return ok ? 0 : 1;
}

/* The example that is installed is right and has four connections */
static int sample(void)
{
	static const struct ms_config_sink sink = { .conn = count_conn };
	const char *top = getenv("srcdir");
	struct ms_why why = { "" };
	struct ipsecconf *c;
	unsigned n = 0;
	char path[512];
	ms_err err;

	snprintf(path, sizeof path, "%s/conf.d/ipsec.conf.sample", top != NULL ? top : ".");
	err = ipsecconf_read(&c, path, dump_warning, stderr, &why);
	if (err == MS_OK)
		err = ipsecconf_conns(c, NULL, &sink, &n, &why);
	ipsecconf_free(&c);
	if (err != MS_OK)
		fprintf(stderr, "%s\n", why.text);
	return expect(err == MS_OK && n == 4, "the sample file") ? 0 : 1;
}

/* --- connections that nobody wrote --- */

static void list_builtin(void *arg, const struct ms_conn_desc *d)
{
	if (d->autostart != MS_AUTO_IGNORE)
		fprintf(arg, "%s%s %d %s %s\n", is_builtin(d) ? "" : "written: ", d->name, d->type,
			d->right.host, d->left.subnet != NULL ? d->left.subnet : "-");
}

static bool builtin_case(const char *text, const char *want)
{
	static const struct ms_config_sink sink = { .conn = list_builtin };
	char path[] = "/tmp/modswan-builtin-XXXXXX", *got = NULL;
	FILE *f = fdopen(mkstemp(path), "w"), *out;
	struct ms_why why = { "" };
	struct ipsecconf *c;
	size_t size;
	ms_err err;
	bool ok;

	if (f == NULL)
		abort();
	fputs(text, f);
	fclose(f);
	out = open_memstream(&got, &size);
	err = ipsecconf_read(&c, path, NULL, NULL, &why);
	if (err == MS_OK)
		err = ipsecconf_conns(c, NULL, &sink, out, &why);
	ipsecconf_free(&c);
	fclose(out);
	unlink(path);
	ok = err == MS_OK && strcmp(got, want) == 0;
	if (!ok)
		fprintf(stderr, "built in, from \"%s\": %s\n%swanted\n%s", text, why.text, got, want);
	free(got);
	return ok;
}

#define GROUPS                                                                                  \
	"private-or-clear 0 %opportunisticgroup -\nprivate 0 %opportunisticgroup -\nblock 4 %group -\n"

static int builtin(void)
{
	bool ok = true;

	ok &= builtin_case("", "clear 2 %group -\nclear-or-private 2 %opportunisticgroup -\n" GROUPS);
	ok &= builtin_case("config setup\n\toe=no\n", "");
	ok &= builtin_case("config setup\n\toe=yes\n",
		"clear 2 %group -\nclear-or-private 2 %opportunisticgroup -\n" GROUPS
		"packetdefault 0 %opportunistic 0.0.0.0/0\n");
	/* switched off, changed, taken in; %default does not reach those that nobody wrote */
	ok &= builtin_case("conn %default\n\tleftsubnet=10.0.0.0/8\n\nconn clear\n\tauto=ignore\n\n"
			   "conn clear-or-private\n\tleft=%defaultroute\n\tright=%group\n"
			   "\ttype=drop\n\tauthby=never\n\tauto=route\n\n"
			   "conn block-net\n\talso=block\n\tleftsubnet=192.0.2.128/29\n",
		"written: clear-or-private 3 %group 10.0.0.0/8\n"
		"written: block-net 4 %group 192.0.2.128/29\n" GROUPS);
	return ok ? 0 : 1;
}

/* So is the one that README.md shows. */
static int readme(void)
{
	static const struct ms_config_sink sink = { .conn = count_conn };
	const char *top = getenv("srcdir");
	char path[] = "/tmp/modswan-readme-XXXXXX", name[512], line[256];
	struct ms_why why = { "" };
	struct ipsecconf *c = NULL;
	bool inside = false;
	unsigned n = 0;
	FILE *in, *out = fdopen(mkstemp(path), "w");
	ms_err err;

	snprintf(name, sizeof name, "%s/README.md", top != NULL ? top : ".");
	in = fopen(name, "re");
	if (in == NULL || out == NULL)
		abort();
	while (fgets(line, sizeof line, in) != NULL) {
		if (strcmp(line, "with `/etc/ipsec.conf`\n") == 0)
			inside = true;
		else if (inside && strncmp(line, "    ", 4) == 0)
			fputs(line + 4, out);
		else if (inside && line[0] == '\n')
			fputs(line, out);
		else
			inside = false;
	}
	fclose(in);
	fclose(out);
	err = ipsecconf_read(&c, path, dump_warning, stderr, &why);
	if (err == MS_OK)
		err = ipsecconf_conns(c, "west-east", &sink, &n, &why);
	ipsecconf_free(&c);
	unlink(path);
	if (err != MS_OK)
		fprintf(stderr, "%s\n", why.text);
	return expect(err == MS_OK && n == 1, "the example in README.md") ? 0 : 1;
}

/* --- many --- */

/* The cost for one connection must not grow with their number: ten times as many may take ten
 * times as long, with room for a busy machine. */
static double seconds_for(unsigned n, const char *path)
{
	static const struct ms_config_sink sink = { .conn = count_conn };
	struct timespec t0, t1;
	struct ms_why why = { "" };
	struct ipsecconf *c;
	unsigned seen = 0;
	FILE *f = fopen(path, "we");
	ms_err err;

	if (f == NULL)
		abort();
	fprintf(f, "conn %%default\n\tkeyingtries=1\n\nconn "
		   "base\n\tleft=192.0.2.1\n\tleftsubnet=10.0.0.0/8\n\n");
	for (unsigned i = 0; i < n; i++)
		fprintf(f,
			"conn "
			"peer-%u\n\talso=base\n\tright=10.%u.%u.%u\n\trightid=@peer%u.example.org\n"
			"\trightsubnet=172.16.%u.0/24\n\tauto=add\n\tauthby=secret\n\n",
			i, i >> 16 & 255, i >> 8 & 255, i & 255, i, i & 255);
	fclose(f);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
	err = ipsecconf_read(&c, path, NULL, NULL, &why);
	if (err == MS_OK)
		err = ipsecconf_conns(c, NULL, &sink, &seen, &why);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
	ipsecconf_free(&c);
	unlink(path);
	if (err != MS_OK || seen != n) {
		fprintf(stderr, "%u of %u connections: %s\n", seen, n, why.text);
		abort();
	}
	return (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
}

static int many(void)
{
	char path[] = "/tmp/modswan-many-XXXXXX";
	int fd = mkstemp(path);
	double small, large;

	if (fd < 0)
		abort();
	close(fd);
	small = seconds_for(5000, path);
	large = seconds_for(50000, path);
	printf("5,000 connections %.3f s, 50,000 connections %.3f s\n", small, large);
	return large < 25 * small + 0.05 ? 0 : 1;
}

int main(void)
{
	int failed = cases_run("testing/bad-input/ipsec.conf", ".err", run_case);

	failed += cases_run("testing/good-input/ipsec.conf", ".out", run_case);
	failed += role();
	failed += sample();
	failed += readme();
	failed += builtin();
	failed += many();
	return failed == 0 ? 0 : 1;
}
