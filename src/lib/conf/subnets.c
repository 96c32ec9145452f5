/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftsubnets= and rightsubnets=: one connection for each pair of networks.
 *
 * The connections are called NAME/1x2 for the first network at the left and the second at the right.
 * An end without a list, or with leftsubnet= beside it, has that as number 0.  All have the whole
 * name as an alias, so that it stands for all of them.
 */
#include <modswan/config.h>

#include <modswan/addr.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ms_conn_next_subnet(const char **at, size_t *len)
{
	const char *p = *at;

	if (p == NULL)
		return NULL;
	p += strspn(p, " ");
	*len = strcspn(p, ", ");
	*at = strchr(p, ',');
	if (*at != NULL)
		(*at)++;
	return p;
}

struct side {
	const struct ms_end_desc *end;
	unsigned first, n; /* numbers first .. first + n - 1 */
};

static struct side side_of(const struct ms_end_desc *end)
{
	struct side s = { end, end->subnets == NULL || end->subnet != NULL ? 0 : 1, 0 };

	while (end->subnets != NULL && end->subnets[s.n] != NULL)
		s.n++;
	s.n += s.first == 0;
	return s;
}

static char *net(const struct side *s, unsigned number)
{
	return number == 0 ? s->end->subnet : s->end->subnets[number - 1];
}

static int family_of_addr(const char *text)
{
	struct ms_addr a;

	return text != NULL && ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL) == MS_OK
		       ? a.family
		       : 0;
}

/* 0: both, or not known yet. */
static int family(const struct side *s, unsigned number)
{
	const char *text = net(s, number);
	struct ms_subnet subnet;

	if (text == NULL)
		return family_of_addr(s->end->host);
	if (strchr(text, ',') != NULL ||
		ms_subnet_parse(&subnet, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL) != MS_OK)
		return 0;
	return subnet.net.family;
}

static bool alike(int a, int b)
{
	return a == b || a == 0 || b == 0;
}

bool ms_conn_opportunistic(const struct ms_conn_desc *d)
{
	static const char *const words[] = { "%group", "%opportunistic", "%opportunisticgroup" };

	for (unsigned i = 0; i < 6; i++) {
		const char *host = i % 2 == 0 ? d->left.host : d->right.host;

		if (host != NULL && strcmp(host, words[i / 2]) == 0)
			return true;
	}
	return false;
}

/* Of opportunistic ones every pair is a connection of its own anyway. */
bool ms_conn_has_pairs(const struct ms_conn_desc *d)
{
	return (d->left.subnets != NULL || d->right.subnets != NULL) && !ms_conn_opportunistic(d);
}

/* Room for the whole name before the other aliases; NULL: out of memory. */
static char **aliases(const struct ms_conn_desc *d)
{
	unsigned n = 0;
	char **a;

	while (d->connalias != NULL && d->connalias[n] != NULL)
		n++;
	a = calloc(n + 2, sizeof *a);
	if (a != NULL)
		a[0] = d->name;
	for (unsigned i = 0; a != NULL && i < n; i++)
		a[i + 1] = d->connalias[i];
	return a;
}

static ms_err one(const struct ms_conn_desc *d, const struct side *s, const unsigned at[2],
	char **alias, ms_conn_pair_f *fn, void *arg, struct ms_why *why)
{
	struct ms_conn_desc pair = *d;
	ms_err err;

	if (asprintf(&pair.name, "%s/%ux%u", d->name, at[0], at[1]) < 0)
		return MS_ERR_NOMEM;
	pair.section = d->name;
	pair.connalias = alias;
	pair.left.subnet = net(&s[0], at[0]);
	pair.right.subnet = net(&s[1], at[1]);
	pair.left.subnets = pair.right.subnets = NULL;
	err = fn(arg, &pair, why);
	free(pair.name);
	return err;
}

ms_err ms_conn_each_pair(const struct ms_conn_desc *d, ms_conn_pair_f *fn, void *arg,
	struct ms_why *why)
{
	const struct side s[2] = { side_of(&d->left), side_of(&d->right) };
	unsigned at[2], made = 0;
	ms_err err = MS_OK;
	char **alias;

	if (!ms_conn_has_pairs(d))
		return fn(arg, d, why);
	alias = aliases(d);
	if (alias == NULL)
		return MS_ERR_NOMEM;
	for (at[0] = s[0].first; err == MS_OK && at[0] < s[0].first + s[0].n; at[0]++)
		for (at[1] = s[1].first; err == MS_OK && at[1] < s[1].first + s[1].n; at[1]++) {
			if (!alike(family(&s[0], at[0]), family(&s[1], at[1])))
				continue;
			if (made++ == MS_CONN_MAX_PAIRS)
				err = ms_fail(why, MS_ERR_LIMIT,
					"leftsubnets= and rightsubnets= make more than %d pairs",
					MS_CONN_MAX_PAIRS);
			else
				err = one(d, s, at, alias, fn, arg, why);
		}
	free(alias);
	if (err == MS_OK && made == 0)
		err = ms_fail(why, MS_ERR_CONFIG,
			"no network at the left has one of its address family at the right");
	return err;
}
