/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One counter for each reason: what happens to a packet is counted there and nowhere else.  Here are
 * the reasons that other tests do not come to by themselves; a last test looks that none is left out.
 */
#include "klips/encap.h"
#include "klips/group.h"
#include "klips/io.h"
#include "klips/ip.h"
#include "klips/xform.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SPI = 0x1000, SIZE = 100, NOTES = 1024 };

static struct rig rig;
static int wire; /* where what is sent comes out */
static uint8_t plain[65536];
static uint64_t before[KC_COUNT];
static bool seen[KC_COUNT];

static const struct rig_spec tunnel = { .encr = 20, .key_bits = 128, .outer = AF_INET, .tunnel = true,
	.window = 64 };
static const struct rig_spec transport = { .encr = 20, .key_bits = 128, .outer = AF_INET, .window = 64 };

static int setup(void **state)
{
	int pair[2];

	(void)state;
	rig_new(&rig);
	/* these do not look at addresses */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	rig.d->pass4 = rig.d->pass6 = pair[0];
	rig.k.icmp4_fd = rig.k.icmp6_fd = pair[0];
	wire = pair[1];
	memset(before, 0, sizeof before);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(rig.k.icmp4_fd);
	rig.d->pass4 = rig.d->pass6 = -1;
	close(wire);
	rig_free(&rig);
	return 0;
}

/* Since the last time: `why` grew by n, and besides only `also` did. */
static void counted_too(enum klips_counter why, uint64_t n, enum klips_counter also)
{
	unsigned i;

	for (i = 0; i < KC_COUNT; i++) {
		uint64_t grew = rig.w->counters.n[i] - before[i];

		if (grew != (i == why ? n : 0) && i != also)
			fail_msg("%s grew by %u", counter_name(i), (unsigned)grew);
		before[i] = rig.w->counters.n[i];
	}
	seen[why] = seen[also] = true;
}

static void counted(enum klips_counter why, uint64_t n)
{
	counted_too(why, n, why);
}

static void put(enum ms_shunt shunt, struct klips_sa *sa)
{
	struct flow key = { .family = AF_INET };
	struct flow_mask mask = { .family = AF_INET };
	struct eroute *er = eroute_new(&key, &mask);

	assert_non_null(er);
	er->shunt = shunt;
	if (sa != NULL) {
		er->said = sa->said;
		eroute_cache_sa(er, sa);
	}
	assert_int_equal(eroute_put(rig.k.eroutes, er, true), MS_OK);
}

static void send_plain(uint32_t size)
{
	rig_packet(&rig, 0, plain, size);
	outbound(rig.w, rig.d, 1);
}

static void send_one(void)
{
	send_plain(rig_make(plain, AF_INET, SIZE, 0));
}

static void fix(uint8_t *ip, unsigned header)
{
	uint16_t sum;

	ip[10] = ip[11] = 0;
	sum = ip_checksum(ip, header, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* --- out: before an SA ------------------------------------------------------------------------ */

static void test_shunts(void **state)
{
	unsigned i;

	(void)state;
	memset(plain, 0x11, 10);
	send_plain(10);
	counted(KC_OUT_MALFORMED, 1);
	send_one();
	counted(KC_OUT_NO_EROUTE, 1);
	put(MS_SHUNT_DROP, NULL);
	send_one();
	counted(KC_OUT_DROP, 1);
	put(MS_SHUNT_PASS, NULL);
	send_one();
	counted(KC_OUT_PASS, 1);
	put(MS_SHUNT_TRAP, NULL);
	send_one();
	counted(KC_OUT_TRAP, 1);
	rig_notes(&rig);
	put(MS_SHUNT_HOLD, NULL);
	send_one();
	counted(KC_OUT_HOLD, 1);
	for (i = 1; i < NOTES + 5; i++)
		send_one();
	counted_too(KC_OUT_HOLD, NOTES + 4, KC_NOTE_LOST);
	assert_int_equal(rig.w->counters.n[KC_NOTE_LOST], 5);
}

static void test_told(void **state)
{
	unsigned i;

	(void)state;
	put(MS_SHUNT_REJECT, NULL);
	send_one();
	counted_too(KC_OUT_REJECT, 1, KC_ICMP_SENT);
	assert_int_equal(rig.w->counters.n[KC_ICMP_SENT], 1);
	rig_make(plain, AF_INET, SIZE, 0);
	plain[8] = 0;
	fix(plain, 20);
	send_plain(SIZE);
	counted_too(KC_OUT_TTL, 1, KC_ICMP_SENT);
	assert_int_equal(rig.w->counters.n[KC_ICMP_SENT], 2);
	/* no more than so many */
	for (i = 0; i < 500; i++) {
		send_one();
		while (read(wire, plain, sizeof plain) > 0)
			continue;
	}
	assert_true(rig.w->counters.n[KC_ICMP_LIMITED] >= 300);
	assert_int_equal(rig.w->counters.n[KC_ICMP_LIMITED] + rig.w->counters.n[KC_ICMP_SENT], 502);
	before[KC_ICMP_LIMITED] = rig.w->counters.n[KC_ICMP_LIMITED];
	seen[KC_ICMP_LIMITED] = true;
	counted_too(KC_OUT_REJECT, 500, KC_ICMP_SENT);
}

static void test_sockets(void **state)
{
	int fd = rig.d->pass4;

	(void)state;
	put(MS_SHUNT_PASS, NULL);
	rig.d->pass4 = -1;
	send_one();
	counted(KC_OUT_NO_SOCKET, 1);
	rig.d->pass4 = fd;
	shutdown(fd, SHUT_RDWR);
	send_one();
	counted(KC_OUT_SEND, 1);
}

static void test_ike(void **state)
{
	struct ms_addr src = group_addr(AF_INET, 1), dst = group_addr(AF_INET, 2);

	(void)state;
	put(MS_SHUNT_DROP, NULL);
	memset(plain, 0, SIZE);
	ip_write(plain, &src, &dst, IPPROTO_UDP, 0, 64, SIZE);
	plain[20] = 500 >> 8;
	plain[21] = 500 & 0xff;
	send_plain(SIZE);
	counted(KC_OUT_IKE, 1);
}

/* --- out: at an SA ---------------------------------------------------------------------------- */

static void no_seal(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	(void)ctx;
	for (; n > 0; n--)
		jobs[n - 1].ok = false;
}

static void test_sa_out(void **state)
{
	struct ms_encr_alg broken;
	struct rig_pair p;

	(void)state;
	assert_true(rig_pair(&rig, &tunnel, SPI, &p));
	put(MS_SHUNT_NONE, p.out->inner);
	p.out->state = MS_PFKEY_DEAD;
	send_one();
	counted(KC_OUT_SA_STATE, 1);
	p.out->state = MS_PFKEY_MATURE;
	p.out->inner->src = group_addr(AF_INET6, 1);
	send_one();
	counted(KC_OUT_FAMILY, 1);
	p.out->inner->src = group_addr(AF_INET, 1);
	send_plain(rig_make(plain, AF_INET, 65530, 0));
	counted(KC_OUT_LENGTH, 1);
	broken = *p.out->encr;
	broken.seal = no_seal;
	p.out->encr = &broken;
	send_one();
	counted(KC_OUT_CRYPTO, 1);
	/* no socket for ESP in this rig */
	p.out->encr = p.in->encr;
	send_one();
	counted(KC_OUT_NO_SOCKET, 1);
	p.out->seq = UINT32_MAX;
	send_one();
	counted(KC_OUT_SEQUENCE_END, 1);
	send_one(); /* it is over then */
	counted(KC_OUT_SA_STATE, 1);
	eroute_clear(rig.k.eroutes);
	rig_pair_remove(&rig, &p);
	put(MS_SHUNT_NONE, NULL);
	send_one();
	counted(KC_OUT_NO_SA, 1);
}

static void test_fragment_out(void **state)
{
	struct rig_pair p;

	(void)state;
	assert_true(rig_pair(&rig, &transport, SPI, &p));
	put(MS_SHUNT_NONE, p.out);
	rig_make(plain, AF_INET, SIZE, 0);
	plain[7] = 5; /* an offset */
	fix(plain, 20);
	send_plain(SIZE);
	counted(KC_OUT_FRAGMENT, 1);
	eroute_clear(rig.k.eroutes);
	rig_pair_remove(&rig, &p);
}

/* An option of no octets. */
static void bad_option(uint8_t *ip)
{
	ip[0] = 0x46;
	ip[20] = 7;
	ip[21] = 0;
	fix(ip, 24);
}

static void test_options(void **state)
{
	static const struct group_member ah = { MS_PROTO_AH, AF_INET, 0, 0, 0, MS_INTEG_HMAC_SHA1_96, false };
	struct group g;
	struct pkt *p;

	(void)state;
	assert_int_equal(group_new(&rig, &g, &ah, 1, SPI), MS_OK);
	rig_make(plain, AF_INET, SIZE, 0);
	ip_write(plain, &g.out[0]->src, &g.out[0]->said.dst, IPPROTO_UDP, 0, 64, SIZE);
	p = group_protect(&rig, &g, plain, SIZE, 0, 1);
	assert_false(p->dead);
	rig_arrive(&rig, p, 0);
	memset(plain, 0, 24);
	memcpy(plain, p->ip, 20);
	bad_option(plain);
	p->ip_octets = 24;
	/* what stands before the header is the header that it had */
	memcpy(p->data - 24, plain, 24);
	p->ip = p->data - 24;
	inbound(rig.w, 1);
	counted(KC_IN_OPTIONS, 1);
	rig_make(plain, AF_INET, SIZE, 0);
	bad_option(plain);
	put(MS_SHUNT_NONE, g.out[0]);
	send_plain(SIZE);
	counted(KC_OUT_OPTIONS, 1);
	eroute_clear(rig.k.eroutes);
	group_free(&rig, &g);
}

/* --- in --------------------------------------------------------------------------------------- */

/* A packet of the SA, as it comes in. */
static struct pkt *arrived(struct rig_pair *p)
{
	rig_packet(&rig, 0, plain, rig_make(plain, AF_INET, SIZE, 0));
	rig_protect(&rig, p, 1);
	rig_arrive(&rig, rig.w->batch[0], 0);
	return rig.w->batch[0];
}

static void test_sa_in(void **state)
{
	struct rig_pair p;
	uint8_t got[2048];
	struct pkt *k;
	int fd;

	(void)state;
	assert_true(rig_pair(&rig, &tunnel, SPI, &p));
	arrived(&p);
	inbound(rig.w, 1);
	counted(KC_IN_DELIVERED, 1);
	assert_int_equal(rig_delivered(&rig, got, sizeof got), SIZE);
	k = arrived(&p);
	k->len = 3;
	inbound(rig.w, 1);
	counted(KC_IN_RUNT, 1);
	k = arrived(&p);
	k->len = 4 + 4 + 8 + 7; /* ESP without room for its trailer */
	inbound(rig.w, 1);
	counted(KC_IN_RUNT, 1);
	assert_int_equal(p.in->size_errors, 1);
	k = arrived(&p);
	k->data[k->len - 1] ^= 1;
	inbound(rig.w, 1);
	counted(KC_IN_AUTH, 1);
	k = arrived(&p);
	k->data[3] ^= 1;
	inbound(rig.w, 1);
	counted(KC_IN_NO_SA, 1);
	k = arrived(&p);
	k->peer.addr = group_addr(AF_INET, 9);
	inbound(rig.w, 1);
	counted_too(KC_IN_ROAMED, 1, KC_IN_DELIVERED);
	p.in->seq = 0;
	p.out->seq = 0;
	arrived(&p);
	inbound(rig.w, 1);
	counted(KC_IN_REPLAY, 1);
	p.out->seq = 100;
	fd = rig.d->queues[0].tun.fd;
	rig.d->queues[0].tun.fd = -1;
	arrived(&p);
	inbound(rig.w, 1);
	rig.d->queues[0].tun.fd = fd;
	counted(KC_IN_WRITE, 1);
	p.in->state = MS_PFKEY_DEAD;
	arrived(&p);
	inbound(rig.w, 1);
	counted(KC_IN_SA_STATE, 1);
	p.in->state = MS_PFKEY_MATURE;
	rig_pair_remove(&rig, &p);
}

/* Inside of a tunnel an ESP packet must be whole. */
static void test_fragment_in(void **state)
{
	static const struct group_member members[] = { { MS_PROTO_TUN, AF_INET, 2, 0, 0, 0, false },
		{ MS_PROTO_ESP, AF_INET, 2, 20, 128, 0, false }, { MS_PROTO_TUN, AF_INET, 0, 0, 0, 0, false },
		{ MS_PROTO_ESP, AF_INET, 0, 20, 128, 0, false } };
	static uint8_t half[2048];
	struct group g;
	struct pkt *p;
	uint32_t len;

	(void)state;
	assert_int_equal(group_new(&rig, &g, members, 4, SPI), MS_OK);
	p = group_protect(&rig, &g, plain, rig_make(plain, AF_INET, SIZE, 0), 0, 2);
	len = p->len;
	memcpy(half, p->data, len);
	half[6] |= 0x20; /* more come */
	fix(half, 20);
	p = group_protect(&rig, &g, half, len, 2, 4);
	rig_arrive(&rig, p, 0);
	inbound(rig.w, 1);
	counted(KC_IN_FRAGMENT, 1);
	group_free(&rig, &g);
}

static void test_udp(void **state)
{
	static const uint8_t alive = 0xff, ike[40], runt[6] = { 1 }, nobodys[20] = { 9, 9, 9, 9 };
	static const struct {
		const uint8_t *octets;
		size_t n;
		enum klips_counter why, also;
	} rows[] = {
		{ &alive, 1, KC_UDP_KEEPALIVE, KC_UDP_KEEPALIVE },
		{ ike, sizeof ike, KC_UDP_IKE, KC_UDP_IKE },
		{ runt, sizeof runt, KC_UDP_RUNT, KC_UDP_RUNT },
		{ nobodys, sizeof nobodys, KC_IN_NO_SA, KC_IN_READ },
	};
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct encap *e = calloc(1, sizeof *e + sizeof e->sources[0]);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1;
	int from = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof a;
	unsigned i;

	(void)state;
	assert_non_null(e);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	assert_int_equal(connect(from, (struct sockaddr *)&a, sizeof a), 0);
	e->n = 1;
	e->sources[0] = (struct klips_source){ .ready = udp_ready, .fd = fd, .owner = e };
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(send(from, rows[i].octets, rows[i].n, 0), (ssize_t)rows[i].n);
		udp_ready(rig.w, &e->sources[0]);
		counted_too(rows[i].why, 1, rows[i].also);
	}
	close(fd);
	close(from);
	free(e);
}

/* --- all -------------------------------------------------------------------------------------- */

/* Those that other tests come to: esp_test, xform_test, header_test, pmtu_test, bare_test, firsts_test,
 * offload_test, queue_age_test, and the scenarios. */
static const enum klips_counter elsewhere[] = { KC_OUT_READ, KC_OUT_SUPER, KC_OUT_SENT, KC_OUT_TOO_BIG,
	KC_OUT_COMPRESSED, KC_OUT_COMP_SHORT, KC_OUT_COMP_GREW, KC_OUT_COMP_REST, KC_IN_SUPER, KC_IN_PADDING,
	KC_IN_INNER, KC_IN_POLICY, KC_IN_DUMMY, KC_IN_ECN, KC_IN_NESTED, KC_IN_INCOMPLETE, KC_IN_AH_HEADER,
	KC_IN_COMP_HEADER, KC_IN_COMP_DATA, KC_IN_COMP_BOMB, KC_IN_COMPRESSED, KC_QUEUE_SHORTER,
	KC_PMTU_LEARNED, KC_PMTU_REFUSED, KC_OUT_CUT, KC_FRAGMENT_WAIT, KC_FRAGMENT_LOST, KC_OUT_ICMP_QUOTE,
	KC_TCP_MSS, KC_RESET_SENT };

static void test_none_left_out(void **state)
{
	unsigned i, k;

	(void)state;
	for (i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
		seen[elsewhere[i]] = true;
	for (i = 0; i < KC_COUNT; i++) {
		if (!seen[i])
			fail_msg("nothing comes to %s", counter_name(i));
		/* a name and a meaning of its own */
		assert_true(strlen(counter_text(i)) > 10);
		for (k = 0; k < i; k++) {
			assert_string_not_equal(counter_name(i), counter_name(k));
			if (strcmp(counter_text(i), counter_text(k)) == 0)
				assert_true(i == KC_IN_SA_STATE && k == KC_OUT_SA_STATE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shunts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sockets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ike, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sa_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fragment_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_options, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sa_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fragment_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_udp, setup, teardown),
		cmocka_unit_test(test_none_left_out),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
