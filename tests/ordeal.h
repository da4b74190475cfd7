/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ordeal.h - one filter, to which everything is done that can be done to it,
 * in any order and of any size: is its covariance still one?
 */
#ifndef TESTS_ORDEAL_H
#define TESTS_ORDEAL_H

#include <math.h>

#include "core/estimate/filter.h"

enum ordeal_kind {
	ORDEAL_PREDICT,
	ORDEAL_OBSERVE,
	ORDEAL_BOUND,
	ORDEAL_RELAX,
	ORDEAL_FORGET_FLOOR,
	ORDEAL_FORGET_OFFSET,
	ORDEAL_FORGET_FREQ,
	ORDEAL_KINDS,
};

struct ordeal {
	struct filter filter;
	uint64_t luck;
	long updates;
	double least; /* pivot of all that were seen; of a unit matrix: 1 */
};

/* splitmix64 */
static inline uint64_t ordeal_luck(struct ordeal *o)
{
	uint64_t z = o->luck += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Of any size between the two, all magnitudes alike. */
static inline double ordeal_size(struct ordeal *o, double least, double most)
{
	double unit = (double)(ordeal_luck(o) >> 11) * 0x1p-53;

	return least * exp(unit * log(most / least));
}

static inline double ordeal_sign(struct ordeal *o)
{
	return ordeal_luck(o) & 1 ? 1 : -1;
}

/* As a bank begins: of forward and the floors the same is unknown. */
static inline void ordeal_begin(struct ordeal *o)
{
	double sd_s = ordeal_size(o, 1e-8, 10);
	double apart_s = ordeal_size(o, 1e-3, 1) * sd_s;
	double freq_sd = ordeal_size(o, 1e-9, 1e-3);
	struct filter f = { .x = { 0 } };

	f.x[STATE_FORWARD] = ordeal_sign(o) * ordeal_size(o, 1e-6, 1e4);
	f.x[STATE_FLOORS] = sd_s;
	f.p[STATE_FREQ][STATE_FREQ] = freq_sd * freq_sd;
	f.p[STATE_FORWARD][STATE_FORWARD] = sd_s * sd_s;
	f.p[STATE_FORWARD][STATE_FLOORS] = sd_s * sd_s;
	f.p[STATE_FLOORS][STATE_FORWARD] = sd_s * sd_s;
	f.p[STATE_FLOORS][STATE_FLOORS] = 2 * sd_s * sd_s;
	f.p[STATE_ASYMMETRY][STATE_ASYMMETRY] = apart_s * apart_s;
	o->filter = f;
}

/*
 * By a law of any width beside none at all: the farther out, the less it is
 * the law that counts. In between the curve is positive.
 */
static inline void ordeal_observe(struct ordeal *o, enum direction d)
{
	double noise_s = ordeal_size(o, 1e-9, 1);
	struct facet seen = filter_facet(&o->filter, d);
	double s = sqrt(seen.var + noise_s * noise_s);
	/* One in eight far out, on either side. */
	double away = ordeal_luck(o) % 8 ? ordeal_size(o, 1e-3, 8)
					 : ordeal_size(o, 8, 1e9);
	double slope = ordeal_sign(o) * away / s;
	double odds = ordeal_size(o, 1e-9, 1) * exp(fmin(away * away / 2, 600));
	double r = 1 / (1 + odds);

	if (isfinite(seen.mean)) { /* else it is found at once */
		filter_fold(&o->filter, &seen, r * slope,
			    r * ((1 - r) * slope * slope - 1 / (s * s)));
	}
}

static inline void ordeal_step(struct ordeal *o)
{
	/* Mostly what happens mostly. */
	static const enum ordeal_kind kinds[] = {
		ORDEAL_PREDICT,      ORDEAL_PREDICT,       ORDEAL_PREDICT,
		ORDEAL_PREDICT,      ORDEAL_OBSERVE,       ORDEAL_OBSERVE,
		ORDEAL_OBSERVE,      ORDEAL_OBSERVE,       ORDEAL_OBSERVE,
		ORDEAL_OBSERVE,      ORDEAL_BOUND,         ORDEAL_BOUND,
		ORDEAL_FORGET_FLOOR, ORDEAL_FORGET_OFFSET, ORDEAL_FORGET_FREQ,
		ORDEAL_RELAX,        ORDEAL_RELAX,         ORDEAL_KINDS,
	};
	enum direction d = ordeal_luck(o) & 1 ? FORWARD : BACKWARD;
	double least_s = 0;

	o->updates++;
	switch (kinds[ordeal_luck(o) % ARRAY_LEN(kinds)]) {
	case ORDEAL_PREDICT:
		filter_predict(&o->filter, ordeal_size(o, 1e-3, 1e6),
			       ordeal_size(o, 1e-10, 3e-7),
			       ordeal_size(o, 1e-13, 1e-3));
		break;
	case ORDEAL_OBSERVE:
		ordeal_observe(o, d);
		break;
	case ORDEAL_BOUND:
		least_s = -ordeal_size(o, 1e-9, 1);
		filter_bound_floors(&o->filter, least_s);
		break;
	case ORDEAL_RELAX:
		filter_relax(&o->filter, ordeal_size(o, 1e-9, 1), 0.03);
		break;
	case ORDEAL_FORGET_FLOOR:
		filter_forget_floor(&o->filter, d, ordeal_size(o, 1e-6, 10),
				    ordeal_size(o, 1e-9, 1));
		break;
	case ORDEAL_FORGET_OFFSET:
		filter_forget_offset(&o->filter, ordeal_size(o, 1e-9, 1e4));
		break;
	case ORDEAL_FORGET_FREQ:
		filter_forget_freq(&o->filter, ordeal_size(o, 1e-12, 1e-3),
				   ordeal_size(o, 1e-3, 1e6));
		break;
	case ORDEAL_KINDS:
		/* A sample that comes late. */
		filter_predict(&o->filter, -ordeal_size(o, 1e-3, 64), 1e-9,
			       1e-9);
		break;
	}
}

/*
 * The least pivot of P scaled to a diagonal of ones, so that it is relative to
 * each state's own variance. Positive definite: above 0.
 */
static inline double ordeal_pivot(const struct filter *f)
{
	double l[STATES][STATES] = { { 0 } }, least = 1;

	for (int i = 0; i < STATES; i++) {
		if (!(f->p[i][i] > 0) || !isfinite(f->p[i][i])) {
			return -1;
		}
		for (int j = 0; j <= i; j++) {
			double sum = f->p[i][j] / sqrt(f->p[i][i]) /
				     sqrt(f->p[j][j]);

			for (int k = 0; k < j; k++) {
				sum -= l[i][k] * l[j][k];
			}
			if (i == j) {
				least = fmin(least, sum);
				sum = sqrt(fmax(sum, 1e-300));
			}
			l[i][j] = i == j ? sum : sum / l[j][j];
		}
	}
	return least;
}

/* Numbers are numbers, variances positive, P symmetric to the last bit. */
static inline bool ordeal_sound(const struct filter *f)
{
	struct belief b = filter_belief(f);
	struct facet seen[DIRECTIONS];

	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		seen[d] = filter_facet(f, d);
		if (!isfinite(seen[d].mean) || !(seen[d].var > 0)) {
			return false;
		}
	}
	for (int i = 0; i < STATES; i++) {
		for (int j = 0; j < i; j++) {
			if (f->p[i][j] < f->p[j][i] ||
			    f->p[i][j] > f->p[j][i]) {
				return false;
			}
		}
		if (!isfinite(f->x[i])) {
			return false;
		}
	}
	return isfinite(b.offset_s) && isfinite(b.freq) && b.offset_var > 0 &&
	       b.freq_var > 0 && isfinite(b.offset_var) && isfinite(b.both_cov);
}

/* False when the filter is broken afterwards. */
static inline bool ordeal_run(struct ordeal *o, long updates)
{
	for (long k = 0; k < updates; k++) {
		if (o->updates % 500 == 0) {
			ordeal_begin(o);
		}
		ordeal_step(o);
		double pivot = ordeal_pivot(&o->filter);

		o->least = fmin(o->least, pivot);
		if (!(pivot > 0) || !ordeal_sound(&o->filter)) {
			return false;
		}
	}
	return true;
}

#endif
