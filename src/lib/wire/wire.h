/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds-checked cursors: the only pointer arithmetic on messages.
 *
 * A reader's and a writer's error is sticky: after the first overrun reads give zeroes and writes
 * nothing, and one question at the end (wire_ok) answers for all.  Numbers are big-endian.
 * Neither owns the octets under it.
 */
#ifndef MODSWAN_WIRE_H
#define MODSWAN_WIRE_H

#include <modswan/mem.h>

#include <string.h>

struct wire_reader {
	const uint8_t *pos, *end;
	bool bad;
};

static inline struct wire_reader wire_reader(struct ms_bytes b)
{
	struct wire_reader r = { b.ptr, b.ptr == NULL ? NULL : b.ptr + b.len, false };
	return r;
}

static inline size_t wire_left(const struct wire_reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->pos);
}

static inline bool wire_ok(const struct wire_reader *r)
{
	return !r->bad;
}

/* n octets as a view; empty when they are not there. */
static inline struct ms_bytes wire_take(struct wire_reader *r, size_t n)
{
	struct ms_bytes b = { NULL, 0 };

	if (r->bad || n > (size_t)(r->end - r->pos)) {
		r->bad = true;
		return b;
	}
	b.ptr = r->pos;
	b.len = n;
	if (n > 0)
		r->pos += n;
	return b;
}

static inline struct ms_bytes wire_rest(struct wire_reader *r)
{
	return wire_take(r, wire_left(r));
}

static inline uint64_t wire_uint(struct wire_reader *r, unsigned octets)
{
	struct ms_bytes b = wire_take(r, octets);
	uint64_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.ptr[i];
	return v;
}

static inline uint8_t wire_u8(struct wire_reader *r)
{
	return (uint8_t)wire_uint(r, 1);
}

static inline uint16_t wire_u16(struct wire_reader *r)
{
	return (uint16_t)wire_uint(r, 2);
}

static inline uint32_t wire_u32(struct wire_reader *r)
{
	return (uint32_t)wire_uint(r, 4);
}

static inline uint64_t wire_u64(struct wire_reader *r)
{
	return wire_uint(r, 8);
}

static inline void wire_copy(struct wire_reader *r, void *out, size_t n)
{
	struct ms_bytes b = wire_take(r, n);

	if (n == 0)
		return;
	if (b.len == n)
		memcpy(out, b.ptr, n);
	else
		memset(out, 0, n);
}

struct wire_writer {
	uint8_t *base;
	size_t len, cap;
	bool bad;
};

static inline struct wire_writer wire_writer(void *base, size_t cap)
{
	struct wire_writer w = { (uint8_t *)base, 0, cap, false };
	return w;
}

static inline bool wire_written(const struct wire_writer *w)
{
	return !w->bad;
}

static inline struct ms_bytes wire_result(const struct wire_writer *w)
{
	return ms_bytes(w->base, w->bad ? 0 : w->len);
}

/* Room for n octets, to be filled by the caller; NULL when there is none. */
static inline uint8_t *wire_reserve(struct wire_writer *w, size_t n)
{
	uint8_t *p;

	if (w->bad || n > w->cap - w->len) {
		w->bad = true;
		return NULL;
	}
	p = w->base + w->len;
	w->len += n;
	return p;
}

static inline void wire_put_uint(struct wire_writer *w, uint64_t v, unsigned octets)
{
	uint8_t *p = wire_reserve(w, octets);

	for (unsigned i = octets; p != NULL && i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

static inline void wire_put_u8(struct wire_writer *w, uint8_t v)
{
	wire_put_uint(w, v, 1);
}

static inline void wire_put_u16(struct wire_writer *w, uint16_t v)
{
	wire_put_uint(w, v, 2);
}

static inline void wire_put_u32(struct wire_writer *w, uint32_t v)
{
	wire_put_uint(w, v, 4);
}

static inline void wire_put_u64(struct wire_writer *w, uint64_t v)
{
	wire_put_uint(w, v, 8);
}

static inline void wire_put(struct wire_writer *w, struct ms_bytes b)
{
	uint8_t *p = wire_reserve(w, b.len);

	if (p != NULL && b.len > 0)
		memcpy(p, b.ptr, b.len);
}

/* Overwrites a big-endian number at an offset that was written before (length fields). */
static inline void wire_patch_uint(struct wire_writer *w, size_t offset, uint64_t v, unsigned octets)
{
	if (w->bad || offset + octets > w->len)
		return;
	for (unsigned i = octets; i-- > 0; v >>= 8)
		w->base[offset + i] = (uint8_t)v;
}

#endif
