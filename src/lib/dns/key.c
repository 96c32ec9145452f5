/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TXT, KEY and IPSECKEY records say.  All of it is a stranger's: nothing is taken that was not
 * checked, and no record costs more than its own octets.
 *
 * Standards: RFC 4322 s5.2 (TXT), RFC 2535 s3 and RFC 3445 (KEY), RFC 4025 and RFC 9373 (IPSECKEY);
 * keys: RFC 3110 (RSA), RFC 6605 s4 (ECDSA), RFC 8080 s3 (EdDSA), RFC 5480 and RFC 8410 (their
 * SubjectPublicKeyInfo).
 */
#include <modswan/dnskey.h>

#include <modswan/text.h>

#include "lib/wire/wire.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* --- keys -------------------------------------------------------------------------------------- */

static ms_err take_rsa(struct ms_dns_key *out, struct ms_bytes key, struct ms_why *why)
{
	struct ms_rsa_blob parts;

	if (key.len > sizeof out->key)
		return ms_fail(why, MS_ERR_LIMIT, "an RSA key of %zu octets", key.len);
	if (key.len == 0 || ms_rsa_blob_split(&parts, key.ptr, key.len, why) != MS_OK)
		return ms_fail(why, MS_ERR_BAD_KEY, "not an RSA key (RFC 3110)");
	out->form = MS_DNS_KEY_RFC3110;
	out->key_octets = key.len;
	memcpy(out->key, key.ptr, key.len);
	return MS_OK;
}

/* What stands before the raw key in a SubjectPublicKeyInfo. */
static const struct spki_head {
	uint8_t algorithm; /* of IPSECKEY */
	uint8_t raw_octets;
	uint8_t octets;
	uint8_t head[27];
} heads[] = {
	/* P-256: id-ecPublicKey, prime256v1, an uncompressed point */
	{ 3, 64, 27, { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
			     0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42,
			     0x00, 0x04 } },
	/* P-384: id-ecPublicKey, secp384r1 */
	{ 3, 96, 24, { 0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
			     0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04 } },
	/* id-Ed25519, id-Ed448 */
	{ 4, 32, 12, { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 } },
	{ 4, 57, 12, { 0x30, 0x43, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71, 0x03, 0x3a, 0x00 } },
};

static ms_err take_curve(struct ms_dns_key *out, uint8_t algorithm, struct ms_bytes key, struct ms_why *why)
{
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		const struct spki_head *h = &heads[i];

		if (h->algorithm != algorithm || h->raw_octets != key.len)
			continue;
		memcpy(out->key, h->head, h->octets);
		memcpy(out->key + h->octets, key.ptr, key.len);
		out->form = MS_DNS_KEY_SPKI;
		out->key_octets = (size_t)h->octets + key.len;
		return MS_OK;
	}
	return ms_fail(why, MS_ERR_BAD_KEY, "no %s key has %zu octets",
		algorithm == 3 ? "ECDSA" : "EdDSA", key.len);
}

/* --- TXT: X-IPsec-Server(10)=192.0.2.1 AQ... --------------------------------------------------- */

static const char tag[] = "X-IPsec-Server";

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p)
{
	while (blank(*p))
		p++;
	return p;
}

/* The record's strings are one text (RFC 4322 s5.2); an octet 0 would end it for readers that come
 * later, so that is no text of ours. */
static ms_err join(struct ms_bytes rdata, char *buf, size_t size, struct ms_why *why)
{
	struct wire_reader r = wire_reader(rdata);
	size_t used = 0;

	while (wire_left(&r) > 0) {
		struct ms_bytes s = wire_take(&r, wire_u8(&r));

		if (!wire_ok(&r))
			return ms_fail(why, MS_ERR_SYNTAX, "a string ends behind the TXT record");
		/* Long texts of others are no business of ours. */
		if (used == 0 && s.len > 0 && (s.ptr[0] | 0x20) != 'x')
			return MS_ERR_NOT_FOUND;
		if (used + s.len >= size)
			return ms_fail(why, MS_ERR_LIMIT, "a TXT record of %zu octets", rdata.len);
		if (s.len > 0)
			memcpy(buf + used, s.ptr, s.len);
		used += s.len;
	}
	buf[used] = '\0';
	return strlen(buf) == used ? MS_OK : ms_fail(why, MS_ERR_SYNTAX, "a NUL in the TXT record");
}

/* "(10)"; RFC 4322 s5.2: 0 to 65535. */
static const char *read_precedence(const char *p, uint32_t *out)
{
	const char *digits;

	if (*p != '(')
		return NULL;
	p = digits = skip_blanks(p + 1);
	*out = 0;
	while (*p >= '0' && *p <= '9' && *out <= 65535)
		*out = *out * 10 + (uint32_t)(*p++ - '0');
	if (p == digits || *out > 65535)
		return NULL;
	p = skip_blanks(p);
	return *p == ')' ? p + 1 : NULL;
}

static ms_err read_gateway(const char *text, size_t len, struct ms_dns_key *out, struct ms_why *why)
{
	if (len > 0 && text[0] == '@') {
		if (len - 1 < sizeof out->name) {
			memcpy(out->name, text + 1, len - 1);
			out->name[len - 1] = '\0';
			if (ms_dns_name_ok(out->name)) {
				if (out->name[len - 2] == '.')
					out->name[len - 2] = '\0';
				out->gateway = MS_DNS_GATEWAY_NAME;
				return MS_OK;
			}
		}
		return ms_fail(why, MS_ERR_SYNTAX, "the gateway is no name of a host");
	}
	if (len < MS_ADDR_TEXT &&
		ms_addr_parse(&out->addr, text, len, 0, MS_TEXT_NUMERIC, NULL) == MS_OK &&
		!ms_addr_is_any(&out->addr)) {
		out->gateway = MS_DNS_GATEWAY_ADDR;
		return MS_OK;
	}
	return ms_fail(why, MS_ERR_SYNTAX, "the gateway is neither an address nor @NAME");
}

static ms_err read_base64(const char *text, struct ms_dns_key *out, struct ms_why *why)
{
	uint8_t key[MS_DNS_KEY_TEXT];
	size_t len = strlen(text), used;
	ms_err err;

	while (len > 0 && blank(text[len - 1]))
		len--;
	if (len == 0) {
		out->form = MS_DNS_KEY_NONE;
		return MS_OK;
	}
	err = ms_data_parse(key, sizeof key, &used, text, len, 64 | MS_DATA_BLANKS, why);
	if (err != MS_OK)
		return ms_fail(why, MS_ERR_BAD_KEY, "the key is not base64");
	return take_rsa(out, ms_bytes(key, used), why);
}

ms_err ms_dns_key_txt(struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why)
{
	char text[MS_DNS_KEY_TEXT];
	const char *p, *gateway;
	ms_err err = join(rdata, text, sizeof text, why);

	memset(out, 0, offsetof(struct ms_dns_key, key));
	if (err != MS_OK)
		return err;
	if (strncasecmp(text, tag, sizeof tag - 1) != 0)
		return MS_ERR_NOT_FOUND;
	p = read_precedence(skip_blanks(text + sizeof tag - 1), &out->precedence);
	p = p == NULL ? NULL : skip_blanks(p);
	if (p == NULL || *p != '=')
		return ms_fail(why, MS_ERR_SYNTAX, "expected %s(PRECEDENCE)=GATEWAY KEY", tag);
	gateway = p = skip_blanks(p + 1);
	while (*p != '\0' && !blank(*p))
		p++;
	err = read_gateway(gateway, (size_t)(p - gateway), out, why);
	return err != MS_OK ? err : read_base64(skip_blanks(p), out, why);
}

/* --- KEY --------------------------------------------------------------------------------------- */

#define KEY_NO_AUTHENTICATION 0x8000u
#define KEY_EXTENDED	      0x1000u
#define KEY_PROTOCOL_IPSEC    4
#define KEY_PROTOCOL_ALL      255
#define KEY_RSA_MD5	      1
#define KEY_RSA_SHA1	      5

ms_err ms_dns_key_key(struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why)
{
	struct wire_reader r = wire_reader(rdata);
	uint16_t flags = wire_u16(&r);
	uint8_t protocol = wire_u8(&r), algorithm = wire_u8(&r);

	memset(out, 0, offsetof(struct ms_dns_key, key));
	if (!wire_ok(&r))
		return ms_fail(why, MS_ERR_SYNTAX, "a KEY record of %zu octets", rdata.len);
	if (protocol != KEY_PROTOCOL_IPSEC && protocol != KEY_PROTOCOL_ALL)
		return MS_ERR_NOT_FOUND;
	/* RFC 2535 s3.1.2: with this bit it must not be used to authenticate, with the next one too
	 * there is no key at all. */
	if (flags & (KEY_NO_AUTHENTICATION | KEY_EXTENDED))
		return MS_ERR_NOT_FOUND;
	if (algorithm != KEY_RSA_MD5 && algorithm != KEY_RSA_SHA1)
		return ms_fail(why, MS_ERR_UNSUPPORTED, "a KEY record of algorithm %u", algorithm);
	return take_rsa(out, wire_rest(&r), why);
}

/* --- IPSECKEY ---------------------------------------------------------------------------------- */

static ms_err ipseckey_gateway(struct wire_reader *r, uint8_t type, struct ms_dns_key *out,
	struct ms_why *why)
{
	struct ms_bytes octets;
	size_t used;

	switch (type) {
	case 0:
		out->gateway = MS_DNS_GATEWAY_SELF;
		return MS_OK;
	case 1:
	case 2:
		octets = wire_take(r, type == 1 ? 4 : 16);
		if (!wire_ok(r) ||
			ms_addr_from_octets(&out->addr, octets.ptr, octets.len) != MS_OK ||
			ms_addr_is_any(&out->addr))
			return ms_fail(why, MS_ERR_SYNTAX, "the gateway is no address");
		out->gateway = MS_DNS_GATEWAY_ADDR;
		return MS_OK;
	case 3:
		used = ms_dns_name_text(ms_bytes(r->pos, wire_left(r)), out->name, sizeof out->name);
		(void)wire_take(r, used);
		if (used == 0)
			return ms_fail(why, MS_ERR_SYNTAX, "the gateway is no name of a host");
		/* The root: nobody, as with type 0. */
		out->gateway = out->name[0] == '\0' ? MS_DNS_GATEWAY_SELF : MS_DNS_GATEWAY_NAME;
		return MS_OK;
	default:
		return ms_fail(why, MS_ERR_UNSUPPORTED, "a gateway of type %u", type);
	}
}

ms_err ms_dns_key_ipseckey(struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why)
{
	struct wire_reader r = wire_reader(rdata);
	uint8_t precedence = wire_u8(&r), type = wire_u8(&r), algorithm = wire_u8(&r);
	struct ms_bytes key;
	ms_err err;

	memset(out, 0, offsetof(struct ms_dns_key, key));
	if (!wire_ok(&r))
		return ms_fail(why, MS_ERR_SYNTAX, "an IPSECKEY record of %zu octets", rdata.len);
	out->precedence = precedence;
	err = ipseckey_gateway(&r, type, out, why);
	if (err != MS_OK)
		return err;
	key = wire_rest(&r);
	switch (algorithm) {
	case 0: /* RFC 4025 s2.4: no key is present */
		out->form = MS_DNS_KEY_NONE;
		return MS_OK;
	case 2:
		return take_rsa(out, key, why);
	case 3:
	case 4:
		return take_curve(out, algorithm, key, why);
	default:
		return ms_fail(why, MS_ERR_UNSUPPORTED, "a key of algorithm %u", algorithm);
	}
}

ms_err ms_dns_key_read(uint16_t type, struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why)
{
	switch (type) {
	case MS_DNS_TXT:
		return ms_dns_key_txt(rdata, out, why);
	case MS_DNS_KEY:
		return ms_dns_key_key(rdata, out, why);
	case MS_DNS_IPSECKEY:
		return ms_dns_key_ipseckey(rdata, out, why);
	default:
		return ms_fail(why, MS_ERR_BUG, "records of type %u have no keys", type);
	}
}
