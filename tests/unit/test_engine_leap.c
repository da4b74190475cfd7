/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Engines with a table of leap seconds: what they announce, what they tell the
 * kernel, and whom they do not believe.
 */
#include "tiny.h"

static struct tiny world;

#define JULY INT64_C(1719792000)    /* 2024, since 1970 */
#define MARCH INT64_C(1709251200)   /* likewise */
#define JANUARY INT64_C(1735689600) /* of 2025 */

static struct tiny *fresh(void)
{
	tiny_config(&world);
	return &world;
}

/* The world begins so long before this moment. */
static void begin_before(int64_t unix_s, double before_s)
{
	tiny_epoch = tstamp_add(tstamp_from_unix(unix_s, 0),
				span_from_seconds(-before_s));
}

/* A table in force that has one leap second, so long after the epoch. */
static void leap_after(struct tiny *t, double after_s)
{
	begin_before(JULY, after_s);
	t->leaps = (struct leap_table){
		.entries = { { JULY - INT64_C(200000000), 37 }, { JULY, 38 } },
		.count = 2,
		.expires = JULY + 1000000,
	};
}

/* All servers announce one at the end of the first 100 s. */
static struct tiny *voters(unsigned count, int64_t end)
{
	struct tiny *t = fresh();

	for (unsigned i = 0; i < count; i++) {
		tiny_server(t, true)->leap = LEAP_INSERT;
	}
	begin_before(end, 100);
	return t;
}

/* The truth inserts a second then, and so does this machine's kernel. */
static void leap_at(struct tiny *t, double s)
{
	tiny_run(t, s);
	tiny_epoch = tstamp_add(tiny_epoch, SPAN_S(-1));
}

static void the_table_arms_the_leap_second_and_tells_tai(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	leap_after(t, 600);
	tiny_start(t);
	tiny_run(t, 0.001);
	assert_int_equal(t->notes[NOTE_TAI], 1);
	assert_false(t->status.status.tai_known); /* nor what time it is */
	tiny_run(t, 300);
	assert_int_equal(t->view.leap, LEAP_INSERT);
	assert_int_equal(t->status.status.leap, LEAP_INSERT);
	assert_true(t->status.status.tai_known);
	assert_int_equal(t->status.status.tai, 37);
	assert_int_equal(t->notes[NOTE_LEAP_ARMED], 1);
	leap_at(t, 600);
	tiny_run(t, 640);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->status.status.leap, LEAP_NONE);
	assert_true(t->status.status.tai_known);
	assert_int_equal(t->status.status.tai, 38);
	assert_int_equal(t->notes[NOTE_LEAP_EVENT], 1);
	assert_int_equal(t->notes[NOTE_LEAP_DISARMED], 0);
	assert_int_equal(t->notes[NOTE_FOREIGN_STEP], 0);
	assert_int_equal(t->steps, 0);
	tiny_check_bound(t);
	tiny_end(t);
}

/* The kernel may be in the second that there is twice. */
static void tai_is_not_told_in_the_second_of_the_leap(void **state)
{
	(void)state;
	unsigned inside = 0;

	for (int second = 600; second < 800; second++) {
		struct tiny *t = fresh();

		tiny_server(t, true);
		leap_after(t, second);
		tiny_start(t);
		for (int at_s = second - 40; at_s < second + 20; at_s++) {
			unsigned before = t->statuses;

			if (at_s == second + 1) {
				leap_at(t, second);
			}
			tiny_run(t, at_s - 0.5);
			if (t->statuses == before) {
				continue;
			}
			if (at_s == second) {
				inside++;
				assert_false(t->status.status.tai_known);
			} else if (abs(at_s - second) > 2) {
				assert_true(t->status.status.tai_known);
			}
		}
		tiny_end(t);
	}
	assert_true(inside > 0);
}

/* E12: an unexpired table without a leap second, and all announce one. */
static void the_table_vetoes_what_servers_announce(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	for (int i = 0; i < 5; i++) {
		tiny_server(t, true)->leap = LEAP_INSERT;
	}
	leap_after(t, -100000);
	begin_before(JANUARY, 3000);
	t->leaps.expires = JANUARY + 1000000;
	tiny_start(t);
	tiny_run(t, 2900);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->status.status.leap, LEAP_NONE);
	assert_int_equal(t->notes[NOTE_LEAP_ARMED], 0);
	assert_int_equal(t->notes[NOTE_LEAP_VETOED], 1);
	assert_int_equal(t->status.status.tai, 38);
	tiny_end(t);
}

/* Its leap second is none any more, its TAI is the best that is known. */
static void an_expired_table_has_no_say_in_leap_seconds(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	for (int i = 0; i < 3; i++) {
		tiny_server(t, true)->leap = LEAP_DELETE;
	}
	leap_after(t, 6000);
	t->leaps.expires = JULY - 6000;
	tiny_start(t);
	tiny_run(t, 100);
	assert_int_equal(t->view.leap, LEAP_DELETE);
	assert_int_equal(t->notes[NOTE_LEAP_VETOED], 0);
	assert_int_equal(t->notes[NOTE_LEAP_STALE], 0); /* nobody chose it */
	assert_true(t->status.status.tai_known);
	assert_int_equal(t->status.status.tai, 37);
	t->servers[0].leap = t->servers[1].leap = LEAP_NONE;
	tiny_run(t, 3000);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

static void without_a_table_tai_is_not_known(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	tiny_start(t);
	tiny_run(t, 100);
	assert_true(t->status.status.synchronised);
	assert_false(t->status.status.tai_known);
	assert_int_equal(t->notes[NOTE_TAI], 0);
	tiny_end(t);
}

/* E12: the calendar knows when one may be. */
static void nobody_can_vote_for_a_leap_second_in_march(void **state)
{
	(void)state;
	static const struct {
		int64_t end;
		double early_s;
		enum leap leap;
	} table[] = {
		{ JULY, 0, LEAP_INSERT },    { JANUARY, 0, LEAP_INSERT },
		{ MARCH, 0, LEAP_NONE },     { JULY, 86400, LEAP_NONE },
		{ JULY, -86400, LEAP_NONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tiny *t = voters(5, table[i].end);

		begin_before(table[i].end, 100 + table[i].early_s);
		tiny_start(t);
		tiny_run(t, 50);
		assert_true(t->status.status.synchronised);
		assert_int_equal(t->view.leap, table[i].leap);
		assert_int_equal(t->status.status.leap, table[i].leap);
		tiny_end(t);
	}
}

/* E12: a strict majority of all that could be followed. */
static void a_strict_majority_is_needed(void **state)
{
	(void)state;

	for (unsigned count = 1; count <= 6; count++) {
		for (unsigned quiet = 0; quiet <= count; quiet++) {
			struct tiny *t = voters(count, JULY);
			enum leap leap = 2 * (count - quiet) > count
						 ? LEAP_INSERT
						 : LEAP_NONE;

			for (unsigned i = 0; i < quiet; i++) {
				t->servers[i].leap = LEAP_NONE;
			}
			tiny_start(t);
			tiny_run(t, 50);
			assert_int_equal(t->view.leap, leap);
			tiny_end(t);
		}
	}
}

/* E12: once in half a year, though all announce the next one. */
static void one_that_was_is_not_voted_again(void **state)
{
	(void)state;
	struct tiny *t = voters(3, JULY);

	tiny_start(t);
	leap_at(t, 100);
	tiny_run(t, 200);
	assert_int_equal(t->notes[NOTE_LEAP_EVENT], 1);
	/* By a stroke of magic it is June again. */
	tiny_epoch = tstamp_add(tiny_epoch, SPAN_S(-250));
	tiny_run(t, 300);
	tiny_run(t, 500);
	assert_int_equal(t->notes[NOTE_LEAP_EVENT], 1);
	assert_int_equal(t->notes[NOTE_LEAP_ARMED], 1);
	tiny_end(t);
}

/* A jump by a second that no leap second explains is a stranger's. */
static void only_at_midnight_a_second_is_a_leap_second(void **state)
{
	(void)state;
	static const double moments_s[] = { 60, 80, 110 };

	for (size_t i = 0; i < ARRAY_LEN(moments_s); i++) {
		struct tiny *t = voters(3, JULY);

		tiny_start(t);
		tiny_run(t, fmin(moments_s[i], 99));
		if (moments_s[i] > 100) {
			leap_at(t, 100);
			tiny_run(t, moments_s[i]);
		}
		t->error_s -= 1;
		tiny_run(t, moments_s[i] + 16);
		assert_int_equal(t->notes[NOTE_FOREIGN_STEP], 1);
		tiny_end(t);
	}
}

/* Somebody else keeps the clock and does not leap: it is a second off. */
static void a_clock_of_others_may_miss_it(void **state)
{
	(void)state;
	struct tiny *t = voters(3, JULY);

	t->config.orders.no_clock = true;
	tiny_start(t);
	tiny_run(t, 100);
	assert_int_equal(t->view.leap, LEAP_INSERT);
	tiny_epoch = tstamp_add(tiny_epoch, SPAN_S(-1));
	t->error_s += 1;
	for (int s = 101; s < 3000; s++) {
		tiny_run(t, s);
		if (s > 106) {
			tiny_check_bound(t);
		}
	}
	assert_int_equal(t->steps, 0);
	assert_int_equal(t->notes[NOTE_LEAP_SLEWED], 1);
	tiny_end(t);
}

/* Told by the kernel's status that it was armed, and it did nothing. */
static void a_kernel_that_does_not_leap_is_stepped(void **state)
{
	(void)state;
	struct tiny *t = voters(3, JULY);

	tiny_start(t);
	tiny_run(t, 100);
	assert_int_equal(t->status.status.leap, LEAP_INSERT);
	tiny_epoch = tstamp_add(tiny_epoch, SPAN_S(-1));
	t->error_s += 1;
	tiny_run(t, 102);
	assert_int_equal(t->steps, 1);
	assert_true(fabs(t->step_s + 1) < 1e-9);
	assert_true(fabs(t->error_s) < 1e-3);
	assert_int_equal(t->notes[NOTE_LEAP_STEPPED], 1);
	assert_int_equal(t->notes[NOTE_LEAP_EVENT], 1);
	tiny_run(t, 300);
	assert_int_equal(t->steps, 1);
	tiny_end(t);
}

/* A file that has changed while we run. */
static void another_table_is_heard_at_once(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct leap_table other;
	struct event ev = { .kind = EVENT_LEAPS, .leaps.table = &other };

	tiny_server(t, true);
	leap_after(t, 6000);
	other = t->leaps;
	t->leaps.count = 1;
	tiny_start(t);
	tiny_run(t, 100);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_handle(t, &ev);
	assert_int_equal(t->view.leap, LEAP_INSERT);
	assert_int_equal(t->status.status.leap, LEAP_INSERT);
	assert_int_equal(t->notes[NOTE_TAI], 2);
	other.count = 1;
	tiny_handle(t, &ev);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->status.status.leap, LEAP_NONE);
	assert_int_equal(t->notes[NOTE_LEAP_DISARMED], 1);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_arms_the_leap_second_and_tells_tai),
		cmocka_unit_test(tai_is_not_told_in_the_second_of_the_leap),
		cmocka_unit_test(the_table_vetoes_what_servers_announce),
		cmocka_unit_test(an_expired_table_has_no_say_in_leap_seconds),
		cmocka_unit_test(without_a_table_tai_is_not_known),
		cmocka_unit_test(nobody_can_vote_for_a_leap_second_in_march),
		cmocka_unit_test(a_strict_majority_is_needed),
		cmocka_unit_test(one_that_was_is_not_voted_again),
		cmocka_unit_test(only_at_midnight_a_second_is_a_leap_second),
		cmocka_unit_test(a_clock_of_others_may_miss_it),
		cmocka_unit_test(another_table_is_heard_at_once),
		cmocka_unit_test(a_kernel_that_does_not_leap_is_stepped),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
