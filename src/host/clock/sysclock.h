/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysclock.h - the machine's two clocks: read both, steer one.
 *
 * What changes the clock answers 0 or a negative errno; without the privilege
 * that is -EPERM, and nothing has changed.
 */
#ifndef HOST_SYSCLOCK_H
#define HOST_SYSCLOCK_H

#include "core/effect.h"
#include "core/hostfacts.h"
#include "core/serve/fastpath.h"

/* One moment on both clocks, as close as the machine lets us. */
struct moment {
	instant now;
	tstamp wall;
};

struct moment sysclock_read(void);
/*
 * What else the machine knows of its clock now; `rate`: ask the kernel for that
 * too. What cannot be read stays as it was.
 */
void sysclock_machine(struct machine *m, bool rate);
tstamp sysclock_wall(void);
/* log2 s of the least step that reading the clock shows. */
int8_t sysclock_precision(void);

/*
 * Takes the clock over: whatever offset another daemon left to be slewed is
 * dropped, and the kernel tells programs that the clock is not synchronised.
 * The frequency stays.
 */
MUST_USE int sysclock_take(void);
/*
 * The correction that is in force now, in ppm; 0 if nobody knows. A tick that
 * no crystal needs is what is left of a slew, and does not count.
 */
double sysclock_freq_ppm(void);

/* What the kernel says of its clock, for whoever asks; changes nothing. */
void sysclock_kernel(struct kernel_clock *k);

/* Runs at `freq` in all, of which `base` is for good and the rest a slew. */
MUST_USE int sysclock_steer(double freq, double base);
MUST_USE int sysclock_step(span by);
MUST_USE int sysclock_slew(span by);
/* Takes an EFFECT_STATUS. */
MUST_USE int sysclock_tell(const struct effect *status);
/*
 * Nobody steers any more: the kernel is to say so, and what is left of a slew
 * ends. Safe in the handler of a signal.
 */
void sysclock_release(void);

/* What the kernel's clocks are now, and what they will do at midnight. */
struct fast_clock sysclock_fast(void);

#endif
