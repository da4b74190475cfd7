/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reference clock that measures: what becomes of each reading, how polls
 * are counted, and what it offers to selection.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/serve/refid.h"
#include "core/source/refclock.h"

#define POLL_S 16

static struct source_config config;
static struct refclock clock_;
static struct outbox out;
static instant now;
static tstamp wall;
static struct sample sample;

static struct refclock *fresh(void)
{
	config = (struct source_config){
		.minpoll = 4,
		.refclock_type = 28,
		.refclock_unit = 1,
		.addr = netaddr_v4(0x7f7f1c01, 123),
		.fudge = { .stratum = 255 },
	};
	now = (instant){ INT64_C(1000) << 32 };
	wall = (tstamp){ UINT64_C(0xe98c5a1000000000) };
	memset(&clock_, 0, sizeof(clock_));
	refclock_init(&clock_, &config, 1e-4, now);
	outbox_empty(&out);
	return &clock_;
}

static void pass(double s)
{
	now = instant_add(now, span_from_seconds(s));
	wall = tstamp_add(wall, span_from_seconds(s));
	outbox_empty(&out);
}

/* A clock that was read `age_s` ago, and says this much more than ours. */
static struct event reads(double offset_s, double age_s)
{
	struct event ev = { .kind = EVENT_REFCLOCK, .now = now, .wall = wall };

	ev.refclock.received = tstamp_add(wall, span_from_seconds(-age_s));
	ev.refclock.reference =
		tstamp_add(ev.refclock.received, span_from_seconds(offset_s));
	ev.refclock.precision = -20;
	return ev;
}

static enum refclock_verdict take(struct refclock *r, const struct event *ev)
{
	return refclock_receive(r, ev, &out, &sample);
}

static enum refclock_verdict takes(struct refclock *r, double offset_s,
				   double age_s)
{
	struct event ev = reads(offset_s, age_s);

	return take(r, &ev);
}

static bool noted(enum note_id id)
{
	for (uint32_t i = 0; i < out.count; i++) {
		if (out.effects[i].kind == EFFECT_NOTE &&
		    out.effects[i].note.id == id) {
			return true;
		}
	}
	return false;
}

/* As many seconds, read once in each; false: with nothing new. */
static void seconds(struct refclock *r, unsigned count, bool alive)
{
	while (count-- > 0) {
		pass(1);
		refclock_ask(r, now, &out);
		struct event ev = reads(0.001, 0.2);

		if (!alive) {
			ev.refclock.reading = READING_NONE;
		}
		if (take(r, &ev) == REFCLOCK_SAMPLE) {
			refclock_learn(r, &sample);
		}
	}
}

static void drivers_have_their_own_refid_and_stratum(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	assert_string_equal(r->name, "SHM(1)");
	assert_int_equal(r->stratum, 0);
	assert_int_equal(r->refid, refid_of_text("SHM"));
	assert_null(refclock_driver(20));
	config.fudge = (struct fudge_config){ .given = true,
					      .stratum = 3,
					      .refid = "GPS" };
	refclock_init(r, &config, 1e-4, now);
	assert_int_equal(r->stratum, 3);
	assert_int_equal(r->refid, refid_of_text("GPS"));
}

static void a_good_reading_is_a_sample(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	config.fudge.time1_s = 0.25;
	assert_int_equal(takes(r, 0.5, 2), REFCLOCK_SAMPLE);
	assert_true(fabs(span_to_seconds(sample_offset(&sample)) - 0.75) <
		    1e-9);
	assert_int_equal(sample_delay(&sample).v, 0);
	/* It is from when our clock was read, not from now. */
	assert_true(fabs(span_to_seconds(instant_diff(now, sample.at)) - 2) <
		    1e-9);
	assert_int_equal(r->verdicts[REFCLOCK_SAMPLE], 1);
}

static void what_was_not_there_to_be_read_is_counted(void **state)
{
	static const struct {
		enum reading reading;
		enum refclock_verdict verdict;
		uint8_t state;
	} rows[] = {
		{ READING_NONE, REFCLOCK_NOTHING, CLOCK_NOMINAL },
		{ READING_CLASH, REFCLOCK_CLASH, CLOCK_BAD_FORMAT },
		{ READING_GARBLED, REFCLOCK_GARBLED, CLOCK_BAD_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct refclock *r = fresh();
		struct event ev = reads(0, 0);

		ev.refclock.reading = rows[i].reading;
		assert_int_equal(take(r, &ev), rows[i].verdict);
		assert_int_equal(r->verdicts[rows[i].verdict], 1);
		assert_int_equal(r->state, rows[i].state);
		assert_int_equal(r->last, rows[i].state);
		assert_int_equal(r->reach, 0);
	}
}

static void stamps_are_fresh_and_not_of_the_future(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	assert_int_equal(takes(r, 0, 4.9), REFCLOCK_SAMPLE);
	assert_int_equal(takes(r, 0, 5.1), REFCLOCK_STALE);
	assert_int_equal(r->state, CLOCK_BAD_TIME);
	assert_int_equal(takes(r, 0, -0.005), REFCLOCK_SAMPLE);
	assert_int_equal(r->state, CLOCK_NOMINAL);
	assert_int_equal(r->last, CLOCK_BAD_TIME);
	assert_int_equal(takes(r, 0, -0.5), REFCLOCK_FUTURE);
	assert_int_equal(takes(r, 0, -4e4), REFCLOCK_FUTURE);
}

static void time2_bounds_the_difference_but_for_flag1(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	assert_int_equal(takes(r, 4 * 3600 + 1, 0), REFCLOCK_DIFFERENCE);
	assert_int_equal(takes(r, -4 * 3600 - 1, 0), REFCLOCK_DIFFERENCE);
	assert_int_equal(takes(r, 4 * 3600 - 1, 0), REFCLOCK_SAMPLE);
	config.fudge.time2_s = 10;
	assert_int_equal(takes(r, 11, 0), REFCLOCK_DIFFERENCE);
	assert_int_equal(takes(r, -9, 0), REFCLOCK_SAMPLE);
	config.fudge.flag[0] = true;
	assert_int_equal(takes(r, 1e6, 0), REFCLOCK_SAMPLE);
}

/* Steps of a coarse clock are no noise that could be measured. */
static void minjitter_is_what_it_is_wrong_by_at_least(void **state)
{
	(void)state;
	struct refclock *r = fresh();
	struct candidate plain, coarse;

	seconds(r, 100, true);
	refclock_estimate(r, 15e-6, now, &plain);
	assert_true(sample.noise_s < 2e-6);
	assert_true(plain.root_disp_s < 1e-4);
	r = fresh();
	config.fudge.minjitter_s = 0.01;
	seconds(r, 100, true);
	refclock_estimate(r, 15e-6, now, &coarse);
	assert_true(sample.noise_s == 0.01);
	assert_true(fabs(coarse.root_disp_s - plain.root_disp_s - 0.01) < 1e-5);
	assert_true(coarse.estimate.offset_sd > 10 * plain.estimate.offset_sd);
	/* It is a bound: a clock that is worse stays as it is. */
	config.fudge.minjitter_s = 1e-9;
	assert_true(refclock_noise_s(r, 0.5) == 0.5);
	config.fudge.minjitter_s = 0;
}

static void a_clock_that_lost_the_time_says_so(void **state)
{
	(void)state;
	struct refclock *r = fresh();
	struct event ev = reads(0, 0);
	struct candidate c;

	ev.refclock.leap = LEAP_UNSYNC;
	assert_int_equal(take(r, &ev), REFCLOCK_LOST);
	refclock_estimate(r, 15e-6, now, &c);
	assert_int_equal(c.unfit, REASON_UNSYNCHRONISED);
	ev.refclock.leap = 4;
	assert_int_equal(take(r, &ev), REFCLOCK_GARBLED);
	ev.refclock.leap = -1;
	assert_int_equal(take(r, &ev), REFCLOCK_GARBLED);
	ev.refclock.leap = LEAP_INSERT;
	assert_int_equal(take(r, &ev), REFCLOCK_SAMPLE);
	assert_int_equal(r->leap, LEAP_INSERT);
	assert_false(r->lost);
}

static void a_reading_from_before_a_jump_is_void(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	refclock_abandon(r);
	assert_int_equal(takes(r, 0, 0), REFCLOCK_JUMPED);
	assert_int_equal(takes(r, 0, 0), REFCLOCK_SAMPLE);
	refclock_abandon(r);
	struct event ev = reads(0, 0);
	ev.refclock.reading = READING_NONE; /* none was waiting */
	assert_int_equal(take(r, &ev), REFCLOCK_NOTHING);
	assert_int_equal(takes(r, 0, 0), REFCLOCK_SAMPLE);
}

static void a_spike_is_dropped_but_a_jump_is_not(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	seconds(r, 40, true);
	pass(1);
	assert_int_equal(takes(r, 0.5, 0), REFCLOCK_SPIKE);
	assert_int_equal(takes(r, 0.001, 0), REFCLOCK_SAMPLE);
	for (unsigned i = 0; i < 3; i++) {
		pass(1);
		assert_int_equal(takes(r, 0.5, 0), REFCLOCK_SPIKE);
	}
	for (unsigned i = 0; i < 3; i++) {
		pass(1);
		assert_int_equal(takes(r, 0.5, 0), REFCLOCK_SAMPLE);
	}
	/* Back again: what is far is a spike again. */
	assert_int_equal(takes(r, 0.001, 0), REFCLOCK_SAMPLE);
	assert_int_equal(takes(r, 0.5, 0), REFCLOCK_SPIKE);
}

static void precision_is_taken_within_reason(void **state)
{
	(void)state;
	struct refclock *r = fresh();
	struct event ev = reads(0, 0);
	struct candidate c;

	ev.refclock.precision = 2000000000;
	assert_int_equal(take(r, &ev), REFCLOCK_SAMPLE);
	assert_true(sample.noise_s == 1e-6);
	refclock_learn(r, &sample);
	refclock_estimate(r, 0, now, &c);
	assert_true(c.root_disp_s == 16);
	ev.refclock.precision = -2000000000;
	assert_int_equal(take(r, &ev), REFCLOCK_SAMPLE);
	assert_true(sample.noise_s == ldexp(1, -30));
}

static void it_is_read_once_a_second(void **state)
{
	(void)state;
	struct refclock *r = fresh();
	unsigned asked = 0;

	refclock_ask(r, now, &out);
	assert_int_equal(out.count, 2);
	assert_int_equal(out.effects[0].note.id, NOTE_MOBILIZE);
	for (unsigned i = 0; i < 100; i++) {
		if (out.count > 0) {
			const struct effect *e = &out.effects[out.count - 1];

			assert_int_equal(e->kind, EFFECT_READ);
			assert_int_equal(e->read.type, 28);
			assert_int_equal(e->read.unit, 1);
			asked++;
		}
		pass(0.1);
		refclock_ask(r, now, &out);
	}
	assert_in_range(asked, 9, 10);
}

static void reach_tells_of_polls(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	seconds(r, 1, true);
	assert_int_equal(r->reach, 1); /* at once: there it is */
	assert_true(noted(NOTE_REACHABLE));
	seconds(r, POLL_S - 1, true);
	assert_int_equal(r->reach, 1);
	seconds(r, POLL_S, true);
	assert_int_equal(r->reach, 3);
	seconds(r, 8 * POLL_S, true);
	assert_int_equal(r->reach, 0xff);
	assert_int_equal(r->polls, 10);
	assert_int_equal(r->unanswered, 0);
	/* What has come since the last poll counts for the next. */
	seconds(r, POLL_S, false);
	assert_int_equal(r->reach, 0xff);
	for (unsigned i = 1; i <= 7; i++) {
		seconds(r, POLL_S, false);
		assert_int_equal(r->reach, (uint8_t)(0xffu << i));
	}
	assert_false(noted(NOTE_UNREACHABLE));
	seconds(r, POLL_S, false);
	assert_int_equal(r->reach, 0);
	assert_int_equal(r->unanswered, 8);
	assert_int_equal(r->last, CLOCK_NO_REPLY);
	seconds(r, 1, true);
	assert_int_equal(r->reach, 1);
}

/* The five columns of the classic driver's line in clockstats. */
static void the_timecode_counts_readings(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	assert_string_equal(r->timecode, "");
	refclock_ask(r, now, &out);
	assert_int_equal(takes(r, 0, 9), REFCLOCK_STALE);
	seconds(r, POLL_S - 3, true);
	seconds(r, 2, false);
	struct event ev = reads(0, 0);
	ev.refclock.reading = READING_CLASH;
	assert_int_equal(take(r, &ev), REFCLOCK_CLASH);
	pass(1);
	refclock_ask(r, now, &out);
	assert_string_equal(r->timecode, " 17  13   2   1   1");
	config.minpoll = 10;
	seconds(r, POLL_S, true);
	seconds(r, 1024, true);
	assert_string_equal(r->timecode, "1024 1024   0   0   0");
}

static void it_offers_what_the_estimator_knows(void **state)
{
	(void)state;
	struct refclock *r = fresh();
	struct candidate c;

	refclock_estimate(r, 15e-6, now, &c);
	assert_int_equal(c.unfit, REASON_NO_ANSWER);
	config.prefer = config.always_true = true;
	seconds(r, 64, true);
	refclock_estimate(r, 15e-6, now, &c);
	assert_int_equal(c.unfit, REASON_OK);
	assert_false(c.last_resort);
	assert_true(c.prefer && c.always_true);
	assert_int_equal(c.stratum, 0);
	assert_true(c.root_delay_s == 0 && c.estimate.delay_s == 0);
	assert_true(fabs(c.estimate.offset_s - 0.001) < 1e-6);
	assert_true(c.estimate.offset_sd < 1e-5);
	assert_true(c.root_disp_s < 1e-5);
	double young_s = c.root_disp_s;
	pass(100);
	refclock_estimate(r, 15e-6, now, &c);
	assert_true(fabs(c.root_disp_s - young_s - 1.5e-3) < 1e-6);
	config.noselect = true;
	refclock_estimate(r, 15e-6, now, &c);
	assert_int_equal(c.unfit, REASON_NOSELECT);
	seconds(r, 10 * POLL_S, false);
	refclock_estimate(r, 15e-6, now, &c);
	assert_int_equal(c.unfit, REASON_UNREACHABLE);
}

static void a_verdict_is_the_event_that_its_line_says(void **state)
{
	(void)state;
	assert_int_equal(refclock_verdict_event(REFCLOCK_CLASH),
			 CLOCK_BAD_FORMAT);
	assert_int_equal(refclock_verdict_event(REFCLOCK_LOST), CLOCK_BAD_TIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drivers_have_their_own_refid_and_stratum),
		cmocka_unit_test(a_good_reading_is_a_sample),
		cmocka_unit_test(what_was_not_there_to_be_read_is_counted),
		cmocka_unit_test(stamps_are_fresh_and_not_of_the_future),
		cmocka_unit_test(time2_bounds_the_difference_but_for_flag1),
		cmocka_unit_test(minjitter_is_what_it_is_wrong_by_at_least),
		cmocka_unit_test(a_clock_that_lost_the_time_says_so),
		cmocka_unit_test(a_reading_from_before_a_jump_is_void),
		cmocka_unit_test(a_spike_is_dropped_but_a_jump_is_not),
		cmocka_unit_test(precision_is_taken_within_reason),
		cmocka_unit_test(it_is_read_once_a_second),
		cmocka_unit_test(reach_tells_of_polls),
		cmocka_unit_test(the_timecode_counts_readings),
		cmocka_unit_test(it_offers_what_the_estimator_knows),
		cmocka_unit_test(a_verdict_is_the_event_that_its_line_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
