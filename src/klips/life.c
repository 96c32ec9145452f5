/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/life.h"

#include "klips/instance.h"
#include "klips/pfkey_server.h"
#include "klips/talk.h"

static bool over(uint64_t since, uint64_t limit, uint64_t now)
{
	return since != 0 && limit != 0 && now - since > limit;
}

static bool tell_once(struct klips_sa *sa, uint8_t bit)
{
	return (__atomic_fetch_or(&sa->told, bit, __ATOMIC_RELAXED) & bit) == 0;
}

void life_due(void *arg, struct klips_sa *sa)
{
	struct klips *k = arg;
	uint64_t now = klips_now_s(k), used = shared_get(sa->first_used_s);
	char text[TALK_PACKET];

	if (sa->state == MS_PFKEY_LARVAL || over(sa->abandoned_s, SA_LAST_MINUTE_S, now)) {
		sadb_remove_group(k->sadb, sa);
		return;
	}
	if (over(sa->added_s, sa->hard.add_s, now) || over(used, sa->hard.use_s, now)) {
		talk(k, ROOM_SPI, TALK_ANY, "%s: its time is over", talk_said(text, &sa->said));
		/* a worker's note of the same may be on its way, and will find nothing */
		pfkey_expire(k->pfkey, sa, true);
		sadb_remove_group(k->sadb, sa);
		return;
	}
	if ((over(sa->added_s, sa->soft.add_s, now) || over(used, sa->soft.use_s, now))
		&& tell_once(sa, SA_TOLD_SOFT)) {
		shared_set(sa->state, MS_PFKEY_DYING);
		pfkey_expire(k->pfkey, sa, false);
	}
	sadb_schedule(k->sadb, sa, now);
}

/* RFC 2367 s2.3.4: what counts as one is up to the system; here it is a flow. */
void life_allocate(struct klips *k, struct klips_sa *member)
{
	struct klips_sa *sa;

	for (sa = sa_head(member); sa != NULL; sa = sa->outer) {
		sa->allocations++;
		if (sa->hard.allocations != 0 && sa->allocations > sa->hard.allocations) {
			pfkey_expire(k->pfkey, sa, true);
			sadb_remove_group(k->sadb, sa);
			return;
		}
		if (sa->soft.allocations == 0 || sa->allocations <= sa->soft.allocations
			|| !tell_once(sa, SA_TOLD_SOFT))
			continue;
		shared_set(sa->state, MS_PFKEY_DYING);
		pfkey_expire(k->pfkey, sa, false);
	}
}

void life_expire(struct klips *k, const struct ms_said *said, bool hard)
{
	struct klips_sa *sa = sadb_find(k->sadb, said);
	char text[TALK_PACKET];

	if (sa == NULL)
		return;
	talk(k, ROOM_SPI, TALK_ANY, "%s: %s limit of packets or octets passed",
		talk_said(text, said), hard ? "hard" : "soft");
	pfkey_expire(k->pfkey, sa, hard);
	if (hard)
		sadb_remove_group(k->sadb, sa);
}
