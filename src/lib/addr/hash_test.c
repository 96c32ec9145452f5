/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"
#include "lib/addr/hash.h"

/* The key of the paper's appendix: octets 0 to 15. */
static const uint64_t paper_key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

/* Hash of the octets 0, 1, ... len-1 as published with the reference implementation (octets in the
 * order of output, read as one big-endian number); len 15 is the example of appendix A. */
static const struct {
	size_t len;
	uint64_t out;
} published[] = {
	{ 0, 0x310e0edd47db6f72 },
	{ 1, 0xfd67dc93c539f874 },
	{ 2, 0x5a4fa9d909806c0d },
	{ 3, 0x2d7efbd796666785 },
	{ 4, 0xb7877127e09427cf },
	{ 5, 0x8da699cd64557618 },
	{ 6, 0xcee3fe586e46c9cb },
	{ 7, 0x37d1018bf50002ab },
	{ 8, 0x6224939a79f5f593 },
	{ 9, 0xb0e4a90bdf82009e },
	{ 10, 0xf3b9dd94c5bb5d7a },
	{ 11, 0xa7ad6b22462fb3f4 },
	{ 12, 0xfbe50e86bc8f1e75 },
	{ 13, 0x903d84c02756ea14 },
	{ 14, 0xeef27a8e90ca23f7 },
	{ 15, 0xe545be4961ca29a1 },
	{ 31, 0x42c341d8fa92d832 },
	{ 63, 0x724506eb4c328a95 },
};

static void published_vectors(void **state)
{
	uint8_t in[63];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	for (i = 0; i < ROWS(published); i++) {
		char *data = exact((const char *)in, published[i].len);
		uint64_t got = ms_siphash(paper_key, data, published[i].len);

		if (got != __builtin_bswap64(published[i].out))
			fail_msg("length %zu: %016llx", published[i].len, (unsigned long long)got);
		free(data);
	}
	assert_true(ms_siphash(paper_key, NULL, 0) == __builtin_bswap64(published[0].out));
}

static void equal_values_hash_alike(void **state)
{
	static const uint64_t other[2] = { 1, 2 };
	struct ms_addr a = ms_addr_v4(0x0a010203), b = a;
	struct ms_said shunt4 = { ms_addr_any(AF_INET), MS_SPI_TRAP, MS_PROTO_INT };
	struct ms_said shunt6 = { ms_addr_any(AF_INET6), MS_SPI_TRAP, MS_PROTO_INT };
	struct ms_said sa = { a, 0x101, MS_PROTO_ESP }, sb = sa;
	struct ms_endpoint e = { a, 500 }, f = { a, 4500 };

	(void)state;
	assert_true(ms_addr_hash(&a, paper_key) == ms_addr_hash(&b, paper_key));
	assert_true(ms_addr_hash(&a, paper_key) != ms_addr_hash(&a, other));
	b.b[3]++;
	assert_true(ms_addr_hash(&a, paper_key) != ms_addr_hash(&b, paper_key));
	assert_true(ms_said_eq(&shunt4, &shunt6));
	assert_true(ms_said_hash(&shunt4, paper_key) == ms_said_hash(&shunt6, paper_key));
	assert_true(ms_said_hash(&sa, paper_key) == ms_said_hash(&sb, paper_key));
	sb.spi++;
	assert_true(ms_said_hash(&sa, paper_key) != ms_said_hash(&sb, paper_key));
	sb = sa;
	sb.protocol = MS_PROTO_AH;
	assert_true(ms_said_hash(&sa, paper_key) != ms_said_hash(&sb, paper_key));
	assert_true(ms_endpoint_hash(&e, paper_key) != ms_endpoint_hash(&f, paper_key));
	f.port = 500;
	assert_true(ms_endpoint_hash(&e, paper_key) == ms_endpoint_hash(&f, paper_key));
}

/* Neighbours, as networks have them, spread over a table as chance would: 4096 addresses in 1024
 * buckets; the chi-square of 1023 degrees stays below 1250 but for one draw in a million. */
static void neighbours_spread(void **state)
{
	unsigned buckets[1024] = { 0 }, i;
	double chi = 0;

	(void)state;
	for (i = 0; i < 4096; i++) {
		struct ms_addr a = ms_addr_v4(0x0a000000 + i);

		buckets[ms_addr_hash(&a, paper_key) % 1024]++;
	}
	for (i = 0; i < 1024; i++)
		chi += (buckets[i] - 4.0) * (buckets[i] - 4.0) / 4.0;
	assert_true(chi < 1250 && chi > 800);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(equal_values_hash_alike),
		cmocka_unit_test(neighbours_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
