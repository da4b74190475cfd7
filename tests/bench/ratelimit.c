/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ratelimit.c - what a limit adds to an answer, in ns: one look-up at a time,
 * and with those of a batch aimed at ahead.
 *
 *     bench_ratelimit [HOSTS REQUESTS]    only these, once: for callgrind
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/serve/ratelimit.h"
#include "stopwatch.h"

#define REQUESTS 4000000
#define ROUNDS 5
#define BATCH 32

/* One of so many, by luck; each of a network of its own. */
static netaddr host(uint32_t hosts, bool v4, uint32_t *luck)
{
	uint32_t number;
	netaddr a = { .ip = { 0x20, 0x01 } };

	*luck = *luck * 1664525 + 1013904223;
	number = (*luck >> 8) % hosts;
	if (v4) {
		return netaddr_v4(number * UINT32_C(0x9e3779b1), 4711);
	}
	for (unsigned i = 0; i < 4; i++) {
		a.ip[2 + i] = (uint8_t)(number >> (8 * i));
	}
	return a;
}

/* Of a batch first all are aimed at. */
static unsigned take_all(struct ratelimit *r, uint32_t hosts, bool v4,
			 unsigned requests, unsigned batch)
{
	tstamp now = { UINT64_C(0xe98c5a10b0010000) };
	uint32_t luck = 1;
	unsigned passed = 0;

	for (unsigned i = 0; i < requests; i += batch) {
		struct ratelimit_aim aims[BATCH];

		for (unsigned k = 0; k < batch; k++) {
			netaddr from = host(hosts, v4, &luck);

			aims[k] = ratelimit_aim(r, &from);
		}
		for (unsigned k = 0; k < batch; k++) {
			passed += ratelimit_take(r, &aims[k], now) ==
				  RATELIMIT_PASS;
			now.v += 1 << 14; /* 3.8 us */
		}
	}
	return passed;
}

static double least_ns(const struct limit_config *limit, uint32_t hosts,
		       bool v4, unsigned batch)
{
	static const uint8_t seed[RNG_SEED] = { 1 };
	double least = 1e9;

	for (unsigned i = 0; i < ROUNDS; i++) {
		void *memory = malloc(ratelimit_size(RATELIMIT_CLIENTS));

		if (!memory) {
			abort();
		}
		struct ratelimit *r =
			ratelimit_init(memory, RATELIMIT_CLIENTS, limit, seed);
		double start = now_s();

		(void)take_all(r, hosts, v4, REQUESTS, batch);
		double ns = (now_s() - start) / REQUESTS * 1e9;

		least = ns < least ? ns : least;
		free(memory);
	}
	return least;
}

static void compare(const char *what, const struct limit_config *limit, bool v4)
{
	static const uint32_t hosts[] = { 1, 1000, 1000000 };

	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		printf("%-24s %8u hosts: %5.1f ns, %5.1f ns in a batch\n", what,
		       hosts[i], least_ns(limit, hosts[i], v4, 1),
		       least_ns(limit, hosts[i], v4, BATCH));
	}
}

int main(int argc, char **argv)
{
	/* So many at once that even one host alone passes. */
	const struct limit_config passing = { .rate = 1e6,
					      .burst = 1000000,
					      .kiss_rate = 1 };
	const struct limit_config usual = { .average = 3, .minimum_s = 2 };
	struct limit_config saving = usual;

	saving.budget = 1000;
	if (argc == 3) {
		static const uint8_t seed[RNG_SEED] = { 1 };
		static uint64_t memory[1 << 18];
		struct ratelimit *r = ratelimit_init(memory, RATELIMIT_CLIENTS,
						     &passing, seed);

		if (ratelimit_size(RATELIMIT_CLIENTS) > sizeof(memory)) {
			return 1;
		}
		printf("%u passed\n",
		       take_all(r, (uint32_t)strtoul(argv[1], NULL, 10), true,
				(unsigned)strtoul(argv[2], NULL, 10), 1));
		return 0;
	}
	compare("IPv4, all pass", &passing, true);
	compare("IPv6, all pass", &passing, false);
	compare("IPv4, discard", &usual, true);
	compare("IPv4, over the budget", &saving, true);
	return 0;
}
