/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.h - a Gaussian belief about one clock and one path.
 *
 * Four numbers: the clock's frequency, where the fastest possible exchange
 * would show up forward (its floor + offset), the sum of the two floors and
 * their difference. The offset and where the fastest exchange shows up
 * backward follow from them. Offset and floors themselves would do as well on
 * paper; but in 53 bits a small variance survives beside a large one only as
 * a state of its own: of a path whose clock has been alone for days (forward
 * unknown, sum known to a nanosecond) as of one that is new.
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "base/compiler.h"

enum direction { FORWARD, BACKWARD, DIRECTIONS };

enum filter_state {
	STATE_FREQ,
	STATE_FORWARD,   /* forward floor + offset */
	STATE_FLOORS,    /* forward floor + backward floor */
	STATE_ASYMMETRY, /* forward floor - backward floor */
	STATES,
};

struct filter {
	double x[STATES];
	double p[STATES][STATES]; /* covariance, symmetric to the last bit */
};

/* Mean and covariance of (offset, frequency). */
struct belief {
	double offset_s, freq;
	double offset_var, freq_var, both_cov;
};

/*
 * Time passes: the offset integrates the frequency, which walks by `wander`
 * (s/s per square root of s); the floors walk together by `walk_s`. Backwards
 * in time nothing walks.
 */
void filter_predict(struct filter *f, double elapsed_s, double wander,
		    double walk_s);

/*
 * The path's asymmetry is elastic: with each exchange what is believed of it
 * gives way a little towards symmetry within `part` of `spread_s`, and the
 * offset stays. So a wrong start, or a change of route that was none, does not
 * last. One of many spreads is no illusion, and is left alone.
 */
void filter_relax(struct filter *f, double spread_s, double part);

/* A combination h of the states, as the filter sees it. */
struct facet {
	double mean;
	double ph[STATES]; /* P h */
	double var;        /* h' P h */
	double rounding;   /* relative, of what is made of these */
};

/* The least that a direction can show. */
struct facet filter_facet(const struct filter *f, enum direction d);
double filter_mean(const struct filter *f, enum direction d);

/*
 * Folds in an observation of what the facet shows, whose log density has these
 * first and second derivatives by the observed value. Any `curve` is safe.
 */
void filter_fold(struct filter *f, const struct facet *seen, double slope,
		 double curve);

/* The direction's floor is unknown again; the offset keeps what it knows. */
void filter_forget_floor(struct filter *f, enum direction d, double at_s,
			 double sd_s);
/* The offset may have jumped by about `sd_s`; the floors stay. */
void filter_forget_offset(struct filter *f, double sd_s);
/* The frequency may have jumped by about `sd`, within the last `elapsed_s`. */
void filter_forget_freq(struct filter *f, double sd, double elapsed_s);

/* A floor is never below `least_s`: moves what says it clearly is. */
void filter_bound_floors(struct filter *f, double least_s);

struct belief filter_belief(const struct filter *f);

/* Can P be a covariance? All that filters make of a sound one is sound. */
bool filter_is_sound(const struct filter *f);

#endif
