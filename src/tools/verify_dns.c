/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec verify`: what this host or another one publishes for opportunistic encryption.
 *
 * Records are read by the same code that pluto believes, so that one which it would refuse is not
 * called good here.
 *
 * Standards: RFC 4322 s3.2 (TXT), RFC 4025 (IPSECKEY), RFC 4035 (DNSSEC).
 */
#include "config.h"

#include "tools/hostkey.h"
#include "tools/verify.h"

#include <modswan/dnskey.h>
#include <modswan/resolver.h>

#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_UNBOUND
#include <unbound.h>
#endif

#define ROOT_KEY "/usr/share/dns/root.key"

enum { CLASS_IN = 1, MAX_KEYS = 8, LABEL = 320, PATIENCE_MS = 5000 };

/* What was found under one name. */
struct found {
	unsigned good, keys_only; /* records of TXT or IPSECKEY; of KEY alone */
	bool secure, failed;	  /* failed: nobody answered, or it is bogus */
	unsigned n;
	struct ms_dns_key key[MAX_KEYS];
	struct ms_why why;
};

#ifdef HAVE_UNBOUND
static struct ub_ctx *context;

static struct ub_ctx *resolver(void)
{
	if (context != NULL || (context = ub_ctx_create()) == NULL)
		return context;
	(void)ub_ctx_resolvconf(context, NULL);
	(void)ub_ctx_hosts(context, NULL);
	if (access(ROOT_KEY, R_OK) == 0)
		(void)ub_ctx_add_ta_file(context, ROOT_KEY);
	return context;
}

struct waiting {
	struct ub_result *result;
	bool done;
};

static void answered(void *arg, int err, struct ub_result *r)
{
	struct waiting *w = arg;

	w->done = true;
	w->result = err == 0 ? r : NULL;
}

/* Nobody waits long for servers that are not there, and not twice. */
static struct ub_result *ask(struct ub_ctx *ctx, const char *name, uint16_t type)
{
	static bool nobody_answers;
	struct pollfd p = { .fd = ub_fd(ctx), .events = POLLIN };
	struct waiting w = { NULL, false };
	int id;

	if (nobody_answers || ub_resolve_async(ctx, name, type, CLASS_IN, &w, answered, &id) != 0)
		return NULL;
	while (!w.done && poll(&p, 1, PATIENCE_MS) > 0 && ub_process(ctx) == 0)
		continue;
	if (!w.done) {
		(void)ub_cancel(ctx, id);
		nobody_answers = true;
	}
	return w.result;
}

static void look(struct found *f, const char *name, uint16_t type)
{
	struct ub_ctx *ctx = resolver();
	struct ub_result *r = ctx == NULL ? NULL : ask(ctx, name, type);

	if (r == NULL || r->bogus || (r->rcode != 0 && r->rcode != 3)) {
		f->failed = true;
		ms_fail(&f->why, MS_ERR_SYSTEM, "%s",
			r == NULL ? "no name server answers"
			: r->bogus ? (r->why_bogus != NULL ? r->why_bogus : "the signatures are bad")
				   : "the name servers fail");
	} else {
		f->secure = r->secure != 0;
	}
	for (int i = 0; !f->failed && r->havedata && r->data[i] != NULL; i++) {
		struct ms_dns_key *k = &f->key[f->n];
		struct ms_why why = { "" };
		ms_err bad = f->n == MAX_KEYS ? MS_ERR_NOT_FOUND
					      : ms_dns_key_read(type, ms_bytes(r->data[i],
							(size_t)r->len[i]), k, &why);

		if (bad == MS_OK) {
			f->n++;
			f->good++;
		} else if (bad != MS_ERR_NOT_FOUND) {
			f->why = why;
		}
	}
	if (r != NULL)
		ub_resolve_free(r);
}
#else
static void look(struct found *f, const char *name, uint16_t type)
{
	(void)name;
	(void)type;
	f->failed = true;
	ms_fail(&f->why, MS_ERR_UNSUPPORTED, "this was built without libunbound");
}
#endif

/* TXT first, as the family does; IPSECKEY does as well; KEY alone is of old. */
static struct found *find(const char *name)
{
	struct found *f = tool_alloc(sizeof *f);

	memset(f, 0, sizeof *f);
	look(f, name, MS_DNS_TXT);
	if (f->good == 0 && !f->failed && f->why.text[0] == '\0')
		look(f, name, MS_DNS_IPSECKEY);
	if (f->good == 0 && !f->failed && f->why.text[0] == '\0') {
		look(f, name, MS_DNS_KEY);
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

void verify_dns_addr(struct verify *v, const struct ms_addr *a)
{
	char name[MS_DNS_NAME_MAX + 2];
	struct found *f;
	size_t len = ms_addr_reverse_text(a, name, sizeof name);

	if (len > 0 && len < sizeof name && name[len - 1] == '.')
		name[len - 1] = '\0';
	f = find(name);
	say_found(v, f, "reverse", name);
	free(f);
}

void verify_dns_host(struct verify *v, const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *list = NULL, *i;
	struct found *f;
	struct ms_endpoint e;
	int err;

	if (!ms_dns_name_ok(name)) {
		verify_say(v, "Looking for TXT in forward map", VERIFY_FAILED, "\"%.200s\" is not a name",
			name);
		return;
	}
	f = find(name);
	say_found(v, f, "forward", name);
	free(f);
	err = getaddrinfo(name, NULL, &hints, &list);
	if (err != 0) {
		verify_say(v, "Looking for TXT in reverse map", VERIFY_UNKNOWN, "%s: %s", name,
			gai_strerror(err));
		return;
	}
	for (i = list; i != NULL; i = i->ai_next)
		if (ms_endpoint_from_sockaddr(&e, i->ai_addr) == MS_OK)
			verify_dns_addr(v, &e.addr);
	freeaddrinfo(list);
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
	const char *name = own_hostname();
	struct found *f;

	if (name == NULL || strchr(name, '.') == NULL || !ms_dns_name_ok(name)) {
		verify_say(v, "Looking for TXT in forward map", VERIFY_UNKNOWN,
			"this host's name is not one of DNS: \"%.100s\"", name != NULL ? name : "");
		return;
	}
	f = find(name);
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
