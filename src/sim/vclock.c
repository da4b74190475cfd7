/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/vclock.h"

#include <math.h>

#include "sim/dice.h"

#define TWO_PI 6.283185307179586
#define JOINT_S 16 /* how often wander and temperature change the rate */
#define FAR_AWAY SPAN_S(86400)
#define PIVOT INT64_C(1767225600) /* dates from 1958 to 2094 */
#define DAY_S 86400
#define SLEW_RATE 500e-6 /* adjtime()'s, as Linux has it */

static double temperature_now(const struct vclock *c)
{
	if (c->kind.temperature_s <= 0) {
		return 0;
	}
	double turns = moment_to_s(c->piece) / c->kind.temperature_s;

	return c->kind.temperature * sin(TWO_PI * turns + c->phase);
}

double vclock_freq(const struct vclock *c)
{
	return c->kind.freq + c->walk + temperature_now(c);
}

static void set_rate(struct vclock *c)
{
	double kernel = (1 + c->steer) * (1 + c->slew);

	c->rate = (1 + vclock_freq(c)) * kernel - 1;
}

static int64_t shown_after(const struct vclock *c, int64_t elapsed)
{
	return elapsed + llrint((double)elapsed * c->rate);
}

static double bent_after(const struct vclock *c, int64_t elapsed)
{
	double unsteered = (double)elapsed * vclock_freq(c);

	return c->bent_s + ((double)elapsed * c->rate - unsteered) * 0x1p-32;
}

/* A pause is a piece that begins in the future. */
static int64_t elapsed_at(const struct vclock *c, moment now)
{
	return now.v > c->piece.v ? now.v - c->piece.v : 0;
}

span vclock_bent(const struct vclock *c, moment now)
{
	return span_from_seconds(bent_after(c, elapsed_at(c, now)));
}

/* A new straight line begins at `now`. */
static void begin_piece(struct vclock *c, moment now)
{
	c->bent_s = bent_after(c, elapsed_at(c, now));
	c->mono = vclock_mono(c, now);
	c->piece = now;
}

void vclock_init(struct vclock *c, const struct oscillator *kind, uint64_t seed,
		 moment now, tstamp wall)
{
	*c = (struct vclock){ .kind = *kind, .piece = now };
	rng_init_number(&c->rng, seed);
	rng_init_number(&c->stamp_rng, ~seed);
	c->phase = dice_between(&c->rng, 0, TWO_PI);
	/* Up for anything to a day: the monotonic clock means nothing. */
	c->mono =
		(instant){ (int64_t)rng_below(&c->rng, UINT64_C(86400) << 32) };
	tstamp shown = tstamp_add(wall, span_from_seconds(kind->offset_s));
	c->ahead = (span){ (int64_t)(shown.v - (uint64_t)c->mono.v) };
	c->joint = moment_add(now, SPAN_S(JOINT_S));
	c->slew_end = MOMENT_NEVER;
	set_rate(c);
}

void vclock_arm(struct vclock *c, moment now, enum leap leap)
{
	int64_t today = tstamp_to_unix(vclock_wall(c, now), PIVOT) / DAY_S;
	int64_t end = (today + 1) * DAY_S;

	c->armed = leap;
	if (leap == LEAP_NONE || c->leap == VCLOCK_INS ||
	    c->leap == VCLOCK_DEL) {
		c->leap = c->leap == VCLOCK_OOP ? VCLOCK_OOP : VCLOCK_OK;
	}
	if (c->leap == VCLOCK_OK && leap != LEAP_NONE) {
		c->leap = leap == LEAP_INSERT ? VCLOCK_INS : VCLOCK_DEL;
		c->leap_at = tstamp_from_unix(end - (leap == LEAP_DELETE), 0);
	}
}

/* Only the wall clock leaps, so it does not matter when we come to see it. */
static void take_leap(struct vclock *c, moment now)
{
	if (c->leap == VCLOCK_OK || c->leap == VCLOCK_WAIT ||
	    tstamp_before(vclock_wall(c, now), c->leap_at)) {
		return;
	}
	if (c->leap == VCLOCK_INS) {
		vclock_step(c, SPAN_S(-1));
		c->leap = VCLOCK_OOP;
	} else if (c->leap == VCLOCK_DEL) {
		vclock_step(c, SPAN_S(1));
		c->leap = VCLOCK_WAIT;
	} else {
		c->leap = c->armed == LEAP_NONE ? VCLOCK_OK : VCLOCK_WAIT;
	}
}

void vclock_advance(struct vclock *c, moment now)
{
	while (!moment_before(now, c->joint) ||
	       !moment_before(now, c->slew_end)) {
		if (!moment_before(c->joint, c->slew_end)) {
			begin_piece(c, c->slew_end);
			c->slew_end = MOMENT_NEVER;
			c->slew = 0;
		} else {
			begin_piece(c, c->joint);
			c->joint = moment_add(c->joint, SPAN_S(JOINT_S));
			c->walk += c->kind.wander * sqrt(JOINT_S) *
				   dice_gaussian(&c->rng);
		}
		set_rate(c);
	}
	take_leap(c, now);
}

instant vclock_mono(const struct vclock *c, moment now)
{
	return instant_add(c->mono,
			   (span){ shown_after(c, elapsed_at(c, now)) });
}

tstamp vclock_wall(const struct vclock *c, moment now)
{
	return tstamp_add((tstamp){ (uint64_t)vclock_mono(c, now).v },
			  c->ahead);
}

moment vclock_when(const struct vclock *c, instant mono)
{
	int64_t wanted = instant_diff(mono, c->mono).v;

	if (wanted > FAR_AWAY.v) {
		return moment_add(c->piece, FAR_AWAY);
	}
	int64_t elapsed = llrint((double)wanted / (1 + c->rate));

	/* The guess is off by what a double cannot hold: close the gap. */
	for (int64_t gap; (gap = wanted - shown_after(c, elapsed)) > 0;) {
		elapsed += gap;
	}
	while (shown_after(c, elapsed - 1) >= wanted) {
		elapsed--;
	}
	return (moment){ c->piece.v + elapsed };
}

tstamp vclock_read(const struct vclock *c, moment now)
{
	tstamp t = vclock_wall(c, now);

	if (c->kind.quantum.v > 0) {
		t.v -= t.v % (uint64_t)c->kind.quantum.v;
	}
	return t;
}

span vclock_stamp_delay(struct vclock *c)
{
	struct jitter late = { LAW_EXPONENTIAL, c->kind.stamp_noise_s, 0 };

	return span_from_seconds(dice_jitter(&c->stamp_rng, &late));
}

void vclock_steer(struct vclock *c, moment now, double freq)
{
	begin_piece(c, now);
	c->steer = freq;
	set_rate(c);
}

void vclock_step(struct vclock *c, span step)
{
	c->ahead = span_sub(c->ahead, (span){ -step.v });
}

void vclock_slew(struct vclock *c, moment now, span amount)
{
	double seconds = fabs(span_to_seconds(amount)) / SLEW_RATE;

	begin_piece(c, now);
	c->slew = amount.v < 0 ? -SLEW_RATE : SLEW_RATE;
	c->slew_end = moment_add(now, span_from_seconds(seconds));
	set_rate(c);
}

void vclock_pause(struct vclock *c, moment now, span length)
{
	begin_piece(c, now);
	c->piece = moment_add(now, length);
	c->joint = moment_add(c->joint, length);
	if (c->slew_end.v != MOMENT_NEVER.v) {
		c->slew_end = moment_add(c->slew_end, length);
	}
}

void vclock_sleep(struct vclock *c, moment now, span length, span wrong)
{
	vclock_pause(c, now, length);
	c->ahead = span_add(c->ahead, length);
	c->ahead = span_add(c->ahead, wrong);
	c->asleep = span_add(c->asleep, length);
}

void vclock_freq_step(struct vclock *c, moment now, double freq)
{
	begin_piece(c, now);
	c->walk += freq;
	set_rate(c);
}
