/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/bank.h"

#include <math.h>

#define FORGET 0.985     /* merit kept from one exchange to the next */
#define GAIN_LEAST 64.0  /* packets that the queues remember */
#define GAIN_FIRST 4     /* packets that the first guess is worth */
#define WEIGHTLESS 1e-2  /* of a member: it may sleep */
#define WOKEN_MERIT (-8) /* of who slept, beneath the best */

static const double wanders[BANK_WANDERS] = {
	1e-10, 3.1622776601683795e-10, 1e-9, 3.1622776601683795e-9,
	1e-8,  3.1622776601683795e-8,  1e-7, 3.1622776601683795e-7,
};

/* Each is so many e-folds above the one before it; the first is at: */
#define LOG_WANDER_LEAST (-23.02585092994045684)
#define LOG_WANDER_STEP 1.151292546497022842

#define LATE 0.02 /* packets late by anything, of an ordinary path */

/* Of a path: from a congested WAN to a quiet LAN, and one in two minds. */
static const struct queue_law path_laws[BANK_LAWS] = {
	{ QUEUE_WAIT, 0.01, LATE },   { QUEUE_WAIT, 0.3, LATE },
	{ QUEUE_WAIT, 1, LATE },      { QUEUE_WAIT, 4, LATE },
	{ QUEUE_NARROW, 0.01, 0.25 },
};

/* Of a reference clock: from a pulse to a clock that often slips. */
static const struct queue_law clock_laws[BANK_LAWS] = {
	{ QUEUE_NONE, 1, 1e-4 }, { QUEUE_NONE, 1, 1e-3 },
	{ QUEUE_NONE, 1, 0.01 }, { QUEUE_NONE, 1, 0.05 },
	{ QUEUE_NONE, 1, 0.2 },
};

double bank_wander(size_t step)
{
	return wanders[step];
}

struct creed bank_creed(unsigned directions, size_t i)
{
	const struct queue_law *laws =
		directions == BOTH_DIRECTIONS ? path_laws : clock_laws;

	size_t wander = i / BANK_LAWS;

	return (struct creed){
		.law = laws[i % BANK_LAWS],
		.wander = bank_wander(wander),
		.log_wander =
			LOG_WANDER_LEAST + LOG_WANDER_STEP * (double)wander,
	};
}

static struct creed creed_of(const struct bank *b, size_t i)
{
	return bank_creed(b->directions, i);
}

void bank_init(struct bank *b, const struct passage *first, unsigned directions,
	       double freq_sd)
{
	double delay =
		directions == BOTH_DIRECTIONS
			? first->excess_s[FORWARD] + first->excess_s[BACKWARD]
			: 0;
	double scale = fmax(0.05 * delay, 10 * passage_noise_s(first));
	struct queue q = { .scale_s = scale, .lately_s = scale };
	struct member m = { .queues = { q, q }, .weight = 1.0 / BANK_MEMBERS };

	member_begin(&m, first, directions, freq_sd);
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		b->members[i] = m;
	}
	b->best = 0;
	b->seen[FORWARD] = b->seen[BACKWARD] = 0;
	b->directions = directions;
}

/* Weights from merits, which are counted from the best one. */
static void weigh(struct bank *b)
{
	double best = -INFINITY, sum = 0;

	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		if (!b->members[i].asleep) {
			best = fmax(best, b->members[i].merit);
		}
	}
	b->best += best;
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];

		m->merit -= best;
		m->weight = m->asleep ? 0 : exp(m->merit);
		sum += m->weight;
	}
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		b->members[i].weight /= sum;
	}
}

void bank_begin_anew(struct bank *b, const struct opening *o, size_t law)
{
	for (size_t i = law; i < BANK_MEMBERS; i += BANK_LAWS) {
		struct creed creed = creed_of(b, i);
		struct member *m = &b->members[i];

		member_begin(m, &o->passages[0], b->directions, o->freq_sd);
		for (unsigned k = 1; k < o->count; k++) {
			member_predict(m, &creed, b->directions, o->gaps_s[k]);
			m->merit = FORGET * m->merit +
				   member_add(m, &creed, &o->passages[k],
					      b->directions, NULL)
					   .evidence;
		}
		m->merit -= b->best;
	}
	weigh(b);
}

void bank_predict(struct bank *b, double elapsed_s)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct creed creed = creed_of(b, i);

		if (!b->members[i].asleep) {
			member_predict(&b->members[i], &creed, b->directions,
				       elapsed_s);
		}
	}
}

static double learning_gain(unsigned seen)
{
	return fmax(1.0 / (seen + GAIN_FIRST), 1.0 / GAIN_LEAST);
}

struct score bank_add(struct bank *b, const struct passage *p,
		      unsigned directions)
{
	const double gains[DIRECTIONS] = { learning_gain(b->seen[FORWARD]),
					   learning_gain(b->seen[BACKWARD]) };
	struct score all = { .evidence = -INFINITY };
	double scores[BANK_MEMBERS], sum = 0;

	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];
		struct creed creed = creed_of(b, i);

		if (m->asleep) {
			continue;
		}
		struct score score =
			member_add(m, &creed, p, directions, gains);

		scores[i] = score.evidence;
		all.outlying += m->weight * score.outlying;
		all.evidence = fmax(all.evidence, score.evidence);
	}
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];

		if (!m->asleep) {
			sum += m->weight * exp(scores[i] - all.evidence);
			m->merit = FORGET * m->merit + scores[i];
		}
	}
	b->best *= FORGET;
	/* All the weight may be with members that it now proves wrong. */
	all.evidence += log(fmax(sum, 1e-300));
	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		b->seen[d] += (directions & DIRECTION_BIT(d)) != 0;
	}
	weigh(b);
	return all;
}

void bank_thin(struct bank *b)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		b->members[i].asleep = b->members[i].weight < WEIGHTLESS;
	}
	weigh(b);
}

/* The heaviest member that is awake, of the law of member i if there is one. */
static const struct member *exemplar(const struct bank *b, size_t i)
{
	const struct member *best = NULL;
	bool alike = false;

	for (size_t j = 0; j < BANK_MEMBERS; j++) {
		const struct member *m = &b->members[j];
		bool same = j % BANK_LAWS == i % BANK_LAWS;

		if (!m->asleep &&
		    (!best || same > alike ||
		     (same == alike && m->weight > best->weight))) {
			best = m;
			alike = same;
		}
	}
	return best;
}

void bank_wake(struct bank *b)
{
	struct bank old = *b;

	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		if (b->members[i].asleep) {
			b->members[i] = *exemplar(&old, i);
			b->members[i].merit = WOKEN_MERIT;
		}
	}
	weigh(b);
}

double bank_surprise_s(const struct bank *b, const struct passage *p,
		       enum direction d)
{
	double sum = 0;

	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		const struct member *m = &b->members[i];

		if (!m->asleep) {
			sum += m->weight * member_excess_s(m, p, d);
		}
	}
	return sum;
}

void bank_renew_floor(struct bank *b, const struct passage *p, enum direction d)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];
		struct creed creed = creed_of(b, i);
		double scale = m->queues[d].scale_s * queue_spread(&creed.law);

		filter_forget_floor(&m->filter, d,
				    p->excess_s[d] - m->queues[d].scale_s,
				    2 * scale + passage_noise_s(p));
	}
}

void bank_renew_offset(struct bank *b, double sd_s)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		filter_forget_offset(&b->members[i].filter, sd_s);
	}
}

void bank_renew_freq(struct bank *b, double sd, double elapsed_s)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		filter_forget_freq(&b->members[i].filter, sd, elapsed_s);
	}
}

void bank_shift(struct bank *b, double by_s)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		b->members[i].filter.x[STATE_FORWARD] += by_s;
	}
}
