/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates as the engine sees them: opaque octets that travel in CERT payloads, and a host that
 * says, at once or much later, which key they make good.
 */
#include "core/ikev2/cert.h"
#include "core/sim/sim_key.h"
#include "core/sim/sim_priv.h"
#include "core/sim/sim_test.h"

#include "core/ike/ike_sa.h"

#include <modswan/config.h>
#include <modswan/creds.h>

/* What a host knows and was asked, by node. */
struct knows {
	struct ms_privkey *priv;
	struct ms_pubkey *peer; /* what it finds good; NULL: nothing */
	struct ms_bytes certs[MS_MAX_CERTS];
	unsigned n;
	size_t hashes; /* octets of its CERTREQ */
	bool hold;
	/* asked */
	host_peer_key_f *done;
	void *arg;
	unsigned questions;
	struct ms_bytes got[MS_MAX_CERTS];
	unsigned n_got;
	size_t asked;
};

static struct knows west_knows, east_knows;
static struct host_ops ops;

static struct knows *of(void *host)
{
	const struct sim_node *n = host;

	return strcmp(n->name, "west") == 0 ? &west_knows : &east_knows;
}

static void own_key(void *host, const struct conn *c, const struct ms_id *peer,
	struct ms_bytes asked, host_own_f *done, void *arg)
{
	struct knows *k = of(host);

	(void)c;
	(void)peer;
	k->asked = asked.len;
	for (size_t i = 0; i < asked.len; i++)
		assert_int_equal(asked.ptr[i], 0xca);
	done(arg, MS_OK, k->priv, k->certs, k->n, NULL);
}

static void say(struct knows *k)
{
	host_peer_key_f *done = k->done;
	struct ms_why why = { "" };
	ms_err err = k->peer ? MS_OK : ms_fail(&why, MS_ERR_AUTH, "not good");

	k->done = NULL;
	done(k->arg, err, &k->peer, k->peer != NULL, PROOF_CERT, &why);
}

static void peer_key(void *host, const struct conn *c, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, host_peer_key_f *done, void *arg)
{
	struct knows *k = of(host);

	(void)c;
	assert_int_equal(peer->type, MS_ID_FQDN);
	assert_null(k->done);
	k->questions++;
	k->n_got = n;
	for (unsigned i = 0; i < n; i++)
		k->got[i] = ms_bytes(memcpy(malloc(certs[i].len), certs[i].ptr, certs[i].len),
			certs[i].len);
	k->done = done;
	k->arg = arg;
	if (!k->hold)
		say(k);
}

static size_t ca_hashes(void *host, const struct conn *c, uint8_t *buf, size_t size)
{
	struct knows *k = of(host);

	(void)c;
	assert_true(k->hashes <= size);
	memset(buf, 0xca, k->hashes);
	return k->hashes;
}

static struct sim_key west_key, east_key, other_key;

static void set(struct knows *k, const struct sim_key *mine, const struct sim_key *peer,
	const char *cert)
{
	memset(k, 0, sizeof(*k));
	k->priv = mine->priv;
	if (peer)
		assert_int_equal(ms_sign()->pubkey_of(&k->peer, peer->priv), MS_OK);
	k->certs[0] = ms_bytes(cert, strlen(cert));
	k->certs[1] = ms_bytes("its issuer", 10);
	k->n = 2;
	k->hashes = 2 * MS_CA_HASH_OCTETS;
}

static void unset(struct knows *k)
{
	if (k->peer)
		ms_sign()->pubkey_free(&k->peer);
	for (unsigned i = 0; i < k->n_got; i++)
		free((void *)(uintptr_t)k->got[i].ptr);
	memset(k, 0, sizeof(*k));
}

static struct pair begin(void)
{
	struct sim_words w = tunnel;
	struct pair p;

	west_key = sim_key_new("P-256");
	east_key = sim_key_new("P-256");
	other_key = sim_key_new("P-256");
	set(&west_knows, &west_key, &east_key, "certificate of west");
	set(&east_knows, &east_key, &west_key, "certificate of east");
	ops = sim_host_ops;
	ops.own_key = own_key;
	ops.peer_key = peer_key;
	ops.ca_hashes = ca_hashes;
	w.authby = MS_AUTH_ECDSA;
	p = pair_new(&w);
	p.west->host.ops = p.east->host.ops = &ops;
	return p;
}

static void end(struct pair *p)
{
	pair_free(p);
	unset(&west_knows);
	unset(&east_knows);
	sim_key_free(&west_key);
	sim_key_free(&east_key);
	sim_key_free(&other_key);
}

/* --- what travels ------------------------------------------------------------------------------ */

static void test_certificates_travel(void **state)
{
	struct pair p = begin();

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(east_knows.n_got, 2);
	assert_true(ms_bytes_eq(east_knows.got[0], ms_bytes("certificate of west", 19)));
	assert_true(ms_bytes_eq(east_knows.got[1], ms_bytes("its issuer", 10)));
	assert_int_equal(west_knows.n_got, 2);
	assert_true(ms_bytes_eq(west_knows.got[0], ms_bytes("certificate of east", 19)));
	assert_int_equal(west_knows.asked, 2 * MS_CA_HASH_OCTETS);
	assert_int_equal(east_knows.asked, 2 * MS_CA_HASH_OCTETS);
	assert_int_equal(ike_first(p.west->ike)->proof, PROOF_CERT);
	assert_int_equal(ike_first(p.east->ike)->proof, PROOF_CERT);
	end(&p);
}

static void sendcert(int when, size_t hashes, unsigned want)
{
	struct pair p = begin();

	p.wc->local.sendcert = when;
	east_knows.hashes = hashes;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(east_knows.n_got, want);
	assert_int_equal(west_knows.asked, hashes);
	end(&p);
}

static void test_sendcert(void **state)
{
	(void)state;
	sendcert(MS_SENDCERT_ALWAYS, 0, 2);
	sendcert(MS_SENDCERT_IFASKED, 0, 0);
	sendcert(MS_SENDCERT_IFASKED, MS_CA_HASH_OCTETS, 2);
	sendcert(MS_SENDCERT_NEVER, MS_CA_HASH_OCTETS, 0);
}

/* A responder asks for certificates though the first connection between these hosts, which answers
 * until there are identities, needs none. */
static void test_asked_by_another_connection(void **state)
{
	struct sim_words psk = tunnel;
	struct pair p = begin();
	struct conn *c;

	(void)state;
	psk.name = "other";
	psk.leftid = "@other";
	c = sim_conn(p.east, &psk);
	assert_ptr_equal(conn_find_host_pair(p.east->conns, &p.ec->local.host.addr,
				 &p.ec->remote.host.addr), c);
	p.wc->local.sendcert = MS_SENDCERT_IFASKED;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(east_knows.n_got, 2);
	assert_int_equal(west_knows.asked, 2 * MS_CA_HASH_OCTETS);
	/* and does not once that connection went */
	conn_delete(p.east->conns, p.ec);
	assert_null(conn_find_by_cert(p.east->conns, &c->local.host.addr, &c->remote.host.addr));
	p.ec = c;
	end(&p);
}

/* --- verdicts ------------------------------------------------------------------------------------ */

static void test_refused(void **state)
{
	struct pair p = begin();

	(void)state;
	ms_sign()->pubkey_free(&east_knows.peer);
	p.wc->desc->keyingtries = 1;
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_pair_empty(&p);
	end(&p);
}

/* CVE-2022-4967, CVE-2023-26463: a good certificate does not help who cannot sign with its key. */
static void test_cve_2022_4967_another_key(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct pair p = begin();

		(void)state;
		(side ? &east_knows : &west_knows)->priv = other_key.priv;
		p.wc->desc->keyingtries = 1;
		pair_up(&p);
		assert_int_equal(p.west->over_err, MS_ERR_AUTH);
		assert_pair_empty(&p);
		end(&p);
	}
}

/* The peer repeats itself meanwhile; it is asked about once and goes on as if nothing had been. */
static void test_late_verdict(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct pair p = begin();
		struct knows *k = side ? &east_knows : &west_knows;

		(void)state;
		k->hold = true;
		pair_initiate(&p);
		sim_run(p.sim, 20000);
		assert_int_equal(k->questions, 1);
		assert_non_null(k->done);
		assert_int_equal(sim_children(p.west), 0);
		say(k);
		sim_run(p.sim, 30000);
		assert_pair_up(&p);
		assert_int_equal(k->questions, 1);
		end(&p);
	}
}

/* Everything may have gone before the verdict comes. */
static void test_verdict_about_what_is_gone(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct pair p = begin();
		struct knows *k = side ? &east_knows : &west_knows;

		(void)state;
		k->hold = true;
		pair_initiate(&p);
		sim_run(p.sim, 1000);
		assert_non_null(k->done);
		ike_terminate_conn(p.west->ike, p.wc);
		ike_terminate_conn(p.east->ike, p.ec);
		say(k);
		sim_run(p.sim, 300000);
		assert_int_equal(sim_states(p.west), 0);
		assert_int_equal(sim_states(p.east), 0);
		end(&p);
	}
}

/* --- bounds --------------------------------------------------------------------------------------- */

static struct ike_sa *an_ike(struct pair *p)
{
	struct ike_sa *ike = ike_sa_new(
		p->west->ike, p->wc, true, &p->wc->local.host, &p->wc->remote.host, 0);

	assert_non_null(ike);
	if (!ike->x)
		ike->x = ike_exchange_new(ike);
	assert_non_null(ike->x);
	return ike;
}

static void add(struct ike_rx *rx, unsigned type, unsigned encoding, size_t len)
{
	static uint8_t bodies[64][MS_MAX_CERT_OCTETS + 2];
	struct ike_payload *p = &rx->m.p[rx->m.n];

	bodies[rx->m.n][0] = (uint8_t)encoding;
	*p = (struct ike_payload){ (uint8_t)type, true, ms_bytes(bodies[rx->m.n], 1 + len) };
	rx->m.n++;
}

/* CVE-2026-35329: CERT payloads of other encodings, with anything or nothing in them, are left; and
 * of ours no more are kept than fit. */
static void test_cve_2026_35329_only_what_is_of_use(void **state)
{
	static const unsigned encodings[] = { 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255 };
	struct pair p = begin();
	struct ike_rx rx = { .e = p.west->ike, .ike = an_ike(&p) };

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		add(&rx, IKE_P_CERT, encodings[i], i);
		add(&rx, IKE_P_CERTREQ, encodings[i], 20);
	}
	ike_certs_take(&rx);
	assert_int_equal(rx.ike->x->n_certs, 0);
	assert_false(rx.ike->x->certreq);
	assert_int_equal(rx.ike->x->asked_octets, 0);
	rx.m.n = 0;
	add(&rx, IKE_P_CERT, 4, 0);
	add(&rx, IKE_P_CERT, 4, MS_MAX_CERT_OCTETS + 1);
	for (unsigned i = 0; i < 20; i++)
		add(&rx, IKE_P_CERT, 4, i + 1);
	/* no whole number of hashes, too many, and some */
	add(&rx, IKE_P_CERTREQ, 4, 19);
	add(&rx, IKE_P_CERTREQ, 4, 8000);
	add(&rx, IKE_P_CERTREQ, 4, 0);
	add(&rx, IKE_P_CERTREQ, 4, 4000);
	add(&rx, IKE_P_CERTREQ, 4, 4000);
	ike_certs_take(&rx);
	assert_int_equal(rx.ike->x->n_certs, MS_MAX_CERTS);
	for (unsigned i = 0; i < MS_MAX_CERTS; i++)
		assert_int_equal(rx.ike->x->certs[i].len, i + 1);
	assert_true(rx.ike->x->certreq);
	assert_int_equal(rx.ike->x->asked_octets, 4000);
	ike_gone(rx.ike, MS_ERR_CANCELLED, NULL);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates_travel),
		cmocka_unit_test(test_sendcert),
		cmocka_unit_test(test_asked_by_another_connection),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cve_2022_4967_another_key),
		cmocka_unit_test(test_late_verdict),
		cmocka_unit_test(test_verdict_about_what_is_gone),
		cmocka_unit_test(test_cve_2026_35329_only_what_is_of_use),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
