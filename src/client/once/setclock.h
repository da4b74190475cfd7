/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setclock.h - the only place where a tool touches the system clock.
 *
 * All return 0 or a negative errno.
 */
#ifndef CLIENT_SETCLOCK_H
#define CLIENT_SETCLOCK_H

#include "base/ntptime.h"

struct timex;

/* Moves the clock at once, by a distance: no reading in between gets lost. */
MUST_USE int setclock_step(span by);

/* Lets the kernel drift the clock there, 500 ppm faster or slower. */
MUST_USE int setclock_slew(span by);

/*
 * Sets what `t->modes` names of the kernel's discipline; an offset in it is
 * in microseconds, whatever unit the kernel is in.
 */
MUST_USE int setclock_kernel(const struct timex *t);

#endif
