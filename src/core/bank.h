/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bank.h - filters that differ in what they take the clock and the path for,
 * weighed by how well each foretold what came.
 *
 * One member for each pair of a wander of the clock and a shape of the queue:
 * nothing is tuned by hand. Old merit fades, so that the weights follow a
 * clock or a path that changes its ways.
 */
#ifndef CORE_BANK_H
#define CORE_BANK_H

#include "core/filter.h"
#include "core/queue.h"

#define BANK_WANDERS \
	((size_t)8) /* 1e-10 .. 3e-7 s/s per sqrt(s), in half decades */
#define BANK_SHAPES ((size_t)4) /* Gaussian over exponential: 0.01 .. 4 */
#define BANK_MEMBERS (BANK_WANDERS * BANK_SHAPES)
#define DIRECTION_BIT(d) (1u << (d))
#define BOTH_DIRECTIONS (DIRECTION_BIT(FORWARD) | DIRECTION_BIT(BACKWARD))

struct member {
	struct filter filter;
	struct queue queues[DIRECTIONS];
	double weight; /* of all members together: 1 */
	double merit;  /* log likelihood of the past, fading */
};

struct bank {
	struct member members[BANK_MEMBERS];
	unsigned seen[DIRECTIONS]; /* packets the queues have learnt from */
};

/* The two one-way observations of one exchange. */
struct passage {
	double excess_s[DIRECTIONS]; /* T2 - T1, T4 - T3 */
	double noise_s;              /* of the stamps */
};

/* How well a bank foretold a passage. */
struct score {
	double evidence; /* log of its density */
	double outlying; /* probability that a packet obeyed no law, 0..1 */
};

void bank_init(struct bank *b, const struct passage *first, double freq_sd);
void bank_predict(struct bank *b, double elapsed_s);
/* Folds in the directions of the set DIRECTION_BIT()s. */
struct score bank_add(struct bank *b, const struct passage *p,
		      unsigned directions);

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

/* Of member i, s/s per square root of s. */
double bank_wander(size_t i);
/* How much wider than its scale the queue of member i spreads. */
double bank_spread(size_t i);

#endif
