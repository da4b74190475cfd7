/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/correction.h"

#include <string.h>

void correction_init(struct correction *c)
{
	*c = (struct correction){ .count = 0 };
}

static double seconds_since(instant at, instant since)
{
	return span_to_seconds(instant_diff(at, since));
}

static void drop_oldest(struct correction *c)
{
	c->step_before = c->bends[0].step;
	c->rate_before = c->bends[0].rate;
	c->count--;
	memmove(&c->bends[0], &c->bends[1], c->count * sizeof(c->bends[0]));
}

void correction_add(struct correction *c, instant at, span step, double rate)
{
	if (c->count == CORRECTION_BENDS) {
		drop_oldest(c);
	}
	struct corrected before = correction_at(c, at);
	unsigned i = c->count++;

	for (; i > 0 && instant_diff(at, c->bends[i - 1].at).v < 0; i--) {
		c->bends[i] = c->bends[i - 1];
	}
	c->bends[i] =
		(struct bend){ at, before.step, before.slew_s, before.rate };
	/* What was told before, but happens after, moves along. */
	for (; i < c->count; i++) {
		struct bend *b = &c->bends[i];

		b->step = span_add(b->step, step);
		b->slew_s += rate * seconds_since(b->at, at);
		b->rate += rate;
	}
}

struct corrected correction_at(const struct correction *c, instant at)
{
	unsigned i = c->count;

	while (i > 0 && instant_diff(at, c->bends[i - 1].at).v < 0) {
		i--;
	}
	/* A bend is a bend: the slew itself is the same on both its sides. */
	const struct bend *b = &c->bends[i > 0 ? i - 1 : 0];
	double rate = i > 0 ? b->rate : c->rate_before;
	span step = i > 0 ? b->step : c->step_before;

	if (c->count == 0) {
		return (struct corrected){ step, 0, rate };
	}
	return (struct corrected){ step,
				   b->slew_s + rate * seconds_since(at, b->at),
				   rate };
}

double correction_slewed_s(const struct correction *c, instant from, instant to,
			   double base)
{
	double moved_s =
		correction_at(c, to).slew_s - correction_at(c, from).slew_s;

	return moved_s - base * seconds_since(to, from);
}
