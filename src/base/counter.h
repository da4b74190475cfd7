/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter.h - numbers that one thread counts up and any thread may read.
 *
 * Relaxed: a plain load, an addition and a plain store, without a lock. A
 * reader sees each number whole, but not all of them of one moment.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include "base/compiler.h"

static inline uint64_t counter_read(const uint64_t *c)
{
	return __atomic_load_n(c, __ATOMIC_RELAXED);
}

/* By the thread that owns it. */
static inline void counter_add(uint64_t *c, uint64_t n)
{
	__atomic_store_n(c, counter_read(c) + n, __ATOMIC_RELAXED);
}

static inline void counter_up(uint64_t *c)
{
	counter_add(c, 1);
}

#endif
