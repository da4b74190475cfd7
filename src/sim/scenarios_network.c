/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios about the network; scenarios.def says what each is. */
#include "sim/scenario.h"

#include "sim/dice.h"

#define SERVERS_IBURST "server @ iburst\n"

static struct node *client_over(struct world *w, const struct way *way)
{
	stage_network(w, way);
	world_add_servers(w, 4);
	return stage_client(w, SERVERS_IBURST);
}

/* Four servers at distances of their own. */
static struct node *client_at_distances(struct world *w, const struct way *way)
{
	struct node *n = client_over(w, way);

	for (unsigned i = 0; i < 4; i++) {
		struct way nearer = *way;

		nearer.base_s = way->base_s * (0.5 + i);
		vnet_link(&w->net, i, n->index, &nearer);
	}
	return n;
}

void tell_lan_quiet(struct world *w)
{
	struct way way = way_lan();
	struct node *n = client_over(w, &way);

	stage_settle(w, n, 1800, 100e-6);
	world_run(w, 6 * 3600);
	oracle_expect(w, meter_rms_s(&n->meter) < 20e-6, "RMS below 20 us");
}

void tell_lan_busy(struct world *w)
{
	struct way way = way_lan_busy();
	struct node *n = client_over(w, &way);

	stage_settle(w, n, 3600, 1e-3);
	world_run(w, 6 * 3600);
	oracle_expect(w, meter_rms_s(&n->meter) < 100e-6, "RMS below 100 us");
}

void tell_wan_typical(struct world *w)
{
	struct way way = way_wan();
	struct node *n = client_at_distances(w, &way);

	stage_settle(w, n, 2 * 3600, 1e-3);
	world_run(w, 22 * 3600);
	oracle_expect(w, meter_rms_s(&n->meter) < 200e-6, "RMS below 200 us");
}

void tell_wan_bad(struct world *w)
{
	struct way way = way_wan_bad();
	struct node *n = client_at_distances(w, &way);

	stage_settle(w, n, 4 * 3600, 10e-3);
	world_run(w, 20 * 3600);
}

void tell_gamma_pareto(struct world *w)
{
	struct way way = way_wan();
	struct node *n = client_over(w, &way);

	for (unsigned i = 0; i < 4; i++) {
		vnet_way(&w->net, i, n->index)->jitter =
			(struct jitter){ LAW_PARETO, 1e-3, 1.5 };
		vnet_way(&w->net, n->index, i)->jitter =
			(struct jitter){ LAW_GAMMA, 1e-3, 0.3 };
	}
	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 12 * 3600);
}

void tell_asymmetric(struct world *w)
{
	struct way way = way_wan();
	struct node *n = client_over(w, &way);

	for (unsigned i = 0; i < 4; i++) {
		vnet_way(&w->net, n->index, i)->base_s += 10e-3;
	}
	/* Half of it cannot be known; the bound has to hold it. */
	stage_settle(w, n, 2 * 3600, 7e-3);
	world_run(w, 6 * 3600);
	oracle_expect(w, meter_coverage(&n->meter) >= 1, "the bound holds");
}

/* Seed checklist 3: tens of milliseconds, and no steps. */
void tell_wan_far(struct world *w)
{
	struct way way = way_wan();

	way.base_s = 65e-3;
	way.jitter = (struct jitter){ LAW_EXPONENTIAL, 10e-3, 0 };
	struct node *n = client_over(w, &way);
	for (unsigned i = 0; i < 4; i++) {
		vnet_way(&w->net, n->index, i)->base_s += 20e-3;
	}
	stage_settle(w, n, 2 * 3600, 30e-3);
	world_run(w, 12 * 3600);
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}

void tell_loss_30(struct world *w)
{
	struct way way = way_wan();

	way.loss = 0.3;
	struct node *n = client_over(w, &way);
	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 12 * 3600);
}

void tell_duplicates(struct world *w)
{
	struct way way = way_wan();

	way.duplicate = 0.3;
	way.reorder = 0.3;
	way.held_s = 0.2;
	struct node *n = client_over(w, &way);
	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 12 * 3600);
}

void tell_partition(struct world *w)
{
	struct way way = way_wan();
	struct node *n = client_over(w, &way);

	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 3600);
	oracle_limit(n, 50e-3); /* on its own: drifts, but not far */
	vnet_isolate(&w->net, n->index, true);
	world_run(w, 2 * 3600);
	double alone_s = daemon_bound_s(n);
	vnet_isolate(&w->net, n->index, false);
	world_run(w, 2 * 3600); /* within two of its longest polls */
	oracle_expect(w, daemon_bound_s(n) < alone_s,
		      "the bound is smaller again");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}

void tell_flapping(struct world *w)
{
	struct way way = way_wan();
	struct node *n = client_over(w, &way);

	stage_settle(w, n, 3600, 10e-3);
	for (unsigned i = 0; i < 60; i++) {
		vnet_isolate(&w->net, n->index, i % 2 == 0);
		world_run(w, dice_between(&w->rng, 30, 600));
		if (i % 2) {
			daemon_network(n);
		}
	}
	vnet_isolate(&w->net, n->index, false);
	world_run(w, 2 * 3600);
	oracle_limit(n, 2e-3);
	world_run(w, 2 * 3600);
}

void tell_route_longer(struct world *w)
{
	struct way way = way_wan();
	struct node *n = client_over(w, &way);

	stage_settle(w, n, 4 * 3600, 2e-3);
	/* One way only, to one of them: looks like a change of the clock. */
	vnet_way(&w->net, 0, n->index)->base_s += 5e-3;
	world_run(w, 6 * 3600);
}

void tell_route_shorter(struct world *w)
{
	struct way way = way_wan();
	struct node *n = client_over(w, &way);

	stage_settle(w, n, 4 * 3600, 2e-3);
	for (unsigned i = 0; i < 4; i++) {
		vnet_way(&w->net, i, n->index)->base_s -= 5e-3;
		vnet_way(&w->net, n->index, i)->base_s -= 5e-3;
	}
	world_run(w, 6 * 3600);
}
