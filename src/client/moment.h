/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * moment.h - the two clocks, read by a tool.
 *
 * Tools wait by the steady clock and measure with the wall clock: a tool that
 * steps the wall clock must not confuse its own deadlines.
 */
#ifndef CLIENT_MOMENT_H
#define CLIENT_MOMENT_H

#include "base/ntptime.h"

instant moment_steady(void);
tstamp moment_wall(void);

/* Milliseconds until `when` for poll(2): rounded up, 0 when it has passed. */
int moment_poll_ms(instant now, instant when);

/* The seed for nonces and sequence numbers, from the kernel. */
void moment_seed(uint8_t seed[32]);

#endif
