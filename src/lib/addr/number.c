/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/text.h>

#include "lib/addr/text.h"

#include <inttypes.h>

ms_err ms_number_parse(uint64_t *out, const char *text, size_t len, unsigned base, uint64_t max,
	struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len), digits = s;
	uint64_t n = 0;
	size_t i;
	ms_err err;

	err = ms_text_check(s, "a number", why);
	if (err != MS_OK)
		return err;
	if (base == 0) {
		bool hex = ms_slice_starts(s, "0x") || ms_slice_starts(s, "0X");

		base = hex ? 16 : s.p[0] == '0' ? 8 : 10;
		digits = ms_slice_from(s, hex ? 2 : 0);
	}
	if (base != 8 && base != 10 && base != 16)
		return ms_fail(why, MS_ERR_BUG, "number base %u", base);
	if (digits.len == 0)
		return ms_text_fail(why, MS_ERR_TEXT, s, "no digits after 0x");
	for (i = 0; i < digits.len; i++) {
		unsigned d = ms_digit(digits.p[i]);

		if (d >= base)
			return ms_text_fail(why, MS_ERR_TEXT, s, "'%c' in a number of base %u",
				digits.p[i] > 0x20 && digits.p[i] < 0x7f ? digits.p[i] : '?', base);
		if (n > (max - d) / base || d > max)
			return ms_text_fail(why, MS_ERR_RANGE, s, "number above %" PRIu64, max);
		n = n * base + d;
	}
	*out = n;
	return MS_OK;
}

size_t ms_number_text(uint64_t n, int format, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);

	switch (format) {
	case 'x':
		ms_out_str(&o, "0x");
		ms_out_uint(&o, n, 16, 0);
		break;
	case 'o':
		ms_out_str(&o, n == 0 ? "" : "0");
		ms_out_uint(&o, n, 8, 0);
		break;
	case 8:
	case 16:
		ms_out_uint(&o, n, (unsigned)format, 0);
		break;
	default:
		ms_out_uint(&o, n, 10, 0);
		break;
	}
	return ms_out_end(&o);
}
