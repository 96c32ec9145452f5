/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec verify`: what the kernel's settings and the firewall do to packets. */
#include "tools/verify.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_OCTETS = 1 << 20 };

/* --- firewall ----------------------------------------------------------------------------------- */

/* Does a rule with "dport" name that port, alone or in a set? */
static bool rule_names_port(const char *line, const char *number, const char *service)
{
	const char *at = strstr(line, "dport");

	while (at != NULL && *at != '\0') {
		size_t len;

		at += strcspn(at, "0123456789abcdefghijklmnopqrstuvwxyz");
		len = strspn(at, "0123456789abcdefghijklmnopqrstuvwxyz-");
		if (len == 0)
			break;
		if ((strlen(number) == len && strncmp(at, number, len) == 0) ||
			(strlen(service) == len && strncmp(at, service, len) == 0))
			return true;
		at += len;
	}
	return false;
}

/* From what nft lists: an input chain whose policy is drop, and no rule that lets IKE in, means
 * blocked; other drops may or may not be meant for IKE. */
static enum verify_result judge_hole(const char *rules)
{
	char *copy = strdup(rules), *save = NULL, *line;
	bool closed = false, open = false, unsure = false, here = false;

	if (copy == NULL)
		return VERIFY_UNKNOWN;
	for (line = strtok_r(copy, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, "hook ") != NULL)
			here = strstr(line, "hook input") != NULL;
		if (!here)
			continue;
		closed |= strstr(line, "policy drop") != NULL;
		open |= rule_names_port(line, "500", "isakmp") && strstr(line, "accept") != NULL;
		unsure |= strstr(line, " drop") != NULL || strstr(line, " reject") != NULL ||
			  strstr(line, " jump ") != NULL;
	}
	free(copy);
	if (open)
		return VERIFY_OK;
	if (closed)
		return VERIFY_BLOCKED;
	return unsure ? VERIFY_UNKNOWN : VERIFY_OK;
}

static void check_hole(struct verify *v, const char *rules, bool known)
{
	static const char label[] = "Checking for port 500 hole in the firewall";

	if (!known)
		verify_say(v, label, VERIFY_UNKNOWN,
			"rules cannot be read: see that UDP 500 and 4500 and ESP come in");
	else
		verify_say(v, label, judge_hole(rules),
			"let UDP ports 500 and 4500 and protocol 50 (ESP) in, "
			"`ipsec ikeping --listen' tries it from elsewhere");
}

/* Packets that are masqueraded before klips sees them miss their eroute. */
static void check_nat(struct verify *v, const char *rules, bool known)
{
	static const char label[] = "Checking NAT and MASQUERADEing";
	bool nat = strstr(rules, "masquerade") != NULL || strstr(rules, "snat to") != NULL;

	if (!known)
		verify_say(v, label, VERIFY_UNKNOWN, "rules cannot be read");
	else if (nat && strstr(rules, "ipsec") == NULL)
		verify_say(v, label, VERIFY_FAILED,
			"exempt what goes to ipsec devices: `oifname \"ipsec*\" return' before the rule");
	else
		verify_say(v, label, VERIFY_OK, NULL);
}

/* --- settings ----------------------------------------------------------------------------------- */

static unsigned devices(const struct verify *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < v->n_addrs; i++) {
		unsigned j = 0;

		while (j < i && strcmp(v->device[i], v->device[j]) != 0)
			j++;
		n += j == i;
	}
	return n;
}

static void check_forwarding(struct verify *v)
{
	char value[16];

	if (devices(v) < 2)
		return;
	puts("Two or more interfaces found, checking IP forwarding");
	(void)verify_read("/proc/sys/net/ipv4/ip_forward", value, sizeof value);
	verify_say(v, "   of IPv4", strcmp(value, "1") == 0 ? VERIFY_OK : VERIFY_FAILED,
		"a gateway needs it: `sysctl net.ipv4.ip_forward=1', or forwardcontrol=yes in ipsec.conf");
}

/* The strict reverse path filter drops what comes out of a tunnel when its route leads elsewhere.
 * The larger of a device's value and that of "all" counts. */
static void check_rp_filter(struct verify *v)
{
	char all[16], value[16];
	glob_t found;

	(void)verify_read("/proc/sys/net/ipv4/conf/all/rp_filter", all, sizeof all);
	if (glob("/proc/sys/net/ipv4/conf/ipsec*/rp_filter", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char label[128];
		long have;

		(void)verify_read(found.gl_pathv[i], value, sizeof value);
		have = strtol(value, NULL, 10);
		if (strtol(all, NULL, 10) > have)
			have = strtol(all, NULL, 10);
		snprintf(label, sizeof label, "Checking rp_filter (%s)",
			found.gl_pathv[i] + strlen("/proc/sys/net/ipv4/conf/"));
		verify_say(v, label, have != 1 ? VERIFY_OK : VERIFY_FAILED,
			"`echo 0 > %s'%s", found.gl_pathv[i],
			strcmp(all, "1") == 0 ? ", and the same of all" : "");
	}
	globfree(&found);
}

/* A redirect would lead hosts around the tunnel. */
static void check_redirects(struct verify *v)
{
	static const char *const names[] = { "send_redirects", "accept_redirects" };
	char path[96], label[96], value[16];

	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/all/%s", names[i]);
		snprintf(label, sizeof label, "Checking that %s is off", names[i]);
		if (verify_read(path, value, sizeof value))
			verify_say(v, label, strcmp(value, "0") == 0 ? VERIFY_OK : VERIFY_FAILED,
				"`sysctl net.ipv4.conf.all.%s=0'", names[i]);
	}
}

void verify_net(struct verify *v)
{
	const char *argv[] = { "nft", "list", "ruleset", NULL };
	char *rules = tool_alloc(RULES_OCTETS);
	bool known = verify_run(argv, rules, RULES_OCTETS) == 0;

	check_hole(v, rules, known);
	check_forwarding(v);
	check_nat(v, rules, known);
	check_rp_filter(v);
	check_redirects(v);
	free(rules);
}
