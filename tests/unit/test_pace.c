/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When an answer will leave: learned from batches, soon when they get quicker,
 * and not from what happened once.
 */
#include "core/serve/pace.h"

#include "check.h"

#define NS(ns) span_from_ns(ns)
#define BEGUN ((tstamp){ UINT64_C(0xeca0000000000000) })

/* Batches of `count`, all answered, that take so long for each. */
static void see(struct pace *p, unsigned batches, size_t count,
		int64_t making_ns, int64_t sending_ns)
{
	for (unsigned i = 0; i < batches; i++) {
		pace_learn(pace_each(p, count), count,
			   NS(making_ns * (int64_t)count), count,
			   NS(sending_ns * (int64_t)count));
	}
}

static int64_t ahead_ns(struct pace *p, size_t count, size_t before)
{
	return span_to_ns(tstamp_diff(
		pace_departure(pace_each(p, count), BEGUN, count, before),
		BEGUN));
}

static void expect_near(int64_t ns, int64_t wanted, int64_t off)
{
	assert_true(ns >= wanted - off && ns <= wanted + off);
}

static void nothing_is_known_at_first(void **state)
{
	struct pace p = { 0 };

	(void)state;
	for (size_t count = 1; count <= 64; count++) {
		assert_int_equal(ahead_ns(&p, count, count - 1), 0);
	}
}

static void answers_leave_one_after_the_other(void **state)
{
	struct pace p = { 0 };

	(void)state;
	see(&p, 300, 8, 100, 3000);
	for (size_t i = 0; i < 8; i++) {
		int64_t sent = 3000 * (int64_t)i + 1500;

		expect_near(ahead_ns(&p, 8, i), 800 + sent, 200);
	}
}

/* Who sleeps between two requests is slower than who has many to answer. */
static void each_size_of_batch_has_its_own(void **state)
{
	struct pace p = { 0 };

	(void)state;
	see(&p, 400, 1, 500, 12000);
	see(&p, 400, 32, 50, 2000);
	expect_near(ahead_ns(&p, 1, 0), 500 + 6000, 100);
	expect_near(ahead_ns(&p, 32, 31), 1600 + 63000, 300);
	expect_near(ahead_ns(&p, 1000, 0), 51000, 5000);
	assert_int_equal(ahead_ns(&p, 2, 1), 0);
}

static void one_that_was_interrupted_counts_for_little(void **state)
{
	struct pace p = { 0 };

	(void)state;
	see(&p, 300, 8, 100, 3000);
	see(&p, 1, 8, 1000000, 1000000000);
	expect_near(ahead_ns(&p, 8, 7), 800 + 22500, 1700);
}

static void less_is_believed_sooner_than_more(void **state)
{
	struct pace slow = { 0 }, quick;

	(void)state;
	see(&slow, 300, 8, 100, 3000);
	quick = slow;
	see(&slow, 8, 8, 100, 6000);
	see(&quick, 8, 8, 100, 1500);
	assert_true(ahead_ns(&slow, 8, 0) < 800 + 2500);
	assert_true(ahead_ns(&quick, 8, 0) < 800 + 1000);
}

/* Half of the batches take twice as long: more are too early than too late. */
static void who_is_unsure_is_early(void **state)
{
	struct pace p = { 0 };
	int64_t sum = 0;

	(void)state;
	see(&p, 300, 1, 0, 3000);
	FORALL(2000) {
		see(&p, 1, 1, 0, check_rng() % 2 ? 2000 : 4000);
		sum += ahead_ns(&p, 1, 0);
	}
	assert_in_range(sum / 2000, 1050, 1400); /* of 1000 or 2000 */
}

/* The clock is stepped while a batch is under way, or stands still. */
static void whatever_the_clock_does_it_stays_in_its_range(void **state)
{
	struct pace p = { 0 };

	(void)state;
	FORALL(100000) {
		span making = { (int64_t)check_rng() };
		span sending = { (int64_t)check_rng() };
		size_t count = 1 + check_rng() % 64;

		pace_learn(pace_each(&p, count), count, making,
			   check_below(count + 1), sending);
		for (size_t i = 0; i < PACE_SIZES; i++) {
			const struct pace_each *e = &p.each[i];

			assert_in_range(e->making.v, 0, PACE_MOST.v);
			assert_in_range(e->sending.v, 0, PACE_MOST.v);
		}
	}
	see(&p, 1000, 8, 0, 0);
	expect_near(ahead_ns(&p, 8, 7), 0, 20);
	see(&p, 300, 8, 100, 3000);
	expect_near(ahead_ns(&p, 8, 7), 800 + 22500, 200);
}

/* None of a batch is answered: what sending takes stays as it was. */
static void what_is_not_sent_says_nothing_of_sending(void **state)
{
	struct pace p = { 0 };

	(void)state;
	see(&p, 300, 8, 100, 3000);
	for (unsigned i = 0; i < 100; i++) {
		pace_learn(pace_each(&p, 8), 8, NS(1600), 0, NS(0));
	}
	expect_near(ahead_ns(&p, 8, 0), 1600 + 1500, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(answers_leave_one_after_the_other),
		cmocka_unit_test(each_size_of_batch_has_its_own),
		cmocka_unit_test(one_that_was_interrupted_counts_for_little),
		cmocka_unit_test(less_is_believed_sooner_than_more),
		cmocka_unit_test(who_is_unsure_is_early),
		cmocka_unit_test(whatever_the_clock_does_it_stays_in_its_range),
		cmocka_unit_test(what_is_not_sent_says_nothing_of_sending),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
