/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libunbound's contexts on the loop.
 *
 * A context works in a thread of libunbound's and says on a descriptor that answers are there, which
 * ub_process() then hands out on our thread.  Its settings cannot change once it works, so another
 * resolv.conf makes another context; the old one goes when its last answer came.
 *
 * Standards: RFC 1035, RFC 2308, RFC 4035; RFC 6891 (answers that do not fit are asked for again
 * over TCP by libunbound).
 */
#include "unbound.h"

#include <modswan/config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unbound.h>
#include <unistd.h>

#define LOOK_MS 1000 /* how often resolv.conf is looked at, at most */
#define RCODE_NXDOMAIN 3
#define CLASS_IN 1

struct engine {
	struct engines *all;
	struct engine *next; /* of those that go */
	struct ub_ctx *ctx;
	struct ms_watch *watch;
	unsigned pending;
};

struct engines {
	const struct ms_services *services;
	const struct settings *conf;
	struct setup_words setup;
	struct engine *now[2]; /* checking signatures, and not; NULL: not needed yet */
	struct engine *going;
	struct ms_timer *sweep;
	uint64_t looked_ms;
	struct timespec changed; /* resolv.conf */
	ino_t inode;
	bool told_anchors;
};

/* --- a context --------------------------------------------------------------------------------- */

static void readable(void *arg, int fd, unsigned events)
{
	struct engine *e = arg;

	(void)fd, (void)events;
	(void)ub_process(e->ctx);
}

static bool is_none(const char *word)
{
	return word == NULL || strcmp(word, "none") == 0;
}

static ms_err ub_fail(struct ms_why *why, int code, const char *what, const char *value)
{
	return ms_fail(why, MS_ERR_CONFIG, "%s %.200s: %s", what, value, ub_strerror(code));
}

static ms_err set_options(struct ub_ctx *ctx, bool checked, struct ms_why *why)
{
	static const char *const common[][2] = {
		/* Many questions at once, each from a port of its own. */
		{ "outgoing-range:", "256" },
		{ "num-queries-per-thread:", "1024" },
		{ "outgoing-num-tcp:", "16" },
		{ "edns-buffer-size:", "1232" },
		/* Keys are published in the reverse maps of private networks too. */
		{ "unblock-lan-zones:", "yes" },
		{ "logfile:", "" },
		{ "use-syslog:", "no" },
		{ "verbosity:", "0" },
	};
	int code = ub_ctx_set_option(
		ctx, "module-config:", checked ? "validator iterator" : "iterator");

	for (unsigned i = 0; code == 0 && i < sizeof common / sizeof common[0]; i++) {
		code = ub_ctx_set_option(ctx, common[i][0], common[i][1]);
		if (code != 0)
			return ub_fail(why, code, "libunbound's option", common[i][0]);
	}
	return code == 0 ? MS_OK : ub_fail(why, code, "libunbound's option", "module-config");
}

static ms_err set_servers(struct ub_ctx *ctx, const struct settings *s, struct ms_why *why)
{
	int code = 0;

	for (char **f = s->forwarders; f != NULL && *f != NULL; f++) {
		code = ub_ctx_set_fwd(ctx, *f);
		if (code != 0)
			return ub_fail(why, code, "forwarder", *f);
	}
	/* A file that is not there yet names no servers: the root is asked meanwhile. */
	if (s->forwarders == NULL && !is_none(s->resolv_conf) && access(s->resolv_conf, R_OK) == 0)
		code = ub_ctx_resolvconf(ctx, s->resolv_conf);
	if (code != 0)
		return ub_fail(why, code, "file", s->resolv_conf);
	if (!is_none(s->hosts) && access(s->hosts, R_OK) == 0)
		code = ub_ctx_hosts(ctx, s->hosts);
	return code == 0 ? MS_OK : ub_fail(why, code, "file", s->hosts);
}

static ms_err set_anchors(struct engines *all, struct ub_ctx *ctx, struct ms_why *why)
{
	const struct settings *s = all->conf;
	const char *const files[] = { all->setup.root_key_file != NULL ? all->setup.root_key_file :
									 s->trust_anchor_file,
		all->setup.more_anchors_file };
	bool any = s->trust_anchors != NULL;
	int code;

	for (char **a = s->trust_anchors; a != NULL && *a != NULL; a++) {
		code = ub_ctx_add_ta(ctx, *a);
		if (code != 0)
			return ub_fail(why, code, "trust anchor", *a);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (is_none(files[i]) || access(files[i], R_OK) != 0)
			continue;
		any = true;
		code = ub_ctx_add_ta_file(ctx, files[i]);
		if (code != 0)
			return ub_fail(why, code, "file", files[i]);
	}
	for (char **d = s->insecure_domains; d != NULL && *d != NULL; d++) {
		code = ub_ctx_set_option(ctx, "domain-insecure:", *d);
		if (code != 0)
			return ub_fail(why, code, "domain", *d);
	}
	if (!any && !all->told_anchors)
		ms_notice(all->services->log,
			"no trust anchor (%s is not there): every answer of DNS counts as insecure",
			is_none(files[0]) ? "a file" : files[0]);
	all->told_anchors = true;
	return MS_OK;
}

static void engine_free(struct engine *e)
{
	ms_watch_free(&e->watch);
	if (e->ctx != NULL)
		ub_ctx_delete(e->ctx);
	free(e);
}

static ms_err engine_new(
	struct engines *all, bool checked, struct engine **out, struct ms_why *why)
{
	struct engine *e = calloc(1, sizeof *e);
	ms_err err;

	if (e == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	e->all = all;
	e->ctx = ub_ctx_create();
	err = e->ctx == NULL ? ms_fail(why, MS_ERR_SYSTEM, "libunbound does not start") : MS_OK;
	if (err == MS_OK)
		err = set_options(e->ctx, checked, why);
	if (err == MS_OK)
		err = set_servers(e->ctx, all->conf, why);
	if (err == MS_OK && checked)
		err = set_anchors(all, e->ctx, why);
	if (err == MS_OK && ub_ctx_async(e->ctx, 1) != 0)
		err = ms_fail(why, MS_ERR_SYSTEM, "libunbound has no threads");
	if (err == MS_OK) {
		e->watch = ms_watch_new(
			all->services->loop, ub_fd(e->ctx), MS_READABLE, readable, e);
		if (e->watch == NULL)
			err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	if (err != MS_OK) {
		engine_free(e);
		return err;
	}
	*out = e;
	return MS_OK;
}

/* --- their coming and going ------------------------------------------------------------------- */

static void sweep(void *arg)
{
	struct engines *all = arg;
	struct engine **at = &all->going;

	while (*at != NULL) {
		struct engine *e = *at;

		if (e->pending > 0) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		engine_free(e);
	}
}

/* Not at once: this may be a callback of the very context. */
static void one_less(struct engine *e)
{
	if (--e->pending == 0 && e->all->going != NULL)
		ms_timer_set(e->all->sweep, 0);
}

static void retire(struct engines *all)
{
	for (unsigned i = 0; i < 2; i++) {
		struct engine *e = all->now[i];

		if (e == NULL)
			continue;
		all->now[i] = NULL;
		e->next = all->going;
		all->going = e;
	}
	if (all->going != NULL)
		ms_timer_set(all->sweep, 0);
}

/* Whoever writes resolv.conf anew when the network changes does not tell us. */
static void look_at_resolv_conf(struct engines *all)
{
	const struct settings *s = all->conf;
	uint64_t now = ms_loop_now_ms(all->services->loop);
	struct stat st = { 0 };
	bool same;

	if (s->forwarders != NULL || is_none(s->resolv_conf) ||
		(all->looked_ms != 0 && now - all->looked_ms < LOOK_MS))
		return;
	all->looked_ms = now;
	(void)stat(s->resolv_conf, &st);
	same = st.st_ino == all->inode && st.st_mtim.tv_sec == all->changed.tv_sec &&
	       st.st_mtim.tv_nsec == all->changed.tv_nsec;
	all->inode = st.st_ino;
	all->changed = st.st_mtim;
	if (!same && (all->now[0] != NULL || all->now[1] != NULL)) {
		ms_info(all->services->log, "%s has changed: reading it again", s->resolv_conf);
		retire(all);
	}
}

/* Errors in it are told where it is read for itself. */
static void read_setup(struct engines *all)
{
	const struct ms_services *s = all->services;
	const struct ms_provider *p =
		s->provider == NULL ? NULL : s->provider(s, MS_ROLE_CONFIG, NULL, 0);
	const struct ms_config_ops *config = p == NULL ? NULL : p->ops;
	struct ms_setup_desc setup;

	all->setup.dnssec = true;
	if (config == NULL || config->setup(p->instance, &setup, NULL) != MS_OK)
		return;
	all->setup.dnssec = setup.dnssec_enable;
	if (setup.dnssec_rootkey_file != NULL)
		all->setup.root_key_file = strdup(setup.dnssec_rootkey_file);
	if (setup.dnssec_anchors != NULL)
		all->setup.more_anchors_file = strdup(setup.dnssec_anchors);
	config->setup_free(p->instance, &setup);
}

static bool checks(const struct engines *all)
{
	return all->conf->dnssec && all->setup.dnssec;
}

ms_err engines_new(struct engines **out, const struct ms_services *services,
	const struct settings *conf, struct ms_why *why)
{
	struct engines *all = calloc(1, sizeof *all);
	ms_err err;

	if (all == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	all->services = services;
	all->conf = conf;
	all->sweep = ms_timer_new(services->loop, sweep, all);
	read_setup(all);
	look_at_resolv_conf(all);
	/* What is written wrong is told now, not at the first question. */
	err = all->sweep == NULL ? MS_ERR_NOMEM : engine_new(all, checks(all), &all->now[0], why);
	if (err != MS_OK) {
		engines_free(&all);
		return err;
	}
	*out = all;
	return MS_OK;
}

void engines_free(struct engines **e)
{
	struct engines *all = *e;

	*e = NULL;
	if (all == NULL)
		return;
	if (all->sweep != NULL)
		retire(all);
	for (struct engine *g = all->going, *next; g != NULL; g = next) {
		next = g->next;
		engine_free(g);
	}
	ms_timer_free(&all->sweep);
	free(all->setup.root_key_file);
	free(all->setup.more_anchors_file);
	free(all);
}

/* --- a question -------------------------------------------------------------------------------- */

static ms_err judge(const struct settings *s, const struct ub_result *r, unsigned *n_r,
	struct ms_why *why)
{
	size_t octets = 0;
	unsigned n = 0;

	if (r->bogus)
		return ms_fail(why, MS_ERR_AUTH, "the answer of DNS for %.255s is bogus: %.200s",
			r->qname, r->why_bogus == NULL ? "its signatures are not good" :
							 r->why_bogus);
	if (r->nxdomain || r->rcode == RCODE_NXDOMAIN)
		return ms_fail(why, MS_ERR_NOT_FOUND, "DNS knows no name %.255s", r->qname);
	if (r->rcode != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "DNS servers answer for %.255s with RCODE %d%s",
			r->qname, r->rcode, r->rcode == 2 ? " (SERVFAIL)" : "");
	if (!r->havedata)
		return ms_fail(why, MS_ERR_NOT_FOUND, "no %s record for %.255s",
			ms_dns_type_name((uint16_t)r->qtype), r->qname);
	for (; r->data[n] != NULL; n++)
		octets += (size_t)r->len[n];
	if (n > s->records || octets > s->octets)
		return ms_fail(why, MS_ERR_LIMIT,
			"DNS has %u %s records of %zu octets for %.255s: too many", n,
			ms_dns_type_name((uint16_t)r->qtype), octets, r->qname);
	*n_r = n;
	return MS_OK;
}

static void hand_over(struct engine_job *job, const struct ub_result *r)
{
	const struct settings *s = job->engine->all->conf;
	struct ms_dns_answer a = { .status = r->bogus ? MS_DNS_BOGUS :
				    r->secure	      ? MS_DNS_SECURE :
							MS_DNS_INSECURE,
		.ttl_s = r->bogus || r->ttl < 0 ? 0 : (uint32_t)r->ttl };
	char canonical[MS_DNS_NAME_MAX + 2];
	struct ms_bytes *records = NULL;
	struct ms_why why = { "" };
	ms_err err = judge(s, r, &a.n, &why);

	if (err == MS_OK) {
		records = malloc(a.n * sizeof *records);
		if (records == NULL)
			err = MS_ERR_NOMEM;
	}
	for (unsigned i = 0; err == MS_OK && i < a.n; i++)
		records[i] = ms_bytes(r->data[i], (size_t)r->len[i]);
	if (err != MS_OK)
		a.n = 0;
	a.records = records;
	if (r->canonname != NULL && strlen(r->canonname) < sizeof canonical) {
		size_t len = strlen(strcpy(canonical, r->canonname));

		if (len > 0 && canonical[len - 1] == '.')
			canonical[len - 1] = '\0';
		a.canonical = canonical;
	}
	job->done(job->arg, err, &a, &why);
	free(records);
}

static void on_result(void *arg, int code, struct ub_result *r)
{
	struct engine_job *job = arg;
	struct engine *e = job->engine;
	struct ms_dns_answer none = { .status = MS_DNS_INSECURE };
	struct ms_why why = { "" };

	if (code == 0 && r != NULL)
		hand_over(job, r);
	else
		job->done(job->arg, ms_fail(&why, MS_ERR_SYSTEM, "DNS: %s", ub_strerror(code)),
			&none, &why);
	ub_resolve_free(r);
	one_less(e);
}

ms_err engines_ask(struct engines *all, const char *name, uint16_t type, uint32_t flags,
	struct engine_job *job, engine_done_f *done, void *arg, struct ms_why *why)
{
	bool checked = checks(all) && !(flags & MS_DNS_UNCHECKED);
	struct engine **at = &all->now[checked != checks(all)];
	ms_err err = MS_OK;
	int code;

	look_at_resolv_conf(all);
	if (*at == NULL)
		err = engine_new(all, checked, at, why);
	if (err != MS_OK)
		return err;
	*job = (struct engine_job){ *at, 0, done, arg };
	code = ub_resolve_async((*at)->ctx, name, type, CLASS_IN, job, on_result, &job->id);
	if (code != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "DNS: %s", ub_strerror(code));
	(*at)->pending++;
	return MS_OK;
}

void engine_forget(struct engine_job *job)
{
	/* Fails only when the answer has come, which calls done() at once: not so here. */
	(void)ub_cancel(job->engine->ctx, job->id);
	one_less(job->engine);
}
