/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"
#include "sim/dice.h"
#include "sim/vclock.h"

#include <math.h>

static const tstamp date = { UINT64_C(0xed00000000000000) };

static struct rng fresh_rng(void)
{
	struct rng r;

	rng_init_number(&r, check_rng());
	return r;
}

static struct oscillator any_oscillator(struct rng *r)
{
	return (struct oscillator){
		.offset_s = dice_between(r, -1000, 1000),
		.freq = dice_between(r, -500e-6, 500e-6),
		.wander = dice_log_between(r, 1e-11, 1e-6),
		.temperature = dice_log_between(r, 1e-9, 1e-5),
		.temperature_s = dice_between(r, 100, 1e5),
	};
}

static double wall_error_s(const struct vclock *c, moment now)
{
	tstamp truth = tstamp_add(date, (span){ now.v });

	return span_to_seconds(tstamp_diff(vclock_wall(c, now), truth));
}

/* Does something that bends or moves the clock. */
static void meddle(struct vclock *c, struct rng *r, moment now)
{
	switch (rng_below(r, 4)) {
	case 0:
		vclock_steer(c, now, dice_between(r, -500e-6, 500e-6));
		break;
	case 1:
		vclock_step(c, span_from_seconds(dice_between(r, -10, 10)));
		break;
	case 2:
		vclock_slew(c, now,
			    span_from_seconds(dice_between(r, -.1, .1)));
		break;
	default:
		vclock_freq_step(c, now, dice_between(r, -1e-5, 1e-5));
		break;
	}
}

static void true_and_local_time_convert_both_ways(void **state)
{
	(void)state;
	FORALL(200) {
		struct rng r = fresh_rng();
		struct oscillator kind = any_oscillator(&r);
		struct vclock c;
		moment now = { 0 };

		vclock_init(&c, &kind, check_rng(), now, date);
		for (int i = 0; i < 200; i++) {
			double s = dice_log_between(&r, 1e-6, 100);

			now = moment_add(now, span_from_seconds(s));
			vclock_advance(&c, now);
			instant mono = vclock_mono(&c, now);
			moment back = vclock_when(&c, mono);

			/* The first moment that shows it: a slow clock shows
			   one reading for several. */
			assert_true(back.v <= now.v && now.v - back.v <= 1);
			assert_int_equal(vclock_mono(&c, back).v, mono.v);
			assert_true(vclock_mono(&c, (moment){ back.v - 1 }).v <
				    mono.v);
			meddle(&c, &r, now);
		}
	}
}

static void reading_changes_nothing(void **state)
{
	(void)state;
	FORALL(100) {
		struct rng r = fresh_rng();
		struct oscillator kind = any_oscillator(&r);
		struct vclock often, once;
		uint64_t seed = check_rng();
		moment end = moment_at_s(5000);

		kind.stamp_noise_s = 1e-6;
		vclock_init(&often, &kind, seed, (moment){ 0 }, date);
		vclock_init(&once, &kind, seed, (moment){ 0 }, date);
		for (moment now = { 0 }; moment_before(now, end);) {
			double s = dice_between(&r, 0.1, 50);

			vclock_advance(&often, now);
			(void)vclock_read(&often, now);
			(void)vclock_stamp_delay(&often);
			now = moment_add(now, span_from_seconds(s));
		}
		vclock_advance(&often, end);
		vclock_advance(&once, end);
		assert_int_equal(vclock_wall(&often, end).v,
				 vclock_wall(&once, end).v);
		assert_int_equal(vclock_mono(&often, end).v,
				 vclock_mono(&once, end).v);
	}
}

static void the_monotonic_clock_never_goes_back_nor_jumps(void **state)
{
	(void)state;
	FORALL(100) {
		struct rng r = fresh_rng();
		struct oscillator kind = any_oscillator(&r);
		struct vclock c;
		moment now = { 0 };

		vclock_init(&c, &kind, check_rng(), now, date);
		for (int i = 0; i < 300; i++) {
			double s = dice_between(&r, 0, 20);
			instant before = vclock_mono(&c, now);
			double shown_s;

			meddle(&c, &r, now);
			assert_int_equal(vclock_mono(&c, now).v, before.v);
			now = moment_add(now, span_from_seconds(s));
			vclock_advance(&c, now);
			shown_s = span_to_seconds(
				instant_diff(vclock_mono(&c, now), before));
			assert_true(fabs(shown_s - s) <= 5e-3 * s + 1e-9);
		}
	}
}

static void steering_cancels_a_constant_error(void **state)
{
	(void)state;
	struct oscillator kind = { .offset_s = 0.25, .freq = 50e-6 };
	struct vclock c;
	moment hour = moment_at_s(3600), two = moment_at_s(7200);

	vclock_init(&c, &kind, 1, (moment){ 0 }, date);
	vclock_advance(&c, hour);
	assert_true(fabs(wall_error_s(&c, hour) - 0.43) < 1e-6);
	vclock_steer(&c, hour, 1 / (1 + 50e-6) - 1);
	vclock_step(&c, span_from_seconds(-0.43));
	vclock_advance(&c, two);
	assert_true(fabs(wall_error_s(&c, two)) < 1e-7);
}

static void a_slew_moves_by_its_amount_and_ends(void **state)
{
	(void)state;
	FORALL(100) {
		struct rng r = fresh_rng();
		struct vclock c;
		double amount_s = dice_between(&r, -0.2, 0.2);
		moment later = moment_at_s(1000);

		vclock_init(&c, &(struct oscillator){ 0 }, check_rng(),
			    (moment){ 0 }, date);
		vclock_slew(&c, (moment){ 0 }, span_from_seconds(amount_s));
		vclock_advance(&c, later);
		assert_true(fabs(wall_error_s(&c, later) - amount_s) < 1e-8);
		assert_true(c.slew == 0 && c.rate == 0);
	}
}

static void the_walk_grows_with_the_root_of_time(void **state)
{
	(void)state;
	struct oscillator kind = { .wander = 1e-8 };
	double sum = 0;
	int runs = 400;

	for (int i = 0; i < runs; i++) {
		struct vclock c;

		vclock_init(&c, &kind, check_rng(), (moment){ 0 }, date);
		vclock_advance(&c, moment_at_s(10000));
		sum += vclock_freq(&c) * vclock_freq(&c);
	}
	/* 1e-8 times the root of 1e4 s; 400 draws tell it to 15 %. */
	assert_true(fabs(sqrt(sum / runs) / 1e-6 - 1) < 0.15);
}

static void readings_have_the_quantum_asked_for(void **state)
{
	(void)state;
	FORALL(1000) {
		struct oscillator kind = { .quantum = span_from_ns(1000) };
		struct vclock c;
		moment now = { (int64_t)(check_rng() >> 28) };

		vclock_init(&c, &kind, check_rng(), (moment){ 0 }, date);
		vclock_advance(&c, now);
		int64_t less =
			tstamp_diff(vclock_wall(&c, now), vclock_read(&c, now))
				.v;
		assert_true(less >= 0 && less < kind.quantum.v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(true_and_local_time_convert_both_ways),
		cmocka_unit_test(reading_changes_nothing),
		cmocka_unit_test(the_monotonic_clock_never_goes_back_nor_jumps),
		cmocka_unit_test(steering_cancels_a_constant_error),
		cmocka_unit_test(a_slew_moves_by_its_amount_and_ends),
		cmocka_unit_test(the_walk_grows_with_the_root_of_time),
		cmocka_unit_test(readings_have_the_quantum_asked_for),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
