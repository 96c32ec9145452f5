/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec pf_key`: shows the PF_KEY messages that klips sends, until a signal ends it.
 *
 * Standards: RFC 2367; what is shown of a message is what the family's command shows: the header,
 * then each extension's fields, in the host's order as PF_KEY has them.
 */
#include "tools/klips_link.h"

#include "lib/wire/wire.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { AH, ESP, IPIP, IPCOMP, SATYPES };

struct call {
	bool chosen[SATYPES];
	const char *pidfile, *dumpfile;
};

static const struct tool_slot table[] = {
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	TOOL_FLAG("ah", "register for AH", struct call, chosen[AH]),
	TOOL_FLAG("esp", "register for ESP", struct call, chosen[ESP]),
	TOOL_FLAG("ipip", "register for IPIP tunnels", struct call, chosen[IPIP]),
	TOOL_FLAG("ipcomp", "register for IPComp", struct call, chosen[IPCOMP]),
	TOOL_TEXT("daemon", "FILE", "go into the background, and write the process id into FILE",
		struct call, pidfile),
	TOOL_TEXT("dumpfile", "FILE", "add each message to FILE as it came", struct call, dumpfile),
	TOOL_REFUSED("encodefile", "FILE"),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options pf_key_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &pf_key_options,
	.text = "Usage: ipsec pf_key [--ah] [--esp] [--ipip] [--ipcomp] [--daemon FILE]\n"
		"                    [--dumpfile FILE]\n",
	.status = 1,
	.help_status = 1,
	.version_status = 1,
};

static const struct klips_reason reasons[] = {
	{ EPROTONOSUPPORT, "KLIPS does not know this type of SA." },
	{ EACCES, "Access denied.  You must be root." },
	{ 0, "Unknown error." },
};

/* --- one message ------------------------------------------------------------------------------ */

enum field_kind { U8, U16, U32, HEX32, U64, REST };

struct field {
	const char *name;
	enum field_kind kind;
};

static const struct field sa_fields[] = { { "spi", HEX32 }, { "replay", U8 }, { "state", U8 },
	{ "auth", U8 }, { "encrypt", U8 }, { "flags", HEX32 }, { "ref", HEX32 } };
static const struct field life_fields[] = { { "allocations", U32 }, { "bytes", U64 },
	{ "addtime", U64 }, { "usetime", U64 }, { "packets", U32 } };
static const struct field address_fields[] = { { "proto", U8 }, { "prefixlen", U8 }, { NULL, U16 },
	{ "addr", REST } };
static const struct field protocol_fields[] = { { "proto", U8 }, { "direction", U8 },
	{ "flags", U8 } };
static const struct field other_fields[] = { { "bytes", REST } };

#define FIELDS(first, last, f)                            \
	{                                                 \
		MS_PFKEY_EXT_##first, MS_PFKEY_EXT_##last, (f), \
			sizeof(f) / sizeof *(f)           \
	}

static const struct {
	unsigned first, last;
	const struct field *fields;
	size_t n;
} layouts[] = {
	FIELDS(SA, SA, sa_fields),
	FIELDS(X_SA2, X_SA2, sa_fields),
	FIELDS(LIFETIME_CURRENT, LIFETIME_SOFT, life_fields),
	FIELDS(ADDRESS_SRC, ADDRESS_PROXY, address_fields),
	FIELDS(X_ADDRESS_DST2, X_ADDRESS_DST_MASK, address_fields),
	FIELDS(X_PROTOCOL, X_PROTOCOL, protocol_fields),
	{ 0, UINT_MAX, other_fields, 1 },
};

/* PF_KEY's numbers are in the host's order. */
static uint64_t host_uint(struct wire_reader *r, enum field_kind kind)
{
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (kind) {
	case U8:
		return wire_u8(r);
	case U16:
		wire_copy(r, &u16, sizeof u16);
		return u16;
	case U32:
	case HEX32:
		wire_copy(r, &u32, sizeof u32);
		return u32;
	case U64:
		wire_copy(r, &u64, sizeof u64);
		return u64;
	case REST:
		break;
	}
	return 0;
}

static void print_field(const struct field *f, struct wire_reader *r)
{
	uint64_t n = host_uint(r, f->kind);

	if (f->name == NULL)
		return; /* reserved */
	if (f->kind == HEX32) {
		printf("%s=%08" PRIx64 " ", f->name, n);
	} else if (f->kind != REST) {
		printf("%s=%" PRIu64 " ", f->name, n);
	} else {
		struct ms_bytes b = wire_rest(r);

		printf("%s=0x", f->name);
		for (size_t i = 0; i < b.len; i++)
			printf("%02x", b.ptr[i]);
		putchar(' ');
	}
}

static bool print_extension(struct wire_reader *r)
{
	uint64_t words = host_uint(r, U16), type = host_uint(r, U16);
	struct wire_reader body;
	unsigned i = 0;

	if (words < 1)
		return false;
	body = wire_reader(wire_take(r, (size_t)words * 8 - 4));
	if (!wire_ok(r))
		return false;
	printf("{ext=%" PRIu64 " len=%" PRIu64 " ", type, words);
	while (type < layouts[i].first || type > layouts[i].last)
		i++;
	for (size_t f = 0; f < layouts[i].n; f++)
		print_field(&layouts[i].fields[f], &body);
	fputs("} ", stdout);
	return true;
}

struct header {
	uint8_t version, type, err, satype;
	uint16_t words;
	uint32_t seq, pid;
};

static void lower_name(const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s", name == NULL ? "unknown" : name);
	for (; *out != '\0'; out++)
		*out = (char)tolower((unsigned char)*out);
}

static void print_message(struct ms_bytes bytes)
{
	struct wire_reader r = wire_reader(bytes);
	struct header h = { .version = wire_u8(&r), .type = wire_u8(&r) };
	const char *satype;
	char type[32];

	h.err = wire_u8(&r);
	h.satype = wire_u8(&r);
	h.words = (uint16_t)host_uint(&r, U16);
	(void)host_uint(&r, U16);
	h.seq = (uint32_t)host_uint(&r, U32);
	h.pid = (uint32_t)host_uint(&r, U32);
	if (!wire_ok(&r)) {
		printf("runt packet of size: %zu (should be %d)\n", bytes.len,
			MS_PFKEY_HEADER_OCTETS);
		return;
	}
	satype = ms_pfkey_satype_name(h.satype);
	lower_name(ms_pfkey_type_name(h.type), type, sizeof type);
	printf("\npfkey v%u msg. type=%u(%s) seq=%u len=%u pid=%u errno=%u satype=%u(%s)\n",
		h.version, h.type, type, h.seq, h.words, h.pid, h.err, h.satype,
		satype == NULL ? "unknown" : satype);
	if ((size_t)h.words * 8 != bytes.len) {
		printf("packet size read from socket=%zu doesn't equal message length=%u*8: message "
		       "not decoded\n",
			bytes.len, h.words);
		return;
	}
	printf("version=%u type=%u errno=%u satype=%u len=%u seq=%u pid=%u ", h.version, h.type,
		h.err, h.satype, h.words, h.seq, h.pid);
	while (wire_left(&r) > 0 && print_extension(&r))
		continue;
	putchar('\n');
}

/* --- until a signal comes --------------------------------------------------------------------- */

static int watch(struct klips_link *l, int signals, FILE *dump)
{
	struct pollfd p[2] = { { .fd = l->fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo si;

	for (;;) {
		fflush(stdout);
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (p[1].revents != 0 && read(signals, &si, sizeof si) == (ssize_t)sizeof si) {
			printf("Exiting on signal %u\n", si.ssi_signo);
			return 0;
		}
		if (p[0].revents == 0)
			continue;
		if (!klips_receive(l, 0))
			return 1;
		if (dump != NULL) {
			fwrite(l->buf, 1, l->len, dump);
			fflush(dump);
		}
		print_message(ms_bytes(l->buf, l->len));
	}
}

/* Blocked, so that none is lost between two waits. */
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* The answers are messages like all others, and are shown. */
static bool enrol(const struct tool *t, struct klips_link *l, const struct call *c)
{
	static const uint8_t satypes[] = { [AH] = MS_PFKEY_SATYPE_AH, [ESP] = MS_PFKEY_SATYPE_ESP,
		[IPIP] = MS_PFKEY_SATYPE_IPIP, [IPCOMP] = MS_PFKEY_SATYPE_COMP };
	bool all = !c->chosen[AH] && !c->chosen[ESP] && !c->chosen[IPIP] && !c->chosen[IPCOMP];

	for (int i = AH; i <= IPCOMP; i++) {
		struct ms_pfkey_msg m = { .type = MS_PFKEY_REGISTER, .satype = satypes[i] };
		int err;

		if (!all && !c->chosen[i])
			continue;
		err = klips_ask(l, &m);
		if (err != 0) {
			klips_status(t, err, reasons);
			return false;
		}
		print_message(ms_bytes(l->buf, l->len));
	}
	return true;
}

static bool go_behind(const struct tool *t, const char *pidfile)
{
	FILE *f;

	if (daemon(1, 1) < 0 || (f = fopen(pidfile, "we")) == NULL) {
		tool_error(t, "cannot go into the background with \"%s\": %s", pidfile,
			strerror(errno));
		return false;
	}
	fprintf(f, "%d\n", (int)getpid());
	return fclose(f) == 0;
}

static int run(const struct tool *t, const struct call *c)
{
	struct klips_link *l;
	FILE *dump = NULL;
	int signals, status = 1;

	if (c->dumpfile != NULL && (dump = fopen(c->dumpfile, "ae")) == NULL) {
		tool_error(t, "cannot write \"%s\": %s", c->dumpfile, strerror(errno));
		return 1;
	}
	signals = catch_signals();
	l = klips_open(t, false);
	if (l != NULL && (c->pidfile == NULL || go_behind(t, c->pidfile)) && enrol(t, l, c))
		status = watch(l, signals, dump);
	klips_close(&l);
	close(signals);
	if (dump != NULL)
		fclose(dump);
	return status;
}

int tool_pf_key(struct tool *t, int argc, char **argv)
{
	struct call c = { .pidfile = NULL };
	int status = tool_args_read(t, &usage, argc, argv, NULL, &c);

	return status != -1 ? status : run(t, &c);
}
