/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimate.h - what is known of the clock against one source, or against all
 * of them together: the value that estimator, selection and discipline hand on.
 *
 * Signs: `offset_s` is theirs minus ours (add it to our clock to agree);
 * `freq` is its rate of change in s/s (positive: our clock is slow).
 */
#ifndef CORE_ESTIMATE_H
#define CORE_ESTIMATE_H

#include "base/ntptime.h"

struct estimate {
	instant at;
	double offset_s, freq;     /* at `at` */
	double offset_sd, freq_sd; /* one standard deviation, asymmetry aside */
	double bound_s;  /* the offset is hardly off by more: five deviations */
	double wander;   /* s/s per sqrt(s), learnt */
	double delay_s;  /* the path's floor, both ways together */
	double jitter_s; /* typical queueing of one exchange */
	unsigned samples;
};

#endif
