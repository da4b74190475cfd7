/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"
#include "core/serve/refid.h"
#include "core/source/preempt.h"

#include <string.h>

struct source *engine_source(const struct engine *e, source_id id)
{
	if (id.slot < e->source_slots) {
		struct source *s = &e->sources[id.slot];

		return s->used && s->id.generation == id.generation ? s : NULL;
	}
	return NULL;
}

struct pool *engine_pool(const struct engine *e, source_id id)
{
	size_t i = (size_t)id.slot - e->source_slots;

	if (id.slot >= e->source_slots && i < e->pool_slots) {
		struct pool *p = &e->pools[i];

		return p->id.generation == id.generation ? p : NULL;
	}
	return NULL;
}

struct source *engine_free_slot(struct engine *e)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (!s->used && !s->leaving) {
			s->id.generation++;
			s->number = engine_number(e);
			if (i + 1 > e->sources_most) {
				e->sources_most = i + 1;
			}
			return s;
		}
	}
	e->refused++;
	return NULL;
}

/*
 * Rebuilds the table of who may ask what. Server threads may still look at
 * the one before, for the length of one batch: its memory comes around again
 * after ENGINE_TABLES - 1 more rebuilds, which engine_publish() keeps apart.
 */
void engine_tables(struct engine *e)
{
	size_t n = 0;

	if (!e->access_stale) {
		return;
	}
	e->access_stale = false;
	for (size_t i = 0; i < e->source_slots && e->access_follows; i++) {
		const struct source *s = &e->sources[i];

		if (s->used && s->state != SOURCE_NAMELESS) {
			e->hosts[n++] = s->addr;
		}
	}
	e->access =
		access_follow(e->tables[e->table_next], e->lines, e->hosts, n);
	engine_list_peers(e, e->peerlists[e->table_next]);
	e->table_next = (e->table_next + 1) % ENGINE_TABLES;
}

void engine_guard(struct engine *e)
{
	e->access_follows = false;
	for (const struct restrict_config *r = e->config->restricts; r;
	     r = r->next) {
		e->access_follows |= r->kind == RESTRICT_SOURCE;
	}
	e->lines = access_build(e->lines_room, e->config, NULL, 0);
	e->access_stale = true;
	engine_tables(e);
}

bool engine_asks(const struct engine *e, const netaddr *addr)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (s->used && s->state != SOURCE_NAMELESS &&
		    netaddr_same_host(&s->addr, addr)) {
			return true;
		}
	}
	return false;
}

bool engine_may_add(const struct engine *e, const struct pool *p,
		    const netaddr *a)
{
	return pool_accepts(a) &&
	       !refid_is_among(refid_of_address(a), e->own, e->own_count) &&
	       !engine_asks(e, a) && !(p && pool_remembers(p, a, e->now));
}

/* The first address that is fit and not asked by somebody else already. */
static const netaddr *pick(const struct engine *e, const struct event *ev,
			   const struct pool *p)
{
	for (size_t i = 0; i < ev->resolved.count; i++) {
		const netaddr *a = &ev->resolved.addrs[i];

		if (engine_may_add(e, p, a)) {
			return a;
		}
	}
	return NULL;
}

static void note_resolved(const struct source *s, const char *name,
			  struct outbox *out)
{
	struct effect n = { .kind = EFFECT_NOTE, .source = s->id };
	struct text word = text_over(n.note.word, sizeof(n.note.word));

	n.note.id = NOTE_RESOLVED;
	n.note.addr = s->addr;
	text_str(&word, name);
	outbox_add(out, &n);
}

/* The name was of no use: `id` says why. */
static void note_failed(const struct lookup *l, enum note_id id,
			unsigned wait_s, struct outbox *out)
{
	struct effect n = { .kind = EFFECT_NOTE };
	struct text word = text_over(n.note.word, sizeof(n.note.word));

	if (wait_s == 0 || (l->failures & (l->failures - 1u)) != 0) {
		return; /* the 1st, 2nd, 4th, 8th ... time is news */
	}
	n.note.id = id;
	n.note.number = wait_s;
	text_str(&word, l->name);
	outbox_add(out, &n);
}

static bool lists(const struct event *ev, const netaddr *addr)
{
	for (size_t i = 0; i < ev->resolved.count; i++) {
		if (netaddr_same_host(&ev->resolved.addrs[i], addr)) {
			return true;
		}
	}
	return false;
}

static bool asks_any(const struct engine *e, const struct event *ev)
{
	for (size_t i = 0; i < ev->resolved.count; i++) {
		if (engine_asks(e, &ev->resolved.addrs[i])) {
			return true;
		}
	}
	return false;
}

static enum note_id why_useless(const struct event *ev, bool doubled)
{
	if (ev->resolved.count == 0) {
		return NOTE_RESOLVE_FAILED;
	}
	return doubled ? NOTE_RESOLVE_DOUBLED : NOTE_RESOLVE_UNFIT;
}

static void server_resolved(struct engine *e, struct source *s,
			    const struct event *ev, struct outbox *out)
{
	struct source_world world = engine_world(e);
	const netaddr *a = pick(e, ev, NULL);
	bool named = s->state != SOURCE_NAMELESS;
	bool useful = a || (named && lists(ev, &s->addr));
	unsigned wait_s = lookup_answered(&s->lookup, useful, ev->now);

	if (ev->resolved.count > 0) {
		s->doubled = asks_any(e, ev);
	}
	note_failed(&s->lookup, why_useless(ev, s->doubled), wait_s, out);
	/* An address that works is kept, whatever the name says by now. */
	if (!a || (named && s->polling.reach != 0)) {
		return;
	}
	source_abandon(s, out);
	source_move(s, a, &world, ev->now);
	note_resolved(s, s->config->host, out);
	e->access_stale = true;
}

size_t engine_members(const struct engine *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->source_slots; i++) {
		n += e->sources[i].used;
	}
	return n;
}

void engine_preempt(struct engine *e, struct outbox *out)
{
	struct source *s = preempt_choose(e->sources, e->source_slots,
					  e->config->tos.maxclock);

	if (s && outbox_has_room(out, 0)) {
		source_abandon(s, out);
		source_note(s, NOTE_PREEMPTED, out);
		s->used = false;
		e->access_stale = true;
	}
}

static struct source *bad_member(struct engine *e, const struct pool *p)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->pool == p->id.slot && pool_is_bad(s)) {
			return s;
		}
	}
	return NULL;
}

static void begin_member(const struct engine *e, const struct pool *p,
			 struct source *s)
{
	source_init(s, p->config, e->freq_sd, e->now);
	s->pool = p->id.slot;
	s->lookup = (struct lookup){ .state = LOOKUP_NONE };
}

struct source *engine_new_member(struct engine *e, const struct pool *p)
{
	struct source *s = engine_members(e) < e->config->tos.maxclock
				   ? engine_free_slot(e)
				   : NULL;

	if (s) {
		begin_member(e, p, s);
	}
	return s;
}

bool engine_add_member(struct engine *e, struct pool *p, const netaddr *addr,
		       struct outbox *out)
{
	struct source_world world = engine_world(e);
	struct source *bad = bad_member(e, p);
	struct source *s = NULL;

	if (bad) {
		source_abandon(bad, out);
		source_note(bad, NOTE_DEMOBILIZE, out);
		pool_give_up(p, &bad->addr, e->now);
		bad->used = false;
		s = bad;
		s->id.generation++;
		s->number = engine_number(e);
		begin_member(e, p, s);
	} else {
		s = engine_new_member(e, p);
	}
	if (!s) {
		return false;
	}
	source_move(s, addr, &world, e->now);
	if (p->lookup.name) {
		note_resolved(s, p->lookup.name, out);
	}
	e->access_stale = true;
	return true;
}

static void pool_resolved(struct engine *e, struct pool *p,
			  const struct event *ev, struct outbox *out)
{
	size_t most = p->filled ? 1 : POOL_ADDRS;
	unsigned news = 0;
	unsigned wait_s =
		lookup_answered(&p->lookup, ev->resolved.count > 0, ev->now);

	note_failed(&p->lookup, NOTE_RESOLVE_FAILED, wait_s, out);
	if (ev->resolved.count == 0) {
		return;
	}
	for (const netaddr *a; news < most && (a = pick(e, ev, p)); news++) {
		if (!engine_add_member(e, p, a, out)) {
			break;
		}
	}
	e->access_stale |= news > 0;
	pool_answered(p, news,
		      engine_members(e) < e->config->tos.maxclock ||
			      bad_member(e, p),
		      &e->rng, ev->now);
}

void engine_resolved(struct engine *e, const struct event *ev,
		     struct outbox *out)
{
	struct source *s = engine_source(e, ev->source);
	struct pool *p = engine_pool(e, ev->source);

	INVARIANT(ev->resolved.count == 0 || ev->resolved.addrs);
	if (s) {
		server_resolved(e, s, ev, out);
	} else if (p) {
		pool_resolved(e, p, ev, out);
	}
}
