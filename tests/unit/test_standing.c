/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What we tell of our own clock: a bound that holds and grows, and no time at
 * all rather than a useless one.
 */
#include <math.h>

#include "check.h"
#include "core/refid.h"
#include "core/standing.h"

static const instant start = { INT64_C(7) << 32 };
static const tstamp wall = { UINT64_C(0xe98c5a1000000000) };

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

static struct standing synced(const struct choice *c)
{
	struct standing s;

	standing_init(&s, -20, 15, start);
	standing_follow(&s, c, 15, false, start);
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
	assert_true(s.growth_ppm == 15);
}

static void an_unknown_frequency_makes_it_grow_faster(void **state)
{
	(void)state;
	struct choice c = choice();
	struct standing s;

	c.combined.freq_sd = 1e-4;
	s = synced(&c);
	assert_true(fabs(s.growth_ppm - 300) < 1e-9);
	c.combined.freq_sd = 1e-6;
	c.combined.freq = -50e-6;
	s = synced(&c);
	assert_true(s.growth_ppm == 15); /* it is being corrected */
	standing_follow(&s, &c, 15, true, start);
	assert_true(fabs(s.growth_ppm - 53) < 1e-9);
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
		cmocka_unit_test(past_the_limit_we_do_not_know_the_time),
		cmocka_unit_test(a_step_is_confessed),
		cmocka_unit_test(a_negative_root_delay_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
