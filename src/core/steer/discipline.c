/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/steer/discipline.h"

#include <math.h>

#define FREQ_MAX (FREQ_MAX_PPM * 1e-6)

/*
 * How long a slew takes: a share of the time to the next update. What is not
 * yet slewed away is error, what is slewed fast is a rough rate. In a closed
 * loop (tests/unit/test_loop.c: one server, poll 64 s, jitter 1e-4, wander
 * 1e-9) the RMS error is the same within what runs differ by from a share of
 * 0.03 to 0.25, and 3 % larger at 0.5; the RMS error of the rate is 0.53 ppm
 * at 0.03, 0.25 at 0.125, 0.13 at 0.5. At poll 1024 s the error rises by 3 %
 * from 0.125 to 0.25. So: the largest share that costs nothing anywhere.
 */
#define SLEW_SHARE 0.125
#define SLEW_MIN_S 1.0
#define RUSH_MIN_S 0.5
/*
 * A rush is a multiple of this: the kernel's tick makes it, while its word for
 * the frequency stays the clock's own. So that is what is found by who starts
 * after a daemon that was killed in the middle.
 */
#define RUSH_UNIT 1e-4
#define SLEW_MAX_S 1e8 /* keeps `slew_until` within the range of an instant */

/* "Never" as an instant: still in order with every other. */
#define FAR_AWAY_S ((int64_t)1 << 30)

/* The kernel counts in ns: to run after less would be busy work. */
#define RESIDUE_S 1e-9

/*
 * Before any measurement a crystal is nominal within about this. It weighs
 * the first frequencies of a run, which are mostly the noise of a few packets
 * close together; once freq_sd is below it the weight is as good as one.
 */
#define CRYSTAL_SD 2e-5

/* An offset beyond this is no time at all but a fault of arithmetic. */
#define OFFSET_MAX_S 0x1p31

static void take_rules(struct discipline *d, const struct config *config)
{
	const struct tinker_config *t = &config->tinker;
	/* -x and "never step" ask for a clock that moves gently. */
	bool gentle = config->orders.slew_only ||
		      !(t->step_fwd_s > 0 && t->step_back_s > 0);

	d->step_fwd_s = t->step_fwd_s;
	d->step_back_s = t->step_back_s;
	d->stepout_s = t->stepout_s;
	d->panic_s = t->panic_s;
	d->slew_most = t->slew_ppm * 1e-6;
	d->rush_most = gentle ? 0 : t->start_slew_ppm * 1e-6;
	if (config->orders
		    .slew_only) { /* -x; what never stepped still does not */
		d->step_fwd_s = t->step_fwd_s > 0 ? SLEW_ONLY_STEP_S : 0;
		d->step_back_s = t->step_back_s > 0 ? SLEW_ONLY_STEP_S : 0;
	}
}

void discipline_init(struct discipline *d, const struct config *config,
		     double freq, bool freq_known, instant now)
{
	*d = (struct discipline){
		.state = freq_known ? DISCIPLINE_FSET : DISCIPLINE_NSET,
		.base = fabs(freq) <= FREQ_MAX ? freq : 0,
		.since = now,
		.slew_until = now,
		.spike_since = now,
		.steering = config->ntp && !config->orders.no_clock,
		.panic_once = config->orders.panic_once,
		.step_once = config->orders.step_once,
	};
	take_rules(d, config);
	d->may_rush = d->steering && d->rush_most > d->slew_most;
}

void discipline_retune(struct discipline *d, const struct config *config)
{
	take_rules(d, config);
	d->may_rush &= d->rush_most > d->slew_most;
}

double discipline_freq(const struct discipline *d)
{
	return d->base + d->slew;
}

double discipline_residual_s(const struct discipline *d, instant now)
{
	return d->offset_s -
	       d->slew * span_to_seconds(instant_diff(now, d->since));
}

instant discipline_deadline(const struct discipline *d)
{
	return d->slew == 0 ? instant_add(d->since, SPAN_S(FAR_AWAY_S))
			    : d->slew_until;
}

/* What the rules say of an offset; changes nothing. */
static enum adjustment_kind discipline_judge(const struct discipline *d,
					     double offset_s, instant now)
{
	bool unset = d->state == DISCIPLINE_NSET || d->state == DISCIPLINE_FSET;
	bool first = unset && !d->first_done;
	double step_s = offset_s > 0 ? d->step_fwd_s : d->step_back_s;
	double size_s = fabs(offset_s);

	if (d->panic_s > 0 && size_s > d->panic_s &&
	    !(first && d->panic_once)) {
		return ADJUST_PANIC;
	}
	if (step_s > 0 && first && d->step_once && size_s > 0) {
		return ADJUST_STEP;
	}
	if (!(step_s > 0 && size_s > step_s)) {
		return ADJUST_STEER;
	}
	if (unset) {
		return ADJUST_STEP;
	}
	if (d->state == DISCIPLINE_SPIK &&
	    span_to_seconds(instant_diff(now, d->spike_since)) >=
		    d->stepout_s) {
		return ADJUST_STEP;
	}
	return ADJUST_SPIKE;
}

static void discipline_enter(struct discipline *d, enum adjustment_kind kind,
			     instant now)
{
	switch (kind) {
	case ADJUST_NONE:
	case ADJUST_PANIC:
		return;
	case ADJUST_SPIKE:
		if (d->state != DISCIPLINE_SPIK) {
			d->spike_since = now;
		}
		d->state = DISCIPLINE_SPIK;
		return;
	case ADJUST_STEER:
	case ADJUST_STEP:
		d->state = DISCIPLINE_SYNC;
		d->first_done = true;
		return;
	}
}

double discipline_kernel(double freq)
{
	return freq / (1 - freq);
}

double discipline_own(double kernel)
{
	return kernel / (1 + kernel);
}

/* The kernel, and the drift file, take no more. */
static double within(double freq)
{
	return fmax(discipline_own(-FREQ_MAX),
		    fmin(freq, discipline_own(FREQ_MAX)));
}

/* The slew that rushes `offset_s` away within `length_s`, or soon after. */
static double discipline_rush(const struct discipline *d, double offset_s,
			      double length_s)
{
	double rate = fmin(fabs(offset_s) / length_s, d->rush_most);
	double tick = floor(rate / RUSH_UNIT) * RUSH_UNIT;
	double most = fmax(tick, d->slew_most);
	double kernel = discipline_kernel(d->base) + copysign(most, offset_s);

	return discipline_own(kernel) - d->base;
}

/*
 * Starts to slew `offset_s` away within `length_s`, or as soon as it can; in
 * a rush when it is one.
 */
static void discipline_aim(struct discipline *d, double offset_s,
			   double length_s, instant now)
{
	double slew = copysign(d->slew_most, offset_s);

	if (fabs(offset_s) < RUSHED_S) {
		d->may_rush = d->rushing = false;
	}
	d->offset_s = offset_s;
	d->since = now;
	d->slew = 0;
	d->slew_until = now;
	if (fabs(offset_s) < RESIDUE_S) {
		return;
	}
	if (d->rushing) {
		slew = discipline_rush(d, offset_s, length_s);
		length_s = 0;
	}
	length_s = fmax(length_s, fabs(offset_s / slew));
	span length = span_from_seconds(fmin(length_s, SLEW_MAX_S));

	d->slew = offset_s / span_to_seconds(length);
	if (d->rushing || fabs(d->slew) > fabs(slew)) {
		d->slew = slew;
	}
	d->slew_until = instant_add(now, length);
}

static double slew_length_s(const struct discipline *d, double length_s)
{
	return d->rushing ? RUSH_MIN_S : fmax(SLEW_MIN_S, length_s);
}

/*
 * What the estimate calls frequency is the error of the whole rate, slew
 * included: the slew is ours and is taken out of it.
 */
static void discipline_tune(struct discipline *d, const struct estimate *e)
{
	double noise = e->freq_sd / CRYSTAL_SD;
	double wanted = d->base + (e->freq + d->slew) / (1 + noise * noise);

	d->base = within(wanted);
	d->cut = wanted - d->base;
}

void discipline_wake(struct discipline *d)
{
	if (d->state == DISCIPLINE_SYNC || d->state == DISCIPLINE_SPIK) {
		d->state = DISCIPLINE_FSET;
	}
	d->may_rush = d->steering && d->rush_most > d->slew_most;
}

void discipline_yield(struct discipline *d, double freq, instant now)
{
	d->steering = d->rushing = false;
	d->base = freq;
	d->offset_s = d->slew = 0;
	d->since = d->slew_until = now;
}

double discipline_resume(struct discipline *d)
{
	double theirs = d->base;

	d->steering = true;
	d->base = within(theirs);
	return d->base - theirs;
}

static bool estimate_is_sane(const struct estimate *e)
{
	return fabs(e->offset_s) < OFFSET_MAX_S && fabs(e->freq) < 1 &&
	       e->freq_sd >= 0;
}

struct adjustment discipline_update(struct discipline *d,
				    const struct estimate *e, double poll_s,
				    instant now)
{
	struct adjustment adj = { .kind = ADJUST_NONE,
				  .offset_s = e->offset_s };
	double before = discipline_freq(d);

	if (!estimate_is_sane(e)) {
		return adj;
	}
	if (!d->steering) {
		d->state = DISCIPLINE_SYNC;
		return adj;
	}
	adj.kind = discipline_judge(d, e->offset_s, now);
	discipline_enter(d, adj.kind, now);
	if (adj.kind != ADJUST_STEER && adj.kind != ADJUST_STEP) {
		return adj;
	}
	discipline_tune(d, e);
	if (adj.kind == ADJUST_STEP) {
		adj.step_s = e->offset_s;
		d->offset_s = d->slew = 0;
		d->since = d->slew_until = now;
		d->rushing = false;
	} else {
		d->rushing = d->may_rush;
		discipline_aim(d, e->offset_s,
			       slew_length_s(d, SLEW_SHARE * poll_s), now);
	}
	adj.freq = discipline_freq(d) - before;
	return adj;
}

struct adjustment discipline_tick(struct discipline *d, instant now)
{
	struct adjustment adj = { .kind = ADJUST_NONE };
	double before = discipline_freq(d);

	if (d->slew == 0 || instant_diff(d->slew_until, now).v > 0) {
		return adj;
	}
	/* Twice as long as it was late: if that is a habit, half is left. */
	double late_s = span_to_seconds(instant_diff(now, d->slew_until));
	double residual_s = discipline_residual_s(d, now);
	bool may_rush = d->may_rush, was_rushing = d->rushing;

	discipline_aim(d, residual_s, fmax(slew_length_s(d, 0), 2 * late_s),
		       now);
	if (!was_rushing) { /* what was left of an older slew tells nothing */
		d->may_rush = may_rush;
	}
	adj.kind = ADJUST_STEER;
	adj.freq = discipline_freq(d) - before;
	adj.offset_s = residual_s;
	return adj;
}
