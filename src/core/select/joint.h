/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * joint.h - one belief about the clock from the exchanges of all truechimers.
 *
 * Every source's estimator follows the same clock, and what the clock wanders
 * is in all of them: it does not average out. With n servers each exchange
 * should be told from the one before, whoever answered it, as if one server
 * were asked n times as often. So the exchanges of each survivor, and of each
 * backup, are folded into a filter of the clock that all share; what a path is
 * like (its floors, its queues) is taken from the source's own estimator,
 * which knows that best.
 *
 * State: the clock's offset and frequency, and for each source how far it is
 * off from the rest, by an asymmetric route or by its own fault. A bank of
 * such filters, over the clock's wander and over how far sources are off,
 * weighed by how well each foretold what came.
 *
 * It refines the combination (combine.h) and never leaves it: when the two
 * part by more than the combination's own uncertainty allows, as after a jump
 * that the estimators have found out, it begins anew from there.
 */
#ifndef CORE_JOINT_H
#define CORE_JOINT_H

#include "core/estimate/estimator.h"
#include "core/select/selection.h"

#define JOINT_SOURCES 12 /* at most; who comes later waits for a place */
#define JOINT_WANDERS BANK_WANDERS
#define JOINT_SPREADS ((size_t)3)
#define JOINT_MEMBERS (JOINT_WANDERS * JOINT_SPREADS)

enum joint_state {
	JOINT_OFFSET,
	JOINT_FREQ,
	JOINT_FIRST, /* the first source's own error */
	JOINT_STATES = JOINT_FIRST + JOINT_SOURCES,
};

struct joint_member {
	double x[JOINT_STATES];
	double p[JOINT_STATES][JOINT_STATES];
	double weight, merit;
};

struct joint_seat {
	uint32_t key;    /* whose it is; 0: free */
	double way_s;    /* what its own error is in proportion to */
	instant used_at; /* its last exchange */
};

struct joint {
	struct joint_member members[JOINT_MEMBERS];
	struct joint_seat seats[JOINT_SOURCES];
	struct correction correction;
	span reference; /* offsets are less this, of the uncorrected clock */
	instant at;
	bool started;
};

void joint_init(struct joint *j);

/* Our clock was stepped and its rate changed, as for estimator_adjust(). */
void joint_adjust(struct joint *j, instant at, double step_s, double freq);

/*
 * Is this one of those whose exchanges it learns from? A backup too: its own
 * error may be large and is learnt, and its packets tell as much of the clock
 * as others.
 */
bool joint_wants(enum reason reason);

/*
 * One more exchange of a source with this key (never 0), whose estimator
 * has already seen it.
 */
void joint_add(struct joint *j, uint32_t key, const struct sample *s,
	       const struct estimator *e);

/*
 * A choice was made: its combined estimate becomes the joint one, or
 * the joint one begins with it.
 */
void joint_refine(struct joint *j, const struct candidate *candidates,
		  size_t count, struct choice *choice);

/* All that was learnt is void. */
void joint_forget(struct joint *j);

#endif
