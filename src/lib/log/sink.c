/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/log/log_priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

struct stream {
	FILE *f; /* NULL: off */
	enum ms_log_level level;
	enum ms_log_form form;
	bool time;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *program, *file_path;
static bool opened, to_syslog, settled;
static enum ms_log_level syslog_level;
static struct stream err_stream, file_stream;
static ms_log_tap_f *tap;
static void *tap_arg;
/* Lines that came before there was a sink: the first one gets them. */
#define EARLY_LINES 64
static struct {
	enum ms_log_source source;
	enum ms_log_level level;
	char *prefix, *text;
} early[EARLY_LINES];
static unsigned n_early;
static atomic_uint debug_mask;
static atomic_int max_level = MS_LOG_INFO;

static const char *const level_names[] = { "error", "notice", "info", "debug" };
static const int syslog_levels[] = { LOG_ERR, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
static const char *const source_names[] = {
#define MS_LOG_SOURCE_NAME(id, name) [MS_SOURCE_##id] = name,
	MS_LOG_SOURCES(MS_LOG_SOURCE_NAME)
#undef MS_LOG_SOURCE_NAME
};

const char *ms_log_source_name(enum ms_log_source source)
{
	return (unsigned)source < MS_SOURCE_COUNT ? source_names[source] : "unknown";
}

static void raise_level(enum ms_log_level level)
{
	if ((int)level > atomic_load(&max_level))
		atomic_store(&max_level, (int)level);
}

bool log_level_wanted(enum ms_log_level level)
{
	return (int)level <= atomic_load(&max_level);
}

static bool no_sink(void)
{
	return err_stream.f == NULL && file_stream.f == NULL && !to_syslog;
}

static void forget_early(void)
{
	for (unsigned i = 0; i < n_early; i++) {
		free(early[i].prefix);
		free(early[i].text);
	}
	n_early = 0;
}

void ms_log_settled(void)
{
	const struct stream *const streams[] = { &err_stream, &file_stream };
	int most = tap != NULL ? MS_LOG_INFO : -1;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < sizeof streams / sizeof streams[0]; i++)
		if (streams[i]->f != NULL && (int)streams[i]->level > most)
			most = (int)streams[i]->level;
	if (to_syslog && (int)syslog_level > most)
		most = (int)syslog_level;
	if (no_sink())
		forget_early();
	settled = true;
	pthread_mutex_unlock(&lock);
	atomic_store(&max_level, atomic_load(&debug_mask) != 0 ? MS_LOG_DEBUG : most);
}

void ms_log_open(const char *name)
{
	free(program);
	program = strdup(name);
	if (!opened)
		memset(&err_stream, 0, sizeof err_stream); /* what stood in until now */
	opened = true;
}

void ms_log_close(void)
{
	pthread_mutex_lock(&lock);
	forget_early();
	if (file_stream.f != NULL)
		fclose(file_stream.f);
	if (to_syslog)
		closelog();
	memset(&file_stream, 0, sizeof file_stream);
	memset(&err_stream, 0, sizeof err_stream);
	free(program);
	free(file_path);
	program = file_path = NULL;
	to_syslog = opened = settled = false;
	pthread_mutex_unlock(&lock);
	atomic_store(&max_level, MS_LOG_INFO);
}

void ms_log_reopen(void)
{
	pthread_mutex_lock(&lock);
	if (file_stream.f != NULL && file_path != NULL) {
		FILE *f = fopen(file_path, "ae");

		if (f != NULL) {
			setvbuf(f, NULL, _IOLBF, 0);
			fclose(file_stream.f);
			file_stream.f = f;
		}
	}
	pthread_mutex_unlock(&lock);
}

void ms_log_debug_sources(uint32_t mask)
{
	atomic_store(&debug_mask, mask);
	if (mask != 0)
		raise_level(MS_LOG_DEBUG);
}

uint32_t ms_log_debug_mask(void)
{
	return atomic_load(&debug_mask);
}

#define BIT(id) (1u << MS_SOURCE_##id)

/* The family's --debug words that are no room of ours. */
static const struct {
	const char *word;
	uint32_t mask;
} debug_aliases[] = {
	{ "raw", BIT(IKE) },
	{ "crypt", BIT(CRYPTO) | BIT(IKE) },
	{ "parsing", BIT(IKE) },
	{ "emitting", BIT(IKE) },
	{ "control", BIT(CONTROL) | BIT(IKE) | BIT(CONN) },
	{ "controlmore", BIT(CONTROL) | BIT(IKE) | BIT(CONN) | BIT(CHILD) },
	{ "lifecycle", BIT(IKE) | BIT(CHILD) },
	{ "klips", BIT(KERNEL) },
	{ "netkey", BIT(KERNEL) },
	{ "xfrm", BIT(KERNEL) },
	{ "dns", BIT(CREDS) },
	{ "oppo", BIT(ROUTE) },
	{ "oppoinfo", BIT(ROUTE) },
	{ "natt", BIT(IKE) | BIT(NET) },
	{ "x509", BIT(CREDS) },
	{ "dpd", BIT(IKE) },
	{ "tunnel-xmit", BIT(TUNNEL) },
	{ "netlink", BIT(PFKEY) },
	{ "xform", BIT(ESP) },
	{ "spi", BIT(PFKEY) | BIT(ESP) },
	{ "radij", BIT(EROUTE) },
	{ "ah", BIT(ESP) },
	{ "rcv", BIT(ESP) },
	{ "ipcomp", BIT(ESP) },
	{ "verbose", BIT(TUNNEL) | BIT(ESP) | BIT(EROUTE) | BIT(PFKEY) },
	{ "whackwatch", BIT(CONTROL) },
	{ "cpu-usage", BIT(MAIN) },
	{ "tmi", BIT(MAIN) | BIT(IKE) | BIT(CHILD) | BIT(CONN) | BIT(ROUTE) },
	{ "private", 0 }, /* key material is never logged */
	{ "base", BIT(MAIN) | BIT(IKE) | BIT(CHILD) | BIT(CONN) },
};

#undef BIT

ms_err ms_log_debug_word(const char *word, uint32_t *mask, struct ms_why *why)
{
	if (strcmp(word, "all") == 0) {
		*mask = ~0u;
		return MS_OK;
	}
	if (strcmp(word, "none") == 0) {
		*mask = 0;
		return MS_OK;
	}
	for (unsigned i = 0; i < sizeof debug_aliases / sizeof debug_aliases[0]; i++)
		if (strcmp(word, debug_aliases[i].word) == 0) {
			*mask |= debug_aliases[i].mask;
			return MS_OK;
		}
	for (unsigned i = 0; i < MS_SOURCE_COUNT; i++)
		if (strcmp(word, source_names[i]) == 0) {
			*mask |= 1u << i;
			return MS_OK;
		}
	return ms_fail(why, MS_ERR_UNKNOWN, "unknown debug word \"%s\"", word);
}

void ms_log_tap(ms_log_tap_f *fn, void *arg)
{
	tap = fn;
	tap_arg = arg;
	if (fn != NULL)
		raise_level(MS_LOG_INFO);
}

static void json_string(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
	putc('"', f);
}

static void write_stream(const struct stream *s, const struct ms_logger *lg,
	enum ms_log_level level, const char *prefix, const char *text)
{
	char stamp[40] = "";
	struct timespec ts;
	struct tm tm;

	if (s->time || s->form == MS_LOG_JSON) {
		clock_gettime(CLOCK_REALTIME, &ts);
		gmtime_r(&ts.tv_sec, &tm);
		strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(stamp + strlen(stamp), sizeof stamp - strlen(stamp), ".%03ldZ",
			ts.tv_nsec / 1000000);
	}
	if (s->form == MS_LOG_JSON) {
		fprintf(s->f, "{\"time\":\"%s\",\"level\":\"%s\",\"source\":\"%s\",\"object\":", stamp,
			level_names[level], ms_log_source_name(lg->source));
		json_string(s->f, prefix);
		fputs(",\"text\":", s->f);
		json_string(s->f, text);
		fputs("}\n", s->f);
		return;
	}
	if (stamp[0] != '\0')
		fprintf(s->f, "%s ", stamp);
	/* The family marks debug lines with a bar. */
	fprintf(s->f, "%s%s%s%s\n", level == MS_LOG_DEBUG ? "| " : "",
		level == MS_LOG_ERROR ? "ERROR: " : "", prefix, text);
}

static void to_sinks(const struct ms_logger *lg, enum ms_log_level level, const char *prefix,
	const char *text)
{
	if (err_stream.f != NULL && level <= err_stream.level)
		write_stream(&err_stream, lg, level, prefix, text);
	if (file_stream.f != NULL && level <= file_stream.level)
		write_stream(&file_stream, lg, level, prefix, text);
	if (to_syslog && level <= syslog_level)
		syslog(syslog_levels[level], "%s%s", prefix, text);
}

static void keep_early(const struct ms_logger *lg, enum ms_log_level level, const char *prefix,
	const char *text)
{
	if (settled || n_early == EARLY_LINES)
		return;
	early[n_early].source = lg->source;
	early[n_early].level = level;
	early[n_early].prefix = strdup(prefix);
	early[n_early].text = strdup(text);
	if (early[n_early].prefix == NULL || early[n_early].text == NULL) {
		free(early[n_early].prefix);
		free(early[n_early].text);
		return;
	}
	n_early++;
}

/* Called with the lock held, after a sink came. */
static void give_early(void)
{
	for (unsigned i = 0; i < n_early; i++) {
		struct ms_logger lg = { NULL, early[i].source, NULL, NULL, NULL };

		to_sinks(&lg, early[i].level, early[i].prefix, early[i].text);
	}
	forget_early();
}

void log_emit(const struct ms_logger *lg, enum ms_log_level level, const char *prefix,
	const char *text)
{
	pthread_mutex_lock(&lock);
	if (!opened && err_stream.f == NULL)
		err_stream = (struct stream){ stderr, MS_LOG_INFO, MS_LOG_PLAIN, false };
	if (no_sink())
		keep_early(lg, level, prefix, text);
	else
		to_sinks(lg, level, prefix, text);
	pthread_mutex_unlock(&lock);
	if (tap != NULL && level <= MS_LOG_INFO)
		tap(tap_arg, lg, level, prefix, text);
}

void ms_log_to_stderr(enum ms_log_level level, enum ms_log_form form, bool time)
{
	pthread_mutex_lock(&lock);
	err_stream = (struct stream){ stderr, level, form, time };
	give_early();
	pthread_mutex_unlock(&lock);
	raise_level(level);
}

void ms_log_to_syslog(enum ms_log_level level, int facility)
{
	pthread_mutex_lock(&lock);
	openlog(program, LOG_PID | LOG_NDELAY, facility);
	to_syslog = true;
	syslog_level = level;
	give_early();
	pthread_mutex_unlock(&lock);
	raise_level(level);
}

ms_err ms_log_to_file(const char *path, bool append, enum ms_log_level level,
	enum ms_log_form form, bool time, struct ms_why *why)
{
	FILE *f = fopen(path, append ? "ae" : "we");

	if (f == NULL)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot open log file \"%s\": %s", path,
			strerror(errno));
	setvbuf(f, NULL, _IOLBF, 0);
	pthread_mutex_lock(&lock);
	if (file_stream.f != NULL)
		fclose(file_stream.f);
	free(file_path);
	file_path = strdup(path);
	file_stream = (struct stream){ f, level, form, time };
	give_early();
	pthread_mutex_unlock(&lock);
	raise_level(level);
	return MS_OK;
}
