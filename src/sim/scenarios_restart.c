/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios about one life of a daemon and the next; scenarios.def says what
 * each is. The oracles hold what is taken up to its bounds, as ever.
 */
#include "sim/scenario.h"

#include <math.h>

#define AT_ONCE_S 1 /* checklist 58 */
#define COLD_S 3
#define SERVERS 4
#define CONFIG "driftfile drift\nserver @ iburst\n"
#define LOCAL "server 127.127.1.0\nfudge 127.127.1.0 stratum 10\n"

static struct node *begin(struct world *w, const char *config, double offset_s,
			  bool panic_once)
{
	struct oscillator kind = oscillator_quartz(offset_s, 20e-6, 1e-9);
	struct operator_orders orders = { .config = config,
					  .line.panic_once = panic_once };
	struct way way = way_wan();

	stage_network(w, &way);
	world_add_servers(w, SERVERS);
	return stage_daemon(w, &kind, &orders);
}

static struct node *settled(struct world *w, const char *config)
{
	struct node *n = begin(w, config, 0.05, false);

	stage_settle(w, n, 2 * 3600, 2e-3);
	world_run(w, 600);
	return n;
}

/* It goes on: it serves, and asks each server once. */
static void goes_on(struct world *w, struct node *n)
{
	struct daemon *d = n->daemon;
	uint64_t sent = d->sent;

	daemon_restart(n);
	oracle_expect(w, d->notes[NOTE_RESUMED] > 0,
		      "it takes up what it knew");
	oracle_expect(w, daemon_synchronised(n), "and serves at once");
	world_run(w, 20);
	oracle_expect(w, stage_sync_s(n) <= AT_ONCE_S, "within 1 s");
	oracle_expect(w, d->sent - sent <= SERVERS,
		      "one request for each server, no burst");
	world_run(w, 3600);
}

/* It has been started: as if for the first time. */
static void begins_anew(struct world *w, struct node *n)
{
	oracle_expect(w, n->daemon->notes[NOTE_RESUMED] == 0,
		      "nothing is taken up");
	oracle_expect(w, !daemon_synchronised(n), "it does not know the time");
	world_run(w, 60);
	oracle_expect(w, stage_sync_s(n) <= COLD_S, "and soon does");
	world_run(w, 3600);
}

void tell_restart_warm(struct world *w)
{
	struct node *n = settled(w, CONFIG);

	daemon_terminate(n);
	world_run(w, 30);
	goes_on(w, n);
	oracle_expect(w, n->daemon->notes[NOTE_FREQ_NOT_SET] == 1,
		      "the frequency is kept");
}

void tell_restart_killed(struct world *w)
{
	struct node *n = settled(w, CONFIG);

	daemon_stop(n);
	world_run(w, 120);
	goes_on(w, n);
}

void tell_restart_slewing(struct world *w)
{
	struct node *n = begin(w, CONFIG, 0.1, false);

	while (moment_to_s(w->now) < 10 && fabs(n->clock.steer) < 0.01) {
		world_run(w, 0.01);
	}
	world_run(w, 0.3);
	oracle_expect(w, fabs(n->clock.steer) > 0.01, "it is slewing fast");
	daemon_stop(n);
	world_run(w, 5); /* the kernel goes on slewing, past the truth */
	oracle_expect(w, fabs(node_error_s(n)) > 0.2, "away from the truth");
	daemon_restart(n);
	oracle_expect(w, n->daemon->notes[NOTE_RESUMED] > 0,
		      "it takes up what it knew");
	oracle_expect(w, fabs(n->clock.steer) < 1e-3, "and mends the rate");
	oracle_expect(w, !daemon_synchronised(n), "but tells no time yet");
	world_run(w, 60);
	oracle_expect(w,
		      daemon_synchronised(n) && stage_sync_s(n) <= COLD_S + 2,
		      "in service soon");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}

void tell_restart_boot(struct world *w)
{
	struct node *n = settled(w, CONFIG);

	daemon_terminate(n);
	world_run(w, 30);
	daemon_boot(n);
	oracle_expect(w, n->daemon->notes[NOTE_NOT_RESUMED] == 1,
		      "the state file is not used");
	begins_anew(w, n);
}

void tell_restart_set(struct world *w)
{
	struct node *n = settled(w, CONFIG);

	daemon_terminate(n);
	world_run(w, 10);
	node_set_clock(n, 0.05);
	world_run(w, 10);
	daemon_restart(n);
	begins_anew(w, n);
}

/* By 20 ms, and then 40 ppm too fast: all of it is seen. */
void tell_restart_slewed(struct world *w)
{
	struct node *n = settled(w, CONFIG);

	daemon_terminate(n);
	world_run(w, 5);
	node_slew_clock(n, 0.02);
	world_run(w, 60);
	node_set_rate(n, 20e-6);
	world_run(w, 60);
	oracle_limit(n, 0.05); /* what there is to be slewed back */
	goes_on(w, n);
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}

void tell_restart_loop(struct world *w)
{
	struct node *n = settled(w, CONFIG);

	for (unsigned i = 0; i < 20; i++) {
		world_run(w, 1 + 3 * (i % 5));
		if (i % 2) {
			daemon_stop(n);
		} else {
			daemon_terminate(n);
		}
		world_run(w, 0.5);
		daemon_restart(n);
		oracle_expect(w, daemon_synchronised(n),
			      "it serves as soon as it runs");
	}
	world_run(w, 3600);
}

void tell_restart_local(struct world *w)
{
	struct node *n = stage_client(w, "driftfile drift\n" LOCAL);

	world_run(w, 60);
	oracle_expect(w, daemon_synchronised(n), "it serves");
	daemon_stop(n);
	world_run(w, 10);
	daemon_restart(n);
	world_run(w, 60);
	oracle_expect(w, stage_sync_s(n) <= AT_ONCE_S, "and again, at once");
	oracle_expect(w, n->daemon->view.stratum == 11, "as stratum 11");
}

/* The servers are a day ahead from now on, all of them. */
static void lie(struct world *w, double by_s)
{
	for (unsigned i = 0; i < SERVERS; i++) {
		w->nodes[i]->upstream.manner.lie_s = by_s;
	}
}

void tell_panic_once(struct world *w)
{
	struct node *n = begin(w, CONFIG, 0.1, true);

	/* The first correction closes it, however small. */
	world_run(w, 60);
	daemon_stop(n);
	lie(w, 86400);
	for (unsigned i = 0; i < 2; i++) {
		daemon_restart(n);
		world_run(w, 600);
		oracle_expect(
			w, !daemon_synchronised(n) || fabs(node_error_s(n)) < 1,
			"nobody is told the lie");
		daemon_stop(n);
	}
	oracle_expect(w, fabs(node_error_s(n)) < 1, "the clock is not moved");
	lie(w, 0);
	/* A new boot, whose clock is an hour off: forgiven, once. */
	node_set_clock(n, 3600);
	daemon_boot(n);
	world_run(w, 60);
	oracle_expect(w, fabs(node_error_s(n)) < 1, "set by an hour");
	daemon_stop(n);
	node_set_clock(n, 3600);
	daemon_restart(n);
	world_run(w, 600);
	oracle_expect(w,
		      !n->daemon->running &&
			      n->daemon->notes[NOTE_PANIC_SPENT] > 0,
		      "not a second time, and says why");
}
