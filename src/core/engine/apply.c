/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was decided, done to the clock: steered, stepped, set once, or not at
 * all. Everything that was measured by it moves along.
 */
#include "core/engine/stages.h"
#include "core/serve/refid.h"

#include <math.h>

#define EXIT_CODE 255        /* of classic's, beyond the panic threshold (E2) */
#define FREQ_SD_RESTART 2e-6 /* s/s: what may have changed meanwhile */

void engine_measure_anew(struct engine *e, double by_s, struct outbox *out)
{
	struct source_world world = engine_world(e);

	e->freq_sd = fmin(fmax(e->freq_sd, FREQ_SD_RESTART), 1e-4);
	joint_forget(&e->joint);
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->state != SOURCE_NAMELESS) {
			source_abandon(s, out);
			source_restart(s, e->freq_sd, &world, e->now);
		}
	}
	engine_restart_clocks(e);
	e->open = false;
	e->answered = false;
	standing_widen(&e->standing, by_s);
	e->view_due = true;
}

void engine_shift(struct engine *e, double step_s, double freq)
{
	joint_adjust(&e->joint, e->now, step_s, freq);
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->state != SOURCE_NAMELESS) {
			estimator_adjust(&s->estimator, e->now, step_s, freq);
		}
	}
	engine_shift_clocks(e, step_s, freq);
}

/*
 * What was asked before a step is void: its stamps are of two clocks. What
 * was measured stays true, and is asked to be confirmed at once.
 */
static void step(struct engine *e, const struct adjustment *adj,
		 struct outbox *out)
{
	struct effect jump = { .kind = EFFECT_STEP };
	struct source_world world = engine_world(e);

	jump.step = span_from_seconds(adj->step_s);
	outbox_add(out, &jump);
	e->wall = tstamp_add(e->wall, jump.step);
	e->stepped = true;
	e->stepped_at = e->now;
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->state != SOURCE_NAMELESS) {
			source_abandon(s, out);
			if (s->polling.reach != 0) {
				polling_restart(&s->polling, world.rng, e->now);
			}
		}
	}
	engine_abandon_clocks(e);
	standing_lose(&e->standing, REFID_STEP);
	engine_note(e, NOTE_STEPPED, adj->step_s, "", out);
	e->view_due = true;
}

static void stop(struct engine *e, int code, struct outbox *out)
{
	struct effect exit = { .kind = EFFECT_EXIT };

	exit.exit.code = code;
	outbox_add(out, &exit);
	e->finished = true;
}

static void panic(struct engine *e, double offset_s, struct outbox *out)
{
	engine_note(e, NOTE_PANIC, offset_s, "", out);
	if (e->config->orders.panic_once && e->spent) {
		engine_note(e, NOTE_PANIC_SPENT, 0, "", out);
	}
	stop(e, EXIT_CODE, out);
}

bool engine_refuses(struct engine *e, double step_s, struct outbox *out)
{
	if (!e->may_set || engine_date_is_possible(e, step_s)) {
		return false;
	}
	engine_note(e, NOTE_IMPOSSIBLE_DATE, step_s, "", out);
	stop(e, EXIT_CODE, out);
	return true;
}

void engine_steer(struct engine *e, struct outbox *out)
{
	struct effect steer = { .kind = EFFECT_STEER };

	e->told = true;
	steer.steer.freq = discipline_kernel(discipline_freq(&e->discipline));
	steer.steer.base = discipline_kernel(e->discipline.base);
	outbox_add(out, &steer);
}

void engine_apply(struct engine *e, const struct adjustment *adj,
		  struct outbox *out)
{
	switch (adj->kind) {
	case ADJUST_NONE:
	case ADJUST_SPIKE:
		return;
	case ADJUST_PANIC:
		panic(e, adj->offset_s, out);
		return;
	case ADJUST_STEP:
	case ADJUST_STEER:
		break;
	}
	if (!e->may_set) {
		return;
	}
	engine_shift(e, adj->kind == ADJUST_STEP ? adj->step_s : 0, adj->freq);
	if (adj->kind == ADJUST_STEP) {
		step(e, adj, out);
	}
	engine_steer(e, out);
}

/* The next daemon of this boot is to know (E1). */
static void spend(struct engine *e, struct outbox *out)
{
	const struct effect keep = { .kind = EFFECT_SNAPSHOT };

	if (!e->spent) {
		e->spent = true;
		outbox_add(out, &keep);
	}
}

void engine_finish_once(struct engine *e, struct outbox *out)
{
	const struct discipline *d = &e->discipline;
	double offset_s = e->choice.combined.offset_s;
	double limit_s = offset_s > 0 ? d->step_fwd_s : d->step_back_s;
	bool steps = limit_s > 0 && fabs(offset_s) > limit_s;
	struct effect set = { .kind = EFFECT_SLEW };

	if (d->panic_s > 0 && fabs(offset_s) > d->panic_s && !d->panic_once) {
		panic(e, offset_s, out);
		return;
	}
	steps |= d->step_once;
	if (steps && !d->panic_once && engine_refuses(e, offset_s, out)) {
		return;
	}
	set.slew = span_from_seconds(offset_s);
	if (steps) {
		set.kind = EFFECT_STEP;
		set.step = set.slew;
	}
	if (e->may_set) {
		outbox_add(out, &set);
		spend(e, out);
	}
	engine_note(e, steps ? NOTE_TIME_SET : NOTE_TIME_SLEW, offset_s, "",
		    out);
	stop(e, 0, out);
}
