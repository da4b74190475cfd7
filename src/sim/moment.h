/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * moment.h - true time: what no daemon can see, and every oracle knows.
 *
 * Counts 2^-32 s since the world began, as the other time types do, so that
 * true and shown time subtract without rounding.
 */
#ifndef SIM_MOMENT_H
#define SIM_MOMENT_H

#include "base/ntptime.h"

typedef struct {
	int64_t v;
} moment;

#define MOMENT_NEVER ((moment){ INT64_MAX })

static inline moment moment_add(moment m, span d)
{
	return (moment){ m.v + d.v };
}

/* Distance from `from` to `to`: positive when `to` is later. */
static inline span moment_diff(moment to, moment from)
{
	return (span){ to.v - from.v };
}

static inline bool moment_before(moment a, moment b)
{
	return a.v < b.v;
}

static inline moment moment_at_s(double s)
{
	return (moment){ span_from_seconds(s).v };
}

static inline double moment_to_s(moment m)
{
	return span_to_seconds((span){ m.v });
}

#endif
