/* SPDX-License-Identifier: Apache-2.0 */
/* PF_KEY messages about the rest: who speaks, devices, encapsulation sockets, debugging, the end. */
#include "klips/device.h"
#include "klips/encap.h"
#include "klips/hold.h"
#include "klips/instance.h"
#include "klips/ipcomp.h"
#include "klips/listing.h"
#include "klips/pfkey_server.h"
#include "klips/talk.h"

#include <modswan/registry.h>

#include <errno.h>
#include <stdio.h>

enum { DEBUG_SET = 0x80000000u, TALG_V4_IN_V4 = 1, TALG_V6_IN_V6 = 4 };

/* --- REGISTER --------------------------------------------------------------------------------- */

static size_t put_encr(uint8_t *at, const struct ms_alg_info *info)
{
	const struct ms_encr_alg *alg = ms_encr_find(info->id, info->key_bits);
	struct ms_pfkey_alg out = { .id = (uint8_t)info->id };

	if (alg == NULL || info->id > UINT8_MAX)
		return 0;
	out.ivlen = alg->iv_octets;
	out.minbits = out.maxbits = (uint16_t)((alg->key_octets + alg->salt_octets) * 8);
	ms_pfkey_alg_put(at, &out);
	return MS_PFKEY_ALG_OCTETS;
}

static size_t put_integ(uint8_t *at, const struct ms_alg_info *info)
{
	const struct ms_integ_alg *alg = ms_integ_find(info->id);
	struct ms_pfkey_alg out = { .id = ms_pfkey_auth_of(info->id) };

	if (alg == NULL || out.id == 0)
		return 0;
	out.minbits = out.maxbits = (uint16_t)(alg->key_octets * 8);
	ms_pfkey_alg_put(at, &out);
	return MS_PFKEY_ALG_OCTETS;
}

static struct ms_bytes list_algs(uint8_t *buf, size_t size, enum ms_alg_kind kind)
{
	struct ms_alg_info info;
	size_t used = 0;
	unsigned i;

	for (i = 0; ms_crypto_list(i, &info) && used + MS_PFKEY_ALG_OCTETS <= size; i++) {
		if (info.kind != kind || !info.offered || !info.first)
			continue;
		used += kind == MS_ALG_ENCR ? put_encr(buf + used, &info) : put_integ(buf + used, &info);
	}
	return ms_bytes(buf, used);
}

/* What IPIP and IPComp do counts as encryption. */
static struct ms_bytes list_numbers(uint8_t *buf, unsigned first, unsigned last)
{
	size_t used = 0;

	for (; first <= last; first++, used += MS_PFKEY_ALG_OCTETS)
		ms_pfkey_alg_put(buf + used, &(struct ms_pfkey_alg){ .id = (uint8_t)first });
	return ms_bytes(buf, used);
}

/* auth, encrypt: PFKEY_SCRATCH / 2 octets each. */
static void fill_supported(struct ms_pfkey_msg *m, uint8_t *auth, uint8_t *encrypt)
{
	const size_t half = PFKEY_SCRATCH / 2;

	if (m->satype == MS_PFKEY_SATYPE_ESP || m->satype == MS_PFKEY_SATYPE_AH || m->satype == 0) {
		m->supported_auth = list_algs(auth, half, MS_ALG_INTEG);
		m->has |= MS_PFKEY_BIT(SUPPORTED_AUTH);
	}
	if (m->satype == MS_PFKEY_SATYPE_ESP || m->satype == 0)
		m->supported_encrypt = list_algs(encrypt, half, MS_ALG_ENCR);
	else if (m->satype == MS_PFKEY_SATYPE_IPIP)
		m->supported_encrypt = list_numbers(encrypt, TALG_V4_IN_V4, TALG_V6_IN_V6);
	else if (m->satype == MS_PFKEY_SATYPE_COMP)
		m->supported_encrypt = list_numbers(encrypt, IPCOMP_DEFLATE, IPCOMP_DEFLATE);
	else
		return;
	m->has |= MS_PFKEY_BIT(SUPPORTED_ENCRYPT);
}

int pfkey_register(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	bool first = !pfkey_client_manages(c->client);

	pfkey_client_register(c->client, m->satype);
	fill_supported(m, c->scratch, c->scratch + PFKEY_SCRATCH / 2);
	/* what nobody heard before it came is asked again */
	if (first)
		hold_ask_again(c->k->holds);
	return 0;
}

static void list_supported(struct text *t, unsigned satype, unsigned ext, struct ms_bytes list)
{
	struct ms_pfkey_alg alg;
	size_t i;

	for (i = 0; ms_pfkey_alg_get(list, i, &alg); i++)
		text_put(t, "%6u %7u %6u %5u %7u %7u\n", satype, ext, alg.id, alg.ivlen * 8u,
			alg.minbits, alg.maxbits);
}

void list_pfkey_supported(const struct klips *k, struct text *t)
{
	static const uint8_t satypes[] = { MS_PFKEY_SATYPE_AH, MS_PFKEY_SATYPE_ESP,
		MS_PFKEY_SATYPE_IPIP, MS_PFKEY_SATYPE_COMP };
	uint8_t auth[PFKEY_SCRATCH / 2], encrypt[PFKEY_SCRATCH / 2];
	unsigned i;

	(void)k;
	text_put(t, "satype exttype alg_id ivlen minbits maxbits\n");
	for (i = 0; i < sizeof satypes; i++) {
		struct ms_pfkey_msg m = { .satype = satypes[i] };

		fill_supported(&m, auth, encrypt);
		list_supported(t, satypes[i], MS_PFKEY_EXT_SUPPORTED_AUTH, m.supported_auth);
		list_supported(t, satypes[i], MS_PFKEY_EXT_SUPPORTED_ENCRYPT, m.supported_encrypt);
	}
}

/* SA type 1: see everything; 0: no more. */
int pfkey_promisc(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	pfkey_client_observes(c->client, m->satype != 0);
	return 0;
}

/* --- HELLO, DEBUG, TEARDOWN ------------------------------------------------------------------- */

int pfkey_hello(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	m->instance = (struct ms_pfkey_x_instance){ .id = c->k->instance_id,
		.sas = sadb_count(c->k->sadb), .eroutes = eroute_count(c->k->eroutes) };
	m->has |= MS_PFKEY_BIT(X_MS_INSTANCE);
	/* who says hello takes the datagrams of the encapsulation sockets */
	pfkey_client_wants_datagrams(c->client);
	return 0;
}

/* The words that our rooms have; bit 31 of the netlink word: set, else clear. */
int pfkey_debug(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	bool set = (m->debug.word[1] & DEBUG_SET) != 0;
	unsigned i;

	for (i = 0; i < MS_PFKEY_DEBUG_WORDS; i++) {
		uint32_t bits = i == 1 ? m->debug.word[i] & ~(uint32_t)DEBUG_SET : m->debug.word[i];

		if (set)
			shared_set(c->k->debug[i], c->k->debug[i] | bits);
		else
			shared_set(c->k->debug[i], c->k->debug[i] & ~bits);
	}
	klips_debug_changed(c->k);
	return 0;
}

int pfkey_teardown(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	klips_teardown(c->k);
	if ((m->has & MS_PFKEY_BIT(X_MS_INSTANCE)) != 0 && m->instance.exit != 0)
		klips_exit(c->k);
	return 0;
}

/* --- devices ---------------------------------------------------------------------------------- */

int pfkey_attach(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	const struct device_wish wish = { m->device.phys, m->device.name, m->device.mtu,
		m->device.mss };
	struct klips_device *d;
	ms_err err = device_attach(c->k, &wish, &d, &c->why);

	if (err == MS_ERR_NOT_FOUND)
		return ENXIO;
	if (err != MS_OK) {
		ms_error(&c->k->log, "cannot attach %s: %s", m->device.phys,
			ms_why_text(&c->why, err));
		return pfkey_errno(err);
	}
	ms_info(&c->k->log, "%s is attached to %s, MTU %u", d->name, d->phys, d->mtu);
	snprintf(m->device.name, sizeof m->device.name, "%s", d->name);
	snprintf(m->device.phys, sizeof m->device.phys, "%s", d->phys);
	m->device.mtu = d->mtu;
	m->device.mss = shared_get(d->mss);
	return 0;
}

int pfkey_detach(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct klips_device *d = device_by_name(c->k, m->device.name);

	if (d == NULL || d->phys[0] == '\0')
		return ENXIO;
	ms_info(&c->k->log, "%s is detached from %s", d->name, d->phys);
	if (d->created)
		return pfkey_errno(device_renew(c->k, &d, "", &c->why));
	device_detach(c->k, d);
	return 0;
}

/* A device without a physical one: there before it is attached and after it is detached. */
int pfkey_plumb(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	ms_err err;

	if (m->plumb < DEVICE_FIRST_IFNUM)
		return EPROTONOSUPPORT;
	err = device_create(c->k, m->plumb - (unsigned)DEVICE_FIRST_IFNUM, &c->why);
	return err == MS_ERR_NOT_FOUND ? ENODEV : pfkey_errno(err);
}

int pfkey_unplumb(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	char name[16];
	struct klips_device *d;

	if (m->plumb < DEVICE_FIRST_IFNUM)
		return EPROTONOSUPPORT;
	snprintf(name, sizeof name, "ipsec%u", m->plumb - DEVICE_FIRST_IFNUM);
	d = device_by_name(c->k, name);
	if (d == NULL)
		return ENXIO;
	device_detach(c->k, d);
	return 0;
}

/* --- encapsulation sockets -------------------------------------------------------------------- */

int pfkey_encap(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct encap *e;
	ms_err err;
	int fd = c->fd_in;

	if (fd < 0) {
		e = encap_exact(c->k, &m->local.ep);
		if (e == NULL)
			return ENOENT;
		c->fd_out = e->sources[0].fd;
		return 0;
	}
	c->fd_in = -1;
	err = encap_add(c->k, &m->local.ep, fd, &c->why);
	return pfkey_errno(err);
}
