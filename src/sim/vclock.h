/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vclock.h - a computer's clock: an oscillator that wanders, and the kernel's
 * corrections on top of it.
 *
 * Both clocks run at one rate, as CLOCK_MONOTONIC and CLOCK_REALTIME do: STEER
 * and SLEW bend both, STEP and strangers move the wall clock alone. Between
 * the points where the rate changes the clock is a straight line, so true and
 * local time convert both ways without error. Reading never changes anything:
 * what a clock shows does not depend on how often it is asked.
 */
#ifndef SIM_VCLOCK_H
#define SIM_VCLOCK_H

#include "base/rng.h"
#include "sim/moment.h"
#include "wire/packet.h"

/* What it is made of; all zero is a perfect clock. */
struct oscillator {
	double offset_s;      /* of the wall clock at the start */
	double freq;          /* s/s: positive runs fast */
	double wander;        /* s/s per sqrt(s): a random walk of the rate */
	double temperature;   /* s/s: amplitude of a sine ... */
	double temperature_s; /* ... of this period */
	span quantum;         /* readings are rounded down to this */
	double stamp_noise_s; /* mean of a kernel stamp's delay */
};

enum vclock_leap {
	VCLOCK_OK,
	VCLOCK_INS, /* the last second of the day comes twice */
	VCLOCK_DEL, /* or not at all */
	VCLOCK_OOP, /* it is there for the second time */
	VCLOCK_WAIT /* over, until nothing is armed */
};

struct vclock {
	struct oscillator kind;
	struct rng rng;       /* of the oscillator's walk ... */
	struct rng stamp_rng; /* ... and of stamps, so that neither */
	/* depends on how often the other drew */
	moment piece; /* where the straight line begins ... */
	instant mono; /* ... and what is shown there */
	span ahead;   /* wall minus mono, mod 2^64 */
	moment joint; /* where the rate changes next */
	double walk;  /* s/s: the random walk, and frequency steps */
	double phase; /* of the temperature */
	double steer; /* s/s: the kernel's correction */
	double slew;  /* s/s: adjtime()'s, until `slew_end` */
	moment slew_end;
	double rate;   /* local seconds per true second, less 1 */
	double bent_s; /* by the kernel's corrections, at `piece` */
	span asleep;   /* how long the machine has slept */
	/* Its leap second, as kernels keep it: see vclock_arm(). */
	enum leap armed;
	enum vclock_leap leap;
	tstamp leap_at;
};

/* `wall` is the true date at `now`. */
void vclock_init(struct vclock *c, const struct oscillator *kind, uint64_t seed,
		 moment now, tstamp wall);

/* Brings the clock up to `now`; every other call needs it done. */
void vclock_advance(struct vclock *c, moment now);

/* Exact, without quantum or noise; `now` at or after the last advance. */
instant vclock_mono(const struct vclock *c, moment now);
tstamp vclock_wall(const struct vclock *c, moment now);
/*
 * The first moment at which the monotonic clock shows `mono` if its rate stays
 * as it is: the inverse of vclock_mono() within a piece. Look again then; for
 * what is more than a day away it says a day.
 */
moment vclock_when(const struct vclock *c, instant mono);

/* As programs read it. */
tstamp vclock_read(const struct vclock *c, moment now);
/* How late the kernel comes to stamp a packet, or to send a stamped one. */
span vclock_stamp_delay(struct vclock *c);

/* The kernel's controls; all of them at `now`. */
void vclock_steer(struct vclock *c, moment now, double freq);
void vclock_step(struct vclock *c, span step);
void vclock_slew(struct vclock *c, moment now, span amount);

/* STA_INS, STA_DEL: a leap second at the end of the clock's day, or none. */
void vclock_arm(struct vclock *c, moment now, enum leap leap);

/* Trouble: the oscillator's own frequency jumps by `freq`. */
void vclock_freq_step(struct vclock *c, moment now, double freq);

/*
 * The machine stands still for so long, from `now` on: a virtual one that is
 * paused, for which no time goes by; or one that sleeps, and wakes with a wall
 * clock that is `wrong` by what its chip has drifted.
 */
void vclock_pause(struct vclock *c, moment now, span length);
void vclock_sleep(struct vclock *c, moment now, span length, span wrong);
/* The monotonic clock less the one that nobody steers. */
span vclock_bent(const struct vclock *c, moment now);

/* The oscillator's own error now, s/s: what a drift file should cancel. */
double vclock_freq(const struct vclock *c);

#endif
