/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/member.h"

#include <math.h>

#define WALK 7e-4      /* of a floor, in scales, per exchange */
#define SYMMETRY 0.01  /* of the floors at first, in scales */
#define ASYMMETRY 0.03 /* of the floors in the long run, in spreads */
#define NOISE_LEAST 1e-9

double passage_noise_s(const struct passage *p)
{
	return fmax(p->noise_s, NOISE_LEAST);
}

static void begin_path(struct filter *f, const struct passage *first,
		       const struct queue queues[DIRECTIONS])
{
	double delay = first->excess_s[FORWARD] + first->excess_s[BACKWARD];
	double scale = (queues[FORWARD].scale_s + queues[BACKWARD].scale_s) / 2;
	double sd = fmax(0.35 * delay, 3 * scale);
	double asymmetry = SYMMETRY * scale;

	f->x[STATE_FORWARD] =
		first->excess_s[FORWARD] - queues[FORWARD].scale_s;
	f->x[STATE_FLOORS] = delay - 2 * scale;
	f->p[STATE_FORWARD][STATE_FORWARD] = sd * sd;
	f->p[STATE_FORWARD][STATE_FLOORS] = sd * sd;
	f->p[STATE_FLOORS][STATE_FORWARD] = sd * sd;
	f->p[STATE_FLOORS][STATE_FLOORS] = 2 * sd * sd;
	f->p[STATE_ASYMMETRY][STATE_ASYMMETRY] = asymmetry * asymmetry;
}

void member_begin(struct member *m, const struct passage *first,
		  unsigned directions, double freq_sd)
{
	struct filter f = { .x = { 0 } };
	double sd = 3 * m->queues[FORWARD].scale_s;

	f.p[STATE_FREQ][STATE_FREQ] = freq_sd * freq_sd;
	if (directions == BOTH_DIRECTIONS) {
		begin_path(&f, first, m->queues);
	} else {
		f.x[STATE_FORWARD] = first->excess_s[FORWARD];
		f.p[STATE_FORWARD][STATE_FORWARD] = sd * sd;
	}
	m->filter = f;
	m->merit = 0;
}

void member_predict(struct member *m, const struct creed *creed,
		    unsigned directions, double elapsed_s)
{
	double scale =
		(m->queues[FORWARD].scale_s + m->queues[BACKWARD].scale_s) / 2;

	if (directions != BOTH_DIRECTIONS) {
		filter_predict(&m->filter, elapsed_s, creed->wander, 0);
		return;
	}
	filter_predict(&m->filter, elapsed_s, creed->wander, WALK * scale);
	filter_relax(&m->filter, scale * queue_spread(&creed->law), ASYMMETRY);
}

double member_excess_s(const struct member *m, const struct passage *p,
		       enum direction d)
{
	return p->excess_s[d] - filter_mean(&m->filter, d);
}

static struct likelihood fold(struct member *m, const struct creed *creed,
			      const struct passage *p, enum direction d)
{
	struct facet seen = filter_facet(&m->filter, d);
	struct likelihood l = queue_likelihood(&m->queues[d], &creed->law,
					       p->excess_s[d] - seen.mean,
					       seen.var, passage_noise_s(p));

	filter_fold(&m->filter, &seen, l.slope, l.curve);
	return l;
}

struct score member_add(struct member *m, const struct creed *creed,
			const struct passage *p, unsigned directions,
			const double gains[DIRECTIONS])
{
	struct score score = { 0 };
	double outlying[DIRECTIONS] = { 0 };
	double noise_s = passage_noise_s(p);
	double least_s = fmax(noise_s / 4, NOISE_LEAST);

	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		if (directions & DIRECTION_BIT(d)) {
			struct likelihood l = fold(m, creed, p, d);

			score.evidence += l.log_density;
			score.outlying = fmax(score.outlying, l.outlying);
			outlying[d] = l.outlying;
		}
	}
	for (enum direction d = FORWARD; d < DIRECTIONS && gains; d++) {
		if (directions & DIRECTION_BIT(d)) {
			queue_learn(&m->queues[d], &creed->law,
				    member_excess_s(m, p, d), outlying[d],
				    gains[d], least_s);
		}
	}
	if (creed->law.form != QUEUE_NONE) {
		filter_bound_floors(&m->filter, -noise_s);
	}
	return score;
}
