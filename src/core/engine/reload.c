/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other settings, while it runs. What is named as before is the same as
 * before: its number, its estimator and all that it has measured stay, and its
 * line's other words hold from now on. What is not named any more goes, what
 * is new starts as it would at the start.
 *
 * Sources keep their slots, because of what is under way to them. Pools and
 * clocks are put in the order of the lines; what was asked of them under an
 * older handle is asked again.
 */
#include "core/engine/stages.h"

#include <string.h>

/* What is in no configuration any more, until its socket is closed. */
static const struct source_config nobody = { .host = "", .version = 4 };

/* The slots as they were. */
struct former {
	struct source *sources;
	struct pool *pools;
	struct refclock *clocks;
	const struct caster *casters;
	size_t source_slots, pool_slots, clock_slots, caster_slots;
};

static bool is_same(const struct source_config *a,
		    const struct source_config *b)
{
	if (a->kind != b->kind) {
		return false;
	}
	if (!netaddr_is_none(&a->addr) || !netaddr_is_none(&b->addr)) {
		return netaddr_same_host(&a->addr, &b->addr);
	}
	return a->family == b->family && strcmp(a->host, b->host) == 0;
}

/* The source that this line has always meant. Lines keep their order. */
static struct source *find_source(struct source *all, size_t slots,
				  size_t *next, const struct source_config *c)
{
	for (size_t n = 0; n < slots; n++) {
		struct source *s = &all[(*next + n) % slots];

		if (s->used && source_has_line(s) && is_same(s->config, c)) {
			*next = (*next + n + 1) % slots;
			return s;
		}
	}
	return NULL;
}

/* Slots of today's are kept, and all that is new finds a free one. */
static struct engine_shape next_shape(const struct engine *e,
				      const struct config *config)
{
	struct engine_shape n = engine_shape(config);
	size_t used = 0, last = 0, known = 0, next = 0;

	for (size_t i = 0; i < e->source_slots; i++) {
		if (e->sources[i].used || e->sources[i].leaving) {
			used++;
			last = i + 1;
		}
	}
	for (const struct source_config *c = config->sources; c; c = c->next) {
		known += engine_is_server(c) &&
			 find_source(e->sources, e->source_slots, &next, c);
	}
	n.sources += used - known;
	if (n.sources < last) {
		n.sources = last;
	}
	return n;
}

size_t engine_room(const struct engine *e, const struct settings *next)
{
	return engine_shape_size(next->config, next_shape(e, next->config));
}

/* --- sources --- */

static void dismiss(struct source *s)
{
	s->used = false;
	s->leaving = true;
	s->config = &nobody;
	s->lookup = (struct lookup){ .state = LOOKUP_NONE };
}

void engine_bid_farewell(struct engine *e, struct outbox *out)
{
	for (size_t i = 0; i < e->source_slots && e->leaving > 0; i++) {
		struct source *s = &e->sources[i];

		if (s->leaving && outbox_has_room(out, 0)) {
			source_abandon(s, out);
			source_note(s, NOTE_DEMOBILIZE, out);
			s->leaving = false;
			e->leaving--;
		}
	}
}

static void keep_source(struct source *s, const struct source_config *c,
			enum family family, struct outbox *out)
{
	const struct source_config *was = s->config;
	bool anew = was->version != c->version || was->key != c->key;

	s->config = c;
	s->symmetric.on = source_is_symmetric(c);
	polling_retune(&s->polling, c);
	if (s->lookup.name) {
		s->lookup.name = c->host;
		s->lookup.family = family;
	}
	/* The answer under way is to another question. */
	if (anew && outbox_has_room(out, 0)) {
		source_abandon(s, out);
	}
}

static void place_sources(struct engine *e, const struct former *was)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (i < was->source_slots) {
			*s = was->sources[i];
		} else {
			/* It may have been somebody's, long ago. */
			s->id.generation = (uint16_t)rng_u64(&e->rng);
		}
		s->named = false;
		if (s->listener.on) {
			s->config = &s->listener.config;
			s->named = engine_listens(e->config) &&
				   (s->config->key != 0 || !e->config->auth);
		}
	}
}

static void keep_sources(struct engine *e, struct outbox *out)
{
	size_t next = 0;

	for (const struct source_config *c = e->config->sources; c;
	     c = c->next) {
		struct source *s =
			engine_is_server(c)
				? find_source(e->sources, e->source_slots,
					      &next, c)
				: NULL;

		if (s) {
			keep_source(s, c, engine_family(e, c), out);
			s->named = true;
		}
	}
}

/* Who has not been named, neither by a line nor by his pool's. */
static void dismiss_rest(struct engine *e)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && !s->named) {
			dismiss(s);
			e->leaving++;
		}
	}
}

static void add_sources(struct engine *e)
{
	size_t next = 0;

	for (const struct source_config *c = e->config->sources; c;
	     c = c->next) {
		if (engine_is_server(c) &&
		    !find_source(e->sources, e->source_slots, &next, c)) {
			engine_add_server(e, c);
		}
	}
}

/* --- pools --- */

static void keep_members(struct engine *e, uint16_t slot, const struct pool *p,
			 struct outbox *out)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->pool == slot && !s->named) {
			s->pool = p->id.slot;
			s->named = true;
			keep_source(s, p->config, FAMILY_ANY, out);
		}
	}
}

static void keep_pool(struct engine *e, struct pool *p, const struct pool *was,
		      const struct source_config *c, struct outbox *out)
{
	source_id id = p->id;

	*p = *was;
	p->id = id;
	p->config = c;
	p->lookup.name = p->call.on ? NULL : c->host;
	p->lookup.family = engine_family(e, c);
	if (p->lookup.state == LOOKUP_ASKED) {
		p->lookup.state = LOOKUP_WANTED;
		p->lookup.due = e->now;
	}
	keep_members(e, was->id.slot, p, out);
}

static void place_pools(struct engine *e, const struct former *was,
			struct outbox *out)
{
	struct pool *p = e->pools;

	for (size_t i = 0; i < was->pool_slots; i++) {
		call_abandon(&was->pools[i].call, was->pools[i].id, e->now,
			     out);
	}
	for (const struct source_config *c = e->config->sources; c;
	     c = c->next) {
		struct pool *old = NULL;

		if (!engine_is_pool(c)) {
			continue;
		}
		for (size_t i = 0; i < was->pool_slots && !old; i++) {
			old = is_same(was->pools[i].config, c) ? &was->pools[i]
							       : NULL;
		}
		p->id.generation = (uint16_t)rng_u64(&e->rng);
		if (old) {
			keep_pool(e, p, old, c, out);
		} else {
			p->number = engine_number(e);
			pool_init(p, c, engine_family(e, c), e->now);
		}
		p++;
	}
}

/* --- clocks --- */

static void place_clocks(struct engine *e, const struct former *was)
{
	struct refclock *r = e->clocks;

	e->measuring = 0;
	for (const struct source_config *c = e->config->sources; c;
	     c = c->next) {
		const struct refclock *old = NULL;

		if (!engine_is_clock(c)) {
			continue;
		}
		for (size_t i = 0; i < was->clock_slots && !old; i++) {
			old = is_same(was->clocks[i].config, c)
				      ? &was->clocks[i]
				      : NULL;
		}
		r->id.generation = (uint16_t)rng_u64(&e->rng);
		if (old) {
			source_id id = r->id;

			*r = *old;
			r->id = id;
			refclock_retune(r, c, e->freq_sd, e->discipline.slew,
					e->now);
		} else {
			r->number = engine_number(e);
			refclock_init(r, c, e->freq_sd, e->now);
			refclock_begin(r, e->freq_sd, e->discipline.slew,
				       e->now);
		}
		e->measuring += r->driver->measures;
		r++;
	}
}

/* --- all of it --- */

/* Where the system peer is now, if it is still there. */
static void find_peer(struct engine *e, const struct former *was,
		      struct outbox *out)
{
	if (!e->has_peer) {
		return;
	}
	if (e->peer_slot < was->source_slots) {
		if (!e->sources[e->peer_slot].used) {
			engine_lose_peer(e, out);
		}
		return;
	}
	for (size_t i = 0; i < e->clock_slots; i++) {
		if (e->clocks[i].number == e->peer_number) {
			e->peer_slot = e->clocks[i].id.slot;
			return;
		}
	}
	engine_lose_peer(e, out);
}

/* disable ntp, or enable it again. */
static void take_clock(struct engine *e, struct outbox *out)
{
	bool may_set = e->config->ntp && !e->config->orders.no_clock;
	double slew = e->discipline.slew;

	if (may_set == e->may_set) {
		return;
	}
	e->may_set = may_set;
	if (e->yielded) {
		return; /* a stranger's: it steers nothing anyway */
	}
	if (may_set) {
		e->rated_at = e->now;
		e->bent_known = false;
		engine_take_back(e, out);
		return;
	}
	discipline_yield(&e->discipline, e->discipline.base, e->now);
	engine_shift(e, 0, -slew);
	engine_steer(e, out); /* the slew ends; for good nothing changes */
	e->told = false;
}

const struct source_config *engine_line_of(const struct engine *e,
					   uint16_t assoc)
{
	const struct association a = engine_association(e, assoc);

	if (a.source) {
		return source_has_line(a.source) ? a.source->config : NULL;
	}
	if (a.caster) {
		return a.caster->config;
	}
	return a.pool ? a.pool->config : a.clock ? a.clock->config : NULL;
}

void engine_take_settings(struct engine *e, const struct event *ev,
			  struct outbox *out)
{
	const struct settings *next = ev->settings.settings;
	const struct former was = {
		.sources = e->sources,
		.pools = e->pools,
		.clocks = e->clocks,
		.source_slots = e->source_slots,
		.pool_slots = e->pool_slots,
		.clock_slots = e->clock_slots,
		.casters = e->casters,
		.caster_slots = e->caster_slots,
	};

	engine_answer_wish(e, ev, out); /* while there is room for all of it */
	if (!next) {
		return;
	}
	engine_furnish(e, ev->settings.room, next, next_shape(e, next->config));
	discipline_retune(&e->discipline, e->config);
	place_sources(e, &was);
	keep_sources(e, out);
	place_pools(e, &was, out);
	dismiss_rest(e);
	engine_bid_farewell(e, out);
	add_sources(e);
	place_clocks(e, &was);
	engine_place_casters(e, was.casters, was.caster_slots);
	find_peer(e, &was, out);
	engine_guard(e);
	engine_stats_choose(e);
	take_clock(e, out);
	engine_decide(e, false, out);
	e->view_due = true; /* the last one has the last table */
}
