/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role fetch: the octets behind a URL, later.
 *
 * For certificate revocation lists, OCSP and lists that an administrator names: small things that
 * are fetched as a whole.  Every request is bounded in octets and time; a provider bounds how many
 * it works on at once.  Nothing here may stall the loop, name look-ups included.
 *
 * A URL may come out of a peer's certificate.  Whoever asks has checked that it deserves trust
 * before; the provider never leaves the schemes that it lists, not by a redirection either.
 */
#ifndef MODSWAN_FETCH_H
#define MODSWAN_FETCH_H

#include <modswan/error.h>
#include <modswan/mem.h>

#include <stdint.h>

#define MS_FETCH_URL_MAX 2048 /* octets of a URL */

struct ms_fetch_request {
	const char *url;
	struct ms_bytes body;	  /* not empty: sent to the server (POST) */
	const char *content_type; /* of the body */
	const char *accept;	  /* media type that is wanted; NULL: any */
	size_t max_octets;	  /* of the answer */
	uint64_t timeout_ms;	  /* for everything, from the call on */
	const char *interface;	  /* network device or source address; NULL: any */
};

struct ms_fetch; /* one request under way */

/* Once, on the loop, never before the call that asked has returned.  The octets are borrowed.
 * MS_ERR_TIMEOUT, MS_ERR_LIMIT (too many octets), MS_ERR_NOT_FOUND (an HTTP status other than 200),
 * MS_ERR_SYSTEM (the network). */
typedef void ms_fetch_done_f(void *arg, ms_err err, struct ms_bytes octets,
	const struct ms_why *why);

struct ms_fetch_ops {
	uint32_t size;
	const char *const *schemes; /* in small letters, NULL-terminated: "http" ... */
	/* Everything in the request is copied.  On an error nothing will be called:
	 * MS_ERR_UNSUPPORTED (scheme), MS_ERR_LIMIT (too many wait already), MS_ERR_NOMEM. */
	ms_err (*get)(void *inst, const struct ms_fetch_request *request, struct ms_fetch **out,
		ms_fetch_done_f *done, void *arg, struct ms_why *why);
	/* done() will not be called. */
	void (*cancel)(void *inst, struct ms_fetch **fetch);
};

#endif
