/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/talk.h"

#include "klips/ip.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROOMS = ROOM_VERBOSE + 1, BURST = 100, PER_SECOND = 20, LINE = 600 };

static const struct {
	const char *name;
	enum ms_log_source source;
} rooms[ROOMS] = {
	[ROOM_TUNNEL] = { "tunnel", MS_SOURCE_TUNNEL },
	[ROOM_NETLINK] = { "netlink", MS_SOURCE_NET },
	[ROOM_XFORM] = { "xform", MS_SOURCE_CRYPTO },
	[ROOM_EROUTE] = { "eroute", MS_SOURCE_EROUTE },
	[ROOM_SPI] = { "spi", MS_SOURCE_ESP },
	[ROOM_RADIJ] = { "radij", MS_SOURCE_EROUTE },
	[ROOM_ESP] = { "esp", MS_SOURCE_ESP },
	[ROOM_AH] = { "ah", MS_SOURCE_ESP },
	[ROOM_RCV] = { "rcv", MS_SOURCE_TUNNEL },
	[ROOM_PFKEY] = { "pfkey", MS_SOURCE_PFKEY },
	[ROOM_IPCOMP] = { "ipcomp", MS_SOURCE_ESP },
	[ROOM_VERBOSE] = { "verbose", MS_SOURCE_MAIN },
};

const char *room_name(unsigned room)
{
	return room < ROOMS ? rooms[room].name : NULL;
}

enum ms_log_source room_source(enum room room)
{
	return rooms[room].source;
}

enum room room_of_counter(enum klips_counter why)
{
	static const struct {
		const char *start;
		enum room room;
	} rows[] = { { "out_comp", ROOM_IPCOMP }, { "in_comp", ROOM_IPCOMP }, { "in_ah", ROOM_AH },
		{ "in_auth", ROOM_ESP }, { "in_replay", ROOM_ESP }, { "in_padding", ROOM_ESP },
		{ "in_", ROOM_RCV }, { "udp_", ROOM_RCV } };
	const char *name = counter_name(why);
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strncmp(name, rows[i].start, strlen(rows[i].start)) == 0)
			return rows[i].room;
	return ROOM_TUNNEL;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Token buckets; only those who asked for lines wait for each other here. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uint64_t filled_ms;
	uint32_t left, missed;
} buckets[ROOMS];

/* *missed: those left out since the last that passed. */
static bool may_speak(enum room room, uint32_t *missed)
{
	struct timespec ts;
	uint64_t now, add;
	bool may;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	pthread_mutex_lock(&mutex);
	add = (now - buckets[room].filled_ms) * PER_SECOND / 1000;
	if (add > 0) {
		buckets[room].filled_ms = now;
		buckets[room].left = add > BURST - buckets[room].left
			? BURST : buckets[room].left + (uint32_t)add;
	}
	may = buckets[room].left > 0;
	*missed = may ? buckets[room].missed : 0;
	if (may)
		buckets[room].left--;
	buckets[room].missed = may ? 0 : buckets[room].missed + 1;
	pthread_mutex_unlock(&mutex);
	return may;
}

void talk_line(const struct klips *k, enum room room, const char *file, int line, const char *function,
	const char *fmt, ...)
{
	const struct ms_logger log = { .source = rooms[room].source };
	char text[LINE], where[LINE] = "";
	uint32_t missed;
	va_list ap;

	if (!may_speak(room, &missed))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (talks(k, ROOM_VERBOSE, TALK_ANY))
		snprintf(where, sizeof where, "%s:%d: ", strstr(file, "src/") != NULL
			? strstr(file, "src/") : file, line);
	if (missed > 0)
		ms_debug(&log, "klips_debug: %u lines of the room %s were left out", missed,
			rooms[room].name);
	ms_debug(&log, "klips_debug:%s: %s%s", function, where, text);
}

/* --- words ------------------------------------------------------------------------------------ */

const char *talk_flow(char out[TALK_PACKET], const union flow_words *flow)
{
	struct ms_endpoint src = { flow_addr(&flow->flow, flow->flow.src), flow->flow.sport };
	struct ms_endpoint dst = { flow_addr(&flow->flow, flow->flow.dst), flow->flow.dport };
	char a[MS_ENDPOINT_TEXT], b[MS_ENDPOINT_TEXT];

	ms_endpoint_text(&src, a, sizeof a);
	ms_endpoint_text(&dst, b, sizeof b);
	snprintf(out, TALK_PACKET, "%s -> %s protocol %u", a, b, flow->flow.proto);
	return out;
}

const char *talk_packet(char out[TALK_PACKET], const uint8_t *data, uint32_t len)
{
	union flow_words flow;
	struct ip_view v;
	size_t n;

	if (!ip_parse(data, len, &v)) {
		snprintf(out, TALK_PACKET, "content of %u octets", len);
		return out;
	}
	ip_flow(data, &v, &flow.flow);
	talk_flow(out, &flow);
	n = strlen(out);
	snprintf(out + n, TALK_PACKET - n, ", %u octets%s", v.total,
		v.later_fragment ? ", a later fragment" : v.fragment ? ", a first fragment" : "");
	return out;
}

const char *talk_said(char out[TALK_PACKET], const struct ms_said *said)
{
	ms_said_text(said, 0, out, TALK_PACKET);
	return out;
}
