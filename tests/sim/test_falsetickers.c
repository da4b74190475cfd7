/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole daemons among liars, who are in the minority: the clock never leaves
 * what the honest allow. CHECK_SEED=n begins with another seed.
 */
#include <math.h>

#include "check.h"
#include "sim/dice.h"
#include "sim/report.h"
#include "sim/scenario.h"

#define WORLDS 60
#define SERVERS_LEAST 3
#define SERVERS_MOST 9
#define CLOCK_S 0.05 /* what the host is off by at the start */
#define STEPS 12
#define STEP_S 1800
#define NOISE_S 5e-3 /* an honest interval, beyond half its way there */

struct trial {
	struct world *w;
	struct node *client; /* NULL: not started yet */
	unsigned servers, liars;
	double widest_s; /* half an honest interval */
};

/* Each its own distance; there and back alike, as far as is known. */
static void lay_ways(struct trial *t)
{
	struct way way = way_wan();

	stage_network(t->w, &way);
	for (unsigned i = 0; i < t->servers; i++) {
		way.base_s =
			exp(dice_between(&t->w->rng, log(1e-3), log(0.05)));
		vnet_link(&t->w->net, i, t->servers, &way);
		if (i >= t->liars) {
			t->widest_s = fmax(t->widest_s, way.base_s + NOISE_S);
		}
	}
}

static void lie(struct trial *t, struct manner *m, double together_s)
{
	struct rng *r = &t->w->rng;
	double side = dice_chance(r, 0.5) ? 1 : -1;

	*m = (struct manner){ .since = t->w->now };
	switch (rng_below(r, 6)) {
	case 0:
		m->lie_s = together_s;
		break;
	case 1:
		m->ramp = side * exp(dice_between(r, log(1e-7), log(1e-3)));
		break;
	case 2:
		m->random_s = exp(dice_between(r, log(1e-3), log(1e3)));
		break;
	case 3: /* just outside */
		m->lie_s = side * t->widest_s * dice_between(r, 1, 4);
		break;
	case 4:
		m->lie_s = side * exp(dice_between(r, log(10), log(1e8)));
		break;
	default: /* so vague that it fits anything */
		m->lie_s = together_s;
		m->root_disp_s = dice_between(r, 0, 1.4);
		break;
	}
}

static void all_lie(struct trial *t)
{
	double size_s = exp(dice_between(&t->w->rng, log(1e-3), log(100)));
	double together_s = dice_chance(&t->w->rng, 0.5) ? size_s : -size_s;

	for (unsigned i = 0; i < t->liars; i++) {
		lie(t, &t->w->nodes[i]->upstream.manner, together_s);
		if (t->client) { /* it has not heard this one yet */
			t->client->watch.peers[i].lies = 0;
		}
	}
}

/* The most that the clock was off since it had settled. */
static double live(struct trial *t)
{
	double worst_s = 0;

	lay_ways(t);
	world_add_servers(t->w, t->servers);
	if (dice_chance(&t->w->rng, 0.5)) {
		all_lie(t); /* from the first answer on */
	}
	struct node *n = stage_client(t->w, "server @ iburst maxpoll 6\n");

	t->client = n;
	for (unsigned step = 0; step < STEPS; step++) {
		world_run(t->w, STEP_S);
		if (step > 0) {
			worst_s = fmax(worst_s, fabs(node_error_s(n)));
		}
		if (step % 3 == 2) {
			all_lie(t); /* other lies, by the same */
		}
		if (step == 0) {
			/* A point that most share is in an honest interval. */
			oracle_limit(n, 2 * t->widest_s);
		}
	}
	return worst_s;
}

static void the_clock_stays_with_the_honest(void **state)
{
	(void)state;
	unsigned broken = 0, lied = 0;
	double worst = 0;

	FORALL(WORLDS) {
		uint64_t seed = check_rng();
		struct trial t = { .w = world_new(seed) };

		t.servers =
			SERVERS_LEAST +
			(unsigned)rng_below(&t.w->rng,
					    SERVERS_MOST - SERVERS_LEAST + 1);
		t.liars = (unsigned)rng_below(&t.w->rng, (t.servers + 1) / 2);
		lied += t.liars > 0;
		worst = fmax(worst, live(&t) / t.widest_s);
		if (t.w->oracle.any) {
			broken++;
			print_error("world %" PRIu64 ": %u servers, %u lie\n",
				    seed, t.servers, t.liars);
			world_report(t.w, stderr);
			world_verdict(t.w, stderr);
		}
		world_end(t.w);
	}
	print_message("# %u of %u worlds with liars, worst error %.2f of half "
		      "an honest interval\n",
		      lied, WORLDS, worst);
	assert_int_equal(broken, 0);
	assert_true(lied > WORLDS / 3);
}

/* The same worlds every day, until somebody asks for others. */
static int usual_seed(void **state)
{
	const char *seed = getenv("CHECK_SEED");

	(void)state;
	check_state = seed ? strtoull(seed, NULL, 0) : 1;
	print_message("# CHECK_SEED=%" PRIu64 "\n", check_state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_stays_with_the_honest),
	};

	return cmocka_run_group_tests(tests, usual_seed, NULL);
}
