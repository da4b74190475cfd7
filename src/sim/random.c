/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Worlds drawn from a seed: servers of which a majority is honest, daemons
 * below them and below each other, and a plan of trouble.
 */
#include "sim/scenario.h"

#include <math.h>

#include "sim/dice.h"

#define QUIET_S 1200       /* no faults before */
#define SETTLE_POLLS 10    /* of the longest kind, after the last fault */
#define SETTLE_LEAST_S 900 /* three times the usual stepout */
#define CHECKED_S 1800     /* held to the limit for as long */
#define SERVERS_LEAST 3

/* What the world turned out to be. */
struct drawn {
	unsigned servers, daemons, liars;
	int8_t minpoll, maxpoll;
	double limit_s; /* how far off a good daemon may be, per stratum */
};

static struct way draw_way(struct rng *r)
{
	static const struct jitter shapes[] = {
		{ LAW_EXPONENTIAL, 0, 0 }, { LAW_GAMMA, 0, 0.5 },
		{ LAW_LOGNORMAL, 0, 0.8 }, { LAW_PARETO, 0, 2.5 },
		{ LAW_GAUSSIAN, 0, 0 },
	};
	struct way w = {
		.base_s = dice_log_between(r, 2e-4, 8e-2),
		.jitter = shapes[rng_below(r, ARRAY_LEN(shapes))],
	};

	w.jitter.scale = dice_log_between(r, 1e-5, 2e-3);
	if (dice_chance(r, 0.5)) {
		w.loss = dice_between(r, 0, 0.1);
	}
	if (dice_chance(r, 0.2)) {
		w.duplicate = dice_between(r, 0, 0.2);
		w.reorder = dice_between(r, 0, 0.1);
		w.held_s = dice_log_between(r, 1e-3, 0.2);
	}
	if (dice_chance(r, 0.2)) {
		w.quiet_s = dice_between(r, 600, 7200);
		w.busy_s = dice_between(r, 10, 300);
		w.busy_queue_s = dice_log_between(r, 1e-3, 2e-2);
	}
	return w;
}

static void draw_network(struct world *w, struct drawn *d, unsigned nodes)
{
	d->limit_s = 1e-3;
	for (unsigned a = 0; a < nodes; a++) {
		for (unsigned b = a + 1; b < nodes; b++) {
			struct way way = draw_way(&w->rng);
			struct way *back = vnet_way(&w->net, b, a);
			double more = dice_between(&w->rng, -0.1, 0.1);
			double own_s = 0;

			vnet_link(&w->net, a, b, &way);
			back->base_s *= 1 + more;
			own_s = fabs(way.base_s - back->base_s) / 2 +
				4 * way.jitter.scale;
			d->limit_s = fmax(d->limit_s, 1e-3 + own_s);
		}
	}
}

static void draw_servers(struct world *w, struct drawn *d)
{
	world_add_servers(w, d->servers);
	for (unsigned i = 0; i < d->liars; i++) {
		struct manner *m = &w->nodes[i]->upstream.manner;
		double sign = dice_chance(&w->rng, 0.5) ? 1 : -1;

		m->lie_s = sign * dice_log_between(&w->rng, 4, 1e5);
	}
}

static struct oscillator draw_clock(struct rng *r)
{
	double sign = dice_chance(r, 0.5) ? 1 : -1;
	struct oscillator o =
		oscillator_quartz(sign * dice_log_between(r, 1e-3, 100),
				  dice_between(r, -100e-6, 100e-6),
				  dice_log_between(r, 1e-10, 1e-8));

	if (dice_chance(r, 0.5)) {
		o.temperature = dice_log_between(r, 1e-8, 5e-7);
		o.temperature_s = dice_between(r, 3600, 86400);
	}
	o.quantum = span_from_ns((int64_t)dice_log_between(r, 1, 2000));
	o.stamp_noise_s = dice_log_between(r, 1e-7, 1e-5);
	return o;
}

/* "server 10.0.I.1 ...": a daemon asks the one before it. */
static void add_line(struct text *config, const char *host,
		     const struct drawn *d)
{
	text_str(config, "server ");
	text_str(config, host);
	text_str(config, " iburst minpoll ");
	text_i64(config, d->minpoll);
	text_str(config, " maxpoll ");
	text_i64(config, d->maxpoll);
	text_char(config, '\n');
}

static void draw_daemon(struct world *w, const struct drawn *d,
			const struct node *above)
{
	char buffer[256], host[NETADDR_TEXT];
	struct text config = text_over(buffer, sizeof(buffer));
	struct oscillator kind = draw_clock(&w->rng);
	struct operator_orders orders = { .config = buffer };

	text_str(&config, "driftfile drift\n");
	if (above) {
		struct text text = text_over(host, sizeof(host));

		netaddr_print(&above->addr, &text);
		add_line(&config, host, d);
	} else {
		add_line(&config, "@", d);
	}
	stage_daemon(w, &kind, &orders);
}

static void draw_daemons(struct world *w, const struct drawn *d)
{
	const struct node *above = NULL;

	for (unsigned i = 0; i < d->daemons; i++) {
		draw_daemon(w, d, above);
		/* A third of them are asked by the next one. */
		above = dice_chance(&w->rng, 0.33) ? w->nodes[w->count - 1]
						   : NULL;
	}
}

static struct drawn draw_plan(struct rng *r, unsigned nodes)
{
	struct drawn d = { 0 };
	unsigned most = nodes - 1;

	if (most > 7) {
		most = 7;
	}
	d.servers = SERVERS_LEAST +
		    (unsigned)rng_below(r, most - SERVERS_LEAST + 1);
	d.daemons = nodes - d.servers;
	d.liars = (unsigned)rng_below(r, (d.servers - 1) / 2 + 1);
	d.minpoll = (int8_t)(4 + (int)rng_below(r, 3));
	d.maxpoll = (int8_t)(d.minpoll + (int)rng_below(r, 4));
	return d;
}

static void hold_to_limit(struct world *w, const struct drawn *d)
{
	for (unsigned i = d->servers; i < w->count; i++) {
		struct node *n = w->nodes[i];
		unsigned strata = 1;

		for (const struct node *up = daemon_system_peer(n);
		     up && up->daemon; up = daemon_system_peer(up)) {
			strata++;
		}
		oracle_limit(n, d->limit_s * strata);
		if (!daemon_synchronised(n)) {
			oracle_break(w, ORACLE_ARRIVES, n, "%s",
				     "is not synchronised");
		}
	}
}

void random_tell(struct world *w, const struct random_plan *plan)
{
	unsigned nodes = plan->nodes;
	double total_s = plan->days * 86400;

	if (nodes == 0) {
		nodes = 4 + (unsigned)rng_below(&w->rng, 5);
	}
	struct drawn d = draw_plan(&w->rng, nodes);
	double settle_s =
		fmax(SETTLE_POLLS * ldexp(1, d.maxpoll), SETTLE_LEAST_S);

	draw_network(w, &d, nodes);
	draw_servers(w, &d);
	draw_daemons(w, &d);
	double trouble_s = plan->days > 0
				   ? total_s - QUIET_S - settle_s - CHECKED_S
				   : dice_between(&w->rng, 1800, 3 * 3600);
	world_run(w, QUIET_S);
	if (trouble_s > 0) {
		unsigned faults = 1 + (unsigned)rng_below(&w->rng, 8);

		faults_draw(w, faults, (d.servers - 1) / 2 - d.liars,
			    trouble_s);
		world_run(w, trouble_s);
	}
	world_run(w, settle_s);
	world_settle(w);
	hold_to_limit(w, &d);
	world_run(w, CHECKED_S);
}
