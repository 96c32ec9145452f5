/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that is broken is its own trouble; a file that cannot be taken apart is all of theirs. */
#include "ipsecconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENDS "\tleft=10.0.0.1\n\tright=10.0.0.2\n\tauto=add\n"

static const char path[] = "test.conf"; /* in a folder of its own */
static unsigned failed;

/* Names with "+" for what is handed over, with "-" and the reason for what is broken. */
static char said[8192];

static void say(const char *fmt, const char *a, const char *b)
{
	size_t used = strlen(said);

	snprintf(said + used, sizeof said - used, fmt, a, b);
}

static void take_conn(void *arg, const struct ms_conn_desc *d)
{
	(void)arg;
	if (strncmp(d->source, path, strlen(path)) == 0)
		say("+%s\n%s", d->name, "");
}

static void take_broken(void *arg, const char *name, const char *text)
{
	(void)arg;
	say("-%s %s\n", name, text);
}

static ms_err read_all(const char *text, const char *name, bool told)
{
	const struct ms_config_sink sink = { take_conn, told ? take_broken : NULL };
	FILE *f = fopen(path, "we");
	struct ms_why why = { "" };
	struct ipsecconf *c;
	ms_err err;

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	said[0] = '\0';
	err = ipsecconf_read(&c, path, NULL, NULL, &why);
	if (err == MS_OK)
		err = ipsecconf_conns(c, name, &sink, NULL, &why);
	ipsecconf_free(&c);
	if (err != MS_OK)
		take_broken(NULL, "all", why.text);
	return err;
}

static void expect(const char *what, const char *want)
{
	if (strcmp(said, want) == 0)
		return;
	fprintf(stderr, "%s\n--- expected\n%s--- found\n%s", what, want, said);
	failed++;
}

static const char several[] =
	"conn good\n" ENDS
	"\tconnalias=all\n"
	"conn word\n" ENDS
	"\tlefft=10.0.0.1\n"
	"conn value\n" ENDS
	"\tkeylife=never\n"
	"\tikelifetime=never\n"
	"conn twice\n" ENDS
	"\tauto=start\n"
	"conn relation\n" ENDS
	"\trightsubnet=2001:db8::/32\n"
	"\tleftsubnet=10.0.0.0/8\n"
	"\tconnalias=some\n"
	"conn takes\n" ENDS
	"\talso=base\n"
	"conn takes-again\n" ENDS
	"\talso=taken\n"
	"conn nobody\n" ENDS
	"\talso=nowhere\n"
	"conn base\n"
	"\tauthby=whim\n"
	"conn taken\n"
	"\talso=base\n"
	"conn last\n" ENDS
	"\tconnalias=all\n";

#define WORDS                                                                                     \
	"secret, psk, rsasig, rsa, rsa-sha2, rsa-sha2_256, rsa-sha2_384, rsa-sha2_512, rsa-sha1, " \
	"ecdsa, ecdsa-sha2, ecdsa-sha2_256, ecdsa-sha2_384, ecdsa-sha2_512, eddsa, null, never, "  \
	"pubkey"
#define WHIM                                                                                      \
	"test.conf:45: authby=\"whim\": expected a list of " WORDS "\n"

static void one_by_one(void)
{
	if (read_all(several, NULL, true) != MS_OK)
		failed++;
	expect("one by one",
		"+good\n"
		"-word test.conf:10: unknown keyword lefft; did you mean left?\n"
		"-value test.conf:15: keylife=\"never\": expected a time of 1s to 1d (30s, 9m, 8h, 1d)\n"
		"-twice test.conf:21: auto= is there already, in test.conf:20\n"
		"-relation test.conf:26: one side's network is IPv4, the other's IPv6\n"
		"-takes test.conf:33: also=base: " WHIM
		"-takes-again test.conf:47: also=base: " WHIM
		"-nobody test.conf:43: also=nowhere: there is no conn nowhere\n"
		"-base " WHIM
		"-taken test.conf:47: also=base: " WHIM
		"+last\n");
	/* who is not told gets nothing */
	if (read_all(several, NULL, false) != MS_ERR_UNKNOWN)
		failed++;
	expect("not told", "-all test.conf:10: unknown keyword lefft; did you mean left?\n");
}

static void by_name(void)
{
	static const struct {
		const char *name;
		ms_err err;
		const char *want;
	} cases[] = {
		{ "good", MS_OK, "+good\n" },
		{ "all", MS_OK, "+good\n+last\n" },
		{ "takes", MS_ERR_TEXT, "-all test.conf:33: also=base: " WHIM },
		{ "some", MS_ERR_CONFIG,
			"-all test.conf:26: one side's network is IPv4, the other's IPv6\n" },
		{ "lost", MS_ERR_UNKNOWN, "-all there is no conn lost; did you mean last?\n" },
	};
	char text[sizeof several + 200];

	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (read_all(several, cases[i].name, true) != cases[i].err)
			failed++;
		expect(cases[i].name, cases[i].want);
	}
	/* of those that one alias means all have to be good */
	snprintf(text, sizeof text, "%sconn late\n" ENDS "\tconnalias=all\n\tmtu=big\n", several);
	read_all(text, "all", true);
	expect("all", "-all test.conf:58: mtu=\"big\": expected a number of 0 to 65535 octets\n");
}

/* What cannot be taken apart, and what is meant for all. */
static void whole_files(void)
{
	static const char *const cases[][2] = {
		{ "conn a\n" ENDS "\tleftid=\"@a\n", "-all test.conf:5: a quote is not closed\n" },
		{ "conn a\n" ENDS "\nleftid=@a\n",
			"-all test.conf:6: \"leftid=@a\": a parameter must be indented\n" },
		{ "conn a\n" ENDS "con b\n" ENDS,
			"-all test.conf:5: unknown section type con: expected config or conn; did you "
			"mean conn?\n" },
		{ "conn %default\n\tauthby=whim\nconn a\n" ENDS,
			"-all test.conf:2: authby=\"whim\": expected a list of " WORDS "\n" },
		{ "config setup\n\tuniqueids=whim\nconn a\n" ENDS,
			"-all test.conf:2: uniqueids=\"whim\": expected yes or no\n" },
		{ "conn a\n" ENDS "conn a\n" ENDS, "-all test.conf:5: conn a is there already, in test.conf:1\n" },
	};

	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (read_all(cases[i][0], NULL, true) == MS_OK)
			failed++;
		expect(cases[i][0], cases[i][1]);
	}
}

int main(void)
{
	char dir[] = "/tmp/modswan-broken-XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	one_by_one();
	by_name();
	whole_files();
	unlink(path);
	rmdir(dir);
	if (failed > 0)
		printf("FAIL: %u\n", failed);
	return failed > 0;
}
