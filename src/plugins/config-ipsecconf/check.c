/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relations between the settings of one connection.  Each rule is a function that finds nothing
 * wrong or says which line is; a row of the table at the end runs them in order.
 */
#include "ipsecconf.h"

#include <modswan/addr.h>
#include <modswan/proposal.h>
#include <modswan/text.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The line to blame: of the first of these keywords that was written, else the section's. */
static struct where blame(const struct resolved *r, const char *first, const char *second)
{
	const struct param *p = ipsecconf_written(r, first);

	if (p == NULL && second != NULL)
		p = ipsecconf_written(r, second);
	return p != NULL ? p->at : r->section->at;
}

MS_PRINTF(4, 5)
static ms_err wrong(
	const struct resolved *r, struct where w, struct ms_why *why, const char *fmt, ...)
{
	va_list ap;

	if (why != NULL) {
		va_start(ap, fmt);
		vsnprintf(why->text, sizeof why->text, fmt, ap);
		va_end(ap);
	}
	return ipsecconf_at(r->conf, w, MS_ERR_CONFIG, why);
}

static bool is_shunt(const struct ms_conn_desc *d)
{
	return d->type == MS_TYPE_PASS || d->type == MS_TYPE_DROP || d->type == MS_TYPE_REJECT;
}

static bool is(const char *value, const char *word)
{
	return value != NULL && strcasecmp(value, word) == 0;
}

static bool numeric(const char *text, struct ms_addr *a)
{
	return text != NULL && text[0] != '%' &&
	       ms_addr_parse(a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL) == MS_OK;
}

/* --- the two ends --- */

static ms_err both_ends(struct resolved *r, struct ms_why *why)
{
	const struct ms_conn_desc *d = &r->desc;

	if (d->left.host == NULL || d->right.host == NULL)
		return wrong(r, r->section->at, why, "conn %.60s has no %s=", d->name,
			d->left.host == NULL ? "left" : "right");
	return MS_OK;
}

static bool says_who_we_are(const char *host)
{
	return is(host, "%defaultroute") || ms_host_device(host) != NULL;
}

/* Something must say which host we are. */
static ms_err one_end_known(struct resolved *r, struct ms_why *why)
{
	const char *left = r->desc.left.host, *right = r->desc.right.host;
	struct where w = blame(r, "right", "left");
	struct ms_addr a, b;

	if (is(left, "%defaultroute") && is(right, "%defaultroute"))
		return wrong(r, w, why, "left= and right= are both %%defaultroute");
	if (left[0] == '%' && right[0] == '%' && !says_who_we_are(left) && !says_who_we_are(right))
		return wrong(r, w, why,
			"left=%s and right=%s: one end must be an address, a name or "
			"%%defaultroute",
			left, right);
	if (numeric(left, &a) && numeric(right, &b)) {
		if (a.family != b.family)
			return wrong(r, w, why, "left=%s and right=%s: one is IPv4, the other IPv6",
				left, right);
		if (ms_addr_eq(&a, &b))
			return wrong(r, w, why, "left= and right= are both %s", left);
	}
	return MS_OK;
}

struct end {
	const struct ms_end_desc *desc;
	const char *side, *word[8];
};

enum { W_SUBNET, W_SUBNETS, W_NEXTHOP, W_SOURCEIP, W_FIREWALL, W_UPDOWN, W_ID, W_KEY };

static void ends_of(const struct resolved *r, struct end e[2])
{
	static const char *const words[2][8] = {
		{ "leftsubnet", "leftsubnets", "leftnexthop", "leftsourceip", "leftfirewall",
			"leftupdown", "leftid", "leftrsasigkey" },
		{ "rightsubnet", "rightsubnets", "rightnexthop", "rightsourceip", "rightfirewall",
			"rightupdown", "rightid", "rightrsasigkey" },
	};

	for (unsigned i = 0; i < 2; i++) {
		e[i].desc = i == 0 ? &r->desc.left : &r->desc.right;
		e[i].side = i == 0 ? "left" : "right";
		memcpy(e[i].word, words[i], sizeof words[i]);
	}
}

static ms_err end_hops(const struct resolved *r, const struct end *e, struct ms_why *why)
{
	struct where w = blame(r, e->word[W_NEXTHOP], NULL);
	struct ms_addr host, hop;

	if (e->desc->nexthop == NULL)
		return MS_OK;
	if (is(e->desc->host, "%defaultroute") && !is(e->desc->nexthop, "%defaultroute"))
		return wrong(r, w, why, "%snexthop=%s: %s=%%defaultroute brings its own next hop",
			e->side, e->desc->nexthop, e->side);
	if (numeric(e->desc->host, &host) && numeric(e->desc->nexthop, &hop) &&
		host.family != hop.family)
		return wrong(r, w, why, "%snexthop=%s and %s=%s: one is IPv4, the other IPv6",
			e->side, e->desc->nexthop, e->side, e->desc->host);
	return MS_OK;
}

static ms_err end_words(const struct resolved *r, const struct end *e, struct ms_why *why)
{
	const struct ms_end_desc *d = e->desc;

	if (d->firewall && d->updown != NULL)
		return wrong(r, blame(r, e->word[W_FIREWALL], NULL), why,
			"%sfirewall=yes and %supdown= cannot both be written", e->side, e->side);
	if (is(d->id, "%any") && d->rsasigkey != NULL && d->rsasigkey[0] != '%')
		return wrong(r, blame(r, e->word[W_KEY], NULL), why,
			"%sid=%%any: a key belongs to one identity, not to all", e->side);
	return end_hops(r, e, why);
}

static ms_err each_end(struct resolved *r, struct ms_why *why)
{
	struct end e[2];
	ms_err err;

	ends_of(r, e);
	err = end_words(r, &e[0], why);
	return err == MS_OK ? end_words(r, &e[1], why) : err;
}

/* --- what is protected --- */

static bool is_wide(const char *subnet)
{
	const char *at = subnet, *net;
	struct ms_subnet s;
	size_t len;

	while ((net = ms_conn_next_subnet(&at, &len)) != NULL)
		if (ms_subnet_parse(&s, net, len, 0, MS_TEXT_NUMERIC, NULL) != MS_OK ||
			!ms_subnet_is_host(&s))
			return true;
	return false;
}

/* Transport mode has no inner addresses: only the ends themselves fit. */
static ms_err transport(struct resolved *r, struct ms_why *why)
{
	struct end e[2];

	if (r->desc.type != MS_TYPE_TRANSPORT)
		return MS_OK;
	ends_of(r, e);
	for (unsigned i = 0; i < 2; i++) {
		const struct ms_end_desc *d = e[i].desc;
		const char *wide = d->subnet != NULL && is_wide(d->subnet) ? d->subnet : NULL;

		for (char **p = d->subnets; p != NULL && *p != NULL; p++)
			wide = is_wide(*p) ? *p : wide;
		if (wide != NULL)
			return wrong(r, blame(r, e[i].word[W_SUBNET], e[i].word[W_SUBNETS]), why,
				"%ssubnet=%s: type=transport protects the two hosts only",
				e[i].side, wide);
	}
	return MS_OK;
}

static bool has_lease(const struct ms_end_desc *d)
{
	return d->addresspool != NULL || d->modecfgclient ||
	       (d->sourceip != NULL && d->sourceip[0] == '%');
}

/* 0: not known before names are looked up or an address was leased, or a list, which may hold both. */
static int family_of(const struct ms_end_desc *d)
{
	struct ms_subnet s;
	struct ms_addr a;

	if (d->subnets != NULL || (d->subnet != NULL && strchr(d->subnet, ',') != NULL))
		return 0;
	if (d->subnet != NULL)
		return ms_subnet_parse(&s, d->subnet, strlen(d->subnet), 0, MS_TEXT_NUMERIC,
			       NULL) == MS_OK
			       ? s.net.family
			       : 0;
	return !has_lease(d) && numeric(d->host, &a) ? a.family : 0;
}

static ms_err families(struct resolved *r, struct ms_why *why)
{
	int left = family_of(&r->desc.left), right = family_of(&r->desc.right);
	struct ms_addr a;
	struct end e[2];

	if (left != 0 && right != 0 && left != right)
		return wrong(r, blame(r, "rightsubnet", "leftsubnet"), why,
			"one side's network is IPv4, the other's IPv6");
	ends_of(r, e);
	for (unsigned i = 0; i < 2; i++) {
		int family = i == 0 ? left : right;

		if (family != 0 && numeric(e[i].desc->sourceip, &a) && a.family != family)
			return wrong(r, blame(r, e[i].word[W_SOURCEIP], NULL), why,
				"%ssourceip=%s is of another address family than the network",
				e[i].side, e[i].desc->sourceip);
	}
	return MS_OK;
}

static ms_err count_pair(void *arg, const struct ms_conn_desc *d, struct ms_why *why)
{
	(void)arg;
	(void)d;
	(void)why;
	return MS_OK;
}

/* Each pair of leftsubnets= and rightsubnets= is a connection of its own, an address is one's only. */
static ms_err subnet_pairs(struct resolved *r, struct ms_why *why)
{
	const struct ms_conn_desc *d = &r->desc;
	struct where w = blame(r, "leftsubnets", "rightsubnets");

	if (!ms_conn_has_pairs(d))
		return MS_OK;
	if (has_lease(&d->left) || has_lease(&d->right))
		return wrong(r, w, why,
			"an address that is handed out belongs to one connection: write the networks "
			"in %ssubnet=, with commas", d->left.subnets != NULL ? "left" : "right");
	return ipsecconf_at(r->conf, w, ms_conn_each_pair(d, count_pair, NULL, why), why);
}

static ms_err protoports(struct resolved *r, struct ms_why *why)
{
	const char *left = r->desc.left.protoport, *right = r->desc.right.protoport;
	struct ms_protoport a, b;

	if (left == NULL || right == NULL ||
		ms_protoport_parse(&a, left, strlen(left), MS_TEXT_SERVICES, NULL) != MS_OK ||
		ms_protoport_parse(&b, right, strlen(right), MS_TEXT_SERVICES, NULL) != MS_OK ||
		a.protocol == b.protocol)
		return MS_OK;
	return wrong(r, blame(r, "rightprotoport", NULL), why,
		"leftprotoport=%s and rightprotoport=%s: the protocols differ", left, right);
}

/* --- how it is negotiated --- */

static ms_err authentication(struct resolved *r, struct ms_why *why)
{
	const struct ms_conn_desc *d = &r->desc;
	uint32_t all = d->authby | d->left.auth | d->right.auth;

	if ((d->authby & MS_AUTH_NEVER) != 0 && d->authby != MS_AUTH_NEVER)
		return wrong(r, blame(r, "authby", NULL), why,
			"authby=never cannot be joined with other words");
	if (!is_shunt(d) && (all & MS_AUTH_NEVER) != 0)
		return wrong(r, blame(r, "authby", "leftauth"), why,
			"authby=never is for type=passthrough, drop and reject");
	return MS_OK;
}

/* What is keyed by hand has words that only ipsec manual reads. */
static ms_err by_hand(const struct resolved *r, struct ms_why *why)
{
	const struct ms_conn_desc *d = &r->desc;

	if (d->manual.spi != NULL && d->manual.spibase != NULL)
		return wrong(r, blame(r, "spibase", NULL), why,
			"spi= and spibase= cannot both be written");
	if (is_shunt(d) && (d->esp != NULL || d->manual.ah != NULL))
		return wrong(r, blame(r, "esp", "ah"), why,
			"esp= and ah= are not for type=passthrough, drop and reject");
	return MS_OK;
}

static ms_err ah_for_esp(struct resolved *r, struct ms_why *why)
{
	const struct param *ah = ipsecconf_written(r, "ah"), *phase2 = ipsecconf_written(r, "phase2");
	struct ms_conn_desc *d = &r->desc;

	if (d->manual.ah == NULL)
		return MS_OK;
	if (d->esp != NULL)
		return wrong(r, ah->at, why, "ah= cannot be written together with %s=",
			ipsecconf_written(r, "esp")->word->name);
	if (phase2 != NULL && !d->ah)
		return wrong(r, ah->at, why, "ah= cannot be written together with %s=%s",
			phase2->word->name, phase2->value);
	d->ah = true;
	d->esp = d->manual.ah;
	d->manual.ah = NULL;
	return MS_OK;
}

static ms_err proposals(struct resolved *r, struct ms_why *why)
{
	struct ms_conn_desc *d = &r->desc;
	const struct param *p;
	ms_err err;

	if (d->manual.spi != NULL || d->manual.spibase != NULL || is_shunt(d))
		return by_hand(r, why);
	err = ah_for_esp(r, why);
	if (err != MS_OK || d->esp == NULL)
		return err;
	p = ipsecconf_written(r, d->ah && ipsecconf_written(r, "ah") != NULL ? "ah" : "esp");
	err = ms_proposals_check(d->ah ? MS_PROTOCOL_AH : MS_PROTOCOL_ESP, d->esp, why);
	if (err != MS_OK)
		ms_why_prefix(why, "%s=\"%.80s\": ", p != NULL ? p->word->name : "esp", d->esp);
	return ipsecconf_at(r->conf, blame(r, p != NULL ? p->word->name : "esp", NULL), err, why);
}

/* A new SA must be there before the old one ends, with the margin at its largest. */
static ms_err lifetime(
	const struct resolved *r, const char *word, uint64_t life_ms, struct ms_why *why)
{
	const struct ms_conn_desc *d = &r->desc;
	uint64_t margin = d->rekey_margin_ms / 100 * (100 + d->rekey_fuzz_percent);

	if (!d->rekey || is_shunt(d) || margin < life_ms)
		return MS_OK;
	return wrong(r, blame(r, word, "rekeymargin"), why,
		"%s of %" PRIu64 "s is not longer than rekeymargin enlarged by rekeyfuzz, %" PRIu64
		"s",
		word, life_ms / 1000, margin / 1000);
}

static ms_err times(struct resolved *r, struct ms_why *why)
{
	struct ms_conn_desc *d = &r->desc;
	ms_err err = lifetime(r, "keylife", d->ipsec_lifetime_ms, why);

	if (err == MS_OK)
		err = lifetime(r, "ikelifetime", d->ike_lifetime_ms, why);
	if (err == MS_OK && d->retransmit_interval_ms >= d->retransmit_timeout_ms)
		err = wrong(r, blame(r, "retransmit-timeout", "retransmit-interval"), why,
			"retransmit-timeout is not longer than retransmit-interval");
	if (d->dpd_delay_ms == 0 &&
		(ipsecconf_written(r, "dpdtimeout") != NULL ||
			ipsecconf_written(r, "dpdaction") != NULL) &&
		ipsecconf_written(r, "dpddelay") == NULL)
		d->dpd_delay_ms = 30000;
	return err;
}

ms_err check_conn(struct resolved *r, struct ms_why *why)
{
	static ms_err (*const rules[])(struct resolved *, struct ms_why *) = { both_ends,
		one_end_known, each_end, transport, families, subnet_pairs, protoports, authentication, proposals,
		times };
	ms_err err = MS_OK;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0] && err == MS_OK; i++)
		err = rules[i](r, why);
	return err;
}
