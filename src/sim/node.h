/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.h - a host: an address, a clock, and either a daemon (a whole engine,
 * daemon.h) or a server that only answers, truly or not (upstream.h).
 */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "sim/dice.h"
#include "sim/gauge.h"
#include "sim/meter.h"
#include "sim/queue.h"
#include "sim/receiver.h"
#include "sim/upstream.h"
#include "sim/vclock.h"
#include "sim/watch.h"

struct world;
struct daemon;

struct node {
	struct world *world;
	unsigned index;
	netaddr addr; /* port 123 */
	struct vclock clock;
	struct daemon *daemon; /* NULL: it is an upstream */
	struct upstream upstream;
	struct receiver receiver;
	struct meter meter;
	struct gauge gauge;
	struct watch watch;
	struct jitter late;  /* from a packet's stamp until it leaves */
	moment frozen_until; /* it stands still */
	span frozen;         /* for so long */
};

/*
 * As many servers with perfect clocks, who answer the truth until told
 * otherwise; they come one after another in w->nodes.
 */
void world_add_servers(struct world *w, unsigned count);

/* A host without anything on it yet: see daemon_start(). */
struct node *world_add_host(struct world *w, const struct oscillator *kind);

/* How long what it sends from the server's port is queued, this time. */
span node_late(struct node *n);

/* What happens to it, now. */
void node_handle(struct node *n, struct future *f);

/* Its wall clock less the truth. */
double node_error_s(struct node *n);
/* Somebody sets its clock by hand. */
void node_set_clock(struct node *n, double step_s);

/*
 * The whole machine stands still: a virtual one that is paused; or one that
 * sleeps, and wakes with its wall clock `wrong_s` off. What arrives is lost.
 */
void node_pause(struct node *n, double seconds);
void node_sleep(struct node *n, double seconds, double wrong_s);
bool node_is_frozen(const struct node *n);
/* A stranger sets the rate that the kernel steers by. */
void node_set_rate(struct node *n, double freq);
/* A stranger slews the clock, as adjtime() does. */
void node_slew_clock(struct node *n, double by_s);

/* Off the shelf. */
struct oscillator oscillator_quartz(double offset_s, double freq,
				    double wander);

#endif
