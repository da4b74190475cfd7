/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios about bad servers; scenarios.def says what each is. */
#include "sim/scenario.h"

#define SERVERS_IBURST "server @ iburst\n"

static void servers_over_wan(struct world *w, unsigned count)
{
	struct way way = way_wan();

	stage_network(w, &way);
	world_add_servers(w, count);
}

static struct manner *manner_of(struct world *w, unsigned node)
{
	return &w->nodes[node]->upstream.manner;
}

void tell_liar_one_of_4(struct world *w)
{
	servers_over_wan(w, 4);
	manner_of(w, 2)->lie_s = 0.5;
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 12 * 3600);
}

void tell_liars_3_of_7(struct world *w)
{
	servers_over_wan(w, 7);
	for (unsigned i = 0; i < 3; i++) {
		manner_of(w, 2 * i)->lie_s = 10;
	}
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 12 * 3600);
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}

void tell_liar_ramp(struct world *w)
{
	servers_over_wan(w, 4);
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 15e-3);
	manner_of(w, 1)->ramp = 10e-6; /* a millisecond in 100 s */
	manner_of(w, 1)->since = w->now;
	world_run(w, 6 * 3600);
	/* By now 200 ms away, and no longer believed. */
	oracle_limit(n, 2e-3);
	world_run(w, 6 * 3600);
}

void tell_liar_random(struct world *w)
{
	servers_over_wan(w, 4);
	manner_of(w, 3)->random_s = 2;
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 12 * 3600);
}

/* Seed checklist 21: the order of the list is no order of trust. */
void tell_first_dies(struct world *w)
{
	servers_over_wan(w, 4);
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 2e-3);
	manner_of(w, 0)->silent = true;
	world_run(w, 4 * 3600);
	oracle_expect(w, daemon_synchronised(n), "the others are enough");
	oracle_expect(w,
		      daemon_system_peer(n) &&
			      daemon_system_peer(n) != w->nodes[0],
		      "and one of them leads");
	oracle_expect(w, n->daemon->notes[NOTE_NO_SYS_PEER] == 0,
		      "at no moment was there nobody to follow");
}

void tell_silenced(struct world *w)
{
	servers_over_wan(w, 5);
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 4 * 3600, 10e-3);
	manner_of(w, 0)->lie_s = manner_of(w, 1)->lie_s = 1;
	for (unsigned i = 2; i < 5; i++) {
		manner_of(w, i)->silent = true;
	}
	/* Within eight polls: the rump is not a majority of the recently good.
	 */
	world_run(w, 420);
	for (unsigned i = 2; i < 5; i++) {
		manner_of(w, i)->silent = false;
	}
	world_run(w, 4 * 3600);
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}

void tell_kod_rate(struct world *w)
{
	servers_over_wan(w, 4);
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 1800, 2e-3);
	manner_of(w, 0)->kiss = "RATE";
	world_run(w, 3600);
	uint64_t kissed = n->watch.peers[0].sent;
	manner_of(w, 0)->kiss = NULL;
	world_run(w, 12 * 3600);
	oracle_expect(w, n->watch.peers[0].sent > kissed + 30,
		      "it is asked again afterwards");
	oracle_expect(w, n->daemon->notes[NOTE_RATE_EXCEEDED] > 0,
		      "the operator is told");
}

void tell_kod_deny(struct world *w)
{
	servers_over_wan(w, 2);
	manner_of(w, 0)->kiss = manner_of(w, 1)->kiss = "DENY";
	struct node *n = stage_client(w, SERVERS_IBURST);
	world_run(w, 6 * 3600);
	oracle_expect(w, !daemon_synchronised(n), "nobody serves it");
	oracle_expect(w, n->watch.peers[0].sent < 12, "it gives them peace");
	manner_of(w, 0)->kiss = manner_of(w, 1)->kiss = NULL;
	world_run(w, 2 * 4096);
	oracle_expect(w, daemon_synchronised(n),
		      "synchronised after one slow poll (B3)");
}

void tell_garbage(struct world *w)
{
	servers_over_wan(w, 4);
	manner_of(w, 0)->garbage = true;
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 6 * 3600);
}

void tell_replays(struct world *w)
{
	servers_over_wan(w, 4);
	manner_of(w, 0)->replays = manner_of(w, 1)->replays = true;
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 6 * 3600);
}

void tell_spoofing(struct world *w)
{
	servers_over_wan(w, 3);
	w->spoof = (struct spoof){ .on = true, .victim = 3, .lie_s = 10 };
	struct node *n = stage_client(w, SERVERS_IBURST);
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 12 * 3600);
	oracle_expect(w, w->spoof.forged > 1000, "the attacker was busy");
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}

void tell_unsynchronised(struct world *w)
{
	servers_over_wan(w, 1);
	manner_of(w, 0)->alarm = true;
	struct node *n = stage_client(w, SERVERS_IBURST);
	world_run(w, 60);
	oracle_expect(w, !daemon_synchronised(n), "it waits");
	manner_of(w, 0)->alarm = false;
	world_run(w, 30); /* checklist 57: not a whole poll later */
	oracle_expect(w, daemon_synchronised(n), "in service within 30 s");
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 3600);
}

void tell_strata(struct world *w)
{
	servers_over_wan(w, 2);
	manner_of(w, 0)->stratum = 15;
	manner_of(w, 1)->stratum = 16;
	struct node *n = stage_client(w, SERVERS_IBURST);
	world_run(w, 2 * 3600);
	oracle_expect(w, !daemon_synchronised(n),
		      "neither is used (checklist 24)");
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}

void tell_chain(struct world *w)
{
	servers_over_wan(w, 3);
	struct node *second = stage_client(w, SERVERS_IBURST);
	struct node *third = stage_client(w, "server 10.0.3.1 iburst\n");
	struct node *fourth = stage_client(w, "server 10.0.4.1 iburst\n");

	stage_settle(w, second, 3 * 3600, 2e-3);
	stage_settle(w, third, 0, 4e-3);
	stage_settle(w, fourth, 0, 6e-3);
	world_run(w, 12 * 3600);
	oracle_expect(w,
		      second->daemon->view.stratum == 2 &&
			      third->daemon->view.stratum == 3 &&
			      fourth->daemon->view.stratum == 4,
		      "strata 2, 3 and 4 (checklist 5)");
}

void tell_pool(struct world *w)
{
	struct name *name = world_add_name(w, "pool.example");

	servers_over_wan(w, 12);
	for (unsigned i = 0; i < w->count; i++) {
		name_add(name, w->nodes[i]);
	}
	name->per_answer = 4;
	manner_of(w, 1)->silent = manner_of(w, 5)->silent = true;
	manner_of(w, 7)->alarm = true;
	manner_of(w, 9)->lie_s = 3;
	struct node *n = stage_client(w, "pool pool.example iburst\n");
	stage_settle(w, n, 3600, 2e-3);
	world_run(w, 12 * 3600);
	oracle_expect(w, n->daemon->steps == 0, "never stepped");
}
