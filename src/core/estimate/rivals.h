/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rivals.h - banks that differ in what they think has happened.
 *
 * A packet that obeys no law may be a stray, or the first of a new time: a
 * route has become longer or shorter, somebody has set the clock, its
 * frequency has jumped. No threshold can tell. So each of these is tried, as
 * a copy of the leading bank that believes it, and every later packet is
 * evidence: odds, prior times likelihood ratio. What is told outside is the
 * average of all; a rival is dropped when it has become incredible.
 */
#ifndef CORE_RIVALS_H
#define CORE_RIVALS_H

#include "core/estimate/consensus.h"

#define RIVALS 4 /* what is believed, and the three best doubts */

struct rival {
	struct bank bank;
	double log_odds;  /* against the leader, whose own are 0 */
	unsigned trailed; /* exchanges since it led */
	double blind_s;   /* since it learnt from an exchange, strays aside */
};

struct rivals {
	struct rival all[RIVALS]; /* the leader first */
	unsigned count;
	unsigned changes;        /* how often another one took the lead */
	struct consensus latest; /* asked for more often than it changes */
	struct opening opening;
};

/* `directions`: see bank_init(). */
void rivals_init(struct rivals *r, const struct passage *first,
		 unsigned directions, double freq_sd);
void rivals_add(struct rivals *r, const struct passage *p, double elapsed_s);
/* All offsets are counted from elsewhere. */
void rivals_shift(struct rivals *r, double by_s);
/* The consensus `ahead_s` from now. */
struct consensus rivals_consensus(const struct rivals *r, double ahead_s);
/* How far off it may be: see consensus_bound_s(). */
double rivals_bound_s(const struct rivals *r, double ahead_s);

#endif
