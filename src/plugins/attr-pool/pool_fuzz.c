/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of address pools: the text of one (addresspool=), then what peers want of it.  The input
 * is text up to a NUL, then pairs: identity (and whether it shares), the last octet of the address that it
 * wants; or what is given back.  No two identities have one address, and all addresses are the pool's.
 */
#include "pool.h"
#include "fuzz/fuzz.h"

#include <modswan/addr.h>

size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	static const char *const seeds[] = { "10.0.0.0/29", "10.0.0.1-10.0.0.3,2001:db8::/125",
		"192.0.2.7/32", "2001:db8::1-2001:db8::2" };
	size_t n;

	if (i >= sizeof seeds / sizeof seeds[0])
		return 0;
	n = strlen(seeds[i]) + 1;
	if (n + 20 > cap)
		return 0;
	memcpy(out, seeds[i], n);
	for (unsigned k = 0; k < 20; k++)
		out[n + k] = (uint8_t)(k * 37);
	return n + 20;
}

#define PEOPLE 8

static void check_one(void *arg, const struct pool_lease *l)
{
	MUST(pool_has(arg, &l->addr) || l->fixed);
}

static void use(struct pool *p, const uint8_t *data, size_t size)
{
	struct ms_id ids[PEOPLE];
	struct ms_addr has[PEOPLE] = { { .family = 0 } };

	for (unsigned i = 0; i < PEOPLE; i++) {
		uint8_t name = (uint8_t)('a' + i);

		MUST(ms_id_set(&ids[i], MS_ID_FQDN, ms_bytes(&name, 1)) == MS_OK);
	}
	for (; size >= 2; data += 2, size -= 2) {
		unsigned who = data[0] % PEOPLE;
		int family = data[0] & 0x40 ? AF_INET6 : AF_INET;
		struct ms_addr wanted = { .family = 0 }, got;

		if (has[who].family != 0) {
			pool_give_back(p, &has[who]);
			has[who].family = 0;
			continue;
		}
		if (data[0] & 0x80) { /* else it wants any */
			wanted = ms_addr_v4(0x0a000000u + data[1]);
			if (family == AF_INET6) {
				memcpy(wanted.b, "\x20\x01\x0d\xb8", 4);
				memset(wanted.b + 4, 0, 11);
				wanted.b[15] = data[1];
				wanted.family = AF_INET6;
			}
		}
		if (pool_take(p, &ids[who], family, &wanted, false, &got) != MS_OK)
			continue;
		MUST(got.family == family && pool_has(p, &got));
		for (unsigned i = 0; i < PEOPLE; i++)
			MUST(has[i].family == 0 || !ms_addr_eq(&has[i], &got));
		has[who] = got;
		pool_each(p, check_one, p);
	}
	for (unsigned i = 0; i < PEOPLE; i++)
		ms_id_free(&ids[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
	struct ms_why why = { "" };
	struct pool *p = NULL;

	/* a range of 2^128 is one, but nobody lists it */
	if (end == NULL || end - data > 300)
		return 0;
	if (pool_new(&p, (const char *)data, 7, &why) != MS_OK) {
		MUST(p == NULL && why.text[0] != '\0');
		return 0;
	}
	use(p, end + 1, size - (size_t)(end + 1 - data));
	pool_free(&p);
	return 0;
}
