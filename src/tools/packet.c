/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/packet.h"
#include "tools/verify.h"

#include <modswan/text.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- what is asked ------------------------------------------------------------------------------ */

static ms_err port(uint16_t *out, const char *word, uint8_t protocol, struct ms_why *why)
{
	return word == NULL ? MS_OK
			    : ms_port_parse(out, word, strlen(word), protocol, MS_TEXT_SERVICES, why);
}

ms_err packet_of_words(struct packet *p, char *const words[PACKET_WORDS], struct ms_why *why)
{
	ms_err err = ms_addr_parse(
		&p->src, words[PACKET_SRC], strlen(words[PACKET_SRC]), 0, MS_TEXT_NUMERIC, why);

	if (err == MS_OK)
		err = ms_addr_parse(&p->dst, words[PACKET_DST], strlen(words[PACKET_DST]), 0,
			MS_TEXT_NUMERIC, why);
	if (err == MS_OK && words[PACKET_PROTOCOL] != NULL)
		err = ms_protocol_parse(&p->protocol, words[PACKET_PROTOCOL],
			strlen(words[PACKET_PROTOCOL]), MS_TEXT_SERVICES, why);
	if (err == MS_OK)
		err = port(&p->sport, words[PACKET_SPORT], p->protocol, why);
	if (err == MS_OK)
		err = port(&p->dport, words[PACKET_DPORT], p->protocol, why);
	if (err == MS_OK && p->src.family != p->dst.family)
		err = ms_fail(why, MS_ERR_TEXT, "one address is IPv4, the other IPv6");
	return err;
}

/* RFC 4291 s2.5.5.2: an IPv6 socket with an IPv4 peer. */
static void unmap(struct ms_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct ms_addr four;

	if (a->family == AF_INET6 && memcmp(a->b, mapped, sizeof mapped) == 0 &&
		ms_addr_from_octets(&four, a->b + sizeof mapped, 4) == MS_OK)
		*a = four;
}

static ms_err end(int fd, int (*name)(int, struct sockaddr *, socklen_t *), struct ms_addr *addr,
	uint16_t *port_r, struct ms_why *why)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct ms_endpoint e;
	ms_err err;

	if (name(fd, (struct sockaddr *)&ss, &len) != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "descriptor %d: %s", fd, strerror(errno));
	err = ms_endpoint_from_sockaddr(&e, (struct sockaddr *)&ss);
	if (err != MS_OK)
		return ms_fail(why, err, "descriptor %d is not a socket of IP", fd);
	*addr = e.addr;
	*port_r = e.port;
	unmap(addr);
	return MS_OK;
}

ms_err packet_of_socket(struct packet *p, int fd, struct ms_why *why)
{
	ms_err err = end(fd, getsockname, &p->src, &p->sport, why);
	socklen_t len = sizeof(int);
	int protocol = 0;

	if (err == MS_OK)
		err = end(fd, getpeername, &p->dst, &p->dport, why);
	if (err == MS_OK && getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
		protocol > 0 && protocol < 256)
		p->protocol = (uint8_t)protocol;
	return err;
}

void packet_done(struct packet *p)
{
	free(p->line);
	p->line = NULL;
}

/* --- klips -------------------------------------------------------------------------------------- */

static bool fits(uint16_t wanted, uint16_t have)
{
	return wanted == 0 || wanted == have;
}

/* Closest as klips looks: source, then destination, then protocol and ports. */
static void try_eroute(void *arg, const char *text)
{
	struct packet *p = arg;
	struct eroute_line l;
	unsigned score;

	if (eroute_line_parse(&l, text, NULL) != MS_OK)
		return;
	p->eroutes++;
	if (!ms_subnet_has(&l.src, &p->src) || !ms_subnet_has(&l.dst, &p->dst) ||
		(l.proto != 0 && l.proto != p->protocol) || !fits(l.src_port, p->sport) ||
		!fits(l.dst_port, p->dport))
		return;
	score = 1 + l.src.bits * 4096u + l.dst.bits * 8u + (l.proto != 0) * 4u +
		(l.src_port != 0) * 2u + (l.dst_port != 0);
	if (score <= p->score)
		return;
	free(p->line);
	p->line = tool_format("%s", text);
	p->eroute = l;
	p->score = score;
}

ms_err packet_find_eroute(const struct tool *t, struct packet *p, struct ms_why *why)
{
	return tool_klips_command(t, "eroute", try_eroute, p, why);
}

/* --- the host's routes -------------------------------------------------------------------------- */

static bool device_in(const char *text, char *name, size_t size)
{
	const char *at = strstr(text, " dev ");
	size_t len;

	if (at == NULL)
		return false;
	at += strlen(" dev ");
	len = strcspn(at, " \n");
	snprintf(name, size, "%.*s", (int)len, at);
	return len > 0;
}

/* Of a packet that is forwarded the source is nobody's here: then the destination alone. */
bool packet_device(const struct packet *p, char *name, size_t size)
{
	char src[MS_ADDR_TEXT], dst[MS_ADDR_TEXT], out[512];
	const char *both[] = { "ip", "-o", "route", "get", dst, "from", src, NULL };
	const char *one[] = { "ip", "-o", "route", "get", dst, NULL };

	ms_addr_text(&p->src, src, sizeof src);
	ms_addr_text(&p->dst, dst, sizeof dst);
	return (verify_run(both, out, sizeof out) == 0 && device_in(out, name, size)) ||
	       (verify_run(one, out, sizeof out) == 0 && device_in(out, name, size));
}

/* --- pluto -------------------------------------------------------------------------------------- */

int packet_ask(const struct tool *t, const struct packet *p, const char *command,
	const struct tool_replies *replies)
{
	static const char *const names[PACKET_WORDS] = { "src", "dst", "protocol", "sport", "dport" };
	char value[PACKET_WORDS][MS_ADDR_TEXT];
	struct ms_arg args[PACKET_WORDS];
	struct ms_request request = { command, args, 0, false };
	char *path = tool_pluto_socket(t);
	struct ms_why why = { "" };
	int status = 0;

	ms_addr_text(&p->src, value[PACKET_SRC], sizeof value[0]);
	ms_addr_text(&p->dst, value[PACKET_DST], sizeof value[0]);
	snprintf(value[PACKET_PROTOCOL], sizeof value[0], "%u", p->protocol);
	snprintf(value[PACKET_SPORT], sizeof value[0], "%u", p->sport);
	snprintf(value[PACKET_DPORT], sizeof value[0], "%u", p->dport);
	request.n_args = p->protocol == 0 ? PACKET_PROTOCOL : PACKET_WORDS;
	for (unsigned i = 0; i < request.n_args; i++)
		args[i] = (struct ms_arg){ names[i], value[i] };
	if (!tool_command(path, &request, replies, &status, &why))
		tool_error(t, "%s", why.text);
	free(path);
	return status;
}
