/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec verify`: what has to be right on this system and in DNS, each with its remedy.
 *
 * It only looks.  The exit status is 0 however much was found, as in the family: the lines are for
 * people.
 */
#include "tools/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Where "[OK]" begins: on lines about this system, and on those about DNS. */
enum { SYSTEM_COLUMNS = 60, DNS_COLUMNS = 56 };
enum { HELP, VERSION, HOST, ADDRESS, COLOUR, NOCOLOUR };

static const struct tool_option table[] = {
	[HELP] = TOOL_HELP,
	[VERSION] = TOOL_VERSION,
	[HOST] = { "host", "NAME", "only the records that NAME publishes" },
	[ADDRESS] = { "ip", "ADDRESS", "only the records in the reverse map of ADDRESS" },
	[COLOUR] = { "colour", NULL, "colours even when nobody sees them" },
	[NOCOLOUR] = { "nocolour", NULL, "no colours" },
	{ NULL, NULL, NULL },
};

const struct tool_options verify_options = TOOL_OPTIONS(table, false);

static const struct {
	const char *word;
	unsigned colour; /* of a terminal, ECMA-48 */
} results[] = {
	[VERIFY_OK] = { "OK", 32 },
	[VERIFY_FAILED] = { "FAILED", 31 },
	[VERIFY_MISSING] = { "MISSING", 31 },
	[VERIFY_BLOCKED] = { "BLOCKED", 31 },
	[VERIFY_DEPRECATED] = { "DEPRECATED", 33 },
	[VERIFY_UNKNOWN] = { "N/A", 33 },
};

void verify_say(const struct verify *v, const char *label, enum verify_result result,
	const char *remedy, ...)
{
	const char *word = results[result].word;
	va_list ap;

	printf("%-*s", (int)v->columns - 1, label);
	if (v->colour)
		printf(" [\033[%um%s\033[0m]\n", results[result].colour, word);
	else
		printf(" [%s]\n", word);
	if (result == VERIFY_OK || remedy == NULL)
		return;
	va_start(ap, remedy);
	fputs("  ", stdout);
	vprintf(remedy, ap);
	putchar('\n');
	va_end(ap);
}

/* --- looking ------------------------------------------------------------------------------------ */

static size_t read_all(int fd, char *buf, size_t size)
{
	char rest[4096];
	size_t len = 0;
	ssize_t n;

	do {
		n = len < size - 1 ? read(fd, buf + len, size - 1 - len)
				   : read(fd, rest, sizeof rest);
		if (n > 0 && len < size - 1)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	buf[len] = '\0';
	return len;
}

int verify_run(const char *const argv[], char *buf, size_t size)
{
	posix_spawn_file_actions_t actions;
	int fd[2], status = 0, err;
	pid_t pid;

	buf[0] = '\0';
	if (pipe2(fd, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fd[1], 1);
	posix_spawn_file_actions_adddup2(&actions, fd[1], 2);
	/* POSIX wants the words writable; nobody writes them */
	err = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(const void *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fd[1]);
	if (err == 0) {
		(void)read_all(fd[0], buf, size);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
	}
	close(fd[0]);
	return err == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool verify_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buf[0] = '\0';
	if (fd < 0)
		return false;
	(void)read_all(fd, buf, size);
	close(fd);
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/* RFC 1918, RFC 6598, RFC 3927; RFC 4193, RFC 4291 s2.5.6 */
bool verify_is_public(const struct ms_addr *a)
{
	static const char *const others[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
		"100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128" };
	struct ms_subnet s;

	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
		if (ms_subnet_parse(&s, others[i], strlen(others[i]), 0, 0, NULL) == MS_OK &&
			ms_subnet_has(&s, a))
			return false;
	return true;
}

static void find_addrs(struct verify *v)
{
	struct ifaddrs *list = NULL, *i;
	struct ms_endpoint e;

	if (getifaddrs(&list) != 0)
		return;
	for (i = list; i != NULL && v->n_addrs < VERIFY_MAX_ADDRS; i = i->ifa_next) {
		if (i->ifa_addr == NULL || (i->ifa_flags & IFF_LOOPBACK) || !(i->ifa_flags & IFF_UP) ||
			strncmp(i->ifa_name, "ipsec", 5) == 0 ||
			ms_endpoint_from_sockaddr(&e, i->ifa_addr) != MS_OK)
			continue;
		snprintf(v->device[v->n_addrs], sizeof v->device[0], "%s", i->ifa_name);
		v->addr[v->n_addrs++] = e.addr;
	}
	freeifaddrs(list);
}

/* --- the command -------------------------------------------------------------------------------- */

static const struct tool_usage usage = {
	.options = &verify_options,
	.text = "Usage: ipsec verify [--host NAME | --ip ADDRESS] [--colour | --nocolour]\n",
	.status = 2,
};

static bool has_colours(void)
{
	const char *term = getenv("TERM");

	return isatty(1) == 1 && term != NULL && strcmp(term, "dumb") != 0 && strcmp(term, "vt100") != 0;
}

static int records_of(struct verify *v, const char *host, const char *address)
{
	struct ms_why why = { "" };
	struct ms_addr a;

	if (address != NULL &&
		ms_addr_parse(&a, address, strlen(address), 0, MS_TEXT_NUMERIC, &why) != MS_OK) {
		tool_error(v->t, "--ip %s: %s", address, why.text);
		return 2;
	}
	v->columns = DNS_COLUMNS;
	v->resolver = tool_resolver_open(v->t, &v->no_resolver);
	if (host != NULL)
		verify_dns_host(v, host);
	if (address != NULL)
		verify_dns_addr(v, &a);
	tool_resolver_close(&v->resolver);
	return 0;
}

struct request {
	struct verify *v;
	const char *host, *address;
};

static int take_option(void *arg, int row, const char *value)
{
	struct request *r = arg;

	if (row == HOST)
		r->host = value;
	else if (row == ADDRESS)
		r->address = value;
	else
		r->v->colour = row == COLOUR;
	return -1;
}

int tool_verify(struct tool *t, int argc, char **argv)
{
	struct verify v = { .t = t, .colour = has_colours(), .columns = SYSTEM_COLUMNS };
	struct request r = { .v = &v };
	int status = tool_args_read(t, &usage, argc, argv, take_option, &r);

	if (status != -1)
		return status;
	if (r.host != NULL || r.address != NULL)
		return records_of(&v, r.host, r.address);
	if (geteuid() != 0) {
		tool_error(t, "must be superuser, but for --host and --ip");
		return 1;
	}
	find_addrs(&v);
	puts("Checking your system to see if IPsec got installed and started correctly");
	verify_host(&v);
	verify_net(&v);
	v.resolver = tool_resolver_open(t, &v.no_resolver);
	verify_dns_self(&v);
	tool_resolver_close(&v.resolver);
	return 0;
}
