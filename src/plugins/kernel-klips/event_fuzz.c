/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of what klips says without being asked: whatever parses becomes an event that makes sense,
 * or none.
 */
#include "kernel-klips.h"
#include "fuzz/fuzz.h"

static void acquire(void *ctx, const struct ms_selector *src, const struct ms_selector *dst)
{
	(void)ctx;
	MUST(src->port_first <= src->port_last && dst->port_first <= dst->port_last);
}

static void expire(void *ctx, const struct ms_said *said, bool hard)
{
	(void)ctx;
	(void)hard;
	MUST(said->protocol == MS_PROTO_ESP || said->protocol == MS_PROTO_AH);
}

static void mapping(void *ctx, const struct ms_said *said, const struct ms_endpoint *peer)
{
	char text[MS_ENDPOINT_TEXT];

	(void)ctx;
	(void)said;
	MUST(ms_endpoint_text(peer, text, sizeof text) < sizeof text);
}

static uint8_t sum;

static void datagram(void *ctx, const struct ms_endpoint *local, const struct ms_endpoint *remote,
	struct ms_bytes data)
{
	(void)ctx;
	(void)local;
	(void)remote;
	for (size_t i = 0; i < data.len; i++)
		sum ^= data.ptr[i]; /* every octet can be read */
}

static const struct ms_kernel_events events = { .acquire = acquire, .expire = expire,
	.mapping = mapping, .datagram = datagram };

/* One of each kind. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	static const uint8_t types[] = { MS_PFKEY_ACQUIRE, MS_PFKEY_EXPIRE,
		MS_PFKEY_X_NAT_T_NEW_MAPPING, MS_PFKEY_X_MS_DATAGRAM };
	struct ms_pfkey_msg m = { .type = 0 };
	size_t len = 0;

	if (i >= sizeof types)
		return 0;
	m.type = types[i];
	m.satype = ms_pfkey_satype_of(MS_PROTO_ESP);
	m.src.ep.addr = ms_addr_v4(0xc0000201);
	m.dst.ep.addr = ms_addr_v4(0xc0000202);
	m.has = MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST) | (i == 1 ? MS_PFKEY_BIT(SA) : 0);
	return ms_pfkey_build(&m, MS_PFKEY_UP, out, cap, &len, NULL) == MS_OK ? len : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct link l = { .events = &events };
	struct ms_pfkey_msg m;

	for (enum ms_pfkey_dir d = MS_PFKEY_DOWN; d <= MS_PFKEY_UP; d++)
		if (ms_pfkey_parse(&m, data, size, d, NULL) == MS_OK)
			event_message(&l, &m);
	return 0;
}
