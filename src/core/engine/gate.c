/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to decide: the first to answer may be the one that lies, and the next
 * two may be the ones that an attacker lets through.
 */
#include "core/engine/stages.h"

#define ELECTORATE 3 /* so many make a majority that means something */
#define FEW 2        /* samples of each source of a smaller number ... */
#define FEW_QUIT 3   /* ... one more, when there is but one correction */
#define MOST_S 6     /* ... or after this, when more than half answered */
#define ANY_S 7      /* ... or after this, whoever answered: done within 10 s */

bool engine_is_gated(const struct engine *e)
{
	return e->answered && !e->open;
}

/* All are silent: who comes back first will be one voice of many (E7). */
void engine_close_gate(struct engine *e)
{
	if (!e->open) {
		return;
	}
	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (s->used && !s->config->noselect && s->polling.reach != 0) {
			return;
		}
	}
	if (engine_hears_clocks(e)) {
		return;
	}
	e->open = false;
	e->answered = false;
}

static bool has_member(const struct engine *e, const struct pool *p)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		if (e->sources[i].used && e->sources[i].pool == p->id.slot) {
			return true;
		}
	}
	return false;
}

/* Who has no voice of his own need not be waited for. */
static bool is_voter(const struct source *s)
{
	return s->used && !s->config->noselect &&
	       !(s->state == SOURCE_NAMELESS && s->doubled);
}

static struct engine_roll call_roll(const struct engine *e)
{
	unsigned enough = e->config->orders.quit ? FEW_QUIT : FEW;
	unsigned heard = e->config->orders.quit ? FEW : 1;
	struct engine_roll r = { .complete = true };

	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (!is_voter(s)) {
			continue;
		}
		r.asked++;
		r.awaited |= s->config->key != 0 && !s->no_key &&
			     s->estimator.samples < heard &&
			     e->config->tos.authselect == AUTHSELECT_PREFER;
		if (s->polling.reach == 0) {
			continue;
		}
		r.heard += s->estimator.samples > 0;
		r.known += s->estimator.samples >= enough;
		r.agree += s->estimator.samples >= heard &&
			   reason_tally(s->reason) > TALLY_FALSETICK;
	}
	engine_enrol_clocks(e, enough, &r);
	for (size_t i = 0; i < e->pool_slots; i++) {
		r.complete = r.complete && (e->pools[i].call.on ||
					    has_member(e, &e->pools[i]));
	}
	return r;
}

/*
 * Nothing is decided before those that can be expected to answer have been
 * heard a few times; but a majority of all that are configured, which agrees,
 * need not wait for the others: they could not outvote it, unless they sign.
 * Where there is but one correction each of it has been heard twice.
 */
bool engine_gate_opens(struct engine *e)
{
	struct engine_roll r = call_roll(e);
	double age_s = engine_age_s(e, e->answered_at);

	if (e->open || !e->answered) {
		return e->open;
	}
	e->open = r.known == r.asked ||
		  (r.complete && !r.awaited && r.asked >= ELECTORATE &&
		   2 * r.agree > r.asked) ||
		  (age_s >= MOST_S && 2 * r.heard > r.asked) || age_s >= ANY_S;
	return e->open;
}
