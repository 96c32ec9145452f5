/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role resolver: what DNS says of a name, later, and how far that can be trusted.
 *
 * A question is a name and a type; the answer has the records' data as they stand in the message,
 * with names in them uncompressed, their time to live, and what DNSSEC says.  Aliases (CNAME,
 * DNAME) are followed by the provider as far as its bound; a PTR is only ever an answer, never
 * followed.  Every question is bounded in time, records and octets, and a provider bounds how many
 * are under way; equal questions share one.
 *
 * Standards: RFC 1034, RFC 1035, RFC 2308 (negative answers), RFC 4035 (DNSSEC).
 */
#ifndef MODSWAN_RESOLVER_H
#define MODSWAN_RESOLVER_H

#include <modswan/error.h>
#include <modswan/mem.h>

#include <stdbool.h>
#include <stdint.h>

#define MS_DNS_NAME_MAX 253 /* characters of a name without the final dot */

/* IANA "Resource Record (RR) TYPEs" */
enum ms_dns_type {
	MS_DNS_A = 1,
	MS_DNS_PTR = 12,
	MS_DNS_TXT = 16,
	MS_DNS_KEY = 25,
	MS_DNS_AAAA = 28,
	MS_DNS_IPSECKEY = 45,
};

/* RFC 4035 s4.3; the worse ones first. */
enum ms_dns_status {
	MS_DNS_BOGUS,	 /* signed, and the signatures are not good */
	MS_DNS_INSECURE, /* nobody signed it, or it was not checked */
	MS_DNS_SECURE,
};

/* Borrowed for the callback. */
struct ms_dns_answer {
	const char *name;      /* that was asked, without final dot */
	const char *canonical; /* the records' owner: `name` unless an alias was followed */
	uint16_t type;
	enum ms_dns_status status;
	uint32_t ttl_s; /* also of "there is none"; 0 where nothing is known */
	unsigned n;
	const struct ms_bytes *records;
};

enum ms_dns_flags {
	MS_DNS_UNCHECKED = 1, /* signatures are not looked at: never bogus, never secure */
};

struct ms_dns_query; /* one question under way */

/*
 * Once, on the loop, never before the call that asked has returned.  answer is never NULL; without
 * MS_OK it has no records.
 * MS_ERR_NOT_FOUND: there is no such name, or it has no such records (status says how sure that is).
 * MS_ERR_AUTH: the answer is bogus.  MS_ERR_TIMEOUT: nobody answered in time.
 * MS_ERR_SYSTEM: the servers failed or refused.  MS_ERR_LIMIT: more records or octets than allowed.
 */
typedef void ms_resolver_done_f(void *arg, ms_err err, const struct ms_dns_answer *answer,
	const struct ms_why *why);

struct ms_resolver_ops {
	uint32_t size;
	/* name: as people write it, final dot or not.  On an error nothing will be called:
	 * MS_ERR_TEXT (not a name), MS_ERR_LIMIT (too many are under way), MS_ERR_NOMEM. */
	ms_err (*ask)(void *inst, const char *name, uint16_t type, uint32_t flags,
		struct ms_dns_query **out, ms_resolver_done_f *done, void *arg, struct ms_why *why);
	/* done() will not be called. */
	void (*cancel)(void *inst, struct ms_dns_query **query);
};

/* Labels of letters, digits, '-', '_' and '/' (RFC 2317), 63 at most, MS_DNS_NAME_MAX together,
 * final dot or not: what is asked for is never anything else. */
bool ms_dns_name_ok(const char *name);
/* An uncompressed name at the front of `wire` (RFC 1035 s3.1) as text without final dot; "" is the
 * root.  size: MS_DNS_NAME_MAX + 1 is enough.  Returns the octets that it takes there, 0 when it is
 * none or not one that ms_dns_name_ok() would let pass. */
size_t ms_dns_name_text(struct ms_bytes wire, char *buf, size_t size);
const char *ms_dns_type_name(uint16_t type);	      /* "TXT"; "?" */
const char *ms_dns_status_name(enum ms_dns_status s); /* "secure" */

#endif
