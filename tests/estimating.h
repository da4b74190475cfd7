/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimating.h - one estimator, fed by tests in seconds.
 */
#ifndef TESTS_ESTIMATING_H
#define TESTS_ESTIMATING_H

#include "check.h"
#include "core/estimate/estimator.h"
#include "track.h"

static struct track track;
static struct guess ours;
static struct estimator estimator;

static inline instant at_s(double s)
{
	return (instant){ (int64_t)(s * 0x1p32) };
}

static inline struct sample sample_of(double at, double forward_s,
				      double backward_s)
{
	return (struct sample){
		.at = at_s(at),
		.forward = span_from_seconds(forward_s),
		.backward = span_from_seconds(backward_s),
		.noise_s = 5e-7,
	};
}

static inline void begin(double freq_sd)
{
	const struct estimator_prior prior = { .freq_sd = freq_sd };

	estimator_init(&estimator, &prior);
}

static inline void add(double at, double forward_s, double backward_s)
{
	struct sample s = sample_of(at, forward_s, backward_s);

	estimator_add(&estimator, &s);
}

static inline struct estimate estimate_at(double at)
{
	struct estimate e;

	assert_true(estimator_estimate(&estimator, at_s(at), &e));
	return e;
}

static inline void course(double tau_s, double wander, double jitter_s,
			  enum law law)
{
	track.tau_s = tau_s;
	track.wander = wander;
	track.jitter_s = jitter_s;
	track.law = law;
	track.luck = 4711 + law;
	track.count = 1500;
}

static inline void run_ours(void)
{
	begin(1e-4);
	for (int k = 0; k < track.count; k++) {
		double at = k * track.tau_s;

		add(at, track.forward_s[k], track.backward_s[k]);
		struct estimate e = estimate_at(at);

		ours.offset_s[k] = e.offset_s;
		ours.freq[k] = e.freq;
		ours.sd_s[k] = e.offset_sd;
	}
}

static inline void plain_course(double freq_jump)
{
	course(64, 1e-9, 1e-4, LAW_EXPONENTIAL);
	track_run(&track, 4e-4, 700, freq_jump);
}

#endif
