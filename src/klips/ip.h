/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP headers as the packet path needs them: checked once, then read through fixed structs.
 *
 * Standards: RFC 791, RFC 8200, RFC 6040 (ECN), RFC 1071 (checksum).
 */
#ifndef KLIPS_IP_H
#define KLIPS_IP_H

#include "klips/eroute_key.h"

#include <modswan/addr.h>

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdbool.h>
#include <stdint.h>

struct ip_view {
	uint8_t version;
	uint8_t tos;	   /* traffic class */
	uint8_t ttl;	   /* hop limit */
	uint8_t next;	   /* protocol right after the base header (options included for IPv4) */
	uint8_t upper;	   /* protocol after IPv6 extension headers */
	uint16_t header;   /* octets of the base header */
	uint16_t upper_at; /* octets before the upper protocol */
	uint32_t total;	   /* octets that the header speaks of */
	uint32_t id;	   /* of fragments: which datagram */
	bool df;	   /* IPv4; IPv6 always */
	bool fragment;	   /* any fragment */
	bool later_fragment; /* without the upper header */
};

/* False: not a whole IP packet in len octets.  Extension headers are followed up to a bound; where
 * they cannot be, upper is what stands there. */
bool ip_parse(const uint8_t *p, size_t len, struct ip_view *out);
/* Source, destination, protocol and, for TCP, UDP, SCTP, UDP-Lite and DCCP, ports. */
void ip_flow(const uint8_t *p, const struct ip_view *v, struct flow *out);
/* Of a later fragment: does its protocol have ports, or may it?  Is its protocol what the first one's
 * extension headers begin with only (RFC 8200 s4.5)? */
bool ip_ports_unknown(const struct ip_view *v);
bool ip_protocol_unknown(const struct ip_view *v);
struct ms_addr ip_src(const uint8_t *p);
struct ms_addr ip_dst(const uint8_t *p);

/* Writes a base header of 20 or 40 octets; both addresses are of one family; ID 0 for IPv4. */
unsigned ip_header_octets(const struct ms_addr *a);
void ip_write(uint8_t *p, const struct ms_addr *src, const struct ms_addr *dst, uint8_t protocol,
	uint8_t tos, uint8_t ttl, uint32_t total);
/* After a change: total length and protocol; recomputes the checksum. */
void ip_rewrite(uint8_t *p, const struct ip_view *v, uint8_t protocol, uint32_t total);
/* Writes the checksum of an IPv4 header of so many octets. */
void ip4_checksum(uint8_t *p, unsigned header);
/* IPv4: sets DF in a header that has none of the fragment bits. */
void ip_set_df(uint8_t *p);
uint16_t ip_checksum(const void *p, size_t len, uint32_t start);

/* RFC 6040 s4.1 normal mode: the outer field from the inner; hide: DSCP becomes 0. */
uint8_t ip_tos_encapsulate(uint8_t inner, bool hide);
/* RFC 6040 s4.2: changes the inner packet's ECN by the outer one's, and with `dscp` takes over the
 * DSCP too; false: drop it. */
bool ip_tos_decapsulate(uint8_t *p, const struct ip_view *v, uint8_t outer_tos, bool dscp);

#endif
