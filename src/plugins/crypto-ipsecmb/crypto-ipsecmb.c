/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto-ipsecmb: Intel's multi-buffer library (intel-ipsec-mb), for klips.
 *
 * The library works on many packets side by side, one in each lane of the vector registers, where an
 * algorithm by itself goes block after block (CBC encryption, the hashes); GCM and ChaCha20-Poly1305
 * are fast for each packet alone.  So it is at its best with the batches that klips' workers hand to
 * seal(), open() and mac(), and where few packets come it uses its narrower implementations.
 *
 * The library's state is a manager, which one thread may use at a time: each thread gets its own when
 * it first needs it, and loses it when it ends or the plugin goes.
 *
 * aead.c has GCM, CCM and ChaCha20-Poly1305, cipher.c CBC and CTR, integ.c the MACs.
 *
 * Standards: RFC 8221 names what must be here.
 */
#include "crypto-ipsecmb.h"

#include <modswan/plugin.h>

#include <pthread.h>
#include <stdlib.h>

static pthread_key_t thread_end;
static bool loaded;
static _Thread_local struct mb *mine;

static void mgr_free(IMB_MGR **mgr)
{
	if (*mgr == NULL)
		return;
	imb_clear_mem(*mgr, imb_get_mb_mgr_size());
	free_mb_mgr(*mgr);
	*mgr = NULL;
}

static void mb_free(void *arg)
{
	struct mb *mb = arg;

	if (mb == NULL)
		return;
	if (mb->narrow != mb->wide)
		mgr_free(&mb->narrow);
	mgr_free(&mb->wide);
	if (mb->scratch != NULL)
		ms_wipe(mb->scratch, SCRATCH_OCTETS);
	free(mb->scratch);
	ms_wipe(mb, sizeof *mb);
	free(mb);
}

static bool managers(struct mb *mb)
{
	IMB_ARCH arch = IMB_ARCH_NONE;

	mb->wide = alloc_mb_mgr(0);
	if (mb->wide == NULL)
		return false;
	init_mb_mgr_auto(mb->wide, &arch);
	if (imb_get_errno(mb->wide) != 0)
		return false;
	mb->narrow = mb->wide;
	if (arch < IMB_ARCH_AVX || (mb->wide->features & IMB_FEATURE_SHANI) == 0)
		return true;
	mb->narrow = alloc_mb_mgr(0);
	if (mb->narrow == NULL)
		return false;
	init_mb_mgr_sse(mb->narrow);
	return imb_get_errno(mb->narrow) == 0;
}

struct mb *mb_get(void)
{
	struct mb *mb = mine;

	if (mb != NULL || !loaded)
		return mb;
	mb = calloc(1, sizeof *mb);
	if (mb == NULL)
		return NULL;
	mb->scratch = malloc(SCRATCH_OCTETS);
	if (mb->scratch == NULL || !managers(mb) || pthread_setspecific(thread_end, mb) != 0) {
		mb_free(mb);
		return NULL;
	}
	mine = mb;
	return mb;
}

void *key_alloc(size_t octets)
{
	size_t whole = (octets + KEY_ALIGN - 1) / KEY_ALIGN * KEY_ALIGN;
	void *p = aligned_alloc(KEY_ALIGN, whole);

	if (p != NULL)
		ms_wipe(p, whole);
	return p;
}

void key_free(void **p, size_t octets)
{
	if (*p == NULL)
		return;
	ms_wipe(*p, octets);
	free(*p);
	*p = NULL;
}

void aes_expand(const struct mb *mb, const uint8_t *key, unsigned octets, uint8_t *enc, uint8_t *dec)
{
	_Alignas(16) uint8_t unused[SCHEDULE_OCTETS];

	if (octets == 16)
		IMB_AES_KEYEXP_128(mb->wide, key, enc, dec == NULL ? unused : dec);
	else if (octets == 24)
		IMB_AES_KEYEXP_192(mb->wide, key, enc, dec == NULL ? unused : dec);
	else
		IMB_AES_KEYEXP_256(mb->wide, key, enc, dec == NULL ? unused : dec);
	ms_wipe(unused, sizeof unused);
}

const struct ms_crypto_ops ipsecmb_ops = {
	.size = sizeof ipsecmb_ops,
	.preference = 80, /* before the general providers */
	.encr = mb_encr_list,
	.integ = mb_integ_list,
};

ms_err mb_load(struct ms_why *why)
{
	if (pthread_key_create(&thread_end, mb_free) != 0)
		return MS_ERR_NOMEM;
	loaded = true;
	if (mb_get() != NULL)
		return MS_OK;
	mb_unload();
	return ms_fail(why, MS_ERR_CRYPTO, "intel-ipsec-mb %s does not work on this processor",
		imb_get_version_str());
}

void mb_unload(void)
{
	if (!loaded)
		return;
	loaded = false;
	pthread_key_delete(thread_end);
	mb_free(mine);
	mine = NULL;
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	(void)services;
	(void)conf;
	*instance_r = NULL;
	return mb_load(why);
}

static void unload(void **instance)
{
	*instance = NULL;
	mb_unload();
}

static const struct ms_feature features[] = {
	MS_PROVIDES(CRYPTO, "ipsecmb", &ipsecmb_ops),
	MS_FEATURES_END,
};

MS_PLUGIN(crypto_ipsecmb, "crypto-ipsecmb",
	.summary = "ESP and AH algorithms of intel-ipsec-mb, for batches on x86-64",
	.features = features, .load = load, .unload = unload);
