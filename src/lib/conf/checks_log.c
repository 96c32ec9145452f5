/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conf/checks.h"

#include <modswan/conf.h>
#include <modswan/log.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool among(const char *value, size_t len, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strlen(*words) == len && strncasecmp(value, *words, len) == 0)
			return true;
	}
	return false;
}

static const char *nearest(const char *value, const char *const *words)
{
	unsigned best = (unsigned)-1;
	const char *near = NULL;

	for (; *words != NULL; words++) {
		if (ms_text_is_near(value, *words, &best))
			near = *words;
	}
	return near;
}

static ms_err debug_word(const char *value, const char *const *words, struct ms_why *why)
{
	const char *near;

	if (among(value, strlen(value), words))
		return MS_OK;
	near = nearest(value, words);
	if (near != NULL)
		return ms_fail(
			why, MS_ERR_UNKNOWN, "no such debugging flag; did you mean %s?", near);
	return ms_fail(why, MS_ERR_UNKNOWN, "no such debugging flag");
}

#define SOURCE_NAME(id, name) name,

/* The rooms that log, and the words that the family has for what they say. */
ms_err conf_check_plutodebug(const char *value, struct ms_why *why)
{
	static const char *const words[] = { "none", "all", "base", "cpu-usage", "tmi",
		MS_LOG_SOURCES(SOURCE_NAME) "raw", "crypt", "parsing", "emitting", "control",
		"controlmore", "lifecycle", "klips", "netkey", "xfrm", "dns", "oppo", "oppoinfo",
		"whackwatch", "natt", "x509", "dpd", "private", NULL };

	return debug_word(value, words, why);
}

ms_err conf_check_klipsdebug(const char *value, struct ms_why *why)
{
	static const char *const words[] = { "none", "all", "tunnel", "tunnel-xmit", "netlink",
		"xform", "eroute", "spi", "radij", "esp", "ah", "rcv", "pfkey", "ipcomp", "comp",
		"verbose", NULL };

	return debug_word(value, words, why);
}

ms_err conf_check_syslog(const char *value, struct ms_why *why)
{
	static const char *const facilities[] = { "auth", "authpriv", "cron", "daemon", "ftp",
		"kern", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
		"local7", "lpr", "mail", "news", "syslog", "user", "uucp", NULL };
	static const char *const levels[] = { "debug", "info", "notice", "warning", "err", "error",
		"crit", "alert", "emerg", NULL };
	const char *dot = strchr(value, '.');

	if (dot != NULL && among(value, (size_t)(dot - value), facilities) &&
		among(dot + 1, strlen(dot + 1), levels))
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected FACILITY.LEVEL, as in daemon.error");
}

ms_err conf_check_path(const char *value, struct ms_why *why)
{
	if (value[0] == '/')
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected a path that begins with /");
}

ms_err conf_check_word(const char *value, struct ms_why *why)
{
	for (const char *p = value; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
			return ms_fail(why, MS_ERR_TEXT,
				"expected a word of letters, digits, '.', '_' and '-'");
	}
	return MS_OK;
}

ms_err conf_check_log_level(const char *value, struct ms_why *why)
{
	static const char *const sources[] = { "all", MS_LOG_SOURCES(SOURCE_NAME) NULL };
	static const char *const levels[] = { "error", "notice", "info", "debug", NULL };
	const char *eq = strchr(value, '=');
	const char *near;
	char source[32];

	if (eq == NULL || !among(eq + 1, strlen(eq + 1), levels))
		return ms_fail(why, MS_ERR_TEXT,
			"expected SOURCE=LEVEL with error, notice, info or debug");
	if (among(value, (size_t)(eq - value), sources))
		return MS_OK;
	snprintf(source, sizeof source, "%.*s", (int)(eq - value), value);
	near = nearest(source, sources);
	if (near != NULL)
		return ms_fail(
			why, MS_ERR_UNKNOWN, "no log source %s; did you mean %s?", source, near);
	return ms_fail(why, MS_ERR_UNKNOWN, "no log source %s", source);
}
