/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why packets went where they went: one counter per reason.
 *
 * Each worker counts for itself, without atomics on its side of a cache line, all together and for
 * each device; listings add up.
 */
#ifndef KLIPS_COUNTERS_H
#define KLIPS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* id, name in listings, what it says to a person */
#define KLIPS_COUNTERS(X)                                                                          \
	X(OUT_READ, "out_read", "packets that the host routed into an ipsec device")               \
	X(OUT_SUPER, "out_super", "super-packets of the host, cut into those read")                \
	X(OUT_SENT, "out_sent", "protected packets sent")                                          \
	X(OUT_PASS, "out_pass", "packets sent in clear by %pass")                                  \
	X(OUT_IKE, "out_ike", "IKE packets of this host, always in clear")                         \
	X(OUT_MALFORMED, "out_malformed", "dropped: not a whole IPv4 or IPv6 packet")              \
	X(OUT_NO_EROUTE, "out_no_eroute", "no eroute: dropped, or what noeroute= says")            \
	X(OUT_DROP, "out_drop", "dropped by %drop")                                                \
	X(OUT_REJECT, "out_reject", "refused by %reject")                                          \
	X(OUT_TRAP, "out_trap", "packets that asked for a tunnel (%trap)")                         \
	X(OUT_HOLD, "out_hold", "packets that wait or were replaced by newer ones (%hold)")        \
	X(OUT_NO_SA, "out_no_sa", "dropped: the eroute's SA is not there")                         \
	X(OUT_SA_STATE, "out_sa_state", "dropped: SA not ready, or its life is over")              \
	X(OUT_SEQUENCE_END, "out_sequence_end", "dropped: no sequence numbers left")               \
	X(OUT_TOO_BIG, "out_too_big", "dropped and told to the sender: must not be fragmented")    \
	X(OUT_LENGTH, "out_length", "dropped: would be longer than an IP packet can be")           \
	X(OUT_FAMILY, "out_family", "dropped: transform cannot carry this packet")                 \
	X(OUT_FRAGMENT, "out_fragment", "dropped: transport mode cannot carry a fragment")          \
	X(OUT_OPTIONS, "out_options", "dropped: AH cannot cover these IP options or extensions")   \
	X(OUT_COMPRESSED, "out_compressed", "packets made shorter by IPComp")                      \
	X(OUT_COMP_SHORT, "out_comp_short", "packets too short to be compressed")                  \
	X(OUT_COMP_GREW, "out_comp_grew", "packets that compression would not make shorter")       \
	X(OUT_COMP_REST, "out_comp_rest", "packets not tried: those before did not get shorter")   \
	X(OUT_CRYPTO, "out_crypto", "dropped: encryption failed")                                  \
	X(OUT_NO_SOCKET, "out_no_socket", "dropped: no socket to the untrusted side")              \
	X(OUT_SEND, "out_send", "dropped: the system did not take the packet")                     \
	X(OUT_TTL, "out_ttl", "dropped: hop limit was used up")                                    \
	X(IN_READ, "in_read", "ESP and AH packets that came in")                                          \
	X(IN_DELIVERED, "in_delivered", "packets handed to the host")                              \
	X(IN_SUPER, "in_super", "super-packets for the host, joined of those delivered")          \
	X(IN_RUNT, "in_runt", "dropped: too short or not aligned")                                 \
	X(IN_NO_SA, "in_no_sa", "dropped: no SA for this destination and SPI")                     \
	X(IN_SA_STATE, "in_sa_state", "dropped: SA not ready, or its life is over")                \
	X(IN_REPLAY, "in_replay", "dropped: seen before or too old")                               \
	X(IN_AUTH, "in_auth", "dropped: integrity check failed")                                   \
	X(IN_PADDING, "in_padding", "dropped: padding is wrong")                                   \
	X(IN_INNER, "in_inner", "dropped: content is not a whole IP packet")                       \
	X(IN_POLICY, "in_policy", "dropped: content does not belong into this SA")                 \
	X(IN_DUMMY, "in_dummy", "dummy packets, RFC 4303 s2.6")                                    \
	X(IN_ECN, "in_ecn", "dropped: congestion mark on a packet that cannot carry it")           \
	X(IN_NESTED, "in_nested", "dropped: chain of transforms is not the SA group's")            \
	X(IN_INCOMPLETE, "in_incomplete", "dropped: the SA group's outer transforms are missing")   \
	X(IN_FRAGMENT, "in_fragment", "dropped: fragment where a transform's header should be")    \
	X(IN_AH_HEADER, "in_ah_header", "dropped: AH header has the wrong length")                 \
	X(IN_OPTIONS, "in_options", "dropped: IP options or extensions that AH cannot check")      \
	X(IN_COMP_HEADER, "in_comp_header", "dropped: IPComp header of another SA, or cut short")  \
	X(IN_COMP_DATA, "in_comp_data", "dropped: cannot be decompressed")                         \
	X(IN_COMP_BOMB, "in_comp_bomb", "dropped: longer than an IP packet when decompressed")     \
	X(IN_COMPRESSED, "in_compressed", "packets decompressed")                                  \
	X(IN_WRITE, "in_write", "dropped: the host did not take the packet")                       \
	X(IN_ROAMED, "in_roamed", "authentic packets from another address than the SA's")          \
	X(UDP_IKE, "udp_ike", "IKE datagrams passed to the key daemon")                            \
	X(UDP_KEEPALIVE, "udp_keepalive", "NAT keep-alives eaten")                                 \
	X(UDP_RUNT, "udp_runt", "dropped: datagrams too short for ESP and IKE")                    \
	X(QUEUE_SHORTER, "queue_shorter", "times that a queue was cut: packets waited too long in it")  \
	X(NOTE_LOST, "note_lost", "reports to the control thread lost: no room or no memory")        \
	X(PMTU_LEARNED, "pmtu_learned", "ICMP messages that made a path's MTU smaller")             \
	X(PMTU_REFUSED, "pmtu_refused", "ICMP messages on MTUs that quote no packet of ours")       \
	X(OUT_CUT, "out_cut", "protected packets too big for their path, sent in fragments")        \
	X(FRAGMENT_WAIT, "fragment_wait", "fragments that waited for the first one of their datagram")  \
	X(FRAGMENT_LOST, "fragment_lost", "dropped: fragments whose first one did not come in time")   \
	X(OUT_ICMP_QUOTE, "out_icmp_quote", "ICMP errors sent by the SA of what they quote")        \
	X(TCP_MSS, "tcp_mss", "SYNs whose segment size was lowered")                              \
	X(ICMP_SENT, "icmp_sent", "ICMP errors sent")                                              \
	X(RESET_SENT, "reset_sent", "TCP resets sent for %reject")                                 \
	X(ICMP_LIMITED, "icmp_limited", "ICMP errors and TCP resets not sent: too many")

enum klips_counter {
#define KLIPS_COUNTER_ENUM(id, name, text) KC_##id,
	KLIPS_COUNTERS(KLIPS_COUNTER_ENUM)
#undef KLIPS_COUNTER_ENUM
	KC_COUNT
};

struct counters {
	uint64_t n[KC_COUNT];
	uint64_t *device; /* as many, of the device that this batch belongs to; NULL: of none */
};

/* Only the owner writes; a relaxed store keeps readers from seeing halves. */
static inline void count(struct counters *c, enum klips_counter id, uint64_t by)
{
	__atomic_store_n(&c->n[id], c->n[id] + by, __ATOMIC_RELAXED);
	if (c->device != NULL)
		__atomic_store_n(&c->device[id], c->device[id] + by, __ATOMIC_RELAXED);
}

const char *counter_name(enum klips_counter id);
const char *counter_text(enum klips_counter id);

#endif
