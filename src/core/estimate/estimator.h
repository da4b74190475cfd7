/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimator.h - the exchanges of one source -> the clock's offset and
 * frequency against it, with their uncertainty.
 *
 * Signs: `offset_s` is theirs minus ours (add it to our clock to agree);
 * `freq` is its rate of change in s/s (positive: our clock is slow). The time
 * axis is the monotonic one. What we do to our own clock is told with
 * estimator_adjust() and adds no uncertainty.
 */
#ifndef CORE_ESTIMATOR_H
#define CORE_ESTIMATOR_H

#include "base/pack.h"
#include "core/estimate/correction.h"
#include "core/estimate/estimate.h"
#include "core/estimate/exchange.h"
#include "core/estimate/rivals.h"

/* What is known before the first exchange. */
struct estimator_prior {
	double freq_sd; /* s/s, of the clock's frequency: 1e-4 without drift */
	bool no_path;   /* a reference clock: one reading, not two ways */
};

struct estimator {
	struct estimator_prior prior;
	struct correction correction; /* theirs minus ours, uncorrected: */
	struct rivals rivals;         /* what is believed of it ... */
	span reference;               /* ... less this ... */
	instant at;                   /* ... at this moment */
	unsigned samples;
	unsigned refused; /* no exchange can look like that */
};

_Static_assert(sizeof(struct estimator) < 65536, "one for each source");

void estimator_init(struct estimator *e, const struct estimator_prior *prior);

/*
 * Folds one exchange in, late and reordered ones as of when they were. One
 * whose delay is below -1 s or above 64 s is counted as refused.
 */
void estimator_add(struct estimator *e, const struct sample *s);

/*
 * At `at` our clock was stepped by `step_s` (positive: forward) and its rate
 * changed by `freq` (s/s, positive: faster).
 */
void estimator_adjust(struct estimator *e, instant at, double step_s,
		      double freq);

/* False before the first sample. `out` is extrapolated to `at`. */
MUST_USE bool estimator_estimate(const struct estimator *e, instant at,
				 struct estimate *out);

/*
 * What offset_sd will be `after_s` from `at` if no further sample comes; huge
 * before the first sample.
 */
double estimator_sd_after(const struct estimator *e, instant at,
			  double after_s);

/* One walk writes it or reads it back (base/pack.h). */
void pack_estimator(struct pack *p, struct estimator *e);

#endif
