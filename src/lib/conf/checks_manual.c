/* SPDX-License-Identifier: Apache-2.0 */
/* What is written for connections that are keyed by hand. */
#include "lib/conf/checks.h"

#include <modswan/addr.h>
#include <modswan/mem.h>
#include <modswan/text.h>

#include <string.h>

enum { LOWEST_SPI = 0x100, MAX_KEY_OCTETS = 512 };

static bool is_spi(const char *value, uint64_t *n)
{
	return ms_number_parse(n, value, strlen(value), 0, UINT32_MAX, NULL) == MS_OK &&
		*n >= LOWEST_SPI;
}

ms_err conf_check_spi(const char *value, struct ms_why *why)
{
	uint64_t n;

	if (is_spi(value, &n))
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected an SPI, 0x100 to 0xffffffff");
}

ms_err conf_check_spibase(const char *value, struct ms_why *why)
{
	uint64_t n;

	if (strncmp(value, "0x", 2) == 0 && is_spi(value, &n) && n % 16 == 0)
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected 0x100 to 0xfffffff0 whose last digit is 0");
}

ms_err conf_check_key(const char *value, struct ms_why *why)
{
	uint8_t octets[MAX_KEY_OCTETS];
	size_t len = 0;
	bool good = value[0] == '0' && value[1] != '\0' && strchr("xstXST", value[1]) != NULL &&
		ms_data_parse(octets, sizeof octets, &len, value, strlen(value), 0, NULL) == MS_OK;

	ms_wipe(octets, sizeof octets);
	if (good)
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected a key: 0xHEX, 0sBASE64 or 0tTEXT");
}
