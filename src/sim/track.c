/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/track.h"

#include <stdlib.h>

#define FIRST_ROOM 64

static void append(struct track *t, instant at, double value, double slope)
{
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : FIRST_ROOM;
		t->pieces = realloc(t->pieces, t->room * sizeof(*t->pieces));
		INVARIANT(t->pieces != NULL);
	}
	t->pieces[t->count++] = (struct track_piece){ at, value, slope };
}

void track_begin(struct track *t, instant at, double value)
{
	*t = (struct track){ .count = 0 };
	append(t, at, value, 0);
}

void track_end(struct track *t)
{
	free(t->pieces);
	*t = (struct track){ .count = 0 };
}

static double along(const struct track_piece *p, instant at)
{
	return p->value + p->slope * span_to_seconds(instant_diff(at, p->at));
}

void track_turn(struct track *t, instant at, double slope)
{
	const struct track_piece *last = &t->pieces[t->count - 1];

	if (slope != last->slope) {
		append(t, at, along(last, at), slope);
	}
}

void track_jump(struct track *t, instant at, double by)
{
	const struct track_piece *last = &t->pieces[t->count - 1];

	append(t, at, along(last, at) + by, last->slope);
}

void track_set(struct track *t, instant at, double value)
{
	append(t, at, value, 0);
}

double track_at(const struct track *t, instant at)
{
	size_t low = 0, high = t->count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (instant_diff(at, t->pieces[middle].at).v < 0) {
			high = middle;
		} else {
			low = middle;
		}
	}
	return along(&t->pieces[low], at);
}
