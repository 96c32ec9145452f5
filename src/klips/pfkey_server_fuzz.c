/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever root may write into klips.sock: the first octet says how many messages follow and which
 * client speaks, then each is a length of two octets and that many octets.  Half of the inputs get
 * a header and a shape that pass the first checks, so that what lies behind is reached.
 *
 * Messages that would make devices or end the process are made into something else.
 */
#include "klips/hold.h"
#include "klips/pfkey_make.h"
#include "klips/pfkey_rig.h"
#include "fuzz/fuzz.h"

enum { ROOM = 4096, TYPE_AT = 1, LENGTH_AT = 4, RUNS = 1000 };

/* Each is some turns of a loop, with sockets. */
extern const unsigned long fuzz_runs;
const unsigned long fuzz_runs = 2000;

static struct pfkey_rig rig;

static bool harmless(uint8_t type)
{
	return type != MS_PFKEY_X_MS_ATTACH && type != MS_PFKEY_X_MS_DETACH
		&& type != MS_PFKEY_X_MS_TEARDOWN && type != MS_PFKEY_X_PLUMBIF
		&& type != MS_PFKEY_X_UNPLUMBIF && type != MS_PFKEY_X_MS_ENCAP_SOCKET;
}

static void message(unsigned client, const uint8_t *data, size_t size, bool mend)
{
	uint8_t buf[ROOM];
	uint16_t words;

	if (size == 0 || size > ROOM)
		return;
	memcpy(buf, data, size);
	if (mend && size >= MS_PFKEY_HEADER_OCTETS) {
		size -= size % 8;
		words = (uint16_t)(size / 8);
		buf[0] = 2;
		buf[TYPE_AT] = (uint8_t)(buf[TYPE_AT] % 32);
		memcpy(buf + LENGTH_AT, &words, sizeof words);
	}
	if (size > TYPE_AT && !harmless(buf[TYPE_AT]))
		buf[TYPE_AT] = MS_PFKEY_GET;
	pfkey_rig_send(&rig, client, buf, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned client;
	bool mend;

	static unsigned runs;

	/* what has come together goes now and then, and shows that it can */
	if (rig.r.w != NULL && ++runs % RUNS == 0) {
		pfkey_rig_free(&rig);
		memset(&rig, 0, sizeof rig);
	}
	if (rig.r.w == NULL)
		pfkey_rig_new(&rig);
	if (size < 1)
		return 0;
	client = data[0] % PFKEY_RIG_CLIENTS;
	mend = (data[0] & 0x80) != 0;
	for (data++, size--; size >= 2;) {
		size_t len = (size_t)(data[0] << 8 | data[1]);

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		message(client, data, len, mend);
		data += len;
		size -= len;
		pfkey_rig_turn(&rig);
		pfkey_rig_drain(&rig);
	}
	rig.r.k.now_s += 7;
	hold_tick(rig.r.k.holds, rig.r.k.now_s);
	pfkey_rig_turn(&rig);
	pfkey_rig_drain(&rig);
	return 0;
}

/* Each kind by itself, as it is and mended; then all of them in a row. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	struct ms_pfkey_msg m;
	size_t at = 1, len;
	unsigned k, first = i / 2, last = i / 2;

	if (pfkey_make(first, &m) == NULL) {
		static unsigned done;

		if (done++ > 1)
			return 0;
		first = 0;
		last = UINT32_MAX;
	}
	out[0] = i % 2 != 0 ? 0x80 : 0;
	for (k = first; k <= last && pfkey_make(k, &m) != NULL; k++) {
		if (ms_pfkey_build(&m, MS_PFKEY_DOWN, out + at + 2, cap - at - 2, &len, NULL) != MS_OK)
			break;
		out[at] = (uint8_t)(len >> 8);
		out[at + 1] = (uint8_t)len;
		at += 2 + len;
	}
	return at;
}
