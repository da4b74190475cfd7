/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios with a reference clock; scenarios.def says what each is. */
#include <math.h>

#include "core/serve/refid.h"
#include "sim/scenario.h"

#define SHM "server 127.127.28.0 minpoll 4\n"
#define NOISE_S 1e-6

/* A host with a pulse per second, read to the nanosecond. */
static struct node *host_with_pulse(struct world *w, const char *config)
{
	struct oscillator kind = oscillator_quartz(0.05, 20e-6, 1e-9);
	struct operator_orders orders = { .config = config };

	kind.quantum = span_from_ns(1);
	struct node *n = stage_daemon(w, &kind, &orders);

	receiver_fit(n, NOISE_S);
	return n;
}

static bool follows_pulse(const struct node *n)
{
	return daemon_synchronised(n) && n->daemon->view.stratum == 1 &&
	       n->daemon->view.refid == refid_of_text("SHM");
}

void tell_shm_pps(struct world *w)
{
	struct node *n = host_with_pulse(w, SHM);

	world_run(w, 600);
	world_settle(w);
	oracle_expect(w, follows_pulse(n), "stratum 1, of the clock");
	oracle_limit(n, 5e-6);
	world_run(w, 12 * 3600);
	oracle_expect(w, meter_rms_s(&n->meter) < NOISE_S, "RMS below 1 us");
	oracle_expect(w, n->daemon->drift_known, "a drift file is written");
}

void tell_shm_dies(struct world *w)
{
	struct way way = way_wan();

	stage_network(w, &way);
	world_add_servers(w, 3);
	struct node *n = host_with_pulse(w, SHM "server @ iburst\n");

	stage_settle(w, n, 1800, 50e-6);
	oracle_expect(w, follows_pulse(n), "the pulse leads");
	n->receiver.silent = true;
	oracle_limit(n, 5e-3);
	world_run(w, 1800);
	oracle_expect(w, n->daemon->view.stratum == 2, "the servers lead");
	world_run(w, 2 * 3600);
	n->receiver.silent = false;
	world_run(w, 600);
	oracle_expect(w, follows_pulse(n), "the pulse leads again");
	oracle_limit(n, 50e-6);
	world_run(w, 1800);
}

void tell_shm_liar(struct world *w)
{
	struct way way = way_lan();

	stage_network(w, &way);
	world_add_servers(w, 3);
	struct node *n = host_with_pulse(w, SHM "server @ iburst\n");

	n->receiver.offset_s = 0.1;
	stage_settle(w, n, 1800, 1e-3);
	oracle_expect(w, n->daemon->view.stratum == 2, "nobody believes it");
	world_run(w, 2 * 3600);
	oracle_expect(w, n->daemon->steps == 0, "and never by 100 ms");
}
