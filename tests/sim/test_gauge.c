/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark's figures are made of: see sim/gauge.h. */
#include "check.h"
#include "sim/scenario.h"

#include <math.h>

static struct world *world;
static struct node *client;

/* A client that has long been synchronised, in a quiet world. */
static int settle(void **state)
{
	(void)state;
	world = world_new(check_rng());
	world->look_s = 1;
	world_add_servers(world, 3);
	client = stage_client(world, "server @ iburst\n");
	world_run(world, 3600);
	world_settle(world);
	return world->oracle.any;
}

static int end(void **state)
{
	(void)state;
	world_end(world);
	return 0;
}

/* Looks at a clock that is this far off, once a second. */
static void look(double error_s, unsigned seconds)
{
	while (seconds-- > 0) {
		world->now = moment_add(world->now, SPAN_S(1));
		gauge_look(client, error_s);
	}
}

static const struct gauge_start *last_start(void)
{
	return &client->gauge.starts[client->gauge.start_count - 1];
}

static void
a_start_ends_when_the_clock_has_been_right_for_a_minute(void **state)
{
	(void)state;
	gauge_start(client);
	look(0.01, 10);
	look(1e-5, 59); /* not yet a minute ... */
	look(2e-3, 1);  /* ... and out again */
	assert_true(isinf(last_start()->took_s[GAUGE_MS]));
	look(5e-4, 100);
	assert_true(last_start()->took_s[GAUGE_MS] == 71);
	assert_true(isinf(last_start()->took_s[GAUGE_100US]));
	look(5e-5, 100);
	assert_true(last_start()->took_s[GAUGE_100US] == 171);
	look(1, 100); /* it has arrived, whatever comes then */
	assert_true(last_start()->took_s[GAUGE_MS] == 71);
}

static void a_clock_that_claims_nothing_has_not_arrived(void **state)
{
	(void)state;
	gauge_start(client);
	client->daemon->view.leap = LEAP_UNSYNC;
	look(0, 100);
	assert_true(isinf(last_start()->took_s[GAUGE_MS]));
}

static void every_start_has_its_own_time(void **state)
{
	(void)state;
	unsigned before = client->gauge.start_count;

	daemon_stop(client);
	daemon_restart(client);
	assert_int_equal(client->gauge.start_count, before + 1);
	world_run(world, 600);
	assert_true(last_start()->took_s[GAUGE_MS] < 600);
	gauge_forget(client);
	assert_int_equal(client->gauge.start_count, 1);
}

static void claims_are_held_against_the_truth(void **state)
{
	(void)state;
	struct gauge before = client->gauge;
	struct claim c = daemon_claim(client);
	double bound_s = daemon_bound_s(client);

	assert_true(before.looks > 3500 && before.claims == before.looks);
	assert_true(c.earliest_s < 0 && c.latest_s > 0);
	assert_true(c.latest_s < bound_s && -c.earliest_s < bound_s);
	gauge_look(client, -0.99 * c.latest_s); /* the truth is later */
	gauge_look(client, -1.01 * c.latest_s);
	gauge_look(client, -0.99 * c.earliest_s);
	gauge_look(client, -1.01 * c.earliest_s);
	gauge_look(client, 1.01 * bound_s);
	assert_int_equal(client->gauge.claims, before.claims + 5);
	assert_int_equal(client->gauge.in_bound, before.in_bound + 2);
	assert_int_equal(client->gauge.in_distance, before.in_distance + 4);
}

static void who_claims_nothing_is_not_wrong(void **state)
{
	(void)state;
	struct gauge before = client->gauge;

	client->daemon->view.leap = LEAP_UNSYNC;
	gauge_look(client, 1);
	assert_int_equal(client->gauge.looks, before.looks + 1);
	assert_int_equal(client->gauge.claims, before.claims);
	/* Nor who cannot know yet. */
	client->watch.disturbed = true;
	gauge_look(client, 1);
	assert_int_equal(client->gauge.looks, before.looks + 1);
}

static void requests_are_counted_from_when_the_world_had_settled(void **state)
{
	(void)state;
	uint64_t sent = client->daemon->sent;

	assert_true(gauge_packets_per_hour(client) == 0);
	world_run(world, 7200);
	double expected = (double)(client->daemon->sent - sent) / 2;

	assert_true(expected > 0);
	assert_true(fabs(gauge_packets_per_hour(client) - expected) < 1e-9);
}

static void meters_add_up(void **state)
{
	(void)state;
	struct meter a = { 0 }, b = { 0 }, both = { 0 };

	FORALL(1000) {
		double error_s = (double)(check_rng() % 1000000) * 1e-9;

		meter_add(case_ % 3 ? &a : &b, error_s, case_ % 2 == 0);
		meter_add(&both, error_s, case_ % 2 == 0);
	}
	meter_merge(&a, &b);
	assert_true(fabs(meter_rms_s(&a) / meter_rms_s(&both) - 1) < 1e-12);
	assert_true(a.count == both.count && a.covered == both.covered);
	assert_true(a.max_s == both.max_s);
	assert_memory_equal(a.bins, both.bins, sizeof(a.bins));
}

#define GAUGE_TEST(f) cmocka_unit_test_setup_teardown(f, settle, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GAUGE_TEST(
			a_start_ends_when_the_clock_has_been_right_for_a_minute),
		GAUGE_TEST(a_clock_that_claims_nothing_has_not_arrived),
		GAUGE_TEST(every_start_has_its_own_time),
		GAUGE_TEST(claims_are_held_against_the_truth),
		GAUGE_TEST(who_claims_nothing_is_not_wrong),
		GAUGE_TEST(
			requests_are_counted_from_when_the_world_had_settled),
		cmocka_unit_test(meters_add_up),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
