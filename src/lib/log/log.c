/* SPDX-License-Identifier: Apache-2.0 */
/* From a logger and a format to one clean line, handed to the sinks (sink.c). */
#include "lib/log/log_priv.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_OCTETS 2048

static uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Token bucket.  *missed: lines left out since the last one that passed. */
static bool limit_passes(struct ms_log_limit *l, uint32_t *missed)
{
	uint64_t now = clock_ms();
	uint64_t add;

	if (l->filled_ms == 0) {
		l->filled_ms = now;
		l->left = l->burst;
	}
	add = (now - l->filled_ms) * l->per_minute / 60000;
	if (add > 0) {
		l->left = add > l->burst - l->left ? l->burst : l->left + (uint32_t)add;
		l->filled_ms = now;
	}
	if (l->left == 0) {
		l->suppressed++;
		return false;
	}
	l->left--;
	*missed = l->suppressed;
	l->suppressed = 0;
	return true;
}

static void write_prefix(const struct ms_logger *lg, char *buf, size_t size)
{
	size_t n;

	if (lg->parent != NULL)
		write_prefix(lg->parent, buf, size);
	n = strlen(buf);
	if (lg->prefix != NULL && n < size)
		lg->prefix(lg->object, buf + n, size - n);
}

/* Control characters and what is not ASCII as \xNN: a log line is read on terminals. */
static void clean(char *out, size_t size, const char *in)
{
	size_t n = 0;

	for (; *in != '\0' && n + 5 < size; in++) {
		unsigned char c = (unsigned char)*in;

		if (c >= 0x20 && c < 0x7f)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
	}
	out[n] = '\0';
}

bool ms_log_wants(const struct ms_logger *lg, enum ms_log_level level)
{
	if (level == MS_LOG_DEBUG && !(ms_log_debug_mask() & 1u << lg->source))
		return false;
	return log_level_wanted(level);
}

void ms_vlog(const struct ms_logger *lg, enum ms_log_level level, const char *fmt, va_list ap)
{
	char prefix[512] = "", raw[LINE_MAX_OCTETS], text[LINE_MAX_OCTETS], safe[640];
	uint32_t missed = 0;

	if (!ms_log_wants(lg, level))
		return;
	if (lg->limit != NULL && !limit_passes(lg->limit, &missed))
		return;
	write_prefix(lg, prefix, sizeof prefix);
	vsnprintf(raw, sizeof raw, fmt, ap);
	clean(safe, sizeof safe, prefix);
	clean(text, sizeof text, raw);
	log_emit(lg, level, safe, text);
	if (missed > 0) {
		snprintf(raw, sizeof raw, "(%u similar lines were left out)", missed);
		log_emit(lg, level, safe, raw);
	}
}

void ms_log(const struct ms_logger *lg, enum ms_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ms_vlog(lg, level, fmt, ap);
	va_end(ap);
}
