/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec ikeping`: does an IKE daemon hear us?  A bare ISAKMP header of a private exchange goes out,
 * and comes back with its cookies swapped; nothing is negotiated.
 *
 * Standards: RFC 2408 s3.1 (the header); the exchange's numbers are the family's.
 */
#include "tools/tool.h"

#include <modswan/addr.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HELP, VERSION, LISTEN, VERBOSE, WAIT, EXCHANGE, PORT, ADDRESS, INET, INET6 };
enum { HEADER = 28, COOKIE = 8, NP_AT = 16, VERSION_AT = 17, EXCHANGE_AT = 18, LENGTH_AT = 24 };
enum { ECHO_REQUEST = 244, ECHO_REPLY = 245, IETF_REQUEST = 30, IETF_REPLY = 31 };
enum { IKE_PORT = 500, MAX_HOSTS = 256, ISAKMP_1_0 = 0x10 };
enum { EXIT_ARGUMENT = 1, EXIT_SOCKET = 3, EXIT_SEND = 5 };

static const struct tool_option table[] = {
	[HELP] = TOOL_HELP,
	[VERSION] = TOOL_VERSION,
	[LISTEN] = { "listen", NULL, "answer others; ends after --wait, or not at all" },
	[VERBOSE] = { "verbose", NULL, "show what is sent" },
	[WAIT] = { "wait", "SECONDS", "how long to wait for answers (10)" },
	[EXCHANGE] = { "exchangenum", "N", "the request's exchange type (244)" },
	[PORT] = { "ikeport", "N", "our UDP port (any free one; --listen: 500)" },
	[ADDRESS] = { "ikeaddress", "ADDRESS", "our address (any)" },
	[INET] = { "inet", NULL, "IPv4" },
	[INET6] = { "inet6", NULL, "IPv6" },
	{ NULL, NULL, NULL },
};

const struct tool_options ikeping_options = TOOL_OPTIONS(table, false);

struct call {
	const struct tool *t;
	bool listen, verbose, wait_given;
	int family;
	unsigned long wait_s, exchange, port;
	const char *address;
	const char *hosts[MAX_HOSTS];
	unsigned n, sent, received;
	int fd;
};

static const struct tool_usage usage = {
	.options = &ikeping_options,
	.text = "Usage: ipsec ikeping [OPTION]... HOST[/PORT]...\n"
		"       ipsec ikeping --listen [OPTION]...\n",
	.status = EXIT_ARGUMENT,
	.words = true,
};

/* --- command line ------------------------------------------------------------------------------- */

static bool take_number(const struct call *c, const char *option, const char *text,
	unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && *out >= min && *out <= max)
		return true;
	tool_error(c->t, "--%s %s: a number from %lu to %lu", option, text, min, max);
	return false;
}

static bool take_option(struct call *c, int row, const char *value)
{
	switch (row) {
	case LISTEN:
		return c->listen = true;
	case VERBOSE:
		return c->verbose = true;
	case WAIT:
		c->wait_given = true;
		return take_number(c, "wait", value, 1, 86400, &c->wait_s);
	case EXCHANGE:
		return take_number(c, "exchangenum", value, 0, 255, &c->exchange);
	case PORT:
		return take_number(c, "ikeport", value, 1, 65535, &c->port);
	case ADDRESS:
		c->address = value;
		return true;
	case INET:
		c->family = AF_INET;
		return true;
	case INET6:
		c->family = AF_INET6;
		return true;
	}
	if (c->n == MAX_HOSTS) {
		tool_error(c->t, "more than %d hosts", MAX_HOSTS);
		return false;
	}
	c->hosts[c->n++] = value;
	return true;
}

static int take_word(void *arg, int row, const char *value)
{
	return take_option(arg, row, value) ? -1 : EXIT_ARGUMENT;
}

/* --- sockets ------------------------------------------------------------------------------------ */

/* The first address of host; false: printed. */
static bool look_up(const struct call *c, const char *host, unsigned long port, int flags,
	struct sockaddr_storage *ss, socklen_t *len)
{
	struct addrinfo hints = { .ai_family = c->family, .ai_socktype = SOCK_DGRAM,
		.ai_flags = flags }, *list;
	char service[8];
	int err;

	snprintf(service, sizeof service, "%lu", port);
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
	unsigned long port = IKE_PORT;
	char *host;
	bool ok;

	if (slash != NULL && !take_number(c, "port of a host,", slash + 1, 1, 65535, &port))
		return false;
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
		tool_error(c->t, "cannot use port %lu: %s", c->port, strerror(errno));
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
		printf("\txchg=%lu, %d octets\n", c->exchange, HEADER);
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
	bool for_ever = c->listen && !c->wait_given;
	int64_t end = now_ms() + (int64_t)c->wait_s * 1000, left = 0;
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
	struct call c = { .t = t, .wait_s = 10, .exchange = ECHO_REQUEST };
	int status = tool_args_read(t, &usage, argc, argv, take_word, &c);

	if (status != -1)
		return status;
	if (c.n == 0 && !c.listen)
		return tool_show_usage(&usage, stderr, EXIT_ARGUMENT);
	if (c.listen && c.port == 0)
		c.port = IKE_PORT;
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
