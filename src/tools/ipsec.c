/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipsec: the one command in front of everything.
 *
 *	ipsec [--confdir DIR] [--rundir DIR] COMMAND [ARGUMENT]...
 *
 * Most commands are functions of this program (commands.c); any other name is looked for as a
 * program in the directory of the daemons (`ipsec pluto`, `ipsec _updown`).  Where an instance
 *lives comes from the options, else from IPSEC_CONFS and IPSEC_RUNDIR, else from how the software
 *was built, and is handed on in the environment.
 */
#include "tools/tool.h"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void tool_version(FILE *f)
{
	fprintf(f, "Linux ModSwan %s\n", PACKAGE_VERSION);
	fprintf(f, "See `ipsec --copyright' for copyright information.\n");
}

int tool_version_command(struct tool *t, int argc, char **argv)
{
	(void)t;
	(void)argc;
	(void)argv;
	tool_version(stdout);
	return 0;
}

/* --- listings --------------------------------------------------------------------------------- */

static bool is_hidden(const char *name)
{
	size_t len = strlen(name);

	return name[0] == '_' || name[0] == '.' || (len > 0 && name[len - 1] == '~') ||
	       (len > 4 && strcmp(name + len - 4, ".old") == 0);
}

static void list_programs(const struct tool *t)
{
	DIR *d = opendir(t->execdir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (!is_hidden(e->d_name) && strcmp(e->d_name, "ipsec") != 0 &&
			tool_find_command(e->d_name) == NULL)
			printf("  %-14s program of %s\n", e->d_name, t->execdir);
	if (d != NULL)
		closedir(d);
}

static int usage(FILE *f, int status)
{
	fputs("Usage: ipsec [--confdir DIR] [--rundir DIR] COMMAND [ARGUMENT]...\n"
	      "\n"
	      "Use --help for a list of commands, --version for the version, and see ipsec(8).\n",
		f);
	return status;
}

static int help(const struct tool *t)
{
	puts("Usage: ipsec [--confdir DIR] [--rundir DIR] COMMAND [ARGUMENT]...\n\n"
	     "Most commands show their options with --help.  The commands are:");
	for (const struct tool_command *c = tool_commands; c->name != NULL; c++)
		if (c->help != NULL)
			printf("  %-14s %s\n", c->name, c->help);
	list_programs(t);
	return 0;
}

static int copyright(void)
{
	puts("ModSwan is licensed under the Apache License, Version 2.0; you may not use it "
	     "except\n"
	     "in compliance with the License, which is in the file LICENSE of its sources and at\n"
	     "http://www.apache.org/licenses/LICENSE-2.0.\n\n"
	     "It is distributed on an \"AS IS\" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY "
	     "KIND,\n"
	     "either express or implied.");
	return 0;
}

/* --- options of ipsec itself ------------------------------------------------------------------ */

static const char *const own_options[] = { "help", "version", "versioncode", "copyright",
	"directory", "confdir", "rundir", NULL };

/* For the check of the manual page. */
static int list_own_options(bool commands)
{
	for (const struct tool_command *c = tool_commands; commands && c->name != NULL; c++)
		if (c->help != NULL)
			printf(".It Cm %s%s%s\n%s\n", c->name, c->args != NULL ? " Ar " : "",
				c->args != NULL ? c->args : "", c->help);
	if (commands)
		return 0;
	for (unsigned i = 0; own_options[i] != NULL; i++)
		printf("--%s\n", own_options[i]);
	return 0;
}

static int bad_option(const char *word)
{
	fprintf(stderr, "ipsec: unknown option `%s' (perhaps the command name was left out?)\n",
		word);
	usage(stderr, 1);
	return 1;
}

static int print(const char *text)
{
	puts(text);
	return 0;
}

/* A folder must be known wherever the daemons will stand. */
static const char *absolute(const char *dir)
{
	char *cwd, *path;

	if (dir[0] == '/' || (cwd = getcwd(NULL, 0)) == NULL)
		return dir;
	path = tool_format("%s/%s", cwd, dir);
	free(cwd);
	return path;
}

/* --confdir and --rundir: with a folder behind it ("=DIR", or a next word that is no option) the
 * option sets the folder of this call, as the last word it prints it.  -1: set. */
static int folder_option(const char **folder, const char *word, int argc, char **argv, int *i)
{
	const char *eq = strchr(word, '=');

	if (eq != NULL) {
		*folder = absolute(eq + 1);
		return -1;
	}
	if (*i + 1 >= argc || argv[*i + 1][0] == '-')
		return print(*folder);
	*folder = absolute(argv[++*i]);
	return -1;
}

static bool is_option(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, len) == 0 &&
	       (word[2 + len] == '\0' || word[2 + len] == '=');
}

/* -1: go on behind word *i, else the exit status. */
static int own_option(struct tool *t, int argc, char **argv, int *i)
{
	const char *word = argv[*i];

	if (is_option(word, "confdir"))
		return folder_option(&t->confdir, word, argc, argv, i);
	if (is_option(word, "rundir"))
		return folder_option(&t->rundir, word, argc, argv, i);
	if (strcmp(word, "--help") == 0)
		return help(t);
	if (strcmp(word, "--version") == 0)
		return tool_version_command(t, 0, NULL);
	if (strcmp(word, "--versioncode") == 0)
		return print(PACKAGE_VERSION);
	if (strcmp(word, "--copyright") == 0)
		return copyright();
	if (strcmp(word, "--directory") == 0)
		return print(t->execdir);
	if (strcmp(word, "--options") == 0)
		return list_own_options(*i + 1 < argc);
	return bad_option(word);
}

/* --- the command ------------------------------------------------------------------------------ */

static const char *from_env(const char *name, const char *otherwise)
{
	const char *v = getenv(name);

	return v != NULL && v[0] == '/' ? v : otherwise;
}

static void hand_on(const struct tool *t)
{
	const char *path = getenv("PATH");
	char *longer = tool_format(
		"%s:%s", t->sbindir, path != NULL ? path : "/usr/sbin:/usr/bin:/sbin:/bin");

	setenv("PATH", longer, 1);
	free(longer);
	setenv("IPSEC_DIR", t->execdir, 1);
	setenv("IPSEC_LIBDIR", t->execdir, 1);
	setenv("IPSEC_EXECDIR", t->execdir, 1);
	setenv("IPSEC_SBINDIR", t->sbindir, 1);
	setenv("IPSEC_CONFS", t->confdir, 1);
	setenv("IPSEC_RUNDIR", t->rundir, 1);
	setenv("IPSEC_VERSION", PACKAGE_VERSION, 1);
}

static int run_program(const struct tool *t, char **argv)
{
	char *path = tool_format("%s/%s", t->execdir, argv[0]);
	int err = ENOENT;

	if (strchr(argv[0], '/') == NULL && argv[0][0] != '.') {
		execv(path, argv);
		err = errno;
	}
	if (err == ENOENT)
		fprintf(stderr, "ipsec: unknown IPsec command `%s' (`ipsec --help' lists them)\n",
			argv[0]);
	else
		fprintf(stderr, "ipsec: cannot run \"%s\": %s\n", path, strerror(err));
	free(path);
	return 1;
}

int tool_script(struct tool *t, int argc, char **argv)
{
	(void)argc;
	return run_program(t, argv);
}

int main(int argc, char **argv)
{
	struct tool t = {
		.confdir = from_env("IPSEC_CONFS", MS_CONFDIR),
		.rundir = from_env("IPSEC_RUNDIR", MS_RUNDIR),
		.execdir = from_env("IPSEC_EXECDIR", MS_EXECDIR),
		.sbindir = from_env("IPSEC_SBINDIR", MS_SBINDIR),
	};
	int i, status;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		status = own_option(&t, argc, argv, &i);
		if (status != -1)
			return status;
	}
	if (i >= argc)
		return usage(stdout, 0);
	hand_on(&t);
	t.command = tool_find_command(argv[i]);
	if (t.command == NULL) {
		status = tool_verb(&t, argc - i, argv + i);
		return status != -1 ? status : run_program(&t, argv + i);
	}
	if (tool_list_options(t.command->options, argc - i, argv + i))
		return 0;
	return t.command->run(&t, argc - i, argv + i);
}
