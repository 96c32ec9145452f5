/* SPDX-License-Identifier: Apache-2.0 */
/* Connections keyed by hand at the start of the service: manualstart= and auto=manual. */
#include "tools/conffile.h"
#include "tools/setup.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

enum { MAX_NAMES = 256, MAX_INTERFACES = 64, PATIENCE_MS = 10000, PAUSE_MS = 50 };

struct names {
	char *name[MAX_NAMES];
	unsigned n;
	char *interface[MAX_INTERFACES];
	unsigned n_interfaces;
};

static void add_name(struct names *l, const char *name)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->name[i], name) == 0)
			return;
	if (l->n < MAX_NAMES)
		l->name[l->n++] = tool_format("%s", name);
}

static void take_conn(void *arg, const struct ms_conn_desc *desc)
{
	if (desc->autostart == MS_AUTO_MANUAL)
		add_name(arg, desc->name);
}

/* pluto said why. */
static void pass_over(void *arg, const char *name, const char *text)
{
	(void)arg;
	(void)name;
	(void)text;
}

/* What cannot be read stopped pluto before, which said why. */
static void read_names(const struct tool *t, struct names *l)
{
	static const struct ms_config_sink sink = { take_conn, pass_over };
	struct ms_setup_desc setup;
	struct tool_config config;

	if (tool_config_open(&config, t, NULL, NULL) == MS_OK &&
		config.ops->setup(config.instance, &setup, NULL) == MS_OK) {
		for (char **p = setup.manualstart; p != NULL && *p != NULL; p++)
			add_name(l, *p);
		for (char **p = setup.interfaces; p != NULL && *p != NULL
			&& l->n_interfaces < MAX_INTERFACES; p++)
			l->interface[l->n_interfaces++] = tool_format("%s", *p);
		config.ops->setup_free(config.instance, &setup);
		if (config.ops->conns(config.instance, NULL, &sink, l, NULL) != MS_OK)
			setup_say(true, LOG_ERR, "...could not read the connections with auto=manual");
	}
	tool_config_close(&config);
}

static void note_line(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static bool wait_for_klips(const struct tool *t)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	for (unsigned ms = 0; ms < PATIENCE_MS; ms += PAUSE_MS) {
		if (tool_klips_command(t, "version", note_line, NULL, NULL) == MS_OK)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Interface of the default route, or "". */
static void default_interface(char name[16])
{
	FILE *f = fopen("/proc/net/route", "r");
	char line[256];
	unsigned dst;

	name[0] = '\0';
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "%15s %x", name, &dst) == 2 && dst == 0)
			break;
		else
			name[0] = '\0';
	if (f != NULL)
		fclose(f);
}

/* pluto attaches a device when one of its own connections needs it: here none may.  Twice is once. */
static void attach(const struct tool *t, const char *item)
{
	char tncfg[] = "tncfg", attach[] = "--attach", virtual[] = "--virtual";
	char physical[] = "--physical", name[16], device[16] = "ipsec0";
	struct tool one = *t;

	if (strcmp(item, "%defaultroute") == 0)
		default_interface(name);
	else if (sscanf(item, "%15[^=]=%15s", device, name) != 2)
		return;
	char *argv[] = { tncfg, attach, virtual, device, physical, name, NULL };

	one.command = tool_find_command(tncfg);
	if (name[0] != '\0')
		(void)tool_tncfg(&one, 6, argv);
}

void setup_start_manual(const struct tool *t)
{
	struct names l = { .n = 0 };

	read_names(t, &l);
	if (l.n > 0 && !wait_for_klips(t))
		setup_say(true, LOG_ERR, "klips is not there for connections keyed by hand");
	for (unsigned i = 0; i < l.n_interfaces; i++) {
		if (l.n > 0)
			attach(t, l.interface[i]);
		free(l.interface[i]);
	}
	for (unsigned i = 0; i < l.n; i++) {
		char command[] = "manual", up[] = "--up";
		char *argv[] = { command, up, l.name[i], NULL };
		struct tool one = *t;

		one.command = tool_find_command(command);
		if (tool_manual(&one, 3, argv) != 0)
			setup_say(true, LOG_ERR, "...could not start conn \"%s\"", l.name[i]);
		free(l.name[i]);
	}
}
