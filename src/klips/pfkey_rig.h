/* SPDX-License-Identifier: Apache-2.0 */
/* For tests and fuzzers: the PF_KEY server without listening, its clients socket pairs. */
#ifndef KLIPS_PFKEY_RIG_H
#define KLIPS_PFKEY_RIG_H

#include "klips/rig.h"

#include <modswan/pfkey.h>

enum { PFKEY_RIG_CLIENTS = 3 };

struct pfkey_rig {
	struct rig r; /* holds and pfkey are there, too */
	int fd[PFKEY_RIG_CLIENTS];
	uint8_t buf[MS_PFKEY_HEADER_OCTETS + MS_PFKEY_MAX_OCTETS];
	size_t len;
};

/* Aborts when something is not to be had. */
void pfkey_rig_new(struct pfkey_rig *p);
void pfkey_rig_free(struct pfkey_rig *p);
/* What klips does with what was sent. */
void pfkey_rig_turn(struct pfkey_rig *p);
void pfkey_rig_send(struct pfkey_rig *p, unsigned client, const void *data, size_t len);
/* Sends m and takes the turn in which klips reads it. */
void pfkey_rig_say(struct pfkey_rig *p, unsigned client, const struct ms_pfkey_msg *m);
/* The next message for that client, into buf; false: none. */
bool pfkey_rig_receive(struct pfkey_rig *p, unsigned client);
/* The same decoded, views into buf. */
bool pfkey_rig_next(struct pfkey_rig *p, unsigned client, struct ms_pfkey_msg *m);
void pfkey_rig_drain(struct pfkey_rig *p);

#endif
