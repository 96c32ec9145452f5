/* SPDX-License-Identifier: Apache-2.0 */
/* Standards: none; the formats of /proc/net/ipsec_* as the family's tools and users know them. */
#include "klips/listing.h"

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/worker.h"
#include "klips/xform.h"

#include "config.h"

#include <modswan/text.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct lister {
	struct klips *k;
	struct text *t;
};

void text_put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (t->len + (size_t)n + 1 > t->cap) {
		size_t cap = (t->len + (size_t)n + 1) * 2;
		char *bigger = realloc(t->buf, cap);

		if (bigger == NULL)
			return;
		t->buf = bigger;
		t->cap = cap;
	}
	va_start(ap, fmt);
	vsnprintf(t->buf + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

/* --- eroute --------------------------------------------------------------------------------- */

/* NET/LEN, and :PORT when there is one. */
static void net_text(const struct eroute *er, const uint8_t *b, unsigned bits, uint16_t port,
	char *out, size_t size)
{
	struct ms_addr a = flow_addr(&er->key.flow, b);
	char addr[MS_ADDR_TEXT], ports[8] = "";

	ms_addr_text(&a, addr, sizeof addr);
	if (port != 0)
		snprintf(ports, sizeof ports, ":%u", port);
	snprintf(out, size, "%s/%u%s", addr, bits, ports);
}

static bool put_eroute(void *arg, struct eroute *er)
{
	struct lister *l = arg;
	const struct flow *f = &er->key.flow;
	char src[MS_SUBNET_TEXT + 8], dst[MS_SUBNET_TEXT + 8], said[MS_SAID_TEXT], proto[8] = "";

	net_text(er, f->src, er->mask.src, f->sport, src, sizeof src);
	net_text(er, f->dst, er->mask.dst, f->dport, dst, sizeof dst);
	ms_said_text(&er->said, 'x', said, sizeof said);
	if (f->proto != 0)
		snprintf(proto, sizeof proto, ":%u", f->proto);
	text_put(l->t, "%-10" PRIu64 " %-18s -> %-18s => %s%s", shared_get(er->packets), src,
		dst, said, proto);
	if (er->src_id != NULL || er->dst_id != NULL)
		text_put(l->t, " (%s) (%s)", er->src_id == NULL ? "" : er->src_id,
			er->dst_id == NULL ? "" : er->dst_id);
	text_put(l->t, "\n");
	return true;
}

static void list_eroutes(struct lister *l)
{
	eroute_each(l->k->eroutes, put_eroute, l);
}

/* --- spi, spigrp ------------------------------------------------------------------------------ */

static void put_xform(struct text *t, const struct klips_sa *sa)
{
	text_put(t, "%s", sa->xform == NULL ? "UNKNOWN" : sa->xform->name);
	if (sa->encr != NULL)
		text_put(t, "_%s", sa->encr->name);
	if (sa->integ != NULL)
		text_put(t, "_%s", sa->integ->name);
}

/* NAME(current,soft,hard), shown when something was counted or a limit is set. */
static void put_life(struct text *t, const char *name, uint64_t now, uint64_t soft, uint64_t hard)
{
	if (now > 0 || soft != 0 || hard != 0)
		text_put(t, "%s(%" PRIu64 ",%" PRIu64 ",%" PRIu64 ")", name, now, soft, hard);
}

static void put_state(struct lister *l, struct klips_sa *sa)
{
	struct text *t = l->t;

	if (sa->window > 0)
		text_put(t, " ooowin=%u", sa->window);
	if (shared_get(sa->replay_errors) > 0)
		text_put(t, " ooo_errs=%" PRIu64, shared_get(sa->replay_errors));
	if (!sa->inbound && shared_get(sa->seq) > 0)
		text_put(t, " seq=%" PRIu64, shared_get(sa->seq));
	if (sa->inbound && sa->replay != NULL) {
		pthread_spin_lock(&sa->lock);
		text_put(t, " seq=%" PRIu64, sa->replay->top);
		pthread_spin_unlock(&sa->lock);
	}
	if (sa->auth_octets > 0)
		text_put(t, " alen=%u aklen=%u", sa->integ->icv_octets * 8, sa->auth_octets * 8);
	if (shared_get(sa->auth_errors) > 0)
		text_put(t, " auth_errs=%" PRIu64, shared_get(sa->auth_errors));
	if (sa->encr_octets > 0)
		text_put(t, " eklen=%u", sa->encr_octets * 8);
	if (shared_get(sa->size_errors) > 0)
		text_put(t, " encr_size_errs=%" PRIu64, shared_get(sa->size_errors));
	if (shared_get(sa->pad_errors) > 0)
		text_put(t, " encr_pad_errs=%" PRIu64, shared_get(sa->pad_errors));
}

static void put_lives(struct lister *l, const struct klips_sa *sa)
{
	uint64_t now = klips_now_s(l->k), used = shared_get(sa->used_s);
	uint64_t first = shared_get(sa->first_used_s);

	text_put(l->t, " life(c,s,h)=");
	put_life(l->t, "bytes", shared_get(sa->octets), sa->soft.octets, sa->hard.octets);
	put_life(l->t, "addtime", now - sa->added_s, sa->soft.add_s, sa->hard.add_s);
	put_life(l->t, "usetime", first == 0 ? 0 : now - first, sa->soft.use_s, sa->hard.use_s);
	put_life(l->t, "packets", shared_get(sa->packets), sa->soft.packets, sa->hard.packets);
	if (used != 0)
		text_put(l->t, " idle=%" PRIu64, now - used);
}

static void put_policy(struct text *t, const struct sa_content *c)
{
	char a[MS_SELECTOR_TEXT], b[MS_SELECTOR_TEXT];

	ms_selector_text(&c->src, a, sizeof a);
	ms_selector_text(&c->dst, b, sizeof b);
	text_put(t, " policy=%s->%s", a, b);
}

static bool put_sa(void *arg, struct klips_sa *sa)
{
	struct lister *l = arg;
	char said[MS_SAID_TEXT], src[MS_ADDR_TEXT];

	ms_said_text(&sa->said, 'x', said, sizeof said);
	ms_addr_text(&sa->src, src, sizeof src);
	text_put(l->t, "%s ", said);
	put_xform(l->t, sa);
	text_put(l->t, ": dir=%s src=%s", sa->inbound ? "in " : "out", src);
	if (sa->content != NULL)
		put_policy(l->t, sa->content);
	if (sa->encr != NULL && sa->encr->iv_octets > 0)
		text_put(l->t, " iv_bits=%ubits", sa->encr->iv_octets * 8);
	put_state(l, sa);
	if (sa->xform == &ipcomp_xform)
		text_put(l->t, " ratio=%" PRIu64 ":%" PRIu64, shared_get(sa->comp.before),
			shared_get(sa->comp.after));
	put_lives(l, sa);
	text_put(l->t, " natencap=%s natsport=%u natdport=%u", sa->encap_type == 2 ? "nonesp" : "none",
		sa->encap_src, sa->encap_dst);
	text_put(l->t, " refcount=1 ref=%u\n", sa->reqid);
	return true;
}

static void list_sas(struct lister *l)
{
	sadb_each(l->k->sadb, put_sa, l);
}

static bool put_group(void *arg, struct klips_sa *sa)
{
	struct lister *l = arg;
	char said[MS_SAID_TEXT];

	if (sa->inner != NULL)
		return true; /* its head prints it */
	for (; sa != NULL; sa = sa->outer) {
		ms_said_text(&sa->said, 'x', said, sizeof said);
		text_put(l->t, "%s ", said);
	}
	text_put(l->t, "\n");
	return true;
}

static void list_groups(struct lister *l)
{
	sadb_each(l->k->sadb, put_group, l);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void list_devices(struct lister *l)
{
	unsigned i;

	for (i = 0; i < l->k->devices->n; i++) {
		const struct klips_device *d = l->k->devices->devices[i];

		text_put(l->t, "%s -> %s mtu=%u(%u) -> %u\n", d->name, d->phys, d->mtu, d->mtu,
			d->phys_mtu);
	}
}

static void list_version(struct lister *l)
{
	text_put(l->t, "ModSwan version: %s\n", PACKAGE_VERSION);
}

static void list_counters(struct lister *l)
{
	unsigned i, w;

	for (i = 0; i < KC_COUNT; i++) {
		uint64_t sum = 0;

		for (w = 0; w < l->k->n_workers; w++)
			sum += shared_get(l->k->workers[w]->counters.n[i]);
		text_put(l->t, "%-18s %12" PRIu64 "  %s\n", counter_name(i), sum, counter_text(i));
	}
	text_put(l->t, "%-18s %12" PRIu64 "  %s\n", "trap_count", shared_get(l->k->traps),
		"flows that met a trap");
	text_put(l->t, "%-18s %12" PRIu64 "  %s\n", "trap_sendcount",
		shared_get(l->k->traps_sent), "ACQUIRE messages sent for them");
}

static void list_debug(struct lister *l)
{
	static const char *const names[] = { "tunnel", "netlink", "xform", "eroute", "spi", "radij",
		"esp", "ah", "rcv", "pfkey", "ipcomp", "verbose" };
	unsigned i;

	for (i = 0; i < MS_PFKEY_DEBUG_WORDS; i++)
		text_put(l->t, "debug_%s=%08x.\n", names[i], l->k->debug[i]);
}

bool listing(struct klips *k, const char *name, struct text *out)
{
	static const struct {
		const char *name;
		void (*list)(struct lister *l);
	} rows[] = {
		{ "eroute", list_eroutes },
		{ "spi", list_sas },
		{ "spigrp", list_groups },
		{ "tncfg", list_devices },
		{ "version", list_version },
		{ "counters", list_counters },
		{ "klipsdebug", list_debug },
	};
	struct lister l = { k, out };
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0) {
			rows[i].list(&l);
			return true;
		}
	return false;
}
