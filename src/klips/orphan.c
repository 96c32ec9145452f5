/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/orphan.h"

#include <stdlib.h>

struct sweep {
	struct klips *k;
	bool (*present)(void *arg, uint32_t pid);
	void *arg;
	uint32_t *used; /* reqids of outbound groups with eroutes */
	size_t n, cap;
	bool failed;
	unsigned left;
};

static bool candidate(const struct sweep *s, const struct klips_sa *sa)
{
	return sa->managed && sa->abandoned_s == 0 && sa->said.protocol != MS_PROTO_TUN
		&& !s->present(s->arg, sa->pid);
}

static bool has_eroutes(struct klips_sa *sa)
{
	return !cds_list_empty(&sa_head(sa)->eroutes);
}

static bool collect(void *arg, struct klips_sa *sa)
{
	struct sweep *s = arg;

	if (!candidate(s, sa) || sa->inbound || !has_eroutes(sa))
		return true;
	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 64 : s->cap * 2;
		uint32_t *bigger = realloc(s->used, cap * sizeof *bigger);

		if (bigger == NULL) {
			s->failed = true;
			return false;
		}
		s->used = bigger;
		s->cap = cap;
	}
	s->used[s->n++] = sa->reqid;
	return true;
}

static int order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool in_use(const struct sweep *s, struct klips_sa *sa)
{
	if (!sa->inbound)
		return has_eroutes(sa);
	return s->n > 0 && bsearch(&sa->reqid, s->used, s->n, sizeof s->used[0], order) != NULL;
}

static bool abandon(void *arg, struct klips_sa *sa)
{
	struct sweep *s = arg;

	if (!candidate(s, sa) || in_use(s, sa))
		return true;
	sa->abandoned_s = klips_now_s(s->k);
	sadb_schedule(s->k->sadb, sa, sa->abandoned_s);
	s->left++;
	return true;
}

void orphan_sweep(struct klips *k, bool (*present)(void *arg, uint32_t pid), void *arg)
{
	struct sweep s = { .k = k, .present = present, .arg = arg };

	sadb_each(k->sadb, collect, &s);
	if (s.n > 0)
		qsort(s.used, s.n, sizeof s.used[0], order);
	if (!s.failed)
		sadb_each(k->sadb, abandon, &s);
	free(s.used);
	if (s.left > 0)
		ms_info(&k->log, "%u SAs of an earlier key daemon are no longer used and will go",
			s.left);
}
