/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long after its start a daemon is of use: the table of seed-checklist
 * 7.7, row by row, with the targets of items 53 to 59; and the next life.
 *
 * Each row is told with several seeds, with one server and with four. What is
 * served before is no time: the oracles see to that (item 59).
 */
#include "check.h"
#include "sim/report.h"
#include "sim/scenario.h"

#include <math.h>

#define SEEDS 8
#define LOCAL "server 127.127.1.0\nfudge 127.127.1.0 stratum 10\n"
#define RATE 20e-6

struct row {
	const char *words;
	const char *config;
	double offset_s;
	bool drift;      /* there is a drift file */
	bool cut;        /* nobody can be reached */
	double late_s;   /* the servers know the time only then */
	double within_s; /* in service, from the start or from `late_s` */
};

/* The first usable answer took classic 4.2.8p15 ... */
static const struct row rows[] = {
	/* 321 s */
	{ .words = "only LOCAL, servers out of reach",
	  .config = "server @ iburst\n" LOCAL,
	  .cut = true,
	  .within_s = 16 },
	{ .words = "only LOCAL", .config = LOCAL, .within_s = 1 },
	{ .words = "only LOCAL, tos orphanwait 5",
	  .config = "server @ iburst\ntos orphanwait 5\n" LOCAL,
	  .cut = true,
	  .within_s = 6 },
	/* 7 to 9 s */
	{ .words = "iburst, less than 128 ms off",
	  .config = "server @ iburst\n",
	  .offset_s = 0.02,
	  .within_s = 3 },
	{ .words = "iburst, 100 ms off, which are slewed",
	  .config = "server @ iburst\n",
	  .offset_s = 0.1,
	  .within_s = 4 },
	/* 68 to 73 s */
	{ .words = "iburst, servers that learn the time after us",
	  .config = "server @ iburst\n",
	  .offset_s = 0.02,
	  .late_s = 20,
	  .within_s = 8 + 3 },
	/* 313 s */
	{ .words = "iburst, 5 s off, no drift file",
	  .config = "server @ iburst\n",
	  .offset_s = 5,
	  .within_s = 6 },
	/* 81 s */
	{ .words = "iburst, 5 s off, with a drift file",
	  .config = "driftfile drift\nserver @ iburst\n",
	  .offset_s = 5,
	  .drift = true,
	  .within_s = 6 },
	/* 201 s */
	{ .words = "no iburst, less than 128 ms off",
	  .config = "server @\n",
	  .offset_s = 0.02,
	  .within_s = 10 },
	/* 529 s */
	{ .words = "no iburst, 5 s off, no drift file",
	  .config = "server @\n",
	  .offset_s = -5,
	  .within_s = 10 },
};

static void alarm(struct world *w, unsigned servers, bool on)
{
	for (unsigned i = 0; i < servers; i++) {
		w->nodes[i]->upstream.manner.alarm = on;
	}
}

static void isolate(struct world *w, unsigned servers)
{
	for (unsigned i = 0; i < servers; i++) {
		vnet_isolate(&w->net, i, true);
	}
}

/* Seconds from the start to the first answer that is a time. */
static double tell(const struct row *r, unsigned servers, uint64_t seed)
{
	struct world *w = world_new(seed);
	struct oscillator kind = oscillator_quartz(r->offset_s, RATE, 1e-9);
	struct operator_orders orders = { .config = r->config };
	struct way way = way_wan();

	way.loss = 0; /* what a lost packet costs is its own retry */
	stage_network(w, &way);
	world_add_servers(w, servers);
	alarm(w, servers, r->late_s > 0);
	if (r->cut) {
		isolate(w, servers);
	}
	struct node *n = stage_daemon(w, &kind, &orders);

	if (r->drift) {
		daemon_stop(n);
		n->daemon->drift_known = true;
		n->daemon->drift_ppm = -1e6 * RATE;
		n->daemon->drift_at = w->now;
		n->daemon->state_len = 0;
		daemon_restart(n);
	}
	world_run(w, r->late_s);
	assert_false(r->late_s > 0 && daemon_synchronised(n));
	alarm(w, servers, false);
	world_run(w, 60);
	double took_s = stage_sync_s(n) - r->late_s;

	if (w->oracle.any) {
		world_verdict(w, stderr);
	}
	assert_false(w->oracle.any);
	assert_true(daemon_synchronised(n));
	world_end(w);
	return took_s;
}

static void holds(void **state)
{
	const struct row *r = *state;

	for (unsigned servers = 1; servers <= 4; servers += 3) {
		double worst_s = 0;

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			double took_s = tell(r, servers, seed);

			worst_s = took_s > worst_s ? took_s : worst_s;
		}
		print_message("# %u server(s), %s: %.2f s at most\n", servers,
			      r->words, worst_s);
		assert_true(worst_s <= r->within_s);
	}
}

/* Who followed LOCAL has set nothing: the first server's word is not a spike
 * that is watched for minutes. */
static void a_life_with_local_alone_knows_no_time(void **state)
{
	const double off_s = 1.26;
	struct world *w = world_new(1);
	struct oscillator kind = oscillator_quartz(off_s, RATE, 1e-9);
	struct operator_orders orders = {
		.config = "driftfile drift\nserver @ iburst\n" LOCAL
	};
	struct way way = way_wan();

	(void)state;
	way.loss = 0;
	stage_network(w, &way);
	world_add_servers(w, 1);
	isolate(w, 1);
	struct node *n = stage_daemon(w, &kind, &orders);

	world_run(w, 60);
	assert_true(daemon_synchronised(n));
	assert_true(fabs(node_error_s(n)) > off_s / 2);
	daemon_terminate(n);
	assert_true(n->daemon->state_len > 0);
	vnet_isolate(&w->net, 0, false);
	daemon_restart(n);
	world_run(w, 10);
	assert_true(daemon_synchronised(n));
	assert_true(fabs(node_error_s(n)) < 0.1);
	world_end(w);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_LEN(rows) + 1];
	static struct row copies[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		copies[i] = rows[i];
		tests[i] = (struct CMUnitTest){ .name = rows[i].words,
						.test_func = holds,
						.initial_state = &copies[i] };
	}
	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(
		a_life_with_local_alone_knows_no_time);
	return _cmocka_run_group_tests("restart", tests, ARRAY_LEN(tests), NULL,
				       NULL);
}
