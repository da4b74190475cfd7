/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain.h - the configuration of an engine that nobody configured, written out
 * so that a test does not move with a default.
 */
#ifndef TESTS_PLAIN_H
#define TESTS_PLAIN_H

#include "config/config.h"

static inline struct config plain_config(void)
{
	return (struct config){
		.tos = { .minclock = 3,
			 .maxclock = 10,
			 .minsane = 1,
			 .floor = 1,
			 .ceiling = 16,
			 .orphan = 16,
			 .mindist_s = 0.001,
			 .maxdist_s = 1.5,
			 .maxdisp_s = 16,
			 .orphanwait_s = 300,
			 .bcpollbstep = TOS_NEVER_SET_BACK },
		.tinker = { .panic_s = 1000,
			    .step_fwd_s = 0.128,
			    .step_back_s = 0.128,
			    .stepout_s = 300,
			    .slew_ppm = 500,
			    .start_slew_ppm = 83333,
			    .dispersion_ppm = 15 },
		.nonvolatile_s = 1e-7,
		.ntp = true,
		.kernel = true,
	};
}

#endif
