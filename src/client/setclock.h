/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setclock.h - the only place where a tool touches the system clock.
 *
 * Both return 0 or a negative errno.
 */
#ifndef CLIENT_SETCLOCK_H
#define CLIENT_SETCLOCK_H

#include "base/ntptime.h"

/* Moves the clock at once, by a distance: no reading in between gets lost. */
MUST_USE int setclock_step(span by);

/* Lets the kernel drift the clock there, 500 ppm faster or slower. */
MUST_USE int setclock_slew(span by);

#endif
