/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/steer/smear.h"

#include <math.h>

#define QUARTER_TURN 1.57079632679489661923
#define TERMS 10          /* of the series: the next one is below 1e-16 */
#define SLACK SPAN_MS(50) /* by which we may learn early that it leapt */
#define REFID 254
#define REFID_BITS 24
#define REFID_SHIFT 10 /* from 2^-32 s to 2^-22 s */

/* From 0 to a quarter of a turn: bit by bit the same on every machine. */
static double sine(double turn)
{
	double sum = 1;

	for (int i = 2 * TERMS - 1; i > 1; i -= 2) {
		sum = 1 - sum * turn * turn / (double)(i * (i - 1));
	}
	return turn * sum;
}

span smear_offset(const struct smear *s, tstamp shown)
{
	double left_s = span_to_seconds(tstamp_diff(s->end, shown));
	double way, side, size_s = s->leap == LEAP_INSERT ? -1 : 1;

	if (s->leap == LEAP_NONE || s->length_s == 0 ||
	    left_s >= (double)s->length_s) {
		return SPAN_ZERO;
	}
	way = 1 - fmax(left_s, 0) / (double)s->length_s;
	side = sine(QUARTER_TURN * way);
	return span_from_seconds(size_s * side * side);
}

bool smear_is_blind(const struct smear *s, tstamp shown)
{
	tstamp from = tstamp_add(s->end, span_sub(SPAN_ZERO, SLACK));

	if (s->leap == LEAP_NONE || s->length_s == 0) {
		return false;
	}
	if (s->leap == LEAP_INSERT) {
		from = tstamp_add(from, SPAN_S(-1));
	}
	return !tstamp_before(shown, from);
}

double smear_rate(unsigned length_s)
{
	return QUARTER_TURN / (double)length_s;
}

uint32_t smear_refid(span offset)
{
	uint64_t bits = (uint64_t)offset.v >> REFID_SHIFT;

	return (uint32_t)REFID << REFID_BITS |
	       (uint32_t)(bits & ((1U << REFID_BITS) - 1));
}

bool smear_is_refid(uint32_t refid)
{
	uint32_t bits = refid & ((1U << REFID_BITS) - 1);
	uint32_t second = 1U << (32 - REFID_SHIFT);

	return refid >> REFID_BITS == REFID &&
	       (bits <= second || bits >= (1U << REFID_BITS) - second);
}
