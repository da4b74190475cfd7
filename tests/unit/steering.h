/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steering.h - disciplines and estimates as their tests need them.
 */
#ifndef TESTS_UNIT_STEERING_H
#define TESTS_UNIT_STEERING_H

#include "core/steer/discipline.h"

#include <math.h>

#include "check.h"

#define FREQ_MAX (FREQ_MAX_PPM * 1e-6)
#define SLEW_MOST 500e-6

static inline struct config usual(void)
{
	return (struct config){ .ntp = true,
				.tinker = { .panic_s = 1000,
					    .step_fwd_s = 0.128,
					    .step_back_s = 0.128,
					    .stepout_s = 300,
					    .slew_ppm = 500 } };
}

static inline instant at_s(double s)
{
	return (instant){ span_from_seconds(s).v };
}

static inline struct estimate known(double offset_s, double freq)
{
	return (struct estimate){ .offset_s = offset_s,
				  .freq = freq,
				  .offset_sd = 1e-5,
				  .freq_sd = 1e-9,
				  .samples = 8 };
}

static inline struct discipline started(const struct config *config,
					enum discipline_state state)
{
	struct discipline d;

	discipline_init(&d, config, 1e-6, state != DISCIPLINE_NSET, at_s(0));
	if (state == DISCIPLINE_SYNC || state == DISCIPLINE_SPIK) {
		struct estimate e = known(0, 0);
		struct adjustment adj = discipline_update(&d, &e, 64, at_s(0));

		assert_int_equal(adj.kind, ADJUST_STEER);
	}
	if (state == DISCIPLINE_SPIK) {
		struct estimate e = known(0.2, 0);
		struct adjustment adj = discipline_update(&d, &e, 64, at_s(64));

		assert_int_equal(adj.kind, ADJUST_SPIKE);
	}
	assert_int_equal(d.state, state);
	return d;
}

static inline double uniform(double low, double high)
{
	return low + (high - low) * (double)(check_rng() >> 11) * 0x1p-53;
}

#endif
