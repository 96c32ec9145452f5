/* SPDX-License-Identifier: Apache-2.0 */
/* Between the server's sockets and the messages it makes itself. */
#ifndef KLIPS_PFKEY_TELL_H
#define KLIPS_PFKEY_TELL_H

#include <modswan/pfkey.h>

struct pfkey_server;

/* To clients registered for the message's SA type; how many there are.  Sets seq. */
unsigned pfkey_tell_registered(struct pfkey_server *s, struct ms_pfkey_msg *m);
/* The same with somebody else's sequence number. */
unsigned pfkey_pass_on(struct pfkey_server *s, const struct ms_pfkey_msg *m);

#endif
