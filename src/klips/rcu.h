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

#define rcu_container(ptr, type, member) caa_container_of(ptr, type, member)

static inline void control_enter(void)
{
	rcu_thread_online();
}

static inline void control_leave(void)
{
	rcu_thread_offline();
}

#endif
