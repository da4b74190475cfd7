/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time goes by, from one event to the next: has anything but we been at the
 * clock? (E17)
 *
 * A stranger may set it, which parts it from the monotonic clock; set the
 * rate, which the kernel tells; or slew it, which bends the monotonic clock
 * away from the one that nobody steers. The machine may sleep, which stops the
 * monotonic clock. Each is noted once, by name, and what is known of the clock
 * moves along.
 */
#include <math.h>

#include "core/engine/stages.h"
#include "core/serve/refid.h"

/*
 * Two readings of two clocks are never one moment: a busy machine may take
 * some ms between them. The monotonic clock may be steered with the other or
 * not, so they may part by what we steer by, and by a crystal's error.
 */
#define READING_S 0.005
#define CRYSTAL 250e-6
/*
 * What bends the monotonic clock besides: rates that take effect a little
 * late, and roundings of the kernel's.
 */
#define BENT_S 200e-6
#define BENT 1e-6
#define BENT_AGE_S 64
#define RATE_SLACK 2e-8 /* s/s: the kernel's words are finer than that */
#define SLEPT_S 0.01
#define AWAKE_S 30      /* after a shorter day nobody is asked out of turn */
#define QUIET_S 60      /* then the next slew of a stranger is news */
#define PATIENCE 5.0    /* rates set back in a row, and one more ... */
#define LENIENCY_S 3600 /* ... each hour */

void engine_abandon(struct engine *e, struct outbox *out)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		source_abandon(&e->sources[i], out);
	}
	for (size_t i = 0; i < e->caster_slots; i++) {
		caster_forget(&e->casters[i]);
	}
	engine_abandon_clocks(e);
}

/* Our seconds are too short by as much: nobody is to be asked the sooner. */
static void postpone(struct engine *e, double by_s)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct polling *p = &e->sources[i].polling;

		p->due = instant_add(p->due, span_from_seconds(by_s));
	}
}

/* Somebody has been up and down for a while: no burst each time. */
static void begin_all(struct engine *e, struct outbox *out)
{
	struct source_world world = engine_world(e);

	engine_abandon(e, out);
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->state != SOURCE_NAMELESS) {
			source_begin(s, &world, e->now);
		}
	}
}

/*
 * Who slept knows the time by a chip that counts seconds, and its crystal is
 * cold. So this is a start but for what -g forgives: measured at once, stepped
 * at once when the rules say step, and not served before.
 */
static void wake(struct engine *e, double slept_s, struct outbox *out)
{
	bool again = e->woke_at.v != 0 && engine_age_s(e, e->woke_at) < AWAKE_S;

	engine_note(e, NOTE_SUSPENDED, slept_s, "", out);
	if (again) {
		begin_all(e, out);
	} else {
		engine_measure_anew(e, 0, out);
	}
	discipline_wake(&e->discipline);
	standing_lose(&e->standing, REFID_STEP);
	e->woke = e->stepped = true;
	e->woke_at = e->stepped_at = e->now;
	e->view_due = true;
}

/* Of patience there is some more each hour. */
static bool has_patience(struct engine *e)
{
	double more = engine_age_s(e, e->patience_at) / LENIENCY_S;

	e->patience = fmin(e->patience + more, PATIENCE);
	e->patience_at = e->now;
	return e->patience >= 1;
}

/* A stranger's rate, which `was` ours: ours again, or theirs from now on. */
static void mind_rate(struct engine *e, double rate, struct outbox *out)
{
	double was = discipline_freq(&e->discipline);

	e->view_due = e->fresh = true;
	if (!e->yielded && has_patience(e)) {
		e->patience--;
		engine_note(e, NOTE_FOREIGN_RATE, rate * 1e6, "", out);
		engine_steer(e, out);
		return;
	}
	if (!e->yielded) {
		engine_note(e, NOTE_FOREIGN_KEEPER, rate * 1e6, "", out);
		e->yielded = true;
		e->yielded_at = e->now;
	}
	discipline_yield(&e->discipline, discipline_own(rate), e->now);
	engine_shift(e, 0, discipline_own(rate) - was);
}

/*
 * Every estimator knows what happened: nothing that was learnt is lost. A rush
 * begins and ends a little later than it was told to: that is nobody's doing.
 */
static void mind_slew(struct engine *e, double by_s, struct outbox *out)
{
	bool news =
		e->slewed_at.v == 0 || engine_age_s(e, e->slewed_at) > QUIET_S;

	engine_shift(e, by_s, 0);
	if (e->bent_rushed) {
		return;
	}
	standing_widen(&e->standing, by_s);
	e->slewed_at = e->now;
	e->view_due = e->fresh = true;
	if (news) {
		engine_note(e, NOTE_FOREIGN_SLEW, by_s, "", out);
	}
}

void engine_take_back(struct engine *e, struct outbox *out)
{
	engine_shift(e, 0, discipline_resume(&e->discipline));
	engine_steer(e, out);
}

/* What was told to leave the clock alone meanwhile still does. */
static void resume(struct engine *e, struct outbox *out)
{
	if (!e->yielded || engine_age_s(e, e->yielded_at) < LENIENCY_S) {
		return;
	}
	e->yielded = false;
	if (e->may_set) {
		engine_take_back(e, out);
	} else {
		e->told = false;
	}
}

/* What bent the monotonic clock besides us counts from now on. */
static void bend_anew(struct engine *e, const struct machine *m)
{
	e->bent_known = m->bent_known;
	e->bent = m->bent;
	e->bent_since = e->now;
	e->bent_rushed = e->discipline.rushing;
	e->bent_ours_s = 0;
}

/*
 * Does the kernel run as we told it to? What it did meanwhile is seen from the
 * clock that nobody steers; where there is none, all is measured anew.
 */
static void mind_kernel(struct engine *e, const struct machine *m,
			struct outbox *out)
{
	double told = discipline_kernel(discipline_freq(&e->discipline));
	bool strange = m->rate_known && fabs(m->rate - told) > RATE_SLACK;
	bool known = m->bent_known && e->bent_known;
	double bent_s =
		span_to_seconds(span_sub(m->bent, e->bent)) - e->bent_ours_s;
	double age_s = engine_age_s(e, e->bent_since);
	double least_s = e->bent_rushed ? 0 : BENT_S + BENT * age_s;
	bool bent = known && fabs(bent_s) > least_s;

	if (strange && known) {
		engine_shift(e, bent_s, 0);
		standing_widen(&e->standing, bent_s);
	} else if (strange) {
		engine_measure_anew(
			e, fabs(m->rate - told) * engine_age_s(e, e->rated_at),
			out);
	} else if (bent) {
		mind_slew(e, bent_s, out);
	}
	if (strange) {
		mind_rate(e, m->rate, out);
	}
	if (m->rate_known) {
		e->rated_at = e->now;
	}
	if (m->bent_known &&
	    (!known || strange || bent || age_s > BENT_AGE_S)) {
		bend_anew(e, m);
	}
}

static void mind_jump(struct engine *e, double jump_s, struct outbox *out)
{
	if (engine_has_leapt(e, jump_s, out)) {
		return; /* the kernel's doing; our sources leap with us */
	}
	engine_note(e, NOTE_FOREIGN_STEP, jump_s, "", out);
	engine_measure_anew(e, jump_s, out);
}

static void begin(struct engine *e, const struct event *ev)
{
	e->asleep = ev->machine.asleep;
	e->rated_at = e->patience_at = ev->now;
	e->patience = PATIENCE;
}

void engine_observe(struct engine *e, const struct event *ev,
		    struct outbox *out)
{
	double passed_s = span_to_seconds(instant_diff(ev->now, e->now));
	double jump_s =
		span_to_seconds(tstamp_diff(ev->wall, e->wall)) - passed_s;
	double steered = discipline_freq(&e->discipline);
	double most_s = (fmax(steered, 0) + CRYSTAL) * fabs(passed_s);
	double least_s = (fmin(steered, 0) - CRYSTAL) * fabs(passed_s);

	if (!e->started) {
		begin(e, ev);
	}
	double slept_s =
		span_to_seconds(span_sub(ev->machine.asleep, e->asleep));

	if (e->discipline.rushing && e->discipline.slew > 0) {
		postpone(e, e->discipline.slew * passed_s);
	}
	e->now = ev->now;
	e->wall = ev->wall;
	e->asleep = ev->machine.asleep;
	e->bent_ours_s += steered * passed_s;
	e->bent_rushed |= e->discipline.rushing;
	if (slept_s > SLEPT_S) {
		resume(e, out);
		wake(e, slept_s, out);
		bend_anew(e, &ev->machine);
		return;
	}
	if (e->told) {
		mind_kernel(e, &ev->machine, out);
	}
	if (jump_s > most_s + READING_S || jump_s < least_s - READING_S) {
		mind_jump(e, jump_s, out);
	}
	resume(e, out); /* not before what the kernel did was understood */
}
