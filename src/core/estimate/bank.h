/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bank.h - filters that differ in what they take the clock and the path for,
 * weighed by how well each foretold what came.
 *
 * One member for each pair of a wander of the clock and a law of the queue:
 * nothing is tuned by hand. Old merit fades, so that the weights follow a
 * clock or a path that changes its ways. A bank that only follows another one
 * about takes along the members that have weight; the others sleep.
 */
#ifndef CORE_BANK_H
#define CORE_BANK_H

#include "core/estimate/member.h"

#define BANK_WANDERS \
	((size_t)8) /* 1e-10 .. 3e-7 s/s per sqrt(s), in half decades */
#define BANK_LAWS ((size_t)5)
#define BANK_MEMBERS (BANK_WANDERS * BANK_LAWS)

struct bank {
	struct member members[BANK_MEMBERS];
	double best;               /* merit, from which the members' count */
	unsigned seen[DIRECTIONS]; /* packets the queues have learnt from */
	unsigned directions;       /* that its source shows */
};

/* The first exchanges of a source: they teach what to make of the first. */
#define OPENING_LEAST 3
#define OPENING_MOST 16

struct opening {
	struct passage passages[OPENING_MOST];
	double gaps_s[OPENING_MOST]; /* before each */
	unsigned count;
	double freq_sd;
};

/* The directions are both, or forward alone: see struct passage. */
void bank_init(struct bank *b, const struct passage *first, unsigned directions,
	       double freq_sd);
/*
 * The members of one law believe anew all that has come so far, with the
 * queues that they have learnt of it: at first those were a guess, and
 * exchanges got weight by it. One law at a time: each exchange is to be cheap.
 */
void bank_begin_anew(struct bank *b, const struct opening *o, size_t law);
void bank_predict(struct bank *b, double elapsed_s);
/* Folds in the directions of the set DIRECTION_BIT()s. */
struct score bank_add(struct bank *b, const struct passage *p,
		      unsigned directions);

/* Members without weight fall asleep; all are awake again. */
void bank_thin(struct bank *b);
void bank_wake(struct bank *b);

/* The excess of a passage over what the bank expects. */
double bank_surprise_s(const struct bank *b, const struct passage *p,
		       enum direction d);

/* The floor of `d` is a new one with this passage, the offset is not. */
void bank_renew_floor(struct bank *b, const struct passage *p,
		      enum direction d);
/* The offset may have jumped by about `sd_s`. */
void bank_renew_offset(struct bank *b, double sd_s);
/* The frequency may have jumped by about `sd`, within `elapsed_s`. */
void bank_renew_freq(struct bank *b, double sd, double elapsed_s);
/* All offsets are counted from elsewhere. */
void bank_shift(struct bank *b, double by_s);

/* s/s per square root of s: step 0 to BANK_WANDERS - 1. */
double bank_wander(size_t step);
/* Of member i of a bank for these directions. */
struct creed bank_creed(unsigned directions, size_t i);

#endif
