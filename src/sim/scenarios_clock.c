/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios about our own clock; scenarios.def says what each is. */
#include "sim/scenario.h"

#include <math.h>
#include <string.h>

#define SERVERS_IBURST "server @ iburst\n"

static struct node *client_with(struct world *w, const struct oscillator *kind)
{
	struct operator_orders orders = { .config = SERVERS_IBURST };
	struct way way = way_wan();

	stage_network(w, &way);
	world_add_servers(w, 4);
	return stage_daemon(w, kind, &orders);
}

static struct node *usual_client(struct world *w)
{
	struct oscillator kind = oscillator_quartz(0.05, 20e-6, 1e-9);

	return client_with(w, &kind);
}

void tell_wander_calm(struct world *w)
{
	struct oscillator kind = oscillator_quartz(0.02, 1e-6, 1e-10);
	struct node *n = client_with(w, &kind);

	stage_settle(w, n, 4 * 3600, 500e-6);
	world_run(w, 20 * 3600);
	oracle_expect(w, meter_rms_s(&n->meter) < 100e-6, "RMS below 100 us");
}

void tell_wander_wild(struct world *w)
{
	struct oscillator kind = oscillator_quartz(-0.05, -30e-6, 1e-7);
	struct node *n = client_with(w, &kind);

	stage_settle(w, n, 2 * 3600, 5e-3);
	world_run(w, 12 * 3600);
}

void tell_freq_step(struct world *w)
{
	struct node *n = usual_client(w);

	stage_settle(w, n, 4 * 3600, 5e-3);
	vclock_advance(&n->clock, w->now);
	vclock_freq_step(&n->clock, w->now, 2e-6);
	world_run(w, 2 * 3600);
	oracle_limit(n, 1e-3);
	world_run(w, 4 * 3600);
}

void tell_freq_far(struct world *w)
{
	struct oscillator kind = oscillator_quartz(0.05, -400e-6, 1e-9);
	struct node *n = client_with(w, &kind);

	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 6 * 3600);
	oracle_expect(w,
		      n->daemon->drift_known &&
			      fabs(n->daemon->drift_ppm - 400) < 1,
		      "the drift file says 400 ppm");
}

void tell_temperature(struct world *w)
{
	struct oscillator kind = oscillator_quartz(0.05, 20e-6, 1e-9);

	kind.temperature = 1e-6;
	kind.temperature_s = 7200;
	struct node *n = client_with(w, &kind);
	stage_settle(w, n, 4 * 3600, 2e-3);
	world_run(w, 20 * 3600);
}

/* Twelve hours with servers, then two days alone. */
static void hold_over(struct world *w, double wander, double back_s)
{
	struct oscillator kind = oscillator_quartz(0.05, 20e-6, wander);
	struct node *n = client_with(w, &kind);

	stage_settle(w, n, 12 * 3600, 0);
	vnet_isolate(&w->net, n->index, true);
	for (unsigned i = 0; i < 2 * 24 * 60; i++) {
		world_run(w, 60);
		struct claim c = daemon_claim(n);
		double error_s = node_error_s(n);

		if (daemon_synchronised(n)) {
			oracle_expect(w,
				      -error_s >= c.earliest_s &&
					      -error_s <= c.latest_s,
				      "the truth is inside its clock bound");
		}
	}
	vnet_isolate(&w->net, n->index, false);
	daemon_network(n);
	world_run(w, back_s);
	oracle_expect(w, daemon_synchronised(n), "in service again");
	world_run(w, 1800);
	oracle_limit(n, 5e-3);
	world_run(w, 3600);
}

void tell_holdover(struct world *w)
{
	hold_over(w, 1e-9, 60);
}

void tell_holdover_wild(struct world *w)
{
	hold_over(w, 1e-7, 600); /* so far off that it takes stepout */
}

void tell_external_step(struct world *w)
{
	struct node *n = usual_client(w);

	stage_settle(w, n, 3600, 2e-3);
	oracle_limit(n, 0);
	node_set_clock(n, 5);
	/* Noticed at the next event, measured anew, stepped back. */
	world_run(w, 1200);
	oracle_expect(w, n->daemon->steps == 1, "stepped back once");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}

/* Seed checklist 28: beyond the panic threshold it is not for us to repair. */
void tell_external_hour(struct world *w)
{
	struct node *n = usual_client(w);

	stage_settle(w, n, 3600, 2e-3);
	oracle_limit(n, 0);
	node_set_clock(n, 5000);
	world_run(w, 1800);
	oracle_expect(w, !n->daemon->running && n->daemon->exit_code == 255,
		      "it ended with a status that says so");
	oracle_expect(w, n->daemon->notes[NOTE_PANIC] > 0,
		      "the operator is told");
	oracle_expect(w, fabs(node_error_s(n) - 5000) < 1,
		      "the clock is as it was set");
}

void tell_external_nudge(struct world *w)
{
	struct node *n = usual_client(w);

	stage_settle(w, n, 3600, 2e-3);
	oracle_limit(n, 0);
	node_set_clock(n, -0.05);
	world_run(w, 1800);
	oracle_expect(w, n->daemon->steps == 0, "slewed back");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}

void tell_era_rollover(struct world *w)
{
	/* 2036-02-07 06:28:16 is the end; begin an hour and a half before. */
	w->epoch = (tstamp){ (uint64_t)(0 - INT64_C(5400)) << 32 };
	struct node *n = usual_client(w);
	struct node *below = NULL;

	world_run(w, 1800);
	below = stage_client(w, "server 10.0.4.1 iburst\n");
	stage_settle(w, n, 1800, 2e-3);
	world_run(w, 2 * 3600);
	oracle_expect(w, daemon_synchronised(below), "its client follows");
	oracle_expect(w, n->daemon->steps + below->daemon->steps == 0,
		      "never stepped");
}

void tell_no_clock(struct world *w)
{
	struct oscillator kind = oscillator_quartz(0.003, 5e-6, 1e-9);
	struct operator_orders orders = {
		.config = SERVERS_IBURST,
		.line.no_clock = true,
	};

	world_add_servers(w, 4);
	struct node *n = stage_daemon(w, &kind, &orders);
	world_run(w, 6 * 3600);
	/* It drifts away, knows by how much, and says so. */
	oracle_expect(w, fabs(node_error_s(n) - 0.111) < 0.01,
		      "nobody touched the clock");
	oracle_expect(w,
		      !daemon_synchronised(n) ||
			      daemon_bound_s(n) >= fabs(node_error_s(n)),
		      "it does not claim better");
}

void tell_slew_only(struct world *w)
{
	struct oscillator kind = oscillator_quartz(5, 20e-6, 1e-9);
	struct operator_orders orders = {
		.config = SERVERS_IBURST,
		.line.slew_only = true,
	};

	world_add_servers(w, 4);
	struct node *n = stage_daemon(w, &kind, &orders);
	world_run(w, 1800);
	oracle_expect(w, fabs(node_error_s(n)) < 4.6, "it is slewing");
	world_run(w, 4 * 3600);
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}

static uint64_t lines(const struct node *n, enum stats_kind kind)
{
	return n->daemon->stats[kind];
}

void tell_statistics(struct world *w)
{
	struct way way = way_wan();

	stage_network(w, &way);
	world_add_servers(w, 4);
	struct node *n = stage_client(
		w, SERVERS_IBURST "server 127.127.1.0\nstatsdir /stats/\n"
				  "statistics loopstats peerstats rawstats\n"
				  "statistics sysstats protostats\n");

	stage_settle(w, n, 4 * 3600, 5e-3);
	world_run(w, 21 * 3600 + 60);
	oracle_expect(w, lines(n, STATS_SYS) == 25, "a line for each hour");
	oracle_expect(w,
		      strstr(n->daemon->last_stats[STATS_SYS],
			     " 3600 0 0 0 0 0 0 0 0 0 0\n") != NULL,
		      "nobody asked in the last hour");
	oracle_expect(w,
		      lines(n, STATS_RAW) <= n->daemon->sent &&
			      lines(n, STATS_RAW) * 2 > n->daemon->sent,
		      "an answer to most requests");
	/* LOCAL may have had a sample before the servers. */
	oracle_expect(w,
		      lines(n, STATS_PEER) >= lines(n, STATS_RAW) * 9 / 10 &&
			      lines(n, STATS_PEER) <= lines(n, STATS_RAW) + 4,
		      "a sample of most answers");
	oracle_expect(w,
		      lines(n, STATS_LOOP) * 2 > lines(n, STATS_PEER) &&
			      lines(n, STATS_LOOP) <= lines(n, STATS_PEER),
		      "a correction by most samples");
	oracle_expect(w, lines(n, STATS_PROTO) > 8, "events");
	oracle_expect(w, lines(n, STATS_CLOCK) == 0, "no words of a clock");
}
