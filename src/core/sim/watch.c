/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/watch.h"

#include "core/ike/iana.h"
#include "core/ike/layout.h"
#include "lib/wire/wire.h"

#include <stdlib.h>
#include <string.h>

/* What was seen, by its hash: what belongs to it, by its hash too. */
struct seen {
	uint64_t key, value;
};

struct watch {
	struct seen *slots;
	size_t n, room; /* room: a power of two */
};

struct watch *watch_new(void)
{
	return calloc(1, sizeof(struct watch));
}

void watch_free(struct watch **w)
{
	if (*w)
		free((*w)->slots);
	free(*w);
	*w = NULL;
}

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h ^ (h >> 29);
}

static struct seen *slot(struct watch *w, uint64_t key)
{
	size_t i = (key * 0x9e3779b97f4a7c15 >> 20) & (w->room - 1);

	while (w->slots[i].key != 0 && w->slots[i].key != key)
		i = (i + 1) & (w->room - 1);
	return &w->slots[i];
}

static void grow(struct watch *w)
{
	struct seen *old = w->slots;
	size_t n = w->room;

	w->room = n ? 2 * n : 256;
	w->slots = calloc(w->room, sizeof(*w->slots));
	if (!w->slots)
		abort();
	for (size_t i = 0; i < n; i++)
		if (old[i].key != 0)
			*slot(w, old[i].key) = old[i];
	free(old);
}

/* False: the same key is there with another value. */
static bool same_as_before(struct watch *w, uint64_t key, uint64_t value)
{
	struct seen *s;

	if (2 * w->n >= w->room)
		grow(w);
	s = slot(w, key);
	if (s->key == 0) {
		s->key = key;
		s->value = value;
		w->n++;
	}
	return s->value == value;
}

/* --- the wire ----------------------------------------------------------------------------------- */

struct place {
	uint8_t spi_i[8], spi_r[8];
	uint32_t id;
	uint8_t flags, fragment[4];
	uint8_t what; /* message id, IV */
	uint8_t iv[8];
};

bool watch_datagram(struct watch *w, struct ms_bytes datagram, struct ms_why *why)
{
	struct wire_reader r = wire_reader(datagram);
	struct ike_header h;
	struct place p;
	uint64_t content = hash(7, datagram.ptr, datagram.len);
	struct ms_bytes part;

	if (ike_layout_get(&ike_header_layout, &r, &h))
		return !ms_fail(why, MS_ERR_SYNTAX, "a message without a header was sent");
	/* IKE_SA_INIT is made anew with a cookie or another group; answers outside of any SA are in
	 * clear, and the same question may be answered at any time. */
	if (h.exchange == IKE_X_IKE_SA_INIT || h.next == IKE_P_NOTIFY)
		return true;
	memset(&p, 0, sizeof(p));
	memcpy(p.spi_i, h.spi_i, 8);
	memcpy(p.spi_r, h.spi_r, 8);
	p.id = h.id;
	p.flags = (uint8_t)h.flags;
	part = wire_take(&r, 4);
	if (h.next == IKE_P_SKF) {
		part = wire_take(&r, 4);
		if (part.len == 4)
			memcpy(p.fragment, part.ptr, 4);
	}
	if (!same_as_before(w, hash(1, &p, sizeof(p)), content))
		return !ms_fail(why, MS_ERR_BUG, "message id %u of an exchange %u sent twice with "
			"different contents", (unsigned)h.id, (unsigned)h.exchange);
	part = wire_take(&r, 8);
	if (part.len < 8 || (h.next != IKE_P_SK && h.next != IKE_P_SKF))
		return !ms_fail(why, MS_ERR_BUG, "an unprotected message was sent");
	p.id = 0;
	p.flags &= IKE_F_INITIATOR;
	memset(p.fragment, 0, sizeof(p.fragment));
	p.what = 1;
	memcpy(p.iv, part.ptr, 8);
	if (!same_as_before(w, hash(1, &p, sizeof(p)), content))
		return !ms_fail(why, MS_ERR_BUG, "an IV was used twice");
	return true;
}

/* --- the kernel --------------------------------------------------------------------------------- */

bool watch_kernel(struct watch *w, const struct ms_kernel_op *op, struct ms_why *why)
{
	static uint64_t fresh;
	const struct ms_kernel_sa *sa = &op->sa;
	uint64_t key;

	fresh++; /* a value that was never there */
	if (op->kind != MS_KOP_SA_ADD && op->kind != MS_KOP_SA_UPDATE)
		return true;
	key = hash(hash(sa->inbound ? 3 : 4, sa->encr_key.ptr, sa->encr_key.len), sa->integ_key.ptr,
		sa->integ_key.len);
	if (!same_as_before(w, key, fresh))
		return !ms_fail(why, MS_ERR_BUG, "two SAs with the same key");
	return true;
}
