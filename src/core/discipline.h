/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discipline.h - combined estimate -> steer, step or wait; owns the clock's
 * frequency and the slew that is under way.
 *
 * Frequency is corrected at once. An offset is slewed out by a bounded, timed
 * change of rate, so that the clock stays smooth and monotonic; a step happens
 * only under the rules of ntp.conf (tinker step, stepout, panic; -g -G -x).
 */
#ifndef CORE_DISCIPLINE_H
#define CORE_DISCIPLINE_H

#include "config/config.h"
#include "core/estimate.h"

#define FREQ_MAX_PPM 500 /* NTP's tolerance for a clock's own frequency */

enum adjustment_kind {
	ADJUST_NONE,
	ADJUST_STEER, /* the rate changes by `freq` from now on */
	ADJUST_STEP,  /* the clock jumps by `step`, and the rate by `freq` */
	ADJUST_SPIKE, /* nothing: an offset past the step threshold is new */
	ADJUST_PANIC, /* nothing: it is past the panic threshold */
};

struct adjustment {
	enum adjustment_kind kind;
	double freq;     /* s/s, change of the whole rate; positive: faster */
	double step_s;   /* positive: forward */
	double offset_s; /* what was measured, for the note */
};

enum discipline_state {
	DISCIPLINE_NSET, /* never set, frequency unknown */
	DISCIPLINE_FSET, /* never set, frequency from the drift file */
	DISCIPLINE_SPIK, /* an offset past the step threshold is being watched
			  */
	DISCIPLINE_SYNC, /* following */
};

struct discipline {
	enum discipline_state state;
	double base; /* s/s: the correction for the clock's own error */
	double slew; /* s/s: on top of it, until `slew_until` */
	instant slew_until;
	instant spike_since;
	instant updated;
	double offset_s; /* still to be slewed away, as of `updated` */
	bool first_done; /* -g and -G are spent */
	/* The thresholds in force. */
	double step_fwd_s, step_back_s, stepout_s, panic_s;
	bool panic_once, step_once, steering;
};

/* `freq` as the kernel or the drift file has it, s/s. */
void discipline_init(struct discipline *d, const struct config *config,
		     double freq, bool freq_known, instant now);

/*
 * Takes the combined estimate as of `now`; `poll_s` is how long until the
 * next one. The caller applies the adjustment to the clock, and to every
 * estimator, before anything else happens.
 */
MUST_USE struct adjustment discipline_update(struct discipline *d,
					     const struct estimate *e,
					     double poll_s, instant now);

/* Ends a slew whose time has come; ADJUST_NONE otherwise. */
MUST_USE struct adjustment discipline_tick(struct discipline *d, instant now);

/* When discipline_tick() wants to be called; far away when no slew is on. */
instant discipline_deadline(const struct discipline *d);

/* The whole rate that the clock should run at now: base and slew, s/s. */
double discipline_freq(const struct discipline *d);
/* What is left to slew at `now`, s. */
double discipline_residual_s(const struct discipline *d, instant now);

#endif
