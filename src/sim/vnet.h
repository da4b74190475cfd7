/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnet.h - the network between nodes: every ordered pair has a way of its own.
 *
 * A way delays, queues, loses, doubles and reorders. Congestion comes in
 * bursts: busy and quiet times alternate, and in busy ones every datagram
 * queues longer.
 */
#ifndef SIM_VNET_H
#define SIM_VNET_H

#include "sim/dice.h"
#include "sim/moment.h"

#define VNET_NODES 32
#define VNET_COPIES 2 /* a datagram arrives no more often than this */

struct way {
	double base_s; /* no datagram is faster */
	struct jitter jitter;
	double loss, duplicate; /* probabilities */
	double reorder;         /* probability of being held up ... */
	double held_s;          /* ... by up to this */
	/* Bursts: their mean distance (0: none), length and queue. */
	double quiet_s, busy_s, busy_queue_s;
	bool cut;
	/* Changes under way; see faults.c. */
	double more_loss, more_s, more_queue_s;
	unsigned cuts;
	/* Its own state. */
	bool busy;
	moment turns; /* from busy to quiet, or back */
};

struct vnet {
	struct rng rng;
	struct way ways[VNET_NODES][VNET_NODES]; /* from, to */
};

void vnet_init(struct vnet *net, uint64_t seed, const struct way *usual);

/* Both ways between two nodes are as `way`. */
void vnet_link(struct vnet *net, unsigned a, unsigned b, const struct way *way);
struct way *vnet_way(struct vnet *net, unsigned from, unsigned to);
/* All ways of a node, cut or restored. */
void vnet_isolate(struct vnet *net, unsigned node, bool cut);

/* When a datagram sent at `now` arrives, as often as it does. */
unsigned vnet_carry(struct vnet *net, unsigned from, unsigned to, moment now,
		    moment arrivals[VNET_COPIES]);

/* A few kinds of network, to start from. */
struct way way_lan(void);
struct way way_lan_busy(void);
struct way way_wan(void);
struct way way_wan_bad(void);

#endif
