/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"
#include "core/select/votes.h"
#include "core/serve/refid.h"

#include <math.h>

#define WAY_PART 0.005 /* what ways that are alike may differ by */
#define FREQ_SD_LEAST 1e-7
#define SOONEST_S 1024 /* nobody plans further ahead */

static struct source *source_at(struct engine *e, size_t i)
{
	return e->slots[i] < e->source_slots ? &e->sources[e->slots[i]] : NULL;
}

/* Where it is no source. */
static struct refclock *clock_at(struct engine *e, size_t i)
{
	return engine_clock(e, e->slots[i]);
}

static bool is_local(struct engine *e, size_t i)
{
	return !source_at(e, i) && !clock_at(e, i)->driver->measures;
}

/*
 * LOCAL lets servers go first: for a short grace when none has been heard
 * since the start, for `tos orphanwait` when one was lost or when the
 * operator wrote how long.
 */
instant engine_local_at(const struct engine *e)
{
	const struct tos_config *tos = &e->config->tos;
	double wait_s = ENGINE_GRACE_S;

	if (e->source_slots + e->measuring == 0) {
		wait_s = 0;
	}
	if (e->upstream || tos->orphanwait_given) {
		wait_s = tos->orphanwait_s;
	}
	return instant_add(e->lonely_since, span_from_seconds(wait_s));
}

static void gather(struct engine *e)
{
	double phi = engine_phi(e);
	size_t n = 0;

	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (s->used) {
			e->slots[n] = (uint16_t)i;
			source_candidate(s, phi, e->now, &e->candidates[n]);
			engine_identify(s, &e->candidates[n++]);
		}
	}
	n = engine_gather_clocks(e, n);
	for (size_t i = 0; i < n; i++) {
		const struct source *s = source_at(e, i);

		e->candidates[i].was_system_peer =
			e->has_peer && e->slots[i] == e->peer_slot &&
			(!s || s->id.generation == e->peer_generation);
	}
	votes_find(e->candidates, n);
	e->candidate_count = n;
}

static void spread(struct engine *e)
{
	for (size_t i = 0; i < e->candidate_count; i++) {
		const struct candidate *c = &e->candidates[i];
		struct source *s = source_at(e, i);

		if (s) {
			s->reason = c->reason;
			s->distance_s = c->distance_s;
		} else {
			clock_at(e, i)->reason = c->reason;
			clock_at(e, i)->distance_s = c->distance_s;
		}
	}
}

/* The system peer is this candidate; true when it was not before. */
static bool crown(struct engine *e, size_t i, struct outbox *out)
{
	struct source *s = source_at(e, i);
	uint16_t generation = s ? s->id.generation : 0;

	if (e->has_peer && e->peer_slot == e->slots[i] &&
	    e->peer_generation == generation) {
		return false;
	}
	e->has_peer = true;
	e->peer_slot = e->slots[i];
	e->peer_generation = generation;
	e->peer_number = s ? s->number : clock_at(e, i)->number;
	if (s) {
		source_note(s, NOTE_SYS_PEER, out);
	} else {
		engine_crown_clock(e, clock_at(e, i), out);
	}
	return true;
}

void engine_lose_peer(struct engine *e, struct outbox *out)
{
	if (e->has_peer) {
		e->has_peer = false;
		e->peer_number = 0;
		engine_note(e, NOTE_NO_SYS_PEER, 0, "", out);
	}
}

static enum leap leap_at(struct engine *e, size_t i)
{
	const struct source *s = source_at(e, i);

	return s ? s->peer.leap : clock_at(e, i)->leap;
}

/*
 * What a strict majority of those says that could be followed, one who signs
 * among them if any does (E12).
 */
static enum leap voted_leap(struct engine *e)
{
	unsigned votes[4] = { 0 }, signed_votes[4] = { 0 };
	unsigned all = 0, sign = 0;
	enum leap most;

	for (size_t i = 0; i < e->candidate_count; i++) {
		enum tally t = reason_tally(e->candidates[i].reason);
		const struct source *s = source_at(e, i);
		bool signs = s && s->config->key != 0;

		if (!is_local(e, i) && t > TALLY_FALSETICK) {
			votes[leap_at(e, i)]++;
			signed_votes[leap_at(e, i)] += signs;
			all++;
			sign += signs;
		}
	}
	most = 2 * votes[LEAP_INSERT] > all   ? LEAP_INSERT
	       : 2 * votes[LEAP_DELETE] > all ? LEAP_DELETE
					      : LEAP_NONE;
	return sign > 0 && signed_votes[most] == 0 ? LEAP_NONE : most;
}

/* How long until somebody who counts is asked again. */
static double next_sample_s(struct engine *e)
{
	double soonest_s = SOONEST_S;

	for (size_t i = 0; i < e->candidate_count; i++) {
		const struct source *s = source_at(e, i);
		double wait_s;

		if (is_local(e, i) ||
		    reason_tally(e->candidates[i].reason) < TALLY_CANDIDATE) {
			continue;
		}
		wait_s = -engine_age_s(e, s ? s->polling.due
					    : clock_at(e, i)->due);
		soonest_s = fmin(soonest_s, wait_s);
	}
	return fmax(soonest_s, POLLING_GAP_S);
}

/*
 * By what all our sources together may be wrong, however well we know them:
 * by their own word, and by a part of the way there.
 */
static double floor_s(struct engine *e)
{
	double sum_s = WAY_PART * fmax(e->choice.root_delay_s, 0);

	for (size_t i = 0; i < e->candidate_count; i++) {
		const struct candidate *c = &e->candidates[i];
		const struct source *s = source_at(e, i);

		if (c->weight > 0) {
			sum_s += c->weight *
				 (s ? source_floor_s(s) : c->root_disp_s);
		}
	}
	return sum_s;
}

/* What the system peer makes of us. */
struct lead {
	enum clock_kind kind;
	uint32_t refid;
	double doubt; /* s/s: what its rate may be wrong by */
};

static struct lead lead_of(struct engine *e, size_t i)
{
	const struct source *s = source_at(e, i);
	const struct refclock *r = s ? NULL : clock_at(e, i);

	return s ? (struct lead){ CLOCK_KIND_NTP, refid_of_address(&s->addr),
				  doubt_rate(&s->doubt) }
		 : (struct lead){ r->driver->kind, r->refid, 0 };
}

static void follow_source(struct engine *e, bool sampled, struct outbox *out)
{
	struct standing *s = &e->standing;
	struct lead lead = lead_of(e, e->choice.system_peer);
	bool was = s->synchronised && s->kind != CLOCK_KIND_LOCAL;

	/* An offset that is only watched goes on growing. */
	struct footing footing = {
		.heard = e->heard_at,
		.phi_ppm = (engine_phi(e) + lead.doubt) * 1e6,
		.floor_s = floor_s(e),
		.uncorrected = !e->discipline.steering ||
			       e->discipline.state == DISCIPLINE_SPIK,
	};

	standing_follow(s, &e->choice, &footing, e->now);
	e->freq_sd = fmax(e->choice.combined.freq_sd, FREQ_SD_LEAST);
	e->upstream = true;
	e->lonely_since = e->now;
	if (e->stepped || e->discipline.rushing) {
		return; /* until a sample says so, or the clock has arrived */
	}
	s->synchronised = true;
	s->stratum = (uint8_t)(e->choice.stratum + 1);
	s->kind = lead.kind;
	s->refid = lead.refid;
	s->leap = engine_leap(e, voted_leap(e), out);
	if (sampled) {
		s->reference = e->wall;
	}
	if (!was) {
		engine_note(e, NOTE_CLOCK_SYNC, 0, "", out);
	}
}

/* Gives the estimate to the discipline; true when the clock was stepped. */
static bool correct(struct engine *e, struct outbox *out)
{
	enum discipline_state before = e->discipline.state;
	bool granted = e->discipline.panic_once && !e->discipline.first_done;

	e->fresh = false;
	struct adjustment adj = discipline_update(
		&e->discipline, &e->choice.combined, next_sample_s(e), e->now);

	if (adj.kind == ADJUST_SPIKE && before != DISCIPLINE_SPIK) {
		engine_note(e, NOTE_SPIKE, adj.offset_s, "", out);
	}
	if (adj.kind == ADJUST_STEP && !granted &&
	    engine_refuses(e, adj.step_s, out)) {
		return false;
	}
	engine_apply(e, &adj, out);
	if (source_at(e, e->choice.system_peer) &&
	    (adj.kind == ADJUST_STEER || adj.kind == ADJUST_STEP ||
	     !e->may_set)) {
		engine_stats_loop(e, adj.offset_s, out);
	}
	if (adj.kind == ADJUST_STEP && e->may_set) {
		e->choice.combined.offset_s -= adj.step_s;
		return true;
	}
	if (before == DISCIPLINE_NSET &&
	    e->discipline.state == DISCIPLINE_SYNC) {
		engine_note(e, NOTE_FREQ_SET, e->discipline.base * 1e6,
			    e->config->kernel ? "kernel" : "ntpd", out);
	}
	return false;
}

static void follow(struct engine *e, bool sampled, struct outbox *out)
{
	size_t peer = e->choice.system_peer;

	if (is_local(e, peer)) {
		(void)crown(e, peer, out);
		engine_follow_local(e, clock_at(e, peer), out);
		return;
	}
	if (e->config->orders.quit) {
		engine_finish_once(e, out);
		return;
	}
	(void)crown(e, peer, out);
	if (e->fresh && correct(e, out)) {
		/* Stepped: what is left of the offset is what we serve. */
		follow_source(e, false, out);
		return;
	}
	if (!e->finished) {
		follow_source(e, sampled, out);
	}
}

void engine_decide(struct engine *e, bool sampled, struct outbox *out)
{
	e->fresh |= sampled;
	e->heard_at = sampled ? e->now : e->heard_at;
	engine_close_gate(e);
	gather(e);
	engine_part_smeared(e, out);
	selection_run(&e->config->tos, e->candidates, e->candidate_count,
		      &e->choice);
	spread(e);
	if (e->choice.found && !is_local(e, e->choice.system_peer) &&
	    !engine_gate_opens(e)) {
		e->choice.found = false;
		return;
	}
	if (e->choice.found) {
		joint_refine(&e->joint, e->candidates, e->candidate_count,
			     &e->choice);
		follow(e, sampled, out);
		e->view_due = true;
		return;
	}
	engine_lose_peer(e, out);
	engine_orphan(e, out);
}
