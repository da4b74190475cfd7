/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * correction.h - all that we ever did to our own clock, as a function of time.
 *
 * Steps are exact; rates add up to a broken line. Take it off what the clock
 * showed, and what is left is the clock as it would have run by itself: that
 * one has one frequency which only wanders, and a slew that begins or ends
 * between two samples, or just before a sample that comes late, disturbs
 * nothing that was learnt.
 */
#ifndef CORE_CORRECTION_H
#define CORE_CORRECTION_H

#include "base/ntptime.h"

#define CORRECTION_BENDS 16 /* exchanges older than that do not come back */

/* From `at` until the next bend. */
struct bend {
	instant at;
	span step;     /* the sum of all steps */
	double slew_s; /* the sum of all slewing, at `at` */
	double rate;   /* s/s, since then */
};

struct correction {
	struct bend bends[CORRECTION_BENDS]; /* oldest first */
	unsigned count;
	span step_before; /* until the oldest bend */
	double rate_before;
};

/* The whole of it at some moment. */
struct corrected {
	span step;
	double slew_s, rate;
};

void correction_init(struct correction *c);

/* A step (positive: forward) and a change of rate (positive: faster). */
void correction_add(struct correction *c, instant at, span step, double rate);

struct corrected correction_at(const struct correction *c, instant at);

/*
 * How far slewing moved the clock from `from` to `to`, beyond what the rate
 * `base` did: what two stamps of one exchange disagree by.
 */
double correction_slewed_s(const struct correction *c, instant from, instant to,
			   double base);

#endif
