/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection asks of the program that loads it: a version of IKE that it speaks, algorithms
 * that its crypto plugins offer.  The daemon and who checks files say the same about it.
 */
#include <modswan/config.h>
#include <modswan/proposal.h>

#include <stdio.h>

/* A group has words only as a part of a proposal. */
ms_err ms_conn_pfs_group(const struct ms_conn_desc *d, uint16_t *group_r, struct ms_why *why)
{
	struct ms_proposals p;
	char text[128];
	ms_err err;

	*group_r = 0;
	if (d->pfsgroup == NULL)
		return MS_OK;
	snprintf(text, sizeof text, "aes128-sha2_256-%.80s", d->pfsgroup);
	err = ms_proposals_parse(&p, MS_PROTOCOL_ESP, text, why);
	for (unsigned i = 0; err == MS_OK && i < p.p[0].n; i++)
		if (p.p[0].t[i].type == MS_TRANSFORM_KE)
			*group_r = p.p[0].t[i].id;
	if (err == MS_OK && *group_r == 0)
		err = ms_fail(why, MS_ERR_CONFIG, "no group");
	if (err != MS_OK)
		ms_why_prefix(why, "pfsgroup=%.80s: ", d->pfsgroup);
	return err;
}

static ms_err offered(
	enum ms_protocol protocol, const char *word, const char *text, struct ms_why *why)
{
	struct ms_proposals p;
	ms_err err = ms_proposals_parse(&p, protocol, text, why);

	if (err != MS_OK && text != NULL)
		ms_why_prefix(why, "%s=\"%.80s\": ", word, text);
	else if (err != MS_OK)
		ms_why_prefix(why, "%s=: ", word);
	return err;
}

ms_err ms_conn_check_offers(const struct ms_conn_desc *d, struct ms_why *why)
{
	uint16_t group;
	ms_err err;

	if (d->keyexchange == MS_KEX_IKEV1)
		return ms_fail(why, MS_ERR_UNSUPPORTED,
			"keyexchange=ikev1 is not supported here, only ikev2");
	err = ms_conn_pfs_group(d, &group, why);
	if (err == MS_OK)
		err = offered(MS_PROTOCOL_IKE, "ike", d->ike, why);
	if (err == MS_OK)
		err = offered(d->ah ? MS_PROTOCOL_AH : MS_PROTOCOL_ESP, d->ah ? "ah" : "esp",
			d->esp, why);
	return err;
}
