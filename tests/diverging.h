/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diverging.h - are there series that the estimator never finds back from?
 *
 * A run diverges when for more than 20 samples in a row its error is beyond
 * 10 times what is usual for its course and law: the median of the RMS errors
 * of many seeds.
 */
#ifndef TESTS_DIVERGING_H
#define TESTS_DIVERGING_H

#include <stdlib.h>

#include "core/estimate/estimator.h"
#include "courses.h"

#define DIVERGING_SETTLE 100
#define DIVERGING_TIMES 10
#define DIVERGING_ROW 20

/* What the estimator makes of a track, sample by sample. */
static inline void follow(struct estimator *e, const struct track *t,
			  struct guess *g)
{
	const struct estimator_prior prior = { .freq_sd = 1e-4 };

	estimator_init(e, &prior);
	for (int k = 0; k < t->count; k++) {
		const struct sample s = {
			.at = { (int64_t)(k * t->tau_s * 0x1p32) },
			.forward = span_from_seconds(t->forward_s[k]),
			.backward = span_from_seconds(t->backward_s[k]),
			.noise_s = 5e-7,
		};
		struct estimate now;

		estimator_add(e, &s);
		if (!estimator_estimate(e, s.at, &now)) {
			abort();
		}
		g->offset_s[k] = now.offset_s;
		g->freq[k] = now.freq;
		g->sd_s[k] = now.offset_sd;
	}
}

/* One of many: a seed, and how it went. */
struct run {
	uint64_t seed;
	double rms_s, worst_s;
	int longest; /* samples in a row beyond the limit */
};

/* Where all of them are run: on a steady course, or with a trouble. */
struct runner {
	struct estimator estimator;
	struct track track;
	struct guess guess;
	enum trouble trouble; /* NOTHING: steady, by these: */
	size_t course;
	enum law law;
	int samples;
};

static inline int runner_settle(const struct runner *r)
{
	return DIVERGING_SETTLE + (r->trouble == NOTHING ? 0 : TROUBLE_AT);
}

static inline void runner_run(struct runner *r, struct run *one)
{
	int settle = runner_settle(r);

	if (r->trouble == NOTHING) {
		track_steady(&r->track, r->course, r->law, one->seed,
			     r->samples);
	} else {
		track_troubled(&r->track, r->trouble, one->seed);
	}
	follow(&r->estimator, &r->track, &r->guess);
	one->rms_s =
		track_span_rms_s(&r->track, &r->guess, settle, r->track.count);
	one->worst_s = 0;
	for (int k = settle; k < r->track.count; k++) {
		double e = r->track.offset_s[k] - r->guess.offset_s[k];

		one->worst_s = fmax(one->worst_s, fabs(e));
	}
}

static inline int runs_by_rms(const void *a, const void *b)
{
	double x = ((const struct run *)a)->rms_s;
	double y = ((const struct run *)b)->rms_s;

	return (x > y) - (x < y);
}

/*
 * Runs all; afterwards they are in the order of their RMS errors. Returns the
 * median. Few ever come near the limit: only those are run again, to count.
 */
static inline double runner_run_all(struct runner *r, struct run *runs,
				    int count)
{
	for (int i = 0; i < count; i++) {
		runner_run(r, &runs[i]);
	}
	qsort(runs, (size_t)count, sizeof(*runs), runs_by_rms);
	double median_s = runs[count / 2].rms_s;

	for (int i = 0; i < count; i++) {
		runs[i].longest = 0;
		if (runs[i].worst_s > DIVERGING_TIMES * median_s) {
			runner_run(r, &runs[i]);
			runs[i].longest = track_longest(
				&r->track, &r->guess,
				DIVERGING_TIMES * median_s, runner_settle(r));
		}
	}
	return median_s;
}

#endif
