/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * meter.h - how good a clock was: the errors seen of it, summed up.
 *
 * Percentiles come from a histogram with 32 bins a decade: a bin is 7 % wide.
 */
#ifndef SIM_METER_H
#define SIM_METER_H

#include "sim/moment.h"

#define METER_PER_DECADE 32
#define METER_BINS ((size_t)13 * METER_PER_DECADE) /* 1 ns to 10^4 s */

struct meter {
	uint64_t count, covered;
	double sum_squares, max_s;
	uint64_t bins[METER_BINS];
};

void meter_add(struct meter *m, double error_s, bool covered);
/* All that `other` has seen, too. */
void meter_merge(struct meter *m, const struct meter *other);
double meter_rms_s(const struct meter *m);
/* The error that `share` of all are below, to the width of a bin. */
double meter_percentile_s(const struct meter *m, double share);
/* The share of errors within the bound claimed. */
double meter_coverage(const struct meter *m);

#endif
