/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RCU as klips uses it: quiescent-state based, so that readers pay nothing.
 *
 * Workers are online while they handle a batch, say rcu_quiescent_state() after each one and go
 * offline to wait.  The control thread is online only between control_enter() and control_leave().
 */
#ifndef KLIPS_RCU_H
#define KLIPS_RCU_H

#define _LGPL_SOURCE
#define URCU_API_MAP
#include <urcu/urcu-qsbr.h>
#include <urcu/rculfhash.h>
#include <urcu/rculist.h>

#include <stdbool.h>

/* --- what is shared --------------------------------------------------------------------------- */

/* Pointers that readers follow; numbers that both sides touch and whose order does not matter. */
#define rcu_get(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_put(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#define shared_get(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define shared_set(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* --- order for the thread sanitizer, which does not see into liburcu ----------------------------- */

#if defined(__SANITIZE_THREAD__)
#define RCU_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RCU_TSAN 1
#endif
#endif
#ifdef RCU_TSAN
void __tsan_acquire(void *p);
void __tsan_release(void *p);
#define order_before(p) __tsan_release((void *)(p))
#define order_after(p) __tsan_acquire((void *)(p))
#else
#define order_before(p) ((void)(p))
#define order_after(p) ((void)(p))
#endif

extern char rcu_grace; /* stands for grace periods */

/* --- grace periods ------------------------------------------------------------------------------ */

#define rcu_container(ptr, type, member) caa_container_of(ptr, type, member)

/* fn runs in a thread of liburcu's after a grace period; it gets its object by rcu_reclaim(). */
static inline void rcu_later(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	order_before(head);
	call_rcu(head, fn);
}

static inline struct rcu_head *rcu_reclaimed(struct rcu_head *head)
{
	order_after(head);
	order_after(&rcu_grace);
	return head;
}

#define rcu_reclaim(head, type, member) caa_container_of(rcu_reclaimed(head), type, member)

static inline void rcu_wait(void)
{
	synchronize_rcu();
	order_after(&rcu_grace);
}

/* Readers: nothing that was found before is used any more. */
static inline void rcu_pause(void)
{
	order_before(&rcu_grace);
	rcu_quiescent_state();
}

static inline void rcu_sleep(void)
{
	order_before(&rcu_grace);
	rcu_thread_offline();
}

static inline void control_enter(void)
{
	rcu_thread_online();
}

static inline void control_leave(void)
{
	rcu_sleep();
}

#endif
