/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/node.h"

#include <stdlib.h>

#include "sim/daemon.h"
#include "sim/dice.h"
#include "sim/world.h"

#define FIRST_NET 0x0a000001 /* 10.0.0.1, 10.0.1.1, ...: one /24 each */

struct oscillator oscillator_perfect(void)
{
	return (struct oscillator){ 0 };
}

struct oscillator oscillator_quartz(double offset_s, double freq, double wander)
{
	return (struct oscillator){
		.offset_s = offset_s,
		.freq = freq,
		.wander = wander,
		.quantum = span_from_ns(1000),
		.stamp_noise_s = 2e-6,
	};
}

struct node *world_add_host(struct world *w, const struct oscillator *kind)
{
	struct node *n = calloc(1, sizeof(*n));

	INVARIANT(n != NULL && w->count < VNET_NODES);
	n->world = w;
	n->index = w->count;
	n->addr = netaddr_v4(FIRST_NET + (n->index << 8), NTP_PORT);
	vclock_init(&n->clock, kind, rng_u64(&w->rng), w->now,
		    world_date(w, w->now));
	n->watch.within_s = 1e-3;
	n->watch.off_since = n->watch.within_since = MOMENT_NEVER;
	w->nodes[w->count++] = n;
	return n;
}

struct node *world_add_server(struct world *w, const struct oscillator *kind)
{
	return world_add_host(w, kind);
}

void world_add_servers(struct world *w, unsigned count)
{
	struct oscillator perfect = oscillator_perfect();

	while (count-- > 0) {
		world_add_server(w, &perfect);
	}
}

/* An upstream has one thread: it answers as soon as a request is there. */
static void upstream_handle(struct node *n, const struct future *f)
{
	if (f->kind == HAPPEN_ARRIVAL && f->gram->to.port == NTP_PORT) {
		upstream_answer(n, f->gram,
				vclock_read(&n->clock, n->world->now));
	}
}

void node_handle(struct node *n, struct future *f)
{
	vclock_advance(&n->clock, n->world->now);
	if (f->kind == HAPPEN_PULSE) {
		receiver_pulse(n);
	} else if (n->daemon) {
		daemon_handle(n, f);
	} else {
		upstream_handle(n, f);
	}
	free(f->gram);
}

double node_error_s(struct node *n)
{
	moment now = n->world->now;

	vclock_advance(&n->clock, now);
	tstamp shown = vclock_wall(&n->clock, now);
	return span_to_seconds(tstamp_diff(shown, world_date(n->world, now)));
}

void node_set_clock(struct node *n, double step_s)
{
	vclock_advance(&n->clock, n->world->now);
	vclock_step(&n->clock, span_from_seconds(step_s));
	n->watch.disturbed = true;
	n->watch.may_step = true;
	n->watch.served = false;
	oracle_may_burst(n); /* once it notices, it measures anew */
}
