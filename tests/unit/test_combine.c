/* SPDX-License-Identifier: BSD-2-Clause */
#include "servers.h"

/* E8: within its error bars, but far off for how well the others agree. */
static void a_creeping_liar_becomes_an_outlier(void **state)
{
	(void)state;
	struct candidate c[5];
	double worst = 0;

	for (int step = 0; step < 2000; step++) {
		struct choice choice;

		for (size_t i = 0; i < 5; i++) {
			c[i] = server(uniform(-3e-5, 3e-5));
		}
		c[2].estimate.offset_s = 1e-5 * step;
		c[2].estimate.offset_sd = 1e-7; /* so sure of itself */
		selection_run(&usual, c, 5, &choice);
		assert_true(choice.found);
		worst = fmax(worst, fabs(choice.combined.offset_s));
		if (step > 60 && step < 1000) {
			assert_int_equal(c[2].reason, REASON_OUTLIER);
		}
		if (step > 1900) {
			assert_int_equal(c[2].reason, REASON_FALSETICKER);
		}
	}
	assert_true(worst < 2e-4); /* twice the jitter */
}

static void minclock_are_kept_whatever_their_scatter(void **state)
{
	(void)state;
	struct candidate c[3] = { server(0), server(0), server(2e-3) };
	struct choice choice;

	selection_run(&usual, c, 3, &choice);
	assert_int_equal(choice.survivors, 3);
}

/* E8: whatever it claims, one of three weighs no more than the others. */
static void no_source_of_three_weighs_more_than_half(void **state)
{
	(void)state;
	FORALL(2000) {
		struct candidate c[5];
		struct choice choice;
		size_t count = 3 + check_below(3);
		double sum = 0;

		for (size_t i = 0; i < count; i++) {
			c[i] = server(uniform(-1e-4, 1e-4));
			c[i].estimate.offset_sd = exp(uniform(-18, -7));
			c[i].estimate.freq_sd = exp(uniform(-25, -10));
		}
		selection_run(&usual, c, count, &choice);
		for (size_t i = 0; i < count; i++) {
			assert_true(choice.survivors < 3 ||
				    c[i].weight <= 0.5 + 1e-12);
			sum += c[i].weight;
		}
		assert_true(fabs(sum - 1) < 1e-12);
	}
}

static void one_next_door_is_not_blurred_by_the_far(void **state)
{
	(void)state;
	struct candidate c[4] = { server(5e-3), server(1e-6), server(-4e-3),
				  server(1e-3) };
	struct choice choice;

	c[1].estimate.delay_s = 2e-4;
	c[1].root_delay_s = 0;
	c[1].root_disp_s = 1e-4;
	selection_run(&usual, c, 4, &choice);
	assert_int_equal(choice.system_peer, 1);
	assert_int_equal(c[0].reason, REASON_BACKUP);
	assert_true(fabs(choice.combined.offset_s - 1e-6) < 1e-12);
	/* A claim alone does not make it near. */
	c[1].estimate.delay_s = 0.01;
	c[1].root_disp_s = 0;
	selection_run(&usual, c, 4, &choice);
	assert_int_equal(choice.survivors, 4);
}

/* Nearly Gaussian, of deviation 1. */
static double gauss(void)
{
	double sum = 0;

	for (int i = 0; i < 12; i++) {
		sum += uniform(-0.5, 0.5);
	}
	return sum;
}

/*
 * Sources whose noise and asymmetry are what they say: the result is off by
 * about what it claims, and by less than the best single one.
 */
static void the_combined_deviation_is_honest(void **state)
{
	(void)state;
	for (int asymmetric = 0; asymmetric < 2; asymmetric++) {
		double squares = 0, claimed = 0, single = 0;
		const int runs = 4000;

		FORALL(runs) {
			struct candidate c[6];
			struct choice choice;

			for (size_t i = 0; i < 6; i++) {
				c[i] = server(1e-5 * gauss() +
					      asymmetric * 5e-4 * gauss());
			}
			selection_run(&usual, c, 6, &choice);
			squares += pow(choice.combined.offset_s, 2);
			claimed += pow(choice.combined.offset_sd, 2);
			single += pow(c[0].estimate.offset_s, 2);
		}
		print_message("# %s: rms %.3g claimed %.3g one source %.3g\n",
			      asymmetric ? "asymmetric" : "noise alone",
			      sqrt(squares / runs), sqrt(claimed / runs),
			      sqrt(single / runs));
		assert_true(squares < 1.4 * claimed); /* usual: 1.22 +- 0.03 */
		assert_true(squares > claimed / 4);
		assert_true(squares < single / 4);
	}
}

static void the_most_exact_weighs_most_while_all_agree(void **state)
{
	(void)state;
	struct candidate c[3] = { server(0), server(1e-5), server(-1e-5) };
	struct choice choice;

	c[1].estimate.offset_sd = c[2].estimate.offset_sd = 1e-4;
	c[0].estimate.offset_sd = 1e-4 / 1.3;
	for (size_t i = 0; i < 3; i++) {
		c[i].estimate.delay_s = 1e-4;
		c[i].root_delay_s = 0;
	}
	selection_run(&usual, c, 3, &choice);
	assert_true(fabs(c[0].weight / c[1].weight - 1.69) < 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_creeping_liar_becomes_an_outlier),
		cmocka_unit_test(minclock_are_kept_whatever_their_scatter),
		cmocka_unit_test(no_source_of_three_weighs_more_than_half),
		cmocka_unit_test(one_next_door_is_not_blurred_by_the_far),
		cmocka_unit_test(the_combined_deviation_is_honest),
		cmocka_unit_test(the_most_exact_weighs_most_while_all_agree),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
