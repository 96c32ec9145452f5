/* SPDX-License-Identifier: Apache-2.0 */
/* Standards: RFC 1035 s3.1 (names), RFC 1123 s2.1 (host names), RFC 2317 (slashes). */
#include <modswan/resolver.h>

#include "lib/wire/wire.h"

#include <string.h>

#define LABEL_MAX 63

static bool plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '/';
}

bool ms_dns_name_ok(const char *name)
{
	size_t len = strnlen(name, MS_DNS_NAME_MAX + 2), label = 0;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > MS_DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (!plain((uint8_t)name[i]) || ++label > LABEL_MAX) {
			return false;
		}
	}
	return label > 0;
}

size_t ms_dns_name_text(struct ms_bytes wire, char *buf, size_t size)
{
	struct wire_reader r = wire_reader(wire);
	size_t used = 0;

	for (uint8_t len; (len = wire_u8(&r)) != 0;) {
		struct ms_bytes label;

		/* The upper bits would be a pointer: there is nothing that it could point to. */
		if (len > LABEL_MAX)
			return 0;
		label = wire_take(&r, len);
		if (label.len == 0 || used + (used > 0) + len > MS_DNS_NAME_MAX ||
			used + (used > 0) + len >= size)
			return 0;
		if (used > 0)
			buf[used++] = '.';
		for (size_t i = 0; i < label.len; i++) {
			if (!plain(label.ptr[i]))
				return 0;
			buf[used++] = (char)label.ptr[i];
		}
	}
	if (!wire_ok(&r) || size == 0)
		return 0;
	buf[used] = '\0';
	return wire.len - wire_left(&r);
}

const char *ms_dns_type_name(uint16_t type)
{
	switch ((enum ms_dns_type)type) {
	case MS_DNS_A:
		return "A";
	case MS_DNS_PTR:
		return "PTR";
	case MS_DNS_TXT:
		return "TXT";
	case MS_DNS_KEY:
		return "KEY";
	case MS_DNS_AAAA:
		return "AAAA";
	case MS_DNS_IPSECKEY:
		return "IPSECKEY";
	}
	return "?";
}

const char *ms_dns_status_name(enum ms_dns_status s)
{
	static const char *const names[] = {
		[MS_DNS_BOGUS] = "bogus",
		[MS_DNS_INSECURE] = "insecure",
		[MS_DNS_SECURE] = "secure",
	};

	return names[s];
}
