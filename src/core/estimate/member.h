/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * member.h - one filter of a bank, with what it takes the queues for.
 */
#ifndef CORE_MEMBER_H
#define CORE_MEMBER_H

#include "core/estimate/filter.h"
#include "core/estimate/queue.h"

#define DIRECTION_BIT(d) (1u << (d))
#define BOTH_DIRECTIONS (DIRECTION_BIT(FORWARD) | DIRECTION_BIT(BACKWARD))

/* What a member believes and never doubts. */
struct creed {
	struct queue_law law;
	double wander, log_wander; /* s/s per square root of s */
};

/*
 * The two one-way observations of one exchange. A reference clock has no path:
 * one reading is one observation, forward, whose floor is zero.
 */
struct passage {
	double excess_s[DIRECTIONS]; /* T2 - T1, T4 - T3 */
	double noise_s;              /* of the stamps */
};

struct member {
	struct filter filter;
	struct queue queues[DIRECTIONS];
	double weight; /* of all members together: 1 */
	double merit;  /* log likelihood of the past, fading */
	bool asleep;   /* it weighed nothing when its bank became a rival */
};

/* How well a passage was foretold. */
struct score {
	double evidence; /* log of its density */
	double outlying; /* probability that a packet obeyed no law, 0..1 */
};

double passage_noise_s(const struct passage *p);

/*
 * A belief from one exchange, of a clock whose frequency is known to
 * `freq_sd`; the queues are taken for what they are.
 */
void member_begin(struct member *m, const struct passage *first,
		  unsigned directions, double freq_sd);
void member_predict(struct member *m, const struct creed *creed,
		    unsigned directions, double elapsed_s);
/*
 * Folds in the directions of the set DIRECTION_BIT()s; the queues learn from
 * them by `gains`, or stay as they are where that is NULL.
 */
struct score member_add(struct member *m, const struct creed *creed,
			const struct passage *p, unsigned directions,
			const double gains[DIRECTIONS]);
/* How far above its floor the passage was. */
double member_excess_s(const struct member *m, const struct passage *p,
		       enum direction d);

#endif
