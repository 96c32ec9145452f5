/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms and lifetimes as `ipsec spi` writes them. */
#ifndef MODSWAN_TOOLS_SPI_H
#define MODSWAN_TOOLS_SPI_H

#include "tools/klips_link.h"

/* PF_KEY's numbers; 0: none. */
struct spi_alg {
	uint8_t encrypt, auth;
};

/* "3des", "3des-md5-96", "aes128-sha1", "aes_gcm128", ...; false: unknown. */
bool spi_alg_esp(const char *word, struct spi_alg *out);
/* "hmac-md5-96", "hmac-sha1-96", "sha2_256", ... */
bool spi_alg_ah(const char *word, struct spi_alg *out);
/* "deflate" */
bool spi_alg_comp(const char *word, struct spi_alg *out);

/* SEV-TYPE=N[,SEV-TYPE=N...] into m->life; *seen: what was given before.  False: printed. */
bool spi_take_life(const struct tool *t, const char *text, struct ms_pfkey_msg *m, unsigned *seen);

#endif
