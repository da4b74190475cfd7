/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/overload.h"

void overload_set(struct overload *o, double per_second)
{
	o->each =
		per_second > 0 ? span_from_seconds(1 / per_second) : SPAN_ZERO;
}

/* The clock went back when more is owed than can be: that is forgiven. */
static span debt_at(const struct overload *o, tstamp now)
{
	span debt = tstamp_diff(o->paid, now);

	return debt.v < 0 || debt.v > (int64_t)OVERLOAD_FULL + o->each.v
		       ? SPAN_ZERO
		       : debt;
}

uint64_t overload_owed(const struct overload *o, tstamp now)
{
	uint64_t debt;

	if (o->each.v == 0) {
		return 0;
	}
	debt = (uint64_t)debt_at(o, now).v;
	return debt < OVERLOAD_FULL ? debt : OVERLOAD_FULL;
}

void overload_add(struct overload *o, tstamp now)
{
	if (o->each.v > 0) {
		o->paid = tstamp_add(now, span_add(debt_at(o, now), o->each));
	}
}
