/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cookies, RFC 7296 s2.6: no state before the initiator has shown that it receives at its address.
 * cookie = version of the secret | SHA2-256(Ni | IPi | SPIi | secret), with a port for NATs.
 */
#include "core/ike/ike_sa.h"
#include "core/ike/natd.h"

#include <string.h>

#define SECRET_LIFE_MS 60000 /* and as long again for cookies of the one before */

bool ike_cookie_wanted(const struct ike_engine *e)
{
	if (e->params.cookies == MS_AUTO)
		return e->half_open >= e->params.cookie_threshold;
	return e->params.cookies == MS_YES;
}

static void turn(struct ike_engine *e)
{
	uint64_t now = ike_now(e);

	if (e->cookie_until != 0 && now < e->cookie_until)
		return;
	/* After a long silence the one before is too old as well. */
	if (e->cookie_until == 0 || now - e->cookie_until >= SECRET_LIFE_MS)
		ike_random(e, e->cookie_secret, sizeof(e->cookie_secret));
	e->cookie_version++;
	ike_random(e, e->cookie_secret[e->cookie_version & 1], sizeof(e->cookie_secret[0]));
	e->cookie_until = now + SECRET_LIFE_MS;
}

static ms_err make(struct ike_engine *e, const struct ike_rx *rx, uint8_t version, uint8_t *cookie)
{
	const struct ms_hash_alg *sha2 = ms_hash_find(MS_HASH_SHA2_256);
	const struct ike_payload *nonce = ike_msg_find(&rx->m, IKE_P_NONCE);
	uint8_t port[2] = { (uint8_t)(rx->remote.port >> 8), (uint8_t)rx->remote.port };
	struct ms_bytes parts[] = { nonce->body, ms_bytes(rx->remote.addr.b, 16), ms_bytes(port, 2),
		ms_bytes(rx->m.h.spi_i, 8), ms_bytes(e->cookie_secret[version & 1], 32) };

	if (!sha2)
		return MS_ERR_NO_ALGORITHM;
	cookie[0] = version;
	return sha2->hash(sha2, parts, 5, cookie + 1);
}

ms_err ike_cookie_make(struct ike_engine *e, const struct ike_rx *rx, uint8_t *cookie)
{
	turn(e);
	return make(e, rx, e->cookie_version, cookie);
}

bool ike_cookie_good(struct ike_engine *e, const struct ike_rx *rx, struct ms_bytes cookie)
{
	uint8_t want[IKE_COOKIE_OCTETS];

	turn(e);
	if (cookie.len != IKE_COOKIE_OCTETS)
		return false;
	if ((uint8_t)(e->cookie_version - cookie.ptr[0]) > 1)
		return false;
	return make(e, rx, cookie.ptr[0], want) == MS_OK &&
	       ms_ct_equal(want, cookie.ptr, sizeof(want));
}
