/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * definite.c - many random updates of a filter (see tests/ordeal.h).
 */
#include "bench.h"
#include "ordeal.h"

void bench_definite(long updates, uint64_t seed)
{
	struct ordeal o = { .luck = seed, .least = 1 };
	bool good = ordeal_run(&o, updates);

	printf("%s after %ld updates; least pivot %.1e\n",
	       good ? "positive definite" : "BROKEN", o.updates, o.least);
}
