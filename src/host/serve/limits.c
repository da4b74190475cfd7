/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/limits.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/counter.h"
#include "core/serve/access.h"
#include "host/system/entropy.h"

#define SIGMAS 4          /* by which a thread's clients may exceed its share */
#define LEAST_LIMITS 4096 /* buckets of a thread */

bool limits_wanted(const struct config *c)
{
	for (const struct restrict_config *r = c->restricts; r; r = r->next) {
		if (r->flags & RESTRICT_LIMITED) {
			return true;
		}
	}
	return false;
}

static bool wants_list(const struct limits *l, const struct config *c)
{
	return c->monitor && l->listed;
}

/* --- a shard's share --- */

/* The first that serves single hosts; those before it have no list. */
static size_t first_listed(const struct limits *l)
{
	return l->count > 1 ? 1 : 0;
}

/* How many share the clients. */
static uint32_t sharers(const struct limits *l)
{
	return (uint32_t)(l->count - first_listed(l));
}

/*
 * Chance gives one more clients than another: with room for that, all of them
 * together are as good as one list.
 */
static struct mru_config share_of(const struct limits *l,
				  const struct mru_config *all)
{
	struct mru_config share = *all;
	double room = mru_room(all), part = room / sharers(l);

	if (sharers(l) > 1) {
		part = fmin(ceil(part + SIGMAS * sqrt(part)), room);
		share.maxdepth = (unsigned)part;
		share.mindepth = (all->mindepth + sharers(l) - 1) / sharers(l);
	}
	return share;
}

static size_t in_lines(size_t bytes)
{
	/* No two shards write in one line. */
	return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static size_t list_size(const struct limits *l, const struct config *c)
{
	struct mru_config share = share_of(l, &c->mru);

	return in_lines(mru_size(mru_room(&share)));
}

static size_t bucket_count(const struct limits *l)
{
	size_t share = RATELIMIT_CLIENTS / sharers(l);

	return share > LEAST_LIMITS ? share : LEAST_LIMITS;
}

static size_t buckets_size(const struct limits *l)
{
	return in_lines(ratelimit_size(bucket_count(l)));
}

/* --- in the memory of all --- */

static void place_hits(struct limits *l, const struct config *c)
{
	size_t each = access_counters(c);

	for (size_t i = 0; i < l->count; i++) {
		l->shards[i].hits = l->memory.hits + i * each;
		l->shards[i].hit_count = each;
	}
}

static void place_limits(struct limits *l, const struct config *c,
			 const uint8_t seed[RNG_SEED])
{
	for (size_t i = 0; i < l->count; i++) {
		void *at = l->memory.limits + i * buckets_size(l);

		l->shards[i].limit =
			ratelimit_init(at, bucket_count(l), &c->limit, seed);
		ratelimit_share(l->shards[i].limit, sharers(l));
	}
}

static void place_lists(struct limits *l, const struct config *c,
			const uint8_t seed[RNG_SEED])
{
	const struct mru_config share = share_of(l, &c->mru);
	size_t first = first_listed(l);

	l->room = mru_room(&c->mru);
	for (size_t i = first; i < l->count; i++) {
		void *at = l->memory.clients + (i - first) * list_size(l, c);

		l->shards[i].clients = mru_init(at, &share, seed);
	}
}

static void retune(struct limits *l, const struct config *c)
{
	const struct mru_config share = share_of(l, &c->mru);

	for (size_t i = 0; i < l->count; i++) {
		struct server_shard *s = &l->shards[i];

		if (s->limit) {
			ratelimit_retune(s->limit, &c->limit);
		}
		if (s->clients) {
			mru_retune(s->clients, &share);
		}
	}
}

static void drop_lists(struct limits *l)
{
	for (size_t i = 0; i < l->count; i++) {
		l->shards[i].clients = NULL;
	}
	free(l->memory.clients);
	l->memory.clients = NULL;
	l->room = 0;
}

/* --- from settings to settings --- */

void limits_forget(struct limits_memory *more)
{
	free(more->hits);
	free(more->limits);
	free(more->clients);
	*more = (struct limits_memory){ .hits = NULL };
}

/*
 * An answer looks at five places all over a list: in large pages the processor
 * knows where they are. Only what is full of clients becomes real memory, as
 * before. Without the kernel's help it is only slower.
 */
static void prefer_large_pages(char *memory, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t before = -(uintptr_t)memory % page;

	if (size > before) {
		(void)madvise(memory + before, (size - before) / page * page,
			      MADV_HUGEPAGE);
	}
}

bool limits_prepare(const struct limits *l, const struct config *next,
		    struct limits_memory *more)
{
	bool limited = limits_wanted(next) && !l->memory.limits;
	bool listed = wants_list(l, next) && !l->memory.clients;

	*more = (struct limits_memory){
		.hits = calloc(access_counters(next) * l->count,
			       sizeof(uint64_t)),
	};
	if (limited) {
		more->limits =
			aligned_alloc(CACHE_LINE, l->count * buckets_size(l));
	}
	if (listed) { /* as it fills it becomes real memory, and no sooner */
		size_t size = sharers(l) * list_size(l, next);

		more->clients = calloc(1, size);
		if (more->clients) {
			prefer_large_pages(more->clients, size);
		}
	}
	if (!more->hits || (limited && !more->limits) ||
	    (listed && !more->clients) ||
	    !entropy_draw(more->seed, sizeof(more->seed))) {
		limits_forget(more);
		return false;
	}
	return true;
}

void limits_take(struct limits *l, const struct config *now,
		 struct limits_memory *more)
{
	free(l->memory.hits);
	l->memory.hits = more->hits;
	place_hits(l, now);
	if (!wants_list(l, now)) {
		drop_lists(l);
	}
	retune(l, now);
	if (more->limits) {
		l->memory.limits = more->limits;
		place_limits(l, now, more->seed);
	}
	if (more->clients) {
		l->memory.clients = more->clients;
		place_lists(l, now, more->seed);
	}
	*more = (struct limits_memory){ .hits = NULL };
}

bool limits_start(struct limits *l, const struct config *c, unsigned workers,
		  bool serve)
{
	struct limits_memory first;

	*l = (struct limits){ .count = workers + 1, .listed = serve };
	l->shards = calloc(l->count, sizeof(*l->shards));
	if (!l->shards || !limits_prepare(l, c, &first)) {
		return false;
	}
	limits_take(l, c, &first);
	return true;
}

void limits_end(struct limits *l)
{
	limits_forget(&l->memory);
	free(l->shards);
	l->shards = NULL;
}

void limits_sum(const struct limits *l, struct server_shard *sum)
{
	*sum = (struct server_shard){ .limit = NULL };
	for (size_t i = 0; i < l->count; i++) {
		const struct server_shard *s = &l->shards[i];

		for (size_t v = 0; v < ARRAY_LEN(sum->verdicts); v++) {
			sum->verdicts[v] += counter_read(&s->verdicts[v]);
		}
		sum->interleaved += counter_read(&s->interleaved);
		for (size_t v = 0; v < ARRAY_LEN(sum->versions); v++) {
			sum->versions[v] += counter_read(&s->versions[v]);
			sum->firsts[v] += counter_read(&s->firsts[v]);
		}
		key_counts_add(&sum->keys, &s->keys);
	}
}
