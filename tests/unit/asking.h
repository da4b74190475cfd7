/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asking.h - hosts that ask a server with limits, so many times.
 */
#ifndef TESTS_ASKING_H
#define TESTS_ASKING_H

#include <string.h>

#include "check.h"
#include "core/serve/ratelimit.h"

static const struct limit_config discard = { .average = 3, .minimum_s = 2 };
static const uint8_t seed[RNG_SEED] = { 1 };

static inline tstamp at(double s)
{
	return tstamp_add((tstamp){ UINT64_C(0xe98c5a1000000000) },
			  span_from_seconds(s));
}

/* As many buckets as a daemon has; free() it. */
static inline struct ratelimit *fresh_with(const struct limit_config *limit)
{
	size_t size = ratelimit_size(RATELIMIT_CLIENTS);
	void *memory = malloc(size);

	assert_non_null(memory);
	memset(memory, 0xaa, size);
	return ratelimit_init(memory, RATELIMIT_CLIENTS, limit, seed);
}

static inline struct ratelimit *fresh(void)
{
	return fresh_with(&discard);
}

static inline netaddr v6_host(uint32_t site, uint32_t net)
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

static inline enum ratelimit_verdict take(struct ratelimit *r,
					  const netaddr *from, double when_s)
{
	struct ratelimit_aim aim = ratelimit_aim(r, from);

	return ratelimit_take(r, &aim, at(when_s));
}

static inline unsigned passed(struct ratelimit *r, const netaddr *from,
			      unsigned n, double first_s, double every_s)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		count += take(r, from, first_s + i * every_s) == RATELIMIT_PASS;
	}
	return count;
}

#endif
