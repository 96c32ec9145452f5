/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of hook-updown: the plugin, loaded with a loop and a log of its own.  Included by test
 * programs only. */
#ifndef MODSWAN_UPDOWN_TEST_H
#define MODSWAN_UPDOWN_TEST_H

#include "updown.h"

#include <modswan/plugin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct ms_plugin hook_updown_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &hook_updown_LTX_modswan_plugin;

struct world {
	struct ms_loop *loop;
	struct ms_logger log;
	struct ms_services services;
	const struct ms_hook_ops *ops;
	void *conf, *inst;
	char dir[32];
	char lines[2048];
	unsigned done;
	ms_err err;
	struct ms_why why;
};

static inline void tap(void *arg, const struct ms_logger *lg, enum ms_log_level level, const char *prefix,
	const char *text)
{
	struct world *w = arg;
	size_t n = strlen(w->lines);

	(void)lg;
	(void)level;
	(void)prefix;
	snprintf(w->lines + n, sizeof w->lines - n, "%s\n", text);
}

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ms_why why = { "" };

	assert_non_null(w);
	strcpy(w->dir, "/tmp/updownXXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->loop = ms_loop_new(1);
	w->log.source = MS_SOURCE_HOOK;
	w->services.size = sizeof w->services;
	w->services.loop = w->loop;
	w->services.log = &w->log;
	w->conf = calloc(1, plugin->conf_size);
	assert_true(ms_conf_defaults(plugin->keys, w->conf));
	assert_int_equal(plugin->load(&w->inst, &w->services, w->conf, &why), MS_OK);
	w->ops = plugin->features[0].ops;
	ms_log_tap(tap, w);
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *w = *state;
	char cmd[64];

	plugin->unload(&w->inst);
	ms_log_tap(NULL, NULL);
	ms_loop_free(&w->loop);
	ms_conf_free(plugin->keys, w->conf);
	free(w->conf);
	snprintf(cmd, sizeof cmd, "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
	free(w);
	return 0;
}

static inline void set(struct world *w, const char *key, const char *value)
{
	assert_int_equal(ms_conf_set(ms_conf_find(plugin->keys, key), w->conf, value, NULL), MS_OK);
}

static inline void on_done(void *arg, ms_err err, const struct ms_why *why)
{
	struct world *w = arg;

	w->done++;
	w->err = err;
	if (why != NULL)
		w->why = *why;
}

static inline struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, 0, NULL), MS_OK);
	return a;
}

static inline struct ms_selector selector(const char *text)
{
	struct ms_selector s;

	assert_int_equal(ms_selector_parse(&s, text, strlen(text), 0, 0, NULL), MS_OK);
	return s;
}

static inline struct ms_hook_event event(const char *command)
{
	struct ms_hook_event e = {
		.verb = MS_HOOK_ROUTE,
		.connection = "net1",
		.command = command,
		.interface = "ipsec0",
		.stack = "klips",
		.me = addr("192.0.2.9"),
		.peer = addr("198.51.100.7"),
		.next_hop = addr("192.0.2.1"),
		.my_id = "@west",
		.peer_id = "@east",
		.my_client = selector("10.0.1.0/24/17/1701"),
		.peer_client = selector("10.0.2.0/24/6/1000-2000"),
		.client = true,
		.tunnel = true,
		.policy = "PSK+ENCRYPT",
	};

	return e;
}

static inline void wait_done(struct world *w, unsigned n)
{
	for (unsigned i = 0; i < 5000 && w->done < n; i++) {
		ms_loop_turn(w->loop, false);
		usleep(1000);
	}
	assert_int_equal(w->done, n);
}

static inline ms_err run(struct world *w, const struct ms_hook_event *e)
{
	w->done = 0;
	w->lines[0] = '\0';
	w->why.text[0] = '\0';
	w->ops->event(w->inst, e, on_done, w);
	wait_done(w, 1);
	return w->err;
}

static inline const char *get(char **env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
