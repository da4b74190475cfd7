/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pace.h - when an answer will leave, which is what it says before it has left.
 *
 * Some answers are made first, and sent then. Between the moment that this is
 * begun and that an answer leaves there are the making of all of them, a system
 * call, and the sending of those before it: 3 us for each. It takes about as
 * long as it took the last times that there were about as many.
 *
 * What is seen is followed quickly when it gets less and slowly when it gets
 * more: better a timestamp that is a little early than one from after its
 * answer had gone. What was interrupted counts for little.
 */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include "base/ntptime.h"

#define PACE_SIZES 5 /* of batches: 1, from 2, from 4, from 8, from 16 on */
#define PACE_MOST SPAN_MS(50)

/* All zeroes: nothing is known, and nothing takes any time. */
struct pace {
	struct pace_each {
		span making, sending; /* of one answer, 0 to PACE_MOST */
	} each[PACE_SIZES];
};

/* What it is like in a batch of `count`, less than 2^31. */
static inline struct pace_each *pace_each(struct pace *p, size_t count)
{
	unsigned log2 = 31 - (unsigned)__builtin_clz((unsigned)count | 1);

	return &p->each[log2 < PACE_SIZES ? log2 : PACE_SIZES - 1];
}

/*
 * For the answer that `before` others leave before, of a batch of `count` begun
 * at `begun`. It leaves in the midst of the call that sends it, or later.
 */
static inline tstamp pace_departure(const struct pace_each *e, tstamp begun,
				    size_t count, size_t before)
{
	int64_t halves = e->sending.v * (int64_t)(2 * before + 1);

	return tstamp_add(begun,
			  (span){ e->making.v * (int64_t)count + halves / 2 });
}

/*
 * A batch of `count` took so long to be made, and `sent` of it to be sent. Both
 * may be anything, when the clock was stepped meanwhile.
 */
void pace_learn(struct pace_each *e, size_t count, span making, size_t sent,
		span sending);

#endif
