/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin on a network of its own: a namespace made here, changed with ip(8) while the plugin
 * listens.  Skipped where no namespace can be made.
 */
#include "lib/log/sink.h"
#include "lib/loop/loop.h"

#include "rtnetlink.h"

#include <modswan/plugin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct ms_plugin net_rtnetlink_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &net_rtnetlink_LTX_modswan_plugin;

struct world {
	struct ms_loop *loop;
	struct ms_logger log;
	struct ms_services services;
	const struct ms_net_ops *ops;
	void *inst;
	unsigned addresses, routes;
	/* the last answer */
	bool answered;
	ms_err err;
	struct ms_net_route route;
};

static void on_addresses(void *ctx)
{
	((struct world *)ctx)->addresses++;
}

static void on_routes(void *ctx)
{
	((struct world *)ctx)->routes++;
}

static const struct ms_net_events events = { on_addresses, on_routes };

static void ip(const char *args)
{
	char cmd[256];

	snprintf(cmd, sizeof cmd, "ip %s", args);
	assert_int_equal(system(cmd), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ms_why why = { "" };

	assert_non_null(w);
	w->loop = ms_loop_new(1);
	w->log.source = MS_SOURCE_NET;
	w->services.size = sizeof w->services;
	w->services.loop = w->loop;
	w->services.log = &w->log;
	assert_int_equal(plugin->load(&w->inst, &w->services, NULL, &why), MS_OK);
	w->ops = plugin->features[0].ops;
	assert_int_equal(w->ops->start(w->inst, &events, w, &why), MS_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	plugin->unload(&w->inst);
	ms_loop_free(&w->loop);
	free(w);
	return 0;
}

static void turns(struct world *w, unsigned ms)
{
	for (unsigned i = 0; i < ms; i += 2) {
		ms_loop_turn(w->loop, false);
		usleep(2000);
	}
}

static const struct ms_net_address *find(struct world *w, const char *text)
{
	const struct ms_net_address *list;
	unsigned n = w->ops->addresses(w->inst, &list);
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, 0, NULL), MS_OK);
	for (unsigned i = 0; i < n; i++)
		if (ms_addr_eq(&list[i].addr, &a))
			return &list[i];
	return NULL;
}

static void on_route(void *arg, ms_err err, const struct ms_net_route *route)
{
	struct world *w = arg;

	assert_false(w->answered);
	w->answered = true;
	w->err = err;
	if (route != NULL)
		w->route = *route;
	else
		assert_int_not_equal(err, MS_OK);
}

static ms_err ask(struct world *w, const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, 0, NULL), MS_OK);
	w->answered = false;
	memset(&w->route, 0, sizeof w->route);
	w->ops->route(w->inst, &a, on_route, w);
	for (unsigned i = 0; i < 500 && !w->answered; i++)
		turns(w, 2);
	assert_true(w->answered);
	return w->err;
}

static void assert_addr(const struct ms_addr *a, const char *want)
{
	char text[MS_ADDR_TEXT];

	ms_addr_text(a, text, sizeof text);
	assert_string_equal(text, want);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_first_dump(void **state)
{
	struct world *w = *state;
	const struct ms_net_address *a;

	assert_int_equal(w->addresses, 0); /* never from within start() */
	turns(w, 60);
	assert_int_equal(w->addresses, 1);
	a = find(w, "127.0.0.1");
	assert_non_null(a);
	assert_string_equal(a->ifname, "lo");
	assert_int_equal(a->prefix_bits, 8);
	assert_true(a->up);
	assert_non_null(find(w, "::1"));
	assert_null(find(w, "10.1.0.1"));
}

static void test_changes(void **state)
{
	struct world *w = *state;
	const struct ms_net_address *a;
	unsigned before;

	turns(w, 60);
	before = w->addresses;
	ip("link add d0 type veth peer name p0");
	ip("addr add 10.1.0.1/24 dev d0");
	turns(w, 40);
	a = find(w, "10.1.0.1");
	assert_non_null(a);
	assert_string_equal(a->ifname, "d0");
	assert_int_equal(a->prefix_bits, 24);
	assert_false(a->up);
	assert_true(w->addresses > before);
	before = w->addresses;
	ip("link set p0 up");
	ip("link set d0 up");
	turns(w, 40);
	assert_true(find(w, "10.1.0.1")->up);
	assert_true(w->addresses > before);
	ip("addr add 2001:db8:1::1/64 dev d0 nodad");
	turns(w, 40);
	assert_non_null(find(w, "2001:db8:1::1"));
	before = w->addresses;
	ip("link set d0 down");
	ip("link set d0 name d1");
	turns(w, 40);
	assert_string_equal(find(w, "10.1.0.1")->ifname, "d1");
	assert_null(find(w, "2001:db8:1::1")); /* the kernel takes it with the link */
	ip("addr del 10.1.0.1/24 dev d1");
	turns(w, 40);
	assert_null(find(w, "10.1.0.1"));
	ip("addr add 10.1.0.1/24 dev d1");
	turns(w, 40);
	assert_non_null(find(w, "10.1.0.1"));
	ip("link del d1");
	turns(w, 40);
	assert_null(find(w, "10.1.0.1"));
	/* an unchanged world is quiet */
	before = w->addresses;
	turns(w, 60);
	assert_int_equal(w->addresses, before);
}

static void make_wan(void)
{
	ip("link add d0 type veth peer name p0");
	ip("link set p0 up");
	ip("link set d0 up");
	ip("addr add 192.0.2.9/24 dev d0");
	ip("addr add 192.0.2.10/24 dev d0");
	ip("-6 addr add 2001:db8:1::1/64 dev d0 nodad");
}

static void test_routes(void **state)
{
	struct world *w = *state;

	turns(w, 60);
	assert_int_equal(ask(w, "203.0.113.1"), MS_ERR_NOT_FOUND);
	assert_int_equal(ask(w, "0.0.0.0"), MS_ERR_NOT_FOUND);
	assert_int_equal(ask(w, "::"), MS_ERR_NOT_FOUND);
	make_wan();
	ip("route add 203.0.113.0/24 via 192.0.2.1");
	turns(w, 200);
	assert_true(w->routes > 0);
	assert_int_equal(ask(w, "203.0.113.1"), MS_OK);
	assert_addr(&w->route.src, "192.0.2.9");
	assert_addr(&w->route.gateway, "192.0.2.1");
	assert_string_equal(w->route.ifname, "d0");
	assert_int_equal(ask(w, "192.0.2.77"), MS_OK);
	assert_int_equal(w->route.gateway.family, 0);
	assert_int_equal(ask(w, "2001:db8:1::2"), MS_OK);
	assert_addr(&w->route.src, "2001:db8:1::1");
	assert_int_equal(ask(w, "127.0.0.1"), MS_OK);
	assert_string_equal(w->route.ifname, "lo");
	ip("route add unreachable 198.51.100.0/24");
	assert_int_equal(ask(w, "198.51.100.1"), MS_ERR_NOT_FOUND);
	ip("link del d0");
	ip("route del unreachable 198.51.100.0/24");
}

static void test_default_route(void **state)
{
	struct world *w = *state;

	make_wan();
	ip("link add ipsec0 type veth peer name p1");
	ip("link set p1 up");
	ip("link set ipsec0 up");
	turns(w, 60);
	ip("route add default dev ipsec0 metric 1");
	assert_int_equal(ask(w, "0.0.0.0"), MS_ERR_NOT_FOUND); /* our own tunnels do not count */
	ip("route add default via 192.0.2.2 metric 200");
	ip("route add default via 192.0.2.3 metric 100 src 192.0.2.10");
	assert_int_equal(ask(w, "0.0.0.0"), MS_OK);
	assert_addr(&w->route.gateway, "192.0.2.3");
	assert_addr(&w->route.src, "192.0.2.10");
	ip("route del default metric 100");
	assert_int_equal(ask(w, "0.0.0.0"), MS_OK);
	assert_addr(&w->route.gateway, "192.0.2.2");
	assert_addr(&w->route.src, "192.0.2.9");
	ip("route replace default metric 200 nexthop via 192.0.2.4 dev d0 nexthop via 192.0.2.5 "
	   "dev d0");
	assert_int_equal(ask(w, "0.0.0.0"), MS_OK);
	assert_addr(&w->route.gateway, "192.0.2.4");
	assert_string_equal(w->route.ifname, "d0");
	ip("route del default metric 200");
	ip("-4 route add default metric 200 via inet6 fe80::1 dev d0");
	assert_int_equal(ask(w, "0.0.0.0"), MS_OK);
	assert_addr(&w->route.gateway, "fe80::1");
	assert_addr(&w->route.src, "192.0.2.9");
	ip("-6 route add default via fe80::1 dev d0");
	assert_int_equal(ask(w, "::"), MS_OK);
	assert_addr(&w->route.gateway, "fe80::1");
	assert_addr(&w->route.src, "2001:db8:1::1");
	ip("link del d0");
	ip("link del ipsec0");
}

static void count_answer(void *arg, ms_err err, const struct ms_net_route *route)
{
	unsigned *n = arg;

	(void)route;
	if (err == MS_OK)
		n[0]++;
	else if (err == MS_ERR_CANCELLED)
		n[1]++;
}

static void test_many_questions(void **state)
{
	struct world *w = *state;
	struct ms_addr lo = ms_addr_v4(0x7f000001);
	unsigned n[2] = { 0, 0 };

	turns(w, 60);
	for (unsigned i = 0; i < 500; i++)
		w->ops->route(w->inst, &lo, count_answer, n);
	assert_int_equal(n[0], 0);
	for (unsigned i = 0; i < 1000 && n[0] < 500; i++)
		turns(w, 2);
	assert_int_equal(n[0], 500);
	for (unsigned i = 0; i < 10; i++)
		w->ops->route(w->inst, &lo, count_answer, n);
	w->ops->stop(w->inst);
	assert_int_equal(n[0], 500);
	assert_int_equal(n[1], 10);
}

static void count_redumps(void *arg, const struct ms_logger *lg, enum ms_log_level level,
	const char *prefix, const char *text)
{
	(void)lg;
	(void)level;
	(void)prefix;
	*(unsigned *)arg += strstr(text, "reading all interfaces again") != NULL;
}

/* Changes that do not fit into the socket's buffer are lost; the table must be right all the same.
 */
static void test_lost_changes(void **state)
{
	struct world *w = *state;
	FILE *batch;
	const struct ms_net_address *list;
	unsigned redumps = 0;

	ms_log_tap(count_redumps, &redumps);
	turns(w, 60);
	ip("link add d0 type veth peer name p0");
	ip("link set p0 up");
	ip("link set d0 up");
	batch = popen("ip -batch - >/dev/null", "w");
	assert_non_null(batch);
	/* Each address makes several notifications of some 2 kB of buffer each. */
	for (unsigned i = 0; i < 6000; i++)
		fprintf(batch, "addr add 10.%u.%u.1/32 dev d0\n", 16 + i / 256, i % 256);
	assert_int_equal(pclose(batch), 0);
	for (unsigned i = 0; i < 2500 && find(w, "10.39.111.1") == NULL; i++)
		turns(w, 2);
	assert_non_null(find(w, "10.16.0.1"));
	assert_non_null(find(w, "10.39.111.1"));
	assert_true(w->ops->addresses(w->inst, &list) >= 6000);
	assert_true(redumps > 0); /* else the test tries nothing */
	ms_log_tap(NULL, NULL);
	ip("link del d0");
	for (unsigned i = 0; i < 2500 && w->ops->addresses(w->inst, &list) >= 10; i++)
		turns(w, 2);
	assert_true(w->ops->addresses(w->inst, &list) < 10);
	ip("addr add 127.0.0.2/8 dev lo");
	turns(w, 40);
	assert_non_null(find(w, "127.0.0.2"));
	ip("addr del 127.0.0.2/8 dev lo");
}

/* Messages that lie about their lengths. */
static void test_malformed(void **state)
{
	static _Alignas(struct nlmsghdr) char buf[256];
	struct net_table t = { 0 };
	struct nlmsghdr *h = (struct nlmsghdr *)buf;

	(void)state;
	for (unsigned type = RTM_NEWLINK; type <= RTM_GETADDR; type++)
		for (unsigned len = NLMSG_HDRLEN; len <= sizeof buf; len++)
			for (unsigned fill = 0; fill < 256; fill += 5) {
				memset(buf, (int)fill, sizeof buf);
				h->nlmsg_len = len;
				h->nlmsg_type = (uint16_t)type;
				h->nlmsg_flags = 0;
				buf[NLMSG_HDRLEN] = fill % 2 == 0 ? AF_UNSPEC : AF_INET;
				table_message(&t, h);
			}
	table_free(&t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { T(test_first_dump), T(test_changes), T(test_routes),
		T(test_default_route), T(test_many_questions), T(test_lost_changes),
		cmocka_unit_test(test_malformed) };

	if (unshare(CLONE_NEWNET) != 0 || system("ip link set lo up") != 0 ||
		system("ip link add dtest type veth peer name ptest 2>/dev/null && ip link del "
		       "dtest") != 0) {
		printf("SKIP: no network namespace of one's own here (needs root)\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
