/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one packet costs in each provider of the role crypto: seal and open for ciphers, mac for
 * integrity, in batches as klips makes them; and what a responder does in a key exchange.  Time is
 * this thread's CPU time; of several rounds the fastest counts, since nothing makes a processor
 * faster than it is.
 */
#include "bench.h"

#include "lib/plugin/loader.h"

#include <modswan/crypto.h>

#include <ltdl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BATCH = 64, ROOM = 2048, ROUNDS = 5, MAX_LIST = 8, ESP_AAD = 8 };

struct options {
	const char *plugin_dir, *only;
	unsigned octets[MAX_LIST], n_octets, batch[MAX_LIST], n_batch, ms;
	bool json;
};

struct packets {
	uint8_t iv[MAX_BATCH][16], aad[MAX_BATCH][ESP_AAD], data[MAX_BATCH][ROOM],
		icv[MAX_BATCH][MS_MAX_ICV_OCTETS];
	struct ms_encr_job encr[MAX_BATCH];
	struct ms_integ_job integ[MAX_BATCH];
};

static struct packets p;

static void fill(unsigned octets, unsigned aad)
{
	unsigned i;

	for (i = 0; i < MAX_BATCH; i++) {
		p.iv[i][7] = (uint8_t)i;
		p.encr[i] = (struct ms_encr_job){ .iv = p.iv[i], .aad = p.aad[i], .aad_len = aad,
			.data = p.data[i], .data_len = octets, .icv = p.icv[i] };
		p.integ[i] = (struct ms_integ_job){
			.data = p.data[i], .data_len = octets, .icv = p.icv[i] };
	}
}

struct task {
	void *ctx;
	const struct ms_encr_alg *encr;
	const struct ms_integ_alg *integ;
	bool open;
};

static void once(const struct task *t, unsigned batch)
{
	if (t->integ != NULL)
		t->integ->mac(t->ctx, p.integ, batch);
	else if (t->open)
		t->encr->open(t->ctx, p.encr, batch);
	else
		t->encr->seal(t->ctx, p.encr, batch);
}

/* Nanoseconds a packet, the best round. */
static double measure(const struct task *t, unsigned batch, unsigned ms)
{
	uint64_t times = 0, from, until = now_ns() + UINT64_C(1000000) * ms / ROUNDS;
	double best = 0;
	unsigned round;

	while (times < 3 || now_ns() < until) { /* warms up, and finds out how often */
		once(t, batch);
		times++;
	}
	for (round = 0; round < ROUNDS; round++) {
		uint64_t i;
		double took;

		from = cpu_ns();
		for (i = 0; i < times; i++)
			once(t, batch);
		took = (double)(cpu_ns() - from) / (double)times / batch;
		if (round == 0 || took < best)
			best = took;
	}
	return best;
}

static void print(const struct options *o, const char *provider, const char *name, unsigned bits,
	const char *what, unsigned octets, unsigned batch, double ns)
{
	char full[48];

	snprintf(full, sizeof full, bits == 0 ? "%s" : "%s_%u", name, bits);
	if (o->json)
		printf("{\"bench\": \"crypto\", \"provider\": \"%s\", \"algorithm\": \"%s\", "
		       "\"what\": \"%s\", \"octets\": %u, \"batch\": %u, \"ns\": %.1f, "
		       "\"gbit_s\": %.2f}\n",
			provider, full, what, octets, batch, ns, octets * 8 / ns);
	else
		printf("%-24s %-8s %-5s %6u %6u %10.1f %10.2f\n", full, provider, what, octets,
			batch, ns, octets * 8 / ns);
	fflush(stdout);
}

static void each_size(const struct options *o, const char *provider, const struct task *t,
	const char *what)
{
	unsigned i, k, block = t->encr == NULL ? 1 : t->encr->block_octets;
	unsigned bits = t->encr == NULL ? 0 : t->encr->key_octets * 8u;

	for (i = 0; i < o->n_octets; i++) {
		unsigned octets = (o->octets[i] + block - 1) / block * block;

		fill(octets, t->encr != NULL && t->encr->icv_octets != 0 ? ESP_AAD : 0);
		for (k = 0; k < o->n_batch; k++)
			print(o, provider, t->encr != NULL ? t->encr->name : t->integ->name, bits,
				what, octets, o->batch[k], measure(t, o->batch[k], o->ms));
	}
}

static bool wanted(const struct options *o, const char *name)
{
	return o->only == NULL || strstr(name, o->only) != NULL;
}

static void each_alg(const struct options *o, const char *provider, const struct ms_crypto_ops *ops)
{
	static const uint8_t key[MS_MAX_KEY_OCTETS] = { 1, 2, 3 };
	unsigned i;

	for (i = 0; ops->encr != NULL && ops->encr[i] != NULL; i++) {
		struct task t = { .encr = ops->encr[i] };

		if (!wanted(o, t.encr->name) || t.encr->ctx_new(t.encr, &t.ctx, key) != MS_OK)
			continue;
		each_size(o, provider, &t, "seal");
		t.open = true; /* of what is no longer right: costs the same, or more by the wiping */
		if (t.encr->icv_octets == 0)
			each_size(o, provider, &t, "open");
		t.encr->ctx_free(&t.ctx);
	}
	for (i = 0; ops->integ != NULL && ops->integ[i] != NULL; i++) {
		struct task t = { .integ = ops->integ[i] };

		if (!wanted(o, t.integ->name) || t.integ->ctx_new(t.integ, &t.ctx, key) != MS_OK)
			continue;
		each_size(o, provider, &t, "mac");
		t.integ->ctx_free(&t.ctx);
	}
}

/* Nanoseconds of CPU time for a responder's part, the best round. */
static double measure_ke(const struct ms_ke_alg *alg, struct ms_bytes peer, unsigned ms)
{
	static uint8_t pub[MS_MAX_KE_OCTETS], shared[MS_MAX_KE_OCTETS];
	double best = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t from = cpu_ns(), until = from + UINT64_C(1000000) * ms / ROUNDS, now;
		uint64_t times = 0;
		double took;

		do {
			if (alg->respond(alg, peer, pub, shared) != MS_OK)
				return 0;
			times++;
			now = cpu_ns();
		} while (now < until);
		took = (double)(now - from) / (double)times;
		if (round == 0 || took < best)
			best = took;
	}
	return best;
}

static void each_ke(const struct options *o, const char *provider, const struct ms_crypto_ops *ops)
{
	static uint8_t peer[MS_MAX_KE_OCTETS];

	for (unsigned i = 0; ops->ke != NULL && ops->ke[i] != NULL; i++) {
		const struct ms_ke_alg *alg = ops->ke[i];
		void *priv = NULL;
		double ns;

		if (!wanted(o, alg->name) || alg->start(alg, &priv, peer) != MS_OK)
			continue;
		ns = measure_ke(alg, ms_bytes(peer, alg->init_octets), o->ms);
		print(o, provider, alg->name, 0, "ke", alg->init_octets, 1, ns);
		alg->priv_free(&priv);
	}
}

static void on_provider(void *arg, const struct ms_provider *provider)
{
	if (provider->role != MS_ROLE_CRYPTO)
		return;
	each_alg(arg, provider->name, provider->ops);
	each_ke(arg, provider->name, provider->ops);
}

static bool numbers(const char *text, unsigned *out, unsigned *n, unsigned max)
{
	char *end;

	for (*n = 0; *n < MAX_LIST; text = end + 1) {
		unsigned long v = strtoul(text, &end, 10);

		if (end == text || v == 0 || v > max)
			return false;
		out[(*n)++] = (unsigned)v;
		if (*end == '\0')
			return true;
	}
	return false;
}

static const char usage[] =
	"usage: cryptobench --plugin-dir DIR [--octets N,N...] [--batch N,N...] [--ms N]\n"
	"                   [--only WORD] [--json]\n";

static bool parse(struct options *o, char **argv)
{
	unsigned n;

	for (argv++; *argv != NULL; argv++) {
		const char *value = argv[1];

		if (strcmp(*argv, "--json") == 0) {
			o->json = true;
			continue;
		}
		if (value == NULL)
			return false;
		if (strcmp(*argv, "--plugin-dir") == 0)
			o->plugin_dir = value;
		else if (strcmp(*argv, "--only") == 0)
			o->only = value;
		else if (strcmp(*argv, "--octets") == 0 && numbers(value, o->octets, &o->n_octets, ROOM))
			;
		else if (strcmp(*argv, "--batch") == 0 && numbers(value, o->batch, &o->n_batch, MAX_BATCH))
			;
		else if (strcmp(*argv, "--ms") != 0 || !numbers(value, &o->ms, &n, 60000))
			return false;
		argv++;
	}
	return o->plugin_dir != NULL;
}

int main(int argc, char **argv)
{
	static const struct ms_logger log = { .source = MS_SOURCE_PLUGIN };
	struct options o = { .octets = { 64, 1420 }, .n_octets = 2, .batch = { 1, 32 }, .n_batch = 2,
		.ms = 100 };
	struct ms_services services = { .log = &log, .confdir = MS_CONFDIR, .rundir = MS_RUNDIR };
	static const char *const names[] = { "crypto-openssl", "crypto-ipsecmb", "crypto-gmp", NULL };
	struct ms_why why = { "" };
	struct ms_plugins *set;

	(void)argc;
	if (!parse(&o, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	set = ms_plugins_new(&services);
	if (set == NULL)
		return 1;
	ms_plugins_on_provider(set, on_provider, &o);
	ms_plugins_find_preopened(set, (const struct ms_preopened *)lt_preloaded_symbols);
	if (!o.json)
		printf("%-24s %-8s %-5s %6s %6s %10s %10s\n", "algorithm", "provider", "what",
			"octets", "batch", "ns/packet", "Gbit/s");
	if (ms_plugins_find(set, o.plugin_dir, &why) != MS_OK
		|| ms_plugins_load(set, names, &why) != MS_OK)
		fprintf(stderr, "cryptobench: %s\n", why.text); /* one of them may not be built */
	ms_plugins_free(&set);
	return 0;
}
