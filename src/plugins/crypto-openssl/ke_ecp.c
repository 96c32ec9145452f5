/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elliptic curves modulo a prime, on OpenSSL's points: public values are x and y joined, each as
 * long as the prime; the shared secret is x.  Groups are made at load and shared read-only.
 *
 * Standards: RFC 5903 s7, s9 (erratum 9: only x), RFC 6989 s2.3 (the point must be on the curve;
 * all three curves have cofactor one).
 */
#include "crypto-openssl.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

static EC_GROUP *curves[KE_ECP_CURVES];

static ms_err crypto_error(void)
{
	ERR_clear_error();
	return MS_ERR_CRYPTO;
}

/* The affine coordinates of `point`; y NULL: only x. */
static bool coordinates(
	const struct ke_ecp *c, const EC_POINT *point, uint8_t *x, uint8_t *y, BN_CTX *bn)
{
	BIGNUM *bx = BN_new(), *by = BN_new();
	int len = c->alg.shared_octets;
	bool ok = bx != NULL && by != NULL &&
		  EC_POINT_get_affine_coordinates(curves[c->slot], point, bx, by, bn) == 1 &&
		  BN_bn2binpad(bx, x, len) == len && (y == NULL || BN_bn2binpad(by, y, len) == len);

	BN_clear_free(bx);
	BN_clear_free(by);
	return ok;
}

/* pub = x * base, base NULL: the generator. */
static ms_err multiply(const struct ke_ecp *c, const BIGNUM *x, const EC_POINT *base,
	uint8_t *out_x, uint8_t *out_y)
{
	const EC_GROUP *group = curves[c->slot];
	BN_CTX *bn = BN_CTX_new();
	EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
	bool ok = bn != NULL && point != NULL &&
		  (base != NULL ? EC_POINT_mul(group, point, NULL, base, x, bn)
				: EC_POINT_mul(group, point, x, NULL, NULL, bn)) == 1 &&
		  coordinates(c, point, out_x, out_y, bn);

	EC_POINT_clear_free(point);
	BN_CTX_free(bn);
	return ok ? MS_OK : crypto_error();
}

static void priv_free(void **priv)
{
	BN_clear_free(*priv);
	*priv = NULL;
}

static ms_err make(const struct ke_ecp *c, BIGNUM *x, void **priv_r, uint8_t *pub)
{
	void *priv = x;
	ms_err err;

	BN_set_flags(x, BN_FLG_CONSTTIME);
	err = multiply(c, x, NULL, pub, pub + c->alg.shared_octets);
	if (err != MS_OK)
		priv_free(&priv);
	else
		*priv_r = x;
	return err;
}

ms_err ke_ecp_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub)
{
	BIGNUM *bn = BN_bin2bn(x.ptr, (int)x.len, NULL);

	return bn == NULL ? MS_ERR_NOMEM : make((const struct ke_ecp *)alg, bn, priv_r, pub);
}

static ms_err start(const struct ms_ke_alg *alg, void **priv_r, uint8_t *pub)
{
	const struct ke_ecp *c = (const struct ke_ecp *)alg;
	BIGNUM *x = BN_new();
	bool ok = x != NULL && curves[c->slot] != NULL;

	do {
		ok = ok && BN_priv_rand_range(x, EC_GROUP_get0_order(curves[c->slot])) == 1;
	} while (ok && BN_is_zero(x));
	if (!ok) {
		BN_clear_free(x);
		return crypto_error();
	}
	return make(c, x, priv_r, pub);
}

/* NULL: not a point of the curve. */
static EC_POINT *peer_point(const struct ke_ecp *c, struct ms_bytes peer)
{
	size_t half = c->alg.shared_octets;
	EC_GROUP *group = curves[c->slot];
	EC_POINT *point;
	BIGNUM *x, *y;
	bool ok;

	if (peer.len != 2 * half || group == NULL)
		return NULL;
	x = BN_bin2bn(peer.ptr, (int)half, NULL);
	y = BN_bin2bn(peer.ptr + half, (int)half, NULL);
	point = EC_POINT_new(group);
	/* refuses coordinates that do not satisfy the curve's equation, or above the prime */
	ok = x != NULL && y != NULL && point != NULL && BN_cmp(x, EC_GROUP_get0_field(group)) < 0 &&
	     BN_cmp(y, EC_GROUP_get0_field(group)) < 0 &&
	     EC_POINT_set_affine_coordinates(group, point, x, y, NULL) == 1;
	BN_free(x);
	BN_free(y);
	if (!ok) {
		EC_POINT_free(point);
		ERR_clear_error();
		return NULL;
	}
	return point;
}

static ms_err finish(const struct ms_ke_alg *alg, void *priv, struct ms_bytes peer, uint8_t *shared)
{
	const struct ke_ecp *c = (const struct ke_ecp *)alg;
	EC_POINT *point = peer_point(c, peer);
	ms_err err = point == NULL ? MS_ERR_BAD_KE : multiply(c, priv, point, shared, NULL);

	EC_POINT_free(point);
	return err;
}

static ms_err respond(
	const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub, uint8_t *shared)
{
	const struct ke_ecp *c = (const struct ke_ecp *)alg;
	EC_POINT *point = peer_point(c, peer);
	void *x = NULL;
	ms_err err = point == NULL ? MS_ERR_BAD_KE : start(alg, &x, pub);

	if (err == MS_OK)
		err = multiply(c, x, point, shared, NULL);
	priv_free(&x);
	EC_POINT_free(point);
	return err;
}

/* clang-format off */
#define ECP(bits, octets, slot, nid)                                                               \
	{ { MS_KE_ECP##bits, "ECP" #bits, 2 * (octets), 2 * (octets), octets, start, finish,       \
		  respond, priv_free },                                                            \
		slot, nid }
const struct ke_ecp ke_ecp[KE_ECP_CURVES] = {
	ECP(256, 32, 0, NID_X9_62_prime256v1),
	ECP(384, 48, 1, NID_secp384r1),
	ECP(521, 66, 2, NID_secp521r1),
};
/* clang-format on */

ms_err ke_ecp_load(struct ms_why *why)
{
	unsigned i;

	(void)why;
	/* A curve that this OpenSSL lacks stays NULL; its test refuses it. */
	for (i = 0; i < KE_ECP_CURVES; i++)
		curves[i] = EC_GROUP_new_by_curve_name(ke_ecp[i].nid);
	ERR_clear_error();
	return MS_OK;
}

void ke_ecp_unload(void)
{
	unsigned i;

	for (i = 0; i < KE_ECP_CURVES; i++) {
		EC_GROUP_free(curves[i]);
		curves[i] = NULL;
	}
}
