/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec verify`: installation, daemons, keys, configuration. */
#include "tools/hostkey.h"
#include "tools/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TUN_DEVICE "/dev/net/tun"

/* --- installation ------------------------------------------------------------------------------- */

/* `ipsec` puts its own folder in front of PATH for what it calls: look behind that. */
static bool on_path(const struct tool *t)
{
	const char *path = getenv("PATH"), *end;
	size_t own = strlen(t->sbindir);

	if (path != NULL && strncmp(path, t->sbindir, own) == 0 && path[own] == ':')
		path += own + 1;
	for (; path != NULL && *path != '\0'; path = *end == ':' ? end + 1 : end) {
		char *file;
		bool found;

		end = path + strcspn(path, ":");
		file = tool_format("%.*s/ipsec", (int)(end - path), path);
		found = access(file, X_OK) == 0;
		free(file);
		if (found)
			return true;
	}
	return false;
}

static void check_path(struct verify *v)
{
	verify_say(v, "Version check and ipsec on-path", on_path(v->t) ? VERIFY_OK : VERIFY_FAILED,
		"add %s to PATH", v->t->sbindir);
	tool_version(stdout);
}

static void ignore_line(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void check_klips(struct verify *v)
{
	struct ms_why why = { "" };
	ms_err err;
	int fd;

	err = tool_klips_command(v->t, "version", ignore_line, NULL, &why);
	if (err == MS_OK) {
		verify_say(v, "Checking for KLIPS support in kernel", VERIFY_OK, NULL);
		return;
	}
	fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		verify_say(v, "Checking for KLIPS support in kernel", VERIFY_FAILED,
			TUN_DEVICE ": %s: `modprobe tun', or allow it to this container",
			strerror(errno));
	else
		verify_say(v, "Checking for KLIPS support in kernel", VERIFY_FAILED,
			"%s: `ipsec setup start'", why.text);
	if (fd >= 0)
		close(fd);
}

/* --- keys --------------------------------------------------------------------------------------- */

static void check_key(struct verify *v)
{
	char *path = tool_format("%s/ipsec.secrets", v->t->confdir);
	char *label = tool_format("Checking for RSA private key (%s)", path);
	char *dir = tool_format("%s/ipsec.d/private", v->t->confdir);
	struct hostkeys keys = { NULL, 0, 0 };
	struct ms_why why = { "" };
	unsigned others = 0, rsa = 0;
	ms_err err = hostkeys_read(&keys, path, dir, &why);
	struct stat st;

	for (size_t i = 0; i < keys.n; i++) {
		rsa += keys.key[i].kind == HOSTKEY_RSA && keys.key[i].trouble == NULL;
		others += keys.key[i].kind > HOSTKEY_RSA && keys.key[i].trouble == NULL;
	}
	if (rsa > 0)
		verify_say(v, label, VERIFY_OK, NULL);
	else if (others > 0)
		verify_say(v, label, VERIFY_UNKNOWN,
			"there are keys of other kinds, which opportunism's TXT records cannot carry");
	else
		verify_say(v, label, VERIFY_MISSING, "%s%s`ipsec newhostkey --output %s' makes one",
			err != MS_OK ? why.text : "", err != MS_OK ? ": " : "", path);
	if (stat(path, &st) == 0)
		verify_say(v, "Checking that only root reads the secrets",
			(st.st_mode & 077) == 0 && st.st_uid == 0 ? VERIFY_OK : VERIFY_FAILED,
			"chown root %s; chmod 600 %s", path, path);
	free(dir);
	free(label);
	free(path);
}

/* --- pluto -------------------------------------------------------------------------------------- */

static void discard(void *arg, int code, const char *text, const char *raw)
{
	(void)arg;
	(void)code;
	(void)text;
	(void)raw;
}

static void check_pluto(struct verify *v)
{
	struct ms_request request = { "briefstatus", NULL, 0, false };
	struct tool_replies replies = { discard, NULL };
	char *path = tool_pluto_socket(v->t);
	struct ms_why why = { "" };
	int status = 0;

	verify_say(v, "Checking that pluto is running",
		tool_command(path, &request, &replies, &status, &why) ? VERIFY_OK : VERIFY_FAILED,
		"%s: `ipsec setup start'", why.text);
	free(path);
}

/* Whether somebody has bound that UDP port: the second column of /proc/net/udp, ADDRESS:PORT. */
static bool udp_port_is_bound(const char *file, unsigned port)
{
	FILE *f = fopen(file, "re");
	char line[512];
	unsigned bound;
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof line, f) != NULL)
		found = sscanf(line, " %*u: %*[0-9A-Fa-f]:%X ", &bound) == 1 && bound == port;
	fclose(f);
	return found;
}

static void check_ports(struct verify *v)
{
	static const unsigned ports[] = { 500, 4500 };

	for (unsigned i = 0; i < 2; i++) {
		char label[64];
		bool bound = udp_port_is_bound("/proc/net/udp", ports[i]) ||
			     udp_port_is_bound("/proc/net/udp6", ports[i]);

		snprintf(label, sizeof label, "Checking that IKE listens on UDP port %u", ports[i]);
		verify_say(v, label, bound ? VERIFY_OK : VERIFY_FAILED,
			"is an address up?  `ipsec whack --listen' looks again");
	}
}

/* --- what it needs ------------------------------------------------------------------------------ */

static void check_conf(struct verify *v)
{
	const char *argv[] = { "ipsec", "checkconfig", NULL };
	char out[VERIFY_REMEDY];
	int status = verify_run(argv, out, sizeof out);

	out[strcspn(out, "\n")] = '\0';
	verify_say(v, "Checking ipsec.conf", status == 0 ? VERIFY_OK : VERIFY_FAILED, "%s", out);
}

static void check_programs(struct verify *v)
{
	static const struct {
		const char *label, *word[3], *what;
	} rows[] = {
		{ "Checking for the ip command", { "ip", "-V", NULL }, "iproute2, for routes" },
		{ "Checking for the nft command", { "nft", "-v", NULL },
			"nftables, for leftfirewall=yes and clear packets that must not come in" },
	};
	char out[VERIFY_REMEDY];

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		verify_say(v, rows[i].label,
			verify_run(rows[i].word, out, sizeof out) == 0 ? VERIFY_OK : VERIFY_MISSING,
			"install %s", rows[i].what);
}

void verify_host(struct verify *v)
{
	check_path(v);
	check_klips(v);
	check_key(v);
	check_pluto(v);
	check_ports(v);
	check_conf(v);
	check_programs(v);
}
