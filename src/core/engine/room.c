/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of all that an engine knows because its settings name it. */
#include "base/arena.h"
#include "core/engine/stages.h"

bool engine_is_server(const struct source_config *c)
{
	return c->kind == SOURCE_KIND_SERVER || c->kind == SOURCE_KIND_PEER;
}

bool engine_is_pool(const struct source_config *c)
{
	return c->kind == SOURCE_KIND_POOL || c->kind == SOURCE_KIND_MANYCAST;
}

bool engine_is_clock(const struct source_config *c)
{
	return c->kind == SOURCE_KIND_REFCLOCK &&
	       refclock_driver(c->refclock_type);
}

struct engine_shape engine_shape(const struct config *config)
{
	struct engine_shape n = { 0 };
	size_t members = config->tos.maxclock;

	for (const struct source_config *s = config->sources; s; s = s->next) {
		n.sources += engine_is_server(s);
		n.clocks += engine_is_clock(s);
		n.pools += engine_is_pool(s);
		n.casters += s->kind == SOURCE_KIND_BROADCAST;
	}
	if (n.pools > 0 || engine_listens(config)) {
		n.sources += members < POOL_MEMBERS ? members : POOL_MEMBERS;
	}
	return n;
}

bool engine_fits(const struct settings *settings)
{
	struct engine_shape n = engine_shape(settings->config);

	return n.sources + n.pools + n.clocks + n.casters <= ENGINE_MOST;
}

static size_t rounded(size_t size)
{
	return (size + 31) / 16 * 16;
}

size_t engine_shape_size(const struct config *config, struct engine_shape n)
{
	size_t all = n.sources + n.pools + n.clocks + n.casters;

	return rounded(n.sources * sizeof(struct source)) +
	       rounded(n.pools * sizeof(struct pool)) +
	       rounded(n.clocks * sizeof(struct refclock)) +
	       rounded(n.casters * sizeof(struct caster)) +
	       rounded(all * sizeof(struct candidate)) +
	       rounded(all * sizeof(uint16_t)) +
	       rounded(all * sizeof(struct control_listed)) +
	       rounded(n.sources * sizeof(netaddr)) +
	       rounded(access_size(config, 0)) +
	       ENGINE_TABLES * (rounded(access_follow_size(n.sources)) +
				rounded(peerlist_size(n.sources))) +
	       64;
}

static void number_slots(struct engine *e)
{
	uint16_t slot = 0;

	for (size_t i = 0; i < e->source_slots; i++) {
		e->sources[i].id.slot = slot++;
	}
	for (size_t i = 0; i < e->pool_slots; i++) {
		e->pools[i].id.slot = slot++;
	}
	for (size_t i = 0; i < e->clock_slots; i++) {
		e->clocks[i].id.slot = slot++;
	}
	for (size_t i = 0; i < e->caster_slots; i++) {
		e->casters[i].id.slot = slot++;
	}
}

void engine_furnish(struct engine *e, void *room, const struct settings *s,
		    struct engine_shape n)
{
	const struct config *config = s->config;
	struct arena a = arena_over(room, engine_shape_size(config, n));
	size_t all = n.sources + n.pools + n.clocks + n.casters;

	e->settings = s;
	e->leaps = s->leaps;
	e->config = config;
	e->sources = arena_take(&a, n.sources * sizeof(struct source));
	e->pools = arena_take(&a, n.pools * sizeof(struct pool));
	e->clocks = arena_take(&a, n.clocks * sizeof(struct refclock));
	e->casters = arena_take(&a, n.casters * sizeof(struct caster));
	e->candidates = arena_take(&a, all * sizeof(struct candidate));
	e->slots = arena_take(&a, all * sizeof(uint16_t));
	e->listed = arena_take(&a, all * sizeof(struct control_listed));
	e->hosts = arena_take(&a, n.sources * sizeof(netaddr));
	e->lines_room = arena_take(&a, access_size(config, 0));
	for (size_t i = 0; i < ENGINE_TABLES; i++) {
		e->tables[i] = arena_take(&a, access_follow_size(n.sources));
		e->peerlists[i] = arena_take(&a, peerlist_size(n.sources));
	}
	INVARIANT(!a.failed);
	e->table_next = 0;
	e->candidate_count = 0;
	e->source_slots = n.sources;
	e->pool_slots = n.pools;
	e->clock_slots = n.clocks;
	e->caster_slots = n.casters;
	number_slots(e);
}
