/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: a class, a reason, and one text table.
 *
 * Every fallible function of libmodswan and of the plugin roles returns an ms_err, which the
 * compiler refuses to see ignored.  The class tells the caller what kind of trouble it is, the
 * code which one; words that only the failing place knows (file, line, value, what was wanted)
 * travel in a struct ms_why, which may always be NULL.  Library code never logs an error that it
 * also returns.
 */
#ifndef MODSWAN_ERROR_H
#define MODSWAN_ERROR_H

#include <stddef.h>

#define MS_MUST_CHECK __attribute__((warn_unused_result))
#define MS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum ms_err_class {
	MS_CLASS_OK,
	MS_CLASS_PROTOCOL,   /* the peer sent what the RFC forbids, or refused us */
	MS_CLASS_CONFIG,     /* a person wrote something that cannot be used */
	MS_CLASS_CREDENTIAL, /* a secret, key or identity is missing or does not fit */
	MS_CLASS_RESOURCE,   /* memory, descriptors, limits, the operating system */
	MS_CLASS_KERNEL,     /* the IPsec kernel backend said no */
	MS_CLASS_CRYPTO,     /* an algorithm is missing or failed */
	MS_CLASS_PLUGIN,     /* a plugin cannot be loaded or does not offer what is asked */
	MS_CLASS_BUG,        /* a caller broke a written contract */
};

/* code, class, text */
#define MS_ERRORS(X)                                                                               \
	X(MS_OK, MS_CLASS_OK, "no error")                                                          \
	X(MS_ERR_SYNTAX, MS_CLASS_PROTOCOL, "malformed message")                                   \
	X(MS_ERR_TRUNCATED, MS_CLASS_PROTOCOL, "message ends too early")                           \
	X(MS_ERR_UNEXPECTED, MS_CLASS_PROTOCOL, "message does not fit the exchange")               \
	X(MS_ERR_CRITICAL, MS_CLASS_PROTOCOL, "unsupported critical payload")                      \
	X(MS_ERR_NO_PROPOSAL, MS_CLASS_PROTOCOL, "no proposal chosen")                             \
	X(MS_ERR_BAD_KE, MS_CLASS_PROTOCOL, "invalid key exchange value")                          \
	X(MS_ERR_INTEGRITY, MS_CLASS_PROTOCOL, "integrity check failed")                           \
	X(MS_ERR_REPLAY, MS_CLASS_PROTOCOL, "replayed or too old")                                 \
	X(MS_ERR_AUTH, MS_CLASS_PROTOCOL, "authentication failed")                                 \
	X(MS_ERR_TS, MS_CLASS_PROTOCOL, "traffic selectors unacceptable")                          \
	X(MS_ERR_PEER_REFUSED, MS_CLASS_PROTOCOL, "the peer refused")                              \
	X(MS_ERR_TIMEOUT, MS_CLASS_PROTOCOL, "no answer from the peer")                            \
	X(MS_ERR_CONFIG, MS_CLASS_CONFIG, "bad configuration")                                     \
	X(MS_ERR_RANGE, MS_CLASS_CONFIG, "value out of bounds")                                    \
	X(MS_ERR_UNKNOWN, MS_CLASS_CONFIG, "unknown name")                                         \
	X(MS_ERR_DUPLICATE, MS_CLASS_CONFIG, "already there")                                      \
	X(MS_ERR_TEXT, MS_CLASS_CONFIG, "text form not understood")                                \
	X(MS_ERR_NO_CREDENTIAL, MS_CLASS_CREDENTIAL, "no matching secret or key")                  \
	X(MS_ERR_BAD_KEY, MS_CLASS_CREDENTIAL, "unusable key")                                     \
	X(MS_ERR_NOMEM, MS_CLASS_RESOURCE, "out of memory")                                        \
	X(MS_ERR_SPACE, MS_CLASS_RESOURCE, "buffer too small")                                     \
	X(MS_ERR_LIMIT, MS_CLASS_RESOURCE, "limit reached")                                        \
	X(MS_ERR_BUSY, MS_CLASS_RESOURCE, "busy")                                                  \
	X(MS_ERR_SYSTEM, MS_CLASS_RESOURCE, "system call failed")                                  \
	X(MS_ERR_CANCELLED, MS_CLASS_RESOURCE, "cancelled")                                        \
	X(MS_ERR_NOT_FOUND, MS_CLASS_RESOURCE, "not found")                                        \
	X(MS_ERR_KERNEL, MS_CLASS_KERNEL, "kernel backend refused")                                \
	X(MS_ERR_KERNEL_GONE, MS_CLASS_KERNEL, "kernel backend not reachable")                     \
	X(MS_ERR_NO_ALGORITHM, MS_CLASS_CRYPTO, "algorithm not available")                         \
	X(MS_ERR_CRYPTO, MS_CLASS_CRYPTO, "cryptographic operation failed")                        \
	X(MS_ERR_ABI, MS_CLASS_PLUGIN, "plugin ABI mismatch")                                      \
	X(MS_ERR_PLUGIN, MS_CLASS_PLUGIN, "plugin unusable")                                       \
	X(MS_ERR_UNSUPPORTED, MS_CLASS_PLUGIN, "not supported")                                    \
	X(MS_ERR_BUG, MS_CLASS_BUG, "internal error")

enum ms_err_code {
#define MS_ERROR_ENUM(code, class, text) code,
	MS_ERRORS(MS_ERROR_ENUM)
#undef MS_ERROR_ENUM
	MS_ERR_COUNT
};

typedef enum ms_err_code ms_err;

/* Words about one failure, owned by the caller, always NUL-terminated, truncated when too long. */
struct ms_why {
	char text[384];
};

/* Writes the reason and gives `err` back, so that `return ms_fail(why, MS_ERR_X, ...)` reads as
 * one step.  `why` may be NULL.  Never pass secrets. */
ms_err ms_fail(struct ms_why *why, ms_err err, const char *fmt, ...) MS_PRINTF(3, 4);

/* Puts words ("file:line: ") before what `why` holds already. */
void ms_why_prefix(struct ms_why *why, const char *fmt, ...) MS_PRINTF(2, 3);

const char *ms_err_text(ms_err err);
enum ms_err_class ms_err_class(ms_err err);
const char *ms_err_class_name(enum ms_err_class c);

/* What to print for a failure: why->text when it says something, else the table's text. */
const char *ms_why_text(const struct ms_why *why, ms_err err);

#endif
