/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * special.h - the lower tail of the standard normal distribution.
 *
 * Everything is kept as ratios, so that nothing underflows: at u = -1000 the
 * distribution function is 10^-217151, its hazard an ordinary number. Relative
 * errors stay below 10^-12, and below 10^-11 in `excess`.
 */
#ifndef BASE_SPECIAL_H
#define BASE_SPECIAL_H

#include "base/compiler.h"

#define ROOT_2PI 2.50662827463100050242

struct normal_tail {
	double cdf;    /* P(N < u) for u >= 0; below it is not worked out: 0 */
	double hazard; /* density / cdf */
	double excess; /* u + hazard, positive, without cancellation */
};

/* Of any finite u; of one beyond +-10^100 as of that. */
struct normal_tail normal_tail(double u);

#endif
