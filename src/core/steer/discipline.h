/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discipline.h - combined estimate -> steer, step or wait; owns the clock's
 * frequency and the slew that is under way.
 *
 * Frequency is corrected at once. An offset is slewed out by a bounded, timed
 * change of rate, so that the clock stays smooth and monotonic; a step happens
 * only under the rules of ntp.conf (tinker step, stepout, panic; -g -G -x).
 *
 *   NSET, FSET --- steered or stepped ---> SYNC <--- back below --- SPIK
 *                                          SYNC --- past step ----> SPIK
 *                                          SYNC <--- stepped after stepout
 *
 * Past the panic threshold nothing changes in any state. What a slew has
 * done is its rate times the time since it began, however late
 * discipline_tick() comes; what it overran by is taken back. The clock's own
 * frequency never leaves +- FREQ_MAX_PPM, a slew on top of it never its limit.
 *
 * The first offset after a start may be rushed away: nobody can depend yet on
 * the rate of a clock that nobody has set (docs/decisions/first-slew.md). The
 * rush is over when the clock is within RUSHED_S, and does not come back.
 *
 * All rates here are per second of our own monotonic clock, which the kernel
 * bends with the other: in a rush of 8 % it shows a second too soon by as
 * much. What the kernel is told is per second of the clock as it would run
 * untouched: see discipline_kernel().
 */
#ifndef CORE_DISCIPLINE_H
#define CORE_DISCIPLINE_H

#include "config/config.h"
#include "core/estimate/estimate.h"

#define FREQ_MAX_PPM 500       /* NTP's tolerance for a clock's own frequency */
#define SLEW_ONLY_STEP_S 600.0 /* the step threshold of -x */
#define RUSHED_S 1e-3          /* the clock has arrived: no more rush */

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
	DISCIPLINE_SPIK, /* watching an offset past the step threshold */
	DISCIPLINE_SYNC, /* following */
};

struct discipline {
	enum discipline_state state;
	double base;     /* s/s: the correction for the clock's own error */
	double slew;     /* s/s: on top of it, from `since` to `slew_until` */
	double offset_s; /* still to be slewed away, as of `since` */
	double cut;      /* s/s: what FREQ_MAX_PPM cut off `base` last time */
	instant since, slew_until;
	instant spike_since;
	bool first_done; /* -g and -G are spent */
	bool may_rush;   /* the clock has not arrived since the start */
	bool rushing;    /* the slew that is on is the rush */
	bool steering;   /* false: measure and serve, never touch the clock */
	/* The rules in force. */
	bool panic_once, step_once;
	double step_fwd_s, step_back_s, stepout_s, panic_s;
	double slew_most, rush_most; /* s/s */
};

/*
 * `freq` as the kernel or the drift file has it, s/s. What is beyond
 * FREQ_MAX_PPM no crystal needs: somebody was stopped in the middle of a slew.
 */
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

/*
 * Ends a slew whose time has come; ADJUST_NONE otherwise. An adjustment is to
 * be applied as one of discipline_update() is.
 */
MUST_USE struct adjustment discipline_tick(struct discipline *d, instant now);

/*
 * The machine has slept, so its clock is as good as new: an offset past the
 * step threshold is stepped at once, one below may be rushed away. What -g and
 * -G forgive is not forgiven again.
 */
void discipline_wake(struct discipline *d);
/* Somebody else rules the clock, which runs at `freq`: only look on ... */
void discipline_yield(struct discipline *d, double freq, instant now);
/*
 * ... until now: their rate is ours, but for what no crystal needs. By how much
 * the whole rate changes, s/s; to be applied like an adjustment.
 */
MUST_USE double discipline_resume(struct discipline *d);

/* When discipline_tick() wants to be called; far away when no slew is on. */
instant discipline_deadline(const struct discipline *d);

/*
 * Other rules from now on; a slew that is under way goes on. What -g and -G
 * allow they allow once, however often the rules change (E1).
 */
void discipline_retune(struct discipline *d, const struct config *config);

/* A rate as the kernel counts it, and back. */
double discipline_kernel(double freq);
double discipline_own(double kernel);
/* The whole rate that the clock should run at now: base and slew, s/s. */
double discipline_freq(const struct discipline *d);
/* What is left to slew at `now`, s. */
double discipline_residual_s(const struct discipline *d, instant now);

#endif
