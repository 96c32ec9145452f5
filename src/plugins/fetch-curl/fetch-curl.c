/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch-curl: role fetch with libcurl.
 *
 * curl's multi interface runs on the daemon's loop: curl says which descriptors it wants to have
 * watched and when it wants to be woken, and everything happens on the loop's thread.  Names are
 * looked up by a thread of curl's, so a dead name server stalls nobody.  A request waits in a queue
 * until fewer than `parallel` are under way; its time limit counts from the moment it was asked.
 *
 * Only http and https are spoken, whatever a redirection says; an answer that grows beyond its
 * bound ends the transfer at that octet.
 */
#include <modswan/fetch.h>
#include <modswan/plugin.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct settings {
	uint32_t parallel, waiting, redirects;
	char *proxy;
};

struct instance;

struct ms_fetch {
	struct instance *in;
	struct ms_fetch *next;
	CURL *curl; /* NULL: waits in the queue */
	struct curl_slist *headers;
	char *url, *interface;
	uint8_t *body;
	size_t body_octets;
	uint64_t give_up_ms;
	struct ms_timer *timer; /* of the queue; under way curl counts itself */
	uint8_t *octets;
	size_t used, cap, max;
	bool too_much;
	ms_fetch_done_f *done;
	void *arg;
	char error[CURL_ERROR_SIZE];
};

struct instance {
	const struct ms_services *services;
	const struct settings *conf;
	CURLM *multi;
	struct ms_timer *timer;
	struct ms_fetch *first; /* oldest first, under way or waiting */
	uint32_t n_active, n_waiting;
};

static void start_waiting(struct instance *in);

/* --- one request --- */

static void unlink_fetch(struct ms_fetch *f)
{
	struct ms_fetch **at = &f->in->first;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
}

static void fetch_free(struct ms_fetch *f)
{
	unlink_fetch(f);
	if (f->curl != NULL) {
		curl_multi_remove_handle(f->in->multi, f->curl);
		curl_easy_cleanup(f->curl);
		f->in->n_active--;
	} else {
		f->in->n_waiting--;
	}
	ms_timer_free(&f->timer);
	curl_slist_free_all(f->headers);
	free(f->url);
	free(f->interface);
	free(f->body);
	free(f->octets);
	free(f);
}

static void over(struct ms_fetch *f, ms_err err, const struct ms_why *why)
{
	struct instance *in = f->in;
	ms_fetch_done_f *done = f->done;
	void *arg = f->arg;
	uint8_t *octets = f->octets;
	size_t used = f->used;

	f->octets = NULL;
	fetch_free(f);
	done(arg, err, err == MS_OK ? ms_bytes(octets, used) : ms_bytes(NULL, 0), why);
	free(octets);
	start_waiting(in);
}

static size_t take_octets(char *data, size_t size, size_t n, void *arg)
{
	struct ms_fetch *f = arg;
	size_t len = size * n;

	if (len > f->max - f->used) {
		f->too_much = true;
		return 0;
	}
	if (f->used + len > f->cap) {
		size_t cap = f->cap * 2 > f->used + len ? f->cap * 2 : f->used + len + 1024;
		uint8_t *more = realloc(f->octets, cap);

		if (more == NULL)
			return 0;
		f->octets = more;
		f->cap = cap;
	}
	if (len > 0)
		memcpy(f->octets + f->used, data, len);
	f->used += len;
	return len;
}

static void finished(struct ms_fetch *f, CURLcode code)
{
	struct ms_why why = { "" };
	long status = 0;
	ms_err err = MS_OK;

	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	if (f->too_much || code == CURLE_FILESIZE_EXCEEDED)
		err = ms_fail(&why, MS_ERR_LIMIT, "%.200s: more than %zu octets", f->url, f->max);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		err = ms_fail(&why, MS_ERR_TIMEOUT, "%.200s: no answer in time", f->url);
	else if (code != CURLE_OK)
		err = ms_fail(&why, MS_ERR_SYSTEM, "%.200s: %s", f->url,
			f->error[0] != '\0' ? f->error : curl_easy_strerror(code));
	else if (status != 200)
		err = ms_fail(&why, MS_ERR_NOT_FOUND, "%.200s: HTTP status %ld", f->url, status);
	over(f, err, &why);
}

/* --- curl on the loop --- */

static void reap(struct instance *in)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(in->multi, &left)) != NULL) {
		struct ms_fetch *f = NULL;

		if (m->msg == CURLMSG_DONE &&
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &f) == CURLE_OK)
			finished(f, m->data.result);
	}
}

static void ready(void *arg, int fd, unsigned events)
{
	struct instance *in = arg;
	int running;

	curl_multi_socket_action(in->multi, fd,
		(events & MS_READABLE ? CURL_CSELECT_IN : 0) |
			(events & MS_WRITABLE ? CURL_CSELECT_OUT : 0),
		&running);
	reap(in);
}

static void wake(void *arg)
{
	struct instance *in = arg;
	int running;

	curl_multi_socket_action(in->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(in);
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct instance *in = arg;
	struct ms_watch *w = socket_arg;
	unsigned events = (what & CURL_POLL_IN ? MS_READABLE : 0u) |
			  (what & CURL_POLL_OUT ? MS_WRITABLE : 0u);

	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		ms_watch_free(&w);
		curl_multi_assign(in->multi, fd, NULL);
	} else if (w != NULL) {
		ms_watch_set(w, events);
	} else {
		w = ms_watch_new(in->services->loop, fd, events, ready, in);
		curl_multi_assign(in->multi, fd, w);
	}
	return 0;
}

/* curl wants no call back into it from here, so even "at once" goes through the loop. */
static int on_timer(CURLM *multi, long ms, void *arg)
{
	struct instance *in = arg;

	(void)multi;
	if (ms < 0)
		ms_timer_stop(in->timer);
	else
		ms_timer_set(in->timer, (uint64_t)ms);
	return 0;
}

/* --- starting --- */

static bool set_up(struct ms_fetch *f, uint64_t left_ms)
{
	const struct settings *s = f->in->conf;
	CURL *c = f->curl;
	bool ok = true;

#define SET(option, value) ok &= curl_easy_setopt(c, option, value) == CURLE_OK
	SET(CURLOPT_URL, f->url);
	SET(CURLOPT_PRIVATE, f);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, s->redirects > 0 ? 1L : 0L);
	SET(CURLOPT_MAXREDIRS, (long)s->redirects);
	SET(CURLOPT_TIMEOUT_MS, (long)left_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max);
	SET(CURLOPT_BUFFERSIZE, 16384L);
	SET(CURLOPT_WRITEFUNCTION, take_octets);
	SET(CURLOPT_WRITEDATA, f);
	SET(CURLOPT_ERRORBUFFER, f->error);
	SET(CURLOPT_USERAGENT, "modswan");
	SET(CURLOPT_HTTPHEADER, f->headers);
	/* Not from the environment: the daemon's way out is written in its settings. */
	SET(CURLOPT_PROXY, s->proxy != NULL ? s->proxy : "");
	SET(CURLOPT_FORBID_REUSE, 1L);
	/* Else the end of a request would wait for its name look-up. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	if (f->interface != NULL)
		SET(CURLOPT_INTERFACE, f->interface);
	if (f->body != NULL) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body_octets);
		SET(CURLOPT_POSTFIELDS, (const char *)f->body);
	}
#undef SET
	return ok;
}

static void start(struct ms_fetch *f)
{
	uint64_t now = ms_loop_now_ms(f->in->services->loop);
	struct ms_why why = { "" };

	ms_timer_free(&f->timer);
	f->curl = curl_easy_init();
	if (f->curl == NULL) {
		over(f, MS_ERR_NOMEM, &why);
		return;
	}
	f->in->n_waiting--;
	f->in->n_active++;
	if (!set_up(f, f->give_up_ms > now ? f->give_up_ms - now : 1) ||
		curl_multi_add_handle(f->in->multi, f->curl) != CURLM_OK)
		over(f, ms_fail(&why, MS_ERR_SYSTEM, "%.200s: curl refuses it", f->url), &why);
}

/* Also the first start of a request, so that done() never comes before get() has returned. */
static void queue_fired(void *arg)
{
	struct ms_fetch *f = arg;
	struct instance *in = f->in;
	struct ms_why why = { "" };

	if (in->n_active < in->conf->parallel)
		start(f);
	else if (ms_loop_now_ms(in->services->loop) >= f->give_up_ms)
		over(f, ms_fail(&why, MS_ERR_TIMEOUT, "%.200s: its turn did not come", f->url),
			&why);
	else
		ms_timer_set(f->timer, f->give_up_ms - ms_loop_now_ms(in->services->loop));
}

static void start_waiting(struct instance *in)
{
	uint32_t room = in->n_active < in->conf->parallel ? in->conf->parallel - in->n_active : 0;

	for (struct ms_fetch *f = in->first; f != NULL && room > 0; f = f->next)
		if (f->curl == NULL) {
			ms_timer_set(f->timer, 0);
			room--;
		}
}

/* --- the role --- */

static const char *const schemes[] = { "http", "https", NULL };

static bool fetchable(const char *url)
{
	for (unsigned i = 0; schemes[i] != NULL; i++) {
		size_t n = strlen(schemes[i]);

		if (strncasecmp(url, schemes[i], n) == 0 && strncmp(url + n, "://", 3) == 0)
			return true;
	}
	return false;
}

static bool add_header(struct ms_fetch *f, const char *name, const char *value)
{
	struct curl_slist *more;
	char line[160];

	if (value == NULL)
		return true;
	snprintf(line, sizeof line, "%s: %s", name, value);
	more = curl_slist_append(f->headers, line);
	if (more != NULL)
		f->headers = more;
	return more != NULL;
}

static bool copy_request(struct ms_fetch *f, const struct ms_fetch_request *r)
{
	f->url = strdup(r->url);
	f->interface = r->interface != NULL ? strdup(r->interface) : NULL;
	if (f->url == NULL || (r->interface != NULL && f->interface == NULL))
		return false;
	if (r->body.len > 0) {
		f->body = malloc(r->body.len);
		if (f->body == NULL)
			return false;
		memcpy(f->body, r->body.ptr, r->body.len);
		f->body_octets = r->body.len;
	}
	return add_header(f, "Accept", r->accept) && add_header(f, "Content-Type", r->content_type);
}

static ms_err get(void *inst, const struct ms_fetch_request *r, struct ms_fetch **out,
	ms_fetch_done_f *done, void *arg, struct ms_why *why)
{
	struct instance *in = inst;
	struct ms_fetch *f, **end = &in->first;

	if (strlen(r->url) > MS_FETCH_URL_MAX)
		return ms_fail(why, MS_ERR_LIMIT, "a URL of %zu octets", strlen(r->url));
	if (!fetchable(r->url))
		return ms_fail(why, MS_ERR_UNSUPPORTED, "%.200s: neither http nor https", r->url);
	if (in->n_waiting >= in->conf->waiting)
		return ms_fail(why, MS_ERR_LIMIT, "%u requests wait already", in->n_waiting);
	f = calloc(1, sizeof *f);
	if (f == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	f->in = in;
	f->done = done;
	f->arg = arg;
	f->max = r->max_octets;
	f->give_up_ms = ms_loop_now_ms(in->services->loop) + r->timeout_ms;
	while (*end != NULL)
		end = &(*end)->next;
	*end = f;
	in->n_waiting++;
	f->timer = ms_timer_new(in->services->loop, queue_fired, f);
	if (f->timer == NULL || !copy_request(f, r)) {
		fetch_free(f);
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	ms_timer_set(f->timer, 0);
	*out = f;
	return MS_OK;
}

static void cancel(void *inst, struct ms_fetch **fetch)
{
	if (*fetch == NULL)
		return;
	fetch_free(*fetch);
	*fetch = NULL;
	start_waiting(inst);
}

/* --- the plugin --- */

static void unload(void **instance)
{
	struct instance *in = *instance;

	if (in == NULL)
		return;
	while (in->first != NULL)
		fetch_free(in->first);
	if (in->multi != NULL)
		curl_multi_cleanup(in->multi);
	ms_timer_free(&in->timer);
	curl_global_cleanup();
	free(in);
	*instance = NULL;
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct instance *in = calloc(1, sizeof *in);
	void *made = in;

	if (in == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	in->services = services;
	in->conf = conf;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(in);
		return ms_fail(why, MS_ERR_SYSTEM, "curl does not start");
	}
	in->timer = ms_timer_new(services->loop, wake, in);
	in->multi = curl_multi_init();
	if (in->timer == NULL || in->multi == NULL) {
		unload(&made);
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	curl_multi_setopt(in->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(in->multi, CURLMOPT_SOCKETDATA, in);
	curl_multi_setopt(in->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(in->multi, CURLMOPT_TIMERDATA, in);
	*instance_r = in;
	return MS_OK;
}

static const struct ms_fetch_ops ops = {
	.size = sizeof ops,
	.schemes = schemes,
	.get = get,
	.cancel = cancel,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(FETCH, "curl", &ops),
	MS_FEATURES_END,
};

static const struct ms_conf_key keys[] = {
	MS_KEY_UINT(struct settings, parallel, "parallel", .min = 1, .max = 256, .def = 8,
		.unit = "requests", .brief = "how many are under way at once; the others wait"),
	MS_KEY_UINT(struct settings, waiting, "waiting", .min = 1, .max = 100000, .def = 1000,
		.unit = "requests", .brief = "how many may wait; more are refused"),
	MS_KEY_UINT(struct settings, redirects, "redirects", .max = 20, .def = 3,
		.brief = "how many redirections are followed, to http and https only"),
	MS_KEY_STRING(struct settings, proxy, "proxy",
		.brief = "proxy for all requests, such as http://192.0.2.1:3128",
		.text = "The environment's http_proxy is not looked at."),
	MS_KEY_END,
};

MS_PLUGIN(fetch_curl, "fetch-curl", .summary = "CRLs, OCSP and lists over HTTP with libcurl",
	.features = features, .keys = keys, .conf_size = sizeof(struct settings), .load = load,
	.unload = unload, );
