/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging hangs on an object: every line says whose it is.
 *
 * A struct ms_logger is a small value that an object carries or a function builds on its stack; it
 * names a source (a room), knows how to print the object before the line, and points to its parent,
 * whose prefix comes first.  Secrets are never given to a log function.  Lines that a peer can
 * cause carry a limit.
 */
#ifndef MODSWAN_LOG_H
#define MODSWAN_LOG_H

#include <modswan/error.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum ms_log_level {
	MS_LOG_ERROR,  /* something of ours failed; a person should look */
	MS_LOG_NOTICE, /* what an administrator wants to know: tunnels up and down, refusals */
	MS_LOG_INFO,   /* steps on the way there */
	MS_LOG_DEBUG,  /* for those who debug, off unless plutodebug/klipsdebug says so */
};

/* name, what it speaks of */
#define MS_LOG_SOURCES(X)                                                                          \
	X(MAIN, "main")                                                                            \
	X(CONF, "conf")                                                                            \
	X(PLUGIN, "plugin")                                                                        \
	X(IKE, "ike")                                                                              \
	X(CHILD, "child")                                                                          \
	X(CONN, "conn")                                                                            \
	X(ROUTE, "route")                                                                          \
	X(CREDS, "creds")                                                                          \
	X(CRYPTO, "crypto")                                                                        \
	X(KERNEL, "kernel")                                                                        \
	X(NET, "net")                                                                              \
	X(CONTROL, "control")                                                                      \
	X(HOOK, "hook")                                                                            \
	X(ESP, "esp")                                                                              \
	X(EROUTE, "eroute")                                                                        \
	X(PFKEY, "pfkey")                                                                          \
	X(TUNNEL, "tunnel")

enum ms_log_source {
#define MS_LOG_SOURCE_ENUM(id, name) MS_SOURCE_##id,
	MS_LOG_SOURCES(MS_LOG_SOURCE_ENUM)
#undef MS_LOG_SOURCE_ENUM
	MS_SOURCE_COUNT
};

/* At most `burst` lines, refilled with `per_minute`; the next line that passes says how many were
 * left out. */
struct ms_log_limit {
	uint32_t burst;
	uint32_t per_minute;
	/* private */
	uint64_t filled_ms;
	uint32_t left;
	uint32_t suppressed;
};

struct ms_logger {
	const struct ms_logger *parent; /* may be NULL */
	enum ms_log_source source;
	/* Writes the object's name ("\"net1\" #7: ") like snprintf; NULL: nothing. */
	size_t (*prefix)(const void *object, char *buf, size_t size);
	const void *object;
	struct ms_log_limit *limit; /* may be NULL */
};

/* One line, no newline at its end; control characters and octets outside ASCII are shown as \xNN. */
void ms_log(const struct ms_logger *lg, enum ms_log_level level, const char *fmt, ...)
	MS_PRINTF(3, 4);
void ms_vlog(const struct ms_logger *lg, enum ms_log_level level, const char *fmt, va_list ap)
	MS_PRINTF(3, 0);
/* True when a line of this level would reach any sink: ask before costly formatting. */
bool ms_log_wants(const struct ms_logger *lg, enum ms_log_level level);

#define ms_error(lg, ...) ms_log(lg, MS_LOG_ERROR, __VA_ARGS__)
#define ms_notice(lg, ...) ms_log(lg, MS_LOG_NOTICE, __VA_ARGS__)
#define ms_info(lg, ...) ms_log(lg, MS_LOG_INFO, __VA_ARGS__)
#define ms_debug(lg, ...)                                                                          \
	do {                                                                                       \
		if (ms_log_wants(lg, MS_LOG_DEBUG))                                                \
			ms_log(lg, MS_LOG_DEBUG, __VA_ARGS__);                                     \
	} while (0)

#endif
