/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What we make of a source's samples, and what it offers to selection.
 */
#include <math.h>

#include "core/source/answer.h"
#include "core/source/source.h"
#include "core/steer/bound.h"

#define NOISES 5  /* of a stamp: more than it will ever be off */
#define SETTLED 4 /* samples until there is something to expect */
#define SURPRISE_SDS 4.0
#define MISSED_POLLS 2 /* after so many it is worse for its silence */

/* How far it is from the estimate, less what queueing can have done. */
static double unexplained_s(const struct estimate *e, const struct sample *x)
{
	double delay_s = span_to_seconds(sample_delay(x));
	double miss_s = fabs(span_to_seconds(sample_offset(x)) - e->offset_s);

	return fmax(miss_s - fmax(delay_s - e->delay_s, 0) / 2, 0);
}

/*
 * Holds the estimate to the exchange that was folded in last. Since the one
 * before, `waited_s` ago, the clock may have jumped in frequency, which takes
 * an estimate away from what was proved as much as its own moving does.
 */
static void prove(struct source *s, const struct sample *x, double moved_s,
		  double waited_s)
{
	double precision_s =
		span_to_seconds(answer_precision(s->peer.precision));
	struct estimate e;

	if (estimator_estimate(&s->estimator, x->at, &e)) {
		moved_s = fabs(moved_s) + BOUND_JUMP * fmax(waited_s, 0);
		proofs_add(&s->proofs, x, e.offset_s, moved_s,
			   NOISES * x->noise_s + precision_s);
	}
}

/*
 * How soon to ask again. The error by the next poll is weighed against what
 * one exchange can be off by: below that a sooner one would tell little.
 */
static bool plan(struct source *s, const struct estimate *expected,
		 const struct sample *x, struct rng *rng, instant now)
{
	double poll_s = ldexp(1, polling_now(&s->polling));
	double noise_s = fmax(expected->jitter_s, x->noise_s);
	double sd_s = sqrt(expected->offset_sd * expected->offset_sd +
			   noise_s * noise_s);
	struct outlook o = {
		.sd_s = estimator_sd_after(&s->estimator, now, poll_s),
		.sd_longer_s =
			estimator_sd_after(&s->estimator, now, 2 * poll_s),
		.noise_s = noise_s,
		.surprise = unexplained_s(expected, x) > SURPRISE_SDS * sd_s,
	};

	polling_adapt(&s->polling, &o, rng);
	return o.surprise;
}

bool source_learn(struct source *s, const struct sample *sample,
		  const struct source_world *world, instant now)
{
	struct estimate before, after;
	double slew = doubt_slew(&s->doubt);
	bool known = estimator_estimate(&s->estimator, now, &before);

	if (doubt_update(&s->doubt, span_to_seconds(s->peer.root_disp),
			 sample->at)) {
		/* Our own rate may have followed its slew. */
		s->freq_sd = fmax(s->freq_sd, slew);
		source_begin(s, world, sample->at);
		known = false;
	}
	instant last = s->estimator.at;

	estimator_add(&s->estimator, sample);
	if (!estimator_estimate(&s->estimator, now, &after)) {
		return false;
	}
	prove(s, sample, known ? after.offset_s - before.offset_s : 0,
	      known ? span_to_seconds(instant_diff(sample->at, last)) : 0);
	return known && before.samples >= SETTLED &&
	       plan(s, &before, sample, world->rng, now);
}

static enum reason unfitness(const struct source *s)
{
	if (s->state == SOURCE_NAMELESS) {
		return REASON_NO_NAME;
	}
	if (s->no_key || s->bad_auth) {
		return s->no_key ? REASON_NO_KEY : REASON_BAD_AUTH;
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

double source_floor_s(const struct source *s)
{
	struct estimate e;
	double wrong_s = 0;

	if (estimator_estimate(&s->estimator, s->heard_at, &e)) {
		wrong_s = proofs_error_s(&s->proofs, e.delay_s);
	}
	/* What it claimed lately: the estimate is made of that too. */
	return wrong_s + s->doubt.most_s +
	       span_to_seconds(answer_precision(s->peer.precision));
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
		.authentic = s->config->key != 0,
		.prefer = s->config->prefer,
		.always_true = s->config->always_true,
	};
	if (!estimator_estimate(&s->estimator, now, &c->estimate) &&
	    c->unfit == REASON_OK) {
		c->unfit = REASON_NO_ANSWER;
	}
	if (s->heard) {
		double age_s = span_to_seconds(instant_diff(now, s->heard_at));
		double poll_s = ldexp(1, polling_now(&s->polling));

		c->estimate.freq_sd =
			fmax(c->estimate.freq_sd, doubt_slew(&s->doubt));
		c->estimate.delay_s =
			proofs_delay_s(&s->proofs, c->estimate.delay_s);
		c->root_disp_s += (phi + doubt_rate(&s->doubt)) * age_s;
		c->waiting_s = (phi + doubt_rate(&s->doubt)) *
			       fmin(age_s, MISSED_POLLS * poll_s);
		c->root_disp_s +=
			proofs_error_s(&s->proofs, c->estimate.delay_s);
		c->root_disp_s +=
			span_to_seconds(answer_precision(s->peer.precision));
	}
}
