/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/dns/host_name.h"

#include <modswan/resolver.h>

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool ms_host_name(char *buf, size_t size)
{
	if (size == 0 || gethostname(buf, size) != 0 || memchr(buf, '\0', size) == NULL)
		return false;
	return ms_dns_name_ok(buf);
}

/* Without the final dot, as identities are compared. */
static bool take(char *buf, size_t size, const char *name)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= size)
		return false;
	memmove(buf, name, len);
	buf[len] = '\0';
	return strchr(buf, '.') != NULL && ms_dns_name_ok(buf);
}

bool ms_host_fqdn(char *buf, size_t size)
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list = NULL;
	bool found;

	if (!ms_host_name(buf, size))
		return false;
	if (strchr(buf, '.') != NULL)
		return take(buf, size, buf);
	if (getaddrinfo(buf, NULL, &hints, &list) != 0)
		return false;
	found = list->ai_canonname != NULL && take(buf, size, list->ai_canonname);
	freeaddrinfo(list);
	return found;
}
