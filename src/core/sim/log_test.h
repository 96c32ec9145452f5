/* SPDX-License-Identifier: Apache-2.0 */
/* What was logged, for tests of what a person is told. */
#ifndef CORE_SIM_LOG_TEST_H
#define CORE_SIM_LOG_TEST_H

#include "lib/log/sink.h"

#include <stdio.h>
#include <string.h>

static char logged[65536]; /* lines, in full */

static inline void log_test_tap(void *arg, const struct ms_logger *lg, enum ms_log_level level,
	const char *prefix, const char *text)
{
	size_t n = strlen(logged);

	(void)arg;
	(void)lg;
	(void)level;
	snprintf(logged + n, sizeof(logged) - n, "%s%s\n", prefix, text);
}

static inline void listen_to_log(void)
{
	logged[0] = '\0';
	ms_log_tap(log_test_tap, NULL);
}

static inline void stop_listening(void)
{
	ms_log_tap(NULL, NULL);
}

#endif
