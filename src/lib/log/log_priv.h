/* SPDX-License-Identifier: Apache-2.0 */
/* Between log.c, which makes lines, and sink.c, which writes them. */
#ifndef MODSWAN_LOG_PRIV_H
#define MODSWAN_LOG_PRIV_H

#include "lib/log/sink.h"

bool log_level_wanted(enum ms_log_level level);
void log_emit(const struct ms_logger *lg, enum ms_log_level level, const char *prefix,
	const char *text);

#endif
