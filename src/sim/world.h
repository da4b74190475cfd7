/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.h - nodes, the network between them, and the future in true time.
 *
 * Everything that happens follows from one seed. A scenario builds a world,
 * lets time go by, changes something, lets time go by again; the oracles watch
 * all the while (oracle.h).
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdio.h>

#include "sim/faults.h"
#include "sim/node.h"
#include "sim/oracle.h"
#include "sim/queue.h"
#include "sim/spoof.h"
#include "sim/tape.h"
#include "sim/trail.h"
#include "sim/vnet.h"

#define WORLD_NAMES 8
#define NAME_ADDRS 16

/* What the resolvers know. */
struct name {
	const char *name;
	netaddr addrs[NAME_ADDRS];
	unsigned count;
	unsigned per_answer; /* 0: all; else as many, drawn anew each time */
	double delay_s;
	moment from; /* it cannot be resolved before */
};

struct world {
	uint64_t seed;
	struct rng rng;
	tstamp epoch;   /* the true date at the world's beginning */
	enum leap leap; /* the truth leaps too ... */
	moment leap_at; /* ... here */
	moment now;
	struct queue queue;
	struct vnet net;
	struct node *nodes[VNET_NODES];
	unsigned count;
	struct name names[WORLD_NAMES];
	unsigned name_count;
	struct faults faults;
	struct spoof spoof;
	struct oracle oracle;
	struct trail trail;
	double look_s;     /* how often the oracles look at every clock */
	FILE *trace;       /* NULL, or where notes go */
	struct tape *tape; /* NULL, or what records the first daemon */
};

struct world *world_new(uint64_t seed);
void world_end(struct world *w);

/* Lets `seconds` of true time go by. */
void world_run(struct world *w, double seconds);

#define WORLD_LEAP_DATE INT64_C(1782864000) /* 2026-07-01, since 1970 */

/*
 * A leap second `after_s` from now, at the beginning, where the first of July
 * then begins. The clocks of servers that are there leap exactly.
 */
void world_plan_leap(struct world *w, enum leap leap, double after_s);
/* Clocks that are right but for some ms may be a second off just now. */
bool world_is_leaping(const struct world *w);

/* The true date. */
tstamp world_date(const struct world *w, moment at);

/* NULL: nobody has this address. */
struct node *world_node(const struct world *w, const netaddr *addr);

/* Of a name not in the table there is no address, ever. */
struct name *world_add_name(struct world *w, const char *name);
void name_add(struct name *n, const struct node *node);
/* One answer to a lookup; how many addresses it has. */
unsigned name_lookup(const struct name *n, struct rng *r,
		     netaddr addrs[NAME_ADDRS]);

/* Puts a datagram on its way at `at`; `gram` is copied. */
void world_send(struct world *w, unsigned from, moment at,
		const struct datagram *gram);

/* Meters start afresh: what happened so far was settling. */
void world_settle(struct world *w);

#endif
