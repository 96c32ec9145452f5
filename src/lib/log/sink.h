/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where log lines go: stderr, syslog, a file, JSON lines, a function.
 *
 * Sinks are set up by the program's main and live until ms_log_close().  Lines may come from any
 * thread; a lock around the sinks keeps them whole.  A tap is called on the logging thread with the
 * line's objects, so that the whack face can show what concerns its caller.
 */
#ifndef MODSWAN_LOG_SINK_H
#define MODSWAN_LOG_SINK_H

#include <modswan/log.h>

#include <stdio.h>

enum ms_log_form { MS_LOG_PLAIN, MS_LOG_JSON };

/* program: the tag ("pluto"). Before this is called lines go to stderr. */
void ms_log_open(const char *program);
void ms_log_close(void);
/* Each level up to `level` passes to this sink. */
void ms_log_to_stderr(enum ms_log_level level, enum ms_log_form form, bool time);
void ms_log_to_syslog(enum ms_log_level level, int facility);
ms_err ms_log_to_file(const char *path, bool append, enum ms_log_level level,
	enum ms_log_form form, bool time, struct ms_why *why) MS_MUST_CHECK;
/* All sinks are there: from now on lines that none of them takes are not even made, and those that
 * were kept for the first one are forgotten if there is none. */
void ms_log_settled(void);
/* Debug lines of these sources (bit 1 << enum ms_log_source) are written at all. */
void ms_log_debug_sources(uint32_t mask);
uint32_t ms_log_debug_mask(void);
/* MS_ERR_UNKNOWN for a word that is no source's name, "all" or "none". */
ms_err ms_log_debug_word(const char *word, uint32_t *mask, struct ms_why *why) MS_MUST_CHECK;
const char *ms_log_source_name(enum ms_log_source source);

typedef void ms_log_tap_f(void *arg, const struct ms_logger *lg, enum ms_log_level level,
	const char *prefix, const char *text);
/* One tap at most; NULL takes it away. Called for levels up to INFO. */
void ms_log_tap(ms_log_tap_f *tap, void *arg);
/* Opens the log file again (after rotation). */
void ms_log_reopen(void);

#endif
