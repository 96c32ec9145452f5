/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin share. */
#ifndef CRYPTO_IPSECMB_H
#define CRYPTO_IPSECMB_H

#include <modswan/crypto.h>

#define NO_COMPAT_IMB_API_053 /* short old names that others have too */
#include <intel-ipsec-mb.h>

#include <stddef.h>

/* BURST jobs at once are enough to fill all lanes of any implementation several times. */
enum { BURST = 64, SCRATCH_OCTETS = 128 * 1024, KEY_ALIGN = 64, SCHEDULE_OCTETS = 16 * 15 };

/* A thread's own: managers keep state between calls, and jobs point to octets that must outlive the
 * call that fills them. */
struct mb {
	IMB_MGR *wide;	 /* the widest vectors of this machine */
	IMB_MGR *narrow; /* SHA extensions, for few packets; the same as wide where they are wide's */
	IMB_JOB jobs[BURST];
	uint8_t iv[BURST][16];
	uint8_t tag[BURST][16];
	uint8_t *scratch; /* data joined with its tail */
};

/* The calling thread's; NULL: no memory, or the library's own test failed. */
struct mb *mb_get(void);

/* Zeroed and aligned, for key schedules; wiped by key_free. */
void *key_alloc(size_t octets);
void key_free(void **p, size_t octets);

/* out: SCHEDULE_OCTETS; dec may be NULL. */
void aes_expand(const struct mb *mb, const uint8_t *key, unsigned octets, uint8_t *enc, uint8_t *dec);

extern const struct ms_encr_alg *const mb_encr_list[];
extern const struct ms_integ_alg *const mb_integ_list[];
extern const struct ms_crypto_ops ipsecmb_ops;

/* aead.c; rows of the list in cipher.c */
extern const struct ms_encr_alg gcm_algs[9], ccm_algs[6], chacha_alg;

ms_err mb_load(struct ms_why *why);
void mb_unload(void);

#endif
