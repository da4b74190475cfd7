/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/filter.h"

#include <math.h>

#include "base/special.h"

#define WALK_TOGETHER 0.98 /* correlation of the two floors' walks */

static void add_symmetric(struct filter *f, enum filter_state i,
			  enum filter_state j, double by)
{
	f->p[i][j] += by;
	if (i != j) {
		f->p[j][i] += by;
	}
}

/* P += k v v' */
static void add_outer(struct filter *f, const double v[STATES], double k)
{
	for (int i = 0; i < STATES; i++) {
		for (int j = 0; j <= i; j++) {
			f->p[i][j] += k * (v[i] * v[j]);
			f->p[j][i] = f->p[i][j];
		}
	}
}

static void walk(struct filter *f, double t, double wander, double walk_s)
{
	double q = wander * wander;
	double offset = q * t * t * t / 3, both = q * t * t / 2;
	double floor = walk_s * walk_s;
	double apart = (1 - WALK_TOGETHER) * floor;

	f->p[STATE_FREQ][STATE_FREQ] += q * t;
	add_symmetric(f, STATE_FORWARD, STATE_FREQ, both);
	add_symmetric(f, STATE_BACKWARD, STATE_FREQ, -both);
	f->p[STATE_FORWARD][STATE_FORWARD] += offset + floor;
	f->p[STATE_BACKWARD][STATE_BACKWARD] += offset + floor;
	add_symmetric(f, STATE_FORWARD, STATE_BACKWARD,
		      WALK_TOGETHER * floor - offset);
	add_symmetric(f, STATE_FORWARD, STATE_ASYMMETRY, apart);
	add_symmetric(f, STATE_BACKWARD, STATE_ASYMMETRY, -apart);
	f->p[STATE_ASYMMETRY][STATE_ASYMMETRY] += 2 * apart;
}

void filter_predict(struct filter *f, double elapsed_s, double wander,
		    double walk_s)
{
	double t = elapsed_s;

	f->x[STATE_FORWARD] += t * f->x[STATE_FREQ];
	f->x[STATE_BACKWARD] -= t * f->x[STATE_FREQ];
	/* A P A', rows first, then columns. */
	for (int j = 0; j < STATES; j++) {
		f->p[STATE_FORWARD][j] += t * f->p[STATE_FREQ][j];
		f->p[STATE_BACKWARD][j] -= t * f->p[STATE_FREQ][j];
	}
	for (int i = 0; i < STATES; i++) {
		f->p[i][STATE_FORWARD] += t * f->p[i][STATE_FREQ];
		f->p[i][STATE_BACKWARD] -= t * f->p[i][STATE_FREQ];
	}
	for (int i = 0; i < STATES; i++) {
		for (int j = 0; j < i; j++) {
			f->p[j][i] = f->p[i][j];
		}
	}
	walk(f, fmax(t, 0), wander, walk_s);
}

/* Folds in what was learnt about a combination h of the states: ph is P h. */
static void fold(struct filter *f, const double ph[STATES], double var,
		 double slope, double curve)
{
	/* No observation can leave less than nothing of the variance. */
	curve = fmax(curve, -(1 - 1e-9) / var);
	for (int i = 0; i < STATES; i++) {
		f->x[i] -= ph[i] * slope;
	}
	add_outer(f, ph, curve);
}

void filter_observe(struct filter *f, enum direction d, double slope,
		    double curve)
{
	int at = d == FORWARD ? STATE_FORWARD : STATE_BACKWARD;
	double ph[STATES];

	for (int i = 0; i < STATES; i++) {
		ph[i] = f->p[i][at];
	}
	fold(f, ph, f->p[at][at], slope, curve);
}

void filter_forget_floor(struct filter *f, enum direction d, double at_s,
			 double sd_s)
{
	int own = d == FORWARD ? STATE_FORWARD : STATE_BACKWARD;
	double sign = d == FORWARD ? 1 : -1;
	double var = sd_s * sd_s;

	/* asymmetry <- asymmetry + sign (new - old), the offset unmoved */
	f->x[STATE_ASYMMETRY] += sign * (at_s - f->x[own]);
	f->x[own] = at_s;
	for (int j = 0; j < STATES; j++) {
		f->p[STATE_ASYMMETRY][j] -= sign * f->p[own][j];
	}
	for (int i = 0; i < STATES; i++) {
		f->p[i][STATE_ASYMMETRY] -= sign * f->p[i][own];
	}
	for (int i = 0; i < STATES; i++) {
		f->p[i][own] = f->p[own][i] = 0;
		f->p[STATE_ASYMMETRY][i] = f->p[i][STATE_ASYMMETRY];
	}
	f->p[own][own] = var;
	f->p[own][STATE_ASYMMETRY] = f->p[STATE_ASYMMETRY][own] = sign * var;
	f->p[STATE_ASYMMETRY][STATE_ASYMMETRY] += var;
}

void filter_forget_offset(struct filter *f, double sd_s)
{
	static const double along[STATES] = { 0, 1, -1, 0 };

	add_outer(f, along, sd_s * sd_s);
}

void filter_forget_freq(struct filter *f, double sd, double elapsed_s)
{
	const double along[STATES] = { 1, elapsed_s, -elapsed_s, 0 };

	add_outer(f, along, sd * sd);
}

/* Folds in that floor = (forward + backward +- asymmetry) / 2 >= least_s. */
static void bound_floor(struct filter *f, double sign, double least_s)
{
	double ph[STATES];
	double over = (f->x[STATE_FORWARD] + f->x[STATE_BACKWARD] +
		       sign * f->x[STATE_ASYMMETRY]) /
			      2 -
		      least_s;

	for (int i = 0; i < STATES; i++) {
		ph[i] = (f->p[i][STATE_FORWARD] + f->p[i][STATE_BACKWARD] +
			 sign * f->p[i][STATE_ASYMMETRY]) /
			2;
	}
	double var = (ph[STATE_FORWARD] + ph[STATE_BACKWARD] +
		      sign * ph[STATE_ASYMMETRY]) /
		     2;
	/*
	 * Only what is on the wrong side by a standard deviation: the same
	 * bound folded in after every sample would count as ever new evidence
	 * and push a floor near zero away from it.
	 */
	if (!(var > 0) || over > -sqrt(var)) {
		return;
	}
	double s = sqrt(var);
	struct normal_tail tail = normal_tail(over / s);

	fold(f, ph, var, -tail.hazard / s, -tail.hazard * tail.excess / var);
}

void filter_bound_floors(struct filter *f, double least_s)
{
	bound_floor(f, 1, least_s);
	bound_floor(f, -1, least_s);
}

struct belief filter_belief(const struct filter *f)
{
	const double *x = f->x;
	double po[STATES]; /* P h for h = (0, 1, -1, -1) / 2 */

	for (int i = 0; i < STATES; i++) {
		po[i] = (f->p[i][STATE_FORWARD] - f->p[i][STATE_BACKWARD] -
			 f->p[i][STATE_ASYMMETRY]) /
			2;
	}
	return (struct belief){
		.offset_s = (x[STATE_FORWARD] - x[STATE_BACKWARD] -
			     x[STATE_ASYMMETRY]) /
			    2,
		.freq = x[STATE_FREQ],
		.offset_var = fmax((po[STATE_FORWARD] - po[STATE_BACKWARD] -
				    po[STATE_ASYMMETRY]) /
					   2,
				   0),
		.freq_var = f->p[STATE_FREQ][STATE_FREQ],
		.both_cov = po[STATE_FREQ],
	};
}
