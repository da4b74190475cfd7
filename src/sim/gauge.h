/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gauge.h - a daemon's clock beside the truth, second by second: how soon it
 * was right after each start, and what its claims were worth.
 *
 * The errors themselves are in the node's meter. A gauge looks as often as the
 * world is measured (world.look_s): each look stands for that many seconds.
 */
#ifndef SIM_GAUGE_H
#define SIM_GAUGE_H

#include "sim/meter.h"

#define GAUGE_STARTS 32
#define GAUGE_HOLD_S 60 /* this long within a level: it has arrived */

struct node;

enum gauge_level { GAUGE_MS, GAUGE_100US, GAUGE_LEVELS };

/* From a start to the first second of the minute spent within each level. */
struct gauge_start {
	moment at;
	moment since[GAUGE_LEVELS];  /* within it since then; or NEVER */
	double took_s[GAUGE_LEVELS]; /* INFINITY: it never stayed there */
};

struct gauge {
	struct gauge_start starts[GAUGE_STARTS];
	unsigned start_count;
	/* Looks since it was first synchronised in this life ... */
	uint64_t looks;
	/* ... at which it claimed to know the time, and with which right. */
	uint64_t claims, in_bound, in_distance;
	struct meter width; /* half of the bound claimed */
	/* Requests that it sent since the world had settled. */
	uint64_t sent_before;
	moment sent_since;
};

/* The next start: the daemon's, or whatever it has to recover from. */
void gauge_start(struct node *n);
/* No start before the present one counts. */
void gauge_forget(struct node *n);
/* The world has settled: requests count from now on. */
void gauge_settle(struct node *n);
/* One look. */
void gauge_look(struct node *n, double error_s);

/* Requests an hour since the world had settled. */
double gauge_packets_per_hour(const struct node *n);

#endif
