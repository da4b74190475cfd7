/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/node.h"

#include <stdlib.h>

#include "sim/daemon.h"
#include "sim/dice.h"
#include "sim/world.h"

#define FIRST_NET 0x0a000001 /* 10.0.0.1, 10.0.1.1, ...: one /24 each */

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

void world_add_servers(struct world *w, unsigned count)
{
	const struct oscillator perfect = { 0 };

	while (count-- > 0) {
		(void)world_add_host(w, &perfect);
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

bool node_is_frozen(const struct node *n)
{
	return moment_before(n->world->now, n->frozen_until);
}

/* Deadlines come as much later as the clock stood still. */
static bool wait_out(struct node *n, struct future *f)
{
	if (!node_is_frozen(n)) {
		return false;
	}
	if (f->kind == HAPPEN_ARRIVAL || f->kind == HAPPEN_SEEN) {
		free(f->gram);
	} else {
		f->at = moment_add(f->at, n->frozen);
		queue_put(&n->world->queue, f);
	}
	return true;
}

void node_handle(struct node *n, struct future *f)
{
	if (wait_out(n, f)) {
		return;
	}
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

span node_late(struct node *n)
{
	double late_s =
		n->late.scale > 0 ? dice_jitter(&n->world->rng, &n->late) : 0;

	return span_from_seconds(late_s);
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

/* What it cannot know before it has looked around. */
static void disturb(struct node *n)
{
	n->watch.disturbed = true;
	n->watch.served = false;
	vclock_advance(&n->clock, n->world->now);
}

static void freeze(struct node *n, span length)
{
	n->frozen = length;
	n->frozen_until = moment_add(n->world->now, length);
}

void node_pause(struct node *n, double seconds)
{
	span length = span_from_seconds(seconds);

	disturb(n);
	vclock_pause(&n->clock, n->world->now, length);
	freeze(n, length);
}

void node_sleep(struct node *n, double seconds, double wrong_s)
{
	span length = span_from_seconds(seconds);

	disturb(n);
	vclock_sleep(&n->clock, n->world->now, length,
		     span_from_seconds(wrong_s));
	freeze(n, length);
	n->watch.may_step = true;
	oracle_may_burst(n);
}

void node_set_rate(struct node *n, double freq)
{
	disturb(n);
	vclock_steer(&n->clock, n->world->now, freq);
}

void node_slew_clock(struct node *n, double by_s)
{
	disturb(n);
	vclock_slew(&n->clock, n->world->now, span_from_seconds(by_s));
}
