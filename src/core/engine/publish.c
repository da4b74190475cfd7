/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"

#include <math.h>

#define SAVE_FIRST_S 300 /* of following, before the first drift file */
#define SAVE_S 3600
#define PUBLISHED 4  /* effects of engine_publish(), at most */
#define SAVE_SD 1e-6 /* s/s: worse is not worth keeping */

/* What %num is, beside the status word of events. */
static int64_t note_number(const struct engine *e, enum note_id id)
{
	if (id == NOTE_SERVING || id == NOTE_ORPHAN) {
		return e->standing.stratum;
	}
	if (id == NOTE_RESUMED) {
		return e->resumed;
	}
	return id == NOTE_FREQ_LIMIT ? FREQ_MAX_PPM
				     : standing_status(&e->standing, e->now);
}

void engine_note(struct engine *e, enum note_id id, double value,
		 const char *word, struct outbox *out)
{
	struct effect n = { .kind = EFFECT_NOTE };
	struct text text = text_over(n.note.word, sizeof(n.note.word));

	events_add(&e->standing.events, note_event(id));
	n.note.id = id;
	n.note.value = value;
	n.note.number = note_number(e, id);
	n.note.second = (int64_t)e->discipline.panic_s;
	text_str(&text, word);
	outbox_add(out, &n);
}

static void note_leap(struct engine *e, enum leap leap, struct outbox *out)
{
	bool armed = leap == LEAP_INSERT || leap == LEAP_DELETE;
	bool was = e->said_leap == LEAP_INSERT || e->said_leap == LEAP_DELETE;

	if (armed && !was) {
		engine_note(e, NOTE_LEAP_ARMED, 0, "", out);
	} else if (!armed && was) {
		engine_note(e, NOTE_LEAP_DISARMED, 0, "", out);
	}
	e->said_leap = leap;
}

static const char *silence(const struct engine *e)
{
	return e->standing.synchronised ? "the clock may be too far off"
	       : e->woke                ? "the machine has slept"
	       : e->stepped ? "the clock was stepped, to be confirmed"
			    : "nobody tells the time";
}

static void note_serving(struct engine *e, enum leap leap, struct outbox *out)
{
	bool serving = leap != LEAP_UNSYNC;

	if (serving && !e->said_serving) {
		e->serving_since = e->now;
		engine_note(e, NOTE_SERVING,
			    standing_bound_s(&e->standing, e->now) * 1e3, "",
			    out);
	} else if (!serving && e->said_serving) {
		engine_note(e, NOTE_NOT_SERVING, 0, silence(e), out);
	}
	e->said_serving = serving;
}

int8_t engine_poll(const struct engine *e)
{
	if (e->has_peer && e->peer_slot < e->source_slots) {
		return polling_now(&e->sources[e->peer_slot].polling);
	}
	if (e->has_peer && e->standing.kind != CLOCK_KIND_LOCAL) {
		return refclock_poll(engine_clock(e, e->peer_slot));
	}
	return 6;
}

static void tell_kernel(struct engine *e, enum leap leap, struct outbox *out)
{
	struct effect k = { .kind = EFFECT_STATUS };

	k.status.synchronised = leap != LEAP_UNSYNC;
	k.status.leap = engine_armed(e);
	k.status.max_error =
		span_from_seconds(standing_bound_s(&e->standing, e->now));
	k.status.est_error =
		span_from_seconds(standing_likely_s(&e->standing, e->now));
	k.status.poll = engine_poll(e);
	engine_tell_tai(e, &k);
	e->status = k;
	if (e->may_set && !e->yielded) {
		outbox_add(out, &k);
	}
}

/*
 * Who measures us while we slew must see our error fall with the offset, lest
 * it takes our slew for its own clock's error (doubt.h).
 */
instant engine_view_end(const struct engine *e)
{
	double left_s = discipline_residual_s(&e->discipline, e->now);
	int64_t lasts_s = fabs(left_s) > ENGINE_SLEW_S ? ENGINE_SLEW_VIEW_S
						       : ENGINE_VIEW_S;

	return e->view_due ? e->now : instant_add(e->view_at, SPAN_S(lasts_s));
}

void engine_publish(struct engine *e, struct outbox *out)
{
	struct effect v = { .kind = EFFECT_VIEW };
	enum leap leap = standing_leap(&e->standing, e->now);
	bool old = instant_diff(e->now, engine_view_end(e)).v >= 0;

	if (!e->view_due && !old) {
		return;
	}
	/* What is lost here would leave a view of tables that go. */
	if (out->count > OUTBOX_EFFECTS - PUBLISHED) {
		e->view_due = true;
		return;
	}
	/* Tables take turns, once a second: see engine_tables(). */
	if (engine_age_s(e, e->view_at) >= 1) {
		engine_tables(e);
	}
	e->view_due = false;
	e->view_at = e->now;
	note_leap(e, leap, out);
	note_serving(e, leap, out);
	v.view = standing_view(&e->standing, e->access, e->now, e->wall);
	v.view.keys = e->settings->keys;
	v.view.smear = engine_smear(e);
	v.view.peers = e->peers;
	v.view.cohort = e->config->tos.cohort;
	v.view.secret = e->secret;
	v.view.listens = engine_listens(e->config);
	outbox_add(out, &v);
	tell_kernel(e, leap, out);
}

static void check_limit(struct engine *e, struct outbox *out)
{
	double ppm = e->discipline.base * 1e6;
	bool beyond = fabs(ppm) >= FREQ_MAX_PPM || e->discipline.cut != 0;

	if (beyond && !e->limit_said) {
		engine_note(e, NOTE_FREQ_LIMIT, ppm + e->discipline.cut * 1e6,
			    "", out);
	}
	e->limit_said = beyond;
}

void engine_save(struct engine *e, struct outbox *out)
{
	struct effect save = { .kind = EFFECT_SAVE };
	double moved = fabs(e->discipline.base - e->saved_freq);
	bool first = instant_diff(e->saved_at, e->began).v == 0;

	if (e->discipline.state != DISCIPLINE_SYNC) {
		return;
	}
	check_limit(e, out);
	if (!e->may_set || e->yielded ||
	    e->standing.kind == CLOCK_KIND_UNKNOWN ||
	    e->standing.kind == CLOCK_KIND_LOCAL ||
	    engine_age_s(e, e->saved_at) < (first ? SAVE_FIRST_S : SAVE_S)) {
		return;
	}
	if (e->freq_sd > SAVE_SD && first &&
	    engine_age_s(e, e->saved_at) < SAVE_S) {
		return;
	}
	e->saved_at = e->now;
	if (moved < e->config->nonvolatile_s &&
	    !(first && !e->start.freq_known)) {
		return;
	}
	e->saved_freq = e->discipline.base;
	save.save.freq_ppm = discipline_kernel(e->discipline.base) * 1e6;
	outbox_add(out, &save);
}
