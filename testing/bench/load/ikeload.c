/* SPDX-License-Identifier: Apache-2.0 */
/* Command line, set-up and the report; load.h says what this program is. */
#include "load.h"

#include <modswan/registry.h>

#include "core/ikev2/ikev2.h"
#include "lib/log/sink.h"
#include "lib/plugin/loader.h"

#include <getopt.h>
#include <ltdl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum option_kind { O_TEXT, O_NUMBER, O_FLAG, O_HELP };

static const struct row {
	const char *name;
	enum option_kind kind;
	size_t offset;
	const char *help;
} rows[] = {
#define ROW(name, kind, field, help)                                   \
	{                                                              \
		name, kind, offsetof(struct load_options, field), help \
	}
	ROW("local", O_TEXT, local, "outer address of all played peers"),
	ROW("peer", O_TEXT, peer, "address of the responder"),
	ROW("peer-id", O_TEXT, peer_id, "identity of the responder (@responder)"),
	ROW("id-prefix", O_TEXT, id_prefix, "identities are this and a number (@l)"),
	ROW("psk", O_TEXT, psk, "pre-shared key of all"),
	ROW("key", O_TEXT, key, "file of a private key of all, instead of --psk"),
	ROW("peer-key", O_TEXT, peer_key, "public key of the responder (0s...)"),
	ROW("ca-cert", O_TEXT, ca_cert, "file of a CA: peers have certificates of it"),
	ROW("ca-key", O_TEXT, ca_key, "file of its private key"),
	ROW("ike", O_TEXT, ike, "proposal (aes_gcm128-sha2_256-x25519)"),
	ROW("esp", O_TEXT, esp, "proposal (aes_gcm128)"),
	ROW("net", O_TEXT, net, "inner addresses are this one plus the number (10.0.0.0)"),
	ROW("peer-net", O_TEXT, peer_net, "inner network of the responder (192.168.2.0/24)"),
	ROW("plugin-dir", O_TEXT, plugin_dir, "where crypto-openssl is"),
	ROW("first", O_NUMBER, first, "number of the first identity (1)"),
	ROW("count", O_NUMBER, count, "how many handshakes (100)"),
	ROW("window", O_NUMBER, window, "how many of them open at once (64)"),
	ROW("retransmit", O_NUMBER, retransmit_ms, "milliseconds until a request is sent again"),
	ROW("limit", O_NUMBER, limit_s, "seconds after which the rest has failed (60)"),
	ROW("verbose", O_FLAG, verbose, "log what the engine says"),
	ROW("help", O_HELP, local, "this text"),
#undef ROW
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static void help(FILE *f)
{
	fputs("usage: ikeload --local ADDR --peer ADDR --psk TEXT [OPTION...]\n"
	      "Makes IKEv2 handshakes as initiator and prints one JSON object.\n",
		f);
	for (unsigned i = 0; i < N_ROWS; i++)
		fprintf(f, "  --%-12s %s\n", rows[i].name, rows[i].help);
}

static bool set_option(struct load_options *o, const struct row *row)
{
	void *field = (char *)o + row->offset;
	char *end;

	switch (row->kind) {
	case O_TEXT:
		*(const char **)field = optarg;
		return true;
	case O_NUMBER:
		*(uint64_t *)field = strtoull(optarg, &end, 10);
		return *optarg != '\0' && *end == '\0';
	case O_FLAG:
		*(bool *)field = true;
		return true;
	case O_HELP:
		help(stdout);
		exit(0);
	}
	return false;
}

static bool parse(struct load_options *o, int argc, char **argv)
{
	struct option table[N_ROWS + 1] = { { NULL, 0, NULL, 0 } };
	int code;

	for (unsigned i = 0; i < N_ROWS; i++)
		table[i] =
			(struct option){ rows[i].name, rows[i].kind < O_FLAG, NULL, (int)i + 256 };
	while ((code = getopt_long(argc, argv, "", table, NULL)) != -1)
		if (code < 256 || !set_option(o, &rows[code - 256]))
			return false;
	return optind == argc && o->local != NULL && o->peer != NULL &&
	       (o->psk != NULL || (o->key != NULL && o->peer_key != NULL)) &&
	       (o->ca_cert == NULL || (o->ca_key != NULL && o->key != NULL)) &&
	       o->count > 0 && o->count <= 1000000 && o->window > 0;
}

/* --- set-up ----------------------------------------------------------------------------------- */

static void on_provider(void *arg, const struct ms_provider *p)
{
	ms_err *err = arg;

	if (p->role == MS_ROLE_CRYPTO)
		*err = ms_crypto_register(p->ops, p->name);
}

static ms_err load_crypto(struct load *l, struct ms_plugins **out, struct ms_why *why)
{
	static const struct ms_logger log = { .source = MS_SOURCE_PLUGIN };
	static const char *const names[] = { "crypto-openssl", NULL };
	struct ms_services services = {
		.loop = l->loop, .log = &log, .confdir = MS_CONFDIR, .rundir = MS_RUNDIR
	};
	ms_err registered = MS_ERR_NO_ALGORITHM, err;

	*out = ms_plugins_new(&services);
	if (*out == NULL)
		return MS_ERR_NOMEM;
	ms_plugins_on_provider(*out, on_provider, &registered);
	ms_plugins_find_preopened(*out, (const struct ms_preopened *)lt_preloaded_symbols);
	err = ms_plugins_find(*out, l->o->plugin_dir, why);
	if (err == MS_OK)
		err = ms_plugins_load(*out, names, why);
	return err == MS_OK ? registered : err;
}

static ms_err addresses(struct load *l, struct ms_why *why)
{
	const struct load_options *o = l->o;
	ms_err err = ms_addr_parse(&l->local, o->local, strlen(o->local), 0, MS_TEXT_NUMERIC, why);

	if (err == MS_OK)
		err = ms_addr_parse(&l->peer, o->peer, strlen(o->peer), 0, MS_TEXT_NUMERIC, why);
	if (err == MS_OK)
		err = ms_addr_parse(&l->net, o->net, strlen(o->net), AF_INET, MS_TEXT_NUMERIC, why);
	return err;
}

/* The private key, and its public half as connections want it. */
static ms_err read_key(struct load *l, struct ms_why *why)
{
	const struct ms_sign_ops *sign = ms_sign();
	uint8_t octets[8192], spki[4096];
	struct ms_pubkey *pub = NULL;
	FILE *f = fopen(l->o->key, "rb");
	size_t n = f != NULL ? fread(octets, 1, sizeof octets, f) : 0;
	ms_err err;

	if (f != NULL)
		fclose(f);
	if (n == 0 || sign == NULL)
		return ms_fail(why, MS_ERR_BAD_KEY, "%s: no key", l->o->key);
	err = sign->privkey_from_file_octets(
		&l->key, ms_bytes(octets, n), ms_bytes(NULL, 0), why);
	if (err == MS_OK)
		err = sign->pubkey_of(&pub, l->key);
	if (err != MS_OK)
		return err;
	n = sign->pubkey_to_spki(pub, spki, sizeof spki);
	sign->pubkey_free(&pub);
	l->own_key = calloc(2, n + 16);
	if (l->own_key == NULL || n > sizeof spki)
		return MS_ERR_NOMEM;
	ms_data_text(spki, n, 's', l->own_key, 2 * (n + 16));
	err = ms_data_parse(spki, sizeof spki, &n, l->o->peer_key, strlen(l->o->peer_key), 0, why);
	if (err == MS_OK)
		err = sign->pubkey_from_spki(&l->peer_pub, ms_bytes(spki, n), why);
	return err;
}

static ms_err set_up(struct load *l, struct ms_plugins **plugins, struct ms_why *why)
{
	static const struct ike_params params = { .v2 = &ikev2 };
	uint64_t seed[2];
	ms_err err;

	l->loop = ms_loop_new(1);
	if (l->loop == NULL)
		return MS_ERR_NOMEM;
	err = load_crypto(l, plugins, why);
	if (err == MS_OK)
		err = addresses(l, why);
	if (err == MS_OK && l->o->key != NULL)
		err = read_key(l, why);
	if (err == MS_OK && l->o->ca_cert != NULL)
		err = certs_open(l, why);
	if (err == MS_OK)
		err = ms_random(seed, sizeof seed);
	if (err == MS_OK)
		err = ms_random(&l->spi, sizeof l->spi);
	if (err != MS_OK)
		return err;
	/* Room enough below 2^32 and above the reserved ones for all that are counted up. */
	l->spi = 0x10000000u | (l->spi >> 2);
	l->host = (struct host){ &load_host_ops, l, NULL };
	l->timer = ms_timer_new(l->loop, load_timer, l);
	l->conns = conn_table_new(seed);
	if (l->timer == NULL || l->conns == NULL)
		return MS_ERR_NOMEM;
	l->ike = ike_engine_new(&l->host, l->conns, &params);
	if (l->ike == NULL)
		return MS_ERR_NOMEM;
	err = sockets_open(l, why);
	return err == MS_OK ? load_connections(l, why) : err;
}

static void tear_down(struct load *l, struct ms_plugins **plugins)
{
	sockets_close(&l->sockets);
	if (l->ike != NULL)
		ike_engine_free(&l->ike);
	conn_table_free(&l->conns);
	ms_timer_free(&l->timer);
	certs_close(l);
	free(l->attempts);
	free(l->own_key);
	if (l->peer_pub != NULL)
		ms_sign()->pubkey_free(&l->peer_pub);
	if (l->key != NULL)
		ms_sign()->privkey_free(&l->key);
	if (*plugins != NULL) {
		ms_crypto_unregister("openssl");
		ms_plugins_free(plugins);
	}
	if (l->loop != NULL)
		ms_loop_free(&l->loop);
}

/* --- report ------------------------------------------------------------------------------------
 */

static int by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* p50 and p99 of those that came up. */
static void percentiles(const struct load *l, uint32_t *p50, uint32_t *p99)
{
	uint32_t *list = calloc(l->up + 1, sizeof *list);
	uint64_t n = 0;

	*p50 = *p99 = 0;
	if (list == NULL || l->up == 0) {
		free(list);
		return;
	}
	for (uint64_t i = 0; i < l->o->count; i++)
		if (l->attempts[i].state == ATTEMPT_UP)
			list[n++] = l->attempts[i].latency_us;
	qsort(list, n, sizeof *list, by_size);
	*p50 = list[n / 2];
	*p99 = list[n * 99 / 100];
	free(list);
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void print_report(const struct load *l, double cpu)
{
	uint32_t p50, p99;

	percentiles(l, &p50, &p99);
	printf("{\"handshakes\": %llu, \"completed\": %llu, \"failed\": %llu, \"seconds\": %.6f, "
	       "\"retransmissions\": %llu, \"ike_established\": %llu, \"child_established\": %llu, "
	       "\"latency_p50_us\": %u, \"latency_p99_us\": %u, \"cpu_seconds\": %.6f}\n",
		(unsigned long long)l->o->count, (unsigned long long)l->up,
		(unsigned long long)l->failed, (double)(l->ended_ns - l->began_ns) / 1e9,
		(unsigned long long)ike_counter(l->ike, IKE_C_RETRANSMITTED),
		(unsigned long long)ike_counter(l->ike, IKE_C_IKE_ESTABLISHED),
		(unsigned long long)ike_counter(l->ike, IKE_C_CHILD_ESTABLISHED), p50, p99, cpu);
}

int main(int argc, char **argv)
{
	struct load_options o = { .id_prefix = "@l",
		.peer_id = "@responder",
		.ike = "aes_gcm128-sha2_256-x25519",
		.esp = "aes_gcm128",
		.net = "10.0.0.0",
		.peer_net = "192.168.2.0/24",
		.plugin_dir = MS_PLUGINDIR,
		.first = 1,
		.count = 100,
		.window = 64,
		.limit_s = 60 };
	struct load l = { .o = &o };
	struct ms_plugins *plugins = NULL;
	struct ms_why why = { "" };
	double cpu;
	ms_err err;

	if (!parse(&o, argc, argv)) {
		help(stderr);
		return 2;
	}
	ms_log_open("ikeload");
	ms_log_to_stderr(o.verbose ? MS_LOG_DEBUG : MS_LOG_ERROR, MS_LOG_PLAIN, false);
	if (o.verbose)
		ms_log_debug_sources(1u << MS_SOURCE_IKE | 1u << MS_SOURCE_CHILD);
	err = set_up(&l, &plugins, &why);
	if (err != MS_OK) {
		fprintf(stderr, "ikeload: %s\n", ms_why_text(&why, err));
	} else {
		cpu = cpu_seconds();
		load_run(&l);
		print_report(&l, cpu_seconds() - cpu);
	}
	tear_down(&l, &plugins);
	ms_log_close();
	return err != MS_OK ? 2 : l.failed > 0;
}
