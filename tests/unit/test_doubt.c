/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that slews is found out by its falling dispersion; one that only
 * updates its clock now and then is not.
 */
#include <math.h>

#include "check.h"
#include "core/estimate/doubt.h"

static struct doubt doubt;
static double now_s;

static bool tell(double after_s, double claimed_s)
{
	now_s += after_s;
	return doubt_update(&doubt, claimed_s,
			    instant_add((instant){ INT64_C(1) << 40 },
					span_from_seconds(now_s)));
}

static int fresh(void **state)
{
	(void)state;
	doubt = (struct doubt){ .started = false };
	now_s = 0;
	return 0;
}

static void a_slew_is_seen_with_the_third_answer(void **state)
{
	(void)state;
	double claims_s = 0.1;

	assert_false(tell(0, claims_s));
	assert_false(tell(2, claims_s -= 0.001));
	assert_true(doubt_slew(&doubt) == 0);
	assert_false(tell(2, claims_s -= 0.001));
	assert_true(doubt_slew(&doubt) >= 500e-6);
	assert_true(doubt_slew(&doubt) < 700e-6);
	for (int i = 0; i < 40; i++) {
		assert_false(tell(2, claims_s -= 0.001));
		assert_true(doubt_slew(&doubt) >= 500e-6);
		assert_true(doubt_rate(&doubt) >= doubt_slew(&doubt));
	}
}

static void its_end_is_told_once(void **state)
{
	(void)state;
	double claims_s = 0.1;
	int ends = 0;

	for (int i = 0; i < 10; i++) {
		ends += tell(16, claims_s -= 0.008);
	}
	assert_int_equal(ends, 0);
	assert_false(tell(64, claims_s)); /* one calm answer is no proof */
	assert_true(doubt_slew(&doubt) >= 500e-6);
	assert_true(tell(64, claims_s));
	assert_true(doubt_slew(&doubt) == 0);
	for (int i = 0; i < 100; i++) {
		assert_false(tell(64, claims_s += 1e-6));
	}
}

/* It grows by 15 ppm for 1000 s, and falls back at once. */
static void an_ordinary_server_is_not_doubted(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		double age_s = fmod(now_s + 64, 1024);

		assert_false(tell(64, 0.010 + 15e-6 * age_s));
		assert_true(doubt_slew(&doubt) == 0);
	}
	assert_true(doubt_rate(&doubt) < 1e-6);
}

static void claims_bound_the_rate_from_the_start(void **state)
{
	(void)state;
	assert_false(tell(0, 0.5));
	assert_true(doubt_rate(&doubt) == 1e-3); /* as bad as clocks can be */
	assert_false(tell(1000, 0.5));
	assert_true(fabs(doubt_rate(&doubt) - 0.5e-3) < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_slew_is_seen_with_the_third_answer,
				       fresh),
		cmocka_unit_test_setup(its_end_is_told_once, fresh),
		cmocka_unit_test_setup(an_ordinary_server_is_not_doubted,
				       fresh),
		cmocka_unit_test_setup(claims_bound_the_rate_from_the_start,
				       fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
