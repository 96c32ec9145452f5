/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP datagrams at a given rate, and what of them arrives.
 *
 *	flood receive ADDRESS PORT			until the sender's last word, or SIGTERM
 *	flood send FROM TO PORT OCTETS RATE MS [JOINED]	RATE packets a second, for MS milliseconds
 *
 * OCTETS is the size of the whole IPv4 packet.  Each datagram has a number and the time at which it was
 * made; the receiver prints one JSON object.  JOINED datagrams go to the kernel in one piece
 * (UDP_SEGMENT), which takes it apart where the device cannot: so the sender costs less than what it
 * measures.  It keeps the rate by the clock; what it could not send in time it leaves out, and says how
 * many it did send.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	HEADERS = 28,
	MAX_OCTETS = 1500,
	SOCKET_BUFFER = 8 << 20,
	LAST_WORDS = 20,
	STAMP = 16, /* number, time */
	DELAYS = 512,
	MAX_JOINED = 40,
	MAX_DATAGRAM = 65000,
};

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static const uint64_t last_word = UINT64_MAX;
static volatile sig_atomic_t stopped;

static void on_signal(int signum)
{
	(void)signum;
	stopped = 1;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const char *text, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	must(inet_pton(AF_INET, text, &a.sin_addr) == 1, text);
	return a;
}

struct batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	uint8_t data[BATCH][MAX_OCTETS * MAX_JOINED];
};

static struct batch b;

static void prepare(size_t octets)
{
	unsigned i;

	for (i = 0; i < BATCH; i++) {
		b.iov[i] = (struct iovec){ b.data[i], octets };
		b.msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &b.iov[i], .msg_iovlen = 1 };
	}
}

/* --- receiving ------------------------------------------------------------------------------ */

struct tally {
	uint64_t packets, octets, late, first_ns, last_ns, highest;
	uint64_t delays[DELAYS]; /* how many packets were under way for so long: eight steps an octave */
	bool done;
};

static unsigned step_of(uint64_t ns)
{
	unsigned shift = ns < 8 ? 0 : 60 - (unsigned)__builtin_clzll(ns);

	return ns < 8 ? (unsigned)ns : (shift + 1) * 8 + (unsigned)(ns >> shift) - 8;
}

/* The time that `part` of the packets stayed below, microseconds. */
static double delay_us(const struct tally *t, double part)
{
	uint64_t sum = 0, ns;
	unsigned i;

	for (i = 0; i < DELAYS - 1; i++) {
		sum += t->delays[i];
		if ((double)sum > part * (double)t->packets)
			break;
	}
	ns = i < 8 ? i : (uint64_t)(8 + i % 8) << (i / 8 - 1);
	return (double)ns / 1e3;
}

static void take(struct tally *t, int n)
{
	uint64_t now = now_ns(), number, made;
	int i;

	for (i = 0; i < n; i++) {
		memcpy(&number, b.data[i], sizeof number);
		if (number == last_word) {
			t->done = true;
			continue;
		}
		if (t->packets++ == 0)
			t->first_ns = now;
		t->last_ns = now;
		t->octets += b.msgs[i].msg_len + HEADERS;
		if (number < t->highest)
			t->late++;
		else
			t->highest = number;
		memcpy(&made, b.data[i] + sizeof number, sizeof made);
		t->delays[step_of(now - made)]++;
	}
}

static int receive(char **argv)
{
	struct sockaddr_in a = address(argv[2], argv[3]);
	struct sigaction act = { .sa_handler = on_signal };
	struct tally t = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = SOCKET_BUFFER;

	must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0, "bind");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	sigaction(SIGTERM, &act, NULL);
	printf("ready\n");
	fflush(stdout);
	prepare(MAX_OCTETS);
	while (!t.done && !stopped) {
		int n = recvmmsg(fd, b.msgs, BATCH, MSG_WAITFORONE, NULL);

		if (n > 0)
			take(&t, n);
	}
	printf("{\"packets\": %llu, \"octets\": %llu, \"late\": %llu, \"seconds\": %.6f, "
	       "\"delay_p50_us\": %.1f, \"delay_p99_us\": %.1f}\n",
		(unsigned long long)t.packets, (unsigned long long)t.octets,
		(unsigned long long)t.late, (double)(t.last_ns - t.first_ns) / 1e9,
		delay_us(&t, 0.5), delay_us(&t, 0.99));
	return 0;
}

/* --- sending -------------------------------------------------------------------------------- */

static void say_end(int fd)
{
	struct timespec pause = { 0, 20000000 };
	unsigned i;

	memcpy(b.data[0], &last_word, sizeof last_word);
	for (i = 0; i < LAST_WORDS; i++) { /* behind a full queue some of them may be lost */
		nanosleep(&pause, NULL);
		if (send(fd, b.data[0], 8, 0) < 0 && errno == ECONNREFUSED)
			return; /* it ended: an earlier one has arrived */
	}
}

/* Numbers n datagrams from `first` on; returns how many messages that makes. */
static unsigned number_them(uint64_t first, unsigned n, size_t octets, unsigned joined)
{
	unsigned i, msgs = (n + joined - 1) / joined;
	uint64_t stamp[2] = { 0, now_ns() };

	for (i = 0; i < n; i++) {
		stamp[0] = first + i;
		memcpy(b.data[i / joined] + i % joined * octets, stamp, sizeof stamp);
	}
	for (i = 0; i < msgs; i++)
		b.iov[i].iov_len = octets * (n - i * joined < joined ? n - i * joined : joined);
	return msgs;
}

static int send_all(int argc, char **argv)
{
	struct sockaddr_in from = address(argv[2], "0"), to = address(argv[3], argv[4]);
	uint64_t octets = strtoull(argv[5], NULL, 10), ms = strtoull(argv[7], NULL, 10);
	uint64_t number = 0, went = 0, start, passed, refused = 0;
	unsigned joined = argc > 8 ? (unsigned)atoi(argv[8]) : 1;
	double rate = strtod(argv[6], NULL);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = SOCKET_BUFFER;

	must(octets >= HEADERS + STAMP && octets <= MAX_OCTETS && rate > 0, "OCTETS or RATE");
	must(fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof from) == 0
			&& connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	octets -= HEADERS;
	prepare(octets);
	while (joined > 1 && (joined > MAX_JOINED || joined * octets > MAX_DATAGRAM))
		joined--;
	if (joined > 1) {
		int segment = (int)octets;

		must(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0, "UDP_SEGMENT");
	}
	start = now_ns();
	while ((passed = now_ns() - start) < ms * 1000000) {
		uint64_t due = (uint64_t)((double)passed * rate / 1e9);
		unsigned n, msgs, i;
		int sent;

		/* a little too early is better than often: what is due is sent in pieces of some size */
		if (due < number + (joined < 8 ? 8 : joined)) {
			struct timespec pause = { 0, 20000 };

			nanosleep(&pause, NULL);
			continue;
		}
		n = due - number < BATCH * joined ? (unsigned)(due - number) : BATCH * joined;
		msgs = number_them(number, n, octets, joined);
		sent = sendmmsg(fd, b.msgs, msgs, 0);
		refused += sent < 0;
		for (i = 0; sent > 0 && i < (unsigned)sent; i++)
			went += b.iov[i].iov_len / octets;
		number += n;
	}
	printf("{\"sent\": %llu, \"refused\": %llu, \"seconds\": %.6f}\n", (unsigned long long)went,
		(unsigned long long)refused, (double)passed / 1e9);
	fflush(stdout);
	say_end(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "receive") == 0)
		return receive(argv);
	if ((argc == 8 || argc == 9) && strcmp(argv[1], "send") == 0)
		return send_all(argc, argv);
	fputs("usage: flood receive ADDRESS PORT\n"
	      "       flood send FROM TO PORT OCTETS RATE MS [JOINED]\n", stderr);
	return 2;
}
