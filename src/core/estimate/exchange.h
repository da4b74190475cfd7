/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exchange.h - four timestamps in, one measurement out (RFC 5905, section 8).
 */
#ifndef CORE_EXCHANGE_H
#define CORE_EXCHANGE_H

#include "base/ntptime.h"

struct exchange {
	tstamp sent;     /* T1, our clock */
	tstamp received; /* T2, their clock */
	tstamp answered; /* T3, their clock */
	tstamp returned; /* T4, our clock */
};

/*
 * One exchange as two one-way observations, forward T2 - T1 and backward
 * T4 - T3: queueing only ever adds to either, which folding them into one
 * offset would forget.
 */
struct sample {
	instant at;     /* the midpoint of the exchange */
	span forward;   /* floor + offset + queue */
	span backward;  /* floor - offset + queue */
	double noise_s; /* of our own stamps: daemon 1e-5, kernel 2e-7, card
			   1e-8 */
	span takes;     /* from T1 to T4, as our clock showed it */
};

/* `now` and `wall` are one moment on both clocks, at or after T4. */
struct sample exchange_sample(const struct exchange *x, instant now,
			      tstamp wall);

/* Theirs minus ours: add it to our clock to agree. */
span sample_offset(const struct sample *s);
/* There and back, without their processing time; may come out negative. */
span sample_delay(const struct sample *s);

#endif
