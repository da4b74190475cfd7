/* SPDX-License-Identifier: BSD-2-Clause */
/* What sources that sign are worth beside others (E9). */
#include "servers.h"

static struct candidate keyed(double offset_s)
{
	struct candidate c = server(offset_s);

	c.authentic = true;
	return c;
}

static struct choice chosen(unsigned policy, struct candidate *c, size_t count)
{
	struct tos_config tos = usual;
	struct choice choice;

	tos.authselect = policy;
	selection_run(&tos, c, count, &choice);
	return choice;
}

static void e9_four_strangers_cannot_outvote_one_key(void **state)
{
	(void)state;
	struct candidate c[5] = { keyed(0), server(0.5), server(0.5),
				  server(0.5), server(0.5) };
	struct choice choice = chosen(AUTHSELECT_PREFER, c, 5);

	assert_true(choice.found);
	assert_int_equal(choice.system_peer, 0);
	assert_true(fabs(choice.combined.offset_s) < 1e-12);
	assert_int_equal(c[0].reason, REASON_SYSTEM_PEER);
	for (unsigned i = 1; i < 5; i++) {
		assert_int_equal(c[i].reason, REASON_UNSIGNED);
		assert_true(c[i].weight == 0);
	}
}

static void without_the_policy_they_can(void **state)
{
	(void)state;

	for (unsigned p = AUTHSELECT_IGNORE; p <= AUTHSELECT_MIX; p++) {
		struct candidate c[5] = { keyed(0), server(0.5), server(0.5),
					  server(0.5), server(0.5) };
		struct choice choice = chosen(p, c, 5);

		assert_true(choice.combined.offset_s > 0.4);
		assert_int_equal(c[0].reason, REASON_FALSETICKER);
	}
}

static void strangers_that_agree_are_used_unless_required(void **state)
{
	(void)state;
	struct candidate c[3] = { keyed(0), server(1e-4), server(-1e-4) };

	assert_int_equal(chosen(AUTHSELECT_PREFER, c, 3).survivors, 3);
	assert_int_equal(chosen(AUTHSELECT_REQUIRE, c, 3).survivors, 1);
	assert_int_equal(c[0].reason, REASON_SYSTEM_PEER);
	assert_int_equal(c[1].reason, REASON_UNSIGNED);
	c[0].unfit = REASON_UNREACHABLE;
	assert_false(chosen(AUTHSELECT_REQUIRE, c, 3).found);
	assert_true(chosen(AUTHSELECT_PREFER, c, 3).found);
	c[1].attached = true; /* nobody is between it and us */
	assert_true(chosen(AUTHSELECT_REQUIRE, c, 3).found);
}

/* Two keys that differ: the others may say which, and not a third thing. */
static void keys_that_differ_do_not_hand_over_to_strangers(void **state)
{
	(void)state;
	struct candidate c[5] = { keyed(0), keyed(0.2), server(0), server(0),
				  server(0) };
	struct choice choice = chosen(AUTHSELECT_PREFER, c, 5);

	assert_true(choice.found && fabs(choice.combined.offset_s) < 1e-3);
	assert_int_equal(c[1].reason, REASON_FALSETICKER);
	for (unsigned i = 2; i < 5; i++) {
		c[i].estimate.offset_s = 0.7;
	}
	assert_false(chosen(AUTHSELECT_PREFER, c, 5).found);
	assert_int_equal(c[2].reason, REASON_NO_MAJORITY);
}

/* Whatever strangers say, the result is where most of those with keys are. */
static void e9_the_result_is_within_the_keys(void **state)
{
	(void)state;
	unsigned moved = 0;

	for (unsigned round = 0; round < 20000; round++) {
		struct candidate c[MOST];
		size_t keys = 1 + check_below(3);
		size_t count = keys + check_below(MOST - keys + 1);

		for (size_t i = 0; i < count; i++) {
			c[i] = server(i < keys ? uniform(-4e-3, 4e-3)
					       : uniform(-0.05, 0.05));
			c[i].authentic = i < keys;
			c[i].root_disp_s = i < keys ? 3e-3 : uniform(0, 0.1);
		}
		struct choice choice = chosen(AUTHSELECT_PREFER, c, count);

		assert_true(choice.found); /* all keys hold 0 */
		double x = choice.combined.offset_s;
		size_t above = 0, below = 0;

		for (size_t i = 0; i < keys; i++) {
			double half_s = c[i].interval_s + 1e-12;

			above += x >= c[i].estimate.offset_s - half_s;
			below += x <= c[i].estimate.offset_s + half_s;
		}
		assert_true(2 * above > keys && 2 * below > keys);
		moved += choice.survivors > keys;
	}
	assert_true(moved > 100); /* strangers do take part */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e9_four_strangers_cannot_outvote_one_key),
		cmocka_unit_test(without_the_policy_they_can),
		cmocka_unit_test(strangers_that_agree_are_used_unless_required),
		cmocka_unit_test(
			keys_that_differ_do_not_hand_over_to_strangers),
		cmocka_unit_test(e9_the_result_is_within_the_keys),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
