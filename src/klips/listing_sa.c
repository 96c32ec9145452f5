/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of ipsec_spi, ipsec_spigrp and ipsec_saref.
 *
 * Words and their order are those of the family's /proc/net/ipsec_spi.  What only we have stands behind
 * them, where a script that reads the old ones does not meet it.
 */
#include "klips/device.h"
#include "klips/instance.h"
#include "klips/listing.h"
#include "klips/saref.h"
#include "klips/xform.h"

#include <modswan/text.h>

#include <inttypes.h>

const char *list_integ_name(const struct ms_integ_alg *integ)
{
	switch (integ->id) {
	case MS_INTEG_HMAC_MD5_96:
		return "HMAC_MD5";
	case MS_INTEG_HMAC_SHA1_96:
		return "HMAC_SHA1";
	}
	return integ->name;
}

static void put_xform(struct text *t, const struct klips_sa *sa)
{
	text_put(t, "%s", sa->xform == NULL ? "UNKNOWN" : sa->xform->name);
	if (sa->xform == &ipcomp_xform)
		text_put(t, "_DEFLATE");
	if (sa->encr != NULL)
		text_put(t, "_%s", sa->encr->name);
	if (sa->integ != NULL)
		text_put(t, "_%s", list_integ_name(sa->integ));
}

/* That of the last packet. */
static void put_iv(struct text *t, const struct klips_sa *sa)
{
	uint64_t v[2] = { shared_get(sa->iv[0]), shared_get(sa->iv[1]) };
	uint8_t iv[sizeof v];
	unsigned i;

	memcpy(iv, v, sizeof v);
	text_put(t, " iv_bits=%ubits iv=0x", sa->encr->iv_octets * 8);
	for (i = 0; i < sa->encr->iv_octets && i < sizeof iv; i++)
		text_put(t, "%02x", iv[i]);
}

/* NAME(current,soft,hard), shown when more than one was counted or a limit is set. */
static void put_life(struct text *t, const char *name, uint64_t now, uint64_t soft, uint64_t hard)
{
	if (now > 1 || soft != 0 || hard != 0)
		text_put(t, "%s(%" PRIu64 ",%" PRIu64 ",%" PRIu64 ")", name, now, soft, hard);
}

static void put_state(struct text *t, struct klips_sa *sa)
{
	if (sa->window > 0)
		text_put(t, " ooowin=%u", sa->window);
	if (shared_get(sa->replay_errors) > 0)
		text_put(t, " ooo_errs=%" PRIu64, shared_get(sa->replay_errors));
	if (!sa->inbound && shared_get(sa->seq) > 0)
		text_put(t, " seq=%" PRIu64, shared_get(sa->seq));
	if (sa->inbound && sa->replay != NULL) {
		pthread_spin_lock(&sa->lock);
		text_put(t, " seq=%" PRIu64, sa->replay->top);
		if (sa->window > 0)
			text_put(t, " bit=0x%" PRIx64, replay_newest(sa->replay));
		if (sa->replay->jump > 1)
			text_put(t, " max_seq_diff=%" PRIu64, sa->replay->jump);
		pthread_spin_unlock(&sa->lock);
	}
	if (sa->flags != 0)
		text_put(t, " flags=0x%x<>", sa->flags);
	if (sa->auth_octets > 0)
		text_put(t, " alen=%u aklen=%u", sa->integ->icv_octets * 8, sa->auth_octets * 8);
	if (shared_get(sa->auth_errors) > 0)
		text_put(t, " auth_errs=%" PRIu64, shared_get(sa->auth_errors));
	if (sa->encr_octets > 0)
		text_put(t, " eklen=%u", sa->encr_octets * 8);
	if (shared_get(sa->size_errors) > 0)
		text_put(t, " encr_size_errs=%" PRIu64, shared_get(sa->size_errors));
	if (shared_get(sa->pad_errors) > 0)
		text_put(t, " encr_pad_errs=%" PRIu64, shared_get(sa->pad_errors));
}

static void put_lives(const struct klips *k, struct text *t, const struct klips_sa *sa)
{
	uint64_t now = klips_now_s(k), used = shared_get(sa->used_s);
	uint64_t first = shared_get(sa->first_used_s);

	text_put(t, " life(c,s,h)=");
	put_life(t, "alloc", sa->allocations, sa->soft.allocations, sa->hard.allocations);
	put_life(t, "bytes", shared_get(sa->octets), sa->soft.octets, sa->hard.octets);
	put_life(t, "addtime", now - sa->added_s, sa->soft.add_s, sa->hard.add_s);
	put_life(t, "usetime", first == 0 ? 0 : now - first, sa->soft.use_s, sa->hard.use_s);
	put_life(t, "packets", shared_get(sa->packets), sa->soft.packets, sa->hard.packets);
	if (used != 0)
		text_put(t, " idle=%" PRIu64, now - used);
	if (sa->xform == &ipcomp_xform)
		text_put(t, " ratio=%" PRIu64 ":%" PRIu64, shared_get(sa->comp.before),
			shared_get(sa->comp.after));
}

static void put_selectors(struct text *t, const struct ms_selector *s, unsigned n)
{
	char text[MS_SELECTOR_TEXT];
	unsigned i;

	for (i = 0; i < n; i++) {
		ms_selector_text(&s[i], text, sizeof text);
		text_put(t, "%s%s", i == 0 ? "" : ",", text);
	}
}

static void put_policy(struct text *t, const struct sa_content *c)
{
	text_put(t, " policy=");
	put_selectors(t, c->selectors, c->n_src);
	text_put(t, "->");
	put_selectors(t, c->selectors + c->n_src, c->n_dst);
}

/* Its place in the table, its eroutes and its neighbours in the group. */
static unsigned count_users(const struct klips_sa *sa)
{
	const struct cds_list_head *at;
	unsigned n = 1;

	cds_list_for_each(at, &sa->eroutes)
		n++;
	return n + (sa->inner != NULL) + (sa->outer != NULL);
}

static void put_refs(struct text *t, const struct klips_sa *sa)
{
	text_put(t, " refcount=%u ref=%u", count_users(sa), sa->ref);
	if (sa->ref_him != 0)
		text_put(t, " refhim=%u", sa->ref_him);
	if (sa->outif != 0)
		text_put(t, " outif=ipsec%u:%u", sa->outif - 1, sa->outif - 1 + DEVICE_FIRST_IFNUM);
	text_put(t, " reftable=%u refentry=%u", sa->ref / SAREF_ENTRIES, sa->ref % SAREF_ENTRIES);
}

void list_sa(const struct klips *k, struct text *t, struct klips_sa *sa)
{
	char said[MS_SAID_TEXT], src[MS_ADDR_TEXT];

	ms_said_text(&sa->said, 'x', said, sizeof said);
	ms_addr_text(&sa->src, src, sizeof src);
	text_put(t, "%s ", said);
	put_xform(t, sa);
	text_put(t, ": dir=%s src=%s", sa->inbound ? "in " : "out", src);
	if (sa->content != NULL)
		put_policy(t, sa->content);
	if (sa->encr != NULL && sa->encr->iv_octets > 0)
		put_iv(t, sa);
	put_state(t, sa);
	put_lives(k, t, sa);
	text_put(t, " natencap=%s natsport=%u natdport=%u", sa->encap_type == 2 ? "nonesp" : "none",
		sa->encap_src, sa->encap_dst);
	put_refs(t, sa);
	if (sa->path_mtu != 0)
		text_put(t, " path_mtu=%u", sa->path_mtu);
	if (sa->reqid != 0)
		text_put(t, " reqid=%u", sa->reqid);
	text_put(t, "\n");
}

void list_ref(const struct klips *k, struct text *t, const struct klips_sa *sa)
{
	const struct klips_sa *him = sadb_find_ref(k->sadb, sa->ref_him);
	char said[MS_SAID_TEXT];

	ms_said_text(&sa->said, 'x', said, sizeof said);
	text_put(t, "ref=%u %s dir=%s reftable=%u refentry=%u", sa->ref, said,
		sa->inbound ? "in" : "out", sa->ref / SAREF_ENTRIES, sa->ref % SAREF_ENTRIES);
	if (him != NULL)
		ms_said_text(&him->said, 'x', said, sizeof said);
	if (sa->ref_him != 0)
		text_put(t, " refhim=%u %s", sa->ref_him, him == NULL ? "-" : said);
	text_put(t, "\n");
}

void list_group(struct text *t, const struct klips_sa *sa)
{
	char said[MS_SAID_TEXT];

	if (sa->inner != NULL)
		return; /* its head prints it */
	for (; sa != NULL; sa = sa->outer) {
		ms_said_text(&sa->said, 'x', said, sizeof said);
		text_put(t, "%s ", said);
	}
	text_put(t, "\n");
}
