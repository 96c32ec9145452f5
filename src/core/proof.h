/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer proved its identity by, and how much that is worth. */
#ifndef MODSWAN_CORE_PROOF_H
#define MODSWAN_CORE_PROOF_H

enum peer_proof {
	PROOF_NONE,   /* nothing: NULL authentication (RFC 7619) */
	PROOF_SECRET, /* a shared one */
	PROOF_KEY,    /* a public key that is written in the configuration */
	PROOF_CERT,   /* one in a certificate */
	PROOF_DNS,    /* one that it published, without signatures */
	PROOF_DNSSEC, /* with good signatures */
	PROOF_KINDS
};

#endif
