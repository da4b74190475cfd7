/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/filter.h"

#include <math.h>
#include <string.h>

#include "base/special.h"

#define WALK_TOGETHER 0.98 /* correlation of the two floors' walks */
#define LEAST_LEFT 1e-9    /* of a variance, by one observation */
#define ROUNDING 4e-15
#define SLACK 1e-9 /* of a variance: more than rounding ever takes */
#define LEAST_OF_PARTS 1e-12
#define PULL 0.015      /* of an asymmetry, per exchange */
#define FAR_SPREADS 3.0 /* where the pull is down to 60 % */

static void add_symmetric(struct filter *f, enum filter_state i,
			  enum filter_state j, double by)
{
	f->p[i][j] += by;
	if (i != j) {
		f->p[j][i] += by;
	}
}

/*
 * Rounding may have made the two halves of P differ in their last bits, and
 * must not make it indefinite: each variance grows by as much of itself as the
 * sums that led to it may be off.
 */
static void firm(struct filter *f)
{
	for (int i = 0; i < STATES; i++) {
		f->p[i][i] += ROUNDING * f->p[i][i];
		for (int j = 0; j < i; j++) {
			f->p[j][i] = f->p[i][j];
		}
	}
}

/*
 * P += k v v'. What rounding takes away must not make P indefinite: each
 * variance first grows by `rounding` of itself.
 */
static void add_outer(struct filter *f, const double v[STATES], double k,
		      double rounding)
{
	for (int i = 0; i < STATES; i++) {
		f->p[i][i] += rounding * f->p[i][i];
		for (int j = 0; j <= i; j++) {
			f->p[i][j] += k * (v[i] * v[j]);
			f->p[j][i] = f->p[i][j];
		}
	}
}

static void walk(struct filter *f, double t, double wander, double walk_s)
{
	double q = wander * wander;
	double floor = walk_s * walk_s;
	double together = (1 + WALK_TOGETHER) * floor;
	double apart = (1 - WALK_TOGETHER) * floor;

	f->p[STATE_FREQ][STATE_FREQ] += q * t;
	add_symmetric(f, STATE_FREQ, STATE_FORWARD, q * t * t / 2);
	f->p[STATE_FORWARD][STATE_FORWARD] += q * t * t * t / 3 + floor;
	add_symmetric(f, STATE_FORWARD, STATE_FLOORS, together);
	add_symmetric(f, STATE_FORWARD, STATE_ASYMMETRY, apart);
	f->p[STATE_FLOORS][STATE_FLOORS] += 2 * together;
	f->p[STATE_ASYMMETRY][STATE_ASYMMETRY] += 2 * apart;
}

/*
 * A random walk with a spring. The forward state holds half of the asymmetry,
 * and follows it, so that the offset does not.
 */
void filter_relax(struct filter *f, double spread_s, double part)
{
	double *forward = f->p[STATE_FORWARD];
	double *asymmetry = f->p[STATE_ASYMMETRY];
	double u = f->x[STATE_ASYMMETRY] / (FAR_SPREADS * spread_s);
	double pull = PULL * exp(-u * u / 2);
	double var = pull * (2 - pull) * part * part * spread_s * spread_s;

	f->x[STATE_FORWARD] -= pull / 2 * f->x[STATE_ASYMMETRY];
	f->x[STATE_ASYMMETRY] *= 1 - pull;
	for (int j = 0; j < STATES; j++) {
		forward[j] -= pull / 2 * asymmetry[j];
		asymmetry[j] *= 1 - pull;
	}
	for (int j = 0; j < STATES; j++) {
		f->p[j][STATE_FORWARD] -= pull / 2 * f->p[j][STATE_ASYMMETRY];
		f->p[j][STATE_ASYMMETRY] *= 1 - pull;
	}
	forward[STATE_FORWARD] += var / 4;
	asymmetry[STATE_ASYMMETRY] += var;
	add_symmetric(f, STATE_FORWARD, STATE_ASYMMETRY, var / 2);
	firm(f);
}

void filter_predict(struct filter *f, double elapsed_s, double wander,
		    double walk_s)
{
	double t = elapsed_s;
	double *forward = f->p[STATE_FORWARD];

	f->x[STATE_FORWARD] += t * f->x[STATE_FREQ];
	forward[STATE_FORWARD] += t * (2 * forward[STATE_FREQ] +
				       t * f->p[STATE_FREQ][STATE_FREQ]);
	for (int j = 0; j < STATES; j++) {
		if (j != STATE_FORWARD) {
			forward[j] += t * f->p[STATE_FREQ][j];
			f->p[j][STATE_FORWARD] = forward[j];
		}
	}
	walk(f, fmax(t, 0), wander, walk_s);
	firm(f);
}

/* What rounding must leave of h' P h when its `parts` are large and cancel. */
static void firm_up(struct facet *v, double parts)
{
	v->var = fmax(v->var, LEAST_OF_PARTS * parts);
	v->rounding = ROUNDING * sqrt(parts / v->var);
}

struct facet filter_facet(const struct filter *f, enum direction d)
{
	const double *forward = f->p[STATE_FORWARD];
	const double *floors = f->p[STATE_FLOORS];
	struct facet v;

	if (d == FORWARD) {
		v.mean = filter_mean(f, d);
		v.var = forward[STATE_FORWARD];
		v.rounding = ROUNDING;
		memcpy(v.ph, forward, sizeof(v.ph));
		return v;
	}
	v.mean = filter_mean(f, d);
	for (int i = 0; i < STATES; i++) {
		v.ph[i] = floors[i] - forward[i];
	}
	v.var = v.ph[STATE_FLOORS] - v.ph[STATE_FORWARD];
	firm_up(&v, floors[STATE_FLOORS] + forward[STATE_FORWARD]);
	return v;
}

static double floor_of(const struct filter *f, double sign)
{
	return (f->x[STATE_FLOORS] + sign * f->x[STATE_ASYMMETRY]) / 2;
}

static struct facet facet_of_floor(const struct filter *f, double sign)
{
	const double *floors = f->p[STATE_FLOORS];
	const double *asymmetry = f->p[STATE_ASYMMETRY];
	struct facet v;

	v.mean = floor_of(f, sign);
	for (int i = 0; i < STATES; i++) {
		v.ph[i] = (floors[i] + sign * asymmetry[i]) / 2;
	}
	v.var = (v.ph[STATE_FLOORS] + sign * v.ph[STATE_ASYMMETRY]) / 2;
	firm_up(&v, floors[STATE_FLOORS] + asymmetry[STATE_ASYMMETRY]);
	return v;
}

double filter_mean(const struct filter *f, enum direction d)
{
	double forward = f->x[STATE_FORWARD];

	return d == FORWARD ? forward : f->x[STATE_FLOORS] - forward;
}

void filter_fold(struct filter *f, const struct facet *seen, double slope,
		 double curve)
{
	/* No observation can leave less than nothing of the variance. */
	curve = fmax(curve, -(1 - LEAST_LEFT) / seen->var);
	for (int i = 0; i < STATES; i++) {
		f->x[i] -= seen->ph[i] * slope;
	}
	add_outer(f, seen->ph, curve, seen->rounding);
}

/* x <- A x + new at_s, where at_s has the variance var. */
static void transform(struct filter *f, const double a[STATES][STATES],
		      const double new[STATES], double at_s, double var)
{
	struct filter old = *f;
	double ap[STATES][STATES] = { { 0 } };

	for (int i = 0; i < STATES; i++) {
		f->x[i] = new[i] * at_s;
		for (int k = 0; k < STATES; k++) {
			f->x[i] += a[i][k] * old.x[k];
			for (int j = 0; j < STATES; j++) {
				ap[i][j] += a[i][k] * old.p[k][j];
			}
		}
	}
	for (int i = 0; i < STATES; i++) {
		for (int j = 0; j <= i; j++) {
			double sum = new[i] * new[j] * var;

			for (int k = 0; k < STATES; k++) {
				sum += ap[i][k] * a[j][k];
			}
			f->p[i][j] = f->p[j][i] = sum;
		}
		f->p[i][i] += ROUNDING * (f->p[i][i] + old.p[i][i]);
	}
}

/*
 * The new floor is what makes the direction show `at_s`. In both cases the
 * offset, forward - (floors + asymmetry) / 2, and the other floor come out as
 * they were.
 */
void filter_forget_floor(struct filter *f, enum direction d, double at_s,
			 double sd_s)
{
	static const double a[DIRECTIONS][STATES][STATES] = {
		[FORWARD] = { { 1, 0, 0, 0 },
			      { 0, 0, 0, 0 },
			      { 0, -1, 1, 0 },
			      { 0, -1, 0, 1 } },
		[BACKWARD] = { { 1, 0, 0, 0 },
			       { 0, 1, 0, 0 },
			       { 0, 1, 0, 0 },
			       { 0, -1, 1, 1 } },
	};
	static const double new[DIRECTIONS][STATES] = {
		[FORWARD] = { 0, 1, 1, 1 },
		[BACKWARD] = { 0, 0, 1, -1 },
	};

	transform(f, a[d], new[d], at_s, sd_s * sd_s);
}

void filter_forget_offset(struct filter *f, double sd_s)
{
	f->p[STATE_FORWARD][STATE_FORWARD] += sd_s * sd_s;
}

/*
 * When it jumped is as unknown as how far: over all moments alike the offset
 * has followed for half of the time on average, with a scatter.
 */
void filter_forget_freq(struct filter *f, double sd, double elapsed_s)
{
	const double along[STATES] = { 1, elapsed_s / 2, 0, 0 };

	add_outer(f, along, sd * sd, ROUNDING);
	filter_forget_offset(f, sd * elapsed_s / sqrt(12));
}

/*
 * Folds in that what the facet shows is at least `least_s`: only where it is
 * on the wrong side by a deviation. The same bound folded in after every
 * sample would count as ever new evidence, and push away what is near.
 */
static void bound(struct filter *f, const struct facet *v, double least_s)
{
	double s = sqrt(v->var);
	double over = v->mean - least_s;

	if (over > -s) {
		return;
	}
	struct normal_tail tail = normal_tail(over / s);

	filter_fold(f, v, -tail.hazard / s,
		    -tail.hazard * tail.excess / v->var);
}

void filter_bound_floors(struct filter *f, double least_s)
{
	for (int sign = 1; sign >= -1; sign -= 2) {
		if (floor_of(f, sign) < least_s) {
			struct facet v = facet_of_floor(f, sign);

			bound(f, &v, least_s);
		}
	}
}

struct belief filter_belief(const struct filter *f)
{
	const double *floors = f->p[STATE_FLOORS];
	const double *asymmetry = f->p[STATE_ASYMMETRY];
	double po[STATES]; /* P h for offset = forward - forward floor */

	for (int i = 0; i < STATES; i++) {
		po[i] = f->p[STATE_FORWARD][i] - (floors[i] + asymmetry[i]) / 2;
	}
	double parts = f->p[STATE_FORWARD][STATE_FORWARD] +
		       floors[STATE_FLOORS] + asymmetry[STATE_ASYMMETRY];

	return (struct belief){
		.offset_s = f->x[STATE_FORWARD] -
			    (f->x[STATE_FLOORS] + f->x[STATE_ASYMMETRY]) / 2,
		.freq = f->x[STATE_FREQ],
		.offset_var = fmax(
			po[STATE_FORWARD] -
				(po[STATE_FLOORS] + po[STATE_ASYMMETRY]) / 2,
			ROUNDING * parts),
		.freq_var = f->p[STATE_FREQ][STATE_FREQ],
		.both_cov = po[STATE_FREQ],
	};
}

/* It has a Cholesky factor, but for what rounding may hide. */
bool filter_is_sound(const struct filter *f)
{
	double p[STATES][STATES];

	memcpy(p, f->p, sizeof(p));
	for (int k = 0; k < STATES; k++) {
		p[k][k] += SLACK * f->p[k][k];
		if (!(p[k][k] > 0)) {
			return false;
		}
		for (int i = k + 1; i < STATES; i++) {
			for (int j = k + 1; j <= i; j++) {
				p[i][j] -= p[i][k] * p[j][k] / p[k][k];
			}
		}
	}
	return true;
}
