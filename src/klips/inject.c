/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: speaks PF_KEY with klips from the command line.
 *
 *	inject SOCKET attach PHYS [IPSECN]
 *	inject SOCKET tunnel in|out SRC DST SPI ENCR KEY INTEG KEY SRCNET DSTNET [SPORT DPORT]
 *	inject SOCKET transport in|out ... as tunnel
 *	inject SOCKET ah|comp|ipip in|out ... as tunnel: one SA by itself
 *	inject SOCKET group SAID SAID	   the first is applied before the second
 *	inject SOCKET flow SRCNET DSTNET SAID|%trap|%pass|... [PROTO SPORT DPORT]
 *	inject SOCKET unflow SRCNET DSTNET [PROTO SPORT DPORT]
 *	inject SOCKET delete SAID
 *	inject SOCKET get SAID
 *	inject SOCKET encap ADDR PORT	   gives a socket of its own making
 *	inject SOCKET encap-get ADDR PORT  asks for it back
 *	inject SOCKET listen SECONDS	   registers, prints what comes
 *	inject SOCKET teardown
 *
 * Algorithms by IKEv2 number, keys as 0x..., "-" for none; also for
 * SRCNET and DSTNET: any content.  Exit status 1: klips refused, its errno
 * on stdout.
 */
#include <modswan/addr.h>
#include <modswan/pfkey.h>
#include <modswan/text.h>
#include <modswan/unix.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int sock = -1;
static uint8_t buf[MS_PFKEY_MAX_OCTETS];

static _Noreturn void die(const char *what, const struct ms_why *why)
{
	fprintf(stderr, "inject: %s: %s\n", what, why == NULL ? strerror(errno) : why->text);
	exit(2);
}

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;
	struct ms_why why = { "" };

	if (ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, &why) != MS_OK)
		die(text, &why);
	return a;
}

static struct ms_subnet net(const char *text)
{
	struct ms_subnet s;
	struct ms_why why = { "" };

	if (ms_subnet_parse(&s, text, strlen(text), 0, MS_TEXT_NUMERIC, &why) != MS_OK)
		die(text, &why);
	return s;
}

static void send_message(struct ms_pfkey_msg *m, int fd)
{
	static uint32_t seq;
	struct ms_why why = { "" };
	size_t len;

	m->seq = ++seq;
	m->pid = (uint32_t)getpid();
	if (ms_pfkey_build(m, MS_PFKEY_DOWN, buf, sizeof buf, &len, &why) != MS_OK)
		die("build", &why);
	if (ms_unix_send(sock, buf, len, fd) != MS_OK)
		die("send", NULL);
}

/* The next message; false: none within the time. */
static bool next_message(struct ms_pfkey_msg *m, int *fd, int timeout_ms)
{
	struct ms_why why = { "" };
	size_t len;

	if (ms_unix_wait(sock, timeout_ms) != MS_OK)
		return false;
	if (ms_unix_receive(sock, buf, sizeof buf, &len, fd) != MS_OK)
		die("receive", NULL);
	if (ms_pfkey_parse(m, buf, len, MS_PFKEY_UP, &why) != MS_OK)
		die("parse", &why);
	return true;
}

static int finish(struct ms_pfkey_msg *m, int fd_out, int *fd_in)
{
	uint32_t seq, pid;
	char text[4096];
	int fd = -1;

	send_message(m, fd_out);
	seq = m->seq;
	pid = m->pid;
	do
		if (!next_message(m, &fd, 5000))
			die("no answer", NULL);
	while (m->seq != seq || m->pid != pid);
	if (fd_in != NULL)
		*fd_in = fd;
	ms_pfkey_text(m, text, sizeof text);
	puts(text);
	if (m->err != 0)
		printf("refused: %s\n", strerror(m->err));
	return m->err != 0;
}

static int attach(int argc, char **argv)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_ATTACH, .has = MS_PFKEY_BIT(X_MS_DEVICE) };

	snprintf(m.device.phys, sizeof m.device.phys, "%s", argv[0]);
	if (argc > 1)
		snprintf(m.device.name, sizeof m.device.name, "%s", argv[1]);
	return finish(&m, -1, NULL);
}

static struct ms_bytes key(const char *text, uint8_t *out)
{
	struct ms_why why = { "" };
	size_t len;

	if (strcmp(text, "-") == 0)
		return ms_bytes(NULL, 0);
	if (ms_data_parse(out, 64, &len, text, strlen(text), 0, &why) != MS_OK)
		die(text, &why);
	return ms_bytes(out, len);
}

static int add_sa(int argc, char **argv, uint8_t satype, bool tunnel)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_ADD, .satype = satype };
	struct ms_addr src = addr(argv[1]), dst = addr(argv[2]);
	uint8_t k1[64], k2[64];

	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST)
		| MS_PFKEY_BIT(X_MS_SA);
	m.sa.spi = (uint32_t)strtoul(argv[3], NULL, 0);
	m.sa.state = MS_PFKEY_MATURE;
	ms_pfkey_addr_set(&m.src, &src, 0);
	ms_pfkey_addr_set(&m.dst, &dst, 0);
	if (strcmp(argv[4], "-") != 0) {
		m.x_sa.encr = (uint16_t)atoi(argv[4]);
		m.key_encrypt.key = key(argv[5], k1);
		m.key_encrypt.bits = (uint16_t)(m.key_encrypt.key.len * 8);
		m.has |= MS_PFKEY_BIT(KEY_ENCRYPT);
	}
	if (strcmp(argv[6], "-") != 0) {
		m.x_sa.integ = (uint16_t)atoi(argv[6]);
		m.key_auth.key = key(argv[7], k2);
		m.key_auth.bits = (uint16_t)(m.key_auth.key.len * 8);
		m.has |= MS_PFKEY_BIT(KEY_AUTH);
	}
	m.x_sa.window = 128;
	if (strcmp(argv[0], "in") == 0)
		m.x_sa.flags = MS_PFKEY_X_INBOUND;
	if (strcmp(argv[0], "in") == 0 && strcmp(argv[8], "-") != 0) {
		struct ms_subnet a = net(argv[8]), b = net(argv[9]);

		m.has |= MS_PFKEY_BIT(X_MS_SEL_SRC) | MS_PFKEY_BIT(X_MS_SEL_DST);
		m.sel_src = ms_selector_of_subnet(&a);
		m.sel_dst = ms_selector_of_subnet(&b);
	}
	if (argc > 11) {
		m.has |= MS_PFKEY_BIT(X_NAT_T_TYPE) | MS_PFKEY_BIT(X_NAT_T_SPORT)
			| MS_PFKEY_BIT(X_NAT_T_DPORT);
		m.nat_type = 2;
		m.nat_sport = (uint16_t)atoi(argv[10]);
		m.nat_dport = (uint16_t)atoi(argv[11]);
	}
	if (tunnel) {
		m.has |= MS_PFKEY_BIT(X_SATYPE2) | MS_PFKEY_BIT(X_SA2)
			| MS_PFKEY_BIT(X_ADDRESS_DST2);
		m.satype2 = MS_PFKEY_SATYPE_IPIP;
		ms_pfkey_addr_set(&m.dst2, &dst, 0);
	}
	return finish(&m, -1, NULL);
}

static int tunnel(int argc, char **argv)
{
	return add_sa(argc, argv, MS_PFKEY_SATYPE_ESP, true);
}

static int transport(int argc, char **argv)
{
	return add_sa(argc, argv, MS_PFKEY_SATYPE_ESP, false);
}

static int ah(int argc, char **argv)
{
	return add_sa(argc, argv, MS_PFKEY_SATYPE_AH, false);
}

static int comp(int argc, char **argv)
{
	return add_sa(argc, argv, MS_PFKEY_SATYPE_COMP, false);
}

static int ipip(int argc, char **argv)
{
	return add_sa(argc, argv, MS_PFKEY_SATYPE_IPIP, false);
}

static struct ms_said said(const char *text)
{
	struct ms_said s;
	struct ms_why why = { "" };

	if (ms_said_parse(&s, text, strlen(text), MS_TEXT_NUMERIC, &why) != MS_OK)
		die(text, &why);
	return s;
}

static int group(int argc, char **argv)
{
	struct ms_said first = said(argv[0]), second = said(argv[1]);
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_GRPSA,
		.satype = ms_pfkey_satype_of(first.protocol) };

	(void)argc;
	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_DST) | MS_PFKEY_BIT(X_SATYPE2)
		| MS_PFKEY_BIT(X_SA2) | MS_PFKEY_BIT(X_ADDRESS_DST2);
	m.sa.spi = first.spi;
	ms_pfkey_addr_set(&m.dst, &first.dst, 0);
	m.satype2 = ms_pfkey_satype_of(second.protocol);
	m.sa2.spi = second.spi;
	ms_pfkey_addr_set(&m.dst2, &second.dst, 0);
	return finish(&m, -1, NULL);
}

static void fill_flow(struct ms_pfkey_msg *m, int argc, char **argv, int ports_at)
{
	struct ms_subnet a = net(argv[0]), b = net(argv[1]);
	struct ms_addr am = ms_subnet_mask(&a), bm = ms_subnet_mask(&b);

	m->has |= MS_PFKEY_BIT(X_ADDRESS_SRC_FLOW) | MS_PFKEY_BIT(X_ADDRESS_DST_FLOW)
		| MS_PFKEY_BIT(X_ADDRESS_SRC_MASK) | MS_PFKEY_BIT(X_ADDRESS_DST_MASK);
	ms_pfkey_addr_set(&m->src_flow, &a.net, 0);
	ms_pfkey_addr_set(&m->dst_flow, &b.net, 0);
	ms_pfkey_addr_set(&m->src_mask, &am, 0);
	ms_pfkey_addr_set(&m->dst_mask, &bm, 0);
	if (argc > ports_at + 2) {
		m->has |= MS_PFKEY_BIT(X_PROTOCOL);
		m->protocol.proto = (uint8_t)atoi(argv[ports_at]);
		m->src_flow.ep.port = (uint16_t)atoi(argv[ports_at + 1]);
		m->dst_flow.ep.port = (uint16_t)atoi(argv[ports_at + 2]);
	}
}

static int flow(int argc, char **argv)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_ADDFLOW };
	struct ms_said s = said(argv[2]);

	fill_flow(&m, argc, argv, 3);
	m.has |= MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_DST);
	m.satype = ms_pfkey_satype_of(s.protocol);
	m.sa.spi = s.spi;
	m.sa.flags = MS_PFKEY_REPLACEFLOW;
	if (s.dst.family == 0)
		s.dst = ms_addr_any(AF_INET);
	ms_pfkey_addr_set(&m.dst, &s.dst, 0);
	return finish(&m, -1, NULL);
}

static int unflow(int argc, char **argv)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_DELFLOW };

	fill_flow(&m, argc, argv, 2);
	return finish(&m, -1, NULL);
}

static int about_sa(const char *text, uint8_t type)
{
	struct ms_said s = said(text);
	struct ms_pfkey_msg m = { .type = type, .satype = ms_pfkey_satype_of(s.protocol) };

	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST);
	m.sa.spi = s.spi;
	ms_pfkey_addr_set(&m.src, &s.dst, 0);
	ms_pfkey_addr_set(&m.dst, &s.dst, 0);
	return finish(&m, -1, NULL);
}

static int delete(int argc, char **argv)
{
	(void)argc;
	return about_sa(argv[0], MS_PFKEY_DELETE);
}

static int get(int argc, char **argv)
{
	(void)argc;
	return about_sa(argv[0], MS_PFKEY_GET);
}

static int encap_message(char **argv, int fd, int *fd_in)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_ENCAP_SOCKET, .has = MS_PFKEY_BIT(X_MS_LOCAL) };
	struct ms_addr a = addr(argv[0]);

	ms_pfkey_addr_set(&m.local, &a, (uint16_t)atoi(argv[1]));
	return finish(&m, fd, fd_in);
}

static int encap(int argc, char **argv)
{
	struct ms_endpoint local = { .addr = addr(argv[0]), .port = (uint16_t)atoi(argv[1]) };
	struct sockaddr_storage ss;
	socklen_t len = ms_endpoint_to_sockaddr(&local, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM, 0);

	(void)argc;
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) < 0)
		die("bind", NULL);
	return encap_message(argv, fd, NULL);
}

static int encap_get(int argc, char **argv)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct ms_endpoint ep;
	char text[MS_ENDPOINT_TEXT];
	int fd = -1, status = encap_message(argv, -1, &fd);

	(void)argc;
	if (status != 0)
		return status;
	if (fd < 0 || getsockname(fd, (struct sockaddr *)&ss, &len) < 0
		|| ms_endpoint_from_sockaddr(&ep, (struct sockaddr *)&ss) != MS_OK)
		die("no socket came", NULL);
	ms_endpoint_text(&ep, text, sizeof text);
	printf("got %s\n", text);
	return 0;
}

static int listen_for(int argc, char **argv)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_REGISTER, .satype = MS_PFKEY_SATYPE_ESP };
	struct ms_pfkey_msg hello = { .type = MS_PFKEY_X_MS_HELLO };
	time_t end = time(NULL) + atoi(argv[0]);
	char text[4096];
	int fd;

	(void)argc;
	if (finish(&m, -1, NULL) != 0 || finish(&hello, -1, NULL) != 0)
		return 1;
	fflush(stdout);
	while (time(NULL) < end) {
		if (!next_message(&m, &fd, 200))
			continue;
		ms_pfkey_text(&m, text, sizeof text);
		puts(text);
		fflush(stdout);
	}
	return 0;
}

static int teardown(int argc, char **argv)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_TEARDOWN };

	(void)argc;
	(void)argv;
	return finish(&m, -1, NULL);
}

static const struct {
	const char *name;
	int args;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "attach", 1, attach },
	{ "tunnel", 10, tunnel },
	{ "transport", 10, transport },
	{ "ah", 10, ah },
	{ "comp", 10, comp },
	{ "ipip", 10, ipip },
	{ "group", 2, group },
	{ "flow", 3, flow },
	{ "unflow", 2, unflow },
	{ "delete", 1, delete },
	{ "get", 1, get },
	{ "encap", 2, encap },
	{ "encap-get", 2, encap_get },
	{ "listen", 1, listen_for },
	{ "teardown", 0, teardown },
};

int main(int argc, char **argv)
{
	struct ms_why why = { "" };
	unsigned i;

	for (i = 0; argc > 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(verbs[i].name, argv[2]) != 0 || argc - 3 < verbs[i].args)
			continue;
		if (ms_unix_connect(&sock, argv[1], SOCK_SEQPACKET, &why) != MS_OK)
			die("connect", &why);
		return verbs[i].run(argc - 3, argv + 3);
	}
	fprintf(stderr, "usage: inject SOCKET VERB ..., see inject.c\n");
	return 2;
}
