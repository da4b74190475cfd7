/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bound.h - within what of the truth our own clock is, by all that was
 * measured, and how that grows while nothing is.
 *
 * Five deviations of the posterior: of the offset; of the frequency, which
 * time multiplies; of the wander, which adds t^1.5. To them come what is known
 * and not yet corrected, and a floor that no measuring can get below: what our
 * sources say of themselves, and a part of the way to them. And since the last
 * exchange the frequency may have jumped, which nothing can have told yet.
 * Not in it: how unlike the ways there and back may be. Half the root delay
 * holds that, and root distance holds all.
 */
#ifndef CORE_BOUND_H
#define CORE_BOUND_H

#include "core/estimate/estimate.h"

#define BOUND_SDS 5
/*
 * s/s: some tenths of a ppm for each degree, and some degrees within minutes
 * when a fan stops or a load comes. No statistics of quiet days excludes it.
 */
#define BOUND_JUMP 2e-6

struct bound {
	instant heard;  /* the last exchange */
	instant at;     /* of what follows */
	double left_s;  /* known and uncorrected */
	double drift;   /* s/s: how fast that grows: nobody corrects it */
	double sd_s;    /* of the offset */
	double far_s;   /* it is hardly off by more: five of them */
	double freq_sd; /* s/s */
	double wander;  /* s/s per sqrt(s) */
	double floor_s;
};

struct bound bound_of(const struct estimate *e, instant heard, instant now);
/* One deviation at `now`, and what is known besides. */
double bound_likely_s(const struct bound *b, instant now);
/* The clock is right within this. */
double bound_s(const struct bound *b, instant now);
/* By what it grows at the most, from `now` on for so long; s/s. */
double bound_growth(const struct bound *b, instant now, double for_s);

#endif
