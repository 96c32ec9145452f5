/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands for a connection that is keyed by hand.
 *
 * Both directions have up to three SAs, made in the order tun, esp, ah, which is the order of the
 * transforms too; the eroute names the first one.  With spibase= SAs towards the left end have odd
 * SPIs, those towards the right one even SPIs, so that both hosts number them alike.
 */
#include "tools/manual.h"
#include "tools/spi.h"

#include <modswan/crypto.h>
#include <modswan/text.h>

#include <stdlib.h>
#include <string.h>

enum { SAS = 3 };

struct sa {
	const char *proto; /* "tun", "esp", "ah" */
	uint32_t spi;
};

struct direction {
	const struct manual_conn *c;
	const struct manual_end *from, *to;
	bool left; /* towards the left end */
	struct sa sa[SAS];
	unsigned n;
};

/* --- words ------------------------------------------------------------------------------------ */

static void add(struct manual_step *s, const char *word)
{
	if (s->n < MANUAL_WORDS)
		s->word[s->n++] = word;
}

static void add_option(struct manual_step *s, const char *option, const char *value)
{
	add(s, option);
	add(s, value);
}

static struct manual_step *step(struct manual_plan *p, const struct manual_conn *c,
	const char *command)
{
	struct manual_step *s = &p->step[p->n < MANUAL_STEPS - 1 ? p->n++ : p->n];

	memset(s, 0, sizeof *s);
	add(s, command);
	add_option(s, "--label", c->name);
	return s;
}

static const char *address(const struct ms_addr *a)
{
	char text[MS_ADDR_TEXT];

	ms_addr_text(a, text, sizeof text);
	return tool_format("%s", text);
}

static const char *family(const struct ms_addr *a)
{
	return a->family == AF_INET6 ? "inet6" : "inet";
}

bool manual_hides(const char *option)
{
	return strcmp(option, "--enckey") == 0 || strcmp(option, "--authkey") == 0;
}

/* --- SAs -------------------------------------------------------------------------------------- */

static bool shunt(const struct manual_conn *c)
{
	return c->desc.type != MS_TYPE_TUNNEL && c->desc.type != MS_TYPE_TRANSPORT;
}

/* leftespenckey= and so on win over the common ones. */
static const char *own(const char *of_end, const char *common)
{
	return of_end != NULL ? of_end : common;
}

static uint32_t number(const char *text)
{
	uint64_t n = 0;

	return ms_number_parse(&n, text, strlen(text), 0, UINT32_MAX, NULL) == MS_OK ? (uint32_t)n : 0;
}

static void add_sa(struct direction *d, const char *proto, const char *spi)
{
	const struct ms_manual_desc *m = &d->c->desc.manual;
	struct sa *sa = &d->sa[d->n];

	sa->proto = proto;
	if (spi != NULL)
		sa->spi = number(spi);
	else if (m->spi != NULL)
		sa->spi = number(m->spi);
	else
		sa->spi = number(m->spibase) + 2 * d->n + (d->left ? 1 : 0);
	d->n++;
}

static struct direction direction(const struct manual_conn *c, bool out)
{
	struct direction d = { .c = c, .from = out ? &c->me : &c->them,
		.to = out ? &c->them : &c->me, .left = out != c->i_am_left };
	const struct ms_manual_end *e = &d.to->desc->manual;

	if (shunt(c))
		return d;
	if (c->desc.type == MS_TYPE_TUNNEL)
		add_sa(&d, "tun", NULL);
	if (c->desc.esp != NULL)
		add_sa(&d, "esp", e->espspi);
	if (c->desc.manual.ah != NULL)
		add_sa(&d, "ah", e->ahspi);
	return d;
}

static void name_sa(struct manual_step *s, const struct direction *d, const struct sa *sa)
{
	add_option(s, "--af", family(&d->to->host));
	add_option(s, "--edst", address(&d->to->host));
	add_option(s, "--spi", tool_format("0x%x", sa->spi));
	add_option(s, "--proto", sa->proto);
}

static void make_sa(struct manual_plan *p, const struct direction *d, const struct sa *sa)
{
	const struct ms_manual_end *e = &d->to->desc->manual;
	const struct ms_manual_desc *m = &d->c->desc.manual;
	struct manual_step *s = step(p, d->c, "spi");
	bool esp = strcmp(sa->proto, "esp") == 0, ah = strcmp(sa->proto, "ah") == 0;
	uint32_t window = esp ? m->espreplay_window : ah ? m->ahreplay_window : 0;
	const char *enc = esp ? own(e->espenckey, m->espenckey) : NULL;
	const char *auth = esp ? own(e->espauthkey, m->espauthkey) : ah ? own(e->ahkey, m->ahkey) : NULL;

	name_sa(s, d, sa);
	add_option(s, "--src", address(&d->from->host));
	if (esp)
		add_option(s, "--esp", d->c->desc.esp);
	else if (ah)
		add_option(s, "--ah", m->ah);
	else
		add_option(s, "--dst", address(&d->to->host));
	if (!esp && !ah)
		add(s, d->to->host.family == AF_INET6 ? "--ip6" : "--ip4");
	if (enc != NULL)
		add_option(s, "--enckey", enc);
	if (auth != NULL)
		add_option(s, "--authkey", auth);
	if (window != 0)
		add_option(s, "--replay_window", tool_format("%u", window));
}

static void make_group(struct manual_plan *p, const struct direction *d)
{
	struct manual_step *s;

	for (unsigned i = 0; i < d->n; i++)
		make_sa(p, d, &d->sa[i]);
	if (d->n < 2)
		return;
	s = step(p, d->c, "spigrp");
	for (unsigned i = 0; i < d->n; i++) {
		add_option(s, family(&d->to->host), address(&d->to->host));
		add_option(s, tool_format("0x%x", d->sa[i].spi), d->sa[i].proto);
	}
}

/* One member takes its group along. */
static void remove_group(struct manual_plan *p, const struct direction *d)
{
	struct manual_step *s;

	if (d->n == 0)
		return;
	s = step(p, d->c, "spi");
	add(s, "--del");
	name_sa(s, d, &d->sa[0]);
}

/* --- eroutes ---------------------------------------------------------------------------------- */

static void add_port(struct manual_step *s, const char *option, const struct ms_protoport *pp)
{
	if (pp->protocol != 0 && pp->port_first != 0 && pp->port_first == pp->port_last)
		add_option(s, option, tool_format("%u", pp->port_first));
}

static struct manual_step *flow(struct manual_plan *p, const struct direction *d, const char *action)
{
	struct manual_step *s = step(p, d->c, "eroute");
	char src[MS_SUBNET_TEXT], dst[MS_SUBNET_TEXT];

	ms_subnet_text(&d->from->net, src, sizeof src);
	ms_subnet_text(&d->to->net, dst, sizeof dst);
	add(s, action);
	add_option(s, "--eraf", family(&d->from->net.net));
	add_option(s, "--src", tool_format("%s", src));
	add_option(s, "--dst", tool_format("%s", dst));
	if (d->c->me.pp.protocol != 0)
		add_option(s, "--transport-proto", tool_format("%u", d->c->me.pp.protocol));
	add_port(s, "--src-port", &d->from->pp);
	add_port(s, "--dst-port", &d->to->pp);
	return s;
}

static void set_flow(struct manual_plan *p, const struct direction *d)
{
	static const char *const shunts[] = { [MS_TYPE_PASS] = "%pass", [MS_TYPE_DROP] = "%drop",
		[MS_TYPE_REJECT] = "%reject" };
	struct manual_step *s = flow(p, d, "--replace");

	if (shunt(d->c))
		add_option(s, "--said", shunts[d->c->desc.type]);
	else
		name_sa(s, d, &d->sa[0]);
}

/* The tunnel gives out what the connection is for and nothing else. */
static void check_arrivals(struct manual_plan *p, const struct direction *d)
{
	if (d->n > 0 && strcmp(d->sa[0].proto, "tun") == 0)
		name_sa(flow(p, d, "--addin"), d, &d->sa[0]);
}

static void updown(struct manual_plan *p, const char *verb)
{
	struct manual_step *s = &p->step[p->n < MANUAL_STEPS - 1 ? p->n++ : p->n];

	memset(s, 0, sizeof *s);
	s->updown = verb;
}

/* --- the whole -------------------------------------------------------------------------------- */

static ms_err check_sas(const struct manual_conn *c, struct ms_why *why)
{
	const struct ms_manual_desc *m = &c->desc.manual;

	if (m->spi == NULL && m->spibase == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "neither spi= nor spibase= is written");
	if (m->spi != NULL && m->spibase != NULL)
		return ms_fail(why, MS_ERR_CONFIG, "both spi= and spibase= are written");
	if (c->desc.esp == NULL && m->ah == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "neither esp= nor ah= is written");
	return MS_OK;
}

static ms_err check_keys(const struct manual_conn *c, const struct manual_end *to,
	const char *side, struct ms_why *why)
{
	const struct ms_manual_desc *m = &c->desc.manual;
	const struct ms_manual_end *e = &to->desc->manual;
	struct spi_alg alg;

	if (m->ah != NULL && !spi_alg_ah(m->ah, &alg))
		return ms_fail(why, MS_ERR_CONFIG, "ah=%s is no algorithm of ipsec spi", m->ah);
	if (m->ah != NULL && own(e->ahkey, m->ahkey) == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "ah= without ahkey= or %sahkey=", side);
	if (c->desc.esp == NULL)
		return MS_OK;
	if (!spi_alg_esp(c->desc.esp, &alg))
		return ms_fail(why, MS_ERR_CONFIG, "esp=%s is no algorithm of ipsec spi", c->desc.esp);
	if (alg.encrypt != MS_ENCR_NULL && own(e->espenckey, m->espenckey) == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "esp= without espenckey= or %sespenckey=", side);
	if (alg.auth != 0 && own(e->espauthkey, m->espauthkey) == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "esp= without espauthkey= or %sespauthkey=", side);
	return MS_OK;
}

static ms_err check(const struct manual_conn *c, struct ms_why *why)
{
	const struct manual_end *left = c->i_am_left ? &c->me : &c->them;
	const struct manual_end *right = c->i_am_left ? &c->them : &c->me;
	ms_err err;

	if (shunt(c))
		return c->desc.esp == NULL && c->desc.manual.ah == NULL
			? MS_OK
			: ms_fail(why, MS_ERR_CONFIG,
				  "esp= and ah= are not for type=passthrough, drop and reject");
	err = check_sas(c, why);
	if (err == MS_OK)
		err = check_keys(c, left, "left", why);
	if (err == MS_OK)
		err = check_keys(c, right, "right", why);
	return err;
}

ms_err manual_make(struct manual_plan *p, const struct manual_conn *c, enum manual_verb verb,
	struct ms_why *why)
{
	struct direction out, in;
	ms_err err = check(c, why);

	memset(p, 0, sizeof *p);
	if (err != MS_OK)
		return err;
	out = direction(c, true);
	in = direction(c, false);
	switch (verb) {
	case MANUAL_UP:
		make_group(p, &out);
		make_group(p, &in);
		check_arrivals(p, &in);
		updown(p, "prepare");
		set_flow(p, &out);
		updown(p, "route");
		updown(p, "up");
		break;
	case MANUAL_DOWN:
		updown(p, "down");
		flow(p, &out, "--del");
		remove_group(p, &out);
		remove_group(p, &in);
		break;
	case MANUAL_ROUTE:
		updown(p, "prepare");
		updown(p, "route");
		break;
	case MANUAL_UNROUTE:
		updown(p, "unroute");
		break;
	}
	return MS_OK;
}
