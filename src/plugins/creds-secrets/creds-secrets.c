/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creds-secrets: shared secrets and private keys from ipsec.secrets.
 *
 *   read.c     files, includes, entries
 *   lexer.c    tokens
 *   key.c      what stands behind a colon
 *   choose.c   which entry is meant
 *
 * The files are read at load and on rereadsecrets into a new set, which takes the old one's place
 * only when nothing in it was wrong.  Everything runs on the owner's thread; secrets are wiped
 * when a set goes, file contents as soon as they were read, and no message shows any of them.
 */
#include "secrets.h"

#include <modswan/config.h>
#include <modswan/creds.h>
#include <modswan/plugin.h>
#include <modswan/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	char *file, *keydir;
};

struct instance {
	const struct ms_services *services;
	const struct settings *conf;
	struct secrets *secrets;
};

static void note(void *arg, const char *text)
{
	const struct instance *in = arg;

	ms_notice(in->services->log, "%s", text);
}

/* --- places --- */

static char *join(const char *dir, const char *name)
{
	char *path;

	if (name[0] == '/')
		return strdup(name);
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Where to read: our own settings, then secretsfile= and ipsecdir= of config setup, then the
 * usual places.  A file of connections that cannot be read is not our trouble here. */
static bool places(const struct instance *in, char **file_r, char **keydir_r)
{
	const struct ms_services *sv = in->services;
	const struct ms_provider *p =
		sv->provider == NULL ? NULL : sv->provider(sv, MS_ROLE_CONFIG, NULL, 0);
	const struct ms_config_ops *config = p == NULL ? NULL : p->ops;
	const char *file = in->conf->file, *keydir = in->conf->keydir;
	struct ms_setup_desc setup;
	char *private = NULL;
	bool have = false;

	if (config != NULL && (file == NULL || keydir == NULL))
		have = config->setup(p->instance, &setup, NULL) == MS_OK;
	if (have && file == NULL)
		file = setup.secretsfile;
	if (have && keydir == NULL && setup.ipsecdir != NULL)
		keydir = private = join(setup.ipsecdir, "private");
	*file_r = join(sv->confdir, file != NULL ? file : "ipsec.secrets");
	*keydir_r = join(sv->confdir, keydir != NULL ? keydir : "ipsec.d/private");
	free(private);
	if (have)
		config->setup_free(p->instance, &setup);
	return *file_r != NULL && *keydir_r != NULL;
}

/* --- the role --- */

static ms_err reread(void *inst, unsigned *count_r, struct ms_why *why)
{
	struct instance *in = inst;
	char *file = NULL, *keydir = NULL;
	struct secrets *fresh = NULL;
	ms_err err;

	if (places(in, &file, &keydir))
		err = secrets_read(&fresh, file, keydir, ms_sign(), note, in, why);
	else
		err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	if (err == MS_OK) {
		if (fresh->n_files == 0)
			ms_notice(in->services->log, "no secrets: there is no file \"%s\"", file);
		else
			ms_info(in->services->log, "loaded %u secrets from \"%s\"", fresh->n, file);
		secrets_free(&in->secrets);
		in->secrets = fresh;
		if (count_r != NULL)
			*count_r = fresh->n;
	}
	free(file);
	free(keydir);
	return err;
}

static void psk(void *inst, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_addr *peer_addr, ms_creds_psk_f *done, void *arg)
{
	const struct instance *in = inst;
	const struct entry *e = NULL;
	struct ms_why why = { "" };
	ms_err err;

	(void)peer_addr; /* %any among the indices stands for any peer, wherever it is */
	err = choose_psk(in->secrets, me, peer, &e, &why);
	if (err != MS_OK)
		done(arg, err, ms_bytes(NULL, 0), &why);
	else
		done(arg, MS_OK, ms_bytes(e->psk.ptr, e->psk.len), NULL);
}

static void answer_key(ms_err err, const struct entry *e, const struct ms_why *why,
	ms_creds_private_f *done, void *arg)
{
	if (err != MS_OK)
		done(arg, err, NULL, NULL, why);
	else
		done(arg, MS_OK, e->key, e->ops, NULL);
}

static void private_key(void *inst, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_pubkey *pub, ms_creds_private_f *done, void *arg)
{
	const struct instance *in = inst;
	const struct entry *e = NULL;
	struct ms_why why = { "" };
	ms_err err = choose_key(in->secrets, me, peer, pub, &e, &why);

	answer_key(err, e, &why, done, arg);
}

static void private_key_by_ckaid(void *inst, const uint8_t ckaid[MS_CKAID_OCTETS],
	ms_creds_private_f *done, void *arg)
{
	const struct instance *in = inst;
	const struct entry *e = NULL;
	struct ms_why why = { "" };
	ms_err err = choose_ckaid(in->secrets, ckaid, &e, &why);

	answer_key(err, e, &why, done, arg);
}

static const char *kind_name(const struct entry *e)
{
	if (e->psk.ptr != NULL)
		return "PSK";
	switch (e->ops->pubkey_type(e->pub)) {
	case MS_KEY_RSA:
		return "RSA";
	case MS_KEY_ECDSA:
		return "ECDSA";
	default:
		return "EdDSA";
	}
}

/* "1: PSK (none) @east": at least two names, as the family shows them. */
static void list(void *inst, void (*line)(void *arg, const char *text), void *arg)
{
	const struct secrets *s = ((const struct instance *)inst)->secrets;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->entry[i];
		char text[1024], id[MS_ID_TEXT];
		size_t used;

		used = (size_t)snprintf(text, sizeof text, "%u: %s%s", i + 1, kind_name(e),
			e->n == 0   ? " (none) (none)"
			: e->n == 1 ? " (none)"
				    : "");
		for (uint32_t k = 0; k < e->n && used < sizeof text; k++) {
			ms_id_text(&e->index[k], id, sizeof id);
			used += (size_t)snprintf(text + used, sizeof text - used, " %s", id);
		}
		line(arg, text);
	}
}

static bool passphrase(void *inst, const char *path, struct ms_bytes *out)
{
	const struct secrets *s = ((const struct instance *)inst)->secrets;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->entry[i];

		if (e->key_file == NULL || strcmp(e->key_file, path) != 0)
			continue;
		*out = ms_bytes(e->passphrase.ptr, e->passphrase.len);
		return true;
	}
	return false;
}

/* --- the plugin --- */

static void unload(void **instance)
{
	struct instance *in = *instance;

	if (in == NULL)
		return;
	secrets_free(&in->secrets);
	free(in);
	*instance = NULL;
}

/* Wrong secrets are no reason to run without this plugin: they are told and can be mended. */
static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct instance *in = calloc(1, sizeof *in);
	struct ms_why trouble = { "" };
	ms_err err;

	if (in != NULL)
		in->secrets = calloc(1, sizeof *in->secrets);
	if (in == NULL || in->secrets == NULL) {
		free(in);
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	in->services = services;
	in->conf = conf;
	err = reread(in, NULL, &trouble);
	if (err != MS_OK)
		ms_error(services->log, "%s", ms_why_text(&trouble, err));
	*instance_r = in;
	return MS_OK;
}

static const struct ms_creds_ops ops = {
	.size = sizeof ops,
	.psk = psk,
	.private_key = private_key,
	.reread = reread,
	.list = list,
	.passphrase = passphrase,
	.private_key_by_ckaid = private_key_by_ckaid,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(CREDS, "secrets", &ops),
	MS_USES(CRYPTO, NULL), /* private keys */
	MS_USES(CONFIG, NULL), /* secretsfile=, ipsecdir= */
	MS_FEATURES_END,
};

static const struct ms_conf_key keys[] = {
	MS_KEY_STRING(struct settings, file, "file", .brief = "the file to read",
		.text = "A name that does not begin with / is looked for beside the other "
			"configuration "
			"files.  Without it, secretsfile= of config setup, and without that "
			"ipsec.secrets."),
	MS_KEY_STRING(struct settings, keydir, "key-directory",
		.brief = "where key files named in the file are",
		.text = "Without it, the folder private of ipsecdir= of config setup, and without "
			"that "
			"ipsec.d/private."),
	MS_KEY_END,
};

MS_PLUGIN(creds_secrets, "creds-secrets", .summary = "ipsec.secrets and private key files",
	.features = features, .keys = keys, .conf_size = sizeof(struct settings), .load = load,
	.unload = unload, );
