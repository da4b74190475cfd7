/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Engines with a table of leap seconds: what they announce, what they tell the
 * kernel, and whom they do not believe.
 */
#include "tiny.h"

static struct tiny world;

static struct tiny *fresh(void)
{
	tiny_config(&world);
	return &world;
}

/* A table in force that has one leap second, so long after the epoch. */
static void leap_after(struct tiny *t, double after_s)
{
	int64_t epoch_s = tstamp_to_unix(tiny_epoch, 0);

	t->leaps = (struct leap_table){
		.entries = { { epoch_s - INT64_C(200000000), 37 },
			     { epoch_s + (int64_t)after_s, 38 } },
		.count = 2,
		.expires = epoch_s + 1000000,
	};
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
	tiny_run(t, 640);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_true(t->status.status.tai_known);
	assert_int_equal(t->status.status.tai, 38);
	assert_int_equal(t->notes[NOTE_LEAP_DISARMED], 1);
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

			tiny_run(t, at_s - 0.5);
			if (t->statuses == before) {
				continue;
			}
			if (at_s == second) {
				inside++;
				assert_false(t->status.status.tai_known);
			} else if (abs(at_s - second) > 1) {
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
	tiny_start(t);
	tiny_run(t, 3000);
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
	t->leaps.expires = tstamp_to_unix(tiny_epoch, 0);
	tiny_start(t);
	tiny_run(t, 100);
	assert_int_equal(t->view.leap, LEAP_DELETE);
	assert_int_equal(t->notes[NOTE_LEAP_VETOED], 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_arms_the_leap_second_and_tells_tai),
		cmocka_unit_test(tai_is_not_told_in_the_second_of_the_leap),
		cmocka_unit_test(the_table_vetoes_what_servers_announce),
		cmocka_unit_test(an_expired_table_has_no_say_in_leap_seconds),
		cmocka_unit_test(without_a_table_tai_is_not_known),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
