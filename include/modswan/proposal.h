/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proposals: what ike= and esp= say, and what goes into an SA payload (RFC 7296 s3.3).
 *
 * Text form of the family: PROPOSAL[,PROPOSAL...] with PROPOSAL = ENCR[-INTEG|PRF][-KE...], parts
 * joined by '-', alternatives of one part by '+', key size written with the cipher:
 * aes_gcm128-sha2_256-x25519, aes256-sha2_512+sha2_256-modp2048+ecp256, aes_gcm, chacha20_poly1305.
 * strongSwan's spellings (aes128gcm16, sha256, curve25519, prfsha256) are understood too.
 */
#ifndef MODSWAN_PROPOSAL_H
#define MODSWAN_PROPOSAL_H

#include <modswan/error.h>

#include <stdbool.h>
#include <stdint.h>

/* IANA "IKEv2 Security Protocol Identifiers" */
enum ms_protocol { MS_PROTOCOL_IKE = 1, MS_PROTOCOL_AH = 2, MS_PROTOCOL_ESP = 3 };
/* IANA "Transform Type Values" */
enum ms_transform_type {
	MS_TRANSFORM_ENCR = 1,
	MS_TRANSFORM_PRF = 2,
	MS_TRANSFORM_INTEG = 3,
	MS_TRANSFORM_KE = 4,
	MS_TRANSFORM_ESN = 5,
	MS_TRANSFORM_TYPES = 6, /* one more than the last */
};

struct ms_transform {
	uint8_t type;
	uint16_t id;
	uint16_t key_bits; /* 0: none written (fixed size) */
};

#define MS_MAX_TRANSFORMS 32
#define MS_MAX_PROPOSALS 16

/* Transforms of one type stand together, best first. */
struct ms_proposal {
	uint8_t protocol; /* enum ms_protocol */
	uint8_t n;
	struct ms_transform t[MS_MAX_TRANSFORMS];
};

struct ms_proposals {
	uint8_t n;
	struct ms_proposal p[MS_MAX_PROPOSALS];
};

/* One transform of each type: the outcome of a negotiation.  id 0 where a type is absent. */
struct ms_suite {
	uint8_t protocol;
	uint16_t encr, encr_bits, prf, integ, ke, esn;
};

/* text NULL or "": the defaults (RFC 8247, RFC 8221) for what the loaded providers offer.  Unknown
 * words are refused with the nearest known one; algorithms that no provider offers with their name.
 * For ESP without a KE part none is put in; for IKE without one the defaults' groups are. */
ms_err ms_proposals_parse(struct ms_proposals *out, enum ms_protocol protocol, const char *text,
	struct ms_why *why) MS_MUST_CHECK;
/* Only words and structure, without asking providers: for checking files. */
ms_err ms_proposals_check(enum ms_protocol protocol, const char *text, struct ms_why *why)
	MS_MUST_CHECK;
/* The same, for showing what is wanted: algorithms that nobody offers stay in. */
ms_err ms_proposals_words(struct ms_proposals *out, enum ms_protocol protocol, const char *text,
	struct ms_why *why) MS_MUST_CHECK;
/* "AES_GCM_16_128-HMAC_SHA2_256-X25519"; like snprintf. */
size_t ms_proposals_text(const struct ms_proposals *p, char *buf, size_t size);
size_t ms_suite_text(const struct ms_suite *s, char *buf, size_t size);
/* As the family's status shows them, with IANA's numbers and key sizes of three digits (000: none is
 * written): "AES_CBC(12)_256-HMAC_SHA2_256_128(12)-HMAC_SHA2_256(5)-MODP2048(14)".  Groups of ESP
 * and AH, and ESN, are not in it: "AES_GCM_16(20)_128-NONE(0)".  Like snprintf. */
size_t ms_proposals_listing(const struct ms_proposals *p, char *buf, size_t size);
/* The groups of all proposals, each once: "MODP2048(14)+ECP256(19)"; without NONE. */
size_t ms_proposals_groups(const struct ms_proposals *p, char *buf, size_t size);
/* Chooses by our order of proposals and transforms (RFC 7296 s2.7, s3.3.6): both lists are complete,
 * what the peer leaves out must be absent or NONE for us.  chosen_r: the peer's proposal index.
 * MS_ERR_NO_PROPOSAL when nothing fits. */
ms_err ms_suite_choose(struct ms_suite *out, const struct ms_proposals *ours,
	const struct ms_proposals *peers, unsigned *chosen_r) MS_MUST_CHECK;

#endif
