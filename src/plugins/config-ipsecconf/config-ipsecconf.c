/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config-ipsecconf: connections and settings from ipsec.conf, version 2.
 *
 *   reader.c    files, lines, includes
 *   parse.c     lines to sections and parameters, each value checked where it stands
 *   words.c     keywords, found by hash
 *   resolve.c   also=, alsoflip=, %default
 *   check.c     relations between the settings of one connection
 *   builtin.c   connections that nobody wrote
 *
 * Every call reads the files anew.  What is wrong with one connection is told in its place, of those
 * that take it in too, and the others are handed over; what is wrong with the files' form, with
 * config setup or with %default is an error of the whole, and nothing is handed over.  Everything runs
 * on the owner's thread and blocks only for reading files; work is linear in their size.
 *
 * The grammar is that of FreeS/WAN 2, with what later members of the family allow where it changes
 * the meaning of no old file: version may be missing, also= may name a section that comes before,
 * a comment may begin in the first column anywhere, keywords ignore case and the kind of dash,
 * values between braces need no quotes, and a connection's own value stands before one that it
 * takes in.
 */
#include "ipsecconf.h"

#include <modswan/plugin.h>

#include <stdio.h>
#include <stdlib.h>

struct settings {
	char *file;
};

struct instance {
	const struct ms_logger *log;
	char *path;
};

static void warn(void *arg, const char *text)
{
	const struct instance *in = arg;

	ms_notice(in->log, "%s", text);
}

static void quiet(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static ms_err setup(void *inst, struct ms_setup_desc *out, struct ms_why *why)
{
	struct instance *in = inst;
	struct ipsecconf *c;
	ms_err err = ipsecconf_read(&c, in->path, quiet, NULL, why);

	if (err == MS_OK)
		err = resolve_setup(c, out, why);
	ipsecconf_free(&c);
	return err;
}

static void setup_free(void *inst, struct ms_setup_desc *out)
{
	(void)inst;
	ms_conf_free(ms_setup_keys, out);
}

/* Warnings come with connections, so that start-up, which asks for both, says each once. */
static ms_err conns(void *inst, const char *name, const struct ms_config_sink *sink, void *arg,
	struct ms_why *why)
{
	struct instance *in = inst;
	struct ipsecconf *c;
	ms_err err = ipsecconf_read(&c, in->path, name == NULL ? warn : quiet, in, why);

	if (err == MS_OK)
		err = ipsecconf_conns(c, name, sink, arg, why);
	ipsecconf_free(&c);
	return err;
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	const struct settings *s = conf;
	struct instance *in = calloc(1, sizeof *in);
	int n;

	if (in == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	in->log = services->log;
	if (s->file != NULL && s->file[0] == '/')
		n = asprintf(&in->path, "%s", s->file);
	else
		n = asprintf(&in->path, "%s/%s", services->confdir,
			s->file != NULL ? s->file : "ipsec.conf");
	if (n < 0) {
		free(in);
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	*instance_r = in;
	return MS_OK;
}

static void unload(void **instance)
{
	struct instance *in = *instance;

	if (in == NULL)
		return;
	free(in->path);
	free(in);
	*instance = NULL;
}

static const struct ms_config_ops ops = {
	.size = sizeof ops,
	.setup = setup,
	.setup_free = setup_free,
	.conns = conns,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(CONFIG, "ipsecconf", &ops),
	MS_FEATURES_END,
};

static const struct ms_conf_key keys[] = {
	MS_KEY_STRING(struct settings, file, "file", .brief = "the file to read",
		.text = "A name that does not begin with / is looked for beside the other "
			"configuration "
			"files.  Without it, ipsec.conf there."),
	MS_KEY_END,
};

MS_PLUGIN(config_ipsecconf, "config-ipsecconf", .summary = "connections from ipsec.conf",
	.features = features, .keys = keys, .conf_size = sizeof(struct settings), .load = load,
	.unload = unload, );
