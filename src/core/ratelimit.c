/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/ratelimit.h"

#include <string.h>

#include "base/siphash.h"

#define WAYS 8  /* slots looked at for one key, at most (F7) */
#define DEPTH 8 /* requests that a full bucket holds */
#define WIDE 16 /* a /48 may ask as often as so many of its /64 */
#define LEAK 4  /* of so many limited requests one is answered */

enum width { WIDTH_NONE, WIDTH_HOST, WIDTH_SITE };

struct slot {
	uint64_t key;
	tstamp empty; /* when the bucket will have run dry */
	tstamp last;  /* request that passed */
	tstamp kissed;
	enum width width; /* WIDTH_NONE: the slot is free */
	bool ever_kissed;
};

struct ratelimit {
	struct siphash_key hash;
	struct rng rng;
	struct ratelimit_rules rules;
	size_t sets;
	struct slot slots[];
};

static size_t sets_for(size_t clients)
{
	size_t sets = 1;

	while (sets * WAYS < clients) {
		sets *= 2;
	}
	return sets;
}

size_t ratelimit_size(size_t clients)
{
	return sizeof(struct ratelimit) +
	       sets_for(clients) * WAYS * sizeof(struct slot);
}

/* ntpsec's line: so many per second, and no guard time. */
static struct ratelimit_rules rules_by_rate(const struct limit_config *limit)
{
	return (struct ratelimit_rules){
		.cost = span_from_seconds(1 / limit->rate),
		.kiss = span_from_seconds(1 / limit->kiss_rate),
		.depth = limit->burst,
		.leak = LEAK,
	};
}

static struct ratelimit_rules rules_of(const struct limit_config *limit)
{
	if (limit->rate > 0) {
		return rules_by_rate(limit);
	}
	int average = limit->average < 0 ? 0 : limit->average;

	if (average > 16) {
		average = 16; /* a day and a half for the whole bucket */
	}

	return (struct ratelimit_rules){
		.cost = span_from_log2(average),
		.guard = span_from_seconds(limit->minimum_s / 2),
		.kiss = span_from_log2(average),
		.depth = DEPTH,
		.leak = LEAK,
	};
}

void ratelimit_retune(struct ratelimit *r, const struct limit_config *limit)
{
	r->rules = rules_of(limit);
}

struct ratelimit *ratelimit_with(void *memory, size_t clients,
				 const struct ratelimit_rules *rules,
				 const uint8_t seed[RNG_SEED])
{
	struct ratelimit *r = memory;

	memset(memory, 0, ratelimit_size(clients));
	r->sets = sets_for(clients);
	r->rules = *rules;
	rng_init(&r->rng, seed);
	r->hash = siphash_draw(&r->rng);
	return r;
}

struct ratelimit *ratelimit_init(void *memory, size_t clients,
				 const struct limit_config *limit,
				 const uint8_t seed[RNG_SEED])
{
	const struct ratelimit_rules rules = rules_of(limit);

	return ratelimit_with(memory, clients, &rules, seed);
}

static uint64_t key_of(const netaddr *from, enum width width)
{
	size_t at = netaddr_is_v4(from) ? 12 : 0;
	size_t len = at ? 4 : width == WIDTH_HOST ? 8 : 6;
	uint64_t key = at ? 1 : 0; /* no IPv6 network is that small */

	for (size_t i = 0; i < len; i++) {
		key = key << 8 | from->ip[at + i];
	}
	return key << (at ? 0 : 64 - 8 * len);
}

/*
 * The slot of `key`, or the one it takes over: a free or the idlest one, but
 * never `keep`.
 */
static struct slot *slot_for(struct ratelimit *r, uint64_t key,
			     enum width width, tstamp now,
			     const struct slot *keep)
{
	uint64_t words[2] = { key, (uint64_t)width };
	uint64_t hash = siphash(&r->hash, words, sizeof(words));
	struct slot *set = r->slots + hash % r->sets * WAYS;
	struct slot *idlest = set == keep ? set + 1 : set;

	for (struct slot *s = set; s < set + WAYS; s++) {
		if (s->width == width && s->key == key) {
			return s;
		}
		if (s == keep || idlest->width == WIDTH_NONE) {
			continue;
		}
		if (s->width == WIDTH_NONE ||
		    tstamp_before(s->empty, idlest->empty)) {
			idlest = s;
		}
	}
	*idlest = (struct slot){
		.key = key,
		.width = width,
		.empty = now,
		.last = tstamp_add(now, (span){ -r->rules.guard.v }),
	};
	return idlest;
}

/* Is there room for one request of this cost? Makes `empty` sane first. */
static bool slot_has_room(struct slot *s, span cost, unsigned depth, tstamp now)
{
	span debt = tstamp_diff(s->empty, now);

	/* Later than a full bucket allows: the clock went back. */
	if (debt.v < 0 || debt.v > cost.v * depth) {
		s->empty = now;
		debt = SPAN_ZERO;
	}
	return debt.v + cost.v <= cost.v * depth;
}

static bool slot_is_hasty(const struct slot *s, span guard, tstamp now)
{
	span since = tstamp_diff(now, s->last);

	return since.v >= 0 && since.v < guard.v;
}

static enum ratelimit_verdict refuse(struct ratelimit *r, struct slot *s,
				     tstamp now)
{
	span since = tstamp_diff(now, s->kissed);

	if (r->rules.leak > 0 && rng_below(&r->rng, r->rules.leak) == 0) {
		return RATELIMIT_PASS;
	}
	if (s->ever_kissed && since.v >= 0 && since.v < r->rules.kiss.v) {
		return RATELIMIT_SILENCE;
	}
	s->ever_kissed = true;
	s->kissed = now;
	return RATELIMIT_KISS;
}

enum ratelimit_verdict ratelimit_take(struct ratelimit *r, const netaddr *from,
				      tstamp now)
{
	struct slot *host =
		slot_for(r, key_of(from, WIDTH_HOST), WIDTH_HOST, now, NULL);

	if (slot_is_hasty(host, r->rules.guard, now) ||
	    !slot_has_room(host, r->rules.cost, r->rules.depth, now)) {
		return refuse(r, host, now);
	}
	if (!netaddr_is_v4(from)) {
		struct slot *site = slot_for(r, key_of(from, WIDTH_SITE),
					     WIDTH_SITE, now, host);
		span share = { r->rules.cost.v / WIDE };

		if (!slot_has_room(site, share, r->rules.depth, now)) {
			return refuse(r, site, now);
		}
		site->empty = tstamp_add(site->empty, share);
	}
	host->empty = tstamp_add(host->empty, r->rules.cost);
	host->last = now;
	return RATELIMIT_PASS;
}
