/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * track.h - a clock and a path made up for tests: what is true, what the
 * exchanges show of it, and what a textbook filter makes of that.
 *
 * The clock's frequency is a random walk; queueing comes from six laws, of
 * which the estimator knows none.
 */
#ifndef TESTS_TRACK_H
#define TESTS_TRACK_H

#include <math.h>
#include <stdint.h>

#include "base/compiler.h"

#define TRACK_MOST 2500

enum law {
	LAW_EXPONENTIAL,
	LAW_GAMMA2,
	LAW_LOGNORMAL,
	LAW_PARETO,
	LAW_GAUSSIAN,
	LAW_HUMPS,
	LAWS,
};

static const char *const law_names[LAWS] = { "exponential", "gamma(2)",
					     "lognormal",   "pareto(2.5)",
					     "gaussian",    "two humps" };

struct track {
	int count;
	double tau_s, wander, jitter_s;
	enum law law;
	uint64_t luck;
	double offset_s[TRACK_MOST], freq[TRACK_MOST];
	double forward_s[TRACK_MOST], backward_s[TRACK_MOST];
};

/* splitmix64, in (0, 1) */
static inline double track_unit(struct track *t)
{
	uint64_t z = t->luck += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return ((double)((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53;
}

static inline double track_exponential(struct track *t, double mean)
{
	return -mean * log(track_unit(t));
}

static inline double track_normal(struct track *t)
{
	double radius = sqrt(-2 * log(track_unit(t)));

	return radius * cos(6.283185307179586 * track_unit(t));
}

static inline double track_queue_s(struct track *t)
{
	double j = t->jitter_s;

	switch (t->law) {
	case LAW_EXPONENTIAL:
		return track_exponential(t, j);
	case LAW_GAMMA2:
		return track_exponential(t, j / 2) +
		       track_exponential(t, j / 2);
	case LAW_LOGNORMAL:
		return j * exp(track_normal(t) - 0.5);
	case LAW_PARETO:
		return j * (exp(track_exponential(t, 1 / 2.5)) - 1);
	case LAW_GAUSSIAN:
		return j * track_normal(t) / 2;
	case LAW_HUMPS:
	case LAWS:
		break;
	}
	return (track_unit(t) < 0.3 ? 2 * j : 0) + track_exponential(t, j / 10);
}

/* Of one one-way observation. */
static inline double track_variance(const struct track *t)
{
	double j2 = t->jitter_s * t->jitter_s;

	switch (t->law) {
	case LAW_EXPONENTIAL:
		return j2;
	case LAW_GAMMA2:
		return j2 / 2;
	case LAW_LOGNORMAL:
		return j2 * (exp(1) - 1);
	case LAW_PARETO:
		return j2 * 2.5 / (1.5 * 1.5 * 0.5);
	case LAW_GAUSSIAN:
		return j2 / 4;
	case LAW_HUMPS:
	case LAWS:
		break;
	}
	return j2 * (4 * 0.21 + 0.01);
}

/* The clock's next `tau_s` seconds. */
static inline void track_advance(struct track *t, double *offset_s,
				 double *freq, double tau_s)
{
	double q = t->wander * sqrt(tau_s);
	double first = track_normal(t), second = track_normal(t);

	*offset_s +=
		tau_s * *freq + q * tau_s * (first / 2 + second / sqrt(12));
	*freq += q * first;
}

/* Fills in everything but the parameters; `freq_jump` comes at `jump_at`. */
static inline void track_run(struct track *t, double floor_s, int jump_at,
			     double freq_jump)
{
	double offset_s = 0, freq = 0;

	for (int k = 0; k < t->count; k++) {
		if (k > 0) {
			track_advance(t, &offset_s, &freq, t->tau_s);
		}
		freq += k == jump_at ? freq_jump : 0;
		t->offset_s[k] = offset_s;
		t->freq[k] = freq;
		t->forward_s[k] = floor_s + offset_s + track_queue_s(t);
		t->backward_s[k] = floor_s - offset_s + track_queue_s(t);
	}
}

/* What somebody made of a track. */
struct guess {
	double offset_s[TRACK_MOST], freq[TRACK_MOST], sd_s[TRACK_MOST];
};

/*
 * The textbook Kalman filter on (forward - backward) / 2, which is handed the
 * true wander and the true variance of the noise.
 */
static inline void track_kalman(struct track *t, struct guess *g)
{
	double tau = t->tau_s, q = t->wander * t->wander;
	double r = track_variance(t) / 2;
	double x = 0, f = 0, pxx = 1, pxf = 0, pff = 1e-8;

	for (int k = 0; k < t->count; k++) {
		if (k > 0) {
			x += tau * f;
			pxx += tau * (2 * pxf + tau * pff) +
			       q * tau * tau * tau / 3;
			pxf += tau * pff + q * tau * tau / 2;
			pff += q * tau;
		}
		double m = (t->forward_s[k] - t->backward_s[k]) / 2 - x;
		double gx = pxx / (pxx + r), gf = pxf / (pxx + r);

		x += gx * m;
		f += gf * m;
		pff -= gf * pxf;
		pxf -= gx * pxf;
		pxx -= gx * pxx;
		g->offset_s[k] = x;
		g->freq[k] = f;
		g->sd_s[k] = sqrt(pxx);
	}
}

/* RMS error of the clock over the poll interval that follows each guess. */
static inline double track_rms_s(const struct track *t, const struct guess *g,
				 int settle)
{
	double sum = 0, q = t->wander * t->wander;

	for (int part = 0; part < 5; part++) {
		double u = part * t->tau_s / 4, square = 0;

		for (int k = settle; k < t->count; k++) {
			double e = t->offset_s[k] - g->offset_s[k] +
				   u * (t->freq[k] - g->freq[k]);

			square += e * e;
		}
		sum += square / (t->count - settle) + q * u * u * u / 3;
	}
	return sqrt(sum / 5);
}

/* RMS error of the offset from sample `from` to before `to`. */
static inline double track_span_rms_s(const struct track *t,
				      const struct guess *g, int from, int to)
{
	double square = 0;

	for (int k = from; k < to; k++) {
		double e = t->offset_s[k] - g->offset_s[k];

		square += e * e;
	}
	return sqrt(square / (to - from));
}

/* The part of the samples whose error is beyond `sds` claimed deviations. */
static inline double track_beyond(const struct track *t, const struct guess *g,
				  double sds, int settle)
{
	int count = 0;

	for (int k = settle; k < t->count; k++) {
		count += fabs(t->offset_s[k] - g->offset_s[k]) >
			 sds * g->sd_s[k];
	}
	return (double)count / (t->count - settle);
}

/* The most samples in a row whose error is beyond `limit_s`. */
static inline int track_longest(const struct track *t, const struct guess *g,
				double limit_s, int settle)
{
	int longest = 0, now = 0;

	for (int k = settle; k < t->count; k++) {
		double e = t->offset_s[k] - g->offset_s[k];

		now = fabs(e) > limit_s ? now + 1 : 0;
		longest = now > longest ? now : longest;
	}
	return longest;
}

#endif
