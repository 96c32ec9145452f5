/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces of the system: MTU, addresses, flags.  Plain ioctls: no dumps, nothing to wait for. */
#include "klips/device.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/ipv6.h>
#include <stdio.h>
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

int if_up(const char *name)
{
	struct ifreq ifr;

	name_request(&ifr, name);
	if (with_socket(AF_INET, SIOCGIFFLAGS, &ifr) < 0)
		return -1;
	ifr.ifr_flags |= IFF_UP;
	return with_socket(AF_INET, SIOCSIFFLAGS, &ifr);
}

/* As a label's own address, so that a second one does not replace the first. */
static int add_addr4(const char *name, unsigned label, const struct sockaddr_in *sin)
{
	struct sockaddr_in mask = { .sin_family = AF_INET, .sin_addr.s_addr = INADDR_BROADCAST };
	struct ifreq ifr;

	name_request(&ifr, name);
	if (label > 0)
		snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%.8s:%u", name, label % 1000);
	memcpy(&ifr.ifr_addr, sin, sizeof *sin);
	if (with_socket(AF_INET, SIOCSIFADDR, &ifr) < 0)
		return -1;
	memcpy(&ifr.ifr_netmask, &mask, sizeof mask);
	return with_socket(AF_INET, SIOCSIFNETMASK, &ifr);
}

static int add_addr6(const char *name, const struct sockaddr_in6 *sin6)
{
	struct in6_ifreq req = { .ifr6_addr = sin6->sin6_addr, .ifr6_prefixlen = 128 };

	req.ifr6_ifindex = (int)if_nametoindex(name);
	return with_socket(AF_INET6, SIOCSIFADDR, &req);
}

unsigned if_copy_addrs(const char *phys, const char *to, struct ms_addr *addrs, unsigned max)
{
	struct ifaddrs *list, *a;
	struct ms_endpoint ep;
	unsigned n = 0, n4 = 0;
	int r;

	if (getifaddrs(&list) < 0)
		return 0;
	for (a = list; a != NULL && n < max; a = a->ifa_next) {
		if (a->ifa_addr == NULL || strcmp(a->ifa_name, phys) != 0
			|| ms_endpoint_from_sockaddr(&ep, a->ifa_addr) != MS_OK)
			continue;
		if (ep.addr.family == AF_INET6) {
			const struct sockaddr_in6 *sin6 = (const void *)a->ifa_addr;

			if (IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr))
				continue;
			r = add_addr6(to, sin6);
		} else {
			r = add_addr4(to, n4, (const void *)a->ifa_addr);
			n4 += r == 0;
		}
		if (r == 0)
			addrs[n++] = ep.addr;
	}
	freeifaddrs(list);
	return n;
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
