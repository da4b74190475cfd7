/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/vnet.h"

struct way way_lan(void)
{
	return (struct way){
		.base_s = 100e-6,
		.jitter = { LAW_EXPONENTIAL, 10e-6, 0 },
	};
}

struct way way_lan_busy(void)
{
	return (struct way){
		.base_s = 150e-6,
		.jitter = { LAW_GAMMA, 100e-6, 0.5 },
		.loss = 0.001,
		.quiet_s = 600,
		.busy_s = 60,
		.busy_queue_s = 5e-3,
	};
}

struct way way_wan(void)
{
	return (struct way){
		.base_s = 10e-3,
		.jitter = { LAW_EXPONENTIAL, 500e-6, 0 },
		.loss = 0.01,
	};
}

struct way way_wan_bad(void)
{
	return (struct way){
		.base_s = 60e-3,
		.jitter = { LAW_LOGNORMAL, 5e-3, 1 },
		.loss = 0.05,
		.duplicate = 0.01,
		.reorder = 0.02,
		.held_s = 0.2,
		.quiet_s = 1800,
		.busy_s = 300,
		.busy_queue_s = 50e-3,
	};
}

void vnet_init(struct vnet *net, uint64_t seed, const struct way *usual)
{
	rng_init_number(&net->rng, seed);
	for (unsigned from = 0; from < VNET_NODES; from++) {
		for (unsigned to = 0; to < VNET_NODES; to++) {
			net->ways[from][to] = *usual;
		}
	}
}

struct way *vnet_way(struct vnet *net, unsigned from, unsigned to)
{
	INVARIANT(from < VNET_NODES && to < VNET_NODES);
	return &net->ways[from][to];
}

void vnet_link(struct vnet *net, unsigned a, unsigned b, const struct way *way)
{
	*vnet_way(net, a, b) = *way;
	*vnet_way(net, b, a) = *way;
}

void vnet_isolate(struct vnet *net, unsigned node, bool cut)
{
	for (unsigned other = 0; other < VNET_NODES; other++) {
		vnet_way(net, node, other)->cut = cut;
		vnet_way(net, other, node)->cut = cut;
	}
}

static double exponential(struct rng *r, double mean)
{
	return dice_jitter(r, &(struct jitter){ LAW_EXPONENTIAL, mean, 0 });
}

/* Lives through the busy and quiet times up to `now`. */
static void turn(struct way *w, struct rng *r, moment now)
{
	if (w->quiet_s <= 0) {
		w->busy = false;
		return;
	}
	if (w->turns.v == 0) {
		double first_s = exponential(r, w->quiet_s);

		w->turns = moment_add(now, span_from_seconds(first_s));
	}
	while (!moment_before(now, w->turns)) {
		w->busy = !w->busy;
		double mean_s = w->busy ? w->busy_s : w->quiet_s;
		span lasts = span_from_seconds(exponential(r, mean_s));

		w->turns = moment_add(w->turns, (span){ lasts.v + 1 });
	}
}

static double delay_s(const struct way *w, struct rng *r)
{
	double d = w->base_s + w->more_s + dice_jitter(r, &w->jitter);

	if (w->busy) {
		d += exponential(r, w->busy_queue_s);
	}
	if (w->more_queue_s > 0) {
		d += exponential(r, w->more_queue_s);
	}
	if (w->reorder > 0 && dice_chance(r, w->reorder)) {
		d += dice_between(r, 0, w->held_s);
	}
	return d;
}

unsigned vnet_carry(struct vnet *net, unsigned from, unsigned to, moment now,
		    moment arrivals[VNET_COPIES])
{
	struct way *w = vnet_way(net, from, to);
	unsigned count = 0;

	turn(w, &net->rng, now);
	if (w->cut || w->cuts > 0 ||
	    dice_chance(&net->rng, w->loss + w->more_loss)) {
		return 0;
	}
	unsigned copies = dice_chance(&net->rng, w->duplicate) ? 2 : 1;
	while (count < copies) {
		span d = span_from_seconds(delay_s(w, &net->rng));

		arrivals[count++] = moment_add(now, d);
	}
	return count;
}
