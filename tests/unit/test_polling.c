/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The schedule of one server: never faster than its limits, obedient to
 * kisses, quick after a start, and longer only while nothing is to be learnt.
 */
#include "check.h"
#include "core/source/polling.h"

#define CALM ((struct outlook){ .sd_longer_s = 1e-7, .noise_s = 1e-4 })

static struct rng luck;
static struct source_config config;
static struct polling polling;
static instant now;

static struct polling *fresh(bool iburst, bool burst)
{
	rng_init_number(&luck, check_rng());
	config = (struct source_config){
		.minpoll = 6, .maxpoll = 10, .iburst = iburst, .burst = burst
	};
	polling_init(&polling, &config);
	now = (instant){ INT64_C(1000) << 32 };
	polling_restart(&polling, &luck, now);
	return &polling;
}

/* Waits until it is due and asks; the seconds that passed. */
static double ask(void)
{
	instant before = polling.last;

	now = polling.due;
	(void)polling_asked(&polling, &luck, now);
	return span_to_seconds(instant_diff(now, before));
}

static void a_start_asks_within_a_fraction_of_a_second(void **state)
{
	(void)state;
	struct polling *p = fresh(true, false);
	span wait = instant_diff(p->due, now);

	assert_in_range(wait.v, 0, SPAN_MS(500).v);
}

/* Quick for the offset, then ever farther apart for the frequency. */
static void an_answered_start_is_eight_requests(void **state)
{
	static const double gaps_s[] = { 2, 2, 2, 2, 4, 8, 16 };

	(void)state;
	struct polling *p = fresh(true, false);

	(void)ask();
	assert_true(polling_good(p, &luck));
	for (size_t i = 0; i < ARRAY_LEN(gaps_s); i++) {
		double waited = ask();

		assert_true(waited >= gaps_s[i] && waited < 1.05 * gaps_s[i]);
		assert_false(polling_good(p, &luck));
	}
	assert_int_equal(p->reach, 1);
	assert_true(ask() >= 64);
	assert_int_equal(p->reach, 2);
}

/* seed-checklist 56 */
static void without_iburst_it_is_four(void **state)
{
	(void)state;
	struct polling *p = fresh(false, false);

	(void)ask();
	(void)polling_good(p, &luck);
	for (int i = 1; i < 4; i++) {
		assert_true(ask() < 2.1);
		(void)polling_good(p, &luck);
	}
	assert_true(ask() >= 64);
}

static void silence_is_asked_less_and_less(void **state)
{
	(void)state;
	static const double waits[] = { 2, 2, 2, 8, 16, 32, 64, 64, 64 };

	(void)fresh(true, false);
	(void)ask();
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		double waited = ask();

		assert_true(waited >= waits[i] && waited <= waits[i] * 1.04);
	}
	for (int i = 0; i < 20; i++) {
		(void)ask();
	}
	assert_int_equal(polling_now(&polling), 10);
	assert_true(ask() >= 1024);
}

static void eight_missed_polls_make_it_unreachable_once(void **state)
{
	(void)state;
	struct polling *p = fresh(false, false);
	int lost = 0;

	for (int i = 0; i < 4; i++) {
		now = p->due;
		assert_false(polling_asked(p, &luck, now));
		(void)polling_good(p, &luck);
	}
	for (int i = 0; i < 20; i++) {
		now = p->due;
		lost += polling_asked(p, &luck, now);
		assert_int_equal(p->reach == 0, lost == 1);
		assert_int_equal(lost == 1, i >= 7);
	}
	assert_true(polling_good(p, &luck));
	assert_int_equal(p->unreach, 0);
	assert_int_equal(polling_now(p), 6);
}

static void burst_sends_eight_each_poll_while_reachable(void **state)
{
	(void)state;
	struct polling *p = fresh(true, true);

	for (int i = 0; i < 8; i++) {
		(void)ask();
		(void)polling_good(p, &luck);
	}
	for (int poll = 0; poll < 3; poll++) {
		assert_true(ask() >= 64);
		(void)polling_good(p, &luck);
		for (int i = 1; i < 8; i++) {
			assert_true(ask() < 2.1);
			(void)polling_good(p, &luck);
		}
	}
}

/* SECURITY.md B2 */
static void a_rate_kiss_is_obeyed_and_forgotten_in_time(void **state)
{
	(void)state;
	struct polling *p = fresh(true, false);
	double before;

	for (int i = 0; i < 9; i++) {
		before = ask();
		(void)polling_good(p, &luck);
	}
	(void)ask();
	polling_rate(p, &luck);
	assert_int_equal(polling_now(p), 7);
	assert_int_equal(p->min, 6);
	for (int i = 0; i < 8; i++) {
		double waited = ask();

		assert_true(waited >= 128 && waited <= 2.1 * before);
		(void)polling_good(p, &luck);
		assert_int_equal(polling_now(p), 7);
	}
	for (int i = 0; i < 32; i++) {
		(void)ask();
		(void)polling_good(p, &luck);
	}
	assert_int_equal(polling_now(p), 6);
}

/* SECURITY.md B2: however many come, maxpoll is the end. */
static void rate_kisses_never_freeze_it(void **state)
{
	(void)state;
	struct polling *p = fresh(true, false);

	for (int i = 0; i < 100; i++) {
		assert_true(ask() <= 1024 * 1.04 || i == 0);
		polling_rate(p, &luck);
		assert_int_equal(p->left, 0);
	}
	assert_int_equal(polling_now(p), 10);
}

/* SECURITY.md B3 */
static void three_denials_slow_it_down_and_one_answer_restores(void **state)
{
	(void)state;
	struct polling *p = fresh(true, false);

	for (int i = 1; i <= 3; i++) {
		(void)ask();
		assert_int_equal(polling_denied(p, &luck), i == 3);
		assert_int_equal(polling_is_denied(p), i == 3);
	}
	for (int i = 0; i < 97; i++) {
		double waited = ask();

		assert_true(waited >= 4096 && waited < 4096 * 1.04);
		assert_false(polling_denied(p, &luck));
	}
	(void)ask();
	(void)polling_good(p, &luck);
	assert_false(polling_is_denied(p));
	assert_true(ask() < 2.1); /* a few more: it is new to us again */
}

/* seed-checklist 57 */
static void unsynchronised_is_asked_again_in_eight_seconds(void **state)
{
	(void)state;
	struct polling *p = fresh(true, false);

	(void)ask();
	for (int i = 0; i < 16; i++) {
		double waited;

		polling_unsynchronised(p);
		waited = ask();
		assert_true(waited >= 8 && waited < 8.5);
	}
	for (int i = 0; i < 20; i++) {
		polling_unsynchronised(p);
		(void)ask();
	}
	polling_unsynchronised(p);
	assert_true(ask() >= 64);
	/* B2: nor is a RATE forgotten for it. */
	p = fresh(true, false);
	(void)ask();
	polling_rate(p, &luck);
	polling_unsynchronised(p);
	assert_true(ask() >= 128);
}

static void adapt(const struct outlook *o)
{
	polling_adapt(&polling, o, &luck);
}

static void the_poll_grows_while_nothing_is_to_be_learnt(void **state)
{
	(void)state;
	struct polling *p = fresh(false, false);

	p->left = 0;
	for (int i = 0; i < 4 * 4; i++) {
		assert_int_equal(polling_now(p), 6 + i / 4);
		adapt(&CALM);
	}
	for (int i = 0; i < 100; i++) {
		adapt(&CALM);
	}
	assert_int_equal(polling_now(p), 10);
	adapt(&(struct outlook){
		.noise_s = 1e-4, .sd_s = 1e-3, .sd_longer_s = 1e-3 });
	assert_int_equal(polling_now(p), 9);
	adapt(&(struct outlook){ .surprise = true });
	assert_int_equal(polling_now(p), 6);
}

static void it_stays_while_one_exchange_would_tell_as_much(void **state)
{
	(void)state;
	struct polling *p = fresh(false, false);

	p->left = 0;
	for (int i = 0; i < 100; i++) {
		adapt(&(struct outlook){ .noise_s = 1e-4,
					 .sd_s = 0.9e-4,
					 .sd_longer_s = 1.1e-4 });
	}
	assert_int_equal(polling_now(p), 6);
}

/* Asked, answered, and now every poll is as long as can be. */
static struct polling *settled(void)
{
	struct polling *p = fresh(false, false);

	for (int i = 0; i < 4; i++) {
		(void)ask();
		(void)polling_good(p, &luck);
	}
	for (int i = 0; i < 100; i++) {
		adapt(&CALM);
	}
	(void)ask();
	(void)polling_good(p, &luck);
	return p;
}

/* Not only after the poll that is under way. */
static void a_surprise_is_looked_into_at_once(void **state)
{
	(void)state;
	FORALL(50) {
		struct polling *p = settled();
		double waited;

		assert_int_equal(polling_now(p), 10);
		adapt(&(struct outlook){ .surprise = true });
		waited = ask();
		assert_true(waited >= 64 && waited <= 64 * 1.04);
	}
}

static void the_surprise_of_another_is_looked_into_once(void **state)
{
	(void)state;
	struct polling *p = settled();
	double waited;

	polling_hurry(p, &luck);
	polling_hurry(p, &luck);
	waited = ask();
	assert_true(waited >= 64 && waited <= 64 * 1.04);
	assert_int_equal(polling_now(p), 10);
	for (int i = 0; i < 7; i++) {
		(void)polling_good(p, &luck);
		polling_hurry(p, &luck); /* it may be another's habit */
		assert_true(ask() >= 1024);
	}
	(void)polling_good(p, &luck);
	polling_hurry(p, &luck);
	assert_true(ask() < 64 * 1.04);
}

/* SECURITY.md B2 */
static void whoever_asked_us_to_slow_down_is_not_hurried(void **state)
{
	(void)state;
	struct polling *p = settled();

	polling_rate(p, &luck);
	polling_rate(p, &luck);
	adapt(&(struct outlook){ .surprise = true });
	assert_true(instant_diff(p->due, p->last).v >=
		    SPAN_S(64 << p->raised).v);
	p = settled();
	for (int i = 0; i < 2 * POLLING_DENIALS; i++) {
		(void)polling_denied(p, &luck);
	}
	instant due = p->due;

	polling_hurry(p, &luck);
	assert_int_equal(p->due.v, due.v);
}

/* Whatever happens in whatever order. */
static void it_is_never_faster_than_two_seconds(void **state)
{
	(void)state;
	FORALL(200) {
		struct polling *p = fresh(check_rng() & 1, check_rng() & 1);

		for (int i = 0; i < 200; i++) {
			double waited = ask();

			assert_true(i == 0 || waited >= 2);
			assert_in_range(polling_now(p), 6, 12);
			switch (check_rng() % 10) {
			case 0:
			case 1:
				(void)polling_good(p, &luck);
				break;
			case 2:
				polling_rate(p, &luck);
				break;
			case 3:
				(void)polling_denied(p, &luck);
				break;
			case 4:
				polling_unsynchronised(p);
				break;
			case 5:
				polling_restart(p, &luck, now);
				break;
			case 6:
				adapt(&CALM);
				break;
			case 7:
				adapt(&(struct outlook){ .surprise = true });
				break;
			case 8:
				polling_hurry(p, &luck);
				break;
			default:
				break;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_asks_within_a_fraction_of_a_second),
		cmocka_unit_test(an_answered_start_is_eight_requests),
		cmocka_unit_test(without_iburst_it_is_four),
		cmocka_unit_test(silence_is_asked_less_and_less),
		cmocka_unit_test(eight_missed_polls_make_it_unreachable_once),
		cmocka_unit_test(burst_sends_eight_each_poll_while_reachable),
		cmocka_unit_test(a_rate_kiss_is_obeyed_and_forgotten_in_time),
		cmocka_unit_test(rate_kisses_never_freeze_it),
		cmocka_unit_test(
			three_denials_slow_it_down_and_one_answer_restores),
		cmocka_unit_test(
			unsynchronised_is_asked_again_in_eight_seconds),
		cmocka_unit_test(the_poll_grows_while_nothing_is_to_be_learnt),
		cmocka_unit_test(
			it_stays_while_one_exchange_would_tell_as_much),
		cmocka_unit_test(a_surprise_is_looked_into_at_once),
		cmocka_unit_test(the_surprise_of_another_is_looked_into_once),
		cmocka_unit_test(whoever_asked_us_to_slow_down_is_not_hurried),
		cmocka_unit_test(it_is_never_faster_than_two_seconds),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
