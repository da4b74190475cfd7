/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios about what else there is at our clock: other programs, sleep, a
 * hypervisor; scenarios.def says what each is.
 */
#include "sim/scenario.h"

#include <math.h>

static struct node *settled(struct world *w)
{
	struct way way = way_lan();

	stage_network(w, &way);
	world_add_servers(w, 4);
	struct node *n = stage_client(w, "server @ iburst maxpoll 8\n");

	stage_settle(w, n, 2 * 3600, 0);
	return n;
}

void tell_foreign_rate(struct world *w)
{
	struct node *n = settled(w);

	node_set_rate(n, 80e-6);
	world_run(w, 60);
	oracle_expect(w, n->daemon->notes[NOTE_FOREIGN_RATE] == 1,
		      "the operator is told");
	oracle_expect(w, fabs(n->clock.steer + 20e-6) < 5e-6,
		      "the rate is set back");
	oracle_limit(n, 500e-6);
	world_run(w, 2 * 3600);
	oracle_expect(w, n->daemon->notes[NOTE_FOREIGN_KEEPER] == 0,
		      "once is nothing to give in for");
	oracle_expect(w,
		      n->daemon->notes[NOTE_FOREIGN_SLEW] == 0 &&
			      n->daemon->notes[NOTE_FOREIGN_STEP] == 0,
		      "and it was nothing else");
}

/* Somebody steers well, but steers: no fight, and no damage. */
void tell_foreign_keeper(struct world *w)
{
	struct node *n = settled(w);

	for (unsigned i = 0; i < 3 * 60; i++) {
		node_set_rate(n, -20e-6 + (i % 2 ? 1e-6 : -1e-6));
		world_run(w, 60);
	}
	oracle_expect(w, n->daemon->notes[NOTE_FOREIGN_KEEPER] >= 1,
		      "the operator is told");
	oracle_expect(w,
		      n->daemon->notes[NOTE_FOREIGN_KEEPER] <= 3 &&
			      n->daemon->notes[NOTE_FOREIGN_RATE] <= 8,
		      "but not every minute");
	oracle_expect(w, daemon_synchronised(n), "it measures and serves");
	world_run(w, 4000);
	oracle_expect(w, fabs(node_error_s(n)) < 500e-6,
		      "and keeps the clock when the other is gone");
	oracle_limit(n, 500e-6);
	world_run(w, 3600);
}

void tell_foreign_slew(struct world *w)
{
	struct node *n = settled(w);

	node_slew_clock(n, 0.02);
	for (unsigned i = 0; i < 40; i++) {
		world_run(w, 1);
		n->watch.disturbed = true; /* it goes on for 40 s */
	}
	world_run(w, 60);
	oracle_expect(w, n->daemon->notes[NOTE_FOREIGN_SLEW] == 1,
		      "the operator is told, once");
	world_run(w, 120);
	oracle_limit(n, 500e-6);
	world_run(w, 2 * 3600);
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}

void tell_suspend(struct world *w)
{
	struct node *n = settled(w);

	node_sleep(n, 8 * 3600, 0.7);
	world_run(w, 8 * 3600 + 30);
	oracle_expect(w, n->daemon->notes[NOTE_SUSPENDED] == 1,
		      "the operator is told");
	oracle_expect(w, n->daemon->notes[NOTE_FOREIGN_STEP] == 0,
		      "by the right name");
	oracle_expect(w, n->daemon->steps == 1, "stepped at once");
	oracle_expect(w, daemon_synchronised(n), "in service again");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
	oracle_limit(n, 0);
	node_sleep(n, 600, -0.1);
	world_run(w, 630);
	oracle_expect(w, n->daemon->steps == 1, "below the threshold: slewed");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}

/* The polite oracle looks on. */
void tell_naps(struct world *w)
{
	struct node *n = settled(w);

	for (unsigned i = 0; i < 60; i++) {
		node_sleep(n, 100, 0);
		world_run(w, 105);
	}
	world_run(w, 300);
	oracle_expect(w, daemon_synchronised(n), "in service in the end");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}

/* Nothing tells but the servers; classic's stepout holds. */
void tell_vm_pause(struct world *w)
{
	struct node *n = settled(w);

	oracle_excuse(n, ORACLE_BOUND);
	oracle_excuse(n, ORACLE_SERVED);
	node_pause(n, 60);
	world_run(w, 60 + 256 + 600);
	oracle_expect(w, n->daemon->steps == 1, "stepped back");
	oracle_expect(w, n->daemon->notes[NOTE_FOREIGN_STEP] == 0,
		      "nobody has set the clock");
	oracle_limit(n, 2e-3);
	world_run(w, 3600);
}
