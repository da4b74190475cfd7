/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults.h - a plan of trouble: what goes wrong, when, and for how long.
 *
 * Random worlds draw one from the seed. Faults add up where they overlap, and
 * end without a trace.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim/moment.h"

#define FAULTS_MAX 64

struct world;
struct rng;

enum fault_kind {
	FAULT_PARTITION, /* the node is cut off */
	FAULT_LOSS,      /* `value`: more loss on all its ways */
	FAULT_ROUTE_TO,  /* `value` s longer towards it: the ways differ */
	FAULT_ROUTE,     /* `value` s longer, both ways */
	FAULT_QUEUE,     /* `value` s of queueing more, on average */
	FAULT_FREQ,      /* its oscillator's frequency jumps by `value` s/s */
	FAULT_CLOCK_SET, /* a stranger sets its clock by `value` s */
	FAULT_RESTART,   /* its daemon is stopped, and started at the end */
	FAULT_LIE,       /* the server lies by `value` s */
	FAULT_ALARM,     /* the server does not know the time */
	FAULT_KISS,      /* the server sends RATE */
	FAULT_GARBAGE,   /* the server sends bytes that are no answer */
	FAULT_KINDS
};

struct fault {
	enum fault_kind kind;
	unsigned node;
	moment at;
	double lasts_s;
	double value;
};

struct faults {
	struct fault list[FAULTS_MAX];
	unsigned count;
};

/*
 * Draws up to `count` faults between now and `until_s` from now. So many
 * servers as are to `spare` may fail to tell the truth, no more.
 */
void faults_draw(struct world *w, unsigned count, unsigned spare,
		 double until_s);
/* A fault begins, or ends. */
void fault_apply(struct world *w, unsigned index, bool begins);

#endif
