/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that fails when it is told to: the n-th allocation of the engines, or all from it on.
 *
 * Included by test programs that are linked with malloc() and its kin wrapped (-Wl,--wrap=malloc,
 * --wrap=calloc,--wrap=realloc,--wrap=strdup) and have the library's arenas as a part of them; memory
 * of the simulated world itself never fails.
 */
#ifndef MODSWAN_CORE_SIM_MEMORY_TEST_H
#define MODSWAN_CORE_SIM_MEMORY_TEST_H

#include "core/sim/sim_priv.h"

static struct {
	bool armed;
	unsigned calls, nth, failures;
	bool for_good;
} memory;

static bool memory_fails(void)
{
	if (!memory.armed || sim_allocating)
		return false;
	memory.calls++;
	if (memory.nth == 0 || memory.calls < memory.nth ||
		(memory.calls > memory.nth && !memory.for_good))
		return false;
	memory.failures++;
	return true;
}

void *__real_malloc(size_t octets);
void *__real_calloc(size_t n, size_t octets);
void *__real_realloc(void *p, size_t octets);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t octets);
void *__wrap_calloc(size_t n, size_t octets);
void *__wrap_realloc(void *p, size_t octets);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t octets)
{
	return memory_fails() ? NULL : __real_malloc(octets);
}

void *__wrap_calloc(size_t n, size_t octets)
{
	return memory_fails() ? NULL : __real_calloc(n, octets);
}

void *__wrap_realloc(void *p, size_t octets)
{
	return memory_fails() ? NULL : __real_realloc(p, octets);
}

char *__wrap_strdup(const char *s)
{
	return memory_fails() ? NULL : __real_strdup(s);
}

static inline void memory_arm(unsigned nth, bool for_good)
{
	memory.calls = memory.failures = 0;
	memory.nth = nth;
	memory.for_good = for_good;
	memory.armed = true;
}

/* True when there was no n-th allocation. */
static inline bool memory_run_short(struct sim *s, uint64_t ms)
{
	sim_run(s, ms);
	memory.armed = false;
	return memory.failures == 0;
}

#endif
