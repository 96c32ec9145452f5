/* SPDX-License-Identifier: Apache-2.0 */
/* What a loop does with its time: a histogram of turns, and the processor time of jobs. */
#include "lib/loop/loop_priv.h"

#include <time.h>

uint64_t loop_thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Bucket 0 to 3: 0 to 3 us; then four for each power of two. */
static unsigned bucket_of(uint64_t us)
{
	unsigned octave, bucket;

	if (us < 4)
		return (unsigned)us;
	octave = 63 - (unsigned)__builtin_clzll(us);
	bucket = (octave - 1) * 4 + (unsigned)(us >> (octave - 2) & 3);
	return bucket < LOOP_BUCKETS ? bucket : LOOP_BUCKETS - 1;
}

static uint64_t upper_us(unsigned bucket)
{
	unsigned octave = bucket / 4 + 1;

	return bucket < 4 ? bucket : (uint64_t)(bucket % 4 + 5) << (octave - 2);
}

void loop_turn_over(struct ms_loop *loop, uint64_t busy_ns)
{
	loop->turns[bucket_of(busy_ns / 1000)]++;
	if (busy_ns > loop->longest_ns)
		loop->longest_ns = busy_ns;
}

static uint64_t quantile(const struct ms_loop *loop, uint64_t n)
{
	uint64_t sum = 0;
	unsigned i = 0;

	for (; i < LOOP_BUCKETS - 1; i++) {
		sum += loop->turns[i];
		if (sum > n)
			break;
	}
	return upper_us(i);
}

void ms_loop_load(const struct ms_loop *loop, struct ms_loop_load *out)
{
	*out = (struct ms_loop_load){ .longest_us = loop->longest_ns / 1000,
		.jobs = loop->jobs, .job_us = loop->job_ns / 1000 };
	for (unsigned i = 0; i < LOOP_BUCKETS; i++)
		out->turns += loop->turns[i];
	if (out->turns == 0)
		return;
	out->p50_us = quantile(loop, out->turns / 2);
	out->p99_us = quantile(loop, out->turns - 1 - out->turns / 100);
}
