/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/group.h"

#include "klips/xform.h"

#include <stdlib.h>
#include <string.h>

struct ms_addr group_addr(int family, unsigned last)
{
	struct ms_addr a = { .family = (uint16_t)family };
	static const uint8_t v4[3] = { 192, 0, 2 }, v6[4] = { 0x20, 0x01, 0x0d, 0xb8 };

	memcpy(a.b, family == AF_INET ? v4 : v6, family == AF_INET ? sizeof v4 : sizeof v6);
	a.b[family == AF_INET ? 3 : 15] = (uint8_t)last;
	return a;
}

static ms_err set_keys(struct klips_sa *sa, const struct group_member *m)
{
	const struct ms_encr_alg *encr = m->encr == 0 ? NULL : ms_encr_find(m->encr, m->key_bits);
	const struct ms_integ_alg *integ = m->integ == 0 ? NULL : ms_integ_find(m->integ);
	uint8_t key[MS_MAX_KEY_OCTETS];
	unsigned i;

	if (m->protocol != MS_PROTO_ESP && m->protocol != MS_PROTO_AH)
		return MS_OK;
	if ((m->encr != 0 && encr == NULL) || (m->integ != 0 && integ == NULL))
		return MS_ERR_NO_ALGORITHM;
	for (i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i + 1);
	if (sa_set_window(sa, 64) != MS_OK)
		abort();
	return sa_set_crypto(sa, encr, integ,
		ms_bytes(key, encr == NULL ? 0 : (size_t)encr->key_octets + encr->salt_octets),
		ms_bytes(key, integ == NULL ? 0 : integ->key_octets), 1, NULL);
}

static ms_err make(struct klips_sa **out, const struct group_member *m, uint32_t spi, bool inbound)
{
	struct ms_said said = { group_addr(m->family, m->net * 2u + 2), spi, m->protocol };
	struct klips_sa *sa = sa_new(&said);

	if (sa == NULL)
		abort();
	sa->src = group_addr(m->family, m->net * 2u + 1);
	sa->state = MS_PFKEY_MATURE;
	sa->inbound = inbound;
	sa->esn = m->esn;
	*out = sa;
	return set_keys(sa, m);
}

ms_err group_new(struct rig *r, struct group *g, const struct group_member *m, unsigned n,
	uint32_t spi)
{
	ms_err err = MS_OK;
	unsigned i;

	if (n > GROUP_MAX)
		abort();
	memset(g, 0, sizeof *g);
	for (i = 0; i < n && err == MS_OK; i++) {
		g->n = i + 1;
		err = make(&g->out[i], &m[i], spi + i, false);
		if (err == MS_OK)
			err = make(&g->in[i], &m[i], spi + i, true);
		if (err == MS_OK && i > 0)
			err = sadb_link(g->out[i - 1], g->out[i]);
		if (err == MS_OK && i > 0)
			err = sadb_link(g->in[i - 1], g->in[i]);
	}
	if (err == MS_OK) {
		/* both directions have one name here: only the inbound one is found by it */
		for (i = 0; i < n; i++)
			if (sadb_put(r->k.sadb, g->in[i], false) != MS_OK)
				abort();
		return MS_OK;
	}
	for (i = 0; i < g->n; i++) {
		sa_free(&g->out[i]);
		sa_free(&g->in[i]);
	}
	return err;
}

void group_free(struct rig *r, struct group *g)
{
	unsigned i;

	sadb_remove_group(r->k.sadb, g->in[0]);
	for (i = 0; i < g->n; i++)
		sa_free(&g->out[i]);
	rcu_quiescent_state();
}

struct pkt *group_protect(struct rig *r, struct group *g, const void *packet, uint32_t len,
	unsigned from, unsigned to)
{
	struct pkt *p = rig_packet(r, 0, packet, len);

	for (; from < to; from++)
		g->out[from]->xform->apply(r->w, g->out[from], r->w->batch, 1);
	return p;
}
