/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver-unbound: role resolver with libunbound, a validating resolver in a thread of its own.
 *
 * engine.c has libunbound's contexts: one that checks signatures, one that does not, both made when
 * they are first needed and anew when resolv.conf changes.  Here are the questions: equal ones share
 * one look-up, each has a timer, and there are never more than `outstanding`.  Everything but the
 * look-ups themselves happens on the loop's thread.
 */
#include "unbound.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BUCKETS 256

struct ms_dns_query {
	struct question *of;
	struct ms_dns_query *next;
	ms_resolver_done_f *done;
	void *arg;
};

struct question {
	struct resolver *r;
	struct question *next; /* in its bucket */
	char name[MS_DNS_NAME_MAX + 1];
	uint16_t type;
	uint32_t flags;
	struct engine_job job;
	struct ms_timer *timer;
	struct ms_dns_query *askers; /* oldest first */
	bool over;
};

struct resolver {
	const struct ms_services *services;
	const struct settings *conf;
	struct engines *engines;
	struct question *buckets[BUCKETS];
	unsigned n;
};

/* --- questions ------------------------------------------------------------------------------- */

static struct question **bucket_of(struct resolver *r, const char *name, uint16_t type)
{
	uint32_t h = type;

	for (; *name != '\0'; name++)
		h = (h ^ (uint32_t)(*name | 0x20)) * 16777619u;
	return &r->buckets[(h ^ h >> 16) % BUCKETS];
}

static struct question *find(struct resolver *r, const char *name, uint16_t type, uint32_t flags)
{
	struct question *q = *bucket_of(r, name, type);

	while (q != NULL &&
		(q->type != type || q->flags != flags || strcasecmp(q->name, name) != 0))
		q = q->next;
	return q;
}

/* Nobody finds it any more, and it no longer counts. */
static void withdraw(struct question *q)
{
	struct question **at = bucket_of(q->r, q->name, q->type);

	if (q->over)
		return;
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	q->over = true;
	q->r->n--;
	ms_timer_free(&q->timer);
}

static void answer_all(struct question *q, ms_err err, const struct ms_dns_answer *a,
	const struct ms_why *why)
{
	struct ms_dns_query *asker;

	withdraw(q);
	while ((asker = q->askers) != NULL) {
		ms_resolver_done_f *done = asker->done;
		void *arg = asker->arg;

		q->askers = asker->next;
		free(asker);
		done(arg, err, a, why);
	}
	free(q);
}

static void looked_up(void *arg, ms_err err, struct ms_dns_answer *a, const struct ms_why *why)
{
	struct question *q = arg;

	a->name = q->name;
	a->type = q->type;
	if (a->canonical == NULL)
		a->canonical = q->name;
	answer_all(q, err, a, why);
}

static void late(void *arg)
{
	struct question *q = arg;
	struct ms_dns_answer none = { q->name, q->name, q->type, MS_DNS_INSECURE, 0, 0, NULL };
	struct ms_why why = { "" };

	engine_forget(&q->job);
	answer_all(q, ms_fail(&why, MS_ERR_TIMEOUT, "no answer from DNS for %s %s within %llu s",
			      q->name, ms_dns_type_name(q->type),
			      (unsigned long long)q->r->conf->timeout_ms / 1000),
		&none, &why);
}

static ms_err question_new(struct resolver *r, const char *name, size_t len, uint16_t type,
	uint32_t flags, struct question **out, struct ms_why *why)
{
	struct question *q;
	ms_err err;

	if (r->n >= r->conf->outstanding)
		return ms_fail(why, MS_ERR_LIMIT, "%u questions to DNS are under way already", r->n);
	q = calloc(1, sizeof *q);
	if (q == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	q->r = r;
	memcpy(q->name, name, len);
	q->type = type;
	q->flags = flags;
	q->timer = ms_timer_new(r->services->loop, late, q);
	err = q->timer == NULL ? MS_ERR_NOMEM :
				 engines_ask(r->engines, q->name, type, flags, &q->job,
					 looked_up, q, why);
	if (err != MS_OK) {
		ms_timer_free(&q->timer);
		free(q);
		return err;
	}
	ms_timer_set(q->timer, r->conf->timeout_ms);
	*out = q;
	return MS_OK;
}

static ms_err ask(void *inst, const char *name, uint16_t type, uint32_t flags,
	struct ms_dns_query **out, ms_resolver_done_f *done, void *arg, struct ms_why *why)
{
	struct resolver *r = inst;
	size_t len = strlen(name);
	char plain[MS_DNS_NAME_MAX + 1] = "";
	struct ms_dns_query *asker, **end;
	struct question *q, **bucket;
	ms_err err;

	if (!ms_dns_name_ok(name))
		return ms_fail(why, MS_ERR_TEXT, "\"%.253s\" is no name that DNS could have", name);
	len -= name[len - 1] == '.';
	memcpy(plain, name, len);
	asker = calloc(1, sizeof *asker);
	if (asker == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	q = find(r, plain, type, flags);
	if (q == NULL) {
		err = question_new(r, plain, len, type, flags, &q, why);
		if (err != MS_OK) {
			free(asker);
			return err;
		}
		bucket = bucket_of(r, plain, type);
		q->next = *bucket;
		*bucket = q;
		r->n++;
	}
	*asker = (struct ms_dns_query){ q, NULL, done, arg };
	for (end = &q->askers; *end != NULL;)
		end = &(*end)->next;
	*end = asker;
	*out = asker;
	return MS_OK;
}

static void cancel(void *inst, struct ms_dns_query **query)
{
	struct ms_dns_query *asker = *query, **at;
	struct question *q;

	(void)inst;
	*query = NULL;
	if (asker == NULL)
		return;
	q = asker->of;
	for (at = &q->askers; *at != asker;)
		at = &(*at)->next;
	*at = asker->next;
	free(asker);
	/* While answers are given out, the one who gives them frees it. */
	if (q->askers != NULL || q->over)
		return;
	withdraw(q);
	engine_forget(&q->job);
	free(q);
}

/* --- the plugin ------------------------------------------------------------------------------ */

static void unload(void **instance)
{
	struct resolver *r = *instance;

	*instance = NULL;
	if (r == NULL)
		return;
	/* Each cancels one asker, the last one of a question that question too. */
	for (unsigned i = 0; i < BUCKETS; i++)
		while (r->buckets[i] != NULL) {
			struct ms_dns_query *asker = r->buckets[i]->askers;

			cancel(r, &asker);
		}
	engines_free(&r->engines);
	free(r);
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct resolver *r = calloc(1, sizeof *r);
	ms_err err;

	if (r == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	r->services = services;
	r->conf = conf;
	err = engines_new(&r->engines, services, conf, why);
	if (err != MS_OK) {
		free(r);
		return err;
	}
	*instance_r = r;
	return MS_OK;
}

static const struct ms_resolver_ops ops = {
	.size = sizeof ops,
	.ask = ask,
	.cancel = cancel,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(RESOLVER, "unbound", &ops),
	MS_USES(CONFIG, NULL), /* config setup */
	MS_FEATURES_END,
};

static const struct ms_conf_key keys[] = {
	MS_KEY_STRING(struct settings, resolv_conf, "resolv_conf", .def_text = "/etc/resolv.conf",
		.brief = "file that names the servers to ask; none: from the root of DNS downwards",
		.text = "Read again when it changes.  Not looked at with forwarders."),
	MS_KEY_LIST(struct settings, forwarders, "forwarders",
		.brief = "addresses of servers to ask in place of those of resolv_conf, ADDR or ADDR@PORT"),
	MS_KEY_STRING(struct settings, hosts, "hosts", .def_text = "/etc/hosts",
		.brief = "file with addresses of names that DNS is not asked for; or none"),
	MS_KEY_BOOL(struct settings, dnssec, "dnssec", .def = true,
		.brief = "signatures are checked (RFC 4035); with no every answer is insecure",
		.text = "Where there is a trust anchor, servers that keep signatures back make every answer bogus: "
			"ask others, or say no here or dnssec-enable=no in config setup."),
	MS_KEY_STRING(struct settings, trust_anchor_file, "trust_anchor_file",
		.def_text = "/usr/share/dns/root.key",
		.brief = "DS or DNSKEY records that are trusted, in a file; or none",
		.text = "A file that is not there is left out: without any trust anchor all answers are "
			"insecure."),
	MS_KEY_LIST(struct settings, trust_anchors, "trust_anchors",
		.brief = "such records themselves, \"example.org. DS 1 13 2 ...\""),
	MS_KEY_LIST(struct settings, insecure_domains, "insecure_domains",
		.brief = "domains below a trust anchor whose signatures are not checked"),
	MS_KEY_TIME(struct settings, timeout_ms, "timeout", .min = 100, .max = 300000, .def = 15000,
		.brief = "how long a question may take"),
	MS_KEY_UINT(struct settings, outstanding, "outstanding", .min = 1, .max = 100000,
		.def = 1000, .unit = "questions",
		.brief = "how many are under way at once; more are refused"),
	MS_KEY_UINT(struct settings, records, "records", .min = 1, .max = 4096, .def = 100,
		.unit = "records", .brief = "how many one answer may have; a bigger one is refused"),
	MS_KEY_UINT(struct settings, octets, "octets", .min = 512, .max = 65535, .def = 65535,
		.unit = "octets", .brief = "how big the records of one answer may be together"),
	MS_KEY_END,
};

MS_PLUGIN(resolver_unbound, "resolver-unbound",
	.summary = "DNS with DNSSEC by libunbound, asynchronously", .features = features,
	.keys = keys, .conf_size = sizeof(struct settings), .load = load, .unload = unload, );
