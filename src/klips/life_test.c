/* SPDX-License-Identifier: Apache-2.0 */
/* Lifetimes: soft and hard, by packets, octets, age and use, and what a key manager hears of them. */
#include "klips/hold.h"
#include "klips/life.h"
#include "klips/note.h"
#include "klips/pfkey_server.h"
#include "klips/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/loop/loop.h"

enum { SPI = 0x4000, PACKET = 100 };
enum kind { PACKETS, OCTETS, ADD, USE, KINDS };

static struct rig rig;
static int manager; /* the key manager's end */
static uint8_t plain[PACKET];

static void on_note(struct klips *k, struct note *n)
{
	if (n->kind == NOTE_EXPIRE)
		life_expire(k, &n->said, n->hard);
}

static void settle(void)
{
	unsigned i;

	for (i = 0; i < 5; i++)
		rig_notes(&rig);
}

/* The next EXPIRE; 's' soft, 'h' hard, 0: none. */
static char heard(uint32_t *spi_r)
{
	static uint8_t buf[MS_PFKEY_MAX_OCTETS];
	struct ms_pfkey_msg m;
	ssize_t n;

	settle();
	while ((n = recv(manager, buf, sizeof buf, MSG_DONTWAIT)) > 0) {
		assert_int_equal(ms_pfkey_parse(&m, buf, (size_t)n, MS_PFKEY_UP, NULL), MS_OK);
		if (m.type != MS_PFKEY_EXPIRE)
			continue;
		*spi_r = m.sa.spi;
		assert_int_equal((m.has & MS_PFKEY_BIT(LIFETIME_CURRENT)) != 0, 1);
		return (m.has & MS_PFKEY_BIT(LIFETIME_HARD)) != 0 ? 'h' : 's';
	}
	return 0;
}

static int setup(void **state)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_REGISTER, .satype = MS_PFKEY_SATYPE_ESP, .pid = 7 };
	uint8_t buf[256];
	uint32_t spi;
	int pair[2];
	size_t len;

	(void)state;
	rig_new(&rig);
	rig.on_note = on_note;
	rig.k.holds = hold_table_new(&rig.k);
	assert_int_equal(pfkey_server_new(&rig.k.pfkey, &rig.k, NULL, NULL), MS_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	pfkey_server_take(rig.k.pfkey, pair[0], 7);
	manager = pair[1];
	assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_DOWN, buf, sizeof buf, &len, NULL), MS_OK);
	assert_int_equal(send(manager, buf, len, 0), (ssize_t)len);
	assert_int_equal(heard(&spi), 0);
	/* the wheel begins to turn */
	sadb_tick(rig.k.sadb, rig.k.now_s, life_due, &rig.k);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pfkey_server_free(&rig.k.pfkey);
	close(manager);
	hold_table_free(&rig.k.holds);
	rig_free(&rig);
	return 0;
}

static void set_limit(struct sa_limits *l, enum kind kind, uint64_t value)
{
	uint64_t *field[KINDS] = { &l->packets, &l->octets, &l->add_s, &l->use_s };

	*field[kind] = value;
}

static void seconds(unsigned n)
{
	for (; n > 0; n--) {
		rig.k.now_s++;
		sadb_tick(rig.k.sadb, rig.k.now_s, life_due, &rig.k);
		rcu_quiescent_state();
	}
}

/* One packet through the SA, in. */
static void use(struct rig_pair *p)
{
	rig_packet(&rig, 0, plain, rig_make(plain, AF_INET, PACKET, 0));
	rig_protect(&rig, p, 1);
	rig_arrive(&rig, rig.w->batch[0], 0);
	inbound(rig.w, 1);
	settle();
}

/* One unit of the kind: a packet, a packet's octets, or a second; both for time since first use. */
static void step(enum kind kind, struct rig_pair *p)
{
	if (kind == PACKETS || kind == OCTETS)
		use(p);
	else
		seconds(1);
}

static bool there(uint32_t spi)
{
	struct ms_said said = { .spi = spi, .protocol = MS_PROTO_ESP };

	return ms_addr_parse(&said.dst, "192.0.2.2", 9, 0, MS_TEXT_NUMERIC, NULL) == MS_OK
		&& sadb_find(rig.k.sadb, &said) != NULL;
}

static struct rig_pair born(uint32_t spi)
{
	const struct rig_spec spec = { .encr = 20, .key_bits = 128, .outer = AF_INET, .tunnel = true,
		.window = 64 };
	struct rig_pair p;

	assert_true(rig_pair(&rig, &spec, spi, &p));
	p.in->added_s = rig.k.now_s;
	return p;
}

static void forget_out(struct rig_pair *p)
{
	struct klips_sa *tun = p->out->inner;

	sa_free(&p->out);
	sa_free(&tun);
	rcu_quiescent_state();
}

/* Limits are passed by what is more than they say (the family's rule): soft 3, hard 6. */
static void soft_then_hard(enum kind kind, bool soft, bool hard)
{
	/* ESP counts the content */
	uint64_t unit = kind == OCTETS ? PACKET : 1;
	uint32_t spi = SPI + kind * 4u + soft * 2u + hard, told = 0;
	struct rig_pair p = born(spi);
	unsigned i;

	if (soft)
		set_limit(&p.in->soft, kind, 3 * unit);
	if (hard)
		set_limit(&p.in->hard, kind, 6 * unit);
	sadb_schedule(rig.k.sadb, p.in, rig.k.now_s);
	if (kind == USE) {
		seconds(20); /* nothing is over before it has begun */
		assert_int_equal(heard(&told), 0);
		use(&p);
	}
	for (i = 1; i <= 10; i++) {
		char want = soft && i == 4 ? 's' : hard && i == 7 ? 'h' : 0;

		step(kind, &p);
		assert_int_equal(heard(&told), want);
		assert_true(want == 0 || told == spi);
		assert_int_equal(there(spi), !(hard && i >= 7));
		if (hard && i >= 7)
			break;
		assert_int_equal(p.in->state, soft && i >= 4 ? MS_PFKEY_DYING : MS_PFKEY_MATURE);
	}
	assert_int_equal(heard(&told), 0);
	if (hard) {
		forget_out(&p);
		rig.w->counters.n[KC_IN_NO_SA] = 0;
	} else {
		rig_pair_remove(&rig, &p);
	}
}

static void test_all(void **state)
{
	unsigned kind;

	(void)state;
	for (kind = 0; kind < KINDS; kind++) {
		soft_then_hard(kind, true, true);
		soft_then_hard(kind, true, false);
		soft_then_hard(kind, false, true);
		soft_then_hard(kind, false, false);
	}
}

/* The soft limit of one kind, the hard one of another; what comes after is dropped and counted. */
static void test_mixed(void **state)
{
	struct rig_pair p = born(SPI + 100);
	uint32_t told;

	(void)state;
	p.in->soft.add_s = 2;
	p.in->hard.packets = 1;
	sadb_schedule(rig.k.sadb, p.in, rig.k.now_s);
	seconds(3);
	assert_int_equal(heard(&told), 's');
	use(&p);
	assert_int_equal(heard(&told), 0);
	use(&p);
	assert_int_equal(heard(&told), 'h');
	assert_false(there(SPI + 100));
	use(&p);
	assert_int_equal(rig.w->counters.n[KC_IN_NO_SA], 1);
	assert_int_equal(heard(&told), 0);
	forget_out(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mixed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
