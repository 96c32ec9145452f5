/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host of a mesh: what core/daemon puts around the core, without a loop.
 *
 * Connections are the hidden ones of the configuration plugin, keys of others come by way of the
 * plugin creds-dns, members of groups by core/route/groups: all the real thing.
 */
#include "core/sim/mesh_priv.h"

#include "plugins/config-ipsecconf/ipsecconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct ms_plugin creds_dns_LTX_modswan_plugin;
static const struct ms_plugin *const creds_dns = &creds_dns_LTX_modswan_plugin;
static void *creds_dns_conf;
static struct ipsecconf *hidden;

const char *const mesh_groups[MESH_POLICIES] = { NULL, "clear", "clear-or-private",
	"private-or-clear", "private", "block" };

static const struct ms_logger lg = { NULL, MS_SOURCE_CONN, NULL, NULL, NULL };

bool mesh_conns_load(void)
{
	creds_dns_conf = calloc(1, creds_dns->conf_size);
	return creds_dns_conf != NULL && ms_conf_defaults(creds_dns->keys, creds_dns_conf) &&
	       ipsecconf_read(&hidden, "/nonexistent/ipsec.conf", NULL, NULL, NULL) == MS_OK;
}

void mesh_conns_unload(void)
{
	ipsecconf_free(&hidden);
	ms_conf_free(creds_dns->keys, creds_dns_conf);
	free(creds_dns_conf);
}

/* --- credentials ------------------------------------------------------------------------------------ */

static void private_key(void *inst, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_pubkey *pub, ms_creds_private_f *done, void *arg)
{
	const struct mesh_host *h = inst;
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	(void)me, (void)peer, (void)pub;
	if (h->key == KEY_NONE)
		err = ms_fail(&why, MS_ERR_NO_CREDENTIAL, "no private key");
	done(arg, err, err == MS_OK ? mesh_private_key(h->rsa) : NULL, NULL, &why);
}

static const struct ms_creds_ops secrets_ops = { .size = sizeof secrets_ops,
	.private_key = private_key };

static const struct ms_provider *creds_source(void *arg, unsigned i)
{
	const struct mesh_host *h = arg;

	return i < 2 ? &h->creds[i] : NULL;
}

static const struct ms_provider *provider(
	const struct ms_services *s, enum ms_role role, const char *name, unsigned i)
{
	const struct mesh_host *h = s->host;

	(void)name;
	return role == MS_ROLE_RESOLVER && i == 0 ? &h->resolver : NULL;
}

/* --- struct host_ops, where the simulation's own are not enough ----------------------------------------- */

static struct mesh_host *host_of(void *host)
{
	return ((struct sim_node *)host)->user;
}

static void own_key(void *host, const struct conn *c, const struct ms_id *peer,
	struct ms_bytes asked, host_own_f *done, void *arg)
{
	creds_own_key(creds_source, host_of(host), c, peer, asked, done, arg);
}

static void peer_key(void *host, const struct conn *c, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, host_peer_key_f *done, void *arg)
{
	creds_peer_key(creds_source, host_of(host), c, peer, certs, n, done, arg);
}

static size_t ca_hashes(void *host, const struct conn *c, uint8_t *buf, size_t size)
{
	return creds_ca_hashes(creds_source, host_of(host), c, buf, size);
}

static bool ca_fits(void *host, const struct conn *c, const struct ms_bytes *certs, unsigned n)
{
	return creds_ca_fits(creds_source, host_of(host), c, certs, n);
}

static struct conn *policy(void *host, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return route_find(((struct sim_node *)host)->route, src, dst);
}

static void authorise(void *host, const struct ms_addr *client, const struct ms_id *peer,
	const struct ms_addr *peer_addr, struct ms_pubkey *key, host_done_f *done, void *arg)
{
	opp_source_authorise(&host_of(host)->source, client, peer, peer_addr, key, done, arg);
}

static struct host_ops mesh_ops;

void mesh_host_init(struct mesh_host *h)
{
	mesh_ops = sim_host_ops;
	mesh_ops.own_key = own_key;
	mesh_ops.peer_key = peer_key;
	mesh_ops.ca_hashes = ca_hashes;
	mesh_ops.ca_fits = ca_fits;
	mesh_ops.policy = policy;
	mesh_ops.authorise = authorise;
	h->resolver = (struct ms_provider){ MS_ROLE_RESOLVER, "mesh", "mesh", &mesh_resolver_ops, h };
	h->services = (struct ms_services){ .size = sizeof h->services, .log = &lg,
		.provider = provider, .host = h };
	h->source = (struct opp_source){ creds_source, h, &lg };
	h->opp = opp_source_env(&h->source);
	h->n->host.ops = &mesh_ops;
	h->n->env = (struct route_env){ .hook = sim_hook, .stack = "sim", .opp = &h->opp,
		.failure_ms = MESH_SHUNT_MS };
	h->n->user = h;
}

/* --- policy groups ------------------------------------------------------------------------------------ */

static ms_err policy_start(void *inst, const struct ms_policy_events *events, void *ctx,
	struct ms_why *why)
{
	struct mesh_host *h = inst;

	(void)why;
	h->policy_events = events;
	h->policy_ctx = ctx;
	return MS_OK;
}

static void policy_stop(void *inst)
{
	((struct mesh_host *)inst)->policy_events = NULL;
}

static void policy_read(void *inst, const char *group, ms_policy_read_f *done, void *arg)
{
	const struct mesh_host *h = inst;
	struct ms_policy_list *l = calloc(1, sizeof *l);

	l->group = strdup(group);
	l->file = strdup(group);
	l->found = true;
	l->entries = calloc(h->n_lines + 1, sizeof *l->entries);
	for (unsigned i = 0; i < h->n_lines; i++) {
		const struct mesh_line *line = &h->lines[i];

		if (strcmp(mesh_groups[line->policy], group) == 0)
			l->entries[l->n_entries++] = (struct ms_policy_entry){
				.peers = ms_range_of_subnet(&line->net), .line = i + 1 };
	}
	done(arg, MS_OK, l, NULL);
}

static void policy_list_free(void *inst, struct ms_policy_list **list)
{
	struct ms_policy_list *l = *list;

	(void)inst;
	free(l->group);
	free(l->file);
	free(l->entries);
	free(l);
	*list = NULL;
}

static void policy_forget(void *inst, const char *group)
{
	(void)inst, (void)group;
}

static const struct ms_policy_ops policy_ops = { .size = sizeof policy_ops, .start = policy_start,
	.stop = policy_stop, .read = policy_read, .list_free = policy_list_free,
	.forget = policy_forget };

struct due {
	struct mesh_host *h;
	unsigned boot;
};

static void groups_due(struct sim *s, void *arg)
{
	struct due d = *(struct due *)arg;

	(void)s;
	free(arg);
	if (d.boot == d.h->boots && d.h->groups != NULL)
		groups_tick(d.h->groups);
}

static void groups_soon(void *ctx, uint64_t ms)
{
	struct mesh_host *h = ctx;
	struct due *d = malloc(sizeof *d);

	*d = (struct due){ h, h->boots };
	sim_at(h->m->sim, h->m->sim->now + ms, groups_due, d)->drop = free;
}

static void delete_conn(void *ctx, struct conn *c)
{
	route_delete_conn(((struct mesh_host *)ctx)->n->route, c);
}

static const struct ms_addr *default_src(void *ctx, int family)
{
	return family == AF_INET ? &((struct mesh_host *)ctx)->n->addr : NULL;
}

static void line(void *arg, const char *text)
{
	(void)arg, (void)text;
}

static void loaded(void *arg, ms_err err, size_t came, size_t went, size_t all)
{
	struct mesh_host *h = arg;

	(void)came, (void)went;
	h->routed = err == MS_OK;
	story_say(&h->m->s, "%s: %zu members of groups", h->name, all);
}

/* --- life --------------------------------------------------------------------------------------------- */

static bool is_local(void *arg, const struct ms_addr *a)
{
	return ms_addr_eq(a, &((struct sim_node *)arg)->addr);
}

/* As the plugin made it, but life is shorter here. */
static void add_conn(void *arg, const struct ms_conn_desc *desc)
{
	struct mesh_host *h = arg;
	struct ms_conn_desc d = *desc;
	struct ms_addr src[2] = { h->n->addr, { .family = 0 } };
	struct ms_why why = { "" };
	struct conn *c;

	if (desc->autostart != MS_AUTO_ROUTE)
		return;
	d.ike_lifetime_ms = d.ipsec_lifetime_ms = MESH_LIFE_MS;
	d.keyingtries = 1;
	if (h->m->nameless) {
		d.authby = MS_AUTH_NULL;
		d.left.rsasigkey = d.right.rsasigkey = d.left.id = d.right.id = NULL;
	}
	d.retransmit_timeout_ms = 20000;
	if (conn_add(h->n->conns, &d, &c, &why) != MS_OK ||
		conn_orient(h->n->conns, c, is_local, h->n, src, NULL, &why) != MS_OK) {
		story_fail(&h->m->s, "%s: connection refused: %s", h->name, why.text);
		return;
	}
	strcpy(c->device, "ipsec0");
	c->wanted_routed = true;
}

void mesh_boot(struct mesh_host *h)
{
	static const struct groups_asker asker = { line, loaded };
	static const struct ms_config_sink sink = { .conn = add_conn };
	struct groups_env env = { .policies = &policy_ops, .policies_inst = h, .host = &h->n->host,
		.log = &lg, .soon = groups_soon, .delete_conn = delete_conn,
		.default_src = default_src, .ctx = h };
	struct ms_why why = { "" };
	void *inst;

	h->boots++;
	if (creds_dns->load(&inst, &h->services, creds_dns_conf, &why) != MS_OK)
		abort();
	h->creds[0] = (struct ms_provider){ MS_ROLE_CREDS, "secrets", "mesh", &secrets_ops, h };
	h->creds[1] = (struct ms_provider){ MS_ROLE_CREDS, "dns", "creds-dns",
		creds_dns->features[0].ops, inst };
	sim_boot(h->n);
	env.conns = h->n->conns;
	env.route = h->n->route;
	if (!conn_table_myid(h->n->conns, h->key == KEY_INITIATE ? h->myid : NULL) ||
		ipsecconf_conns(hidden, NULL, &sink, h, &why) != MS_OK ||
		groups_new(&h->groups, &env, &why) != MS_OK)
		abort();
	groups_reread(h->groups, NULL, &asker, h);
	story_say(&h->m->s, "%s boots", h->name);
}

void mesh_halt(struct mesh_host *h, bool politely)
{
	if (h->n->ike == NULL)
		return;
	h->m->sim->seen[politely ? COVER_STOPPED : COVER_POWER]++;
	story_say(&h->m->s, "%s %s", h->name, politely ? "is stopped" : "loses power");
	h->n->down = !politely;
	/* Answers that are on their way come before an engine goes. */
	for (unsigned i = 0; i < 3 || groups_busy(h->groups) || route_busy(h->n->route); i++) {
		if (i == 0)
			groups_stop(h->groups);
		mesh_dns_flush(h);
		sim_answer_all(h->m->sim, h->n);
		if (i > 1000) {
			story_fail(&h->m->s, "%s does not come to rest", h->name);
			break;
		}
	}
	groups_free(&h->groups);
	sim_halt(h->n, politely);
	mesh_dns_flush(h);
	creds_dns->unload(&h->creds[1].instance);
	mesh_dns_forget(h);
	mesh_holds_free(h);
	h->ready = h->routed = false;
}
