/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of ipsec.conf.  An odd first octet: the rest is the file; an even one: each octet
 * picks a word, so that random octets make sections and parameters.  A refused file has a reason
 * with its line; of an accepted one, every value prints as text that would be accepted again.
 */
#include "ipsecconf.h"
#include "fuzz/fuzz.h"

static const char *const word[] = { "\nconn a\n", "\nconn b\n", "\nconn %default\n",
	"\nconfig setup\n", "\tleft=192.0.2.1\n", "\tright=192.0.2.2\n", "\tright=%any\n",
	"\tauto=add\n", "\talso=a\n", "\talso=b\n", "\talsoflip=b\n", "\tleftsubnet=10.0.0.0/8\n",
	"\tleftid=", "\tike=", "\tesp=", "\tkeylife=", "\trekeymargin=", "\tauthby=",
	"\tinterfaces=", "\tleftsubnets=", "\ttype=", "\tleftprotoport=", "\trightrsasigkey=0sAQ",
	"\"", "{", "}", ",", " ", "\n", "#", "=", "\\", "1", "1h", "30s", "transport", "drop",
	"secret", "rsasig", "aes256-sha2", "@x", "C=CH, O=x", "tcp/%any", "10.0.0.0/8", "%",
	"version 2\n", "\t", "x-note=", "Pd", "==", "ipsec0=eth0", "\x01", "never",
	"\tike_lifetime=1m\n", "\tfailureshunt=drop\n", "\tleft=%defaultroute\n", "\tah=sha1\n" };

static void again(const struct ms_conf_key *keys, const void *from, void *to)
{
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		struct ms_why why = { "" };
		char text[8192];
		size_t n;

		if ((k->flags & (MS_CONF_ALIAS | MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0)
			continue;
		n = ms_conf_text(k, from, text, sizeof text);
		MUST(n >= sizeof text || n == strlen(text));
		if (n < sizeof text)
			MUST(ms_conf_set(k, to, text, &why) == MS_OK);
	}
}

static void take(void *arg, const struct ms_conn_desc *d)
{
	struct ms_conn_desc copy;

	(void)arg;
	MUST(d->name != NULL && d->source != NULL);
	MUST(d->left.host != NULL && d->right.host != NULL);
	MUST(ms_conn_desc_copy(&copy, d));
	again(ms_conn_keys, d, &copy);
	again(ms_end_keys, &d->left, &copy.left);
	again(ms_end_keys, &d->right, &copy.right);
	ms_conn_desc_free(&copy);
}

static void read_text(const char *text, size_t len)
{
	static const struct ms_config_sink sink = { .conn = take };
	struct ms_setup_desc setup;
	struct ms_why why = { "" };
	struct ipsecconf *c;
	char path[64];
	int fd;
	ms_err err;

	/* Other files are nobody's business here. */
	if (memmem(text, len, "include", 7) != NULL)
		return;
	fd = fuzz_file("ipsec.conf", text, len, path);
	err = ipsecconf_read(&c, path, NULL, NULL, &why);
	if (err == MS_OK)
		err = resolve_setup(c, &setup, &why);
	if (err == MS_OK) {
		ms_conf_free(ms_setup_keys, &setup);
		err = ipsecconf_conns(c, NULL, &sink, NULL, &why);
	}
	MUST(err == MS_OK || strncmp(why.text, path, strlen(path)) == 0);
	ipsecconf_free(&c);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[16384];

	if (size == 0)
		return 0;
	if ((data[0] & 1) != 0)
		read_text((const char *)data + 1, size - 1);
	else
		read_text(text, fuzz_words(word, sizeof word / sizeof word[0], data + 1, size - 1,
					text, sizeof text));
	return 0;
}
