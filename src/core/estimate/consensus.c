/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/consensus.h"

#include <math.h>

#define BOUND_SDS 5.0
#define WAIT_SDS 4.0 /* more, of who has but one packet to go by */
#define LOG_LEAST 1e-300

static void sum_up(struct consensus *c, const struct belief *origin,
		   const struct belief *b, double weight)
{
	double offset_s = b->offset_s - origin->offset_s;
	double freq = b->freq - origin->freq;

	c->belief.offset_s += weight * offset_s;
	c->belief.freq += weight * freq;
	c->belief.offset_var += weight * (b->offset_var + offset_s * offset_s);
	c->belief.both_cov += weight * (b->both_cov + offset_s * freq);
	c->belief.freq_var += weight * (b->freq_var + freq * freq);
}

static double wait_s(const struct member *m)
{
	return (m->queues[FORWARD].scale_s + m->queues[BACKWARD].scale_s) / 2;
}

static void sum_up_path(struct consensus *c, const struct member *m,
			const struct creed *creed, double weight)
{
	c->walk += weight * creed->wander * creed->wander;
	c->wander += weight * creed->log_wander;
	c->jitter_s += weight * wait_s(m) * queue_spread(&creed->law);
	c->delay_s += weight * m->filter.x[STATE_FLOORS];
}

static void sum_up_bank(struct consensus *c, const struct belief *origin,
			const struct voice *v)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		const struct member *m = &v->bank->members[i];
		struct creed creed = bank_creed(v->bank->directions, i);
		double weight = v->odds * m->weight;

		if (!m->asleep) {
			struct belief b = filter_belief(&m->filter);

			sum_up(c, origin, &b, weight);
			sum_up_path(c, m, &creed, weight);
		}
	}
}

/* The first member that is awake. */
static const struct filter *someone(const struct bank *b)
{
	size_t i = 0;

	while (i < BANK_MEMBERS - 1 && b->members[i].asleep) {
		i++;
	}
	return &b->members[i].filter;
}

struct consensus consensus_of(const struct voice *voices, unsigned count)
{
	struct consensus c = { .wander = 0 };
	/* Sums are about one member's belief: offsets may be large. */
	struct belief origin = filter_belief(someone(voices[0].bank));
	struct belief *b = &c.belief;

	for (unsigned k = 0; k < count; k++) {
		sum_up_bank(&c, &origin, &voices[k]);
	}
	b->offset_var = fmax(b->offset_var - b->offset_s * b->offset_s, 0);
	b->both_cov -= b->offset_s * b->freq;
	b->freq_var = fmax(b->freq_var - b->freq * b->freq, 0);
	b->offset_s += origin.offset_s;
	b->freq += origin.freq;
	c.wander = exp(c.wander);
	return c;
}

static struct belief belief_ahead(const struct belief *b, double walk,
				  double ahead_s)
{
	double t = ahead_s;
	double walked = walk * fmax(t, 0);
	double var = b->offset_var + t * (2 * b->both_cov + t * b->freq_var) +
		     walked * t * t / 3;

	return (struct belief){
		.offset_s = b->offset_s + b->freq * t,
		.freq = b->freq,
		.offset_var = fmax(var, 0),
		.both_cov = b->both_cov + t * b->freq_var + walked * t / 2,
		.freq_var = b->freq_var + walked,
	};
}

/*
 * Each member's offset goes on with its frequency, so the moments of all
 * together do too, and what they wander adds up by weight.
 */
struct consensus consensus_ahead(const struct consensus *c, double ahead_s)
{
	struct consensus then = *c;

	then.belief = belief_ahead(&c->belief, c->walk, ahead_s);
	return then;
}

/* How far from `centre_s` member i says that the offset may be. */
static double reach_s(const struct voice *v, size_t i, double centre_s,
		      double ahead_s)
{
	const struct member *m = &v->bank->members[i];
	struct creed creed = bank_creed(v->bank->directions, i);
	double left = BOUND_SDS * BOUND_SDS +
		      2 * log(fmax(v->odds * m->weight, LOG_LEAST));

	if (m->asleep || left <= 0) {
		return 0;
	}
	struct belief now = filter_belief(&m->filter);
	struct belief b =
		belief_ahead(&now, creed.wander * creed.wander, ahead_s);
	double sd = sqrt(b.offset_var);
	double waits =
		creed.law.form == QUEUE_NONE
			? 0
			: fmin(sd / wait_s(m), 1) / queue_spread(&creed.law);

	return fabs(b.offset_s - centre_s) +
	       sd * (sqrt(left) + WAIT_SDS * waits);
}

double consensus_bound_s(const struct voice *voices, unsigned count,
			 const struct belief *belief, double ahead_s)
{
	double bound_s = 0;

	for (unsigned k = 0; k < count; k++) {
		for (size_t i = 0; i < BANK_MEMBERS; i++) {
			bound_s = fmax(bound_s,
				       reach_s(&voices[k], i, belief->offset_s,
					       ahead_s));
		}
	}
	return bound_s;
}
