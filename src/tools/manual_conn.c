/* SPDX-License-Identifier: Apache-2.0 */
/* The connection that `ipsec manual` was told to bring up or down, and which of its ends is ours. */
#include "tools/conffile.h"
#include "tools/manual.h"

#include <modswan/addr.h>
#include <modswan/mem.h>
#include <modswan/text.h>

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- reading ---------------------------------------------------------------------------------- */

struct reading {
	struct manual_conn *c;
	bool found, no_memory;
};

static void take_conn(void *arg, const struct ms_conn_desc *desc)
{
	struct reading *r = arg;

	if (r->found)
		return;
	r->found = ms_conn_desc_copy(&r->c->desc, desc);
	r->no_memory = !r->found;
}

static ms_err read_file(struct manual_conn *c, const struct tool *t, const char *file,
	const char *name, struct ms_why *why)
{
	static const struct ms_config_sink sink = { .conn = take_conn };
	struct reading r = { .c = c };
	struct tool_config config;
	ms_err err = tool_config_open(&config, t, file, why);

	if (err == MS_OK)
		err = config.ops->conns(config.instance, name, &sink, &r, why);
	tool_config_close(&config);
	if (err == MS_OK && r.no_memory)
		return MS_ERR_NOMEM;
	return err == MS_OK && !r.found ? ms_fail(why, MS_ERR_UNKNOWN, "no such connection") : err;
}

/* --- files of our own ------------------------------------------------------------------------- */

/* NULL: cannot be written.  *path is the caller's to remove. */
static FILE *own_file(const struct tool *t, char **path)
{
	int fd;

	*path = tool_format("%s/manual-XXXXXX", t->rundir);
	fd = mkstemp(*path);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool is_include(const char *line)
{
	line += strspn(line, " \t");
	return strncmp(line, "include", 7) == 0 && (line[7] == ' ' || line[7] == '\t');
}

/* The numbers of lines stay. */
static bool write_without_includes(FILE *out, const char *conf)
{
	FILE *in = fopen(conf, "re");
	char *line = NULL;
	size_t size = 0;

	if (in == NULL)
		return false;
	while (getline(&line, &size, in) >= 0)
		fprintf(out, "%s%s", is_include(line) ? "#" : "", line);
	if (line != NULL)
		ms_wipe(line, size);
	free(line);
	return fclose(in) == 0;
}

/* One more connection, which takes its settings from the parts. */
static bool write_union(FILE *out, const char *conf, const struct manual_wish *w, const char *name)
{
	fprintf(out, "version 2.0\n\nconn %s\n", name);
	for (unsigned i = 0; i < w->n; i++)
		fprintf(out, "\talso=%s\n", w->names[i]);
	fprintf(out, "\ninclude %s\n", conf);
	return true;
}

struct reading_files {
	const char *conf, *name; /* what is to be read */
	char *stripped, *joined; /* ours, or NULL */
};

static bool make_files(struct reading_files *f, const struct tool *t, const struct manual_wish *w)
{
	FILE *out;
	bool ok = true;

	if (w->no_include) {
		out = own_file(t, &f->stripped);
		ok = out != NULL && write_without_includes(out, f->conf);
		ok = (out == NULL || fclose(out) == 0) && ok;
		f->conf = f->stripped;
	}
	if (ok && w->n > 1) {
		f->name = "ipsec-manual-union";
		out = own_file(t, &f->joined);
		ok = out != NULL && write_union(out, f->conf, w, f->name);
		ok = (out == NULL || fclose(out) == 0) && ok;
		f->conf = f->joined;
	}
	return ok;
}

static ms_err read_conn(struct manual_conn *c, const struct tool *t, const struct manual_wish *w,
	struct ms_why *why)
{
	const char *named = w->config != NULL ? w->config : tool_format("%s/ipsec.conf", t->confdir);
	char *full = realpath(named, NULL);
	struct reading_files f = { .conf = full, .name = w->names[0] };
	ms_err err;

	if (w->config == NULL && !w->no_include && w->n == 1) {
		free(full);
		return read_file(c, t, NULL, f.name, why); /* it may be another one by the plugin's settings */
	}
	if (full == NULL)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot read %s: %s", named, strerror(errno));
	if (make_files(&f, t, w))
		err = read_file(c, t, f.conf, f.name, why);
	else
		err = ms_fail(why, MS_ERR_SYSTEM, "cannot write a file into %s", t->rundir);
	if (f.stripped != NULL)
		unlink(f.stripped);
	if (f.joined != NULL)
		unlink(f.joined);
	free(f.stripped);
	free(f.joined);
	free(full);
	return err;
}

/* --- addresses -------------------------------------------------------------------------------- */

/* The address that packets to `to` have as source; nothing is sent. */
static bool source_to(const struct ms_addr *to, struct ms_addr *out)
{
	struct ms_endpoint e = { .addr = *to, .port = 9 };
	struct sockaddr_storage ss;
	socklen_t len = ms_endpoint_to_sockaddr(&e, &ss);
	int fd = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && connect(fd, (struct sockaddr *)&ss, len) == 0;

	len = sizeof ss;
	good = good && getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
		ms_endpoint_from_sockaddr(&e, (struct sockaddr *)&ss) == MS_OK;
	if (fd >= 0)
		close(fd);
	*out = e.addr;
	return good;
}

static bool is_default_route(const char *host)
{
	return strcasecmp(host, "%defaultroute") == 0;
}

static ms_err host_of(struct manual_end *e, const char *side, struct ms_why *why)
{
	const char *host = e->desc->host;

	if (is_default_route(host))
		return MS_OK; /* when the other one is known */
	if (host[0] == '%')
		return ms_fail(why, MS_ERR_CONFIG, "%s=%s: a connection keyed by hand has two "
			"addresses", side, host);
	return ms_addr_parse(&e->host, host, strlen(host), 0, MS_TEXT_DNS, why);
}

static ms_err hosts(struct manual_end *left, struct manual_end *right, struct ms_why *why)
{
	struct manual_end *open = NULL, *known = NULL;
	ms_err err = host_of(left, "left", why);

	if (err == MS_OK)
		err = host_of(right, "right", why);
	if (err != MS_OK)
		return err;
	if (left->host.family == 0)
		open = left, known = right;
	if (right->host.family == 0)
		open = right, known = left;
	if (open == NULL)
		return MS_OK;
	if (!source_to(&known->host, &open->host))
		return ms_fail(why, MS_ERR_NOT_FOUND, "%%defaultroute is not known");
	return MS_OK;
}

static ms_err client(struct manual_end *e, const char *side, struct ms_why *why)
{
	const char *net = e->desc->subnet, *pp = e->desc->protoport;
	ms_err err = MS_OK;

	if (e->desc->subnets != NULL || (net != NULL && strchr(net, ',') != NULL))
		return ms_fail(why, MS_ERR_CONFIG,
			"%ssubnet%s=: a connection keyed by hand has one network at each end", side,
			e->desc->subnets != NULL ? "s" : "");
	e->net = ms_subnet_make(&e->host, e->host.family == AF_INET6 ? 128 : 32);
	if (net != NULL && strchr(net, '/') == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "%ssubnet=%s has no mask", side, net);
	if (net != NULL)
		err = ms_subnet_parse(&e->net, net, strlen(net), 0, MS_TEXT_NUMERIC, why);
	if (err == MS_OK && pp != NULL)
		err = ms_protoport_parse(&e->pp, pp, strlen(pp), MS_TEXT_SERVICES, why);
	return err;
}

/* --- which end -------------------------------------------------------------------------------- */

/* Name of the interface that has the address, ipsec devices not counted. */
static bool interface_of(const struct ms_addr *a, char *name, size_t size)
{
	struct ifaddrs *all, *i;
	struct ms_endpoint e;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (i = all; i != NULL && !found; i = i->ifa_next) {
		if (i->ifa_addr == NULL || strncmp(i->ifa_name, "ipsec", 5) == 0 ||
			ms_endpoint_from_sockaddr(&e, i->ifa_addr) != MS_OK)
			continue;
		found = ms_addr_eq(&e.addr, a);
		if (found)
			snprintf(name, size, "%s", i->ifa_name);
	}
	freeifaddrs(all);
	return found;
}

struct attachment {
	const char *phys;
	char *device;
	size_t size;
};

static void note_attachment(void *arg, const char *line)
{
	struct attachment *a = arg;
	char device[IFNAMSIZ], phys[IFNAMSIZ];

	if (sscanf(line, "%15s -> %15s", device, phys) == 2 && strcmp(phys, a->phys) == 0)
		snprintf(a->device, a->size, "%s", device);
}

/* ipsecN on an interface; it may be named itself. */
static ms_err find_device(struct manual_conn *c, const struct tool *t, const char *iface,
	struct ms_why *why)
{
	struct attachment a = { iface, c->device, sizeof c->device };
	ms_err err;

	if (strncmp(iface, "ipsec", 5) == 0) {
		snprintf(c->device, sizeof c->device, "%s", iface);
		return MS_OK;
	}
	err = tool_klips_command(t, "tncfg", note_attachment, &a, why);
	if (err == MS_OK && c->device[0] == '\0')
		return ms_fail(why, MS_ERR_NOT_FOUND, "there is no ipsec device on %s", iface);
	return err;
}

/* --iam ADDRESS@IFACE */
static ms_err told(const struct manual_wish *w, struct ms_addr *me, const char **iface,
	struct ms_why *why)
{
	const char *at = strchr(w->iam, '@');

	if (at == NULL || at[1] == '\0')
		return ms_fail(why, MS_ERR_TEXT, "--iam %s is not ADDRESS@IFACE", w->iam);
	*iface = at + 1;
	return ms_addr_parse(me, w->iam, (size_t)(at - w->iam), 0, MS_TEXT_NUMERIC, why);
}

static ms_err orient(struct manual_conn *c, const struct tool *t, const struct manual_wish *w,
	const struct manual_end *left, const struct manual_end *right, struct ms_why *why)
{
	char name[IFNAMSIZ];
	const char *iface = name;
	struct ms_addr me;
	ms_err err = MS_OK;

	if (w->iam != NULL)
		err = told(w, &me, &iface, why);
	else if (interface_of(&left->host, name, sizeof name))
		me = left->host;
	else if (interface_of(&right->host, name, sizeof name))
		me = right->host;
	else
		return ms_fail(why, MS_ERR_NOT_FOUND,
			"neither left= nor right= is an address of this host");
	if (err != MS_OK)
		return err;
	c->i_am_left = ms_addr_eq(&me, &left->host);
	if (!c->i_am_left && !ms_addr_eq(&me, &right->host))
		return ms_fail(why, MS_ERR_CONFIG, "--iam %s is neither left= nor right=", w->iam);
	if (w->other)
		c->i_am_left = !c->i_am_left;
	return find_device(c, t, iface, why);
}

static ms_err next_hop(struct manual_conn *c, struct ms_why *why)
{
	const char *hop = c->me.desc->nexthop;
	const char *side = c->i_am_left ? "left" : "right";
	ms_err err;

	c->next_hop = c->them.host;
	if (hop == NULL || hop[0] == '%')
		return MS_OK;
	err = ms_addr_parse(&c->next_hop, hop, strlen(hop), c->me.host.family, MS_TEXT_DNS, why);
	if (err == MS_OK && ms_addr_eq(&c->next_hop, &c->me.host))
		return ms_fail(why, MS_ERR_CONFIG, "%s= and %snexthop= are the same", side, side);
	return err;
}

/* --- the whole -------------------------------------------------------------------------------- */

ms_err manual_read(struct manual_conn *c, const struct tool *t, const struct manual_wish *w,
	struct ms_why *why)
{
	struct manual_end left = { .desc = &c->desc.left }, right = { .desc = &c->desc.right };
	ms_err err = read_conn(c, t, w, why);

	if (err == MS_OK)
		err = hosts(&left, &right, why);
	if (err == MS_OK)
		err = client(&left, "left", why);
	if (err == MS_OK)
		err = client(&right, "right", why);
	if (err == MS_OK)
		err = orient(c, t, w, &left, &right, why);
	if (err != MS_OK)
		return err;
	c->me = c->i_am_left ? left : right;
	c->them = c->i_am_left ? right : left;
	return next_hop(c, why);
}

void manual_free(struct manual_conn *c)
{
	ms_conn_desc_free(&c->desc);
}
