/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA public keys in the form of RFC 3110 s2: exponent length (one octet, or zero and two octets),
 * exponent, modulus.  leftrsasigkey=, TXT and KEY records carry them so.
 */
#include <modswan/addr.h>
#include <modswan/text.h>

#include "lib/addr/text.h"

ms_err ms_rsa_blob_split(
	struct ms_rsa_blob *out, const uint8_t *blob, size_t len, struct ms_why *why)
{
	size_t head = 1, e_octets;

	if (len < 3)
		return ms_fail(why, MS_ERR_BAD_KEY,
			"RSA key of %zu octets: length, exponent and modulus were expected", len);
	e_octets = blob[0];
	if (e_octets == 0) {
		head = 3;
		e_octets = (size_t)blob[1] << 8 | blob[2];
	}
	if (e_octets == 0 || e_octets >= len - head)
		return ms_fail(why, MS_ERR_BAD_KEY,
			"RSA key of %zu octets cannot have an exponent of %zu octets and a modulus",
			len, e_octets);
	/* s2: no leading zeros; thereby neither number is zero, too */
	if (blob[head] == 0 || blob[head + e_octets] == 0)
		return ms_fail(why, MS_ERR_BAD_KEY, "RSA key whose %s begins with a zero octet",
			blob[head] == 0 ? "exponent" : "modulus");
	*out = (struct ms_rsa_blob){
		.e = blob + head,
		.e_octets = e_octets,
		.n = blob + head + e_octets,
		.n_octets = len - head - e_octets,
	};
	return MS_OK;
}

size_t ms_rsa_keyid_text(const uint8_t *blob, size_t len, char *buf, size_t size)
{
	char id[13];
	struct ms_out o = ms_out_begin(buf, size);

	/* nine characters show six octets and three quarters */
	ms_data_text(blob, len < 9 ? len : 9, 64, id, sizeof id);
	id[MS_RSA_KEYID_TEXT - 1] = '\0';
	ms_out_str(&o, id);
	return ms_out_end(&o);
}
