/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/combine.h"

#include <math.h>

/*
 * What is believed to be wrong with any source even when all agree: a part of
 * its way, for the offset, and what the best of clocks wander by, for the
 * frequency. So no claim of exactness takes all the weight.
 */
#define ASYMMETRY_FLOOR 0.01
#define OFFSET_FLOOR_S 1e-9
#define FREQ_FLOOR 1e-10

#define WEIGHT_MAX 0.5 /* of one source among three or more (E8) */

/*
 * All filters follow the same clock. A quarter of the variance of a settled
 * filter's offset is what the clock wandered meanwhile, three quarters that of
 * its frequency: common to all, it does not average out. (The filter balances
 * noise, in proportion to its bandwidth, against wander, to bandwidth^-3 for
 * offset; noise to bandwidth^3 against bandwidth^-1 for frequency.)
 */
#define OFFSET_COMMON 0.25
#define FREQ_COMMON 0.75

/* One quantity of a source. */
struct quantity {
	double value, sd;
	double floor; /* what is always added to sd */
	double scale; /* what a disagreement beyond noise is in proportion to */
};

enum combine_what { COMBINE_OFFSET, COMBINE_FREQ };

struct combined {
	double value, sd;
	double spread; /* the part of sd that is not noise */
};

static bool takes_part(const struct candidate *c)
{
	return c->reason == REASON_CANDIDATE;
}

static struct quantity combine_quantity(const struct candidate *c,
					enum combine_what what)
{
	const struct estimate *e = &c->estimate;

	if (what == COMBINE_FREQ) {
		return (struct quantity){ e->freq, e->freq_sd, FREQ_FLOOR, 1 };
	}
	double way_s = (fabs(e->delay_s) + c->root_delay_s) / 2;

	return (struct quantity){ e->offset_s, e->offset_sd,
				  OFFSET_FLOOR_S + ASYMMETRY_FLOOR * way_s,
				  OFFSET_FLOOR_S + way_s };
}

static double quantity_variance(const struct quantity *q, double spread)
{
	return q->sd * q->sd + q->floor * q->floor +
	       spread * q->scale * q->scale;
}

/*
 * The variance between sources, per scale^2, by the method of moments: what
 * the weighted squares of the deviations exceed their expectation by (known
 * from meta-analysis, where it tells studies that differ from noisy ones).
 */
static double combine_spread(const struct candidate *candidates, size_t count,
			     enum combine_what what)
{
	double sum = 0, mean = 0, excess = 1, slope = 0;

	for (size_t i = 0; i < count; i++) {
		if (takes_part(&candidates[i])) {
			struct quantity q =
				combine_quantity(&candidates[i], what);
			double w = 1 / quantity_variance(&q, 0);

			sum += w;
			mean += (q.value - mean) * w / sum;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (takes_part(&candidates[i])) {
			struct quantity q =
				combine_quantity(&candidates[i], what);
			double w = 1 / quantity_variance(&q, 0);
			double off = q.value - mean;

			excess += w * off * off - 1;
			slope += w * q.scale * q.scale * (1 - w / sum);
		}
	}
	return excess > 0 && slope > 0 ? excess / slope : 0;
}

/* Weights in proportion to `weight`, that add up to one. */
static void combine_normalise(struct candidate *candidates, size_t count)
{
	double sum = 0, rest = 0;
	unsigned members = 0;

	for (size_t i = 0; i < count; i++) {
		sum += takes_part(&candidates[i]) ? candidates[i].weight : 0;
		members += takes_part(&candidates[i]);
	}
	for (size_t i = 0; i < count; i++) {
		struct candidate *c = &candidates[i];

		c->weight = takes_part(c) ? c->weight / sum : 0;
		rest += c->weight > WEIGHT_MAX ? 0 : c->weight;
	}
	/* Only one can have more than half; the others share the other half. */
	for (size_t i = 0; i < count && members > 2 && rest < WEIGHT_MAX; i++) {
		struct candidate *c = &candidates[i];

		c->weight = c->weight > WEIGHT_MAX
				    ? WEIGHT_MAX
				    : c->weight / rest * (1 - WEIGHT_MAX);
	}
}

static struct combined combine_quantities(struct candidate *candidates,
					  size_t count, enum combine_what what)
{
	double spread = combine_spread(candidates, count, what);
	double common = what == COMBINE_FREQ ? FREQ_COMMON : OFFSET_COMMON;
	double value = 0, own = 0, shared = 0, between = 0;

	for (size_t i = 0; i < count; i++) {
		struct quantity q = combine_quantity(&candidates[i], what);

		candidates[i].weight =
			candidates[i].share / quantity_variance(&q, spread);
	}
	combine_normalise(candidates, count);
	for (size_t i = 0; i < count; i++) {
		struct quantity q = combine_quantity(&candidates[i], what);
		double w = candidates[i].weight;

		if (!takes_part(&candidates[i])) {
			continue;
		}
		value += w * q.value;
		shared += w * q.sd;
		own += w * w * (1 - common) * q.sd * q.sd;
		between += w * w * spread * q.scale * q.scale;
	}
	return (struct combined){
		value, sqrt(own + between + common * shared * shared),
		sqrt(between)
	};
}

struct estimate combine_run(struct candidate *candidates, size_t count,
			    double *spread_s)
{
	struct combined freq =
		combine_quantities(candidates, count, COMBINE_FREQ);
	struct combined offset =
		combine_quantities(candidates, count, COMBINE_OFFSET);
	struct estimate all = { .offset_s = offset.value,
				.offset_sd = offset.sd,
				.freq = freq.value,
				.freq_sd = freq.sd };

	*spread_s = offset.spread;
	for (size_t i = 0; i < count; i++) {
		const struct estimate *e = &candidates[i].estimate;
		double w = candidates[i].weight;

		if (!takes_part(&candidates[i])) {
			continue;
		}
		all.at = e->at;
		all.bound_s += w * e->bound_s; /* holds when all of them do */
		all.wander += w * e->wander;
		all.delay_s += w * e->delay_s;
		all.jitter_s += w * e->jitter_s;
		all.samples =
			e->samples > all.samples ? e->samples : all.samples;
	}
	return all;
}
