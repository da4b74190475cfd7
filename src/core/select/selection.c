/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/selection.h"

#include <math.h>

#include "core/select/authority.h"
#include "core/select/cluster.h"
#include "core/select/combine.h"
#include "core/select/orphan.h"

/* How many deviations of an estimate its interval allows for. */
#define DISTANCE_SDS 3.0

/* A new system peer is nearer by this part of the old one's score. */
#define HOP_PART 0.25

#define OFFSET_MAX_S 0x1p31 /* beyond it: no time at all */

enum tally reason_tally(enum reason reason)
{
	static const enum tally tallies[REASONS] = {
#define REASON(id, tally, words) [REASON_##id] = TALLY_##tally,
#include "core/select/reasons.def"
#undef REASON
	};

	return tallies[reason];
}

const char *reason_words(enum reason reason)
{
	switch (reason) {
#define REASON(id, tally, words) \
	case REASON_##id: \
		return words;
#include "core/select/reasons.def"
#undef REASON
	case REASONS:
		break;
	}
	return "";
}

/*
 * Our own measurements keep the interval from being empty, whatever the
 * server claims to be (E16).
 */
static void candidate_measure(struct candidate *c, const struct tos_config *tos)
{
	const struct estimate *e = &c->estimate;

	c->distance_s = (c->root_delay_s + fabs(e->delay_s)) / 2 +
			c->root_disp_s + DISTANCE_SDS * e->offset_sd;
	c->interval_s = fmax(c->distance_s, fmax(tos->mindist_s, e->jitter_s));
	c->share = 0;
	c->weight = 0;
	c->deviation_s = 0;
}

static enum reason candidate_judge(const struct candidate *c,
				   const struct tos_config *tos)
{
	const struct estimate *e = &c->estimate;

	if (c->unfit != REASON_OK) {
		return c->unfit;
	}
	if (c->stratum < tos->floor || c->stratum >= tos->ceiling) {
		return REASON_STRATUM;
	}
	/* Written so that a NaN anywhere is too far away. */
	if (!(c->distance_s >= 0 && c->distance_s <= tos->maxdist_s &&
	      c->root_delay_s / 2 + c->root_disp_s < tos->maxdisp_s &&
	      e->jitter_s <= tos->maxdist_s && /* else it agrees with all */
	      fabs(e->offset_s) < OFFSET_MAX_S && fabs(e->freq) < 1 &&
	      e->freq_sd >= 0 && e->offset_sd >= 0)) {
		return REASON_DISTANCE;
	}
	return authority_forbids(tos, c) ? REASON_UNSIGNED
					 : orphan_judge(tos, c);
}

static void selection_judge(const struct tos_config *tos,
			    struct candidate *candidates, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		struct candidate *c = &candidates[i];

		candidate_measure(c, tos);
		c->reason = candidate_judge(c, tos);
		any |= c->reason == REASON_CANDIDATE && !c->last_resort;
	}
	for (size_t i = 0; i < count && any; i++) {
		struct candidate *c = &candidates[i];

		if (c->reason == REASON_CANDIDATE && c->last_resort) {
			c->reason = REASON_WAITING;
		}
	}
}

/*
 * `true` sources survive whatever the others say; where they do not agree with
 * the majority it no longer bounds the result.
 */
static void selection_trust(struct intersection *in,
			    struct candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct candidate *c = &candidates[i];

		if (c->always_true && (c->reason == REASON_FALSETICKER ||
				       c->reason == REASON_NO_MAJORITY)) {
			c->reason = REASON_CANDIDATE;
			in->found = false;
		}
	}
}

/* True when `tos minsane` is met; otherwise nobody is believed. */
static bool selection_suffices(const struct tos_config *tos,
			       struct candidate *candidates, size_t count)
{
	unsigned truechimers = 0;

	for (size_t i = 0; i < count; i++) {
		truechimers += candidates[i].reason == REASON_CANDIDATE;
	}
	if (truechimers > 0 && truechimers >= tos->minsane) {
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (candidates[i].reason == REASON_CANDIDATE) {
			candidates[i].reason = REASON_TOO_FEW;
		}
	}
	return false;
}

/*
 * The best by score, preferred ones first; the present one stays while it is
 * not clearly worse, so that the system peer does not hop.
 */
static size_t selection_peer(const struct tos_config *tos,
			     const struct candidate *candidates, size_t count)
{
	size_t best = count, present = count;

	for (size_t i = 0; i < count; i++) {
		const struct candidate *c = &candidates[i];

		if (c->reason != REASON_CANDIDATE) {
			continue;
		}
		if (c->was_system_peer) {
			present = i;
		}
		if (best == count || c->prefer > candidates[best].prefer ||
		    (c->prefer == candidates[best].prefer &&
		     cluster_score(tos, c) <
			     cluster_score(tos, &candidates[best]))) {
			best = i;
		}
	}
	if (present == count ||
	    candidates[present].prefer != candidates[best].prefer) {
		return best;
	}
	double now = cluster_score(tos, &candidates[present]);
	double then = cluster_score(tos, &candidates[best]);

	return now - then > fmax(tos->mindist_s, HOP_PART * now) ? best
								 : present;
}

/* Says of those who share a vote that they do, where it has mattered. */
static void selection_explain(struct candidate *candidates, size_t count)
{
	size_t cast_out = 0, all = 0;

	for (size_t i = 0; i < count; i++) {
		cast_out += candidates[i].reason == REASON_FALSETICKER;
		all += candidates[i].share > 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct candidate *c = &candidates[i];

		if (c->share < 1 && c->reason == REASON_FALSETICKER &&
		    2 * cast_out >= all) {
			c->reason = REASON_OUTVOTED;
		} else if (c->share < 1 && c->reason == REASON_CANDIDATE) {
			c->reason = REASON_SHARED;
		}
	}
}

void selection_bound(const struct candidate *candidates, struct choice *choice)
{
	const struct candidate *peer = &candidates[choice->system_peer];
	double offset_s = choice->combined.offset_s;
	double bound_s = fabs(offset_s - choice->middle_s) +
			 DISTANCE_SDS * choice->middle_sd -
			 choice->root_delay_s / 2;

	choice->root_disp_s =
		peer->root_disp_s + fabs(offset_s - peer->estimate.offset_s);
	if (!peer->attached && !peer->prefer) {
		choice->root_disp_s = fmax(choice->root_disp_s, bound_s);
	}
}

static void choice_fill(struct choice *choice, struct candidate *candidates,
			size_t count, const struct intersection *in)
{
	struct candidate *peer = &candidates[choice->system_peer];
	double squares = 0;

	choice->combined = combine_run(candidates, count, &choice->spread_s);
	choice->low_s = in->found ? in->low_s : -INFINITY;
	choice->high_s = in->found ? in->high_s : INFINITY;
	for (size_t i = 0; i < count; i++) {
		double off = candidates[i].estimate.offset_s -
			     choice->combined.offset_s;

		squares += candidates[i].weight > 0
				   ? candidates[i].weight * off * off
				   : 0;
		choice->survivors += candidates[i].reason == REASON_CANDIDATE;
	}
	if (peer->prefer) { /* its word alone */
		choice->combined = peer->estimate;
		for (size_t i = 0; i < count; i++) {
			candidates[i].weight = &candidates[i] == peer;
		}
	}
	choice->combined.offset_s = fmax(
		choice->low_s, fmin(choice->combined.offset_s, choice->high_s));
	choice->jitter_s = sqrt(squares);
	choice->stratum = peer->stratum;
	choice->root_delay_s = peer->root_delay_s + peer->estimate.delay_s;
	selection_bound(candidates, choice);
	peer->reason = REASON_SYSTEM_PEER;
}

void selection_run(const struct tos_config *tos, struct candidate *candidates,
		   size_t count, struct choice *choice)
{
	*choice = (struct choice){ .found = false };
	selection_judge(tos, candidates, count);
	struct intersection in = authority_find(tos, candidates, count);

	selection_trust(&in, candidates, count);
	if (!selection_suffices(tos, candidates, count)) {
		if (!orphan_elect(candidates, count)) {
			return;
		}
		in.found = false; /* whatever it was, it was not enough */
	}
	const struct candidate *middle = cluster_middle(candidates, count);

	choice->middle_s = middle->estimate.offset_s;
	choice->middle_sd = middle->estimate.offset_sd;
	cluster_run(tos, candidates, count);
	choice->found = true;
	choice->system_peer = selection_peer(tos, candidates, count);
	choice_fill(choice, candidates, count, &in);
	selection_explain(candidates, count);
}
