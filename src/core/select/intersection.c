/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/intersection.h"

#include <math.h>

/* Shares of a vote are fractions: sums that should be equal differ by this. */
#define SHARE_ERROR 1e-9

/* A voter is a falseticker until a majority is found that it belongs to. */
static bool is_voter(const struct candidate *c)
{
	return c->reason == REASON_CANDIDATE || c->reason == REASON_FALSETICKER;
}

static double interval_low(const struct candidate *c)
{
	return c->estimate.offset_s - c->interval_s;
}

static double interval_high(const struct candidate *c)
{
	return c->estimate.offset_s + c->interval_s;
}

static bool interval_holds(const struct candidate *c, double point_s)
{
	return interval_low(c) <= point_s && point_s <= interval_high(c);
}

/*
 * Sources of one vote have equal parts of it, so that they need not agree
 * to be heard, and cannot be heard in several places at once. Who shares with
 * some for its upstream and with others for its network has the lesser part.
 */
static double intersection_share(const struct candidate *candidates,
				 size_t count, const struct candidate *one)
{
	unsigned same = 1, near = 1;

	for (size_t i = 0; i < count; i++) {
		const struct candidate *c = &candidates[i];

		if (c != one && is_voter(c)) {
			same += one->vote != 0 && c->vote == one->vote;
			near += one->network != 0 && c->network == one->network;
		}
	}
	return 1.0 / (same > near ? same : near);
}

/* Hands the votes out, one to each if `singly`; returns how many there are. */
static double intersection_count(struct candidate *candidates, size_t count,
				 bool singly)
{
	double votes = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_voter(&candidates[i])) {
			candidates[i].share =
				singly ? 1
				       : intersection_share(candidates, count,
							    &candidates[i]);
			votes += candidates[i].share;
		}
	}
	return votes;
}

static double intersection_votes(const struct candidate *candidates,
				 size_t count, double point_s)
{
	double votes = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_voter(&candidates[i]) &&
		    interval_holds(&candidates[i], point_s)) {
			votes += candidates[i].share;
		}
	}
	return votes;
}

static void intersection_take(struct candidate *candidates, size_t count,
			      double point_s)
{
	for (size_t i = 0; i < count; i++) {
		if (is_voter(&candidates[i]) &&
		    interval_holds(&candidates[i], point_s)) {
			candidates[i].reason = REASON_CANDIDATE;
		}
	}
}

/* True when any share of a vote is not a whole one. */
static bool intersection_is_shared(const struct candidate *candidates,
				   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_voter(&candidates[i]) && candidates[i].share < 1) {
			return true;
		}
	}
	return false;
}

/*
 * The points that a majority shares form closed stretches; each begins where
 * an interval begins and ends where one ends. An interval that meets a stretch
 * holds its beginning, or begins within it: the beginnings are enough.
 */
static struct intersection intersection_try(struct candidate *candidates,
					    size_t count, bool singly)
{
	struct intersection in = { false, INFINITY, -INFINITY };
	double votes = intersection_count(candidates, count, singly);
	double needed = votes / 2 + SHARE_ERROR;

	for (size_t i = 0; i < count; i++) {
		if (is_voter(&candidates[i])) {
			candidates[i].reason = REASON_FALSETICKER;
		}
	}
	for (size_t i = 0; i < count; i++) {
		const struct candidate *c = &candidates[i];

		if (!is_voter(c)) {
			continue;
		}
		double low_s = interval_low(c), high_s = interval_high(c);

		if (intersection_votes(candidates, count, low_s) > needed) {
			in.found = true;
			in.low_s = fmin(in.low_s, low_s);
			intersection_take(candidates, count, low_s);
		}
		if (intersection_votes(candidates, count, high_s) > needed) {
			in.high_s = fmax(in.high_s, high_s);
		}
	}
	return in;
}

struct intersection intersection_find(struct candidate *candidates,
				      size_t count)
{
	struct intersection in = intersection_try(candidates, count, false);

	if (!in.found && intersection_is_shared(candidates, count)) {
		in = intersection_try(candidates, count, true);
	}
	for (size_t i = 0; i < count && !in.found; i++) {
		if (is_voter(&candidates[i])) {
			candidates[i].reason = REASON_NO_MAJORITY;
		}
	}
	return in;
}
