/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What else there is at our clock: strangers who set its rate or slew it, and
 * sleep (SECURITY.md E17).
 */
#include "tiny.h"

static struct tiny world;

/* An engine that has followed a server for a while. */
static struct tiny *settled(void)
{
	struct tiny *t = &world;

	tiny_config(t);
	tiny_server(t, true);
	t->machine.rate_known = t->machine.bent_known = true;
	t->error_s = 0.03; /* rushed away, which is nobody's doing */
	tiny_start(t);
	tiny_run(t, 1000);
	assert_true(fabs(t->error_s) < 1e-3);
	assert_int_equal(t->notes[NOTE_FOREIGN_RATE], 0);
	assert_int_equal(t->notes[NOTE_FOREIGN_SLEW], 0);
	return t;
}

static unsigned about_strangers(const struct tiny *t)
{
	return t->notes[NOTE_FOREIGN_RATE] + t->notes[NOTE_FOREIGN_KEEPER] +
	       t->notes[NOTE_FOREIGN_SLEW] + t->notes[NOTE_FOREIGN_STEP];
}

static void roundings_and_late_words_are_no_stranger(void **state)
{
	(void)state;
	struct tiny *t = settled();

	for (int i = 0; i < 200; i++) {
		t->machine.rate = (i % 2 ? 1 : -1) * 8e-12; /* 2^-17 ppm */
		t->bent_s += (i % 3 - 1) * 1e-5;
		tiny_run(t, 1000 + 20 * i);
	}
	assert_int_equal(about_strangers(t), 0);
	tiny_end(t);
}

static void a_rate_is_set_back_and_what_it_did_is_known(void **state)
{
	(void)state;
	for (int known = 0; known <= 1; known++) {
		struct tiny *t = settled();
		unsigned steers = t->steers;
		double was = t->freq;

		t->machine.bent_known = known;
		tiny_run(t, 1040);
		assert_int_equal(about_strangers(t), 0);
		t->freq = 300e-6;
		tiny_run(t, 1060);
		assert_int_equal(t->notes[NOTE_FOREIGN_RATE], 1);
		assert_int_equal(about_strangers(t), 1);
		assert_true(t->steers > steers);
		tiny_run(t, 1200);
		assert_true(fabs(t->freq - was) < 5e-6);
		assert_true(fabs(t->error_s) < 1e-3);
		assert_int_equal(t->view.leap, LEAP_NONE);
		tiny_check_bound(t);
		/* It need not be measured anew when it is known. */
		assert_true(known || t->servers[0].asked > 8);
		tiny_end(t);
	}
}

/* A rate that no crystal needs is not ours when the hour is over. */
static void what_a_stranger_leaves_is_kept_within_bounds(void **state)
{
	(void)state;
	struct tiny *t = settled();

	for (int i = 0; i < 10; i++) {
		t->freq = -0.05 - i * 1e-3;
		tiny_run(t, 1020 + 20 * i);
	}
	assert_int_equal(t->notes[NOTE_FOREIGN_KEEPER], 1);
	assert_true(t->freq < -0.05);
	tiny_run(t, 1200 + 3600 + 60);
	assert_true(fabs(discipline_kernel(t->freq)) < 500.001e-6);
	tiny_end(t);
}

static void who_insists_is_left_alone_for_an_hour(void **state)
{
	(void)state;
	struct tiny *t = settled();

	for (int i = 0; i < 60; i++) {
		t->freq = 10e-6 + i * 1e-7;
		tiny_run(t, 1020 + 20 * i);
	}
	assert_int_equal(t->notes[NOTE_FOREIGN_RATE], 5);
	assert_int_equal(t->notes[NOTE_FOREIGN_KEEPER], 1);
	unsigned steers = t->steers, saves = t->saves;

	tiny_run(t, 1300 + 3200);
	assert_int_equal(t->steers, steers);
	assert_int_equal(t->saves, saves);
	tiny_run(t, 2300 + 3600 + 2000);
	assert_true(t->steers > steers);
	assert_true(fabs(t->error_s) < 1e-3);
	assert_int_equal(t->steps, 0);
	tiny_check_bound(t);
	tiny_end(t);
}

static void a_slew_is_noted_once_and_taken_back(void **state)
{
	(void)state;
	struct tiny *t = settled();

	for (int s = 0; s < 40; s++) {
		t->bent_s += 5e-4;
		t->error_s += 5e-4;
		tiny_run(t, 1001 + s);
	}
	tiny_run(t, 1060);
	assert_int_equal(t->notes[NOTE_FOREIGN_SLEW], 1);
	assert_int_equal(about_strangers(t), 1);
	tiny_run(t, 1200);
	assert_true(fabs(t->error_s) < 1e-3);
	assert_int_equal(t->steps, 0);
	tiny_end(t);
}

/* The monotonic clock stands still, the other goes on. */
static void sleep(struct tiny *t, double slept_s, double wrong_s)
{
	t->machine.asleep.v += span_from_seconds(slept_s).v;
	t->error_s += wrong_s;
	t->slept_s += slept_s;
}

static void after_sleep_it_is_stepped_and_served_in_seconds(void **state)
{
	(void)state;
	struct tiny *t = settled();
	unsigned asked = t->servers[0].asked;

	sleep(t, 30000, 0.8);
	tiny_run(t, 1030);
	assert_int_equal(t->notes[NOTE_SUSPENDED], 1);
	assert_int_equal(about_strangers(t), 0);
	assert_int_equal(t->steps, 1);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_true(fabs(t->error_s) < 1e-3);
	assert_in_range(t->servers[0].asked - asked, 2, 10);
	/* What -g forgives is not forgiven again. */
	sleep(t, 30000, 5000);
	tiny_run(t, 1100);
	assert_true(t->exited && t->code == 255);
	tiny_end(t);
}

static void naps_cause_no_bursts(void **state)
{
	(void)state;
	struct tiny *t = settled();
	unsigned asked = t->servers[0].asked;

	for (int i = 0; i < 100; i++) {
		sleep(t, 100, 0);
		tiny_run(t, 1000 + 5 * (i + 1));
	}
	assert_true(t->servers[0].asked - asked <= 60);
	tiny_run(t, 1700);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roundings_and_late_words_are_no_stranger),
		cmocka_unit_test(a_rate_is_set_back_and_what_it_did_is_known),
		cmocka_unit_test(who_insists_is_left_alone_for_an_hour),
		cmocka_unit_test(what_a_stranger_leaves_is_kept_within_bounds),
		cmocka_unit_test(a_slew_is_noted_once_and_taken_back),
		cmocka_unit_test(
			after_sleep_it_is_stepped_and_served_in_seconds),
		cmocka_unit_test(naps_cause_no_bursts),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
