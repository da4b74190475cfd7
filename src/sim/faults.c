/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/faults.h"

#include "sim/daemon.h"
#include "sim/dice.h"
#include "sim/world.h"

static void plan_end(struct world *w, unsigned index, bool begins, moment at)
{
	queue_put(&w->queue, &(struct future){
				     .at = at,
				     .kind = HAPPEN_FAULT,
				     .index = index,
				     .flag = begins,
			     });
}

static void plan(struct world *w, const struct fault *f)
{
	unsigned index = w->faults.count;

	INVARIANT(index < FAULTS_MAX && f->node < w->count);
	w->faults.list[index] = *f;
	w->faults.count++;
	plan_end(w, index, true, f->at);
	plan_end(w, index, false,
		 moment_add(f->at, span_from_seconds(f->lasts_s)));
}

/* The ways of the network that a fault bends, one at a time. */
static void bend(struct way *way, const struct fault *f, bool begins,
		 bool towards)
{
	double sign = begins ? 1 : -1;

	switch (f->kind) {
	case FAULT_PARTITION:
		way->cuts += begins ? 1U : -1U;
		break;
	case FAULT_LOSS:
		way->more_loss += sign * f->value;
		break;
	case FAULT_ROUTE_TO:
		way->more_s += towards ? sign * f->value : 0;
		break;
	case FAULT_ROUTE:
		way->more_s += sign * f->value;
		break;
	case FAULT_QUEUE:
		way->more_queue_s += sign * f->value;
		break;
	case FAULT_FREQ:
	case FAULT_CLOCK_SET:
	case FAULT_RESTART:
	case FAULT_LIE:
	case FAULT_ALARM:
	case FAULT_KISS:
	case FAULT_GARBAGE:
	case FAULT_KINDS:
		break;
	}
}

static void bend_all(struct world *w, const struct fault *f, bool begins)
{
	for (unsigned i = 0; i < w->count; i++) {
		if (i != f->node) {
			bend(vnet_way(&w->net, i, f->node), f, begins, true);
			bend(vnet_way(&w->net, f->node, i), f, begins, false);
		}
	}
	if (f->kind == FAULT_PARTITION && !begins) {
		daemon_network(w->nodes[f->node]);
	}
}

static void restart(struct node *n, bool begins)
{
	if (!n->daemon) {
		return;
	}
	if (begins) {
		daemon_stop(n);
	} else {
		daemon_restart(n);
	}
}

void fault_apply(struct world *w, unsigned index, bool begins)
{
	const struct fault *f = &w->faults.list[index];
	struct node *n = w->nodes[f->node];
	struct manner *m = &n->upstream.manner;

	switch (f->kind) {
	case FAULT_PARTITION:
	case FAULT_LOSS:
	case FAULT_ROUTE_TO:
	case FAULT_ROUTE:
	case FAULT_QUEUE:
		bend_all(w, f, begins);
		break;
	case FAULT_FREQ:
		if (begins) {
			vclock_advance(&n->clock, w->now);
			vclock_freq_step(&n->clock, w->now, f->value);
		}
		break;
	case FAULT_CLOCK_SET:
		if (begins) {
			node_set_clock(n, f->value);
		}
		break;
	case FAULT_RESTART:
		restart(n, begins);
		break;
	case FAULT_LIE:
		m->lie_s += begins ? f->value : -f->value;
		break;
	case FAULT_ALARM:
		m->alarm = begins;
		break;
	case FAULT_KISS:
		m->kiss = begins ? "RATE" : NULL;
		break;
	case FAULT_GARBAGE:
		m->garbage = begins;
		break;
	case FAULT_KINDS:
		break;
	}
}

static double draw_value(struct rng *r, enum fault_kind kind)
{
	double sign = dice_chance(r, 0.5) ? 1 : -1;

	switch (kind) {
	case FAULT_LOSS:
		return dice_between(r, 0.1, 0.6);
	case FAULT_ROUTE_TO:
	case FAULT_ROUTE:
		return dice_log_between(r, 1e-4, 5e-2);
	case FAULT_QUEUE:
		return dice_log_between(r, 1e-4, 2e-2);
	case FAULT_FREQ:
		return sign * dice_log_between(r, 1e-8, 2e-6);
	case FAULT_CLOCK_SET:
		/* Less cannot be told from what a clock is steered by. */
		return sign * dice_log_between(r, 2e-2, 100);
	case FAULT_LIE:
		/* Plain: past what the worst honest error bars hide. */
		return sign * dice_log_between(r, 4, 500);
	case FAULT_PARTITION:
	case FAULT_RESTART:
	case FAULT_ALARM:
	case FAULT_KISS:
	case FAULT_GARBAGE:
	case FAULT_KINDS:
		break;
	}
	return 0;
}

/* Is this trouble that this node can have? */
static bool fits(const struct node *n, enum fault_kind kind)
{
	switch (kind) {
	case FAULT_FREQ:
	case FAULT_CLOCK_SET:
	case FAULT_RESTART:
		return n->daemon != NULL;
	case FAULT_LIE:
	case FAULT_ALARM:
	case FAULT_KISS:
	case FAULT_GARBAGE:
		return n->daemon == NULL;
	case FAULT_PARTITION:
	case FAULT_LOSS:
	case FAULT_ROUTE_TO:
	case FAULT_ROUTE:
	case FAULT_QUEUE:
		return true;
	case FAULT_KINDS:
		break;
	}
	return false;
}

/* Does it keep a server from telling the truth? */
static bool costs_a_vote(const struct node *n, enum fault_kind kind)
{
	return n->daemon == NULL &&
	       (kind == FAULT_LIE || kind == FAULT_ALARM ||
		kind == FAULT_KISS || kind == FAULT_GARBAGE ||
		kind == FAULT_PARTITION);
}

void faults_draw(struct world *w, unsigned count, unsigned spare,
		 double until_s)
{
	while (count-- > 0 && w->faults.count < FAULTS_MAX) {
		struct fault f = {
			.kind = (enum fault_kind)rng_below(&w->rng,
							   FAULT_KINDS),
			.node = (unsigned)rng_below(&w->rng, w->count),
			.lasts_s = dice_log_between(&w->rng, 10, until_s / 4),
		};
		double at_s = dice_between(&w->rng, 0, until_s - f.lasts_s);
		bool vote = costs_a_vote(w->nodes[f.node], f.kind);

		f.value = draw_value(&w->rng, f.kind);
		f.at = moment_add(w->now, span_from_seconds(at_s));
		if (!fits(w->nodes[f.node], f.kind) || (vote && spare == 0)) {
			continue;
		}
		spare -= vote;
		plan(w, &f);
	}
}
