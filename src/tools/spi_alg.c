/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/spi.h"

#include "lib/crypto/words.h"
#include <modswan/crypto.h>

#include <string.h>

enum { ENCR_DES = 2, CALG_DEFLATE = 2 }; /* IKEv2 transform; RFC 2367's successor numbers */

/* --- algorithms ------------------------------------------------------------------------------- */

/* "96" of "md5-96": how long the check value is goes without saying. */
static size_t without_length(const char *text, size_t len)
{
	size_t n = len;

	while (n > 0 && text[n - 1] >= '0' && text[n - 1] <= '9')
		n--;
	return n > 1 && n < len && text[n - 1] == '-' ? n - 1 : len;
}

static bool auth_word(const char *text, size_t len, uint8_t *out)
{
	struct word w;

	if (len > 5 && memcmp(text, "hmac-", 5) == 0) {
		text += 5;
		len -= 5;
	}
	if (!word_find(text, len, &w) && !word_find(text, without_length(text, len), &w))
		return false;
	if (w.kind != WORD_HASH && w.kind != WORD_INTEG)
		return false;
	*out = ms_pfkey_auth_of(w.id);
	return *out != 0;
}

static bool encrypt_word(const char *text, size_t len, uint8_t *out)
{
	struct word w;

	if (len == 3 && memcmp(text, "des", 3) == 0) {
		*out = ENCR_DES; /* for KLIPS to refuse */
		return true;
	}
	if (!word_find(text, len, &w) || (w.kind != WORD_ENCR && w.kind != WORD_NULL))
		return false;
	*out = (uint8_t)(w.kind == WORD_NULL ? MS_ENCR_NULL : w.id);
	return true;
}

bool spi_alg_esp(const char *word, struct spi_alg *out)
{
	size_t len = strlen(word);

	memset(out, 0, sizeof *out);
	if (encrypt_word(word, len, &out->encrypt))
		return true;
	for (const char *dash = strchr(word, '-'); dash != NULL; dash = strchr(dash + 1, '-'))
		if (encrypt_word(word, (size_t)(dash - word), &out->encrypt) &&
			auth_word(dash + 1, strlen(dash + 1), &out->auth))
			return true;
	return false;
}

bool spi_alg_ah(const char *word, struct spi_alg *out)
{
	memset(out, 0, sizeof *out);
	return auth_word(word, strlen(word), &out->auth);
}

bool spi_alg_comp(const char *word, struct spi_alg *out)
{
	memset(out, 0, sizeof *out);
	out->encrypt = CALG_DEFLATE;
	return strcmp(word, "deflate") == 0;
}

/* --- lifetimes -------------------------------------------------------------------------------- */

enum life_type { ALLOCATIONS, BYTES, ADDTIME, USETIME, PACKETS, LIFE_TYPES };

static const char *const life_types[LIFE_TYPES] = { "allocations", "bytes", "addtime", "usetime",
	"packets" };

static const struct {
	const char *name;
	unsigned index;
	uint64_t bit;
} severities[] = {
	{ "soft", MS_PFKEY_LIFE_SOFT, MS_PFKEY_BIT(LIFETIME_SOFT) },
	{ "hard", MS_PFKEY_LIFE_HARD, MS_PFKEY_BIT(LIFETIME_HARD) },
};

static void set_life(struct ms_pfkey_life *life, enum life_type type, uint64_t n)
{
	switch (type) {
	case ALLOCATIONS:
		life->allocations = (uint32_t)n;
		break;
	case BYTES:
		life->octets = n;
		break;
	case ADDTIME:
		life->addtime = n;
		break;
	case USETIME:
		life->usetime = n;
		break;
	case PACKETS:
	case LIFE_TYPES:
		life->packets = (uint32_t)n;
		break;
	}
}

/* One item, without its comma. */
static bool take_item(const struct tool *t, const char *item, struct ms_pfkey_msg *m, unsigned *seen)
{
	const char *dash = strchr(item, '-'), *eq = strchr(item, '=');
	unsigned sev, type;
	size_t len;
	uint64_t n;

	for (sev = 0; sev < 2; sev++)
		if (strncmp(item, severities[sev].name, 4) == 0 && item[4] == '-')
			break;
	if (sev == 2 || dash == NULL) {
		tool_error(t, "unknown severity in life parameter: %s, must be soft or hard (--life)", item);
		return false;
	}
	if (eq == NULL || eq < dash) {
		tool_error(t, "'=' missing in life parameter: %s (--life)", item);
		return false;
	}
	len = (size_t)(eq - dash - 1);
	for (type = 0; type < LIFE_TYPES; type++)
		if (strlen(life_types[type]) == len && memcmp(life_types[type], dash + 1, len) == 0)
			break;
	if (type == LIFE_TYPES) {
		tool_error(t,
			"unknown type in life parameter: %s, must be allocations, bytes, addtime, "
			"usetime or packets (--life)",
			item);
		return false;
	}
	if (!take_number(eq + 1, type == ALLOCATIONS || type == PACKETS ? UINT32_MAX : UINT64_MAX,
		    &n)) {
		tool_error(t, "Invalid character in life parameter: %s, not a number in range (--life)",
			item);
		return false;
	}
	if ((*seen & 1u << (sev * LIFE_TYPES + type)) != 0) {
		tool_error(t, "Error, life parameter redefined:%s (--life)", item);
		return false;
	}
	*seen |= 1u << (sev * LIFE_TYPES + type);
	set_life(&m->life[severities[sev].index], (enum life_type)type, n);
	m->has |= severities[sev].bit;
	return true;
}

bool spi_take_life(const struct tool *t, const char *text, struct ms_pfkey_msg *m, unsigned *seen)
{
	char *copy = tool_format("%s", text), *save = NULL, *item;

	item = strtok_r(copy, ",", &save);
	if (item == NULL)
		return take_item(t, text, m, seen);
	for (; item != NULL; item = strtok_r(NULL, ",", &save))
		if (!take_item(t, item, m, seen))
			return false;
	return true;
}
