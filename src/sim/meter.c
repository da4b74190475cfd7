/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/meter.h"

#include <math.h>

#define LEAST_S 1e-9

static size_t bin_of(double size_s)
{
	if (size_s <= LEAST_S) {
		return 0;
	}
	double bin = METER_PER_DECADE * log10(size_s / LEAST_S);

	return bin < METER_BINS - 1 ? (size_t)bin : METER_BINS - 1;
}

void meter_add(struct meter *m, double error_s, bool covered)
{
	double size_s = fabs(error_s);

	m->count++;
	m->covered += covered;
	m->sum_squares += size_s * size_s;
	m->max_s = fmax(m->max_s, size_s);
	m->bins[bin_of(size_s)]++;
}

void meter_merge(struct meter *m, const struct meter *other)
{
	m->count += other->count;
	m->covered += other->covered;
	m->sum_squares += other->sum_squares;
	m->max_s = fmax(m->max_s, other->max_s);
	for (size_t i = 0; i < METER_BINS; i++) {
		m->bins[i] += other->bins[i];
	}
}

double meter_rms_s(const struct meter *m)
{
	return m->count ? sqrt(m->sum_squares / (double)m->count) : 0;
}

double meter_percentile_s(const struct meter *m, double share)
{
	uint64_t below = 0;

	for (size_t i = 0; i < METER_BINS; i++) {
		below += m->bins[i];
		if ((double)below >= share * (double)m->count) {
			double top = (double)(i + 1) / METER_PER_DECADE;

			return fmin(m->max_s, LEAST_S * pow(10, top));
		}
	}
	return m->max_s;
}

double meter_coverage(const struct meter *m)
{
	return m->count ? (double)m->covered / (double)m->count : 1;
}
