/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * servers.h - candidates as the tests of selection need them.
 */
#ifndef TESTS_UNIT_SERVERS_H
#define TESTS_UNIT_SERVERS_H

#include "core/select/selection.h"

#include <math.h>
#include <string.h>

#include "check.h"

#define MOST 8

static const struct tos_config usual = { .minclock = 3,
					 .maxclock = 10,
					 .minsane = 1,
					 .authselect = AUTHSELECT_PREFER,
					 .ceiling = 15,
					 .orphan = 16,
					 .mindist_s = 0.001,
					 .maxdist_s = 1.5,
					 .maxdisp_s = 16 };

/* A server of stratum 2, ten milliseconds away. */
static inline struct candidate server(double offset_s)
{
	return (struct candidate){ .unfit = REASON_OK,
				   .estimate = { .offset_s = offset_s,
						 .offset_sd = 1e-5,
						 .freq_sd = 1e-8,
						 .delay_s = 0.01,
						 .jitter_s = 1e-4,
						 .samples = 8 },
				   .root_delay_s = 0.002,
				   .root_disp_s = 0.003,
				   .stratum = 2 };
}

static inline double uniform(double low, double high)
{
	return low + (high - low) * (double)(check_rng() >> 11) * 0x1p-53;
}

#endif
