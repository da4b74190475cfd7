/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proofs.h - how wrong an estimate may be, whatever the estimator says of it.
 *
 * The truth lies within half the delay of what an exchange measured, whatever
 * the queues and whatever anybody makes of them. So no estimate is off by
 * more than its distance to the measurement and half the delay; and one that
 * lies farther than half the delay from it is wrong for certain, as while one
 * hypothesis about a jump gives way to another. The last few exchanges are
 * kept to hold claims to that.
 */
#ifndef CORE_PROOFS_H
#define CORE_PROOFS_H

#include "core/estimate/exchange.h"

#define PROOFS 4

/* What one exchange proves. */
struct proof {
	double delay_s;
	double reach_s;  /* the estimate is off by no more */
	double misfit_s; /* likewise, if it is wrong for certain; else 0 */
};

struct proofs {
	struct proof all[PROOFS]; /* newest first */
	unsigned count;
};

/*
 * One more exchange. `estimate_s` is the offset estimated with it folded in,
 * which moved the estimate by `moved_s`; no stamp is off by `noise_s`.
 */
void proofs_add(struct proofs *p, const struct sample *s, double estimate_s,
		double moved_s, double noise_s);

/* The path is not shorter than this: a route may have changed. */
double proofs_delay_s(const struct proofs *p, double known_s);
/* How far off the estimate may be beyond half of `delay_s`. */
double proofs_error_s(const struct proofs *p, double delay_s);

#endif
