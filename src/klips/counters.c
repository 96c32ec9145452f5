/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/counters.h"

static const struct {
	const char *name, *text;
} rows[KC_COUNT] = {
#define KLIPS_COUNTER_ROW(id, name, text) [KC_##id] = { name, text },
	KLIPS_COUNTERS(KLIPS_COUNTER_ROW)
#undef KLIPS_COUNTER_ROW
};

const char *counter_name(enum klips_counter id)
{
	return rows[id].name;
}

const char *counter_text(enum klips_counter id)
{
	return rows[id].text;
}
