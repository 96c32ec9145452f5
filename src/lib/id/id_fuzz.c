/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of identities.  The first octet says what the rest is: text to parse, an identity of
 * that type as a peer would send it, or numbers of words that make up a distinguished name.  Text
 * that is taken must print and parse back to an equal identity; whatever prints is harmless in a
 * log line and between single quotes.
 */
#include <modswan/id.h>

#include "fuzz/fuzz.h"

static size_t words(const uint8_t *data, size_t size, char *out, size_t cap)
{
	static const char *const word[] = { "C=", "CN=", "O=", "E=", "DC=", ", ", "/", "+", "\\",
		"\\,", "\\C3", "a", "b c", " ", "1.2.3=", "2.999=", "#", "0261", "13", "=", "@",
		"x@y", "\"", "\xff", "@#", "@~", "30", "%any", "@[", "]", "192.0.2.1", "::1" };

	return fuzz_words(word, sizeof word / sizeof word[0], data, size, out, cap);
}

/* Prints and, unless the whole does not fit, parses back. */
static void print(const struct ms_id *id, bool back)
{
	char text[8 * MS_ID_MAX_OCTETS + 64];
	size_t needed = ms_id_text(id, text, sizeof text);
	struct ms_id again = { 0 };

	MUST(needed < sizeof text && needed == strlen(text));
	MUST(ms_id_text(id, NULL, 0) == needed);
	for (size_t i = 0; i < needed; i++)
		MUST(text[i] >= 0x20 && text[i] < 0x7f && text[i] != '\'');
	MUST(ms_id_eq(id, id));
	if (!back)
		return;
	MUST(ms_id_parse(&again, text, needed, NULL) == MS_OK);
	MUST(ms_id_eq(id, &again));
	ms_id_free(&again);
}

static void parse(const char *text, size_t len)
{
	char *own = malloc(len + (len == 0));
	struct ms_why why = { "" };
	struct ms_id id = { 0 };

	MUST(own != NULL);
	memcpy(own, text, len);
	if (ms_id_parse(&id, own, len, &why) == MS_OK)
		print(&id, true);
	else
		MUST(why.text[0] != '\0');
	ms_id_free(&id);
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[1024];
	struct ms_id id;

	if (size == 0)
		return 0;
	if (data[0] < 0x40) {
		parse((const char *)data + 1, size - 1);
	} else if (data[0] < 0x80) {
		parse(text, words(data + 1, size - 1, text, sizeof text));
	} else if (ms_id_set(&id, data[0] & 0x0f, ms_bytes(data + 1, size - 1)) == MS_OK) {
		print(&id, false);
		ms_id_free(&id);
	}
	return 0;
}
