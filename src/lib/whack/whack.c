/* SPDX-License-Identifier: Apache-2.0 */
/* The whack wire form; include/modswan/whack.h says what it looks like. */
#include "lib/wire/wire.h"

#include <modswan/whack.h>

#include <stdio.h>
#include <string.h>

static bool is_word(const char *s, size_t len)
{
	if (len == 0 || len > MS_WHACK_WORD_OCTETS || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-' ||
			    s[i] == '_'))
			return false;
	return true;
}

/* --- requests --------------------------------------------------------------------------------- */

ms_err ms_whack_decode_header(const uint8_t *header, size_t *octets_r, struct ms_why *why)
{
	struct wire_reader r = wire_reader(ms_bytes(header, MS_WHACK_HEADER_OCTETS));
	uint32_t n = wire_u32(&r);

	if (n == 0 || n > MS_WHACK_REQUEST_OCTETS)
		return ms_fail(why, MS_ERR_LIMIT, "request of %u octets, wanted 1 to %u", n,
			MS_WHACK_REQUEST_OCTETS);
	*octets_r = n;
	return MS_OK;
}

/* One NUL-terminated string; NULL when there is no NUL any more. */
static char *take_string(char **pos, const char *end)
{
	char *s = *pos, *nul = memchr(s, '\0', (size_t)(end - s));

	if (nul != NULL)
		*pos = nul + 1;
	return nul == NULL ? NULL : s;
}

static ms_err decode_arg(struct ms_whack_request *out, char *s, struct ms_why *why)
{
	char *eq = strchr(s, '=');

	if (eq == NULL || !is_word(s, (size_t)(eq - s)))
		return ms_fail(why, MS_ERR_SYNTAX, "argument %u of the request is not name=value",
			out->n_args + 1);
	if (out->n_args == MS_WHACK_ARGS)
		return ms_fail(why, MS_ERR_LIMIT, "more than %u arguments", MS_WHACK_ARGS);
	*eq = '\0';
	out->args[out->n_args].name = s;
	out->args[out->n_args].value = eq + 1;
	out->n_args++;
	return MS_OK;
}

ms_err ms_whack_decode(struct ms_whack_request *out, char *body, size_t octets, struct ms_why *why)
{
	char *pos = body, *end = body + octets, *s;
	ms_err err;

	out->n_args = 0;
	out->command = s = octets == 0 ? NULL : take_string(&pos, end);
	if (s == NULL)
		return ms_fail(why, MS_ERR_TRUNCATED, "request ends within its command");
	if (!is_word(s, strlen(s)))
		return ms_fail(why, MS_ERR_SYNTAX, "request starts with no command");
	while (pos < end) {
		s = take_string(&pos, end);
		if (s == NULL)
			return ms_fail(why, MS_ERR_TRUNCATED, "request ends within argument %u",
				out->n_args + 1);
		err = decode_arg(out, s, why);
		if (err != MS_OK)
			return err;
	}
	return MS_OK;
}

static void put_text(struct wire_writer *w, const char *s, size_t len)
{
	wire_put(w, ms_bytes(s, len));
}

ms_err ms_whack_encode(uint8_t *out, size_t cap, size_t *used_r, const struct ms_request *request,
	struct ms_why *why)
{
	struct wire_writer w = wire_writer(out, cap);
	size_t body = strlen(request->command) + 1;

	if (!is_word(request->command, strlen(request->command)))
		return ms_fail(why, MS_ERR_SYNTAX, "\"%s\" is no command", request->command);
	if (request->n_args > MS_WHACK_ARGS)
		return ms_fail(why, MS_ERR_LIMIT, "more than %u arguments", MS_WHACK_ARGS);
	wire_put_u32(&w, 0);
	put_text(&w, request->command, body);
	for (unsigned i = 0; i < request->n_args; i++) {
		const struct ms_arg *a = &request->args[i];
		size_t name = strlen(a->name), value = strlen(a->value);

		if (!is_word(a->name, name))
			return ms_fail(why, MS_ERR_SYNTAX, "\"%s\" is no argument name", a->name);
		body += name + 1 + value + 1;
		put_text(&w, a->name, name);
		wire_put_u8(&w, '=');
		put_text(&w, a->value, value + 1);
	}
	if (body > MS_WHACK_REQUEST_OCTETS)
		return ms_fail(why, MS_ERR_LIMIT, "request of %zu octets, the most is %u", body,
			MS_WHACK_REQUEST_OCTETS);
	wire_patch_uint(&w, 0, body, MS_WHACK_HEADER_OCTETS);
	if (!wire_written(&w))
		return ms_fail(
			why, MS_ERR_SPACE, "request of %zu octets does not fit in %zu", body, cap);
	*used_r = wire_result(&w).len;
	return MS_OK;
}

/* --- replies ---------------------------------------------------------------------------------- */

static unsigned three_digits(int code)
{
	return code < 0 || code > 999 ? MS_RC_INTERNALERR : (unsigned)code;
}

size_t ms_whack_line(char *buf, size_t size, int code, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	const unsigned three = three_digits(code);
	size_t n = 4;

	if (size < 16)
		return 0;
	/* By hand and run by run: a listing of 100,000 SAs has two million lines. */
	buf[0] = (char)('0' + three / 100);
	buf[1] = (char)('0' + three / 10 % 10);
	buf[2] = (char)('0' + three % 10);
	buf[3] = ' ';
	for (;;) {
		const unsigned char *from = s;
		size_t run;

		while (*s >= ' ' && *s < 0x7f)
			s++;
		run = (size_t)(s - from);
		if (run > size - 2 - n)
			run = size - 2 - n;
		memcpy(buf + n, from, run);
		n += run;
		if (*s == '\0' || n + 4 > size - 2)
			break;
		n += (size_t)snprintf(buf + n, size - n, "\\x%02x", *s++);
	}
	buf[n++] = '\n';
	buf[n] = '\0';
	return n;
}

size_t ms_whack_end(char *buf, size_t size, int code)
{
	return (size_t)snprintf(buf, size, "=%03u\n", three_digits(code));
}

ms_err ms_whack_parse_reply(struct ms_whack_reply *out, const char *line, struct ms_why *why)
{
	bool end = line[0] == '=';
	const char *d = line + end;
	int code = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (d[i] < '0' || d[i] > '9')
			return ms_fail(why, MS_ERR_SYNTAX, "reply without a code");
		code = code * 10 + (d[i] - '0');
	}
	if (d[3] != (end ? '\0' : ' '))
		return ms_fail(why, MS_ERR_SYNTAX, "reply without a code");
	out->end = end;
	out->code = code;
	out->text = end ? d + 3 : d + 4;
	return MS_OK;
}

int ms_whack_exit_status(int status, int code)
{
	switch (code) {
	case MS_RC_COMMENT:
	case MS_RC_LOG:
	case MS_RC_LOG_SERIOUS:
	case MS_RC_TRAFFIC:
		return status;
	case MS_RC_SUCCESS:
		return 0;
	default:
		/* What does not fit in a process's exit status is trouble all the same. */
		return code > 255 ? 1 : code;
	}
}
