/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bucket is a point in time: when all that was asked will be paid for. A
 * set of eight is three lines of the cache, and who passes needs two of them.
 * Who is meant is told by 31 more bits of the hash: two of one set who share
 * them share a bucket, and nobody without the key can tell who does.
 */
#include "core/serve/ratelimit.h"

#include <string.h>

#include "base/siphash.h"
#include "core/serve/fastmap.h"
#include "core/serve/overload.h"

#define WAYS 8    /* buckets looked at for one key, at most (F7) */
#define REGIONS 4 /* of the sets: two for hosts, two for networks */
#define LEAK 4    /* of so many limited requests one is answered */
#define HASTY 2   /* the price of a request that comes too soon */

/* Of discard: 32 who ask four times each at once, behind one address. */
#define DEPTH 256

/* Of a request and of a bucket, whatever the lines say: 24 days, two years. */
#define MOST_COST ((span){ INT64_C(1) << 53 })
#define MOST_ROOM ((span){ INT64_C(1) << 58 })

/* Under a budget: what is owed is saved for by these. */
#define LEAK_HALVES 32 /* the leak is halved so often by what is owed, ... */
#define STRAIN (OVERLOAD_FULL / 2) /* from here on prices rise, ... */
#define DEAREST 8                  /* by up to 2^DEAREST */

/*
 * A network has what 2^wide of its hosts have. 256 hosts that all ask every
 * 64 s ask four times a second: /24 has eight.
 */
static const unsigned v4_wide[] = { 0, FAST_WIDE_24 };
/* A /56 is a home or a small site, and a /48 256 of them, or a large one. */
static const unsigned v6_wide[] = { 0, FAST_WIDE_56, FAST_WIDE_48 };

#define LEAST_WIDE 2 /* however many shards there are */

/* Coarse time, for what needs no more: 2^-12 s, modulo 12 days. */
typedef uint32_t ticks;

#define TICK_SHIFT 20
#define LONG_AGO (UINT32_C(1) << 31)

struct set {
	uint32_t tag[WAYS]; /* 0: unused */
	ticks last[WAYS];   /* request that passed */
	tstamp paid[WAYS];  /* when the bucket will have run dry */
	ticks kissed[WAYS];
	ticks unused[WAYS];
};

_Static_assert(sizeof(struct set) == (size_t)3 * CACHE_LINE,
	       "whole lines of the cache");

struct ratelimit {
	struct siphash_state hash; /* before an address */
	struct rng rng;
	struct ratelimit_rules rules;
	span room; /* of a bucket: what `depth` requests cost */
	struct overload load;
	unsigned shards, shards_log2;
	uint64_t mask; /* sets, less one */
	struct set *sets;
};

/* One bucket. */
struct bucket {
	struct set *set;
	unsigned way;
};

static size_t sets_for(size_t clients)
{
	size_t sets = REGIONS;

	while (sets * WAYS < clients) {
		sets *= 2;
	}
	return sets;
}

size_t ratelimit_size(size_t clients)
{
	return sizeof(struct ratelimit) + CACHE_LINE +
	       sets_for(clients) * sizeof(struct set);
}

static span at_most(span d, span most)
{
	return span_cmp(d, most) > 0 ? most : d;
}

/* ntpsec's line: so many per second, and no guard time. */
static struct ratelimit_rules rules_by_rate(const struct limit_config *limit)
{
	return (struct ratelimit_rules){
		.cost = span_from_seconds(1 / limit->rate),
		.kiss = span_from_seconds(1 / limit->kiss_rate),
		.depth = limit->burst,
		.leak = LEAK,
		.budget = limit->budget,
	};
}

struct ratelimit_rules ratelimit_rules_of(const struct limit_config *limit)
{
	if (limit->rate > 0) {
		return rules_by_rate(limit);
	}
	int average = limit->average < 0 ? 0 : limit->average;

	if (average > 16) {
		average = 16; /* half a year for the whole bucket */
	}

	return (struct ratelimit_rules){
		.cost = span_from_log2(average),
		.guard = span_from_seconds(limit->minimum_s / 2),
		.kiss = span_from_log2(average),
		.depth = DEPTH,
		.leak = LEAK,
		.budget = limit->budget,
	};
}

static void set_budget(struct ratelimit *r)
{
	overload_set(&r->load, (double)r->rules.budget / r->shards);
}

static void take_rules(struct ratelimit *r, const struct ratelimit_rules *rules)
{
	int64_t depth = rules->depth > 0 ? rules->depth : 1;

	r->rules = *rules;
	r->rules.cost = at_most(at_most(rules->cost, MOST_COST),
				(span){ MOST_ROOM.v / depth });
	r->room = (span){ r->rules.cost.v * depth };
	set_budget(r);
}

void ratelimit_retune(struct ratelimit *r, const struct limit_config *limit)
{
	const struct ratelimit_rules rules = ratelimit_rules_of(limit);

	take_rules(r, &rules);
}

void ratelimit_share(struct ratelimit *r, unsigned shards)
{
	r->shards = shards;
	r->shards_log2 = 0;
	while (shards >>= 1) {
		r->shards_log2++;
	}
	set_budget(r);
}

struct ratelimit *ratelimit_with(void *memory, size_t clients,
				 const struct ratelimit_rules *rules,
				 const uint8_t seed[RNG_SEED])
{
	struct ratelimit *r = memory;
	uint8_t *sets = (uint8_t *)(r + 1);

	memset(memory, 0, ratelimit_size(clients));
	sets += (CACHE_LINE - (uintptr_t)sets % CACHE_LINE) % CACHE_LINE;
	r->sets = (struct set *)(void *)sets;
	r->mask = sets_for(clients) - 1;
	r->shards = 1;
	take_rules(r, rules);
	rng_init(&r->rng, seed);
	const struct siphash_key key = siphash_draw(&r->rng);

	r->hash = siphash_begin(&key);
	return r;
}

struct ratelimit *ratelimit_init(void *memory, size_t clients,
				 const struct limit_config *limit,
				 const uint8_t seed[RNG_SEED])
{
	const struct ratelimit_rules rules = ratelimit_rules_of(limit);

	return ratelimit_with(memory, clients, &rules, seed);
}

/*
 * Hosts and networks have sets of their own, so that a flood of hosts does not
 * make the networks it comes from forgotten.
 */
static struct set *set_of(const struct ratelimit *r, uint64_t hash,
			  unsigned level)
{
	uint64_t region = level == 0 ? hash & 1 : level + 1;

	return &r->sets[(hash & r->mask & ~(uint64_t)(REGIONS - 1)) | region];
}

static void aim_at(const struct ratelimit *r, struct ratelimit_aim *aim,
		   unsigned level, uint64_t hash)
{
	const struct set *set = set_of(r, hash, level);

	aim->hash[level] = hash;
	__builtin_prefetch(set->tag);
	__builtin_prefetch(set->paid);
}

/* Of the first octets: as many networks as v4_wide and v6_wide are for. */
struct ratelimit_aim ratelimit_aim(const struct ratelimit *r,
				   const netaddr *from)
{
	struct ratelimit_aim aim = { .v4 = netaddr_is_v4(from) };
	uint64_t v4 = netaddr_tail(from) >> 32, v6 = netaddr_head(from);

	if (aim.v4) {
		aim_at(r, &aim, 0, siphash13_few(r->hash, v4, 4));
		aim_at(r, &aim, 1, siphash13_few(r->hash, v4 & 0xffffff, 3));
		return aim;
	}
	aim_at(r, &aim, 0, siphash13_8(r->hash, v6));
	aim_at(r, &aim, 1, siphash13_few(r->hash, v6 << 8 >> 8, 7));
	aim_at(r, &aim, 2, siphash13_few(r->hash, v6 << 16 >> 16, 6));
	return aim;
}

static ticks ticks_at(tstamp now)
{
	return (ticks)(now.v >> TICK_SHIFT);
}

static bool is_within(ticks since, span limit)
{
	return since < (uint64_t)limit.v >> TICK_SHIFT;
}

/* A full bucket owes no more: the clock went back. */
static bool is_possible(const struct ratelimit *r, tstamp paid, tstamp now)
{
	return tstamp_diff(paid, now).v <= r->room.v;
}

static unsigned idlest(const struct ratelimit *r, const struct set *set,
		       tstamp now)
{
	unsigned idlest = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set->tag[i] == 0 || !is_possible(r, set->paid[i], now)) {
			return i;
		}
		if (tstamp_before(set->paid[i], set->paid[idlest])) {
			idlest = i;
		}
	}
	return idlest;
}

/* The client's bucket, or the one it takes over: a free or the idlest one. */
static struct bucket bucket_for(const struct ratelimit *r, uint64_t hash,
				unsigned level, tstamp now)
{
	struct bucket p = { .set = set_of(r, hash, level) };
	uint32_t tag = (uint32_t)(hash >> 32) | 1;
	unsigned hits = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		hits |= (unsigned)(p.set->tag[i] == tag) << i;
	}
	if (hits != 0) {
		p.way = (unsigned)__builtin_ctz(hits);
		return p;
	}
	p.way = idlest(r, p.set, now);
	p.set->tag[p.way] = tag;
	p.set->paid[p.way] = now;
	p.set->last[p.way] = ticks_at(now) - LONG_AGO;
	p.set->kissed[p.way] = ticks_at(now) - LONG_AGO;
	return p;
}

/* Is there room for a request of this price? Makes `paid` sane first. */
static bool has_room(const struct ratelimit *r, struct bucket p, span price,
		     tstamp now)
{
	tstamp *paid = &p.set->paid[p.way];
	span debt = tstamp_diff(*paid, now);

	if (debt.v < 0 || !is_possible(r, *paid, now)) {
		*paid = now;
		debt = SPAN_ZERO;
	}
	return debt.v <= r->room.v - price.v;
}

/*
 * What a request costs when so much is owed: from half of the budget on more
 * and more, until one fills an empty bucket, or 256 times as much.
 */
static span price_when(const struct ratelimit *r, uint64_t owed)
{
	span cost = r->rules.cost;

	if (owed <= STRAIN) {
		return cost;
	}
	/* 2^x, straight from each power to the next; x to 2^-8. */
	uint64_t x = (owed - STRAIN) * DEAREST >> 23;
	int64_t factor = (int64_t)((256 + (x & 255)) << (x >> 8));

	return at_most((span){ (cost.v >> 8) * factor }, r->room);
}

/* Over the budget it is the first to be given up: nobody may count on it. */
static bool is_lucky(struct ratelimit *r, uint64_t owed)
{
	uint64_t halves = owed * LEAK_HALVES / OVERLOAD_FULL;

	return r->rules.leak > 0 &&
	       rng_below(&r->rng, (uint64_t)r->rules.leak << halves) == 0;
}

static enum ratelimit_verdict refuse(struct ratelimit *r, struct bucket p,
				     uint64_t owed, tstamp now)
{
	ticks *kissed = &p.set->kissed[p.way];

	if (is_lucky(r, owed)) {
		overload_add(&r->load, now);
		return RATELIMIT_PASS;
	}
	if (owed > STRAIN ||
	    is_within(ticks_at(now) - *kissed, r->rules.kiss)) {
		return RATELIMIT_SILENCE;
	}
	*kissed = ticks_at(now);
	overload_add(&r->load, now);
	return RATELIMIT_KISS;
}

static unsigned wide_log2(const struct ratelimit *r, unsigned wide)
{
	if (wide == 0) {
		return 0;
	}
	return wide > r->shards_log2 + LEAST_WIDE ? wide - r->shards_log2
						  : LEAST_WIDE;
}

enum ratelimit_verdict
ratelimit_take(struct ratelimit *r, const struct ratelimit_aim *aim, tstamp now)
{
	struct bucket buckets[RATELIMIT_LEVELS];
	span shares[RATELIMIT_LEVELS];
	const unsigned *wide = aim->v4 ? v4_wide : v6_wide;
	unsigned count = aim->v4 ? ARRAY_LEN(v4_wide) : ARRAY_LEN(v6_wide);
	uint64_t owed = overload_owed(&r->load, now);
	span price = price_when(r, owed);

	if (owed == OVERLOAD_FULL) {
		return RATELIMIT_SILENCE;
	}
	for (unsigned i = 0; i < count; i++) {
		struct bucket p = bucket_for(r, aim->hash[i], i, now);

		if (i == 0 && is_within(ticks_at(now) - p.set->last[p.way],
					r->rules.guard)) {
			price = at_most((span){ price.v * HASTY }, r->room);
		}
		buckets[i] = p;
		shares[i] = (span){ price.v >> wide_log2(r, wide[i]) };
		if (!has_room(r, p, shares[i], now)) {
			return refuse(r, p, owed, now);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		tstamp *paid = &buckets[i].set->paid[buckets[i].way];

		*paid = tstamp_add(*paid, shares[i]);
		buckets[i].set->last[buckets[i].way] = ticks_at(now);
	}
	overload_add(&r->load, now);
	return RATELIMIT_PASS;
}
