/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conf/checks.h"
#include "lib/crypto/words.h"

#include <modswan/addr.h>
#include <modswan/conf.h>
#include <modswan/config.h>
#include <modswan/creds.h>
#include <modswan/id.h>
#include <modswan/proposal.h>
#include <modswan/text.h>

#include <ctype.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longest line of ipsec.conf that carries a key: 16384 bits, base64, and its exponent. */
#define MAX_KEY_OCTETS 4096

static bool among(const char *value, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcasecmp(value, *words) == 0)
			return true;
	}
	return false;
}

static ms_err bad_word(
	const char *value, const char *const *words, const char *want, struct ms_why *why)
{
	unsigned best = (unsigned)-1;
	const char *near = NULL;

	for (; *words != NULL; words++) {
		if (ms_text_is_near(value, *words, &best))
			near = *words;
	}
	if (near == NULL)
		return ms_fail(why, MS_ERR_TEXT, "expected %s", want);
	return ms_fail(why, MS_ERR_TEXT, "expected %s; did you mean %s?", want, near);
}

static ms_err not_here(struct ms_why *why, const char *advice)
{
	return ms_fail(why, MS_ERR_UNSUPPORTED, "known from the family, not supported here: %s",
		advice);
}

/* RFC 1123 s2.1 with the underscore that people use; a name of digits and dots only is meant to be
 * an address and was not one. */
static bool is_host_name(const char *value)
{
	size_t label = 0;
	bool letter = false;

	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*p) && *p != '_' && (*p != '-' || label == 0))
			return false;
		if (!isdigit((unsigned char)*p))
			letter = true;
		if (++label > 63)
			return false;
	}
	return letter && strlen(value) <= 255;
}

static const char *const host_words[] = { "%any", "%any6", "%defaultroute", "%opportunistic", "%group",
	"%opportunisticgroup", NULL };

/* What the kernel would take (dev_valid_name) and people write. */
static bool is_device_name(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("._-@+", *p) == NULL)
			return false;
	return n > 0 && n < IF_NAMESIZE;
}

const char *ms_host_device(const char *host)
{
	if (host == NULL || host[0] != '%' || among(host, host_words) || !is_device_name(host + 1))
		return NULL;
	return host + 1;
}

ms_err conf_check_host(const char *value, struct ms_why *why)
{
	static const char want[] = "an IPv4 or IPv6 address, a host name, %any, %defaultroute, "
				   "%opportunistic, %group, %opportunisticgroup or %DEVICE";
	unsigned best = (unsigned)-1;
	struct ms_addr a;

	if (value[0] == '%') {
		bool device = ms_host_device(value) != NULL;

		if (among(value, host_words) || (device && if_nametoindex(value + 1) != 0))
			return MS_OK;
		/* One that comes later is no misspelt word. */
		for (const char *const *w = host_words; device && *w != NULL; w++)
			device = !ms_text_is_near(value, *w, &best);
		return device ? MS_OK : bad_word(value, host_words, want, why);
	}
	if (ms_addr_parse(&a, value, strlen(value), 0, MS_TEXT_NUMERIC, NULL) == MS_OK ||
		is_host_name(value))
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected %s", want);
}

ms_err conf_check_nexthop(const char *value, struct ms_why *why)
{
	static const char *const words[] = { "%direct", "%defaultroute", NULL };
	static const char want[] = "an address, %direct or %defaultroute";
	struct ms_addr a;

	if (value[0] == '%')
		return among(value, words) ? MS_OK : bad_word(value, words, want, why);
	if (ms_addr_parse(&a, value, strlen(value), 0, MS_TEXT_NUMERIC, NULL) == MS_OK ||
		is_host_name(value))
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected %s", want);
}

ms_err conf_check_addr(const char *value, struct ms_why *why)
{
	struct ms_addr a;

	if (ms_addr_parse(&a, value, strlen(value), 0, MS_TEXT_NUMERIC, NULL) == MS_OK)
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected an IPv4 or IPv6 address");
}

ms_err conf_check_sourceip(const char *value, struct ms_why *why)
{
	static const char *const words[] = { "%config", "%config4", "%config6", NULL };

	if (value[0] == '%')
		return among(value, words)
			       ? MS_OK
			       : bad_word(value, words, "an address, %config, %config4 or %config6",
					 why);
	return conf_check_addr(value, why);
}

ms_err conf_check_pool(const char *value, struct ms_why *why)
{
	struct ms_range r;
	struct ms_why inner = { "" };

	for (const char *p = value; *p != '\0';) {
		size_t len = strcspn(p, ", ");

		if (len > 0 && ms_range_parse(&r, p, len, 0, &inner) != MS_OK)
			return ms_fail(why, MS_ERR_TEXT,
				"expected FIRST-LAST or NETWORK/BITS, several with commas (%.200s)",
				inner.text);
		p += len + (p[len] != '\0');
	}
	return MS_OK;
}

ms_err conf_check_domain(const char *value, struct ms_why *why)
{
	if (is_host_name(value))
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected a domain name");
}

static ms_err subnet_of(const char *value, size_t len, struct ms_why *why)
{
	struct ms_subnet s;
	struct ms_why inner = { "" };

	if (ms_subnet_parse(&s, value, len, 0, MS_TEXT_NUMERIC, &inner) == MS_OK)
		return MS_OK;
	return ms_fail(
		why, MS_ERR_TEXT, "expected NETWORK/BITS or NETWORK/MASK (%.200s)", inner.text);
}

static ms_err subnet_word(const char *value, struct ms_why *why)
{
	if (strncasecmp(value, "vhost:", 6) == 0 || strncasecmp(value, "vnet:", 5) == 0)
		return not_here(why, "use leftaddresspool= or rightaddresspool=");
	if (strncasecmp(value, "%dynamic", 8) == 0)
		return not_here(why, "leave it out for the end itself");
	return MS_OK;
}

ms_err conf_check_subnet(const char *value, struct ms_why *why)
{
	ms_err err = subnet_word(value, why);

	return err == MS_OK ? subnet_of(value, strlen(value), why) : err;
}

ms_err conf_check_subnet_list(const char *value, struct ms_why *why)
{
	const char *at = value, *net;
	size_t len;
	ms_err err = subnet_word(value, why);

	for (unsigned n = 0; err == MS_OK && (net = ms_conn_next_subnet(&at, &len)) != NULL; n++)
		err = n == MS_CONN_MAX_SUBNETS ?
			ms_fail(why, MS_ERR_LIMIT, "more than %d networks in one CHILD SA",
				MS_CONN_MAX_SUBNETS) :
			subnet_of(net, len, why);
	return err;
}

ms_err conf_check_protoport(const char *value, struct ms_why *why)
{
	struct ms_protoport pp;
	struct ms_why inner = { "" };

	if (ms_protoport_parse(&pp, value, strlen(value), MS_TEXT_SERVICES, &inner) == MS_OK)
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected PROTOCOL or PROTOCOL/PORT (%.200s)", inner.text);
}

ms_err conf_check_id(const char *value, struct ms_why *why)
{
	struct ms_id id = { 0 };
	ms_err err;

	if (strcasecmp(value, "%myid") == 0 || strcasecmp(value, "%none") == 0 ||
		strcasecmp(value, "%fromcert") == 0)
		return MS_OK;
	err = ms_id_parse(&id, value, strlen(value), why);
	ms_id_free(&id);
	return err;
}

ms_err conf_check_ca(const char *value, struct ms_why *why)
{
	struct ms_id id = { 0 };
	bool is_name;
	ms_err err;

	if (strcasecmp(value, "%same") == 0 || strcasecmp(value, "%any") == 0)
		return MS_OK;
	err = ms_id_parse(&id, value, strlen(value), NULL);
	is_name = err == MS_OK && id.type == MS_ID_DER_ASN1_DN;
	ms_id_free(&id);
	return is_name ? MS_OK
		       : ms_fail(why, MS_ERR_TEXT,
				 "expected a distinguished name, %%same or %%any");
}

ms_err conf_check_protostack(const char *value, struct ms_why *why)
{
	static const char *const others[] = { "auto", "mast", "netkey", "native", "bsd", "kame",
		"bsdkame", "pfkeyv2", "win2k", "none", NULL };

	if (among(value, others))
		return not_here(why, "write the name of a kernel plugin, klips mostly");
	return conf_check_word(value, why);
}

ms_err conf_check_http(const char *value, struct ms_why *why)
{
	if (strncasecmp(value, "http://", 7) == 0 || strncasecmp(value, "https://", 8) == 0)
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected a URL with http:// or https://");
}

static ms_err key_octets(const char *value, bool rfc3110, struct ms_why *why)
{
	size_t cap = strlen(value) + 1, len;
	uint8_t *octets;
	struct ms_rsa_blob blob;
	ms_err err;

	if (cap > 2 * MAX_KEY_OCTETS)
		return ms_fail(why, MS_ERR_LIMIT, "a key of more than %d octets", MAX_KEY_OCTETS);
	octets = malloc(cap);
	if (octets == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = ms_data_parse(octets, cap, &len, value, strlen(value), 0, why);
	if (err == MS_OK && rfc3110)
		err = ms_rsa_blob_split(&blob, octets, len, why);
	free(octets);
	return err;
}

ms_err conf_check_rsakey(const char *value, struct ms_why *why)
{
	static const char *const words[] = {
		"%none", "%cert", "%dnsondemand", "%dnsonload", "%dns", NULL
	};
	static const char want[] =
		"0s and the key in base64, %cert, %dnsondemand, %dnsonload or %none";

	if (value[0] == '%')
		return among(value, words) ? MS_OK : bad_word(value, words, want, why);
	return key_octets(value, true, why);
}

ms_err conf_check_ckaid(const char *value, struct ms_why *why)
{
	uint8_t ckaid[MS_CKAID_OCTETS];

	return ms_ckaid_parse(ckaid, value, why);
}

ms_err conf_check_pubkey(const char *value, struct ms_why *why)
{
	return key_octets(value, false, why);
}

ms_err conf_check_pfsgroup(const char *value, struct ms_why *why)
{
	struct word w;

	if (word_find(value, strlen(value), &w) && w.kind == WORD_KE)
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected a group as in ike=, for instance modp2048 or x25519");
}

ms_err conf_check_ike(const char *value, struct ms_why *why)
{
	return ms_proposals_check(MS_PROTOCOL_IKE, value, why);
}

static bool is_device(const char *p, size_t len)
{
	if (len == 0 || len >= IFNAMSIZ)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isgraph((unsigned char)p[i]) || p[i] == '/' || p[i] == '=')
			return false;
	}
	return true;
}

ms_err conf_check_interface(const char *value, struct ms_why *why)
{
	static const char *const words[] = { "%defaultroute", "%none", NULL };
	static const char want[] = "ipsecN=DEVICE, %defaultroute or %none";
	const char *p = value;

	if (value[0] == '%')
		return among(value, words) ? MS_OK : bad_word(value, words, want, why);
	if (strncmp(p, "ipsec", 5) == 0 && isdigit((unsigned char)p[5])) {
		p += 5;
		while (isdigit((unsigned char)*p))
			p++;
		if (*p == '=' && p - value <= 8 && is_device(p + 1, strlen(p + 1)))
			return MS_OK;
	}
	return ms_fail(why, MS_ERR_TEXT, "expected %s", want);
}
