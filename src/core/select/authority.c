/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/authority.h"

#include <math.h>

static bool is_bound(const struct candidate *c)
{
	return !c->authentic && !c->attached;
}

static bool has_voted(const struct candidate *c)
{
	return c->reason == REASON_CANDIDATE ||
	       c->reason == REASON_FALSETICKER ||
	       c->reason == REASON_NO_MAJORITY || c->reason == REASON_UNSIGNED;
}

bool authority_forbids(const struct tos_config *tos, const struct candidate *c)
{
	return tos->authselect == AUTHSELECT_REQUIRE && is_bound(c);
}

/* All may vote, or those that sign alone; the others are marked. */
static struct intersection authority_vote(struct candidate *candidates,
					  size_t count, bool all)
{
	for (size_t i = 0; i < count; i++) {
		struct candidate *c = &candidates[i];

		if (has_voted(c)) {
			c->reason = all || c->authentic ? REASON_CANDIDATE
							: REASON_UNSIGNED;
			c->share = 0;
		}
	}
	return intersection_find(candidates, count);
}

/* Nobody that signs is left: better nobody than strangers alone. */
static struct intersection authority_hold(struct candidate *candidates,
					  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (has_voted(&candidates[i])) {
			candidates[i].reason = REASON_NO_MAJORITY;
		}
	}
	return (struct intersection){ false, INFINITY, -INFINITY };
}

/* Casts out the strangers that are not within what those that sign share. */
static void authority_bind(struct candidate *candidates, size_t count,
			   const struct intersection *theirs)
{
	for (size_t i = 0; i < count; i++) {
		struct candidate *c = &candidates[i];
		double offset_s = c->estimate.offset_s;

		if (c->reason == REASON_CANDIDATE && is_bound(c) &&
		    (offset_s + c->interval_s < theirs->low_s ||
		     offset_s - c->interval_s > theirs->high_s)) {
			c->reason = REASON_UNSIGNED;
		}
	}
}

struct intersection authority_find(const struct tos_config *tos,
				   struct candidate *candidates, size_t count)
{
	unsigned signing = 0, survivors = 0, held = 0;

	for (size_t i = 0; i < count; i++) {
		signing += candidates[i].authentic &&
			   candidates[i].reason == REASON_CANDIDATE;
	}
	if (signing == 0 || tos->authselect != AUTHSELECT_PREFER) {
		return intersection_find(candidates, count);
	}
	struct intersection theirs = authority_vote(candidates, count, false);

	for (size_t i = 0; i < count; i++) {
		struct candidate *c = &candidates[i];

		c->binds = c->authentic && c->reason == REASON_CANDIDATE;
		survivors += c->binds;
	}
	struct intersection in = authority_vote(candidates, count, true);

	for (size_t i = 0; i < count; i++) {
		const struct candidate *c = &candidates[i];

		held += c->authentic && c->reason == REASON_CANDIDATE &&
			(c->binds || !theirs.found);
	}
	if (!theirs.found) { /* they differ: a vote of all may tell who errs */
		return held > 0 ? in : authority_hold(candidates, count);
	}
	in.low_s = fmax(in.low_s, theirs.low_s);
	in.high_s = fmin(in.high_s, theirs.high_s);
	if (!in.found || held < survivors || in.low_s > in.high_s) {
		return authority_vote(candidates, count, false);
	}
	authority_bind(candidates, count, &theirs);
	return in;
}
