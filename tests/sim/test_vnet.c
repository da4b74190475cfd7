/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"
#include "sim/dice.h"
#include "sim/vnet.h"

#include <math.h>

#define DRAWS 20000

static struct vnet net;

static void fresh_net(const struct way *way)
{
	vnet_init(&net, check_rng(), way);
}

/* The mean delay of what arrives, sent one a second from 0 to 1. */
static double mean_delay_s(double *share)
{
	double sum_s = 0;
	unsigned arrived = 0;

	for (int i = 0; i < DRAWS; i++) {
		moment now = moment_at_s(i), at[VNET_COPIES];
		unsigned copies = vnet_carry(&net, 0, 1, now, at);

		for (unsigned k = 0; k < copies; k++) {
			sum_s += span_to_seconds(moment_diff(at[k], now));
		}
		arrived += copies;
	}
	*share = (double)arrived / DRAWS;
	return sum_s / arrived;
}

static void every_law_has_the_mean_it_promises(void **state)
{
	(void)state;
	static const struct {
		struct jitter jitter;
		double mean;
	} laws[] = {
		{ { LAW_CONSTANT, 1e-3, 0 }, 1e-3 },
		{ { LAW_EXPONENTIAL, 1e-3, 0 }, 1e-3 },
		{ { LAW_GAMMA, 1e-3, 0.4 }, 1e-3 },
		{ { LAW_GAMMA, 1e-3, 3 }, 1e-3 },
		{ { LAW_LOGNORMAL, 1e-3, 0.5 }, 1.1331e-3 },
		{ { LAW_PARETO, 1e-3, 4 }, 1e-3 },
		{ { LAW_GAUSSIAN, 1e-3, 0 }, 3e-3 },
		{ { LAW_TWO_HUMPS, 1e-3, 10 }, 6e-3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(laws); i++) {
		struct way way = { .base_s = 5e-3, .jitter = laws[i].jitter };
		double share;

		fresh_net(&way);
		double mean_s = mean_delay_s(&share) - 5e-3;
		assert_true(fabs(mean_s / laws[i].mean - 1) < 0.1);
		assert_true(share == 1);
	}
}

static void nothing_is_faster_than_the_way_is_long(void **state)
{
	(void)state;
	struct way way = way_wan_bad();

	fresh_net(&way);
	FORALL(DRAWS) {
		moment now = moment_at_s(case_), at[VNET_COPIES];
		unsigned copies = vnet_carry(&net, 3, 2, now, at);

		assert_true(copies <= VNET_COPIES);
		for (unsigned k = 0; k < copies; k++) {
			span d = moment_diff(at[k], now);

			assert_true(span_to_seconds(d) >= way.base_s - 1e-9);
		}
	}
}

static void loss_and_copies_are_as_frequent_as_told(void **state)
{
	(void)state;
	struct way way = { .loss = 0.3, .duplicate = 0.2 };
	double share;

	fresh_net(&way);
	(void)mean_delay_s(&share);
	assert_true(fabs(share - 0.7 * 1.2) < 0.03);
}

static void what_is_held_up_is_overtaken(void **state)
{
	(void)state;
	struct way way = { .base_s = 1e-3, .reorder = 0.5, .held_s = 5 };
	moment last = { 0 };
	unsigned overtaken = 0;

	fresh_net(&way);
	for (int i = 0; i < 1000; i++) {
		moment at[VNET_COPIES];

		assert_int_equal(vnet_carry(&net, 0, 1, moment_at_s(i), at), 1);
		overtaken += moment_before(at[0], last);
		last = at[0];
	}
	assert_in_range(overtaken, 100, 900);
}

static void a_cut_way_carries_nothing_and_comes_back(void **state)
{
	(void)state;
	struct way way = way_lan();
	moment at[VNET_COPIES];

	fresh_net(&way);
	vnet_isolate(&net, 1, true);
	assert_int_equal(vnet_carry(&net, 0, 1, moment_at_s(1), at), 0);
	assert_int_equal(vnet_carry(&net, 1, 0, moment_at_s(1), at), 0);
	assert_int_equal(vnet_carry(&net, 0, 2, moment_at_s(1), at), 1);
	vnet_isolate(&net, 1, false);
	assert_int_equal(vnet_carry(&net, 0, 1, moment_at_s(2), at), 1);
}

static void bursts_take_their_share_of_the_time(void **state)
{
	(void)state;
	struct way way = { .quiet_s = 30, .busy_s = 10, .busy_queue_s = 0.1 };
	double share;

	fresh_net(&way);
	/* A quarter of the time is busy: 25 ms on average. */
	assert_true(fabs(mean_delay_s(&share) / 0.025 - 1) < 0.3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_law_has_the_mean_it_promises),
		cmocka_unit_test(nothing_is_faster_than_the_way_is_long),
		cmocka_unit_test(loss_and_copies_are_as_frequent_as_told),
		cmocka_unit_test(what_is_held_up_is_overtaken),
		cmocka_unit_test(a_cut_way_carries_nothing_and_comes_back),
		cmocka_unit_test(bursts_take_their_share_of_the_time),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
