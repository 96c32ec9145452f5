/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keyed hashes for indexes.  Peers choose their addresses, SPIs and IDs; with a secret random key
 * they cannot choose where these fall in our tables.  Draw the key once per table or process.
 */
#ifndef LIB_ADDR_HASH_H
#define LIB_ADDR_HASH_H

#include <modswan/addr.h>

/* SipHash-2-4 (Aumasson, Bernstein 2012), 64 bits.  data may be NULL when len is 0. */
uint64_t ms_siphash(const uint64_t key[2], const void *data, size_t len);

/* What is equal by ms_addr_eq, ms_endpoint_eq or ms_said_eq has one hash. */
uint64_t ms_addr_hash(const struct ms_addr *a, const uint64_t key[2]);
uint64_t ms_endpoint_hash(const struct ms_endpoint *e, const uint64_t key[2]);
uint64_t ms_said_hash(const struct ms_said *s, const uint64_t key[2]);

#endif
