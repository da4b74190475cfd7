/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine_state.h"

#include <math.h>

#define FREQ_SD_UNKNOWN 1e-4 /* of a clock that nobody has measured */
#define FREQ_SD_KERNEL 1e-5  /* of one that somebody kept before us */
/*
 * Of one that a drift file speaks for: a machine that was stopped is colder
 * now, by a few degrees of some tenths of a ppm each; and crystals age, and
 * seasons pass, as if at random: 1.5 ppm a day, 8 a month, 28 a year.
 */
#define FREQ_SD_FILE 1e-6
#define FREQ_WALK 5e-9 /* s/s per sqrt(s) */

struct shape {
	size_t sources, pools, clocks, total;
};

static bool is_network(const struct source_config *s)
{
	return s->kind == SOURCE_KIND_SERVER || s->kind == SOURCE_KIND_PEER;
}

static bool is_clock(const struct source_config *s)
{
	return s->kind == SOURCE_KIND_REFCLOCK &&
	       refclock_driver(s->refclock_type);
}

static struct shape shape_of(const struct config *config)
{
	struct shape n = { 0 };
	size_t members = config->tos.maxclock;

	for (const struct source_config *s = config->sources; s; s = s->next) {
		n.sources += is_network(s);
		n.clocks += is_clock(s);
		n.pools += s->kind == SOURCE_KIND_POOL;
	}
	if (n.pools > 0) {
		n.sources += members < POOL_MEMBERS ? members : POOL_MEMBERS;
	}
	n.total = n.sources + n.pools + n.clocks;
	INVARIANT(n.total < UINT16_MAX);
	return n;
}

static size_t rounded(size_t size)
{
	return (size + 31) / 16 * 16;
}

size_t engine_size(const struct config *config)
{
	struct shape n = shape_of(config);

	return rounded(sizeof(struct engine)) +
	       rounded(n.sources * sizeof(struct source)) +
	       rounded(n.pools * sizeof(struct pool)) +
	       rounded(n.clocks * sizeof(struct refclock)) +
	       rounded(n.total * sizeof(struct candidate)) +
	       rounded(n.total * sizeof(uint16_t)) +
	       rounded(n.total * sizeof(struct control_listed)) +
	       rounded(n.sources * sizeof(netaddr)) +
	       ENGINE_TABLES * rounded(access_size(config, n.sources)) + 64;
}

static void take_memory(struct engine *e, struct arena *a, struct shape n)
{
	e->sources = arena_take(a, n.sources * sizeof(struct source));
	e->pools = arena_take(a, n.pools * sizeof(struct pool));
	e->clocks = arena_take(a, n.clocks * sizeof(struct refclock));
	e->candidates = arena_take(a, n.total * sizeof(struct candidate));
	e->slots = arena_take(a, n.total * sizeof(uint16_t));
	e->listed = arena_take(a, n.total * sizeof(struct control_listed));
	e->hosts = arena_take(a, n.sources * sizeof(netaddr));
	for (size_t i = 0; i < ENGINE_TABLES; i++) {
		e->tables[i] = arena_take(a, access_size(e->config, n.sources));
	}
	INVARIANT(!a->failed);
	e->source_slots = n.sources;
	e->pool_slots = n.pools;
	e->clock_slots = n.clocks;
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
}

static enum family family_of(const struct engine *e,
			     const struct source_config *c)
{
	return e->config->only != FAMILY_ANY ? e->config->only : c->family;
}

uint16_t engine_number(struct engine *e)
{
	uint16_t n = e->next_number++;

	if (e->next_number == 0) {
		e->next_number = 1;
	}
	return n;
}

static void add_server(struct engine *e, const struct source_config *c)
{
	struct source_world world = engine_world(e);
	struct source *s = engine_free_slot(e);

	INVARIANT(s);
	source_init(s, c, e->freq_sd, e->now);
	s->lookup.family = family_of(e, c);
	if (!netaddr_is_none(&c->addr)) {
		source_move(s, &c->addr, &world, e->now);
	}
}

static void add_sources(struct engine *e)
{
	size_t pools = 0, clocks = 0;

	for (const struct source_config *c = e->config->sources; c;
	     c = c->next) {
		if (is_network(c)) {
			add_server(e, c);
		} else if (is_clock(c)) {
			struct refclock *r = &e->clocks[clocks++];

			r->number = engine_number(e);
			refclock_init(r, c, e->freq_sd, e->now);
			e->measuring += r->driver->measures;
		} else if (c->kind == SOURCE_KIND_POOL) {
			e->pools[pools].number = engine_number(e);
			pool_init(&e->pools[pools++], c, family_of(e, c),
				  e->now);
		}
	}
}

static double freq_sd_of(const struct engine_start *start)
{
	double variance = FREQ_SD_FILE * FREQ_SD_FILE +
			  FREQ_WALK * FREQ_WALK * fmax(start->freq_age_s, 0);

	if (!(fabs(start->freq_ppm) <= FREQ_MAX_PPM)) {
		return FREQ_SD_UNKNOWN;
	}
	if (!start->freq_known) {
		return start->freq_ppm != 0 ? FREQ_SD_KERNEL : FREQ_SD_UNKNOWN;
	}
	return fmin(sqrt(variance), FREQ_SD_UNKNOWN);
}

static void prepare_access(struct engine *e)
{
	for (const struct restrict_config *r = e->config->restricts; r;
	     r = r->next) {
		e->access_follows |= r->kind == RESTRICT_SOURCE;
	}
	e->access_stale = true;
	engine_tables(e);
}

struct engine *engine_init(void *memory, const struct config *config,
			   const struct engine_start *start)
{
	struct arena a = arena_over(memory, engine_size(config));
	struct engine *e = arena_take(&a, sizeof(*e));

	INVARIANT(e);
	e->config = config;
	e->start = *start;
	e->now = e->began = e->lonely_since = start->now;
	e->view_at = e->saved_at = start->now;
	e->wall = start->wall;
	e->may_set = config->ntp && !config->no_clock;
	rng_init(&e->rng, start->seed);
	e->next_number = (uint16_t)(1 + rng_below(&e->rng, 60000));
	e->freq_sd = freq_sd_of(start);
	take_memory(e, &a, shape_of(config));
	number_slots(e);
	discipline_init(&e->discipline, config,
			discipline_own(start->freq_ppm * 1e-6),
			start->freq_known, start->now);
	e->saved_freq = e->discipline.base;
	standing_init(&e->standing, start->precision,
		      config->tinker.dispersion_ppm, start->now);
	joint_init(&e->joint);
	add_sources(e);
	prepare_access(e);
	engine_stats_start(e);
	return e;
}

void engine_first(struct engine *e, struct outbox *out)
{
	e->started = true;
	engine_note(e, NOTE_RESTART, 0, "", out);
	if (e->start.freq_known) {
		engine_note(e, NOTE_FREQ_SET, e->start.freq_ppm,
			    e->config->kernel ? "kernel" : "ntpd", out);
	} else {
		engine_note(e, NOTE_FREQ_NOT_SET, 0, "", out);
	}
	engine_note_leaps(e, out);
	engine_note(e, NOTE_NOT_SERVING, 0, "nobody has told the time yet",
		    out);
	if (e->may_set) {
		engine_steer(e, out);
	}
	e->view_due = true;
}
