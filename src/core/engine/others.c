/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"
#include "core/select/orphan.h"
#include "core/select/votes.h"
#include "core/serve/refid.h"

void engine_identify(const struct source *s, struct candidate *c)
{
	if (s->state == SOURCE_NAMELESS) {
		return;
	}
	c->identity = refid_of_address(&s->addr);
	c->network = votes_network(&s->addr);
	c->ours = netaddr_is_none(&s->local) ? 0 : refid_of_address(&s->local);
}

/* Not from one whose rate is off, or that is not right. */
void engine_learn(struct engine *e, const struct source *s,
		  const struct sample *sample)
{
	uint32_t key = ((uint32_t)s->id.slot + 1) << 16 | s->id.generation;

	if (joint_wants(s->reason) && doubt_slew(&s->doubt) == 0) {
		joint_add(&e->joint, key, sample, &s->estimator);
	}
}

static bool smears(const struct engine *e, size_t i)
{
	return e->slots[i] < e->source_slots && e->sources[e->slots[i]].smears;
}

/* A local clock tells no time of its own. */
static bool takes_part(const struct engine *e, size_t i)
{
	const struct candidate *c = &e->candidates[i];

	return c->unfit == REASON_OK && !c->last_resort;
}

void engine_part_smeared(struct engine *e, struct outbox *out)
{
	size_t with = 0, without = 0;
	bool mixed;

	for (size_t i = 0; i < e->candidate_count; i++) {
		if (takes_part(e, i)) {
			with += smears(e, i);
			without += !smears(e, i);
		}
	}
	e->leap.smeared = with > without;
	mixed = with > 0 && without > 0;
	for (size_t i = 0; mixed && i < e->candidate_count; i++) {
		if (takes_part(e, i) && smears(e, i) != e->leap.smeared) {
			e->candidates[i].unfit = REASON_SMEARED;
		}
	}
	if (mixed && !e->leap.said_mix) {
		engine_note(e, NOTE_SMEAR_MIX, 0,
			    e->leap.smeared ? "do" : "do not", out);
	}
	e->leap.said_mix |= mixed;
}

/* Nobody has led for so long that we keep our own time. */
static instant orphaned_at(const struct engine *e)
{
	return instant_add(e->lonely_since,
			   span_from_seconds(e->config->tos.orphanwait_s));
}

/* As long as it lasts the clock runs on as it was steered last. */
void engine_orphan(struct engine *e, struct outbox *out)
{
	const struct tos_config *tos = &e->config->tos;
	const struct choice nobody = { .found = false };
	struct standing *s = &e->standing;
	uint32_t refid = tos->orphan > 1 ? REFID_LOOPBACK : REFID_LOOP;
	bool was = s->synchronised && s->stratum == tos->orphan &&
		   s->refid == refid;

	if (tos->orphan >= ORPHAN_OFF || e->finished ||
	    instant_diff(e->now, orphaned_at(e)).v < 0) {
		return;
	}
	/* It is the time here by definition, so nothing is off (as classic). */
	standing_follow(s, &nobody, &(struct footing){ .heard = e->now },
			e->now);
	s->synchronised = true;
	s->stratum = (uint8_t)tos->orphan;
	s->kind = CLOCK_KIND_UNKNOWN;
	s->refid = refid;
	s->leap = engine_leap(e, e->leap.due, out);
	s->reference = e->wall;
	if (!was) {
		e->view_due = true;
		engine_note(e, NOTE_ORPHAN, 0, "", out);
	}
}

static void sooner(instant *at, instant other, instant now)
{
	if (instant_diff(other, now).v > 0) {
		*at = instant_earlier(*at, other);
	}
}

instant engine_lonely_deadline(const struct engine *e)
{
	instant at = INSTANT_NEVER;

	if (!e->has_peer && e->clock_slots > 0) {
		sooner(&at, engine_local_at(e), e->now);
	}
	if (!e->has_peer && e->config->tos.orphan < ORPHAN_OFF) {
		sooner(&at, orphaned_at(e), e->now);
	}
	return at;
}
