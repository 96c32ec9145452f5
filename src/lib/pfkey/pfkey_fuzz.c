/* SPDX-License-Identifier: Apache-2.0 */
/* What parses must print, build, and parse again to the same octets. */
#include <modswan/pfkey.h>

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[MS_PFKEY_MAX_OCTETS + 4096];
	struct ms_pfkey_msg m;
	char text[512];
	unsigned dir;
	size_t len;

	for (dir = 0; dir < 2; dir++) {
		if (ms_pfkey_parse(&m, data, size, dir, NULL) != MS_OK)
			continue;
		ms_pfkey_text(&m, text, sizeof text);
		if (ms_pfkey_build(&m, dir, buf, sizeof buf, &len, NULL) != MS_OK)
			abort();
		if (ms_pfkey_parse(&m, buf, len, dir, NULL) != MS_OK)
			abort();
	}
	return 0;
}
