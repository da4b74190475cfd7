/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios about packets that leave later than they say, and of the mode that
 * tells so afterwards; scenarios.def says what each is.
 */
#include <math.h>

#include "sim/scenario.h"

#define HOUR_S 3600
#define HALF_HOUR_S 1800
#define OFTEN " minpoll 4 maxpoll 4\n"
#define LATE_S 400e-6 /* on average: never at once, seldom twice that */
#define LIMIT_S 1e-3  /* of a client that is told the truth late, or never */
#define GAIN 4.0      /* the error in the basic mode, over the other's */

static const struct jitter lateness = { LAW_GAMMA, LATE_S, 4 };

/* Asks the one server, which is node 0, in the mode that it says. */
static struct node *add_client(struct world *w, const char *config)
{
	struct oscillator kind = oscillator_quartz(0.02, 15e-6, 1e-10);
	struct operator_orders orders = { .config = config };

	kind.stamp_noise_s = 0;
	return stage_daemon(w, &kind, &orders);
}

struct clients {
	struct node *basic, *told;
};

static struct clients stage_late_server(struct world *w, const struct way *way)
{
	struct clients c;

	stage_network(w, way);
	world_add_servers(w, 1);
	w->nodes[0]->late = lateness;
	w->nodes[0]->upstream.manner.follows = true;
	c.basic = add_client(w, "server 10.0.0.1 iburst" OFTEN);
	c.told = add_client(w, "server 10.0.0.1 iburst xleave" OFTEN);
	return c;
}

static void settle(struct world *w, const struct clients *c)
{
	stage_settle(w, c->told, 2 * HOUR_S, LIMIT_S);
	oracle_expect(w, daemon_synchronised(c->basic), "so is the other");
	oracle_limit(c->basic, LIMIT_S);
}

/* How many times better it is to be told. */
static double gain(const struct node *basic, const struct node *told)
{
	return meter_rms_s(&basic->meter) / meter_rms_s(&told->meter);
}

static void expect_gain(struct world *w, const struct node *basic,
			const struct node *told, double least)
{
	double times = gain(basic, told);

	if (w->trace) {
		(void)fprintf(w->trace,
			      "basic %.1f us, interleaved %.1f us: %.1f to 1\n",
			      1e6 * meter_rms_s(&basic->meter),
			      1e6 * meter_rms_s(&told->meter), times);
	}
	oracle_expect(w, times >= least, "it is better to be told");
	oracle_expect(w,
		      meter_coverage(&basic->meter) >= 1 &&
			      meter_coverage(&told->meter) >= 1,
		      "both bounds hold");
}

static uint64_t told(const struct world *w)
{
	return w->nodes[0]->upstream.interleaved;
}

void tell_xleave_late(struct world *w)
{
	struct way way = way_lan();
	struct clients c = stage_late_server(w, &way);

	settle(w, &c);
	world_run(w, 6 * HOUR_S);
	expect_gain(w, c.basic, c.told, GAIN);
	oracle_expect(w, told(w) > 1000, "nearly all answers were interleaved");
}

void tell_xleave_restart(struct world *w)
{
	struct way way = way_lan();
	struct clients c = stage_late_server(w, &way);

	settle(w, &c);
	for (unsigned i = 0; i < 12; i++) {
		world_run(w, HALF_HOUR_S);
		upstream_forget(&w->nodes[0]->upstream);
	}
	expect_gain(w, c.basic, c.told, GAIN);
}

void tell_xleave_loss(struct world *w)
{
	struct way way = way_lan();

	way.loss = 0.3;
	struct clients c = stage_late_server(w, &way);

	settle(w, &c);
	world_run(w, 6 * HOUR_S);
	expect_gain(w, c.basic, c.told, 1);
	oracle_expect(w, told(w) > 100, "it went on");
}

void tell_xleave_disorder(struct world *w)
{
	struct way way = way_lan();

	way.duplicate = 0.3;
	way.reorder = 0.3;
	way.held_s = 2e-3;
	struct clients c = stage_late_server(w, &way);

	w->nodes[0]->upstream.manner.replays = true;
	settle(w, &c);
	world_run(w, 6 * HOUR_S);
	expect_gain(w, c.basic, c.told, 1);
	oracle_expect(w, told(w) > 100, "it went on");
}

void tell_xleave_stops(struct world *w)
{
	struct way way = way_lan();
	struct clients c = stage_late_server(w, &way);
	struct manner *manner = &w->nodes[0]->upstream.manner;

	settle(w, &c);
	manner->follows = false;
	uint64_t before = told(w);

	world_run(w, 3 * HOUR_S);
	oracle_expect(w, told(w) == before, "it does not follow");
	oracle_expect(w, fabs(node_error_s(c.told)) < LATE_S,
		      "and is measured as by the other");
	manner->follows = true;
	upstream_forget(&w->nodes[0]->upstream);
	world_run(w, HOUR_S);
	world_settle(w);
	world_run(w, 6 * HOUR_S);
	/* It has learnt a longer way back meanwhile, and unlearns it slowly. */
	expect_gain(w, c.basic, c.told, 1);
}

/* --- peers --- */

#define KEYS "7 SHA1 a_secret_of_two\n"

/* A host at a server, and its peer that has nobody else. */
struct pair {
	struct node *leads, *follows;
};

static struct node *add_peer(struct world *w, const char *config)
{
	struct oscillator kind = oscillator_quartz(0.02, 15e-6, 1e-10);
	struct operator_orders orders = { .config = config, .keys = KEYS };

	kind.stamp_noise_s = 0;
	struct node *n = stage_daemon(w, &kind, &orders);

	n->late = lateness;
	return n;
}

static const char *const leading[] = {
	"trustedkey 7\nserver 10.0.0.1 iburst" OFTEN
	"peer 10.0.2.1 key 7" OFTEN,
	"trustedkey 7\nserver 10.0.0.1 iburst" OFTEN
	"peer 10.0.4.1 key 7 xleave" OFTEN,
};
static const char *const following[] = {
	"trustedkey 7\npeer 10.0.1.1 key 7" OFTEN,
	"trustedkey 7\npeer 10.0.3.1 key 7 xleave" OFTEN,
};

/* Nodes 1 and 2 are in the basic mode, 3 and 4 interleaved; 0 is their server.
 */
static void stage_peers(struct world *w, const struct way *way,
			struct pair *basic, struct pair *told)
{
	struct way quiet = way_lan();

	stage_network(w, way);
	world_add_servers(w, 1);
	for (unsigned i = 1; i <= 4; i++) {
		vnet_link(&w->net, 0, i, &quiet);
	}
	basic->leads = add_peer(w, leading[0]);
	basic->follows = add_peer(w, following[0]);
	told->leads = add_peer(w, leading[1]);
	told->follows = add_peer(w, following[1]);
	stage_settle(w, basic->follows, 2 * HOUR_S, LIMIT_S);
	stage_settle(w, told->follows, 0, LIMIT_S);
}

void tell_peers_xleave(struct world *w)
{
	struct way way = way_lan();
	struct pair basic, told;

	stage_peers(w, &way, &basic, &told);
	world_run(w, 6 * HOUR_S);
	expect_gain(w, basic.follows, told.follows, GAIN);
}

void tell_peers_xleave_loss(struct world *w)
{
	struct way way = way_lan();
	struct pair basic, told;

	way.loss = 0.3;
	way.duplicate = 0.1;
	way.reorder = 0.2;
	way.held_s = 2e-3;
	stage_peers(w, &way, &basic, &told);
	world_run(w, 6 * HOUR_S);
	expect_gain(w, basic.follows, told.follows, 2);
}

/* Who is never told must not be worse off for the other's trying. */
void tell_peers_xleave_half(struct world *w)
{
	struct way way = way_lan();
	struct node *n;
	struct pair half;

	stage_network(w, &way);
	world_add_servers(w, 1);
	n = add_peer(w, leading[0]);
	(void)add_peer(w, following[0]);
	half.leads = add_peer(w, "trustedkey 7\nserver 10.0.0.1 iburst" OFTEN
				 "peer 10.0.4.1 key 7" OFTEN);
	half.follows = add_peer(w, following[1]);
	stage_settle(w, half.follows, 2 * HOUR_S, LIMIT_S);
	world_run(w, 6 * HOUR_S);
	oracle_expect(w, gain(n->world->nodes[2], half.follows) > 0.5,
		      "as good as with nobody who tries");
	oracle_expect(w, half.follows->daemon->notes[NOTE_UNREACHABLE] == 0,
		      "and always reached");
}

void tell_peers_xleave_restart(struct world *w)
{
	struct way way = way_lan();
	struct pair basic, told;

	stage_peers(w, &way, &basic, &told);
	for (unsigned i = 0; i < 6; i++) {
		oracle_may_burst(told.leads);
		daemon_terminate(told.leads);
		world_run(w, 30);
		daemon_restart(told.leads);
		world_run(w, HALF_HOUR_S);
		oracle_expect(w, fabs(node_error_s(told.follows)) < LATE_S,
			      "no stamp of another life was believed");
	}
	oracle_limit(told.follows, 0);
	node_set_clock(told.follows, 0.05);
	world_run(w, HOUR_S);
	oracle_limit(told.follows, LIMIT_S);
	world_settle(w);
	world_run(w, 3 * HOUR_S);
	expect_gain(w, basic.follows, told.follows, 1);
}

void tell_peers_xleave_attacked(struct world *w)
{
	struct way way = way_lan();
	struct pair basic, told;
	const netaddr *here, *there;

	w->spoof.lie_s = 10;
	stage_peers(w, &way, &basic, &told);
	w->spoof.listens = true;
	daemon_stop(basic.leads);
	daemon_stop(basic.follows);
	here = &told.leads->addr;
	there = &told.follows->addr;
	for (unsigned i = 0; i < HOUR_S; i++) {
		world_run(w, 1);
		spoof_peer(w, here, there);
		spoof_peer(w, there, here);
	}
	oracle_expect(w, w->spoof.forged > HOUR_S, "there was an attack");
	oracle_expect(w, meter_rms_s(&told.follows->meter) < LATE_S / GAIN,
		      "and it was told, as ever, when packets left");
	oracle_expect(w,
		      told.leads->daemon->notes[NOTE_UNREACHABLE] == 0 &&
			      told.follows->daemon->notes[NOTE_UNREACHABLE] ==
				      0,
		      "they never lost each other");
}
