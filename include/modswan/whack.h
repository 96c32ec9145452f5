/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes over pluto's control socket, RUNDIR/pluto.ctl (a UNIX stream socket).
 *
 * One command per connection.  The client sends one frame and reads until the end marker:
 *
 *	request = length(4 octets, network order, of what follows) command NUL *(name "=" value NUL)
 *	reply   = *line end
 *	line    = code " " text LF		code: three digits, enum ms_reply_code
 *	end     = "=" code LF			the command is over, and how
 *
 * command and name are a lower-case letter and then lower-case letters, digits, '-' and '_'; a
 * value is any octets but NUL.  A connection that ends without the end marker means that the daemon
 * went away.  A client that goes away does not stop its command.
 */
#ifndef MODSWAN_WHACK_H
#define MODSWAN_WHACK_H

#include <modswan/control.h>
#include <modswan/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_WHACK_SOCKET "pluto.ctl" /* in the run directory */
/* "async=yes" is not for the command: it sets ms_request.asynchronous. */
#define MS_WHACK_ASYNC          "async"
#define MS_WHACK_HEADER_OCTETS  4
#define MS_WHACK_REQUEST_OCTETS 65536 /* the most that length may say */
#define MS_WHACK_WORD_OCTETS    64    /* the longest command or argument name */
#define MS_WHACK_ARGS           256
#define MS_WHACK_LINE_OCTETS    4096 /* the longest reply line with its LF; texts are cut to fit */

/* A request as received; everything points into the octets it was decoded from. */
struct ms_whack_request {
	const char *command;
	unsigned n_args;
	struct ms_arg args[MS_WHACK_ARGS];
};

/* The length a header announces; MS_ERR_LIMIT when it is 0 or above MS_WHACK_REQUEST_OCTETS. */
ms_err ms_whack_decode_header(
	const uint8_t *header, size_t *octets_r, struct ms_why *why) MS_MUST_CHECK;
/* body: the octets after the header, all of them; changed in place (names are cut from values) and
 * kept by the caller for as long as the request.  MS_ERR_TRUNCATED: the last string is not ended;
 * MS_ERR_SYNTAX, MS_ERR_LIMIT; the reason quotes names only. */
ms_err ms_whack_decode(
	struct ms_whack_request *out, char *body, size_t octets, struct ms_why *why) MS_MUST_CHECK;
/* Writes header and body; *used_r: octets of both.  MS_ERR_SPACE when cap is too small,
 * MS_ERR_LIMIT when the request is longer than may be sent, MS_ERR_SYNTAX for a bad name. */
ms_err ms_whack_encode(uint8_t *out, size_t cap, size_t *used_r, const struct ms_request *request,
	struct ms_why *why) MS_MUST_CHECK;

/* One line with its LF, always whole: a text that is too long is cut, control characters and
 * octets outside ASCII are shown as \xNN.  size >= MS_WHACK_LINE_OCTETS. Returns its octets. */
size_t ms_whack_line(char *buf, size_t size, int code, const char *text);
size_t ms_whack_end(char *buf, size_t size, int code);

struct ms_whack_reply {
	bool end;
	int code;
	const char *text; /* of the line, without code; empty for the end marker */
};

/* line: without its LF, NUL-terminated; text points into it. */
ms_err ms_whack_parse_reply(
	struct ms_whack_reply *out, const char *line, struct ms_why *why) MS_MUST_CHECK;

/* The exit status of whack after one more code, when it was `status` before: comments, log lines
 * and traffic leave it alone, success makes it 0, any other code becomes it. */
int ms_whack_exit_status(int status, int code);

#endif
