/* SPDX-License-Identifier: Apache-2.0 */
/* Between the questions and libunbound. */
#ifndef RESOLVER_UNBOUND_H
#define RESOLVER_UNBOUND_H

#include <modswan/plugin.h>
#include <modswan/resolver.h>

struct settings {
	char *resolv_conf, *hosts, *trust_anchor_file;
	char **forwarders, **trust_anchors, **insecure_domains;
	bool dnssec;
	uint64_t timeout_ms;
	uint32_t outstanding, records, octets;
};

/* dnssec-... of config setup, which go before the plugin's own. */
struct setup_words {
	bool dnssec;
	char *root_key_file, *more_anchors_file; /* NULL: not written */
};

struct engine;
struct engines;

/* The answer is borrowed, its name and type are not filled in; canonical NULL: the name asked. */
typedef void engine_done_f(void *arg, ms_err err, struct ms_dns_answer *answer,
	const struct ms_why *why);

/* One look-up; the memory is the asker's until done() or engine_forget(). */
struct engine_job {
	struct engine *engine;
	int id;
	engine_done_f *done;
	void *arg;
};

ms_err engines_new(struct engines **out, const struct ms_services *services,
	const struct settings *conf, struct ms_why *why) MS_MUST_CHECK;
void engines_free(struct engines **e);
/* done() comes later, on the loop. */
ms_err engines_ask(struct engines *e, const char *name, uint16_t type, uint32_t flags,
	struct engine_job *job, engine_done_f *done, void *arg, struct ms_why *why) MS_MUST_CHECK;
/* done() will not be called. */
void engine_forget(struct engine_job *job);

#endif
