/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What we tell of our own clock: a bound that holds and grows, and no time at
 * all rather than a useless one.
 */
#include <math.h>

#include "check.h"
#include "core/report/standing.h"
#include "core/serve/refid.h"

static const instant start = { INT64_C(7) << 32 };
static const tstamp wall = { UINT64_C(0xe98c5a1000000000) };

static double unit(void)
{
	return (double)(check_rng() >> 11) * 0x1p-53;
}

static instant after(double s)
{
	return instant_add(start, span_from_seconds(s));
}

static struct choice choice(void)
{
	return (struct choice){
		.found = true,
		.combined = { .offset_s = -0.010,
			      .offset_sd = 0.001,
			      .freq_sd = 1e-6 },
		.root_delay_s = 0.030,
		.root_disp_s = 0.005,
		.jitter_s = 0.002,
		.stratum = 2,
	};
}

static const struct footing free_running = { .heard = { INT64_C(7) << 32 },
					     .phi_ppm = 15,
					     .floor_s = 1e-4,
					     .uncorrected = true };
static const struct footing footing = { .heard = { INT64_C(7) << 32 },
					.phi_ppm = 15,
					.floor_s = 1e-4 };

static struct standing synced(const struct choice *c)
{
	struct standing s;

	standing_init(&s, -20, 15, start);
	standing_follow(&s, c, &footing, start);
	s.synchronised = true;
	s.stratum = 3;
	return s;
}

/* seed-checklist 59, SECURITY.md F12 */
static void at_first_we_do_not_know_the_time(void **state)
{
	(void)state;
	struct standing s;
	struct view v;

	standing_init(&s, -20, 15, start);
	v = standing_view(&s, NULL, start, wall);
	assert_int_equal(v.leap, LEAP_UNSYNC);
	assert_int_equal(v.stratum, 0);
	assert_int_equal(v.refid, REFID_INIT);
	assert_int_equal(standing_status(&s, start), 0xc000);
}

static void the_bound_holds_all_that_may_be_wrong(void **state)
{
	(void)state;
	struct choice c = choice();
	struct standing s = synced(&c);
	double want = 0.005 + 0.010 + 3 * 0.001 + 0.002 + ldexp(1, -20);

	assert_true(fabs(standing_disp_s(&s, start) - want) < 1e-12);
	assert_true(fabs(standing_bound_s(&s, start) - want - 0.015) < 1e-12);
	/* PHI, for our clock is known better than that. */
	assert_true(fabs(standing_disp_s(&s, after(1000)) - want - 0.015) <
		    1e-9);
}

static void an_unknown_frequency_makes_it_grow_faster(void **state)
{
	(void)state;
	struct choice c = choice();
	struct standing s;

	c.combined.freq_sd = 1e-4;
	s = synced(&c);
	/* Five deviations, once the offset's own do not matter any more. */
	assert_true(fabs(standing_disp_s(&s, after(1000)) -
			 standing_disp_s(&s, start) - 0.5 - 2e-3) < 1e-9);
	c.combined.freq_sd = 1e-6;
	c.combined.freq = -50e-6;
	s = synced(&c);
	double known_s = standing_disp_s(&s, start);

	/* It is being corrected. */
	assert_true(fabs(standing_disp_s(&s, after(100)) - known_s - 15e-4) <
		    1e-9);
	standing_follow(&s, &c, &free_running, start);
	assert_true(fabs(standing_disp_s(&s, after(100)) - known_s - 57e-4) <
		    1e-9);
}

/* A crystal wanders away as t^1.5, whatever PHI says. */
static void a_bad_crystal_makes_it_grow_ever_faster(void **state)
{
	(void)state;
	struct choice c = choice();
	double day_s = 86400, now_s;

	c.combined.wander = 1e-7;
	struct standing s = synced(&c);

	now_s = standing_disp_s(&s, start);
	assert_true(standing_disp_s(&s, after(day_s)) - now_s >
		    4.9e-7 * pow(day_s, 1.5) / sqrt(3));
	assert_true(standing_disp_s(&s, after(100)) - now_s < 16e-4);
	c.combined.wander = 1e-10;
	s = synced(&c);
	assert_true(fabs(standing_disp_s(&s, after(day_s)) - now_s -
			 15e-6 * day_s) < 1e-9);
}

/* Between two views the bounds are a straight line that is above them. */
static void a_view_holds_until_the_next(void **state)
{
	(void)state;
	FORALL(500) {
		struct choice c = choice();

		c.combined.wander = exp(-25 + 10 * unit());
		c.combined.freq_sd = exp(-21 + 12 * unit());
		struct standing s = synced(&c);
		double at_s = exp(13 * unit()), within_s;

		s.kind = CLOCK_KIND_NTP;
		struct view v = standing_view(&s, NULL, after(at_s), wall);

		for (int half = 0; half <= 2 * STANDING_VIEW_S; half++) {
			double t_s = half / 2.0;
			double disp_s = span_to_seconds(v.root_disp) +
					v.drift_ppm * 1e-6 * t_s;
			double bound_s = span_to_seconds(v.bound) +
					 v.bound_ppm * 1e-6 * t_s;

			assert_true(standing_disp_s(&s, after(at_s + t_s)) <=
				    disp_s + 2e-9);
			if (standing_clock_bound(&s, after(at_s + t_s),
						 &within_s)) {
				assert_true(v.bound_known);
				assert_true(within_s <= bound_s + 2e-9);
			}
		}
	}
}

/* All that is in it, and nothing of PHI. */
static void the_clock_bound_is_five_deviations(void **state)
{
	(void)state;
	struct choice c = choice();
	double within_s;

	c.combined.wander = 1e-8;
	struct standing s = synced(&c);

	s.kind = CLOCK_KIND_NTP;
	assert_true(standing_clock_bound(&s, start, &within_s));
	assert_true(fabs(within_s - 0.010 - 5 * 0.001 - 1e-4 - ldexp(1, -20)) <
		    1e-12);
	assert_true(standing_clock_bound(&s, after(1000), &within_s));
	double sd_s =
		hypot(0.001 + 1e-6 * 1000, 1e-8 * pow(1000, 1.5) / sqrt(3));

	/* And what the frequency may have jumped by, unseen. */
	assert_true(fabs(within_s - 0.010 - 5 * sd_s - 1e-4 - 2e-3 -
			 ldexp(1, -20)) < 1e-12);
	assert_true(within_s < standing_bound_s(&s, after(1000)));
	standing_widen(&s, 0.5);
	assert_true(standing_clock_bound(&s, start, &within_s));
	assert_true(within_s > 0.5);
	/* A local clock knows nothing of the truth. */
	s.kind = CLOCK_KIND_LOCAL;
	assert_false(standing_clock_bound(&s, start, &within_s));
	s.kind = CLOCK_KIND_NTP;
	s.synchronised = false;
	assert_false(standing_clock_bound(&s, start, &within_s));
}

/* SECURITY.md E11 */
static void past_the_limit_we_do_not_know_the_time(void **state)
{
	(void)state;
	struct choice c = choice();
	struct standing s = synced(&c);
	double left_s = STANDING_LIMIT_S - standing_bound_s(&s, start);
	double lasts_s = left_s / 15e-6;

	assert_int_equal(standing_leap(&s, after(lasts_s - 10)), LEAP_NONE);
	assert_int_equal(standing_leap(&s, after(lasts_s + 10)), LEAP_UNSYNC);
	s.leap = LEAP_INSERT;
	assert_int_equal(standing_leap(&s, start), LEAP_INSERT);
	standing_widen(&s, -2);
	assert_int_equal(standing_leap(&s, start), LEAP_UNSYNC);
	assert_int_equal(standing_view(&s, NULL, start, wall).stratum, 0);
}

static void a_step_is_confessed(void **state)
{
	(void)state;
	struct choice c = choice();
	struct standing s = synced(&c);
	struct view v;

	standing_lose(&s, REFID_STEP);
	v = standing_view(&s, NULL, start, wall);
	assert_int_equal(v.leap, LEAP_UNSYNC);
	assert_int_equal(v.refid, REFID_STEP);
}

/* An exchange may come out shorter than nothing, by the clocks' precision. */
static void a_negative_root_delay_is_none(void **state)
{
	(void)state;
	struct choice c = choice();
	struct standing s;

	c.root_delay_s = -1e-6;
	s = synced(&c);
	assert_int_equal(standing_view(&s, NULL, start, wall).root_delay.v, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_first_we_do_not_know_the_time),
		cmocka_unit_test(the_bound_holds_all_that_may_be_wrong),
		cmocka_unit_test(an_unknown_frequency_makes_it_grow_faster),
		cmocka_unit_test(a_bad_crystal_makes_it_grow_ever_faster),
		cmocka_unit_test(a_view_holds_until_the_next),
		cmocka_unit_test(the_clock_bound_is_five_deviations),
		cmocka_unit_test(past_the_limit_we_do_not_know_the_time),
		cmocka_unit_test(a_step_is_confessed),
		cmocka_unit_test(a_negative_root_delay_is_none),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
