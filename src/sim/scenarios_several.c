/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios about several sources; scenarios.def says what each is. */
#include <math.h>

#include "core/serve/refid.h"
#include "sim/scenario.h"

#define CORES 3
#define CORE_TOS "tos orphan 5 orphanwait 120\n"

static void over_a_lan(struct world *w)
{
	const struct way way = way_lan();

	stage_network(w, &way);
}

/* Hosts 1 to 3: they ask the world, host 0, and each other. */
static void stage_cores(struct world *w, struct node *cores[CORES])
{
	static const char *const lines[CORES] = {
		"server 10.0.2.1 iburst\nserver 10.0.3.1 iburst\n",
		"server 10.0.1.1 iburst\nserver 10.0.3.1 iburst\n",
		"server 10.0.1.1 iburst\nserver 10.0.2.1 iburst\n",
	};

	for (unsigned i = 0; i < CORES; i++) {
		char config[256];
		struct text t = text_over(config, sizeof(config));

		text_str(&t, "server 10.0.0.1 iburst maxpoll 6\n" CORE_TOS);
		text_str(&t, lines[i]);
		cores[i] = stage_client(w, config);
	}
}

static bool follows(const struct node *n, unsigned stratum, uint32_t refid)
{
	return daemon_synchronised(n) && n->daemon->view.stratum == stratum &&
	       n->daemon->view.refid == refid;
}

static double apart_s(struct node *a, struct node *b)
{
	return fabs(node_error_s(a) - node_error_s(b));
}

static void expect_a_family(struct world *w, struct node *cores[CORES],
			    struct node *client)
{
	uint32_t parent = refid_of_address(&cores[0]->addr);

	oracle_expect(w, follows(cores[0], 5, REFID_LOOPBACK),
		      "the one with the lowest address is the orphan parent");
	oracle_expect(w, follows(cores[1], 6, parent), "the next follows it");
	oracle_expect(w, follows(cores[2], 6, parent), "and the third");
	oracle_expect(w, follows(client, 6, parent), "and who asks all three");
	for (unsigned i = 1; i < CORES; i++) {
		oracle_expect(w, apart_s(cores[0], cores[i]) < 1e-3,
			      "they keep together");
	}
	oracle_expect(w, apart_s(cores[0], client) < 1e-3,
		      "and so does the client");
}

static void tell_of_orphans(struct world *w, const char *tos)
{
	struct node *cores[CORES];
	char config[256];
	struct text t = text_over(config, sizeof(config));

	over_a_lan(w);
	world_add_servers(w, 1);
	stage_cores(w, cores);
	text_str(&t, tos);
	text_str(&t, "server 10.0.1.1 iburst\nserver 10.0.2.1 iburst\n"
		     "server 10.0.3.1 iburst\n");
	struct node *client = stage_client(w, config);

	world_run(w, 3 * 3600);
	oracle_expect(w,
		      cores[0]->daemon->view.stratum == 2 &&
			      cores[1]->daemon->view.stratum == 2,
		      "there is a real source, so nobody is an orphan");
	/* What orphans say of themselves holds here, not out there. */
	oracle_excuse(client, ORACLE_BOUND);
	for (unsigned i = 0; i < CORES; i++) {
		oracle_excuse(cores[i], ORACLE_BOUND);
	}
	w->nodes[0]->upstream.manner.silent = true;
	world_run(w, 6 * 3600);
	expect_a_family(w, cores, client);
	world_run(w, 24 * 3600);
	expect_a_family(w, cores, client);
	w->nodes[0]->upstream.manner.silent = false;
	world_run(w, 3600);
	for (unsigned i = 0; i < CORES; i++) {
		oracle_expect(w, cores[i]->daemon->view.stratum == 2,
			      "the real source is back, and followed");
		oracle_expect(w, fabs(node_error_s(cores[i])) < 2e-3,
			      "to the true time");
	}
	oracle_expect(w, client->daemon->view.stratum == 3,
		      "the client comes along");
}

void tell_orphans(struct world *w)
{
	tell_of_orphans(w, CORE_TOS);
}

void tell_orphans_known(struct world *w)
{
	tell_of_orphans(w, "");
}

void tell_four_equal(struct world *w)
{
	const struct way way = way_wan();

	stage_network(w, &way);
	world_add_servers(w, 4);
	struct node *n = stage_client(w, "server @ iburst\n");
	stage_settle(w, n, 3600, 2e-3);
	uint64_t before = n->daemon->notes[NOTE_SYS_PEER];
	world_run(w, 24 * 3600);
	oracle_expect(w, n->daemon->notes[NOTE_SYS_PEER] <= before + 2,
		      "the system peer changes twice a day at most");
}
