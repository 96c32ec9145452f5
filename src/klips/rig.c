/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/rig.h"

#include "klips/encap.h"
#include "klips/io.h"
#include "klips/ip.h"
#include "klips/note.h"
#include "klips/xform.h"
#include "lib/loop/loop.h"

#include <modswan/plugin.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern const struct ms_plugin crypto_openssl_LTX_modswan_plugin;
/* linked in where it is built: old algorithms take the same ways */
extern const struct ms_plugin crypto_legacy_LTX_modswan_plugin __attribute__((weak));

static const char *const addrs[2][2] = { { "192.0.2.1", "192.0.2.2" }, { "2001:db8::1", "2001:db8::2" } };
static const char *const inner[2][2] = { { "10.1.0.1", "10.2.0.1" }, { "fd01::1", "fd02::1" } };

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	must(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL) == MS_OK);
	return a;
}

static void forget(struct klips *k, struct note *n)
{
	struct rig *r = rcu_container(k, struct rig, k);

	if (r->on_note != NULL)
		r->on_note(k, n);
	free(n->held);
}

static const struct ms_plugin *const provider = &crypto_openssl_LTX_modswan_plugin;
static const struct ms_plugin *const legacy = &crypto_legacy_LTX_modswan_plugin;
static unsigned n_rigs; /* what a process has once is there for all of them */

static void load_algorithms(void)
{
	void *instance;

	if (n_rigs++ > 0)
		return;
	rcu_register_thread();
	must(provider->load(&instance, NULL, NULL, NULL) == MS_OK);
	must(ms_crypto_register(provider->features[0].ops, "rig") == MS_OK);
	if (legacy == NULL)
		return;
	must(legacy->load(&instance, NULL, NULL, NULL) == MS_OK);
	must(ms_crypto_register(legacy->features[0].ops, "rig-legacy") == MS_OK);
}

void rig_new(struct rig *r)
{
	struct klips *k = &r->k;
	unsigned i;
	int pair[2];

	memset(r, 0, sizeof *r);
	load_algorithms();
	k->loop = ms_loop_new(1);
	k->n_workers = 1;
	k->hide_tos = k->tell_too_big = true;
	k->no_eroute = MS_SHUNT_DROP;
	k->icmp4_fd = k->icmp6_fd = -1;
	k->now_s = 1000000;
	k->eroutes = eroute_table_new();
	k->sadb = sadb_new(0);
	k->encaps = calloc(1, sizeof *k->encaps);
	k->devices = calloc(1, sizeof *k->devices + sizeof k->devices->devices[0]);
	must(note_queue_new(&k->notes, k, forget) == MS_OK);
	r->w = worker_new(k, 0);
	k->workers = &r->w;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	r->host = pair[1];
	r->d = calloc(1, sizeof *r->d + sizeof r->d->queues[0]);
	must(r->d != NULL && r->w != NULL);
	r->d->addrs = calloc(2, sizeof *r->d->addrs);
	must(r->d->addrs != NULL);
	r->d->n_queues = 1;
	r->d->queues[0].tun = (struct klips_source){ .ready = tun_ready, .fd = pair[0], .owner = r->d };
	for (i = 0; i < RAW_SOCKETS; i++)
		r->d->queues[0].raw[i].fd = -1;
	r->d->pass4 = r->d->pass6 = -1;
	r->d->phys_mtu = r->d->mtu = 1500;
	r->d->addrs[0] = addr(addrs[0][0]);
	r->d->addrs[1] = addr(addrs[1][0]);
	r->d->n_addrs = 2;
	k->devices->n = 1;
	k->devices->devices[0] = r->d;
}

void rig_free(struct rig *r)
{
	struct klips *k = &r->k;
	void *instance = NULL;

	eroute_table_free(&k->eroutes);
	sadb_free(&k->sadb);
	worker_free(&r->w);
	note_queue_free(&k->notes);
	close(r->d->queues[0].tun.fd);
	close(r->host);
	device_free(r->d);
	free(k->devices);
	free(k->encaps);
	ms_loop_free(&k->loop);
	if (--n_rigs > 0)
		return;
	rcu_unregister_thread();
	ms_crypto_unregister("rig");
	provider->unload(&instance);
	if (legacy == NULL)
		return;
	ms_crypto_unregister("rig-legacy");
	legacy->unload(&instance);
}

static struct klips_sa *make(struct rig *r, const struct rig_spec *s, uint32_t spi, bool inbound)
{
	const struct ms_encr_alg *encr = ms_encr_find(s->encr, s->key_bits);
	const struct ms_integ_alg *integ = s->integ == 0 ? NULL : ms_integ_find(s->integ);
	struct ms_said said = { addr(addrs[s->outer == AF_INET6][1]), spi, MS_PROTO_ESP };
	struct klips_sa *sa = sa_new(&said), *tun = NULL;
	uint8_t key[64];
	unsigned i;

	must(sa != NULL);
	for (i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 7 + spi);
	must(sa_set_crypto(sa, encr, integ, ms_bytes(key, encr->key_octets + encr->salt_octets),
		ms_bytes(key, integ == NULL ? 0 : integ->key_octets), 1, NULL) == MS_OK);
	must(sa_set_window(sa, s->window) == MS_OK);
	sa->src = addr(addrs[s->outer == AF_INET6][0]);
	sa->state = MS_PFKEY_MATURE;
	sa->inbound = inbound;
	sa->esn = s->esn;
	sa->encap_src = sa->encap_dst = s->encap ? 4500 : 0;
	if (s->tunnel) {
		said.protocol = MS_PROTO_TUN;
		tun = sa_new(&said);
		must(tun != NULL && sadb_link(tun, sa) == MS_OK);
		tun->src = sa->src;
		tun->state = MS_PFKEY_MATURE;
		tun->inbound = inbound;
	}
	/* both directions have one name here: only the inbound one is found by it */
	if (inbound) {
		must(sadb_put(r->k.sadb, sa, false) == MS_OK);
		must(tun == NULL || sadb_put(r->k.sadb, tun, false) == MS_OK);
	}
	return sa;
}

bool rig_pair(struct rig *r, const struct rig_spec *spec, uint32_t spi, struct rig_pair *out)
{
	if (ms_encr_find(spec->encr, spec->key_bits) == NULL
		|| (spec->integ != 0 && ms_integ_find(spec->integ) == NULL))
		return false;
	out->out = make(r, spec, spi, false);
	out->in = make(r, spec, spi, true);
	return true;
}

void rig_pair_remove(struct rig *r, struct rig_pair *p)
{
	struct klips_sa *tun = p->out->inner;

	sadb_remove_group(r->k.sadb, p->in);
	sa_free(&p->out);
	sa_free(&tun);
	rcu_quiescent_state();
}

struct pkt *rig_packet(struct rig *r, unsigned i, const void *data, uint32_t len)
{
	struct pkt *p = &r->w->pkts[i];

	pkt_fresh(p, len);
	memcpy(p->data, data, len);
	r->w->batch[i] = p;
	return p;
}

void rig_arrive(struct rig *r, struct pkt *p, uint16_t udp_port)
{
	struct ip_view v;

	must(ip_parse(p->data, p->len, &v));
	p->peer = (struct ms_endpoint){ ip_src(p->data), udp_port };
	p->dst = ip_dst(p->data);
	p->tos = v.tos;
	p->ttl = v.ttl;
	p->next = v.upper;
	p->ip = p->data;
	p->ip_octets = v.upper_at;
	p->data += v.upper_at;
	p->len -= v.upper_at;
	p->device = r->d;
}

void rig_protect(struct rig *r, struct rig_pair *p, unsigned n)
{
	struct klips_sa *sa;

	for (sa = sa_head(p->out); sa != NULL; sa = sa->outer)
		sa->xform->apply(r->w, sa, r->w->batch, n);
}

uint32_t rig_delivered(struct rig *r, void *buf, uint32_t size)
{
	ssize_t n = read(r->host, buf, size);

	return n < 0 ? 0 : (uint32_t)n;
}

uint32_t rig_make(void *buf, int family, uint32_t total, uint8_t tos)
{
	struct ms_addr src = addr(inner[family == AF_INET6][0]);
	struct ms_addr dst = addr(inner[family == AF_INET6][1]);
	unsigned header = ip_header_octets(&src), i;
	uint8_t *p = buf;

	if (total < header)
		total = header;
	ip_write(p, &src, &dst, IPPROTO_UDP, tos, 63, total);
	for (i = header; i < total; i++)
		p[i] = (uint8_t)(i * 31);
	return total;
}

void rig_notes(struct rig *r)
{
	ms_loop_turn(r->k.loop, false);
	rcu_thread_online(); /* the handler left */
}
