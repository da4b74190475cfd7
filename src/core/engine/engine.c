/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine.h"

#include "core/engine/stages.h"
#include "core/serve/refid.h"
#include "core/source/listener.h"

#define GATE_S 1 /* while some are still to be heard */

static void learn_own(struct engine *e, const netaddr *local)
{
	uint32_t refid = refid_of_address(local);

	/* A loopback address names nobody. */
	if (netaddr_is_none(local) || netaddr_is_loopback(local)) {
		return;
	}
	if (!refid_is_among(refid, e->own, e->own_count) &&
	    e->own_count < ENGINE_OWN) {
		e->own[e->own_count++] = refid;
	}
}

/*
 * New starts for the network. One comes up in steps - a link, an address, a
 * route, who knows names - and only after the last of them anybody answers. So
 * several may follow each other, but for ever one in NETWORK_S: what comes too
 * soon is put off.
 */
#define NETWORK_S 30
#define NETWORK_MOST 8

/* When the next one may be; `network_spent`: until then no earlier counts. */
static instant network_due(const struct engine *e)
{
	return instant_add(e->network_spent,
			   SPAN_S(-(NETWORK_MOST - 1) * NETWORK_S));
}

/* The network may be back: whoever is silent is asked anew. */
static void take_network(struct engine *e)
{
	struct source_world world = engine_world(e);

	e->network_waits = instant_diff(network_due(e), e->now).v > 0;
	if (e->network_waits) {
		return;
	}
	if (instant_diff(e->network_spent, e->now).v < 0) {
		e->network_spent = e->now;
	}
	e->network_spent = instant_add(e->network_spent, SPAN_S(NETWORK_S));
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (!s->used) {
			continue;
		}
		if (s->state == SOURCE_NAMELESS) {
			lookup_renew(&s->lookup, e->now);
		} else if (s->polling.reach == 0) {
			polling_restart(&s->polling, world.rng, e->now);
		}
	}
	for (size_t i = 0; i < e->pool_slots; i++) {
		if (!e->pools[i].idle) {
			lookup_renew(&e->pools[i].lookup, e->now);
		}
	}
}

/* It may have been the clock: what do the others say? */
static void hurry(struct engine *e, const struct source *than)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s != than && !source_is_waiting(s)) {
			polling_hurry(&s->polling, &e->rng);
		}
	}
}

void engine_heard(struct engine *e, instant at)
{
	if (!e->answered) {
		e->answered = true;
		e->answered_at = e->now;
		if (e->upstream) {
			take_network(e); /* that the others be heard too */
		}
	}
	if (e->stepped && instant_diff(at, e->stepped_at).v > 0) {
		e->stepped = e->woke = false;
	}
}

void engine_judged(struct engine *e, struct source *s,
		   enum source_verdict verdict, const struct sample *sample,
		   struct outbox *out)
{
	struct source_world world = engine_world(e);

	if (verdict == SOURCE_NOTHING) {
		return;
	}
	s->verdicts[verdict]++;
	if (verdict != SOURCE_HELD) {
		s->last = verdict;
	}
	engine_stats_exchange(e, s, verdict, out);
	if (verdict != SOURCE_SAMPLE) {
		return;
	}
	engine_heard(e, sample->at);
	if (source_learn(s, sample, &world, e->now)) {
		hurry(e, s);
	}
	listener_advance(s, e->now);
	engine_learn(e, s, sample);
	engine_stats_sample(e, s, out);
	engine_decide(e, true, out);
}

static void take_packet(struct engine *e, const struct event *ev,
			struct outbox *out)
{
	struct source *s = engine_source(e, ev->source);
	struct source_world world = engine_world(e);
	struct sample sample;
	enum source_verdict verdict;

	if (!s) {
		engine_answer_call(e, ev, out);
	}
	if (!s || s->state == SOURCE_NAMELESS) {
		return; /* gone since the datagram was queued */
	}
	verdict = source_receive(s, ev, &world, out, &sample);
	if (verdict == SOURCE_SAMPLE || verdict == SOURCE_HELD) {
		learn_own(e, &ev->packet.local);
	}
	engine_judged(e, s, verdict, &sample, out);
}

static void take_sent(struct engine *e, const struct event *ev,
		      struct outbox *out)
{
	struct source *s = engine_source(e, ev->source);
	struct source_world world = engine_world(e);
	struct sample sample;

	if (s) {
		engine_judged(e, s, source_sent(s, ev, &world, out, &sample),
			      &sample, out);
	} else {
		engine_cast(e, ev);
	}
}

static void take_failed(struct engine *e, const struct event *ev,
			struct outbox *out)
{
	struct source *s = engine_source(e, ev->source);

	if (s) {
		source_failed(s, ev->failed.exchange, out);
	}
}

static void tick_discipline(struct engine *e, struct outbox *out)
{
	struct adjustment adj = discipline_tick(&e->discipline, e->now);

	if (adj.kind != ADJUST_NONE) {
		engine_apply(e, &adj, out);
		e->view_due = true;
	}
}

static void tick_sources(struct engine *e, const struct event *ev,
			 struct outbox *out)
{
	struct source_world world = engine_world(e);
	struct sample sample;

	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (!s->used || e->finished) {
			continue;
		}
		if (!s->announced && s->state != SOURCE_NAMELESS &&
		    outbox_has_room(out, 0)) {
			s->announced = true;
			source_note(s,
				    s->pool == SOURCE_NO_POOL
					    ? NOTE_MOBILIZE
					    : NOTE_POOL_SOLICIT,
				    out);
		}
		engine_judged(e, s, source_tick(s, ev, &world, out, &sample),
			      &sample, out);
	}
}

static bool is_bad_in(const struct engine *e, const struct pool *p)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (s->used && s->pool == p->id.slot && pool_is_bad(s)) {
			return true;
		}
	}
	return false;
}

static void tick_pools(struct engine *e, struct outbox *out)
{
	for (size_t i = 0; i < e->pool_slots; i++) {
		struct pool *p = &e->pools[i];

		if (p->idle && is_bad_in(e, p)) {
			pool_wake(p, e->now);
		}
		lookup_tick(&p->lookup, p->id, e->now, out);
	}
}

static void tick_quit(struct engine *e, struct outbox *out)
{
	struct effect exit = { .kind = EFFECT_EXIT };

	if (e->config->orders.quit && !e->finished &&
	    engine_age_s(e, e->began) >= ENGINE_QUIT_S) {
		engine_note(e, NOTE_QUIT_NO_TIME, 0, "", out);
		exit.exit.code = 1;
		outbox_add(out, &exit);
		e->finished = true;
	}
}

static void tick(struct engine *e, const struct event *ev, struct outbox *out)
{
	if (e->network_waits) {
		take_network(e);
	}
	tick_discipline(e, out);
	engine_tick_leap(e, out);
	engine_bid_farewell(e, out);
	tick_sources(e, ev, out);
	tick_pools(e, out);
	engine_tick_listeners(e, out);
	engine_preempt(e, out);
	engine_tick_casters(e, ev, out);
	engine_tick_calls(e, out);
	engine_tick_clocks(e, out);
	if (!e->finished) {
		engine_decide(e, false, out);
		tick_quit(e, out);
		engine_save(e, out);
		engine_stats_tick(e, ev, out);
		engine_count_hour(e, ev);
	}
}

static instant deadline(const struct engine *e)
{
	instant at = engine_view_end(e);

	at = instant_earlier(at, discipline_deadline(&e->discipline));
	at = instant_earlier(at, engine_stats_deadline(e));
	for (size_t i = 0; i < e->source_slots; i++) {
		if (e->sources[i].used) {
			at = instant_earlier(at,
					     source_deadline(&e->sources[i]));
		}
	}
	for (size_t i = 0; i < e->pool_slots; i++) {
		at = instant_earlier(at, lookup_deadline(&e->pools[i].lookup));
	}
	for (size_t i = 0; i < e->clock_slots; i++) {
		at = instant_earlier(at, e->clocks[i].due);
	}
	for (size_t i = 0; i < e->caster_slots; i++) {
		at = instant_earlier(at, e->casters[i].due);
	}
	if (e->network_waits) {
		at = instant_earlier(at, network_due(e));
	}
	if (engine_is_gated(e)) {
		at = instant_earlier(at, instant_add(e->now, SPAN_S(GATE_S)));
	}
	if (e->config->orders.quit) {
		at = instant_earlier(
			at, instant_add(e->began, SPAN_S(ENGINE_QUIT_S)));
	}
	if (e->leaving > 0) {
		at = e->now;
	}
	at = instant_earlier(at, engine_lonely_deadline(e));
	at = instant_earlier(at, engine_calls_deadline(e));
	at = instant_earlier(at, engine_leap_deadline(e));
	/* What could not be done now is done next; never in the past. */
	return instant_diff(at, e->now).v <= 0 ? instant_add(e->now, SPAN_MS(1))
					       : at;
}

instant engine_handle(struct engine *e, const struct event *ev,
		      struct outbox *out)
{
	outbox_empty(out);
	if (e->finished) {
		return instant_add(ev->now, SPAN_S(ENGINE_VIEW_S));
	}
	engine_observe(e, ev, out);
	if (!e->started) {
		engine_first(e, out);
	}
	switch (ev->kind) {
	case EVENT_TICK:
		tick(e, ev, out);
		break;
	case EVENT_SENT:
		take_sent(e, ev, out);
		break;
	case EVENT_PACKET:
		take_packet(e, ev, out);
		break;
	case EVENT_FAILED:
		take_failed(e, ev, out);
		break;
	case EVENT_RESOLVED:
		engine_resolved(e, ev, out);
		break;
	case EVENT_CONTROL:
		engine_control(e, ev, out);
		break;
	case EVENT_NETWORK:
		take_network(e);
		break;
	case EVENT_PEER:
		engine_take_peer(e, ev, out);
		break;
	case EVENT_REFCLOCK:
		engine_take_reading(e, ev, out);
		break;
	case EVENT_SETTINGS:
		engine_take_settings(e, ev, out);
		break;
	case EVENT_LEAPS:
		engine_take_leaps(e, ev->leaps.table, out);
		break;
	}
	if (!e->finished) {
		engine_publish(e, out);
		engine_keep(e, out);
	}
	engine_stats_events(e, out);
	return deadline(e);
}
