/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ms_out ms_out_begin(char *buf, size_t size)
{
	return (struct ms_out){ .buf = buf, .size = size };
}

void ms_out_char(struct ms_out *o, char c)
{
	if (o->need < o->size)
		o->buf[o->need] = c;
	o->need++;
}

void ms_out_str(struct ms_out *o, const char *s)
{
	while (*s != '\0')
		ms_out_char(o, *s++);
}

void ms_out_uint(struct ms_out *o, uint64_t n, unsigned base, unsigned width)
{
	char digits[64];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n != 0 && count < sizeof digits);
	while (count < width && count < sizeof digits)
		digits[count++] = '0';
	while (count > 0)
		ms_out_char(o, digits[--count]);
}

size_t ms_out_end(struct ms_out *o)
{
	if (o->size > 0)
		o->buf[o->need < o->size ? o->need : o->size - 1] = '\0';
	return o->need;
}

struct ms_slice ms_slice(const char *text, size_t len)
{
	return (struct ms_slice){ .p = text, .len = len };
}

struct ms_slice ms_slice_from(struct ms_slice s, size_t start)
{
	if (start > s.len)
		start = s.len;
	/* an empty slice may have a NULL pointer, to which nothing may be added */
	return start == 0 ? s : ms_slice(s.p + start, s.len - start);
}

struct ms_slice ms_slice_upto(struct ms_slice s, size_t end)
{
	return ms_slice(s.p, end < s.len ? end : s.len);
}

bool ms_slice_is(struct ms_slice s, const char *word)
{
	return s.len == strlen(word) && ms_slice_starts(s, word);
}

bool ms_slice_starts(struct ms_slice s, const char *word)
{
	size_t n = strlen(word);

	return n <= s.len && (n == 0 || memcmp(s.p, word, n) == 0);
}

size_t ms_slice_find(struct ms_slice s, const char *word)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (ms_slice_starts(ms_slice_from(s, i), word))
			return i;
	}
	return s.len;
}

size_t ms_slice_rfind(struct ms_slice s, char c)
{
	size_t i;

	for (i = s.len; i > 0; i--) {
		if (s.p[i - 1] == c)
			return i - 1;
	}
	return s.len;
}

bool ms_slice_only(struct ms_slice s, const char *set)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\0' || strchr(set, s.p[i]) == NULL)
			return false;
	}
	return s.len > 0;
}

ms_err ms_text_check(struct ms_slice s, const char *what, struct ms_why *why)
{
	size_t i;

	if (s.len == 0)
		return ms_fail(why, MS_ERR_TEXT, "empty where %s was expected", what);
	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return ms_text_fail(why, MS_ERR_TEXT, s,
				"control character (octet %u) at position %zu; %s was expected", c,
				i + 1, what);
		if (c == ' ')
			return ms_text_fail(why, MS_ERR_TEXT, s,
				"blank at position %zu; %s was expected", i + 1, what);
	}
	return MS_OK;
}

ms_err ms_text_fail(struct ms_why *why, ms_err err, struct ms_slice value, const char *fmt, ...)
{
	char shown[72], reason[256];
	size_t i, n = 0;
	va_list ap;

	if (why == NULL)
		return err;
	for (i = 0; i < value.len && n < sizeof shown - 4; i++) {
		unsigned char c = (unsigned char)value.p[i];

		shown[n++] = c >= 0x20 && c < 0x7f && c != '"' ? (char)c : '?';
	}
	strcpy(shown + n, i < value.len ? "..." : "");
	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	return ms_fail(why, err, "\"%s\": %s", shown, reason);
}

unsigned ms_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	return 255;
}
