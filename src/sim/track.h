/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * track.h - something that runs along straight lines and jumps between them,
 * over a monotonic clock: a clock's gain over another, a frequency.
 */
#ifndef SIM_TRACK_H
#define SIM_TRACK_H

#include "base/ntptime.h"

struct track_piece {
	instant at;          /* from here to the next piece ... */
	double value, slope; /* ... a value, and its growth a second */
};

struct track {
	struct track_piece *pieces;
	size_t count, room;
};

/* From `at` on, and before it too. */
void track_begin(struct track *t, instant at, double value);
void track_end(struct track *t);

/* `at` is never before the last piece. */
void track_turn(struct track *t, instant at, double slope);
void track_jump(struct track *t, instant at, double by);
void track_set(struct track *t, instant at, double value);

/* After whatever happens at that very moment. */
double track_at(const struct track *t, instant at);

#endif
