/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits that cannot be turned against anybody: not against him in whose name
 * somebody floods (F6), nor by addresses that were chosen (F7), nor by as many
 * as there are (F8).
 */
#include <math.h>

#include "asking.h"

/*
 * F6: 10^5 spoofed requests a second just before each poll of the victim, ten
 * million in all: his own are answered at least as often as the leak says.
 */
static void spoofed_requests_cannot_silence_a_victim(void **state)
{
	const unsigned polls = 2000, spoofed = 5000;
	struct ratelimit *r = fresh();
	netaddr victim = netaddr_v4(0xc0000201, 123);
	unsigned got = 0, rounds_deaf = 0;

	(void)state;
	for (unsigned round = 0; round < polls / 8; round++) {
		unsigned before = got;

		for (unsigned poll = 0; poll < 8; poll++) {
			double when = 64 * (8 * round + poll);

			(void)passed(r, &victim, spoofed, when - 0.05, 1e-5);
			got += take(r, &victim, when) == RATELIMIT_PASS;
		}
		rounds_deaf += got == before;
	}
	assert_true(got >= polls / 4.0 - 5 * sqrt(polls * 0.25 * 0.75));
	/* 0.75^8: a round of eight polls in which he heard nothing. */
	double deaf = polls / 8.0 * 0.1001;

	assert_true(rounds_deaf <= deaf + 5 * sqrt(deaf));
	free(r);
}

/* F6: nor can those do it who spoof the whole network of the victim. */
static void spoofing_a_network_silences_nobody_in_it(void **state)
{
	const unsigned polls = 1000;
	struct ratelimit *r = fresh();
	netaddr victim = netaddr_v4(0xc0000201, 123);
	unsigned got = 0;

	(void)state;
	for (unsigned poll = 0; poll < polls; poll++) {
		for (unsigned i = 0; i < 2000; i++) {
			netaddr a = netaddr_v4(0xc0000200 | (i & 255), 123);

			(void)take(r, &a, 64 * poll - 0.02 + i * 1e-5);
		}
		got += take(r, &victim, 64 * poll) == RATELIMIT_PASS;
	}
	assert_true(got >= polls / 4.0 - 5 * sqrt(polls * 0.25 * 0.75));
	free(r);
}

/* An answer or a kiss for each request at most: bytes out <= bytes in. */
static void a_flood_costs_its_victim_less_than_the_flood(void **state)
{
	const unsigned n = 1000000;
	struct ratelimit *r = fresh();
	netaddr victim = netaddr_v4(0xc0000201, 123);
	unsigned sent = 0;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		sent += take(r, &victim, i * 1e-5) != RATELIMIT_SILENCE;
	}
	assert_in_range(sent, n / 4 - 6 * 433, n / 4 + 6 * 433 + 130);
	free(r);
}

/* Addresses that somebody chose, the i-th of them. */

/* One byte varies, and then the next. */
static netaddr one_byte(unsigned i)
{
	return netaddr_v4(i << 12, 1);
}

/* Equal under h = 37 h + octet: 37 less in one makes up for 1 more before. */
static netaddr polynomial(unsigned i)
{
	netaddr a = { .ip = { 0x20, 0x01 } };

	for (unsigned at = 2; at < 8; at += 2, i /= 7) {
		int step = (int)(i % 7) - 3;

		a.ip[at] = (uint8_t)(128 + step);
		a.ip[at + 1] = (uint8_t)(128 - 37 * step);
	}
	a.port = (uint16_t)(i + 1);
	return a;
}

/* Octets alike in their low 7 bits: one slot of a small table under FNV. */
static netaddr alike_in_low_bits(unsigned i)
{
	netaddr a = { .ip = { 0x20, 0x01 } };

	for (unsigned at = 0; at < 8; at++) {
		a.ip[at] = (uint8_t)((i >> 8) | (i >> at & 1) << 7);
	}
	return a;
}

static netaddr multiples_of_the_table(unsigned i)
{
	return netaddr_v4(i * RATELIMIT_CLIENTS, 1);
}

static netaddr at_random(unsigned i)
{
	(void)i;
	return netaddr_v4((uint32_t)check_rng(), 1);
}

static netaddr at_random_v6(unsigned i)
{
	(void)i;
	return v6_host((uint32_t)check_rng(), (uint32_t)check_rng());
}

/*
 * 256 of them flood in turn, then ask once more: how many are remembered? If
 * they shared a set, only as many as it has places would be.
 */
static unsigned remembered(netaddr (*address)(unsigned))
{
	/* No leak: what passes is what was forgotten. */
	static const struct ratelimit_rules rules = {
		.cost = { INT64_C(1) << 35 }, .depth = 4
	};
	void *memory = malloc(ratelimit_size(RATELIMIT_CLIENTS));
	struct ratelimit *r;
	netaddr all[256];
	unsigned limited = 0;

	assert_non_null(memory);
	r = ratelimit_with(memory, RATELIMIT_CLIENTS, &rules, seed);
	for (unsigned i = 0; i < 256; i++) {
		all[i] = address(i);
		(void)passed(r, &all[i], 5, 0, 0);
	}
	for (unsigned i = 0; i < 256; i++) {
		limited += take(r, &all[i], 1) != RATELIMIT_PASS;
	}
	free(memory);
	return limited;
}

static void chosen_addresses_do_not_collide(void **state)
{
	netaddr (*const choices[])(
		unsigned) = { one_byte, polynomial, alike_in_low_bits,
			      multiples_of_the_table, at_random };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(choices); i++) {
		/* All: 256 of 32768 places leave no set full. */
		assert_in_range(remembered(choices[i]), 254, 256);
	}
}

/* In one /64: no more than one client. */
static netaddr of_one_64(unsigned i)
{
	netaddr a = v6_host(1, 1);

	memcpy(a.ip + 8, &i, sizeof(i));
	return a;
}

#define MANY 200000

/* CPU time of as many requests, one from each; the least of five. */
static clock_t least_time(netaddr (*address)(unsigned))
{
	netaddr *all = malloc(MANY * sizeof(*all));
	clock_t least = 0;

	assert_non_null(all);
	for (unsigned i = 0; i < MANY; i++) {
		all[i] = address(i);
	}
	for (unsigned round = 0; round < 5; round++) {
		struct ratelimit *r = fresh();
		clock_t start = clock(), took;

		for (unsigned i = 0; i < MANY; i++) {
			(void)take(r, &all[i], i * 1e-5);
		}
		took = clock() - start;
		least = round == 0 || took < least ? took : least;
		free(r);
	}
	free(all);
	return least;
}

/* F7: five times 200,000 take no more than twice what others take. */
static void chosen_addresses_do_not_take_longer(void **state)
{
	netaddr (*const choices[])(
		unsigned) = { one_byte, polynomial, alike_in_low_bits,
			      multiples_of_the_table, of_one_64 };
	clock_t v4 = least_time(at_random);
	clock_t v6 = least_time(at_random_v6);

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(choices); i++) {
		netaddr first = choices[i](0);
		clock_t took = least_time(choices[i]);

		printf("# %u: %ld, at random %ld\n", i, (long)took,
		       (long)(netaddr_is_v4(&first) ? v4 : v6));
		assert_true(took < 2 * (netaddr_is_v4(&first) ? v4 : v6));
	}
}

/* F8, and F7: 10^7 strangers, and nothing beyond ratelimit_size() is touched.
 */
static void ten_million_strangers_fit_the_same_memory(void **state)
{
	size_t size = ratelimit_size(RATELIMIT_CLIENTS);
	uint8_t *memory = malloc(size + 64);
	netaddr loud = netaddr_v4(0xc0000201, 5000);
	struct ratelimit *r;

	(void)state;
	assert_non_null(memory);
	memset(memory + size, 0x5a, 64);
	r = ratelimit_init(memory, RATELIMIT_CLIENTS, &discard, seed);
	(void)passed(r, &loud, 10000, 0, 1e-3);
	FORALL(10000000) {
		netaddr a =
			v6_host((uint32_t)check_rng(), (uint32_t)check_rng());

		assert_int_equal(take(r, &a, 10 + case_ * 1e-5),
				 RATELIMIT_PASS);
	}
	for (unsigned i = 0; i < 64; i++) {
		assert_int_equal(memory[size + i], 0x5a);
	}
	/* Who flooded before them is still known: 100 s for 2048 are not much.
	 */
	assert_true(passed(r, &loud, 1000, 111, 1e-3) < 340);
	free(memory);
}

/* Nor do they make the network forgotten from which they all come. */
static void a_site_of_strangers_is_one_site(void **state)
{
	const struct limit_config none = { .average = 3 };
	struct ratelimit *r = fresh_with(&none);
	unsigned n = 0, count = 1000000;

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		netaddr a = v6_host(i % 2 ? 1 : (uint32_t)check_rng(),
				    (uint32_t)check_rng());

		n += take(r, &a, i * 1e-5) == RATELIMIT_PASS;
	}
	/* All of the others, and of the site what a quarter comes to. */
	unsigned want = count / 2 + 16464 + (count / 2 - 16464) / 4;

	assert_in_range(n, want - 6 * 310, want + 6 * 310);
	free(r);
}

static void the_table_is_a_mebibyte_and_a_half(void **state)
{
	(void)state;
	assert_in_range(ratelimit_size(RATELIMIT_CLIENTS), 3 << 19,
			(3 << 19) + 1024);
	/* 24 octets for each. */
	assert_true(ratelimit_size(1 << 20) - ratelimit_size(1 << 19) ==
		    24 << 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spoofed_requests_cannot_silence_a_victim),
		cmocka_unit_test(spoofing_a_network_silences_nobody_in_it),
		cmocka_unit_test(a_flood_costs_its_victim_less_than_the_flood),
		cmocka_unit_test(chosen_addresses_do_not_collide),
		cmocka_unit_test(chosen_addresses_do_not_take_longer),
		cmocka_unit_test(ten_million_strangers_fit_the_same_memory),
		cmocka_unit_test(a_site_of_strangers_is_one_site),
		cmocka_unit_test(the_table_is_a_mebibyte_and_a_half),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
