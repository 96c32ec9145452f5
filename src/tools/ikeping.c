/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec ikeping`: does an IKE daemon hear us?  A bare ISAKMP header of a private exchange goes out,
 * and comes back with its cookies swapped; nothing is negotiated.
 *
 * Standards: RFC 2408 s3.1 (the header); the exchange's numbers are the family's.
 */
#include "tools/tool.h"

#include <modswan/addr.h>
#include <modswan/text.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 28, COOKIE = 8, NP_AT = 16, VERSION_AT = 17, EXCHANGE_AT = 18, LENGTH_AT = 24 };
enum { ECHO_REQUEST = 244, ECHO_REPLY = 245, IETF_REQUEST = 30, IETF_REPLY = 31 };
enum { IKE_PORT = 500, MAX_HOSTS = 256, WAIT_S = 10, ISAKMP_1_0 = 0x10 };
enum { EXIT_ARGUMENT = 1, EXIT_SOCKET = 3, EXIT_SEND = 5 };

struct call {
	const struct tool *t;
	bool listen, verbose, inet, inet6;
	int family;
	uint64_t wait_s; /* 0: not given */
	uint64_t exchange, port;
	const char *address;
	const char *hosts[MAX_HOSTS];
	unsigned n, sent, received;
	int fd;
};

static const struct tool_slot table[] = {
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	TOOL_FLAG("listen", "answer others; ends after --wait, or not at all", struct call, listen),
	TOOL_FLAG("verbose", "show what is sent", struct call, verbose),
	TOOL_NUMBER("wait", "SECONDS", "how long to wait for answers (10)", struct call, wait_s, 1,
		86400),
	TOOL_NUMBER("exchangenum", "N", "the request's exchange type (244)", struct call, exchange, 0,
		255),
	TOOL_NUMBER("ikeport", "N", "our UDP port (any free one; --listen: 500)", struct call, port, 1,
		65535),
	TOOL_TEXT("ikeaddress", "ADDRESS", "our address (any)", struct call, address),
	TOOL_FLAG("inet", "IPv4", struct call, inet),
	TOOL_FLAG("inet6", "IPv6", struct call, inet6),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options ikeping_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &ikeping_options,
	.text = "Usage: ipsec ikeping [OPTION]... HOST[/PORT]...\n"
		"       ipsec ikeping --listen [OPTION]...\n",
	.status = EXIT_ARGUMENT,
	.words = true,
};

static int take_host(void *arg, int row, const char *value)
{
	struct call *c = arg;

	(void)row;
	if (c->n == MAX_HOSTS) {
		tool_error(c->t, "more than %d hosts", MAX_HOSTS);
		return EXIT_ARGUMENT;
	}
	c->hosts[c->n++] = value;
	return -1;
}

/* --- sockets ------------------------------------------------------------------------------------ */

/* The first address of host; false: printed. */
static bool look_up(const struct call *c, const char *host, uint64_t port, int flags,
	struct sockaddr_storage *ss, socklen_t *len)
{
	struct addrinfo hints = { .ai_family = c->family, .ai_socktype = SOCK_DGRAM,
		.ai_flags = flags }, *list;
	char service[8];
	int err;

	snprintf(service, sizeof service, "%u", (unsigned)port);
	err = getaddrinfo(host, service, &hints, &list);
	if (err != 0) {
		tool_error(c->t, "%s: %s", host != NULL ? host : "any address", gai_strerror(err));
		return false;
	}
	memcpy(ss, list->ai_addr, list->ai_addrlen);
	*len = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

/* HOST or HOST/PORT */
static bool look_up_peer(const struct call *c, const char *word, struct sockaddr_storage *ss,
	socklen_t *len)
{
	const char *slash = strchr(word, '/');
	uint64_t port = IKE_PORT;
	char *host;
	bool ok;

	if (slash != NULL && (ms_number_parse(&port, slash + 1, strlen(slash + 1), 10, UINT16_MAX,
				      NULL) != MS_OK ||
				     port == 0)) {
		tool_error(c->t, "%s: behind the bar a port from 1 to 65535", word);
		return false;
	}
	host = strndup(word, slash != NULL ? (size_t)(slash - word) : strlen(word));
	ok = host != NULL && look_up(c, host, port, AI_ADDRCONFIG, ss, len);
	free(host);
	return ok;
}

static int open_socket(struct call *c)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (!look_up(c, c->address, c->port, AI_PASSIVE | AI_NUMERICHOST, &ss, &len))
		return EXIT_ARGUMENT;
	c->fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		tool_error(c->t, "socket: %s", strerror(errno));
		return EXIT_SOCKET;
	}
	if (bind(c->fd, (struct sockaddr *)&ss, len) != 0) {
		tool_error(c->t, "cannot use port %u: %s", (unsigned)c->port, strerror(errno));
		return EXIT_SEND;
	}
	return 0;
}

/* --- packets ------------------------------------------------------------------------------------ */

static void name(const struct sockaddr_storage *ss, char *buf, size_t size)
{
	struct ms_endpoint e = { 0 };
	size_t n = 0;

	if (ms_endpoint_from_sockaddr(&e, (const struct sockaddr *)ss) == MS_OK)
		n = ms_addr_text(&e.addr, buf, size);
	if (n < size)
		snprintf(buf + n, size - n, "/%u", e.port);
}

static bool transmit(const struct call *c, const uint8_t *packet, const struct sockaddr_storage *to,
	socklen_t len)
{
	char text[MS_ADDR_TEXT + 8];

	if (sendto(c->fd, packet, HEADER, 0, (const struct sockaddr *)to, len) == HEADER)
		return true;
	name(to, text, sizeof text);
	tool_error(c->t, "cannot send to %s: %s", text, strerror(errno));
	return false;
}

static bool ask(struct call *c, const char *word)
{
	uint8_t packet[HEADER] = { [VERSION_AT] = ISAKMP_1_0, [EXCHANGE_AT] = (uint8_t)c->exchange,
		[LENGTH_AT + 3] = HEADER };
	struct sockaddr_storage ss;
	char text[MS_ADDR_TEXT + 8];
	socklen_t len;

	if (!look_up_peer(c, word, &ss, &len))
		return false;
	if (getrandom(packet, COOKIE, 0) != COOKIE)
		return false;
	name(&ss, text, sizeof text);
	printf("Sending packet to %s\n", text);
	if (c->verbose)
		printf("\txchg=%u, %d octets\n", (unsigned)c->exchange, HEADER);
	if (!transmit(c, packet, &ss, len))
		return false;
	c->sent++;
	return true;
}

static const char *exchange_name(unsigned x)
{
	switch (x) {
	case ECHO_REQUEST:
	case IETF_REQUEST:
		return "(echo-request)";
	case ECHO_REPLY:
	case IETF_REPLY:
		return "(echo-reply)";
	}
	return "";
}

static void show(const uint8_t *p, size_t len, const char *from)
{
	char i[2 * COOKIE + 3], r[2 * COOKIE + 3];

	printf("received %u%s packet from %s of len: %zu\n", p[EXCHANGE_AT],
		exchange_name(p[EXCHANGE_AT]), from, len);
	ms_data_text(p, COOKIE, 'x', i, sizeof i);
	ms_data_text(p + COOKIE, COOKIE, 'x', r, sizeof r);
	printf("\ticookie=%s rcookie=%s\n", i + 2, r + 2);
	printf("\tnp=%u version=%u.%u xchg=%u%s\n", p[NP_AT], p[VERSION_AT] >> 4,
		p[VERSION_AT] & 15, p[EXCHANGE_AT], exchange_name(p[EXCHANGE_AT]));
}

/* A request goes back as a reply, its cookies swapped. */
static void reply(const struct call *c, uint8_t *p, const struct sockaddr_storage *to, socklen_t len)
{
	uint8_t cookie[COOKIE];

	if (p[EXCHANGE_AT] != ECHO_REQUEST && p[EXCHANGE_AT] != IETF_REQUEST)
		return;
	memcpy(cookie, p, COOKIE);
	memcpy(p, p + COOKIE, COOKIE);
	memcpy(p + COOKIE, cookie, COOKIE);
	p[EXCHANGE_AT]++;
	(void)transmit(c, p, to, len);
}

static void take_packet(struct call *c)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof ss;
	uint8_t p[2048];
	ssize_t n = recvfrom(c->fd, p, sizeof p, 0, (struct sockaddr *)&ss, &len);
	char from[MS_ADDR_TEXT + 8];

	if (n < 0)
		return;
	name(&ss, from, sizeof from);
	if (n < HEADER) {
		printf("received packet from %s, too short for IKE: %zd octets\n", from, n);
		return;
	}
	show(p, (size_t)n, from);
	c->received++;
	if (c->listen)
		reply(c, p, &ss, len);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void wait_for_answers(struct call *c)
{
	bool for_ever = c->listen && c->wait_s == 0;
	int64_t end = now_ms() + (int64_t)(c->wait_s == 0 ? WAIT_S : c->wait_s) * 1000, left = 0;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	while (for_ever || (left = end - now_ms()) > 0) {
		if (!c->listen && c->received >= c->sent)
			return;
		fflush(stdout);
		if (poll(&p, 1, for_ever ? -1 : (int)left) > 0)
			take_packet(c);
	}
}

int tool_ikeping(struct tool *t, int argc, char **argv)
{
	struct call c = { .t = t, .exchange = ECHO_REQUEST };
	int status = tool_args_read(t, &usage, argc, argv, take_host, &c);

	if (status != -1)
		return status;
	if (c.n == 0 && !c.listen)
		return tool_show_usage(&usage, stderr, EXIT_ARGUMENT);
	if (c.listen && c.port == 0)
		c.port = IKE_PORT;
	c.family = c.inet6 ? AF_INET6 : c.inet ? AF_INET : 0;
	if (c.family == 0)
		c.family = c.address != NULL && strchr(c.address, ':') != NULL ? AF_INET6 : AF_INET;
	status = open_socket(&c);
	for (unsigned i = 0; i < c.n && status == 0; i++)
		if (!ask(&c, c.hosts[i]))
			status = EXIT_SEND;
	if (status == 0)
		wait_for_answers(&c);
	if (c.sent > 0)
		printf("%u packets sent, %u packets received. %u%% packet loss\n", c.sent, c.received,
			c.received < c.sent ? (c.sent - c.received) * 100 / c.sent : 0);
	return status;
}
