/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios about starting and stopping; scenarios.def says what each is. */
#include "sim/scenario.h"

#include <math.h>

#define IN_SERVICE_S 10 /* checklist 53 to 56 */
#define LOCAL_S 15
#define LOCAL "server 127.127.1.0\nfudge 127.127.1.0 stratum 10\n"

static struct node *start(struct world *w, const char *config, double offset_s,
			  struct operator_orders orders)
{
	struct oscillator kind = oscillator_quartz(offset_s, 20e-6, 1e-9);
	struct way way = way_wan();

	orders.config = config;
	stage_network(w, &way);
	world_add_servers(w, 4);
	return stage_daemon(w, &kind, &orders);
}

static void in_service_soon(struct world *w, struct node *n)
{
	world_run(w, 60);
	oracle_expect(w, stage_sync_s(n) <= IN_SERVICE_S,
		      "in service within 10 s");
	oracle_expect(w, daemon_synchronised(n), "and stays so");
	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 3600);
}

void tell_start_iburst(struct world *w)
{
	in_service_soon(w, start(w, "server @ iburst\n", 0.05,
				 (struct operator_orders){ 0 }));
}

void tell_start_plain(struct world *w)
{
	in_service_soon(
		w, start(w, "server @\n", 0.05, (struct operator_orders){ 0 }));
}

void tell_start_step(struct world *w)
{
	struct node *n =
		start(w, "server @ iburst\n", 5, (struct operator_orders){ 0 });

	in_service_soon(w, n);
	oracle_expect(w, n->daemon->steps == 1, "stepped once");
}

/* A majority of what is configured need not wait for more. */
void tell_start_majority(struct world *w)
{
	struct node *n =
		start(w, "server @\n", 0.1, (struct operator_orders){ 0 });

	world_run(w, 30);
	oracle_expect(w, stage_sync_s(n) <= 3, "in service within 3 s");
	oracle_expect(w, fabs(node_error_s(n)) < 2e-3, "and right");
	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 3600);
}

static struct node *start_one(struct world *w, const char *config)
{
	struct oscillator kind = oscillator_quartz(-0.09, 100e-6, 1e-9);
	struct operator_orders orders = { .config = config };
	struct way way = way_lan();

	way.jitter = (struct jitter){ LAW_EXPONENTIAL, 1e-4, 0 };
	stage_network(w, &way);
	world_add_servers(w, 1);
	return stage_daemon(w, &kind, &orders);
}

static double within_s(const struct node *n)
{
	moment since = n->watch.within_since;

	return since.v == MOMENT_NEVER.v ? 1e9 : moment_to_s(since);
}

void tell_start_cold(struct world *w)
{
	struct node *n = start_one(w, "server @ iburst\n");

	world_run(w, 10);
	oracle_expect(w, within_s(n) <= 6, "1 ms within 6 s");
	n->watch.within_s = 100e-6;
	n->watch.within_since = MOMENT_NEVER;
	world_run(w, 20);
	oracle_expect(w, within_s(n) <= 30, "100 us within 30 s");
	oracle_limit(n, 1e-3);
	world_run(w, 600);
	oracle_limit(n, 500e-6);
	world_run(w, 3600);
}

/* Its next life finds a clock that a tick bends by 8 %. */
void tell_start_killed(struct world *w)
{
	struct node *n = start_one(w, "server @ iburst\n");

	while (moment_to_s(w->now) < 10 && fabs(n->clock.steer) < 0.01) {
		world_run(w, 0.01);
	}
	world_run(w, 0.3);
	oracle_expect(w, fabs(n->clock.steer) > 0.01, "it is slewing fast");
	daemon_stop(n);
	world_run(w, 5);
	daemon_restart(n);
	world_run(w, 60);
	oracle_expect(w, stage_sync_s(n) <= IN_SERVICE_S, "and is right again");
	oracle_limit(n, 1e-3);
	world_run(w, 3600);
}

void tell_start_gentle(struct world *w)
{
	struct node *n = start_one(w, "server @ iburst\n"
				      "tinker startslewrate 0 slewrate 200\n");

	world_run(w, 200);
	oracle_expect(w, fabs(node_error_s(n)) > 0.04, "it takes its time");
	world_run(w, 1000);
	oracle_limit(n, 1e-3);
	world_run(w, 3600);
}

void tell_drift_old(struct world *w)
{
	struct node *n = start(w, "driftfile drift\nserver @ iburst\n", 0.05,
			       (struct operator_orders){ 0 });

	world_run(w, 10);
	daemon_stop(n);
	n->daemon->drift_known = true;
	n->daemon->drift_ppm = 0; /* the clock is 20 ppm off by now */
	n->daemon->drift_at = moment_add(w->now, SPAN_S(-365 * 86400));
	daemon_restart(n);
	world_run(w, 120);
	oracle_expect(w, fabs(1e6 * n->clock.steer + 20) < 10,
		      "a minute later it is not believed any more");
	stage_settle(w, n, 1800, 2e-3);
	world_run(w, 3600);
}

void tell_hour_wrong(struct world *w)
{
	struct node *n =
		start(w, "server @ iburst\n", 3600,
		      (struct operator_orders){ .line.panic_once = true });

	in_service_soon(w, n);
	oracle_expect(w, n->daemon->steps == 1, "stepped once");
}

void tell_hour_panics(struct world *w)
{
	struct node *n = start(w, "server @ iburst\n", 3600,
			       (struct operator_orders){ 0 });

	world_run(w, 3600);
	oracle_expect(w, !n->daemon->running && n->daemon->exit_code != 0,
		      "it ended with a status that says so");
	oracle_expect(w, n->daemon->notes[NOTE_PANIC] > 0,
		      "the operator is told");
	oracle_expect(w, fabs(node_error_s(n) - 3600) < 1,
		      "nobody touched the clock");
}

void tell_one_shot(struct world *w)
{
	struct node *n =
		start(w, "server @ iburst\n", -4000,
		      (struct operator_orders){
			      .line = { .panic_once = true, .quit = true } });

	world_run(w, 60);
	oracle_expect(w, !n->daemon->running && n->daemon->exit_code == 0,
		      "it ended well");
	oracle_expect(w, fabs(node_error_s(n)) < 10e-3, "the clock is right");
}

void tell_only_local(struct world *w)
{
	struct node *n = stage_client(w, LOCAL);

	world_run(w, 3600);
	oracle_expect(w, stage_sync_s(n) <= LOCAL_S, "in service in 15 s");
	oracle_expect(w, n->daemon->view.stratum == 11,
		      "stratum 11 (checklist 23)");
	oracle_expect(w, fabs(node_error_s(n) - 0.05) < 0.1,
		      "nobody touched the clock");
}

void tell_local_return(struct world *w)
{
	struct node *n = start(w, "server @ iburst maxpoll 6\n" LOCAL, 0.05,
			       (struct operator_orders){ 0 });

	world_run(w, 3600);
	oracle_expect(w, n->daemon->view.stratum == 2, "servers win");
	vnet_isolate(&w->net, n->index, true);
	world_run(w, 300);
	oracle_expect(w, n->daemon->view.stratum == 2, "first it holds over");
	world_run(w, 1200); /* 8 polls without an answer, and 300 s more */
	oracle_expect(w, n->daemon->view.stratum == 11, "then LOCAL");
	oracle_expect(w, n->daemon->notes[NOTE_FREE_RUN] > 0,
		      "the operator is told");
	vnet_isolate(&w->net, n->index, false);
	world_run(w, 600);
	oracle_expect(w, n->daemon->view.stratum == 2, "servers again");
	stage_settle(w, n, 1800, 2e-3);
	world_run(w, 3600);
}

void tell_no_network(struct world *w)
{
	struct node *n = NULL;
	struct way cut = { .cut = true };
	struct way way = way_wan();

	n = start(w, "server @ iburst\n", 0.05, (struct operator_orders){ 0 });
	stage_network(w, &cut);
	world_run(w, 3600);
	oracle_expect(w, !daemon_synchronised(n), "nobody to ask");
	stage_network(w, &way);
	daemon_network(n);
	world_run(w, 30);
	oracle_expect(w, daemon_synchronised(n), "in service at once");
	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 3600);
}

#define BY_NAME 3

/* A client of servers whose names are known from `from` on. */
static struct node *start_by_names(struct world *w, moment from, double delay_s)
{
	static const char *const names[BY_NAME] = { "a.example", "b.example",
						    "c.example" };

	world_add_servers(w, BY_NAME);
	for (unsigned i = 0; i < BY_NAME; i++) {
		struct name *name = world_add_name(w, names[i]);

		name_add(name, w->nodes[i]);
		name->from = from;
		name->delay_s = delay_s;
	}
	return stage_client(w, "server a.example iburst\n"
			       "server b.example iburst\n"
			       "server c.example iburst\n");
}

void tell_dns_late(struct world *w)
{
	struct node *n = start_by_names(w, moment_at_s(600), 5);

	world_run(w, 600);
	oracle_expect(w, !daemon_synchronised(n), "no names, no time");
	world_run(w, 120);
	oracle_expect(w, daemon_synchronised(n), "in service in two minutes");
	stage_settle(w, n, 3600, 1e-3);
	world_run(w, 3600);
}

void tell_cable_late(struct world *w)
{
	struct node *n = start_by_names(w, MOMENT_NEVER, 0.05);

	world_run(w, 600 + dice_between(&w->rng, 0, 64));
	for (unsigned i = 0; i < 4; i++) { /* link, address, two routes */
		daemon_network(n);
		world_run(w, dice_between(&w->rng, 0.1, 5));
	}
	for (unsigned i = 0; i < BY_NAME; i++) {
		w->names[i].from = w->now;
	}
	daemon_network(n); /* who knows names */
	world_run(w, 3);
	oracle_expect(w, daemon_synchronised(n), "in service within 3 s");
	stage_settle(w, n, 3600, 1e-3);
	world_run(w, 3600);
}

void tell_restart(struct world *w)
{
	struct node *n = start(w, "driftfile drift\nserver @ iburst\n", 0.05,
			       (struct operator_orders){ 0 });

	stage_settle(w, n, 4 * 3600, 2e-3);
	oracle_expect(w, n->daemon->drift_known, "a drift file is there");
	oracle_expect(w, fabs(n->daemon->drift_ppm + 20) < 0.5,
		      "and says -20 ppm");
	daemon_stop(n);
	world_run(w, 60);
	daemon_restart(n);
	world_run(w, 60);
	oracle_expect(w, stage_sync_s(n) <= IN_SERVICE_S,
		      "in service within 10 s");
	world_run(w, 3600);
}
