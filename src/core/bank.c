/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/bank.h"

#include <math.h>

#define FORGET 0.97   /* merit kept from one exchange to the next */
#define WALK 7e-4     /* of a floor, in scales, per exchange */
#define SYMMETRY 0.01 /* of the floors at first, in scales */
#define NOISE_LEAST 1e-9

static const double wanders[BANK_WANDERS] = {
	1e-10, 3.1622776601683795e-10, 1e-9, 3.1622776601683795e-9,
	1e-8,  3.1622776601683795e-8,  1e-7, 3.1622776601683795e-7,
};
static const double shapes[BANK_SHAPES] = { 0.01, 0.3, 1, 4 };

double bank_wander(size_t i)
{
	return wanders[i / BANK_SHAPES];
}

static double member_shape(size_t i)
{
	return shapes[i % BANK_SHAPES];
}

double bank_spread(size_t i)
{
	double shape = member_shape(i);

	return sqrt(1 + shape * shape);
}

static double noise_s(const struct passage *p)
{
	return fmax(p->noise_s, NOISE_LEAST);
}

void bank_init(struct bank *b, const struct passage *first, double freq_sd)
{
	double delay = first->excess_s[FORWARD] + first->excess_s[BACKWARD];
	double scale = fmax(0.05 * delay, 10 * noise_s(first));
	double sd = fmax(0.35 * delay, 3 * scale);
	double asymmetry = SYMMETRY * scale;
	struct member m = { .weight = 1.0 / BANK_MEMBERS };

	m.filter.x[STATE_FORWARD] = first->excess_s[FORWARD] - scale;
	m.filter.x[STATE_FLOORS] = delay - 2 * scale;
	m.filter.p[STATE_FREQ][STATE_FREQ] = freq_sd * freq_sd;
	m.filter.p[STATE_FORWARD][STATE_FORWARD] = sd * sd;
	m.filter.p[STATE_FORWARD][STATE_FLOORS] = sd * sd;
	m.filter.p[STATE_FLOORS][STATE_FORWARD] = sd * sd;
	m.filter.p[STATE_FLOORS][STATE_FLOORS] = 2 * sd * sd;
	m.filter.p[STATE_ASYMMETRY][STATE_ASYMMETRY] = asymmetry * asymmetry;
	m.queues[FORWARD].scale_s = m.queues[BACKWARD].scale_s = scale;
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		b->members[i] = m;
	}
	b->seen[FORWARD] = b->seen[BACKWARD] = 0;
}

void bank_predict(struct bank *b, double elapsed_s)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];
		double scale = m->queues[FORWARD].scale_s +
			       m->queues[BACKWARD].scale_s;

		filter_predict(&m->filter, elapsed_s, bank_wander(i),
			       WALK * scale / 2);
	}
}

/* How far above its floor the passage was, as the member sees it. */
static double excess_s(const struct member *m, const struct passage *p,
		       enum direction d, double *var)
{
	return p->excess_s[d] - filter_expect(&m->filter, d, var);
}

static struct likelihood member_fold(struct member *m, enum direction d,
				     const struct passage *p, double shape)
{
	const struct queue *q = &m->queues[d];
	double noise = fmax(noise_s(p), shape * q->scale_s);
	double var, excess = excess_s(m, p, d, &var);
	struct likelihood l = queue_likelihood(q, excess, var, noise);

	filter_observe(&m->filter, d, l.slope, l.curve);
	return l;
}

static double learning_gain(unsigned seen)
{
	return fmax(1.0 / (seen + 4), 1.0 / 64);
}

/* One member takes a passage in; the log of its density. */
static struct score member_add(struct member *m, const struct passage *p,
			       unsigned directions, const struct bank *b)
{
	double shape = member_shape((size_t)(m - b->members));
	struct score score = { 0 };
	double var;

	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		if (directions & DIRECTION_BIT(d)) {
			struct likelihood l = member_fold(m, d, p, shape);

			score.evidence += l.log_density;
			score.outlying = fmax(score.outlying, l.outlying);
		}
	}
	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		if (directions & DIRECTION_BIT(d)) {
			queue_learn(&m->queues[d], excess_s(m, p, d, &var),
				    shape, learning_gain(b->seen[d]),
				    fmax(noise_s(p) / 4, NOISE_LEAST));
		}
	}
	filter_bound_floors(&m->filter, -noise_s(p));
	return score;
}

/* Weights from merits; the best merit becomes zero. */
static void weigh(struct bank *b)
{
	double best = -INFINITY, sum = 0;

	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		best = fmax(best, b->members[i].merit);
	}
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];

		m->merit -= best;
		m->weight = exp(m->merit);
		sum += m->weight;
	}
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		b->members[i].weight /= sum;
	}
}

struct score bank_add(struct bank *b, const struct passage *p,
		      unsigned directions)
{
	struct score scores[BANK_MEMBERS], all = { .evidence = -INFINITY };
	double sum = 0;

	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];

		scores[i] = member_add(m, p, directions, b);
		all.outlying += m->weight * scores[i].outlying;
		all.evidence = fmax(all.evidence, scores[i].evidence);
	}
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];

		sum += m->weight * exp(scores[i].evidence - all.evidence);
		m->merit = FORGET * m->merit + scores[i].evidence;
	}
	/* All the weight may be with members that it now proves wrong. */
	all.evidence += log(fmax(sum, 1e-300));
	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		b->seen[d] += (directions & DIRECTION_BIT(d)) != 0;
	}
	weigh(b);
	return all;
}

double bank_surprise_s(const struct bank *b, const struct passage *p,
		       enum direction d)
{
	double sum = 0, var;

	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		const struct member *m = &b->members[i];

		sum += m->weight * excess_s(m, p, d, &var);
	}
	return sum;
}

void bank_renew_floor(struct bank *b, const struct passage *p, enum direction d)
{
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		struct member *m = &b->members[i];
		double scale = m->queues[d].scale_s * bank_spread(i);

		filter_forget_floor(&m->filter, d,
				    p->excess_s[d] - m->queues[d].scale_s,
				    2 * scale + noise_s(p));
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
