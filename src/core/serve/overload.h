/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overload.h - answers against a budget of so many a second.
 *
 * A second's worth may be given at once. How much of it is owed says how hard
 * to save: from nothing to everything, in 2^-32 of it, so that the rules which
 * save can be gentle at first, and fair.
 */
#ifndef CORE_OVERLOAD_H
#define CORE_OVERLOAD_H

#include "base/ntptime.h"

#define OVERLOAD_FULL (UINT64_C(1) << 32)

struct overload {
	span each;   /* what an answer owes; 0: there is no budget */
	tstamp paid; /* when all is paid back */
};

/* `per_second` answers in the long run; 0: without end. Debts stay. */
void overload_set(struct overload *o, double per_second);

/* What is owed at `now`, 0 .. OVERLOAD_FULL: then nobody can be answered. */
MUST_USE uint64_t overload_owed(const struct overload *o, tstamp now);

/* One answer. */
void overload_add(struct overload *o, tstamp now);

#endif
