/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ratelimit.h - how often a client may ask, in memory of a fixed size.
 *
 * A bucket per IPv4 address and /24, and per IPv6 /64, /56 and /48; all ports
 * share it. The buckets are found by a keyed hash in sets of eight, so nobody
 * can make them collide (F7); the idlest of a full set is forgotten (F8).
 *
 * A limited request is still answered now and then, by chance: whoever spoofs
 * requests in somebody's name can slow his answers down, but not silence them
 * (F6). What is not answered costs its sender nothing further.
 *
 * There may be a budget for all together. As it runs out, first fewer of the
 * limited requests are let through, then everybody's allowance shrinks: who
 * asked least is refused last.
 *
 * Not shared: each serving thread has its own. What the numbers are for, and
 * why they are such: docs/limits.md.
 */
#ifndef CORE_RATELIMIT_H
#define CORE_RATELIMIT_H

#include "base/netaddr.h"
#include "base/ntptime.h"
#include "base/rng.h"
#include "config/config.h"

#define RATELIMIT_CLIENTS 65536 /* 1.5 MiB; half of them for networks */
#define RATELIMIT_LEVELS 3      /* networks within each other, at most */

struct ratelimit;

enum ratelimit_verdict {
	RATELIMIT_PASS,    /* within its budget, or lucky */
	RATELIMIT_KISS,    /* over it, and not told so for an interval */
	RATELIMIT_SILENCE, /* over it */
};

/* Bytes for `clients` buckets. */
size_t ratelimit_size(size_t clients);

struct ratelimit_rules {
	span cost;       /* of a request: one in so long, in the long run */
	span guard;      /* sooner after the last than this it costs double */
	span kiss;       /* a refusal is told once in so long */
	unsigned depth;  /* so many at once */
	unsigned leak;   /* of so many limited ones one passes; 0: none */
	unsigned budget; /* answers per second to all together; 0: no end */
};

/* What a discard or limit line says, as below. */
struct ratelimit_rules ratelimit_rules_of(const struct limit_config *limit);

struct ratelimit *ratelimit_with(void *memory, size_t clients,
				 const struct ratelimit_rules *rules,
				 const uint8_t seed[RNG_SEED]);

/*
 * `limit` is what the discard or limit line says; of discard: one request per
 * 2^average s in the long run, 256 at once, and half as many when they come
 * closer than half of `minimum`, which is the spacing that clients aim at.
 */
struct ratelimit *ratelimit_init(void *memory, size_t clients,
				 const struct limit_config *limit,
				 const uint8_t seed[RNG_SEED]);

/* The line is another; debts stay. */
void ratelimit_retune(struct ratelimit *r, const struct limit_config *limit);

/*
 * This is one of `shards` (> 0) that see different clients: the budget, and
 * what networks may, is for all of them together.
 */
void ratelimit_share(struct ratelimit *r, unsigned shards);

/* Where to look for a client's buckets. */
struct ratelimit_aim {
	uint64_t hash[RATELIMIT_LEVELS];
	bool v4;
};

/* Looks the places up, so that the memory is on its way when it is needed. */
struct ratelimit_aim ratelimit_aim(const struct ratelimit *r,
				   const netaddr *from);

/*
 * One request. A clock that steps forgives debts; it never makes one longer
 * than the bucket is deep.
 */
MUST_USE enum ratelimit_verdict ratelimit_take(struct ratelimit *r,
					       const struct ratelimit_aim *aim,
					       tstamp now);

#endif
