/* SPDX-License-Identifier: Apache-2.0 */
/* SAs from messages: algorithms, keys, selectors, the IPIP member of a tunnel.  Control thread. */
#ifndef KLIPS_SA_BUILD_H
#define KLIPS_SA_BUILD_H

#include "klips/instance.h"

#include <modswan/pfkey.h>
#include <modswan/registry.h>

struct sa_maker {
	uint32_t pid;
	bool manager; /* a registered key daemon */
};

/* ADD or UPDATE: one SA, or a group when the message names a second or a CPI. */
ms_err sa_from_message(struct klips *k, struct ms_pfkey_msg *m, bool update,
	const struct sa_maker *maker, struct ms_why *why) MS_MUST_CHECK;
/* What the SA is, for an answer. */
void sa_to_message(const struct klips_sa *sa, struct ms_pfkey_msg *m);
/* X_MS_MOVE: new end points for the whole group; nothing else of it changes. */
ms_err sa_move(struct klips *k, struct klips_sa *sa, const struct ms_pfkey_msg *m) MS_MUST_CHECK;
/* Takes the group apart. */
void sa_ungroup(struct klips_sa *member);
/* Works out what depends on the group: the MTU inside, and that of the device. */
void sa_group_changed(struct klips *k, struct klips_sa *member);

#endif
