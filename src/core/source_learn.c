/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What we make of a source's samples, and what it offers to selection.
 */
#include <math.h>

#include "core/answer.h"
#include "core/source.h"

#define FLOOR_SAMPLES 4

/* How far it is from the estimate, less what queueing can have done. */
static double unexplained_s(const struct estimate *e, const struct sample *x)
{
	double delay_s = span_to_seconds(sample_delay(x));
	double miss_s = fabs(span_to_seconds(sample_offset(x)) - e->offset_s);

	return fmax(miss_s - fmax(delay_s - e->delay_s, 0) / 2, 0);
}

/*
 * What the estimator does not believe although no queue explains it. It may
 * be right, but until it is known our bound must hold both.
 */
static double misfit_s(const struct source *s, const struct sample *x,
		       instant now)
{
	struct estimate e;

	if (!estimator_estimate(&s->estimator, now, &e)) {
		return 0;
	}
	return fmax(unexplained_s(&e, x) - 3 * e.offset_sd - x->noise_s, 0);
}

void source_learn(struct source *s, const struct sample *sample, instant now)
{
	struct estimate before;
	double poll_s = (double)(INT64_C(1) << polling_now(&s->polling));
	struct outlook o = { 0 };
	bool known = estimator_estimate(&s->estimator, now, &before);

	if (doubt_update(&s->doubt, span_to_seconds(s->peer.root_disp),
			 sample->at)) {
		source_begin(s);
		known = false;
	}
	estimator_add(&s->estimator, sample);
	s->misfit_s = fmax(s->misfit_s / 2, misfit_s(s, sample, now));
	if (!known || before.samples < 4) {
		return;
	}
	o.noise_s = fmax(before.jitter_s, sample->noise_s);
	o.surprise = unexplained_s(&before, sample) >
		     4 * (before.offset_sd + o.noise_s);
	o.sd_s = estimator_sd_after(&s->estimator, now, poll_s);
	o.sd_longer_s = estimator_sd_after(&s->estimator, now, 2 * poll_s);
	polling_adapt(&s->polling, &o);
}

static enum reason unfitness(const struct source *s)
{
	if (s->state == SOURCE_NAMELESS) {
		return REASON_NO_NAME;
	}
	if (polling_is_denied(&s->polling)) {
		return REASON_DENIED;
	}
	if (s->looped) {
		return REASON_LOOP;
	}
	if (s->polling.unsynchronised > 0) {
		return REASON_UNSYNCHRONISED;
	}
	if (!s->heard) {
		return REASON_NO_ANSWER;
	}
	if (s->polling.reach == 0) {
		return REASON_UNREACHABLE;
	}
	return s->config->noselect ? REASON_NOSELECT : REASON_OK;
}

/*
 * The path cannot be shorter than what the last exchanges took, whatever the
 * estimator remembers of it: a route may have changed.
 */
static double floor_s(const struct source *s, double known_s)
{
	span least = s->history[0].delay;

	if (s->estimator.samples < FLOOR_SAMPLES) {
		return known_s;
	}
	for (size_t i = 1; i < FLOOR_SAMPLES; i++) {
		if (span_cmp(s->history[i].delay, least) < 0) {
			least = s->history[i].delay;
		}
	}
	return fmax(known_s, span_to_seconds(least));
}

void source_candidate(const struct source *s, double phi, instant now,
		      struct candidate *c)
{
	*c = (struct candidate){
		.unfit = unfitness(s),
		.root_delay_s = span_to_seconds(s->peer.root_delay),
		.root_disp_s = span_to_seconds(s->peer.root_disp),
		.stratum = s->peer.stratum,
		.refid = s->peer.refid,
		.prefer = s->config->prefer,
		.always_true = s->config->always_true,
	};
	if (!estimator_estimate(&s->estimator, now, &c->estimate) &&
	    c->unfit == REASON_OK) {
		c->unfit = REASON_NO_ANSWER;
	}
	if (s->heard) {
		double age_s = span_to_seconds(instant_diff(now, s->heard_at));

		c->estimate.freq_sd =
			fmax(c->estimate.freq_sd, doubt_slew(&s->doubt));
		c->estimate.delay_s = floor_s(s, c->estimate.delay_s);
		c->root_disp_s += (phi + doubt_rate(&s->doubt)) * age_s;
		c->root_disp_s += s->misfit_s;
		c->root_disp_s +=
			span_to_seconds(answer_precision(s->peer.precision));
	}
}
