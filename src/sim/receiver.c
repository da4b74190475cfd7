/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/receiver.h"

#include "sim/dice.h"
#include "sim/world.h"

#define PRECISION (-20) /* log2 s, as gpsd says of a pulse */

static void plan(struct node *n)
{
	struct world *w = n->world;
	int64_t second = SPAN_S(1).v;

	queue_put(&w->queue, &(struct future){
				     .at = { (w->now.v / second + 1) * second },
				     .kind = HAPPEN_PULSE,
				     .node = n->index,
			     });
}

void receiver_fit(struct node *n, double noise_s)
{
	n->receiver =
		(struct receiver){ .noise_s = noise_s, .precision = PRECISION };
	rng_init_number(&n->receiver.rng, rng_u64(&n->world->rng));
	plan(n);
}

void receiver_pulse(struct node *n)
{
	struct receiver *r = &n->receiver;
	moment now = n->world->now;

	plan(n);
	if (r->silent) {
		return;
	}
	r->reference = tstamp_add(world_date(n->world, now),
				  span_from_seconds(r->offset_s));
	r->received = tstamp_add(
		vclock_read(&n->clock, now),
		span_from_seconds(r->noise_s * dice_gaussian(&r->rng)));
	r->valid = true;
}

void receiver_read(struct node *n, struct event *ev)
{
	struct receiver *r = &n->receiver;

	ev->refclock.reading = r->valid ? READING_GOOD : READING_NONE;
	ev->refclock.reference = r->reference;
	ev->refclock.received = r->received;
	ev->refclock.leap = r->leap;
	ev->refclock.precision = r->precision;
	r->valid = false;
}
