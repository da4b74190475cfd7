/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often a client may ask: fair to who asks as RFC 5905 wants and to many
 * behind one address, small towards who floods (threat B9).
 */
#include "asking.h"

static void a_client_that_asks_as_it_should_always_passes(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);

	/* iburst: 8 at the spacing that clients aim at, some a bit early. */
	assert_int_equal(passed(r, &a, 8, 0, 1.9), 8);
	assert_int_equal(passed(r, &a, 1000, 100, 64), 1000);
	/* In the long run one in 2^3 s, for ever. */
	assert_int_equal(passed(r, &a, 10000, 1e6, 8.001), 10000);
	free(r);
}

static void a_flood_is_cut_to_the_leak(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);
	/* 10 s at 1000/s: 128 at once, as each costs double. */
	unsigned n = passed(r, &a, 10000, 0, 0.001);

	/* A quarter of the others leaks: deviation 43. */
	assert_in_range(n, 128 + 2468 - 6 * 43, 130 + 2468 + 6 * 43);
	free(r);
}

/* One a second is what broken clients do: for some minutes, and no longer. */
static void who_asks_each_second_is_limited_within_minutes(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);

	assert_int_equal(passed(r, &a, 250, 0, 1.001), 250);
	(void)passed(r, &a, 100, 251, 1.001);
	/* An eighth by budget, a quarter of the rest by luck. */
	assert_in_range(passed(r, &a, 1000, 352, 1.001), 343 - 6 * 15,
			345 + 6 * 15);
	free(r);
}

static void a_request_that_comes_too_soon_costs_double(void **state)
{
	const struct limit_config strict = { .average = 3, .minimum_s = 4 };
	const struct limit_config none = { .average = 3 };
	struct ratelimit *r = fresh_with(&none);
	netaddr a = netaddr_v4(0xc0000201, 5000);

	(void)state;
	assert_int_equal(passed(r, &a, 256, 0, 0), 256);
	ratelimit_retune(r, &strict);
	a = netaddr_v4(0xc0000301, 5000);
	/* 1.5 s is within half of 4 s, 2.1 s is not. */
	assert_int_equal(passed(r, &a, 128, 0, 1.5), 128);
	/* Then the bucket is empty: one in 8 s, and a quarter of the rest. */
	(void)passed(r, &a, 100, 192, 1.5);
	assert_in_range(passed(r, &a, 1000, 342, 1.5), 390 - 6 * 15,
			390 + 6 * 15);
	a = netaddr_v4(0xc0000401, 5000);
	assert_int_equal(passed(r, &a, 256, 0, 2.1), 256);
	free(r);
}

static void all_ports_share_one_budget(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	unsigned n = 0;

	for (unsigned i = 0; i < 4000; i++) {
		netaddr a = netaddr_v4(0xc0000201, (uint16_t)(1024 + i));

		n += take(r, &a, i * 1e-3) == RATELIMIT_PASS;
	}
	assert_true(n < 1000 + 130 + 6 * 28);
	free(r);
}

/*
 * An office behind one address: 32 hosts start within two seconds, ask four
 * times at 2 s, and then each every 256 s.
 */
static void an_office_behind_one_address_is_served(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);
	unsigned n = 0;

	for (unsigned i = 0; i < 4 * 32; i++) {
		a.port = (uint16_t)(1024 + i % 32);
		n += take(r, &a, i * 2.0 / 32) == RATELIMIT_PASS;
	}
	assert_int_equal(n, 4 * 32);
	assert_int_equal(passed(r, &a, 10000, 8 + 256, 8), 10000);
	free(r);
}

/* What is more than that is served less, but everybody is: one in four. */
static void a_larger_office_waits_longer(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);
	unsigned got[500] = { 0 }, deaf = 0;

	for (unsigned poll = 0; poll < 32; poll++) {
		for (unsigned i = 0; i < 500; i++) {
			got[i] += take(r, &a, poll * 64 + i * 64.0 / 500) ==
				  RATELIMIT_PASS;
		}
	}
	for (unsigned i = 0; i < 500; i++) {
		deaf += got[i] == 0;
	}
	/* 0.75^32 = 1e-4 for each. */
	assert_in_range(deaf, 0, 2);
	free(r);
}

static void addresses_of_one_ipv6_network_share_a_budget(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	unsigned n = 0;

	for (unsigned i = 0; i < 2000; i++) {
		netaddr a = v6_host(1, 1);

		n += take(r, &a, 0) == RATELIMIT_PASS;
	}
	assert_in_range(n, 128 + 468 - 6 * 20, 130 + 468 + 6 * 20);
	free(r);
}

/* So many requests at once, each from another host; how many pass. */
static unsigned passed_of(struct ratelimit *r, netaddr (*host)(unsigned),
			  unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		netaddr a = host(i);

		count += take(r, &a, 0) == RATELIMIT_PASS;
	}
	return count;
}

static netaddr of_one_24(unsigned i)
{
	return netaddr_v4(0xc0000200 | (i & 0xff), 5000);
}

static netaddr of_one_56(unsigned i)
{
	return v6_host(1, 0x500 | (i & 0xff));
}

static netaddr of_one_48(unsigned i)
{
	return v6_host(1, i & 0xffff);
}

/* All 256 hosts of a /24 start at once, eight requests each. */
static void a_network_that_starts_at_once_is_served(void **state)
{
	const struct limit_config none = { .average = 3 };
	struct ratelimit *r = fresh_with(&none);

	(void)state;
	assert_int_equal(passed_of(r, of_one_24, 8 * 256), 8 * 256);
	free(r);
}

/* 64 times what an address may, without a guard: 64 * 256 at once. */
static void an_ipv4_network_has_a_budget_too(void **state)
{
	const struct limit_config none = { .average = 3 };
	struct ratelimit *r = fresh_with(&none);
	unsigned n = passed_of(r, of_one_24, 40000);

	(void)state;
	assert_in_range(n, 16384 + 5904 - 6 * 67, 16384 + 5904 + 6 * 67);
	netaddr other = netaddr_v4(0xc0000301, 1);

	assert_int_equal(take(r, &other, 0), RATELIMIT_PASS);
	free(r);
}

static void ipv6_sites_have_budgets_too(void **state)
{
	const struct limit_config none = { .average = 3 };
	struct ratelimit *r = fresh_with(&none);
	/* A home: 16 * 256 at once. */
	unsigned n = passed_of(r, of_one_56, 20000);

	(void)state;
	assert_in_range(n, 4096 + 3976 - 6 * 55, 4096 + 3976 + 6 * 55);
	/* And its neighbours have what is left of 64 * 256. */
	n = passed_of(r, of_one_48, 65536);
	assert_in_range(n, 12288 + 13312 - 6 * 110, 12288 + 13312 + 6 * 110);
	netaddr other = v6_host(2, 1);

	assert_int_equal(take(r, &other, 0), RATELIMIT_PASS);
	free(r);
}

static void one_noisy_host_leaves_its_network_alone(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr noisy[] = { v6_host(1, 1), netaddr_v4(0xc0000201, 1) };
	netaddr quiet[] = { v6_host(1, 2), netaddr_v4(0xc0000202, 1) };

	for (unsigned i = 0; i < ARRAY_LEN(noisy); i++) {
		(void)passed(r, &noisy[i], 50000, 0, 0);
		assert_int_equal(passed(r, &quiet[i], 8, 0, 2), 8);
	}
	free(r);
}

/* B9: told so at most once an interval, so at most half of the limited. */
static void kisses_are_rare(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);
	unsigned kisses = 0, silences = 0;

	for (unsigned i = 0; i < 8000; i++) {
		switch (take(r, &a, i * 0.01)) {
		case RATELIMIT_KISS:
			kisses++;
			break;
		case RATELIMIT_SILENCE:
			silences++;
			break;
		case RATELIMIT_PASS:
			break;
		}
	}
	/* 80 s are ten intervals of 8 s. */
	assert_in_range(kisses, 9, 10);
	assert_true(silences > 5000);
	free(r);
}

static void a_clock_that_steps_does_not_lock_anybody_out(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);

	(void)passed(r, &a, 1000, 0, 0.1);
	assert_int_equal(passed(r, &a, 8, -1e6, 2), 8); /* back */
	(void)passed(r, &a, 1000, -1e6 + 16, 0.1);
	assert_int_equal(passed(r, &a, 8, 1e6, 2), 8); /* forward */
	free(r);
}

/* Buckets of a future that never came are no better than empty ones. */
static void a_clock_that_was_ahead_leaves_no_dead_buckets(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();

	FORALL(4 * RATELIMIT_CLIENTS) {
		netaddr a = netaddr_v4((uint32_t)check_rng(), 1);

		(void)take(r, &a, 1e8);
	}
	/* More who flood than one for each set, each by his own bucket. */
	unsigned n = 0;

	for (unsigned i = 0; i < 300 * 10000; i++) {
		netaddr a = netaddr_v4((i % 10000) << 8, 1);

		n += take(r, &a, i * 1e-6) == RATELIMIT_PASS;
	}
	/* 128 of 300, and a quarter of the others; a few found no place. */
	assert_in_range(n / 10000, 165, 180);
	free(r);
}

static void the_same_seed_limits_the_same_requests(void **state)
{
	(void)state;
	struct ratelimit *r = fresh(), *twin = fresh();

	for (unsigned i = 0; i < 50000; i++) {
		netaddr a = netaddr_v4((uint32_t)(check_rng() % 100), 1);

		assert_int_equal(take(r, &a, i * 0.01),
				 take(twin, &a, i * 0.01));
	}
	free(r);
	free(twin);
}

/* ntpsec's `limit average 2 burst 5 kod 0.1`: no guard, another budget. */
static void the_limit_line_takes_the_place_of_discard(void **state)
{
	const struct limit_config limit = { .average = 3,
					    .minimum_s = 2,
					    .rate = 2,
					    .burst = 5,
					    .kiss_rate = 0.1 };
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);
	unsigned kisses = 0;

	(void)state;
	ratelimit_retune(r, &limit);
	assert_int_equal(passed(r, &a, 5, 0, 0.001), 5);
	assert_int_equal(passed(r, &a, 100, 100, 0.5), 100);
	for (unsigned i = 0; i < 10000; i++) {
		kisses += take(r, &a, 200 + i * 0.01) == RATELIMIT_KISS;
	}
	assert_in_range(kisses, 5, 11); /* one in 10 s */
	free(r);
}

/* Whatever stands in a line, nothing overflows, and somebody is served. */
static void every_line_makes_sense(void **state)
{
	const double rates[] = { 0, 1e-300, 1e-9, 1, 1e6 };
	const unsigned bursts[] = { 1, 20, 1000000 };
	const unsigned budgets[] = { 0, 1, 100000000 };

	(void)state;
	FORALL(17 * 5 * 3 * 3) {
		const struct limit_config limit = {
			.average = case_ % 17,
			.rate = rates[case_ / 17 % 5],
			.burst = bursts[case_ / 85 % 3],
			.kiss_rate = 1e-6,
			.budget = budgets[case_ / 255],
		};
		uint64_t memory[256];
		struct ratelimit *r;
		netaddr a = netaddr_v4(0xc0000201, 5000);

		assert_true(ratelimit_size(8) <= sizeof(memory));
		r = ratelimit_init(memory, 8, &limit, seed);
		ratelimit_share(r, 64);
		assert_int_equal(take(r, &a, 0), RATELIMIT_PASS);
		(void)passed(r, &a, 1000, 1, 0.001);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_that_asks_as_it_should_always_passes),
		cmocka_unit_test(a_flood_is_cut_to_the_leak),
		cmocka_unit_test(
			who_asks_each_second_is_limited_within_minutes),
		cmocka_unit_test(a_request_that_comes_too_soon_costs_double),
		cmocka_unit_test(all_ports_share_one_budget),
		cmocka_unit_test(an_office_behind_one_address_is_served),
		cmocka_unit_test(a_larger_office_waits_longer),
		cmocka_unit_test(addresses_of_one_ipv6_network_share_a_budget),
		cmocka_unit_test(a_network_that_starts_at_once_is_served),
		cmocka_unit_test(an_ipv4_network_has_a_budget_too),
		cmocka_unit_test(ipv6_sites_have_budgets_too),
		cmocka_unit_test(one_noisy_host_leaves_its_network_alone),
		cmocka_unit_test(kisses_are_rare),
		cmocka_unit_test(a_clock_that_steps_does_not_lock_anybody_out),
		cmocka_unit_test(a_clock_that_was_ahead_leaves_no_dead_buckets),
		cmocka_unit_test(the_same_seed_limits_the_same_requests),
		cmocka_unit_test(the_limit_line_takes_the_place_of_discard),
		cmocka_unit_test(every_line_makes_sense),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
