/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec newhostkey`: a new key for this host, as an entry of ipsec.secrets.
 *
 * RSA keys stand in the entry itself.  Other kinds have no form there: they go into a PEM file of
 * their own in ipsec.d/private, which the entry names.  No file is overwritten; an entry is put
 * behind what an existing file holds.
 */
#include "tools/rsakey.h"

#include <modswan/text.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum keytype { RSA, ECDSA, ED25519 };
static const struct {
	const char *name;
	enum keytype type;
} keytypes[] = { { "rsa", RSA }, { "ecdsa", ECDSA }, { "ed25519", ED25519 }, { "eddsa", ED25519 } };

struct order {
	struct rsa_order wish;
	const char *output, *keydir, *pem_path;
	enum keytype type;
	uint64_t bits; /* 0: as the type likes */
	bool quiet;
	const struct tool *t;
};

enum { KEYTYPE, EXPONENT, HOSTNAME };

static const struct tool_slot table[] = {
	[KEYTYPE] = TOOL_TAKE("keytype", "TYPE", "rsa, ecdsa or ed25519 (rsa)"),
	[EXPONENT] = TOOL_TAKE("e", "N", "public exponent of an RSA key (3)"),
	[HOSTNAME] = TOOL_TAKE("hostname", "NAME", "name in the comment (this host's)"),
	TOOL_TEXT("output", "FILE", "where the entry goes; - is stdout", struct order, output),
	TOOL_NUMBER("bits", "N", "size: RSA 1024 to 20000 (2192), ECDSA 256, 384 or 521 (256)",
		struct order, bits, 1, UINT32_MAX),
	TOOL_TEXT("keydir", "DIR", "where PEM files go (ipsec.d/private)", struct order, keydir),
	TOOL_TEXT("random", "DEVICE", "source of an RSA key's random octets (/dev/random)",
		struct order, wish.random),
	TOOL_TEXT("plugin", "NAME", "plugin that makes an RSA key (the best that is installed)",
		struct order, wish.plugin),
	TOOL_FLAG("quiet", "no warnings", struct order, quiet),
	TOOL_FLAG("verbose", "tell on stderr how it goes", struct order, wish.verbose),
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options newhostkey_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &newhostkey_options,
	.text = "Usage: ipsec newhostkey [--output FILE] [OPTION]...\n",
	.status = 2,
};

/* --- options ---------------------------------------------------------------------------------- */

static bool take_keytype(struct order *o, const char *value)
{
	for (size_t i = 0; i < sizeof keytypes / sizeof keytypes[0]; i++) {
		if (strcmp(keytypes[i].name, value) == 0) {
			o->type = keytypes[i].type;
			return true;
		}
	}
	tool_error(o->t, "--keytype %s: rsa, ecdsa or ed25519", value);
	return false;
}

static int take_option(void *arg, int row, const char *value)
{
	struct order *o = arg;
	bool good;

	if (row == EXPONENT)
		good = rsa_take_exponent(o->t, &o->wish, value);
	else if (row == HOSTNAME)
		good = rsa_take_hostname(o->t, &o->wish, value);
	else
		good = take_keytype(o, value);
	return good ? -1 : usage.status;
}

/* --- keys ------------------------------------------------------------------------------------- */

static ms_err make_rsa(
	const struct tool *t, struct text *entry, struct order *o, struct ms_why *why)
{
	struct ms_rsa_key key = { 0 };
	ms_err err;

	o->wish.bits = o->bits == 0 ? RSA_DEFAULT_BITS : (uint32_t)o->bits;
	if (o->wish.bits < RSA_LOADED_BITS)
		return ms_fail(why, MS_ERR_RANGE, "pluto refuses RSA keys of less than %u bits",
			RSA_LOADED_BITS);
	err = rsa_key_make(&key, t, &o->wish, why);
	if (err == MS_OK) {
		text_add(entry, ": RSA\t{\n");
		rsa_key_text(entry, &key, o->wish.hostname);
		text_add(entry, "\t}\n# the brace that closes an entry stays indented\n");
	}
	ms_rsa_key_free(&key);
	return err;
}

static ms_err make_folder(const char *path, mode_t mode, struct ms_why *why)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return ms_fail(
			why, MS_ERR_SYSTEM, "cannot make \"%.200s\": %s", path, strerror(errno));
	return MS_OK;
}

static ms_err write_pem(const struct text *pem, const char *path, struct ms_why *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ms_err err;

	if (fd < 0)
		return ms_fail(why, errno == EEXIST ? MS_ERR_DUPLICATE : MS_ERR_SYSTEM,
			errno == EEXIST ? "\"%.200s\" is there already, and is not overwritten"
					: "cannot create \"%.200s\": %s",
			path, strerror(errno));
	err = text_write(pem, fd, why);
	if (err == MS_OK && fsync(fd) != 0)
		err = ms_fail(
			why, MS_ERR_SYSTEM, "cannot write \"%.200s\": %s", path, strerror(errno));
	close(fd);
	if (err != MS_OK)
		unlink(path);
	return err;
}

static ms_err make_pem(
	const struct tool *t, struct text *entry, struct order *o, struct ms_why *why)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521" };
	static const unsigned sizes[] = { 256, 384, 521 };
	const char *curve = NULL, *word = o->type == ECDSA ? "ecdsa" : "ed25519", *name;
	struct text pem = { NULL, 0, 0 };
	struct hostkey k = { .bits = 0 };
	char date[26];
	ms_err err;

	for (size_t i = 0; i < 3 && o->type == ECDSA; i++)
		if (o->bits == sizes[i] || (o->bits == 0 && i == 0))
			curve = curves[i];
	if (o->type == ECDSA ? curve == NULL : o->bits != 0)
		return ms_fail(why, MS_ERR_RANGE,
			o->type == ECDSA ? "ECDSA keys have 256, 384 or 521 bits"
					 : "the size of Ed25519 keys cannot be chosen");
	err = pkey_make(&pem, &k, curve, why);
	if (err == MS_OK && o->keydir == NULL) {
		o->keydir = tool_format("%s/ipsec.d/private", t->confdir);
		err = make_folder(tool_format("%s/ipsec.d", t->confdir), 0755, why);
		if (err == MS_OK)
			err = make_folder(o->keydir, 0700, why);
		name = tool_format("%s-%s.pem", o->wish.hostname, word);
		o->pem_path = tool_format("%s/%s", o->keydir, name);
	} else {
		name = o->pem_path = tool_format("%s/%s-%s.pem", o->keydir, o->wish.hostname, word);
	}
	if (err == MS_OK)
		err = write_pem(&pem, o->pem_path, why);
	if (err != MS_OK)
		o->pem_path = NULL;
	text_free(&pem);
	date_text(date);
	text_add(entry, ": %s\t%s\n\t# %s %u bits   %s   %s\n\t#pubkey=",
		o->type == ECDSA ? "ECDSA" : "PKCS8", name, hostkey_kind_name(k.kind), k.bits,
		o->wish.hostname, date);
	text_add_data(entry, k.spki, 's');
	text_add(entry, "\n");
	return err;
}

/* --- the entry -------------------------------------------------------------------------------- */

static ms_err put(
	const struct tool *t, const struct text *entry, const struct order *o, struct ms_why *why)
{
	bool existed = false;
	ms_err err;

	if (strcmp(o->output, "-") == 0)
		return text_write(entry, STDOUT_FILENO, why);
	err = text_append_to_file(entry, o->output, &existed, why);
	if (err == MS_OK && existed && !o->quiet)
		tool_error(t, "WARNING: file \"%s\" exists, appended to it", o->output);
	return err;
}

static int work(const struct tool *t, struct order *o)
{
	struct text entry = { NULL, 0, 0 };
	struct ms_why why = { "" };
	ms_err err = o->type == RSA ? make_rsa(t, &entry, o, &why) : make_pem(t, &entry, o, &why);

	if (err == MS_OK) {
		err = put(t, &entry, o, &why);
		if (err != MS_OK && o->pem_path != NULL)
			unlink(o->pem_path);
	}
	if (err != MS_OK)
		tool_error(t, "%s", ms_why_text(&why, err));
	text_free(&entry);
	return err == MS_OK ? 0 : 1;
}

int tool_newhostkey(struct tool *t, int argc, char **argv)
{
	struct order o = { .wish = RSA_ORDER, .t = t };
	int status;

	umask(077);
	status = tool_args_read(t, &usage, argc, argv, take_option, &o);
	if (status != -1)
		return status;
	if (o.keydir != NULL && o.keydir[0] == '\0')
		return tool_refuse(t, &usage, "--keydir: the name of a folder is expected");
	if (o.wish.hostname == NULL)
		o.wish.hostname = own_hostname();
	if (o.output == NULL) {
		o.output = tool_format("%s/ipsec.secrets", t->confdir);
		if (access(o.output, F_OK) == 0) {
			tool_error(t,
				"there is a file \"%s\" already: say where the key goes "
				"with --output",
				o.output);
			return 1;
		}
	}
	return work(t, &o);
}
