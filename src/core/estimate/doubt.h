/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doubt.h - how wrong a server's rate may be while we measure it.
 *
 * A server that slews an offset away runs up to 500 ppm fast or slow, and
 * says so by nothing but its root dispersion, which falls as fast. To learn
 * that rate as our own clock's error would run us away when the slew ends.
 */
#ifndef CORE_DOUBT_H
#define CORE_DOUBT_H

#include "base/ntptime.h"

struct doubt {
	bool started, slewing;
	uint8_t falls, calm; /* samples in a row */
	instant since;       /* all samples are from then on */
	instant at;          /* the last of them */
	double claimed_s;    /* the dispersion that it told */
	double most_s;       /* the largest lately */
	double slew;         /* s/s: how fast it falls, while it does */
};

/*
 * The next answer claims this dispersion. True when with it a slew is over:
 * what was learnt during it does not hold.
 */
MUST_USE bool doubt_update(struct doubt *d, double claimed_s, instant at);

/* s/s: what the server seems to be slewing by; 0 when it is not. */
double doubt_slew(const struct doubt *d);
/* s/s: what its rate may have been wrong by, as far as its claims go. */
double doubt_rate(const struct doubt *d);

#endif
