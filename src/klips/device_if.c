/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces of the system: MTU, addresses, flags.  Nothing here waits for anybody. */
#include "klips/device.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int with_socket(int family, unsigned long request, void *arg)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -1;
	r = ioctl(fd, request, arg);
	close(fd);
	return r;
}

static void name_request(struct ifreq *ifr, const char *name)
{
	memset(ifr, 0, sizeof *ifr);
	snprintf(ifr->ifr_name, sizeof ifr->ifr_name, "%s", name);
}

int if_get_mtu(const char *name, uint32_t *mtu)
{
	struct ifreq ifr;

	name_request(&ifr, name);
	if (with_socket(AF_INET, SIOCGIFMTU, &ifr) < 0)
		return -1;
	*mtu = (uint32_t)ifr.ifr_mtu;
	return 0;
}

int if_set_mtu(const char *name, uint32_t mtu)
{
	struct ifreq ifr;

	name_request(&ifr, name);
	ifr.ifr_mtu = (int)mtu;
	return with_socket(AF_INET, SIOCSIFMTU, &ifr);
}

int if_get_queue(const char *name, uint32_t *entries)
{
	struct ifreq ifr;

	name_request(&ifr, name);
	if (with_socket(AF_INET, SIOCGIFTXQLEN, &ifr) < 0)
		return -1;
	*entries = (uint32_t)ifr.ifr_qlen;
	return 0;
}

int if_set_queue(const char *name, uint32_t entries)
{
	struct ifreq ifr;

	name_request(&ifr, name);
	ifr.ifr_qlen = (int)entries;
	return with_socket(AF_INET, SIOCSIFTXQLEN, &ifr);
}

int if_up(const char *name)
{
	struct ifreq ifr;

	name_request(&ifr, name);
	if (with_socket(AF_INET, SIOCGIFFLAGS, &ifr) < 0)
		return -1;
	ifr.ifr_flags |= IFF_UP;
	return with_socket(AF_INET, SIOCSIFFLAGS, &ifr);
}

int if_addrs(const char *name, struct ms_addr **addrs_r, unsigned *n_r)
{
	struct ms_addr *addrs = NULL, *more;
	struct ifaddrs *list, *a;
	struct ms_endpoint ep;
	unsigned n = 0, room = 0;

	if (getifaddrs(&list) < 0)
		return -1;
	for (a = list; a != NULL; a = a->ifa_next) {
		if (a->ifa_addr == NULL || strcmp(a->ifa_name, name) != 0
			|| ms_endpoint_from_sockaddr(&ep, a->ifa_addr) != MS_OK)
			continue;
		if (ep.addr.family == AF_INET6 && ep.addr.b[0] == 0xfe && (ep.addr.b[1] & 0xc0) == 0x80)
			continue; /* link-local ones stay with their link */
		if (n == room) {
			room = room == 0 ? 8 : room * 2;
			more = reallocarray(addrs, room, sizeof *addrs);
			if (more == NULL) {
				free(addrs);
				freeifaddrs(list);
				return -1;
			}
			addrs = more;
		}
		addrs[n++] = ep.addr;
	}
	freeifaddrs(list);
	*addrs_r = addrs;
	*n_r = n;
	return 0;
}

uint64_t if_overflows(const char *name)
{
	struct ifaddrs *list, *a;
	struct rtnl_link_stats stats = { .tx_dropped = 0 };

	if (getifaddrs(&list) < 0)
		return 0;
	for (a = list; a != NULL; a = a->ifa_next)
		if (a->ifa_addr != NULL && a->ifa_addr->sa_family == AF_PACKET && a->ifa_data != NULL
			&& strcmp(a->ifa_name, name) == 0)
			memcpy(&stats, a->ifa_data, sizeof stats);
	freeifaddrs(list);
	return stats.tx_dropped;
}

struct addr_request {
	struct nlmsghdr header;
	struct ifaddrmsg msg;
	struct rtattr attr;
	uint8_t addr[16];
};

/* 0 or an errno: what the system answers. */
static int ask(int fd, const struct addr_request *r)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr err;
		uint8_t more[512];
	} answer;

	if (send(fd, r, r->header.nlmsg_len, 0) < 0)
		return errno;
	if (recv(fd, &answer, sizeof answer, 0) < (ssize_t)(sizeof answer.header + sizeof answer.err)
		|| answer.header.nlmsg_type != NLMSG_ERROR)
		return EIO;
	return -answer.err.error;
}

int if_change_addr(const char *name, const struct ms_addr *addr, bool add)
{
	size_t octets = ms_addr_octets(addr);
	struct addr_request r = {
		.header = { .nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR,
			.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK
				| (add ? NLM_F_CREATE | NLM_F_REPLACE : 0)) },
		.msg = { .ifa_family = (uint8_t)addr->family, .ifa_prefixlen = (uint8_t)(octets * 8),
			.ifa_flags = addr->family == AF_INET6 ? IFA_F_NODAD : 0,
			.ifa_index = if_nametoindex(name) },
		.attr = { .rta_type = IFA_LOCAL, .rta_len = (uint16_t)RTA_LENGTH(octets) },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), e;

	if (fd < 0)
		return -1;
	memcpy(r.addr, addr->b, octets);
	r.header.nlmsg_len = (uint32_t)(offsetof(struct addr_request, addr) + octets);
	e = ask(fd, &r);
	close(fd);
	errno = e;
	return e == 0 ? 0 : -1;
}

static void write_sysctl(const char *family, const char *name, const char *key, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "/proc/sys/net/%s/conf/%s/%s", family, name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* no such family here */
	if (write(fd, value, strlen(value)) < 0) {
		/* the defaults do, only with more noise on the device */
	}
	close(fd);
}

void if_tune(const char *name)
{
	/* no link-local address, so no router solicitations into the tunnel */
	write_sysctl("ipv6", name, "addr_gen_mode", "1");
	write_sysctl("ipv6", name, "accept_ra", "0");
	/* content arrives here whose way back may lead elsewhere; SAs were checked already */
	write_sysctl("ipv4", name, "rp_filter", "2");
}
