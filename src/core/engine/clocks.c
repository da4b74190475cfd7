/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"

static size_t first_slot(const struct engine *e)
{
	return e->source_slots + e->pool_slots;
}

struct refclock *engine_clock(const struct engine *e, uint16_t slot)
{
	return &e->clocks[slot - first_slot(e)];
}

static bool is_heard(const struct refclock *r)
{
	return r->driver->measures && !r->config->noselect && r->reach != 0;
}

bool engine_hears_clocks(const struct engine *e)
{
	for (size_t i = 0; i < e->clock_slots; i++) {
		if (is_heard(&e->clocks[i])) {
			return true;
		}
	}
	return false;
}

void engine_enrol_clocks(const struct engine *e, unsigned enough,
			 struct engine_roll *roll)
{
	for (size_t i = 0; i < e->clock_slots; i++) {
		const struct refclock *r = &e->clocks[i];

		roll->asked += r->driver->measures && !r->config->noselect;
		if (is_heard(r)) {
			roll->heard += r->estimator.samples > 0;
			roll->known += r->estimator.samples >= enough;
			roll->agree +=
				(!e->config->orders.quit ||
				 r->estimator.samples >= enough) &&
				reason_tally(r->reason) > TALLY_FALSETICK;
		}
	}
}

void engine_tick_clocks(struct engine *e, struct outbox *out)
{
	bool local_leads = !e->has_peer ||
			   (e->peer_slot >= first_slot(e) &&
			    !engine_clock(e, e->peer_slot)->driver->measures);

	for (size_t i = 0; i < e->clock_slots; i++) {
		struct refclock *r = &e->clocks[i];

		if (r->driver->measures) {
			if (refclock_ask(r, e->now, out)) {
				engine_stats_poll(e, r, out);
			}
		} else if (refclock_tick(r, local_leads, e->now)) {
			engine_stats_local(e, r, out);
		}
	}
}

void engine_take_reading(struct engine *e, const struct event *ev,
			 struct outbox *out)
{
	size_t first = first_slot(e);
	struct sample sample;
	struct refclock *r;

	if (ev->source.slot < first ||
	    ev->source.slot >= first + e->clock_slots) {
		return;
	}
	r = engine_clock(e, ev->source.slot);
	if (r->id.generation != ev->source.generation || !r->driver->measures ||
	    refclock_receive(r, ev, out, &sample) != REFCLOCK_SAMPLE) {
		return;
	}
	if (engine_is_leaping(e) && source_is_leaping(&sample)) {
		return;
	}
	engine_heard(e, sample.at);
	refclock_learn(r, &sample);
	engine_decide(e, true, out);
}

size_t engine_gather_clocks(struct engine *e, size_t n)
{
	bool waits = instant_diff(e->now, engine_local_at(e)).v < 0;

	for (size_t i = 0; i < e->clock_slots; i++) {
		const struct refclock *r = &e->clocks[i];
		struct candidate *c = &e->candidates[n];

		e->slots[n++] = r->id.slot;
		if (r->driver->measures) {
			refclock_estimate(r, engine_phi(e), e->now, c);
		} else {
			refclock_candidate(r, waits, e->now, c);
		}
	}
	return n;
}

void engine_shift_clocks(struct engine *e, double step_s, double freq)
{
	for (size_t i = 0; i < e->clock_slots; i++) {
		estimator_adjust(&e->clocks[i].estimator, e->now, step_s, freq);
	}
}

void engine_abandon_clocks(struct engine *e)
{
	for (size_t i = 0; i < e->clock_slots; i++) {
		refclock_abandon(&e->clocks[i]);
	}
}

void engine_restart_clocks(struct engine *e)
{
	engine_abandon_clocks(e);
	for (size_t i = 0; i < e->clock_slots; i++) {
		refclock_begin(&e->clocks[i], e->freq_sd, e->discipline.slew,
			       e->now);
	}
}

void engine_crown_clock(struct engine *e, struct refclock *r,
			struct outbox *out)
{
	if (!r->driver->measures && e->upstream) {
		engine_note(e, NOTE_FREE_RUN, 0, "", out);
	}
	refclock_note(r, NOTE_SYS_PEER, out);
}

void engine_follow_local(struct engine *e, const struct refclock *r,
			 struct outbox *out)
{
	struct standing *s = &e->standing;
	struct footing footing = { .heard = e->now,
				   .phi_ppm = engine_phi(e) * 1e6 };
	bool was = s->synchronised;

	standing_follow(s, &e->choice, &footing, e->now);
	s->synchronised = true;
	s->stratum = (uint8_t)(e->choice.stratum + 1);
	s->kind = CLOCK_KIND_LOCAL;
	s->refid = refclock_address(r);
	s->leap = engine_leap(e, e->leap.due, out);
	s->reference = e->wall;
	if (!was) {
		engine_note(e, NOTE_CLOCK_SYNC, 0, "", out);
	}
}
