/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds-checked cursors over packets: the only pointer arithmetic on what a peer sent.
 *
 * A reader and a writer, each with a sticky error: after the first step that does not fit, reads
 * give zero and writes go nowhere, so that a decoder asks once at its end.  Length fields are written
 * by reserving them and closing the reservation.  Everything is inline; the cursors are plain values
 * on the stack and own nothing.  Integers are in network order on the wire.
 */
#ifndef MODSWAN_LIB_WIRE_H
#define MODSWAN_LIB_WIRE_H

#include <modswan/mem.h>

#include <string.h>

struct wire_in {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static inline struct wire_in wire_in(struct ms_bytes b)
{
	struct wire_in r = { b.ptr, b.len, false };
	return r;
}

/* n octets as a view into the packet; an empty view after an error. */
static inline struct ms_bytes wire_take(struct wire_in *r, size_t n)
{
	struct ms_bytes b = { NULL, 0 };

	if (r->bad || n > r->left) {
		r->bad = true;
		r->left = 0;
		return b;
	}
	b.ptr = r->at;
	b.len = n;
	if (n > 0)
		r->at += n;
	r->left -= n;
	return b;
}

static inline struct ms_bytes wire_rest(struct wire_in *r)
{
	return wire_take(r, r->left);
}

/* A reader over the next n octets, bad when they are not there. */
static inline struct wire_in wire_sub(struct wire_in *r, size_t n)
{
	struct ms_bytes b = wire_take(r, n);
	struct wire_in s = { b.ptr, b.len, r->bad };

	return s;
}

/* width: 1 to 8 octets. */
static inline uint64_t wire_get(struct wire_in *r, unsigned width)
{
	struct ms_bytes b = wire_take(r, width);
	uint64_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.ptr[i];
	return v;
}

static inline uint8_t wire_u8(struct wire_in *r)
{
	return (uint8_t)wire_get(r, 1);
}

static inline uint16_t wire_u16(struct wire_in *r)
{
	return (uint16_t)wire_get(r, 2);
}

static inline uint32_t wire_u32(struct wire_in *r)
{
	return (uint32_t)wire_get(r, 4);
}

static inline uint64_t wire_u64(struct wire_in *r)
{
	return wire_get(r, 8);
}

static inline void wire_skip(struct wire_in *r, size_t n)
{
	(void)wire_take(r, n);
}

/* Copies n octets out; zeros after an error. */
static inline void wire_copy(struct wire_in *r, void *out, size_t n)
{
	struct ms_bytes b = wire_take(r, n);

	if (b.len == n && n > 0)
		memcpy(out, b.ptr, n);
	else if (n > 0)
		memset(out, 0, n);
}

/* All was there and nothing is left. */
static inline bool wire_done(const struct wire_in *r)
{
	return !r->bad && r->left == 0;
}

/* --- writing -------------------------------------------------------------------------------- */

struct wire_out {
	uint8_t *base;
	size_t len, cap;
	bool bad;
};

static inline struct wire_out wire_out(void *base, size_t cap)
{
	struct wire_out w = { (uint8_t *)base, 0, cap, false };
	return w;
}

/* Room for n octets to be filled by the caller; NULL after an error (or for n 0). */
static inline uint8_t *wire_room(struct wire_out *w, size_t n)
{
	uint8_t *p;

	if (w->bad || n > w->cap - w->len) {
		w->bad = true;
		return NULL;
	}
	if (n == 0)
		return NULL;
	p = w->base + w->len;
	w->len += n;
	return p;
}

static inline void wire_put(struct wire_out *w, uint64_t v, unsigned width)
{
	uint8_t *p = wire_room(w, width);

	for (unsigned i = width; p && i > 0; i--) {
		p[i - 1] = (uint8_t)v;
		v >>= 8;
	}
}

static inline void wire_put8(struct wire_out *w, uint8_t v)
{
	wire_put(w, v, 1);
}

static inline void wire_put16(struct wire_out *w, uint16_t v)
{
	wire_put(w, v, 2);
}

static inline void wire_put32(struct wire_out *w, uint32_t v)
{
	wire_put(w, v, 4);
}

static inline void wire_put64(struct wire_out *w, uint64_t v)
{
	wire_put(w, v, 8);
}

static inline void wire_put_bytes(struct wire_out *w, struct ms_bytes b)
{
	uint8_t *p = wire_room(w, b.len);

	if (p)
		memcpy(p, b.ptr, b.len);
}

static inline void wire_put_zero(struct wire_out *w, size_t n)
{
	uint8_t *p = wire_room(w, n);

	if (p)
		memset(p, 0, n);
}

/* Overwrites what was written (or reserved) at offset `at`. */
static inline void wire_patch(struct wire_out *w, size_t at, uint64_t v, unsigned width)
{
	if (w->bad)
		return;
	if (at > w->len || width > w->len - at) {
		w->bad = true;
		return;
	}
	for (unsigned i = width; i > 0; i--) {
		w->base[at + i - 1] = (uint8_t)v;
		v >>= 8;
	}
}

/* A 16-bit length field: reserve it, and close it with the number of octets since `from`. */
static inline size_t wire_reserve16(struct wire_out *w)
{
	size_t at = w->len;

	wire_put16(w, 0);
	return at;
}

static inline void wire_close16(struct wire_out *w, size_t at, size_t from)
{
	if (w->bad)
		return;
	if (w->len - from > UINT16_MAX)
		w->bad = true;
	else
		wire_patch(w, at, w->len - from, 2);
}

static inline struct ms_bytes wire_written(const struct wire_out *w)
{
	struct ms_bytes b = { w->base, w->bad ? 0 : w->len };
	return b;
}

#endif
