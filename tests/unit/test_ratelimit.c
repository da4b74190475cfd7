/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Budgets per client (threats F6 to F8, B9): fair to who asks as RFC 5905
 * wants, small towards who floods, and never silence for who is spoofed.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/ratelimit.h"

#define CLIENTS 1024

static const struct limit_config discard = { .average = 3, .minimum_s = 2 };
static const uint8_t seed[RNG_SEED] = { 1 };

static tstamp at(double s)
{
	return tstamp_add((tstamp){ UINT64_C(0xe98c5a1000000000) },
			  span_from_seconds(s));
}

static struct ratelimit *fresh(void)
{
	void *memory = malloc(ratelimit_size(CLIENTS));

	assert_non_null(memory);
	memset(memory, 0xaa, ratelimit_size(CLIENTS));
	return ratelimit_init(memory, CLIENTS, &discard, seed);
}

static netaddr v6_host(uint32_t site, uint32_t net)
{
	netaddr a = { .port = 4000 };
	uint8_t head[8] = { 0x20,
			    0x01,
			    (uint8_t)(site >> 24),
			    (uint8_t)(site >> 16),
			    (uint8_t)(site >> 8),
			    (uint8_t)site,
			    (uint8_t)(net >> 8),
			    (uint8_t)net };

	memcpy(a.ip, head, sizeof(head));
	for (unsigned i = 8; i < 16; i++) {
		a.ip[i] = (uint8_t)check_rng();
	}
	return a;
}

static unsigned passed(struct ratelimit *r, const netaddr *from, unsigned n,
		       double first_s, double every_s)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		count += ratelimit_take(r, from, at(first_s + i * every_s)) ==
			 RATELIMIT_PASS;
	}
	return count;
}

static void a_client_that_asks_as_it_should_always_passes(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);

	/* iburst: 8 at the spacing that clients aim at, some a bit early. */
	assert_int_equal(passed(r, &a, 8, 0, 1.9), 8);
	assert_int_equal(passed(r, &a, 1000, 100, 64), 1000);
	free(r);
}

static void a_flood_is_cut_to_the_leak(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr a = netaddr_v4(0xc0000201, 5000);
	/* 10 s at 1000/s: 1 at once, then 1 a second while there is credit. */
	unsigned n = passed(r, &a, 10000, 0, 0.001);

	/* A quarter leaks: mean 2500, deviation 43; 10 more by budget. */
	assert_in_range(n, 2500 - 6 * 43, 2510 + 6 * 43);
	free(r);
}

static void all_ports_share_one_budget(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	unsigned n = 0;

	for (unsigned i = 0; i < 4000; i++) {
		netaddr a = netaddr_v4(0xc0000201, (uint16_t)(1024 + i));

		n += ratelimit_take(r, &a, at(i * 1e-3)) == RATELIMIT_PASS;
	}
	assert_true(n < 1000 + 8 + 6 * 28);
	free(r);
}

/* F6: P(at least one answer in 8 polls) >= 0.89 whatever is spoofed. */
static void spoofed_requests_cannot_silence_a_victim(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr victim = netaddr_v4(0xc0000201, 123);
	unsigned answered = 0, rounds = 400;
	double t = 0;

	for (unsigned i = 0; i < rounds; i++) {
		unsigned got = 0;

		for (unsigned poll = 0; poll < 8; poll++) {
			/* The flood of the last second before the poll. */
			(void)passed(r, &victim, 1000, t - 1, 1e-3);
			got += ratelimit_take(r, &victim, at(t)) ==
			       RATELIMIT_PASS;
			t += 64;
		}
		answered += got > 0;
	}
	/* 1 - 0.75^8 = 0.8999; less 5 deviations of 400 rounds. */
	assert_true(answered >= 0.8999 * rounds - 5 * sqrt(rounds * 0.09));
	free(r);
}

static void addresses_of_one_ipv6_network_share_a_budget(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	unsigned n = 0;

	for (unsigned i = 0; i < 2000; i++) {
		netaddr a = v6_host(1, 1);

		n += ratelimit_take(r, &a, at(0)) == RATELIMIT_PASS;
	}
	assert_true(n < 500 + 8 + 6 * 20);
	free(r);
}

static void a_site_of_many_networks_has_a_budget_too(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	unsigned n = 0;

	for (unsigned i = 0; i < 4000; i++) {
		netaddr a = v6_host(1, i);

		n += ratelimit_take(r, &a, at(0)) == RATELIMIT_PASS;
	}
	/* 16 times 8 by budget, and the leak of the rest. */
	assert_in_range(n, 128 + 968 - 6 * 28, 128 + 968 + 6 * 28);
	netaddr other = v6_host(2, 1);

	assert_int_equal(ratelimit_take(r, &other, at(0)), RATELIMIT_PASS);
	free(r);
}

static void one_noisy_network_leaves_its_site_alone(void **state)
{
	(void)state;
	struct ratelimit *r = fresh();
	netaddr noisy = v6_host(1, 1), quiet = v6_host(1, 2);

	(void)passed(r, &noisy, 5000, 0, 0);
	assert_int_equal(passed(r, &quiet, 8, 0, 2), 8);
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
		switch (ratelimit_take(r, &a, at(i * 0.01))) {
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

	(void)passed(r, &a, 100, 0, 0.1);
	assert_int_equal(passed(r, &a, 8, -1e6, 2), 8); /* back */
	(void)passed(r, &a, 100, -1e6 + 16, 0.1);
	assert_int_equal(passed(r, &a, 8, 1e6, 2), 8); /* forward */
	free(r);
}

static void the_same_seed_limits_the_same_requests(void **state)
{
	(void)state;
	struct ratelimit *r = fresh(), *twin = fresh();

	for (unsigned i = 0; i < 5000; i++) {
		netaddr a = netaddr_v4((uint32_t)(check_rng() % 100), 1);
		tstamp now = at(i * 0.01);

		assert_int_equal(ratelimit_take(r, &a, now),
				 ratelimit_take(twin, &a, now));
	}
	free(r);
	free(twin);
}

/* F7, F8: whatever comes, nothing beyond ratelimit_size() is touched. */
static void a_million_clients_fit_the_same_memory(void **state)
{
	(void)state;
	size_t size = ratelimit_size(CLIENTS);
	uint8_t *memory = malloc(size + 64);

	assert_non_null(memory);
	memset(memory + size, 0x5a, 64);
	struct ratelimit *r = ratelimit_init(memory, CLIENTS, &discard, seed);

	FORALL(1000000) {
		netaddr a =
			v6_host((uint32_t)check_rng(), (uint32_t)check_rng());

		assert_int_equal(ratelimit_take(r, &a, at(case_ * 1e-4)),
				 RATELIMIT_PASS);
	}
	for (unsigned i = 0; i < 64; i++) {
		assert_int_equal(memory[size + i], 0x5a);
	}
	/* The flood did not make the table forget who floods now. */
	netaddr loud = netaddr_v4(0xc0000201, 5000);

	assert_true(passed(r, &loud, 1000, 100, 1e-3) < 400);
	free(memory);
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
		kisses += ratelimit_take(r, &a, at(200 + i * 0.01)) ==
			  RATELIMIT_KISS;
	}
	assert_in_range(kisses, 5, 11); /* one in 10 s */
	free(r);
}

static void the_whole_table_is_about_two_mebibytes(void **state)
{
	(void)state;
	assert_in_range(ratelimit_size(RATELIMIT_CLIENTS), 1 << 20, 4 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_that_asks_as_it_should_always_passes),
		cmocka_unit_test(a_flood_is_cut_to_the_leak),
		cmocka_unit_test(all_ports_share_one_budget),
		cmocka_unit_test(spoofed_requests_cannot_silence_a_victim),
		cmocka_unit_test(addresses_of_one_ipv6_network_share_a_budget),
		cmocka_unit_test(a_site_of_many_networks_has_a_budget_too),
		cmocka_unit_test(one_noisy_network_leaves_its_site_alone),
		cmocka_unit_test(kisses_are_rare),
		cmocka_unit_test(a_clock_that_steps_does_not_lock_anybody_out),
		cmocka_unit_test(the_same_seed_limits_the_same_requests),
		cmocka_unit_test(a_million_clients_fit_the_same_memory),
		cmocka_unit_test(the_limit_line_takes_the_place_of_discard),
		cmocka_unit_test(the_whole_table_is_about_two_mebibytes),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
