/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/clock/sysclock.h"

#include <errno.h>
#include <math.h>
#include <sys/timex.h>
#include <time.h>

#define READ_TRIES 4         /* how often to try for a close pair */
#define READ_CLOSE_NS 2000   /* a pair that is close enough */
#define READ_APART_NS 50000  /* one that tells nothing: see BENT_S */
#define PRECISION_READS 4096 /* some hundred microseconds of reading */

/* The kernel's frequency word: 2^-16 ppm, at most 500 ppm. */
#define FREQ_UNIT_PPM (1.0 / 65536)
#define FREQ_MAX_PPM 500.0
/* A tick is 10000 us; one more or less is 100 ppm. At most 10 %. */
#define TICK_NOMINAL 10000
#define TICK_PPM 100.0
#define TICK_MAX 1000

/* The rate that holds without a slew, for who must end one in a hurry. */
static _Atomic long base_word;
static _Atomic bool slewing;

static instant mono(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (instant){ SPAN_S(ts.tv_sec).v + span_from_ns(ts.tv_nsec).v };
}

tstamp sysclock_wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return tstamp_from_unix(ts.tv_sec, (uint32_t)ts.tv_nsec);
}

struct moment sysclock_read(void)
{
	struct moment best = { .now = mono() };
	span closest = SPAN_MAX;

	/* We may be interrupted between the two readings: take the best. */
	for (int i = 0; i < READ_TRIES; i++) {
		instant before = mono();
		tstamp wall = sysclock_wall();
		span width = instant_diff(mono(), before);

		if (span_cmp(width, closest) < 0) {
			closest = width;
			best.now = instant_add(before, (span){ width.v / 2 });
			best.wall = wall;
		}
		if (span_to_ns(closest) <= READ_CLOSE_NS) {
			break;
		}
	}
	return best;
}

int8_t sysclock_precision(void)
{
	span least = SPAN_MAX;
	tstamp last = sysclock_wall();
	int8_t log2_s = -32;

	for (int i = 0; i < PRECISION_READS; i++) {
		tstamp now = sysclock_wall();
		span step = tstamp_diff(now, last);

		if (step.v > 0 && span_cmp(step, least) < 0) {
			least = step;
		}
		last = now;
	}
	/* A clock that stands still while we look is a simulated one. */
	if (span_cmp(least, SPAN_MAX) == 0) {
		return -25;
	}
	while (log2_s < 0 && (int64_t)1 << (log2_s + 32) < least.v) {
		log2_s++;
	}
	return log2_s;
}

static int adjust(struct timex *t)
{
	return clock_adjtime(CLOCK_REALTIME, t) < 0 ? -errno : 0;
}

/*
 * How far another clock is ahead of the monotonic one; false when it cannot be
 * read, or not closely enough. Some machines take microseconds for a reading.
 */
static bool ahead_of_mono(clockid_t clock, span *ahead)
{
	int64_t closest_ns = READ_APART_NS;
	bool known = false;

	for (int i = 0; i < READ_TRIES && closest_ns > READ_CLOSE_NS; i++) {
		struct timespec ts;
		instant before = mono();

		if (clock_gettime(clock, &ts) != 0) {
			return false;
		}
		span width = instant_diff(mono(), before);
		instant other = { SPAN_S(ts.tv_sec).v +
				  span_from_ns(ts.tv_nsec).v };

		if (span_to_ns(width) < closest_ns) {
			closest_ns = span_to_ns(width);
			*ahead = span_sub(instant_diff(other, before),
					  (span){ width.v / 2 });
			known = true;
		}
	}
	return known;
}

void sysclock_machine(struct machine *m, bool rate)
{
	struct timex t = { .modes = 0 };
	span asleep, unsteered;

	if (ahead_of_mono(CLOCK_BOOTTIME, &asleep)) {
		m->asleep = asleep;
	}
	m->bent_known = ahead_of_mono(CLOCK_MONOTONIC_RAW, &unsteered);
	if (m->bent_known) {
		m->bent = span_sub(SPAN_ZERO, unsteered);
	}
	m->rate_known = rate && adjust(&t) == 0;
	if (m->rate_known) {
		double word_ppm = (double)t.freq * FREQ_UNIT_PPM;
		double tick_ppm = (double)(t.tick - TICK_NOMINAL) * TICK_PPM;

		m->rate = (word_ppm + tick_ppm) * 1e-6;
	}
}

int sysclock_take(void)
{
	/* Only the phase-locked loop takes an offset, so it is on for that. */
	struct timex clear = { .modes = ADJ_STATUS | ADJ_OFFSET,
			       .status = STA_PLL | STA_UNSYNC };
	struct timex single = { .modes = ADJ_OFFSET_SINGLESHOT };
	struct timex status = { .modes = ADJ_STATUS, .status = STA_UNSYNC };
	int error = adjust(&clear);

	if (error == 0) {
		error = adjust(&single);
	}
	return error ? error : adjust(&status);
}

double sysclock_freq_ppm(void)
{
	struct timex t = { .modes = 0 };

	if (adjust(&t) != 0) {
		return 0;
	}
	double word_ppm = (double)t.freq * FREQ_UNIT_PPM;
	double all_ppm = word_ppm + (double)(t.tick - TICK_NOMINAL) * TICK_PPM;

	return fabs(all_ppm) <= FREQ_MAX_PPM ? all_ppm : word_ppm;
}

/* The tick takes the slew as far as it can, the frequency's word the rest. */
int sysclock_steer(double freq, double base)
{
	struct timex t = { .modes = ADJ_FREQUENCY | ADJ_TICK };
	double ppm = freq * 1e6, ticks = 0;

	if (fabs(ppm) > FREQ_MAX_PPM) {
		ticks = round((freq - base) * 1e6 / TICK_PPM);
		ticks = fmax(fmin(ticks, TICK_MAX), -TICK_MAX);
		ppm -= ticks * TICK_PPM;
		ppm = fmax(fmin(ppm, FREQ_MAX_PPM), -FREQ_MAX_PPM);
	}
	t.tick = TICK_NOMINAL + (long)ticks;
	t.freq = lround(ppm / FREQ_UNIT_PPM);
	base_word = lround(base * 1e6 / FREQ_UNIT_PPM);
	slewing = freq != base;
	return adjust(&t);
}

int sysclock_step(span by)
{
	struct timex t = { .modes = ADJ_SETOFFSET | ADJ_NANO };

	/* Seconds round down, so that the nanoseconds are never negative. */
	t.time.tv_sec = by.v >> 32;
	t.time.tv_usec = span_to_ns(span_sub(by, SPAN_S(t.time.tv_sec)));
	return adjust(&t);
}

int sysclock_slew(span by)
{
	struct timex t = { .modes = ADJ_OFFSET_SINGLESHOT };

	t.offset = span_to_ns(by) / 1000;
	return adjust(&t);
}

static long microseconds(span s)
{
	int64_t us = span_to_ns(s) / 1000;

	return us < 0 ? 0 : (long)us;
}

int sysclock_tell(const struct effect *e)
{
	struct timex t = { .modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR };
	struct timex tai = { .modes = ADJ_TAI };
	int error;

	t.status = e->status.synchronised ? 0 : STA_UNSYNC;
	if (e->status.leap == LEAP_INSERT) {
		t.status |= STA_INS;
	} else if (e->status.leap == LEAP_DELETE) {
		t.status |= STA_DEL;
	}
	t.maxerror = microseconds(e->status.max_error);
	t.esterror = microseconds(e->status.est_error);
	error = adjust(&t);
	if (error == 0 && e->status.tai_known) {
		/* It shares a field with the time constant. */
		tai.constant = e->status.tai;
		error = adjust(&tai);
	}
	return error;
}

void sysclock_release(void)
{
	struct timex t = { .modes = ADJ_STATUS, .status = STA_UNSYNC };

	if (slewing) {
		t.modes |= ADJ_FREQUENCY | ADJ_TICK;
		t.tick = TICK_NOMINAL;
		t.freq = base_word;
	}
	(void)adjust(&t);
}

void sysclock_kernel(struct kernel_clock *k)
{
	struct timex tx = { .modes = 0 };

	*k = (struct kernel_clock){ .known = ntp_adjtime(&tx) >= 0 };
	if (!k->known) {
		return;
	}
	double unit_s = tx.status & STA_NANO ? 1e-9 : 1e-6;

	k->offset_s = (double)tx.offset * unit_s;
	k->freq_ppm = (double)tx.freq * FREQ_UNIT_PPM;
	k->max_error_s = (double)tx.maxerror * 1e-6;
	k->est_error_s = (double)tx.esterror * 1e-6;
	k->precision_s = (double)tx.precision * 1e-6;
	k->tolerance_ppm = (double)tx.tolerance * FREQ_UNIT_PPM;
	k->status = (uint32_t)tx.status;
	k->constant = (int32_t)tx.constant;
	k->pps_freq_ppm = (double)tx.ppsfreq * FREQ_UNIT_PPM;
	k->pps_stability_ppm = (double)tx.stabil * FREQ_UNIT_PPM;
	k->pps_jitter_s = (double)tx.jitter * unit_s;
	k->pps_interval_s = tx.shift > 0 ? UINT64_C(1) << (tx.shift & 31) : 0;
	k->pps_calibrations = (uint64_t)tx.calcnt;
	k->pps_errors = (uint64_t)tx.errcnt;
	k->pps_jitter_exceeded = (uint64_t)tx.jitcnt;
	k->pps_stability_exceeded = (uint64_t)tx.stbcnt;
}

/* What is armed is done at the end of the day, unless it has just been. */
static enum leap leap_armed(const struct timex *t, int state)
{
	if (state == TIME_OOP || state == TIME_WAIT) {
		return LEAP_NONE;
	}
	return t->status & STA_INS   ? LEAP_INSERT
	       : t->status & STA_DEL ? LEAP_DELETE
				     : LEAP_NONE;
}

static uint64_t nanoseconds(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) != 0) {
		return 0;
	}
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

struct fast_clock sysclock_fast(void)
{
	struct timex before, t = { .modes = 0 };
	struct fast_clock c;
	int state;

	(void)ntp_adjtime(&t);
	do { /* it may leap while we look */
		before = t;
		c.mono_ns = nanoseconds(CLOCK_MONOTONIC);
		c.tai_ns = nanoseconds(CLOCK_TAI);
		t = (struct timex){ .modes = 0 };
		state = ntp_adjtime(&t);
	} while (t.tai != before.tai);
	c.tai_s = t.tai;
	c.leap = leap_armed(&t, state);
	return c;
}
