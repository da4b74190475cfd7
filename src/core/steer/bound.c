/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/steer/bound.h"

#include <math.h>

struct bound bound_of(const struct estimate *e, instant heard, instant now)
{
	return (struct bound){
		.heard = heard,
		.at = now,
		.left_s = fabs(e->offset_s),
		.sd_s = e->offset_sd,
		.far_s = fmax(e->bound_s, BOUND_SDS * e->offset_sd),
		.freq_sd = e->freq_sd,
		.wander = e->wander,
	};
}

static double seconds_after(const struct bound *b, instant now)
{
	return fmax(span_to_seconds(instant_diff(now, b->at)), 0);
}

/*
 * So many deviations after a time, `off_s` being as many now. How offset and
 * frequency are correlated is not handed down with them: as if wholly, which
 * is the worst and, for a settled filter, not far off.
 */
static double off_after(const struct bound *b, double off_s, double sds,
			double after_s)
{
	double straight_s = off_s + sds * b->freq_sd * after_s;
	double cube_s3 = after_s * after_s * after_s;

	return sqrt(straight_s * straight_s +
		    sds * sds * b->wander * b->wander * cube_s3 / 3);
}

static double bound_after(const struct bound *b, double after_s)
{
	double unheard_s = span_to_seconds(instant_diff(b->at, b->heard));

	return b->floor_s + b->left_s + b->drift * after_s +
	       BOUND_JUMP * fmax(unheard_s + after_s, 0) +
	       off_after(b, b->far_s, BOUND_SDS, after_s);
}

double bound_likely_s(const struct bound *b, instant now)
{
	double after_s = seconds_after(b, now);

	return b->left_s + b->drift * after_s +
	       off_after(b, b->sd_s, 1, after_s);
}

double bound_s(const struct bound *b, instant now)
{
	return bound_after(b, seconds_after(b, now));
}

/* It is convex in time, so the chord is above it all the way. */
double bound_growth(const struct bound *b, instant now, double for_s)
{
	double after_s = seconds_after(b, now);

	return (bound_after(b, after_s + for_s) - bound_after(b, after_s)) /
	       for_s;
}
