/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of `ipsec status` are those that "How to read status output" of the family explains.
 * The patterns below fit that text's own examples, which stand here too, and our lines.
 */
#include "core/control/status.h"
#include "core/sim/sim_test.h"

#include <regex.h>

/* --- in place of control.c and listen.c ------------------------------------------------------- */

static char lines[200][2200];
static unsigned n_lines;

void call_line(call *c, int code, const char *fmt, ...)
{
	va_list ap;

	(void)c;
	assert_int_equal(code, MS_RC_COMMENT);
	assert_true(n_lines < sizeof lines / sizeof lines[0]);
	va_start(ap, fmt);
	assert_true(vsnprintf(lines[n_lines++], sizeof lines[0], fmt, ap) < 2048);
	va_end(ap);
}

bool daemon_interface(
	const struct daemon *d, unsigned i, struct ms_endpoint *out, const char **dev)
{
	(void)d;
	memset(out, 0, sizeof *out);
	assert_int_equal(ms_addr_parse(&out->addr, "192.1.2.45", 10, 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	out->port = 500;
	*dev = "ipsec0";
	return i == 0;
}

/* --- patterns ----------------------------------------------------------------------------------- */

#define CONNREF "\"[^\"]+\"(\\[[0-9]+\\])?( \\.\\.\\.[0-9A-Fa-f.:]+)?"
#define SAIDS   "( (ah|esp|comp|tun)[.:][0-9a-f]+@[0-9A-Fa-f.:]+)*"
#define ALG     "[A-Z0-9_]+\\([0-9]+\\)"
#define ALGS    ALG "(_[0-9]{3})?(\\+" ALG "(_[0-9]{3})?)*"
#define LISTING ALGS "(-" ALGS ")*(, " ALGS "(-" ALGS ")*)*"

static const char state[] = "^#[0-9]+: " CONNREF ":[0-9]+ STATE_[A-Z0-9_]+ \\([^)]*\\); "
			    "EVENT_[A-Za-z0-9_]+ in -?[0-9]+s; "
			    "(newest IPSEC; |newest ISAKMP; |eroute owner; |isakmp#[0-9]+; |"
			    "lastdpd=-?[0-9]+s\\(seq in:[0-9]+ out:[0-9]+\\); )*idle; "
			    "import:(admin initiate|local rekey|respond to stranger)$";
static const char sa_line[] = "^#[0-9]+: " CONNREF SAIDS " ref=[0-9]+ refhim=[0-9]+ Traffic:"
			      "( ESPin=[0-9]+[KMG]?B ESPout=[0-9]+[KMG]?B! ESPmax=[0-9]+[KMG]?B)?"
			      "( username=[^ ]+)?$";
static const char algorithms_asked[] = "^\"[^\"]+\":   IKE algorithms (wanted: |found:  )" LISTING "$";
static const char algorithms_esp[] = "^\"[^\"]+\":   ESP algorithms (wanted|loaded): " LISTING
				     "(; pfsgroup=(<[A-Za-z1/]+>|" ALGS "))?$";
static const char algorithm_newest[] =
	"^\"[^\"]+\":   (IKE|ESP) algorithm newest: [A-Z0-9_]+(-[A-Z0-9_]+)*"
	"(; pfsgroup=(<[A-Za-z1/]+>|[A-Z0-9_]+))?$";

static bool fits(const char *pattern, const char *text)
{
	regex_t re;
	int rc = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);

	assert_int_equal(rc, 0);
	rc = regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return rc == 0;
}

/* What the family printed. */
static void test_patterns(void **unused)
{
	static const struct {
		const char *pattern, *text;
	} rows[] = {
		{ state, "#2: \"redhat\":4500 STATE_QUICK_I2 (sent QI2, IPsec SA established); "
			 "EVENT_SA_REPLACE_IF_USED in 28039s; newest IPSEC; eroute owner; isakmp#1; idle; "
			 "import:admin initiate" },
		{ state, "#1: \"redhat\":4500 STATE_MAIN_I4 (ISAKMP SA established); EVENT_SA_EXPIRE in "
			 "86390s; newest ISAKMP; lastdpd=-1s(seq in:0 out:0); idle; import:admin initiate" },
		{ state, "#51231: \"private-or-clear#193.110.157.0/24\"[1] ...193.110.157.102:500 "
			 "STATE_PARENT_I1 (sent v2I1, expected v2R1); EVENT_v2_RETRANSMIT in 8s; idle; "
			 "import:local rekey" },
		{ state, "#50577: \"supo.libreswan.org\":500 STATE_PARENT_R2 (received v2I2, PARENT SA "
			 "established); EVENT_SA_REPLACE in 22484s; newest ISAKMP; isakmp#0; idle; "
			 "import:respond to stranger" },
		{ sa_line, "#2: \"redhat\" esp.9c01f20f@209.132.183.55 esp.e12dd706@192.168.10.124 "
			   "tun.0@209.132.183.55 tun.0@192.168.10.124 ref=0 refhim=0 Traffic: ESPin=0B "
			   "ESPout=0B! ESPmax=4194303B username=pwouters" },
		{ sa_line, "#50577: \"supo.libreswan.org\" ref=0 refhim=0 Traffic:" },
		{ algorithms_asked, "\"redhat\":   IKE algorithms wanted: AES_CBC(7)_128-SHA1(2)-MODP1024(2)" },
		{ algorithms_asked, "\"redhat\":   IKE algorithms found:  AES_CBC(7)_128-SHA1(2)-MODP1024(2)" },
		{ algorithms_esp,
			"\"redhat\":   ESP algorithms wanted: AES(12)_000-SHA1(2); pfsgroup=MODP1024(2)" },
		{ algorithms_esp, "\"redhat\":   ESP algorithms loaded: AES(12)_000-SHA1(2)" },
		{ algorithm_newest, "\"redhat\":   IKE algorithm newest: AES_CBC_128-SHA1-MODP1024" },
		{ algorithm_newest,
			"\"redhat\":   ESP algorithm newest: AES_256-HMAC_SHA1; pfsgroup=MODP1024" },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!fits(rows[i].pattern, rows[i].text))
			fail_msg("%s", rows[i].text);
	assert_false(fits(state, "#1: \"a\":500 STATE_X (x); no event; idle; import:local rekey"));
	assert_false(fits(algorithms_asked, "\"a\":   IKE algorithms wanted: AES_CBC_128-SHA1"));
}

/* --- our own ------------------------------------------------------------------------------------ */

static void more_words(struct ms_conn_desc *d)
{
	d->dpd_delay_ms = 30000;
	d->dpd_action = MS_DPD_RESTART;
	d->mtu = 1400;
	d->rekey_margin_ms = 540000;
	d->ike_lifetime_ms = 86400000;
	d->ipsec_lifetime_ms = 28800000;
	d->retransmit_timeout_ms = 60000;
	d->encapsulation = MS_AUTO;
	d->esn = MS_NO;
	d->left.modecfgserver = true;
}

static void expect(const char *const *want, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i < n_lines)
			assert_string_equal(lines[i], want[i]);
		else
			fail_msg("missing: %s", want[i]);
	}
	assert_int_equal(n_lines, n);
	n_lines = 0;
}

static void test_conn(void **unused)
{
	static const char *const want[] = {
		"\"west-east\": 192.0.1.0/24===192.1.2.45[@west,+MS]...192.1.2.23[@east]"
		"===192.0.2.0/24; unrouted; eroute owner: #0",
		"\"west-east\":     oriented; my_ip=unset; their_ip=unset",
		"\"west-east\":   xauth us:none, xauth them:none,  my_username=[any]; "
		"their_username=[any]",
		"\"west-east\":   our auth:secret, their auth:secret",
		"\"west-east\":   modecfg info: us:server, them:none, modecfg policy:pull, dns1:unset, "
		"dns2:unset, domain:unset, cat:unset;",
		"\"west-east\":   labeled_ipsec:no;",
		"\"west-east\":   policy_label:unset;",
		"\"west-east\":   ike_life: 86400s; ipsec_life: 28800s; replay_window: 128; "
		"rekey_margin: 540s; rekey_fuzz: 100%; keyingtries: 1;",
		"\"west-east\":   retransmit-interval: 500ms; retransmit-timeout: 60s;",
		"\"west-east\":   sha2-truncbug:no; initial-contact:yes; cisco-unity:no; "
		"fake-strongswan:no; send-vendorid:no; send-no-esp-tfc:no;",
		"\"west-east\":   policy: "
		"PSK+ENCRYPT+TUNNEL+PFS+IKEV2_ALLOW+IKEV2_ALLOW_NARROWING+IKE_FRAG_ALLOW+NO_IKEPAD+"
		"ESN_NO;",
		"\"west-east\":   conn_prio: 24,24; interface: unset; metric: 0; mtu: 1400; "
		"sa_prio:auto; sa_tfc:none;",
		"\"west-east\":   nflog-group: unset; mark: unset; vti-iface:unset; vti-routing:no; "
		"vti-shared:no;",
		"\"west-east\":   dpd: action:restart; delay:30; timeout:60; nat-t: force_encaps:no; "
		"nat_keepalive:yes; ikev1_natt:both",
		"\"west-east\":   newest ISAKMP SA: #0; newest IPsec SA: #0;",
		"\"west-east\":   IKE algorithms wanted: "
		"AES_CBC(12)_256+AES_CBC(12)_128-HMAC_SHA2_256_128(12)-HMAC_SHA2_256(5)-MODP2048(14)",
		"\"west-east\":   IKE algorithms found:  "
		"AES_CBC(12)_256+AES_CBC(12)_128-HMAC_SHA2_256_128(12)-HMAC_SHA2_256(5)-MODP2048(14)",
		"\"west-east\":   ESP algorithms wanted: AES_GCM_16(20)_128-NONE(0), "
		"AES_CBC(12)_256-HMAC_SHA2_256_128(12); pfsgroup=MODP2048(14)+ECP256(19)",
		"\"west-east\":   ESP algorithms loaded: AES_GCM_16(20)_128-NONE(0), "
		"AES_CBC(12)_256-HMAC_SHA2_256_128(12)",
	};
	struct sim_words w = tunnel;
	struct daemon d = { .setup = { 0 } };
	call c = { .d = &d };
	struct pair p;

	(void)unused;
	w.ike = "aes-sha2_256;modp2048";
	w.esp = "aes_gcm128-modp2048,aes256-sha2_256-ecp256+modp2048";
	w.pfs = true;
	w.more = more_words;
	p = pair_new(&w);
	d.ike = p.west->ike;
	status_conn(&c, p.wc);
	expect(want, sizeof want / sizeof want[0]);
	pair_free(&p);
}

/* The line that starts so; NULL: none. */
static const char *line_of(const char *start)
{
	for (unsigned i = 0; i < n_lines; i++)
		if (strncmp(lines[i], start, strlen(start)) == 0)
			return lines[i];
	return NULL;
}

static void test_defaults(void **unused)
{
	struct sim_words w = tunnel;
	struct daemon d = { .setup = { 0 } };
	call c = { .d = &d };
	struct pair p;

	(void)unused;
	w.pfs = true;
	p = pair_new(&w);
	d.ike = p.west->ike;
	pair_up(&p);
	status_conn(&c, p.wc);
	for (unsigned i = 0; i < n_lines; i++) {
		const char *l = lines[i];

		if (strstr(l, " IKE algorithms ") != NULL)
			assert_true(fits(algorithms_asked, l));
		if (strstr(l, " ESP algorithms ") != NULL)
			assert_true(fits(algorithms_esp, l));
		if (strstr(l, " algorithm newest") != NULL)
			assert_true(fits(algorithm_newest, l));
	}
	assert_non_null(line_of("\"west-east\":   newest ISAKMP SA: #1; newest IPsec SA: #2;"));
	assert_non_null(line_of("\"west-east\":   IKE algorithm newest: AES_GCM_16_256-HMAC_SHA2_512-"
				"X25519"));
	assert_non_null(line_of("\"west-east\":   ESP algorithms wanted: AES_GCM_16(20)_256+"
				"AES_GCM_16(20)_128+CHACHA20_POLY1305(28)_000-NONE(0), AES_CBC(12)_256"));
	assert_string_equal(line_of("\"west-east\":   ESP algorithm newest:"),
		"\"west-east\":   ESP algorithm newest: AES_GCM_16_256; pfsgroup=<Phase1>");
	n_lines = 0;
	pair_free(&p);
}

/* --- states ------------------------------------------------------------------------------------- */

static void show_states(call *c)
{
	n_lines = 0;
	for (struct ike_sa *i = ike_first(c->d->ike); i != NULL; i = ike_next(i)) {
		struct ms_kernel_op traffic[2] = { 0 };
		struct ike_info info;

		traffic[0].counters.octets = 84;
		traffic[1].counters.octets = 1008;
		ike_info(i, &info);
		for (struct child_sa *k = ike_first_child(i); k != NULL; k = k->next)
			status_child(c, &info, k, traffic);
		status_ike(c, &info);
	}
	for (unsigned i = 0; i < n_lines; i++)
		if (!fits(i % 2 == 0 ? state : sa_line, lines[i]))
			fail_msg("%s", lines[i]);
}

static void test_states(void **unused)
{
	struct daemon d = { .listening = true };
	call c = { .d = &d };
	struct child_sa *k;
	struct pair p = pair_new(&tunnel);
	char want[400];

	(void)unused;
	d.ike = p.west->ike;
	p.east->down = true;
	pair_initiate(&p);
	sim_run(p.sim, 100);
	show_states(&c);
	assert_int_equal(n_lines, 2);
	assert_string_equal(lines[1], "#1: \"west-east\" ref=0 refhim=0 Traffic:");
	pair_free(&p);

	p = pair_new(&tunnel);
	p.wc->wanted_up = true;
	pair_up(&p);
	d.ike = p.west->ike;
	show_states(&c);
	assert_int_equal(n_lines, 4);
	k = ike_first_child(ike_first(p.west->ike));
	snprintf(want, sizeof want,
		"#2: \"west-east\" esp.%x@192.1.2.23 esp.%x@192.1.2.45 tun.0@192.1.2.23 "
		"tun.0@192.1.2.45 ref=0 refhim=0 Traffic: ESPin=84B ESPout=1008B! ESPmax=0B",
		k->spi_out, k->spi_in);
	assert_string_equal(lines[1], want);
	assert_non_null(strstr(lines[0], "isakmp#1; idle; import:admin initiate"));
	assert_non_null(strstr(lines[2], "; newest ISAKMP; isakmp#0; idle; import:admin initiate"));
	d.ike = p.east->ike;
	show_states(&c);
	assert_non_null(strstr(lines[0], "; newest IPSEC; "));
	assert_non_null(strstr(lines[2], "import:respond to stranger"));
	n_lines = 0;
	status_counts(&c);
	{
		static const char *const counts[] = {
			"State Information: DDoS cookies not required, Accepting new IKE connections",
			"IKE SAs: total(1), half-open(0), open(0), authenticated(1), anonymous(0)",
			"IPsec SAs: total(1), authenticated(1), anonymous(0)",
		};

		expect(counts, 3);
	}
	pair_free(&p);
}

/* Interfaces, settings, algorithms of ESP and AH, algorithms of IKE, connections: in this order,
 * with a blank line between. */
static void test_daemon(void **unused)
{
	static const char *const heads[] = { "interface ipsec0 192.1.2.45 UDP 500",
		"config setup options:", "algorithm ESP encrypt: id=12, name=AES_CBC, keysizemin=128",
		"algorithm IKE encrypt: id=12, name=AES_CBC", "Connection list:" };
	const struct ms_provider kernel = { .name = "klips" };
	struct daemon d = { .confdir = "/etc", .rundir = "/run/pluto", .kernel = &kernel };
	call c = { .d = &d };
	unsigned at = 0, blanks = 0;

	(void)unused;
	assert_true(ms_conf_defaults(ms_setup_keys, &d.setup));
	n_lines = 0;
	status_daemon(&c);
	for (unsigned i = 0; i < n_lines; i++) {
		blanks += strcmp(lines[i], " ") == 0;
		if (at < 5 && strncmp(lines[i], heads[at], strlen(heads[at])) == 0) {
			assert_int_equal(blanks, at);
			at++;
		}
	}
	assert_int_equal(at, 5);
	assert_non_null(line_of("interfaces=%defaultroute, protostack=klips, myid=<unset>, "));
	assert_null(line_of("algorithm IKE encrypt: id=11"));
	n_lines = 0;
	ms_conf_free(ms_setup_keys, &d.setup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_conn),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_daemon),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
