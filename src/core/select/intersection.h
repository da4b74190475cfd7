/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intersection.h - which sources can be right together, by majority.
 *
 * A source says that the offset lies within its interval. It is a truechimer
 * when its interval holds a point that the intervals of a strict majority of
 * the votes share, its own included. If a majority is honest their intervals
 * all hold the true offset, so no honest source is ever cast out; and every
 * point that a majority shares lies within an honest interval. (Taking only
 * the point that most share would let two liars and a part of the honest
 * outvote the rest of the honest.)
 *
 * Where votes that are shared (votes.h) give no majority, as of four servers
 * behind one receiver against one other, all count singly: that is better
 * than to follow nobody, and what everybody expects.
 */
#ifndef CORE_INTERSECTION_H
#define CORE_INTERSECTION_H

#include "core/select/selection.h"

struct intersection {
	bool found;           /* a majority agrees */
	double low_s, high_s; /* the least and the largest such point */
};

/*
 * Takes part: every candidate whose reason is REASON_CANDIDATE. It keeps that
 * reason, or gets REASON_FALSETICKER, or REASON_NO_MAJORITY as all do then.
 */
struct intersection intersection_find(struct candidate *candidates,
				      size_t count);

#endif
