/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/estimator.h"

#include <math.h>

#define DELAY_LEAST SPAN_S(-1)
#define DELAY_MOST SPAN_S(64)
#define LATE_MOST SPAN_S(-64) /* an exchange cannot take longer */
#define UNKNOWN_SD 1e9        /* s: before the first sample */
#define REFERENCE_FAR_S 1024  /* a double still holds 2e-13 s there */

void estimator_init(struct estimator *e, const struct estimator_prior *prior)
{
	*e = (struct estimator){ .prior = *prior };
	correction_init(&e->correction);
}

/*
 * The reference lies half a delay from either observation. Not the mean of
 * the two: an offset near +-2^31 s wraps in one and not in the other.
 */
static void begin(struct estimator *e, const struct sample *s, span step)
{
	span half = span_mean(sample_delay(s), SPAN_ZERO);

	e->reference = span_sub(span_add(s->forward, step), half);
	e->at = s->at;
}

/* The sample as the uncorrected clock would have measured it. */
static struct passage passage_of(const struct estimator *e,
				 const struct sample *s)
{
	struct corrected c = correction_at(&e->correction, s->at);
	span off = span_sub(c.step, e->reference);
	span forward = span_add(s->forward, off);
	span backward = span_sub(s->backward, off);

	return (struct passage){
		.excess_s = { span_to_seconds(forward) + c.slew_s,
			      span_to_seconds(backward) - c.slew_s },
		.noise_s = s->noise_s,
	};
}

/* Keeps offsets small beside the reference: doubles must hold nanoseconds. */
static void follow_reference(struct estimator *e)
{
	double far_s = e->rivals.all[0].bank.members[0].filter.x[STATE_FORWARD];

	if (fabs(far_s) < REFERENCE_FAR_S || fabs(far_s) > 0x1p32) {
		return;
	}
	far_s = floor(far_s);
	rivals_shift(&e->rivals, -far_s);
	e->reference = span_add(e->reference, span_from_seconds(far_s));
}

void estimator_add(struct estimator *e, const struct sample *s)
{
	span delay = sample_delay(s);

	if (span_cmp(delay, DELAY_LEAST) < 0 ||
	    span_cmp(delay, DELAY_MOST) > 0 ||
	    (e->samples > 0 &&
	     span_cmp(instant_diff(s->at, e->at), LATE_MOST) < 0)) {
		e->refused++;
		return;
	}
	if (e->samples == 0) {
		begin(e, s, correction_at(&e->correction, s->at).step);
	}
	struct passage p = passage_of(e, s);

	if (e->samples == 0) {
		rivals_init(&e->rivals, &p,
			    e->prior.no_path ? DIRECTION_BIT(FORWARD)
					     : BOTH_DIRECTIONS,
			    e->prior.freq_sd);
	} else {
		rivals_add(&e->rivals, &p,
			   span_to_seconds(instant_diff(s->at, e->at)));
		follow_reference(e);
	}
	e->at = s->at;
	e->samples++;
}

void estimator_adjust(struct estimator *e, instant at, double step_s,
		      double freq)
{
	correction_add(&e->correction, at, span_from_seconds(step_s), freq);
}

bool estimator_estimate(const struct estimator *e, instant at,
			struct estimate *out)
{
	if (e->samples == 0) {
		return false;
	}
	double ahead_s = span_to_seconds(instant_diff(at, e->at));
	struct consensus c = rivals_consensus(&e->rivals, ahead_s);
	struct corrected ours = correction_at(&e->correction, at);
	double base_s = span_to_seconds(span_sub(e->reference, ours.step));

	*out = (struct estimate){
		.at = at,
		.offset_s = base_s + (c.belief.offset_s - ours.slew_s),
		.freq = c.belief.freq - ours.rate,
		.offset_sd = sqrt(c.belief.offset_var),
		.freq_sd = sqrt(c.belief.freq_var),
		.wander = c.wander,
		.delay_s = c.delay_s,
		.jitter_s = c.jitter_s,
		.bound_s = rivals_bound_s(&e->rivals, ahead_s),
		.samples = e->samples,
	};
	return true;
}

double estimator_sd_after(const struct estimator *e, instant at, double after_s)
{
	if (e->samples == 0) {
		return UNKNOWN_SD;
	}
	double ahead_s =
		span_to_seconds(instant_diff(at, e->at)) + fmax(after_s, 0);

	return sqrt(rivals_consensus(&e->rivals, ahead_s).belief.offset_var);
}
