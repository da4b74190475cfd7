/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"
#include "core/source/proofs.h"

#include <math.h>

#define NOISE_S 1e-6

static double unit(void)
{
	return (double)(check_rng() >> 11) * 0x1p-53;
}

/* An exchange at `at_s` with these delays, the truth being `offset_s`. */
static struct sample exchanged(double at_s, double offset_s, double there_s,
			       double back_s)
{
	return (struct sample){
		.at = { span_from_seconds(at_s).v },
		.forward = span_from_seconds(there_s + offset_s),
		.backward = span_from_seconds(back_s - offset_s),
	};
}

static void no_estimate_is_off_by_more_than_is_proven(void **state)
{
	(void)state;
	FORALL(20000) {
		struct proofs p = { .count = 0 };
		double truth_s = unit() - 0.5, estimate_s = unit() - 0.5;
		unsigned exchanges = 1 + (unsigned)(check_rng() % 8);

		for (unsigned i = 0; i < exchanges; i++) {
			/* Any queues, any estimator. */
			double moved_s = i > 0 ? 0.2 * (unit() - 0.5) : 0;
			struct sample s = exchanged(i, truth_s, 0.3 * unit(),
						    0.3 * unit());

			estimate_s += moved_s;
			proofs_add(&p, &s, estimate_s, moved_s, NOISE_S);
			double delay_s = proofs_delay_s(&p, 0.01 * unit());

			assert_true(fabs(estimate_s - truth_s) <=
				    delay_s / 2 + proofs_error_s(&p, delay_s) +
					    1e-9);
		}
	}
}

static void good_estimates_are_hardly_doubted(void **state)
{
	(void)state;
	struct proofs p = { .count = 0 };

	for (unsigned i = 0; i < 4; i++) {
		struct sample s = exchanged(16 * i, 0.25, 0.010, 0.010);

		proofs_add(&p, &s, 0.2501, 0, NOISE_S);
	}
	assert_true(fabs(proofs_delay_s(&p, 0.019) - 0.020) < 1e-9);
	assert_true(proofs_error_s(&p, 0.020) < 102e-6);
}

static void a_refuted_estimate_stays_doubted_for_a_few_exchanges(void **state)
{
	(void)state;
	struct proofs p = { .count = 0 };
	struct sample s = exchanged(0, 0.25, 0.010, 0.010);

	proofs_add(&p, &s, 0.1, 0, NOISE_S);
	for (unsigned i = 1; i < PROOFS; i++) {
		proofs_add(&p, &s, 0.25, 0, NOISE_S);
		assert_true(proofs_error_s(&p, 0.020) >= 0.15);
	}
	proofs_add(&p, &s, 0.25, 0, NOISE_S);
	assert_true(proofs_error_s(&p, 0.020) < 1e-5);
}

static void a_route_that_became_longer_counts_after_four_exchanges(void **state)
{
	(void)state;
	struct proofs p = { .count = 0 };
	struct sample quick = exchanged(0, 0, 0.010, 0.010);
	struct sample slow = exchanged(1, 0, 0.030, 0.010);

	for (unsigned i = 0; i < PROOFS; i++) {
		proofs_add(&p, &quick, 0, 0, NOISE_S);
	}
	for (unsigned i = 1; i < PROOFS; i++) {
		proofs_add(&p, &slow, 0, 0, NOISE_S);
		assert_true(proofs_delay_s(&p, 0.020) < 0.021);
	}
	proofs_add(&p, &slow, 0, 0, NOISE_S);
	assert_true(proofs_delay_s(&p, 0.020) > 0.039);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_estimate_is_off_by_more_than_is_proven),
		cmocka_unit_test(good_estimates_are_hardly_doubted),
		cmocka_unit_test(
			a_refuted_estimate_stays_doubted_for_a_few_exchanges),
		cmocka_unit_test(
			a_route_that_became_longer_counts_after_four_exchanges),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
