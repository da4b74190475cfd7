/* SPDX-License-Identifier: BSD-2-Clause */
#include "steering.h"

/* The clock as the kernel runs it: what the adjustments add up to. */
struct clock {
	double phase_s, rate;
	instant at;
};

static void clock_run(struct clock *c, instant to)
{
	c->phase_s += c->rate * span_to_seconds(instant_diff(to, c->at));
	c->at = to;
}

static void clock_apply(struct clock *c, const struct adjustment *adj)
{
	c->rate += adj->freq;
	c->phase_s += adj->step_s;
}

/*
 * Whatever is asked and however late the ticks come: what the clock really
 * did and what is left add up to what was asked.
 */
static void the_books_are_exact(void **state)
{
	(void)state;
	FORALL(2000) {
		struct config c = usual();
		struct discipline d = started(&c, DISCIPLINE_FSET);
		double lateness = exp(uniform(-9, 4)), asked = 0;
		struct clock clock = { 0, discipline_freq(&d), at_s(0) };
		double base_s = 0; /* what the corrected frequency did */
		instant now = at_s(0);

		for (int step = 0; step < 40; step++) {
			struct adjustment adj;

			if (check_rng() % 3 == 0) {
				struct estimate e =
					known(uniform(-1, 1) *
						      exp(uniform(-20, -2.1)),
					      uniform(-1e-5, 1e-5) - d.slew);

				asked = clock.phase_s - base_s + e.offset_s;
				adj = discipline_update(
					&d, &e, exp2(uniform(0, 10)), now);
			} else {
				adj = discipline_tick(&d, now);
			}
			clock_apply(&clock, &adj);
			assert_true(fabs(clock.rate) <=
				    FREQ_MAX + SLEW_MOST + 1e-15);
			assert_true(fabs(clock.phase_s - base_s +
					 discipline_residual_s(&d, now) -
					 asked) < 1e-12);
			double wait_s = uniform(0, lateness) + 0x1p-32;
			instant next = discipline_deadline(&d);

			if (d.slew != 0 && check_rng() % 2 &&
			    instant_diff(next, now).v > 0) {
				wait_s += span_to_seconds(
					instant_diff(next, now));
			}
			next = instant_add(now, span_from_seconds(wait_s));
			base_s += d.base *
				  span_to_seconds(instant_diff(next, now));
			clock_run(&clock, next);
			now = next;
		}
	}
}

static void a_late_tick_takes_back_what_was_too_much(void **state)
{
	(void)state;
	const double lateness[] = { 0, 1e-4, 0.3, 3, 100 };

	for (size_t i = 0; i < ARRAY_LEN(lateness); i++) {
		struct config c = usual();
		struct discipline d = started(&c, DISCIPLINE_FSET);
		struct estimate e = known(0.01, 0);
		instant now = at_s(10);
		int ticks = 0;

		assert_int_equal(discipline_update(&d, &e, 64, now).kind,
				 ADJUST_STEER);
		while (d.slew != 0) {
			now = instant_add(discipline_deadline(&d),
					  span_from_seconds(lateness[i]));
			assert_int_equal(discipline_tick(&d, now).kind,
					 ADJUST_STEER);
			assert_true(++ticks < 40);
		}
		assert_true(fabs(discipline_residual_s(&d, now)) < 1e-9);
		assert_int_equal(discipline_tick(&d, now).kind, ADJUST_NONE);
	}
}

static void an_early_tick_changes_nothing(void **state)
{
	(void)state;
	struct config c = usual();
	struct discipline d = started(&c, DISCIPLINE_FSET);
	struct estimate e = known(0.01, 0);
	struct adjustment adj = discipline_update(&d, &e, 64, at_s(0));
	instant end = discipline_deadline(&d);

	assert_true(adj.freq > 0);
	assert_int_equal(
		discipline_tick(&d, instant_add(end, (span){ -1 })).kind,
		ADJUST_NONE);
	assert_true(fabs(discipline_residual_s(&d, at_s(0)) - 0.01) < 1e-15);
	assert_int_equal(discipline_tick(&d, end).kind, ADJUST_STEER);
	assert_true(discipline_freq(&d) == d.base);
	assert_true(instant_diff(discipline_deadline(&d), end).v >
		    SPAN_S(86400).v);
}

/* Seed-like: -x and five seconds; no nonsense frequency on the way. */
static void five_seconds_are_slewed_over_many_updates(void **state)
{
	(void)state;
	struct config c = usual();
	const double error = 20e-6; /* the clock is slow by it */
	double left_s = 5;
	int updates = 0;

	c.orders.slew_only = true;
	struct discipline d;

	discipline_init(&d, &c, 0, true, at_s(0));
	for (; left_s > 1e-6; updates++) {
		instant now = at_s(64.0 * updates);
		struct estimate e = known(left_s, error - discipline_freq(&d));
		struct adjustment adj = discipline_update(&d, &e, 64, now);

		assert_int_equal(adj.kind, ADJUST_STEER);
		assert_true(fabs(d.base - error) < 1e-7);
		assert_true(fabs(d.slew) <= SLEW_MOST + 1e-15);
		double until_s = span_to_seconds(
			instant_diff(discipline_deadline(&d), now));
		double slewed_s = fmin(until_s, 64);

		left_s -= d.slew * slewed_s + (d.base - error) * 64;
		if (until_s <= 64) {
			assert_int_equal(
				discipline_tick(&d, discipline_deadline(&d))
					.kind,
				ADJUST_STEER);
		}
	}
	/* 5 s at 500 ppm take 10000 s. */
	assert_in_range(updates, 156, 158);
}

static void the_frequency_is_bounded_and_says_so(void **state)
{
	(void)state;
	struct config c = usual();
	struct discipline d;
	struct estimate e = known(0, 800e-6);

	discipline_init(&d, &c, -1, true, at_s(0));
	assert_true(d.base == 0); /* what no crystal needs is a slew's rest */
	assert_int_equal(discipline_update(&d, &e, 64, at_s(0)).kind,
			 ADJUST_STEER);
	assert_true(fabs(discipline_kernel(d.base) - FREQ_MAX) < 1e-12);
	assert_true(fabs(d.cut - 300e-6) < 1e-6);
	/* A slew has room of its own, both ways. */
	for (int sign = -1; sign <= 1; sign += 2) {
		e = known(0.1 * sign, -d.slew);
		assert_int_equal(discipline_update(&d, &e, 64, at_s(64)).kind,
				 ADJUST_STEER);
		assert_true(d.cut == 0 &&
			    fabs(discipline_kernel(d.base) - FREQ_MAX) < 1e-12);
		assert_true(fabs(d.slew - sign * SLEW_MOST) < 1e-12);
	}
}

static void the_limit_of_a_slew_is_configurable(void **state)
{
	(void)state;
	const double limits_ppm[] = { 1, 100, 500, 5000, 90000 };

	for (size_t i = 0; i < ARRAY_LEN(limits_ppm); i++) {
		struct config c = usual();
		struct estimate e = known(-0.1, 0);

		c.tinker.slew_ppm = limits_ppm[i];
		struct discipline d = started(&c, DISCIPLINE_SYNC);

		assert_int_equal(discipline_update(&d, &e, 64, at_s(64)).kind,
				 ADJUST_STEER);
		assert_true(d.slew >= -limits_ppm[i] * 1e-6 * (1 + 1e-12));
		assert_true(fabs(d.slew + fmin(limits_ppm[i] * 1e-6, 0.1 / 8)) <
			    1e-9);
	}
}

static struct discipline cold(struct config *c)
{
	struct discipline d;

	c->tinker.start_slew_ppm = 83333;
	discipline_init(&d, c, 2e-6, false, at_s(0));
	return d;
}

/* A clock that nobody has set yet is brought there in a second or two. */
static void the_first_offset_is_rushed_away_and_no_other(void **state)
{
	(void)state;
	const double offsets_s[] = { 0.127, -0.127, 0.01, -0.003 };

	for (size_t i = 0; i < ARRAY_LEN(offsets_s); i++) {
		struct config c = usual();
		struct discipline d = cold(&c);
		struct estimate e = known(offsets_s[i], 0);
		struct adjustment adj = discipline_update(&d, &e, 2, at_s(2));
		instant end = discipline_deadline(&d);

		assert_int_equal(adj.kind, ADJUST_STEER);
		assert_true(d.rushing && fabs(d.slew) > SLEW_MOST);
		assert_true(fabs(discipline_kernel(d.slew)) <= 83334e-6);
		/* The tick's unit, so that the kernel's word is the base. */
		double ticks = (discipline_kernel(discipline_freq(&d)) -
				discipline_kernel(d.base)) /
			       1e-4;

		assert_true(fabs(ticks - round(ticks)) < 1e-7);
		assert_true(instant_diff(end, at_s(4)).v < 0);
		assert_int_equal(discipline_tick(&d, end).kind, ADJUST_STEER);
		assert_true(!d.rushing && !d.may_rush);
		assert_true(fabs(discipline_residual_s(&d, end)) < 1e-9);
		e = known(0.05, -d.slew);
		assert_int_equal(discipline_update(&d, &e, 2, at_s(8)).kind,
				 ADJUST_STEER);
		assert_true(!d.rushing && fabs(d.slew) <= SLEW_MOST + 1e-12);
	}
}

/* What comes late is taken back, in a hurry only as long as it is far. */
static void a_rush_that_overran_comes_back(void **state)
{
	(void)state;
	FORALL(300) {
		struct config c = usual();
		struct discipline d = cold(&c);
		struct estimate e = known(uniform(-0.12, 0.12), 0);
		double late_s = exp(uniform(-9, 0));
		instant now = at_s(2);
		int ticks = 0;

		assert_int_equal(discipline_update(&d, &e, 2, now).kind,
				 ADJUST_STEER);
		while (d.slew != 0) {
			now = instant_add(discipline_deadline(&d),
					  span_from_seconds(late_s));
			assert_int_equal(discipline_tick(&d, now).kind,
					 ADJUST_STEER);
			assert_true(d.rushing ==
				    (fabs(discipline_residual_s(&d, now)) >=
				     RUSHED_S));
			assert_true(++ticks < 60);
		}
	}
}

static void who_wants_a_gentle_clock_gets_no_rush(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct config c = usual();

		c.orders.slew_only = how == 0;
		c.tinker.step_fwd_s = how == 1 ? 0 : 0.128;
		struct discipline d = cold(&c);

		if (how == 2) {
			c.tinker.start_slew_ppm = 0;
			discipline_init(&d, &c, 0, false, at_s(0));
		}
		if (how == 3) { /* the clock was right when we came */
			struct estimate good = known(9e-4, 0);

			assert_int_equal(
				discipline_update(&d, &good, 2, at_s(0)).kind,
				ADJUST_STEER);
		}
		struct estimate e = known(0.1, -d.slew);

		assert_int_equal(discipline_update(&d, &e, 2, at_s(2)).kind,
				 ADJUST_STEER);
		assert_true(!d.rushing && d.slew <= SLEW_MOST + 1e-12);
	}
}

/* Two packets 2 s apart say 50 ppm; that is their noise. */
static void early_noise_stays_out_of_the_frequency(void **state)
{
	(void)state;
	struct config c = usual();
	struct discipline d = started(&c, DISCIPLINE_NSET);
	struct estimate e = known(1e-3, 5e-5);
	double start = d.base;

	e.freq_sd = 1e-4;
	assert_int_equal(discipline_update(&d, &e, 2, at_s(0)).kind,
			 ADJUST_STEER);
	assert_true(fabs(d.base - start) < 2.1e-6);
	e.freq_sd = 1e-6;
	e.freq = 5e-5 - d.slew;
	assert_int_equal(discipline_update(&d, &e, 2, at_s(2)).kind,
			 ADJUST_STEER);
	assert_true(fabs(d.base - start - 5e-5) < 3e-6);
}

static void nothing_makes_it_diverge(void **state)
{
	(void)state;
	static const double odd[] = { 0,        -0.0,      1e-300, 1e300, NAN,
				      INFINITY, -INFINITY, 0.128,  1000 };

	FORALL(300) {
		struct config c = usual();

		c.orders.slew_only = check_rng() % 2;
		c.tinker.start_slew_ppm = check_rng() % 2 ? 83333 : 0;
		double most = fmax(c.tinker.start_slew_ppm * 1.1e-6, SLEW_MOST);
		c.orders.panic_once = check_rng() % 2;
		c.tinker.step_fwd_s = check_rng() % 3 ? 0.128 : 0;
		struct discipline d = started(&c, DISCIPLINE_NSET);
		double rate = discipline_freq(&d);
		instant now = at_s(0);

		for (int step = 0; step < 100; step++) {
#define ODD odd[check_rng() % ARRAY_LEN(odd)]
			struct estimate e =
				known(uniform(-1, 1), uniform(-1e-3, 1e-3));

			e.offset_s = check_rng() % 3 ? e.offset_s : ODD;
			e.freq = check_rng() % 5 ? e.freq : ODD;
			e.freq_sd = check_rng() % 5 ? e.freq_sd : ODD;
			struct adjustment adj = discipline_update(
				&d, &e, check_rng() % 5 ? 64 : ODD, now);
#undef ODD
			rate += adj.freq;
			assert_true(fabs(rate) <= FREQ_MAX + most + 1e-6);
			assert_true(fabs(adj.step_s) < 0x1p31);
			assert_true(fabs(discipline_residual_s(&d, now)) <
				    0x1p31);
			now = instant_add(
				now, span_from_seconds(exp(uniform(-5, 9))));
			adj = discipline_tick(&d, now);
			rate += adj.freq;
			assert_true(fabs(rate) <= FREQ_MAX + most + 1e-6);
			assert_true(fabs(rate - discipline_freq(&d)) < 1e-12);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_books_are_exact),
		cmocka_unit_test(a_late_tick_takes_back_what_was_too_much),
		cmocka_unit_test(an_early_tick_changes_nothing),
		cmocka_unit_test(five_seconds_are_slewed_over_many_updates),
		cmocka_unit_test(the_frequency_is_bounded_and_says_so),
		cmocka_unit_test(the_limit_of_a_slew_is_configurable),
		cmocka_unit_test(the_first_offset_is_rushed_away_and_no_other),
		cmocka_unit_test(a_rush_that_overran_comes_back),
		cmocka_unit_test(who_wants_a_gentle_clock_gets_no_rush),
		cmocka_unit_test(early_noise_stays_out_of_the_frequency),
		cmocka_unit_test(nothing_makes_it_diverge),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
