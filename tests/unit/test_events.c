/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system's events (RFC 9327, section 3.1): which codes there are, when
 * each comes, and where the counter stops. 4 (freq_mode) and 13 (kern) never
 * come.
 */
#include "core/engine/state.h"
#include "tiny.h"

#define LEAP INT64_C(1782864000) /* 2026-07-01 */
#define STEP_S 0.05
#define CODE(n) (1u << (n))
#define NEVER (CODE(0) | CODE(4) | CODE(13))

static struct tiny world;

static struct tiny *fresh(void)
{
	tiny_config(&world);
	return &world;
}

/* The codes in what was just told. */
static unsigned told(const struct tiny *t)
{
	unsigned codes = t->engine->standing.events.count > 0
				 ? CODE(t->engine->standing.events.last)
				 : 0;

	for (uint32_t i = 0; i < t->out.count; i++) {
		const struct effect *e = &t->out.effects[i];

		if (e->kind == EFFECT_NOTE &&
		    (e->note.id <= NOTE_PANIC ||
		     e->note.id == NOTE_LEAP_ARMED ||
		     e->note.id == NOTE_LEAP_DISARMED ||
		     e->note.id == NOTE_LEAP_EVENT || e->note.id == NOTE_TAI ||
		     e->note.id == NOTE_LEAP_STALE)) {
			codes |= CODE(e->note.number & 15);
		}
	}
	return codes;
}

/* All codes that come until then. */
static unsigned codes_until(struct tiny *t, double until_s)
{
	unsigned codes = 0;

	while (t->now_s < until_s && !t->exited) {
		tiny_run(t, fmin(t->now_s + STEP_S, until_s));
		codes |= told(t);
	}
	assert_int_equal(codes & NEVER, 0);
	return codes;
}

static void a_start_has_restart_and_the_frequency_and_then_sync(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct event tick = { .kind = EVENT_TICK };

	tiny_server(t, true);
	tiny_start(t);
	tiny_handle(t, &tick);
	assert_int_equal(told(t),
			 CODE(SYSTEM_RESTART) | CODE(SYSTEM_FREQ_NOT_SET));
	unsigned codes = codes_until(t, 30);

	assert_true(codes & CODE(SYSTEM_CLOCK_SYNC));
	codes |= codes_until(t, 900); /* it has measured the frequency */
	assert_true(codes & CODE(SYSTEM_FREQ_SET));
	tiny_end(t);
	t = fresh();
	tiny_server(t, true);
	t->start.freq_known = true;
	t->start.freq_ppm = 10;
	tiny_start(t);
	tiny_handle(t, &tick);
	assert_int_equal(told(t), CODE(SYSTEM_RESTART) | CODE(SYSTEM_FREQ_SET));
	tiny_end(t);
}

static void a_clock_that_jumps_is_a_spike_and_then_stepped(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	tiny_start(t);
	assert_false(codes_until(t, 500) &
		     (CODE(SYSTEM_SPIKE) | CODE(SYSTEM_CLOCK_STEP)));
	t->error_s += 5;
	assert_true(codes_until(t, 540) & CODE(SYSTEM_SPIKE));
	assert_true(codes_until(t, 1200) & CODE(SYSTEM_CLOCK_STEP));
	tiny_end(t);
}

static void beyond_panic_that_is_the_last_event(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->error_s = 5000;
	tiny_start(t);
	(void)codes_until(t, 20);
	assert_true(t->exited);
	assert_int_equal(t->engine->standing.events.last, SYSTEM_PANIC);
	tiny_end(t);
}

static void a_lost_server_is_no_sys_peer(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct tiny_server *s = tiny_server(t, true);

	t->sources[0].maxpoll = 6;
	tiny_start(t);
	assert_false(codes_until(t, 1000) & CODE(SYSTEM_NO_SYS_PEER));
	s->manner = TINY_SILENT;
	assert_true(codes_until(t, 1800) & CODE(SYSTEM_NO_SYS_PEER));
	tiny_end(t);
}

static void a_leap_second_is_tai_armed_disarmed_or_an_event(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct leap_table other;
	struct event ev = { .kind = EVENT_LEAPS, .leaps.table = &other };
	tstamp epoch = tiny_epoch;

	tiny_server(t, true);
	tiny_epoch = tstamp_add(tstamp_from_unix(LEAP, 0), SPAN_S(-600));
	t->leaps = (struct leap_table){
		.entries = { { LEAP - INT64_C(200000000), 37 }, { LEAP, 38 } },
		.count = 2,
		.expires = LEAP + 1000000,
	};
	other = t->leaps;
	tiny_start(t);
	assert_true(codes_until(t, 0.1) & CODE(SYSTEM_TAI));
	assert_true(codes_until(t, 100) & CODE(SYSTEM_LEAP_ARMED));
	other.count = 1; /* another file, without it */
	tiny_handle(t, &ev);
	assert_true(told(t) & CODE(SYSTEM_LEAP_DISARMED));
	other.count = 2;
	tiny_handle(t, &ev);
	assert_true(told(t) & CODE(SYSTEM_LEAP_ARMED));
	assert_false(codes_until(t, 600) & CODE(SYSTEM_LEAP_EVENT));
	tiny_epoch =
		tstamp_add(tiny_epoch, SPAN_S(-1)); /* the kernel does it */
	assert_true(codes_until(t, 640) & CODE(SYSTEM_LEAP_EVENT));
	tiny_end(t);
	tiny_epoch = epoch;
}

/* Once for each table that is configured, when the clock can tell. */
static void the_end_of_a_table_is_stale_values(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct leap_table other;
	struct event ev = { .kind = EVENT_LEAPS, .leaps.table = &other };
	tstamp epoch = tiny_epoch;

	t->config.leapfile = "leap-seconds.list";
	tiny_server(t, true);
	tiny_epoch = tstamp_from_unix(LEAP, 0);
	t->leaps = (struct leap_table){
		.entries = { { LEAP - INT64_C(200000000), 37 } },
		.count = 1,
		.expires = LEAP + 2000,
	};
	tiny_start(t);
	assert_false(codes_until(t, 1900) & CODE(SYSTEM_LEAP_STALE));
	assert_true(codes_until(t, 4000) & CODE(SYSTEM_LEAP_STALE));
	assert_int_equal(t->notes[NOTE_LEAP_STALE], 1);
	other = t->leaps;
	other.expires = LEAP + 6000; /* another file */
	tiny_handle(t, &ev);
	(void)codes_until(t, 5900);
	assert_int_equal(t->notes[NOTE_LEAP_STALE], 1);
	(void)codes_until(t, 8000);
	assert_int_equal(t->notes[NOTE_LEAP_STALE], 2);
	tiny_end(t);
	tiny_epoch = epoch;
}

/* The last is always told; how many there were, up to 15. */
static void the_counter_stops_at_15(void **state)
{
	(void)state;
	struct events e = { .count = 0 };

	for (unsigned i = 1; i <= 40; i++) {
		events_add(&e, (uint8_t)(1 + i % 15));
		events_add(&e, 0); /* none */
		assert_int_equal(events_bits(&e) >> 4, i < 15 ? i : 15);
		assert_int_equal(events_bits(&e) & 15, 1 + i % 15);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_start_has_restart_and_the_frequency_and_then_sync),
		cmocka_unit_test(
			a_clock_that_jumps_is_a_spike_and_then_stepped),
		cmocka_unit_test(beyond_panic_that_is_the_last_event),
		cmocka_unit_test(a_lost_server_is_no_sys_peer),
		cmocka_unit_test(
			a_leap_second_is_tai_armed_disarmed_or_an_event),
		cmocka_unit_test(the_end_of_a_table_is_stale_values),
		cmocka_unit_test(the_counter_stops_at_15),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
