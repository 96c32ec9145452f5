/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec verify`: what this host or another one publishes for opportunistic encryption.
 *
 * Records are read by the same code that pluto believes, so that one which it would refuse is not
 * called good here, and are asked for as pluto asks: by the same plugin, with the same servers and
 * trust anchors.
 *
 * Standards: RFC 4322 s3.2 (TXT), RFC 4025 (IPSECKEY), RFC 4035 (DNSSEC).
 */
#include "lib/dns/host_name.h"
#include "tools/hostkey.h"
#include "tools/verify.h"

#include <modswan/dnskey.h>
#include <modswan/resolver.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_KEYS = 8, MAX_ADDRS = 32, LABEL = 320 };

/* What was found under one name. */
struct found {
	unsigned good, keys_only; /* records of TXT or IPSECKEY; of KEY alone */
	bool secure, failed;	  /* failed: nobody answered, or it is bogus */
	unsigned n;
	struct ms_dns_key key[MAX_KEYS];
	struct ms_why why;
};

struct looking {
	struct found *f;
	uint16_t type;
};

static void take_record(struct found *f, uint16_t type, struct ms_bytes record)
{
	struct ms_why why = { "" };
	ms_err bad = f->n == MAX_KEYS ? MS_ERR_NOT_FOUND
				      : ms_dns_key_read(type, record, &f->key[f->n], &why);

	if (bad == MS_OK) {
		f->n++;
		f->good++;
	} else if (bad != MS_ERR_NOT_FOUND) {
		f->why = why;
	}
}

static void take_answer(void *arg, ms_err err, const struct ms_dns_answer *answer,
	const struct ms_why *why)
{
	const struct looking *l = arg;

	l->f->secure = answer->status == MS_DNS_SECURE;
	for (unsigned i = 0; err == MS_OK && i < answer->n; i++)
		take_record(l->f, l->type, answer->records[i]);
	if (err != MS_OK && err != MS_ERR_NOT_FOUND) {
		l->f->failed = true;
		ms_fail(&l->f->why, err, "%s", ms_why_text(why, err));
	}
}

static void look(const struct verify *v, struct found *f, const char *name, uint16_t type)
{
	struct looking l = { f, type };

	if (v->resolver == NULL) {
		f->failed = true;
		f->why = v->no_resolver;
	} else if (tool_resolver_ask(v->resolver, name, type, take_answer, &l, &f->why) != MS_OK) {
		f->failed = true;
	}
}

/* TXT first, as the family does; IPSECKEY does as well; KEY alone is of old. */
static struct found *find(const struct verify *v, const char *name)
{
	struct found *f = tool_alloc(sizeof *f);

	memset(f, 0, sizeof *f);
	look(v, f, name, MS_DNS_TXT);
	if (f->good == 0 && !f->failed && f->why.text[0] == '\0')
		look(v, f, name, MS_DNS_IPSECKEY);
	if (f->good == 0 && !f->failed && f->why.text[0] == '\0') {
		look(v, f, name, MS_DNS_KEY);
		f->keys_only = f->good;
		f->good = 0;
	}
	return f;
}

static void say_found(const struct verify *v, const struct found *f, const char *map, const char *name)
{
	char label[LABEL];

	snprintf(label, sizeof label, "Looking for TXT in %s map: %s", map, name);
	if (f->good > 0)
		verify_say(v, label, VERIFY_OK, NULL);
	else if (f->keys_only > 0)
		verify_say(v, label, VERIFY_DEPRECATED,
			"there are KEY records only: publish what `ipsec showhostkey --txt GATEWAY' prints");
	else if (f->why.text[0] != '\0')
		verify_say(v, label, VERIFY_FAILED, "%s", f->why.text);
	else
		verify_say(v, label, VERIFY_FAILED,
			"there is none: publish what `ipsec showhostkey --txt GATEWAY' prints");
	if (f->good > 0 && !f->secure) {
		snprintf(label, sizeof label, "   signed (DNSSEC)");
		verify_say(v, label, VERIFY_UNKNOWN,
			"anybody between may change it: sign the zone; oe-dnssec=require would refuse it");
	}
}

/* True: written. */
static bool reverse_name(const struct ms_addr *a, char name[MS_DNS_NAME_MAX + 2])
{
	size_t len = ms_addr_reverse_text(a, name, MS_DNS_NAME_MAX + 2);

	if (len > 0 && len < MS_DNS_NAME_MAX + 2 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return len > 0;
}

/* Who speaks for an address publishes a key of its own, too. */
static void say_gateways(const struct verify *v, const struct found *client, const struct ms_addr *a)
{
	for (unsigned i = 0; i < client->n; i++) {
		const struct ms_dns_key *k = &client->key[i];
		bool is_name = k->gateway == MS_DNS_GATEWAY_NAME;
		char name[MS_DNS_NAME_MAX + 2];
		struct found *f;

		if (is_name)
			snprintf(name, sizeof name, "%s", k->name);
		else if (k->gateway != MS_DNS_GATEWAY_ADDR || ms_addr_eq(&k->addr, a) ||
			 !reverse_name(&k->addr, name))
			continue;
		f = find(v, name);
		say_found(v, f, is_name ? "forward" : "reverse", name);
		free(f);
	}
}

void verify_dns_addr(struct verify *v, const struct ms_addr *a)
{
	char name[MS_DNS_NAME_MAX + 2];
	struct found *f;

	if (!reverse_name(a, name))
		return;
	f = find(v, name);
	say_found(v, f, "reverse", name);
	if (f->good > 0)
		say_gateways(v, f, a);
	free(f);
}

struct addrs {
	struct verify *v;
	unsigned n;
	struct ms_addr addr[MAX_ADDRS];
};

static void take_addrs(void *arg, ms_err err, const struct ms_dns_answer *answer,
	const struct ms_why *why)
{
	struct addrs *a = arg;

	(void)why;
	for (unsigned i = 0; err == MS_OK && i < answer->n && a->n < MAX_ADDRS; i++)
		a->n += ms_addr_from_octets(&a->addr[a->n], answer->records[i].ptr,
				answer->records[i].len) == MS_OK;
}

void verify_dns_host(struct verify *v, const char *name)
{
	static const uint16_t types[] = { MS_DNS_A, MS_DNS_AAAA };
	struct addrs a = { v, 0, { { 0 } } };
	struct ms_why why = { "" };
	struct found *f;

	if (!ms_dns_name_ok(name)) {
		verify_say(v, "Looking for TXT in forward map", VERIFY_FAILED, "\"%.200s\" is not a name",
			name);
		return;
	}
	f = find(v, name);
	say_found(v, f, "forward", name);
	free(f);
	for (unsigned i = 0; v->resolver != NULL && i < sizeof types / sizeof types[0]; i++)
		if (tool_resolver_ask(v->resolver, name, types[i], take_addrs, &a, &why) != MS_OK)
			break;
	if (a.n == 0)
		verify_say(v, "Looking for TXT in reverse map", VERIFY_UNKNOWN, "%s has no address%s%s",
			name, why.text[0] != '\0' ? ": " : "", why.text);
	for (unsigned i = 0; i < a.n; i++)
		verify_dns_addr(v, &a.addr[i]);
}

/* --- this machine ------------------------------------------------------------------------------- */

/* A key of ours is what the gateway of our own records must have. */
static bool is_ours(const struct hostkeys *keys, const struct ms_dns_key *k)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct hostkey *own = &keys->key[i];
		struct ms_bytes b = k->form == MS_DNS_KEY_SPKI ? own->spki : own->blob;

		if (b.len == k->key_octets && b.len > 0 && memcmp(b.ptr, k->key, b.len) == 0)
			return true;
	}
	return false;
}

static void say_keys(const struct verify *v, const struct found *f)
{
	char *path = tool_format("%s/ipsec.secrets", v->t->confdir);
	char *dir = tool_format("%s/ipsec.d/private", v->t->confdir);
	struct hostkeys keys = { NULL, 0, 0 };
	struct ms_why why = { "" };
	unsigned with = 0, ours = 0;

	if (hostkeys_read(&keys, path, dir, &why) == MS_OK) {
		for (unsigned i = 0; i < f->n; i++) {
			with += f->key[i].form != MS_DNS_KEY_NONE;
			ours += f->key[i].form != MS_DNS_KEY_NONE && is_ours(&keys, &f->key[i]);
		}
		if (with > 0)
			verify_say(v, "   the key there is this host's", ours > 0 ? VERIFY_OK : VERIFY_FAILED,
				"the records have another key: publish them again, and wait until old ones expire");
	}
	free(dir);
	free(path);
}

static void check_own_name(const struct verify *v)
{
	char name[MS_DNS_NAME_MAX + 2];
	struct found *f;

	/* what pluto takes for %myid, too */
	if (!ms_host_fqdn(name, sizeof name)) {
		verify_say(v, "Looking for TXT in forward map", VERIFY_UNKNOWN,
			"this host's name is not one of DNS: \"%.100s\"", own_hostname());
		return;
	}
	f = find(v, name);
	say_found(v, f, "forward", name);
	if (f->good > 0)
		say_keys(v, f);
	free(f);
}

void verify_dns_self(struct verify *v)
{
	unsigned public = 0;

	puts("Opportunistic Encryption DNS checks:");
	check_own_name(v);
	for (unsigned i = 0; i < v->n_addrs; i++)
		public += verify_is_public(&v->addr[i]);
	verify_say(v, "   Does the machine have at least one non-private address?",
		public > 0 ? VERIFY_OK : VERIFY_FAILED,
		"full opportunism needs one: is the interface up?  Behind NAT, initiate only");
	for (unsigned i = 0; i < v->n_addrs; i++)
		if (verify_is_public(&v->addr[i]))
			verify_dns_addr(v, &v->addr[i]);
}
