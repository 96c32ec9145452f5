/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What klips says of its work to those who ask: `ipsec klipsdebug --set ROOM`.
 *
 * A room is a word of PF_KEY's X_DEBUG message, its bits are kinds of lines.  Off, a line costs the
 * reading of a word.  On, a room has some lines a second; of more it is only said how many there were,
 * so that nobody fills a disk by asking.
 */
#ifndef KLIPS_TALK_H
#define KLIPS_TALK_H

#include "klips/counters.h"
#include "klips/instance.h"
#include "klips/rcu.h"

/* In the order of the message's words. */
enum room { ROOM_TUNNEL, ROOM_NETLINK, ROOM_XFORM, ROOM_EROUTE, ROOM_SPI, ROOM_RADIJ, ROOM_ESP, ROOM_AH,
	ROOM_RCV, ROOM_PFKEY, ROOM_IPCOMP, ROOM_VERBOSE };

/* The family's bits that mean something here; all others stand for what they are among. */
enum { TALK_TUNNEL_INIT = 0x1, TALK_TUNNEL_XMIT = 0x10, TALK_ANY = 0x7fffffff };

static inline bool talks(const struct klips *k, enum room room, uint32_t bits)
{
	return __builtin_expect((shared_get(k->debug[room]) & bits) != 0, 0);
}

/* Any thread.  "klips_debug:FUNCTION: ...", and with the verbose room file and line. */
#define talk(k, room, bits, ...)                                                                   \
	do {                                                                                       \
		if (talks(k, room, bits))                                                          \
			talk_line(k, room, __FILE__, __LINE__, __func__, __VA_ARGS__);             \
	} while (0)

void talk_line(const struct klips *k, enum room room, const char *file, int line, const char *function,
	const char *fmt, ...) MS_PRINTF(6, 7);
/* NULL: there are no more rooms. */
const char *room_name(unsigned room);
enum ms_log_source room_source(enum room room);
/* Of a reason why packets die or go: which room speaks of it. */
enum room room_of_counter(enum klips_counter why);

/* "10.1.0.1:5000 -> 10.2.0.1:53 protocol 17, 120 octets" of a packet with its IP header; "of 40 octets"
 * of what has none. */
enum { TALK_PACKET = 160 };
const char *talk_packet(char out[TALK_PACKET], const uint8_t *data, uint32_t len);
/* The same of a look-up's key, and of an SA. */
union flow_words;
const char *talk_flow(char out[TALK_PACKET], const union flow_words *flow);
const char *talk_said(char out[TALK_PACKET], const struct ms_said *said);

#endif
