/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ratelimit.h - how often a client may ask, in memory of a fixed size.
 *
 * A bucket per IPv4 address, IPv6 /64 and IPv6 /48 (16 times as large); all
 * ports share it. The buckets are found by a keyed hash in sets of eight, so
 * nobody can make them collide; the idlest of a full set is forgotten.
 *
 * A limited request is still answered now and then: whoever spoofs requests
 * in somebody's name can slow his answers down, but not silence them (F6).
 * What is not answered costs its sender nothing further.
 */
#ifndef CORE_RATELIMIT_H
#define CORE_RATELIMIT_H

#include "base/netaddr.h"
#include "base/ntptime.h"
#include "base/rng.h"
#include "config/config.h"

#define RATELIMIT_CLIENTS 65536 /* about 2 MiB; a busy public server's hour */

struct ratelimit;

enum ratelimit_verdict {
	RATELIMIT_PASS,    /* within its budget, or lucky */
	RATELIMIT_KISS,    /* over it, and not told so for an interval */
	RATELIMIT_SILENCE, /* over it */
};

/* Bytes for `clients` buckets. */
size_t ratelimit_size(size_t clients);

struct ratelimit_rules {
	span cost;      /* of a request: one in so long, in the long run */
	span guard;     /* none closer to the last than this */
	span kiss;      /* a refusal is told once in so long */
	unsigned depth; /* so many at once */
	unsigned leak;  /* of so many limited ones one passes; 0: none */
};

struct ratelimit *ratelimit_with(void *memory, size_t clients,
				 const struct ratelimit_rules *rules,
				 const uint8_t seed[RNG_SEED]);

/*
 * `limit` is what the discard or limit line says; of discard: one request per
 * 2^average s in the long run, eight at once, and none closer to the last than
 * half of `minimum`, which is the spacing that clients aim at.
 */
struct ratelimit *ratelimit_init(void *memory, size_t clients,
				 const struct limit_config *limit,
				 const uint8_t seed[RNG_SEED]);

/* The discard line is another; debts stay. */
void ratelimit_retune(struct ratelimit *r, const struct limit_config *limit);

/*
 * One request. A clock that steps forgives debts; it never makes one longer
 * than the bucket is deep.
 */
MUST_USE enum ratelimit_verdict ratelimit_take(struct ratelimit *r,
					       const netaddr *from, tstamp now);

#endif
