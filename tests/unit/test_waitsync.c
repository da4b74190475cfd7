/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is good enough to go on: the alarm, the bound, the root distance, and
 * answers that say nothing.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "client/ntpq/waitsync.h"

#define SYNCHRONISED 0x0615
#define ALARM 0xc016

static struct sync_state judge(uint16_t status, const char *text,
			       double limit_s)
{
	return sync_judge(status, text, strlen(text), limit_s);
}

static void the_bound_of_the_clock_is_the_error(void **state)
{
	const char *text = "leap=0, rootdelay=10.000, rootdisp=5.000, "
			   "clockbound=2.000000";

	(void)state;
	assert_true(judge(SYNCHRONISED, text, 0).error_s == 0.002);
	assert_int_equal(judge(SYNCHRONISED, text, 0).sync, SYNC_GOOD);
	assert_int_equal(judge(SYNCHRONISED, text, 0.002).sync, SYNC_GOOD);
	assert_int_equal(judge(SYNCHRONISED, text, 0.0019).sync, SYNC_POOR);
}

static void without_a_bound_it_is_the_root_distance(void **state)
{
	const char *text = "leap=0, rootdelay=10.000, rootdisp=5.000";

	(void)state;
	assert_true(fabs(judge(SYNCHRONISED, text, 0).error_s - 0.010) < 1e-9);
	assert_int_equal(judge(SYNCHRONISED, text, 0.011).sync, SYNC_GOOD);
	assert_int_equal(judge(SYNCHRONISED, text, 0.009).sync, SYNC_POOR);
}

static void the_alarm_outranks_every_number(void **state)
{
	(void)state;
	assert_int_equal(judge(ALARM, "clockbound=0.001", 1).sync, SYNC_NOT);
}

static void what_is_not_known_is_not_good_enough(void **state)
{
	const char *const texts[] = { "",
				      "leap=0",
				      "rootdelay=1",
				      "rootdelay=x, rootdisp=1",
				      "clockbound=nan",
				      "clockbound=" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(judge(SYNCHRONISED, texts[i], 1e9).sync,
				 SYNC_POOR);
		assert_int_equal(judge(SYNCHRONISED, texts[i], 0).sync,
				 SYNC_GOOD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bound_of_the_clock_is_the_error),
		cmocka_unit_test(without_a_bound_it_is_the_root_distance),
		cmocka_unit_test(the_alarm_outranks_every_number),
		cmocka_unit_test(what_is_not_known_is_not_good_enough),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
