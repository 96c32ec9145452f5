/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's policies for `ipsec policy`: two dumps of its XFRM netlink socket, first the SAs, whose
 * SPIs the policies' templates do not have, then the policies.
 *
 * Standards: RFC 4301 s4.4.1 (what a policy is).
 */
#include "tools/policy.h"

#include "lib/wire/wire.h"

#include <modswan/addr.h>
#include <modswan/kernel.h>

#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MESSAGE = 65536, PATIENCE_S = 5, LINE = 512, MAX_TEMPLATES = 6 };

/* Both of the library's and the kernel's: what an SA is found by. */
struct sa {
	struct ms_said said;
	uint32_t reqid;
};

struct netkey {
	const struct policy_call *c;
	struct sa *sas;
	size_t n_sas, cap;
};

/* Messages and attributes begin at multiples of 4. */
static size_t padding(uint32_t len)
{
	return (4 - len % 4) % 4;
}

static struct ms_addr addr_of(const xfrm_address_t *a, uint16_t family)
{
	struct ms_addr out = { .family = family };

	memcpy(out.b, a, family == AF_INET6 ? 16 : 4);
	return out;
}

static uint16_t port_of(__be16 port)
{
	const uint8_t *b = (const uint8_t *)&port;

	return (uint16_t)(b[0] << 8 | b[1]);
}

/* --- SAs --------------------------------------------------------------------------------------- */

static void take_sa(struct netkey *k, struct wire_reader body)
{
	struct xfrm_usersa_info info;
	const uint8_t *spi = (const uint8_t *)&info.id.spi;

	wire_copy(&body, &info, sizeof info);
	if (!wire_ok(&body))
		return;
	if (k->n_sas == k->cap) {
		size_t cap = k->cap == 0 ? 64 : k->cap * 2;
		struct sa *bigger = realloc(k->sas, cap * sizeof *bigger);

		if (bigger == NULL)
			return; /* policies are shown without its SPI */
		k->sas = bigger;
		k->cap = cap;
	}
	k->sas[k->n_sas++] = (struct sa){
		{ addr_of(&info.id.daddr, info.family),
			(uint32_t)spi[0] << 24 | (uint32_t)spi[1] << 16 | (uint32_t)spi[2] << 8 | spi[3],
			info.id.proto },
		info.reqid };
}

/* The newest SA of a template: the kernel lists that first. */
static const struct sa *sa_of(const struct netkey *k, const struct ms_addr *dst,
	const struct xfrm_user_tmpl *t)
{
	size_t i;

	for (i = 0; i < k->n_sas; i++)
		if (k->sas[i].said.protocol == t->id.proto && k->sas[i].reqid == t->reqid &&
			ms_addr_eq(&k->sas[i].said.dst, dst))
			return &k->sas[i];
	return NULL;
}

/* --- policies ---------------------------------------------------------------------------------- */

static const char *protocol_word(uint8_t protocol, char *buf, size_t size)
{
	static const struct {
		uint8_t protocol;
		const char *word;
	} words[] = { { IPPROTO_ESP, "esp" }, { IPPROTO_AH, "ah" }, { IPPROTO_COMP, "comp" },
		{ IPPROTO_IPIP, "tun" }, { IPPROTO_IPV6, "tun" } };
	unsigned i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].protocol == protocol)
			return words[i].word;
	snprintf(buf, size, "proto%u", protocol);
	return buf;
}

static size_t add(char *out, size_t n, const char *text)
{
	return n + (n >= LINE ? 0 : (size_t)snprintf(out + n, LINE - n, "%s%s", n == 0 ? "" : " ", text));
}

/* In the order in which they are applied; without a number where there is no SA yet. */
static size_t template_text(const struct netkey *k, const struct xfrm_user_tmpl *t, uint16_t family,
	char *out, size_t n)
{
	struct ms_addr dst = addr_of(&t->id.daddr, t->mode == XFRM_MODE_TUNNEL ? t->family : family);
	const struct sa *sa = sa_of(k, &dst, t);
	char addr[MS_ADDR_TEXT], one[MS_ADDR_TEXT + MS_SAID_TEXT + 32], word[16];

	ms_addr_text(&dst, addr, sizeof addr);
	if (t->mode == XFRM_MODE_TUNNEL && t->id.proto != IPPROTO_IPIP && t->id.proto != IPPROTO_IPV6) {
		snprintf(one, sizeof one, "tun@%s", addr);
		n = add(out, n, one);
	}
	if (sa != NULL)
		ms_said_text(&sa->said, 'x', one, sizeof one);
	else
		snprintf(one, sizeof one, "%s@%s(reqid %u, no SA)",
			protocol_word(t->id.proto, word, sizeof word), addr, t->reqid);
	return add(out, n, one);
}

static void take_templates(const struct netkey *k, struct wire_reader rest, uint16_t family, char *out)
{
	size_t n = 0;
	unsigned i;

	out[0] = '\0';
	while (wire_left(&rest) >= sizeof(struct nlattr)) {
		struct nlattr a;
		struct wire_reader body;

		wire_copy(&rest, &a, sizeof a);
		if (a.nla_len < sizeof a)
			return;
		body = wire_reader(wire_take(&rest, a.nla_len - sizeof a));
		if (!wire_ok(&rest))
			return;
		if (wire_left(&rest) >= padding(a.nla_len))
			wire_take(&rest, padding(a.nla_len));
		if (a.nla_type != XFRMA_TMPL)
			continue;
		for (i = 0; i < MAX_TEMPLATES && wire_left(&body) >= sizeof(struct xfrm_user_tmpl); i++) {
			struct xfrm_user_tmpl t;

			wire_copy(&body, &t, sizeof t);
			n = template_text(k, &t, family, out, n);
		}
	}
}

static void net_text(const xfrm_address_t *a, uint8_t bits, __be16 port, uint16_t family, char *out,
	size_t size)
{
	struct ms_addr addr = addr_of(a, family);
	char text[MS_ADDR_TEXT];

	ms_addr_text(&addr, text, sizeof text);
	if (family == AF_INET || port != 0)
		snprintf(out, size, "%s/%u:%u", text, bits, port_of(port));
	else
		snprintf(out, size, "%s/%u", text, bits);
}

static void take_policy(struct netkey *k, struct wire_reader body)
{
	static const struct {
		const char *name;
		unsigned dir;
	} dirs[] = { [XFRM_POLICY_IN] = { "in", POLICY_IN }, [XFRM_POLICY_OUT] = { "out", POLICY_OUT },
		[XFRM_POLICY_FWD] = { "fwd", POLICY_FWD } };
	char src[MS_ADDR_TEXT + 12], dst[MS_ADDR_TEXT + 12], what[LINE], all[LINE + 24];
	struct xfrm_userpolicy_info info;

	wire_copy(&body, &info, sizeof info);
	/* the others are single sockets' */
	if (!wire_ok(&body) || info.dir >= sizeof dirs / sizeof dirs[0] ||
		(k->c->dirs & dirs[info.dir].dir) == 0)
		return;
	net_text(&info.sel.saddr, info.sel.prefixlen_s, info.sel.sport, info.sel.family, src, sizeof src);
	net_text(&info.sel.daddr, info.sel.prefixlen_d, info.sel.dport, info.sel.family, dst, sizeof dst);
	take_templates(k, body, info.sel.family, what);
	if (info.action == XFRM_POLICY_BLOCK)
		snprintf(what, sizeof what, "%%drop");
	else if (what[0] == '\0')
		snprintf(what, sizeof what, "%%pass");
	if (info.sel.proto != 0)
		snprintf(all, sizeof all, "%s protocol %u", what, info.sel.proto);
	policy_put(dirs[info.dir].name, src, dst, info.sel.proto != 0 ? all : what, NULL);
}

/* --- the socket --------------------------------------------------------------------------------- */

/* Each message of what was received; true: that was the last. */
static bool take_all(struct netkey *k, struct wire_reader r, uint16_t type,
	void (*take)(struct netkey *k, struct wire_reader body), int *err)
{
	while (wire_left(&r) >= sizeof(struct nlmsghdr)) {
		struct wire_reader body;
		struct nlmsghdr h;

		wire_copy(&r, &h, sizeof h);
		if (h.nlmsg_len < sizeof h)
			break;
		body = wire_reader(wire_take(&r, h.nlmsg_len - sizeof h));
		if (!wire_ok(&r))
			break;
		if (wire_left(&r) >= padding(h.nlmsg_len))
			wire_take(&r, padding(h.nlmsg_len));
		if (h.nlmsg_type == NLMSG_ERROR)
			wire_copy(&body, err, sizeof *err);
		if (h.nlmsg_type == NLMSG_ERROR || h.nlmsg_type == NLMSG_DONE)
			return true;
		if (h.nlmsg_type == type)
			take(k, body);
	}
	return false;
}

static ms_err dump(struct netkey *k, int fd, uint16_t request, uint16_t type, size_t octets,
	void (*take)(struct netkey *k, struct wire_reader body), struct ms_why *why)
{
	struct {
		struct nlmsghdr h;
		uint8_t zero[256];
	} m = { .h = { .nlmsg_type = request, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	uint8_t *buf = tool_alloc(MESSAGE);
	bool last = false;
	ssize_t n = 0;
	int err = 0;

	m.h.nlmsg_len = (uint32_t)NLMSG_LENGTH(octets);
	if (send(fd, &m, m.h.nlmsg_len, 0) < 0)
		err = -errno;
	while (err == 0 && !last && (n = recv(fd, buf, MESSAGE, 0)) > 0)
		last = take_all(k, wire_reader(ms_bytes(buf, (size_t)n)), type, take, &err);
	if (err == 0 && !last)
		err = n < 0 ? -errno : -EIO;
	free(buf);
	return err == 0 ? MS_OK : ms_fail(why, MS_ERR_SYSTEM, "XFRM: %s", strerror(-err));
}

ms_err policy_list_netkey(const struct policy_call *c, struct ms_why *why)
{
	struct netkey k = { .c = c };
	struct timeval patience = { PATIENCE_S, 0 };
	ms_err err;
	int fd;

	if (c->read != NULL)
		return ms_fail(why, MS_ERR_UNSUPPORTED, "--read is for listings of klips");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (fd < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "XFRM: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (c->debug)
		printf("ipsec policy: asks the kernel for SAs and policies\n");
	err = dump(&k, fd, XFRM_MSG_GETSA, XFRM_MSG_NEWSA, sizeof(struct xfrm_usersa_id), take_sa, why);
	if (err == MS_OK)
		err = dump(&k, fd, XFRM_MSG_GETPOLICY, XFRM_MSG_NEWPOLICY,
			sizeof(struct xfrm_userpolicy_id), take_policy, why);
	close(fd);
	free(k.sas);
	return err;
}
