/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/limits.h"

#include <stdlib.h>

#include "core/access.h"
#include "host/entropy.h"

static bool wants_limits(const struct config *c)
{
	for (const struct restrict_config *r = c->restricts; r; r = r->next) {
		if (r->flags & RESTRICT_LIMITED) {
			return true;
		}
	}
	return false;
}

static bool wants_list(const struct loop *l, const struct config *c)
{
	return c->monitor && l->setup.serve;
}

static bool start_list(struct loop *l, const struct config *c)
{
	uint8_t seed[RNG_SEED];

	/* As it fills it becomes real memory, and never more than that. */
	l->clients_memory = calloc(1, mru_size(mru_room(&c->mru)));
	if (!l->clients_memory || !entropy_draw(seed, sizeof(seed))) {
		return false;
	}
	l->shard.clients = mru_init(l->clients_memory, &c->mru, seed);
	return true;
}

static bool start_limits(struct loop *l, const struct config *c)
{
	uint8_t seed[RNG_SEED];

	l->limits = malloc(ratelimit_size(RATELIMIT_CLIENTS));
	if (!l->limits || !entropy_draw(seed, sizeof(seed))) {
		return false;
	}
	l->shard.limit =
		ratelimit_init(l->limits, RATELIMIT_CLIENTS, &c->limit, seed);
	return true;
}

bool limits_prepare(struct loop *l, const struct config *next, uint64_t **hits)
{
	*hits = calloc(access_counters(next), sizeof(**hits));
	if (!*hits ||
	    (wants_limits(next) && !l->limits && !start_limits(l, next))) {
		free(*hits);
		*hits = NULL;
		return false;
	}
	return true;
}

void limits_take(struct loop *l, const struct config *now, uint64_t *hits)
{
	free(l->shard.hits);
	l->shard.hits = hits;
	l->shard.hit_count = access_counters(now);
	if (l->shard.limit) {
		ratelimit_retune(l->shard.limit, &now->limit);
	}
	if (!wants_list(l, now)) {
		free(l->clients_memory);
		l->clients_memory = NULL;
		l->shard.clients = NULL;
	} else if (l->shard.clients) {
		mru_retune(l->shard.clients, &now->mru);
	} else if (!start_list(l, now)) {
		journal_say(l->setup.journal, NOTE_WARNING,
			    "no memory for the list of those who ask");
	}
}

bool limits_start(struct loop *l)
{
	const struct config *c = l->setup.config;
	uint64_t *hits;

	if (!limits_prepare(l, c, &hits)) {
		return false;
	}
	l->shard.hits = hits;
	l->shard.hit_count = access_counters(c);
	return !wants_list(l, c) || start_list(l, c);
}

void limits_end(struct loop *l)
{
	free(l->limits);
	free(l->clients_memory);
	free(l->shard.hits);
}
