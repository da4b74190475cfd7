/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reference.h - after the fact: what all exchanges of a record together say of
 * the time, smoothed over both past and future, which no daemon can.
 *
 * A Kalman smoother over a clock whose rate walks at random, with the wander
 * and the noise that foresee the samples best. Queued exchanges count little,
 * sources that contradict the majority not at all, and each of the others has a
 * constant of its own for its uneven ways; the mean of these, weighted by how
 * short the ways are, is taken for zero: so the reference is as right as the
 * sources are in the mean.
 */
#ifndef SIM_REFERENCE_H
#define SIM_REFERENCE_H

#include "base/compiler.h"

/* One exchange: the truth less an undisturbed local clock. */
struct reference_sample {
	double at_s;      /* by a local clock, from the run's beginning */
	double value_s;   /* truth less that clock */
	double steered_s; /* the same, less what was steered: nearly level */
	double delay_s, distance_s; /* there and back; to the root beyond */
	unsigned source;            /* below `sources` */
	unsigned segment; /* goes up when the clock was set by others */
};

/* What is believed at a sample, and how sure that is. */
struct reference_state {
	double value_s, rate; /* s, s/s */
	double vv, vr, rr;    /* covariance */
};

struct reference {
	struct reference_sample *samples; /* the good ones, by `at_s` */
	double *queued;                   /* variance by queues, s^2 */
	struct reference_state *states;   /* at the samples */
	size_t count;
	double *biases; /* of sources */
	bool *excluded;
	unsigned sources;
};

/* Takes the samples over and sorts them; reference_end() frees them. */
void reference_begin(struct reference *r, struct reference_sample *samples,
		     size_t count, unsigned sources);
void reference_end(struct reference *r);

/* Truth less local clock; 0 when there is no sample at all. */
double reference_at(const struct reference *r, double at_s, unsigned segment);
/* How sure that is, RMS over the samples: what all sources share aside. */
double reference_sd_s(const struct reference *r);
unsigned reference_excluded(const struct reference *r);

#endif
