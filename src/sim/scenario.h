/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario.h - worlds with a name: a story in a handful of calls, told the
 * same way to ntpsim and to the tests.
 *
 * scenarios.def is the list. A scenario that comes to its end without a broken
 * oracle has gone well.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "sim/daemon.h"
#include "sim/world.h"

struct scenario {
	const char *name;
	const char *words;
	void (*tell)(struct world *w);
};

size_t scenario_count(void);
const struct scenario *scenario_at(size_t index);
/* NULL: there is none of this name. */
const struct scenario *scenario_find(const char *name);

/* What a random world is made of. */
struct random_plan {
	unsigned nodes; /* 4 to VNET_NODES; 0: drawn */
	double days;    /* 0: a few hours, drawn */
};
void random_tell(struct world *w, const struct random_plan *plan);

#define SCENARIO(function, name, words) void tell_##function(struct world *w);
#include "sim/scenarios.def"
#undef SCENARIO

/* Helpers of the storytellers. */

/*
 * A daemon on a host of its own. In the configuration each line with an @ is
 * repeated for every upstream there is, with its address for the @.
 */
struct node *stage_daemon(struct world *w, const struct oscillator *kind,
			  const struct operator_orders *orders);
/* The same with a usual quartz, 50 ms and 20 ppm off, and usual orders. */
struct node *stage_client(struct world *w, const char *config);
/* All ways between all nodes, also of those that come later. */
void stage_network(struct world *w, const struct way *way);
/* True seconds from the daemon's start to its being synchronised; or 1e9. */
double stage_sync_s(const struct node *n);
/* Runs on until the daemon has settled, then holds it to `limit_s`. */
void stage_settle(struct world *w, struct node *n, double seconds,
		  double limit_s);

#endif
