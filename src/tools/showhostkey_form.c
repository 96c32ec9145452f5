/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms in which `ipsec showhostkey` prints a public key.
 *
 * Standards: RFC 3110 (RSA keys in DNS), RFC 4025 and RFC 9373 (IPSECKEY), RFC 6605 s4 and RFC 8080
 * s3 (ECDSA and EdDSA keys in DNS), RFC 4322 s5 (TXT).
 */
#include "tools/showhostkey.h"

#include <modswan/addr.h>
#include <modswan/text.h>

#include <string.h>

#define TXT_STRING_MAX 255u /* RFC 1035 s3.3 */

static const char *base64(struct ms_bytes b)
{
	size_t n = ms_data_text(b.ptr, b.len, 64, NULL, 0);
	char *s = tool_alloc(n + 1);

	ms_data_text(b.ptr, b.len, 64, s, n + 1);
	return s;
}

/* "RSA 2192 bits   gw.example.net   Tue Mar  4 ..." of the file, or as much as is known. */
static const char *comment_of(const struct hostkey *k)
{
	if (k->comment != NULL)
		return k->comment;
	return tool_format("%s %u bits   %s", hostkey_kind_name(k->kind), k->bits, own_hostname());
}

/* The name in the comment: the third of its columns, which three blanks part. */
static const char *host_of(const struct hostkey *k)
{
	const char *p = k->comment == NULL ? NULL : strstr(k->comment, " bits");
	char *name;

	if (p == NULL)
		return own_hostname();
	p += strlen(" bits");
	p += strspn(p, " \t");
	name = tool_format("%.*s", (int)strcspn(p, " \t"), p);
	return hostname_is_plain(name) ? name : own_hostname();
}

/* --- gateways --------------------------------------------------------------------------------- */

ms_err show_gateway_check(struct show *s, bool for_txt, struct ms_why *why)
{
	const char *gw = s->gateway;
	struct ms_addr addr;

	s->gateway_type = 0;
	if (gw == NULL)
		return MS_OK;
	if (gw[0] == '@') {
		if (!hostname_is_plain(gw + 1))
			return ms_fail(why, MS_ERR_TEXT, "\"%.200s\" is no name of a host", gw);
		s->gateway_type = 3;
		return MS_OK;
	}
	if (ms_addr_parse(&addr, gw, strlen(gw), 0, 0, NULL) == MS_OK) {
		if (ms_addr_is_any(&addr))
			return ms_fail(why, MS_ERR_TEXT, "\"%.200s\" cannot be a gateway", gw);
		s->gateway_type = addr.family == AF_INET ? 1 : 2;
	}
	if (s->gateway_type == 0 || (for_txt && s->gateway_type != 1))
		return ms_fail(why, MS_ERR_TEXT,
			for_txt ? "gateway \"%.200s\" is neither @FQDN nor an IPv4 address"
				: "gateway \"%.200s\" is neither @FQDN nor an address",
			gw);
	return MS_OK;
}

/* --- ipsec.conf, DHCP ------------------------------------------------------------------------- */

static bool show_end(const struct hostkey *k, const char *side)
{
	bool rsa = k->kind == HOSTKEY_RSA;

	printf("\t# %s\n\t%s%s=0s%s\n", comment_of(k), side, rsa ? "rsasigkey" : "pubkey",
		base64(rsa ? k->blob : k->spki));
	return true;
}

bool show_left(const struct hostkey *k, const struct show *s)
{
	(void)s;
	return show_end(k, "left");
}

bool show_right(const struct hostkey *k, const struct show *s)
{
	(void)s;
	return show_end(k, "right");
}

bool show_dhclient(const struct hostkey *k, const struct show *s)
{
	(void)s;
	if (k->kind != HOSTKEY_RSA)
		return false;
	printf("# %s\noption oe-key code 159 = string;\n"
	       "option oe-gateway code 160 = ip-address;\nsend oe-key = \"0x4200 4 1 %s\";\n",
		comment_of(k), base64(k->blob));
	return true;
}

/* --- DNS: comments of zone files begin with a semicolon --------------------------------------- */

bool show_key_record(const struct hostkey *k, const struct show *s)
{
	(void)s;
	if (k->kind != HOSTKEY_RSA)
		return false;
	printf("; %s\n%s.\tIN\tKEY\t0x4200 4 1 %s\n", comment_of(k), host_of(k), base64(k->blob));
	return true;
}

bool show_txt(const struct hostkey *k, const struct show *s)
{
	const char *head, *key;
	size_t left, piece;

	if (k->kind != HOSTKEY_RSA)
		return false;
	head = tool_format("X-IPsec-Server(%u)=%s", (unsigned)s->precedence, s->gateway);
	key = base64(k->blob);
	left = strlen(key);
	printf("; %s\n\tIN\tTXT\t\"%s", comment_of(k), head);
	if (strlen(head) + 1 + left <= TXT_STRING_MAX) {
		printf(" %s\"\n", key);
		return true;
	}
	/* readers put the strings together: the blank parts gateway and key */
	piece = left < TXT_STRING_MAX - 1 ? left : TXT_STRING_MAX - 1;
	printf("\" \" %.*s\"", (int)piece, key);
	for (key += piece; (left -= piece) > 0; key += piece) {
		piece = left < TXT_STRING_MAX ? left : TXT_STRING_MAX;
		printf(" \"%.*s\"", (int)piece, key);
	}
	putchar('\n');
	return true;
}

/* The algorithm's number and the key in its form; 0: none. */
static unsigned ipseckey_form(const struct hostkey *k, struct ms_bytes *key)
{
	size_t octets = 0; /* of the raw key, which ends the SubjectPublicKeyInfo */

	if (k->kind == HOSTKEY_RSA) {
		*key = k->blob;
		return 2;
	}
	if (k->kind == HOSTKEY_ECDSA && (k->bits == 256 || k->bits == 384))
		octets = k->bits / 4;
	else if (k->kind == HOSTKEY_ED25519)
		octets = 32;
	else if (k->kind == HOSTKEY_ED448)
		octets = 57;
	if (octets == 0 || octets > k->spki.len)
		return 0;
	*key = ms_bytes(k->spki.ptr + (k->spki.len - octets), octets);
	return k->kind == HOSTKEY_ECDSA ? 3 : 4;
}

bool show_ipseckey(const struct hostkey *k, const struct show *s)
{
	struct ms_bytes key;
	unsigned algorithm = ipseckey_form(k, &key);
	const char *gw = s->gateway == NULL ? "." : s->gateway;

	if (algorithm == 0)
		return false;
	if (s->gateway_type == 3)
		gw = tool_format("%s%s", gw + 1, gw[strlen(gw) - 1] == '.' ? "" : ".");
	printf("; %s\n%s.    IN    IPSECKEY  %u %u %u %s %s\n", comment_of(k), host_of(k),
		(unsigned)s->precedence, s->gateway_type, algorithm, gw, base64(key));
	return true;
}

/* --- listings --------------------------------------------------------------------------------- */

static void print_ckaid(const struct hostkey *k, const char *before)
{
	uint8_t id[MS_CKAID_OCTETS];
	char text[MS_CKAID_TEXT];

	if (!pkey_ckaid(k, id))
		return;
	ms_ckaid_text(id, text);
	printf("%s%s", before, text);
}

static void dump(const struct hostkey *k)
{
	struct ms_rsa_blob view;

	if (k->file != NULL)
		printf("\tfile: %s\n", k->file);
	if (k->trouble != NULL)
		printf("\ttrouble: %s\n", k->trouble);
	if (k->comment != NULL)
		printf("\tcomment: %s\n", k->comment);
	if (k->blob.ptr != NULL &&
		ms_rsa_blob_split(&view, k->blob.ptr, k->blob.len, NULL) == MS_OK) {
		struct text t = { NULL, 0, 0 };

		text_add(&t, "\tbits: %u\n\tPublicExponent: ", k->bits);
		text_add_data(&t, ms_bytes(view.e, view.e_octets), 'x');
		text_add(&t, "\n\tModulus: ");
		text_add_data(&t, ms_bytes(view.n, view.n_octets), 'x');
		printf("%s\n", t.ptr);
		text_free(&t);
	} else if (k->spki.ptr != NULL) {
		printf("\tbits: %u\n\tpubkey: 0s%s\n", k->bits, base64(k->spki));
	}
}

void show_list(const struct hostkey *k, unsigned number, bool all)
{
	char id[MS_RSA_KEYID_TEXT];

	printf("<%2u> %s", number, k->kind == HOSTKEY_OTHER ? k->word : hostkey_kind_name(k->kind));
	if (k->blob.ptr != NULL) {
		ms_rsa_keyid_text(k->blob.ptr, k->blob.len, id, sizeof id);
		printf(" keyid: %s", id);
	}
	if (k->trouble == NULL)
		print_ckaid(k, " ckaid: ");
	else
		printf(" unusable");
	for (char **i = k->index; *i != NULL; i++)
		printf(" %s", *i);
	putchar('\n');
	if (all)
		dump(k);
}
