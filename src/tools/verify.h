/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of `ipsec verify` share. */
#ifndef MODSWAN_TOOLS_VERIFY_H
#define MODSWAN_TOOLS_VERIFY_H

#include "tools/resolver.h"
#include "tools/tool.h"

#include <modswan/addr.h>

enum verify_result {
	VERIFY_OK,
	VERIFY_FAILED,
	VERIFY_MISSING,
	VERIFY_BLOCKED,
	VERIFY_DEPRECATED,
	VERIFY_UNKNOWN, /* shown as N/A: it cannot be told from here */
};

enum { VERIFY_MAX_ADDRS = 64, VERIFY_REMEDY = 400 };

struct verify {
	const struct tool *t;
	bool colour;
	unsigned columns; /* of a label */
	/* this machine's addresses, without those of loopback and ipsec devices */
	struct ms_addr addr[VERIFY_MAX_ADDRS];
	char device[VERIFY_MAX_ADDRS][16];
	unsigned n_addrs;
	struct tool_resolver *resolver; /* NULL: none, because of */
	struct ms_why no_resolver;
};

/* One line: what was looked at and what came of it.  Unless that is OK, the remedy (NULL: none)
 * follows, indented. */
void verify_say(const struct verify *v, const char *label, enum verify_result result,
	const char *remedy, ...) MS_PRINTF(4, 5);

/* What a program prints, at most size - 1 octets, NUL-terminated.  Its exit status, -1: it cannot
 * be run. */
int verify_run(const char *const argv[], char *buf, size_t size);
/* A small file of /proc without its end of line; false: there is none. */
bool verify_read(const char *path, char *buf, size_t size);
bool verify_is_public(const struct ms_addr *a);

/* This machine (verify_host.c, verify_net.c). */
void verify_host(struct verify *v);
void verify_net(struct verify *v);
/* Records of a host's name, of an address, of this machine (verify_dns.c). */
void verify_dns_host(struct verify *v, const char *name);
void verify_dns_addr(struct verify *v, const struct ms_addr *a);
void verify_dns_self(struct verify *v);

#endif
