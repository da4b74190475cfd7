/* SPDX-License-Identifier: BSD-2-Clause */
/* Every oracle speaks when what it watches for happens, and names it. */
#include "check.h"
#include "sim/scenario.h"

static struct world *world;
static struct node *client;

/* A client that has long been synchronised, in a quiet world. */
static int settle(void **state)
{
	(void)state;
	world = world_new(check_rng());
	world_add_servers(world, 3);
	client = stage_client(world, "server @ iburst maxpoll 7\n");
	world_run(world, 3600);
	return world->oracle.any;
}

static int end(void **state)
{
	(void)state;
	world_end(world);
	return 0;
}

static void assert_broken(enum oracle_id id)
{
	if (!world->oracle.any || world->oracle.first != id) {
		fail_msg("broken: %s, wanted: %s",
			 world->oracle.any ? oracle_name(world->oracle.first)
					   : "none",
			 oracle_name(id));
	}
	assert_int_equal(world->oracle.node, client->index);
}

static void a_clock_that_jumps_unseen_breaks_the_bound(void **state)
{
	(void)state;
	/* Below what the engine takes for a stranger's doing. */
	vclock_advance(&client->clock, world->now);
	vclock_step(&client->clock, SPAN_MS(4));
	world_run(world, 64);
	assert_broken(ORACLE_BOUND);
}

static void an_answer_that_claims_too_much_is_noticed(void **state)
{
	(void)state;
	struct packet p = { .mode = MODE_SERVER, .stratum = 2 };
	struct datagram g = { .len = PACKET_LEN };
	struct writer w = writer_over(g.data, PACKET_LEN);

	p.transmit = tstamp_add(world_date(world, world->now), SPAN_MS(10));
	p.root_disp = SPAN_MS(9);
	packet_write(&p, &w);
	oracle_served(client, &g);
	assert_broken(ORACLE_SERVED);
}

static void time_that_is_served_backwards_is_noticed(void **state)
{
	(void)state;
	for (int ms = 0; ms >= -1; ms--) {
		struct packet p = { .mode = MODE_SERVER, .stratum = 2 };
		struct datagram g = { .len = PACKET_LEN };
		struct writer w = writer_over(g.data, PACKET_LEN);

		p.transmit =
			tstamp_add(world_date(world, world->now), SPAN_MS(ms));
		p.root_disp = SPAN_MS(100);
		packet_write(&p, &w);
		oracle_served(client, &g);
	}
	assert_broken(ORACLE_MONOTONIC);
}

static void a_clock_past_its_limit_is_noticed(void **state)
{
	(void)state;
	oracle_limit(client, 1e-9);
	world_run(world, 64);
	assert_broken(ORACLE_ARRIVES);
}

static void a_step_in_quiet_times_is_noticed(void **state)
{
	(void)state;
	oracle_step(client, SPAN_MS(200));
	assert_broken(ORACLE_STEP);
}

static void a_step_below_the_threshold_is_noticed(void **state)
{
	(void)state;
	node_set_clock(client, 0.1);
	oracle_step(client, SPAN_MS(-100));
	assert_broken(ORACLE_STEP);
}

static void a_step_past_the_panic_threshold_is_noticed(void **state)
{
	(void)state;
	node_set_clock(client, 2000);
	oracle_step(client, SPAN_S(-2000));
	assert_broken(ORACLE_STEP);
}

static void a_step_that_undoes_a_strangers_is_allowed(void **state)
{
	(void)state;
	node_set_clock(client, 2);
	oracle_step(client, SPAN_S(-2));
	assert_false(world->oracle.any);
}

/* A request as the client would send it to the first server. */
static void ask(double after_s)
{
	struct packet p = { .mode = MODE_CLIENT, .version = 4 };
	struct datagram g = { .len = PACKET_LEN };
	struct writer w = writer_over(g.data, PACKET_LEN);

	world->now = moment_add(world->now, span_from_seconds(after_s));
	p.transmit.v = 1;
	packet_write(&p, &w);
	g.to = world->nodes[0]->addr;
	oracle_request(client, &g);
}

static void answer(uint8_t stratum, uint32_t refid)
{
	struct packet p = { .mode = MODE_SERVER, .version = 4 };
	struct datagram g = { .len = PACKET_LEN };
	struct writer w = writer_over(g.data, PACKET_LEN);

	p.leap = stratum ? LEAP_NONE : LEAP_UNSYNC;
	p.stratum = stratum;
	p.refid = refid;
	p.origin.v = 1;
	packet_write(&p, &w);
	g.from = world->nodes[0]->addr;
	oracle_answer(client, &g);
}

static void two_requests_within_a_second_are_noticed(void **state)
{
	(void)state;
	ask(3600);
	ask(1);
	assert_broken(ORACLE_POLITE);
}

static void a_steady_rate_above_the_polls_is_noticed(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		ask(32); /* minpoll 6 is 64 s */
		answer(1, 0);
	}
	assert_broken(ORACLE_POLITE);
}

static void the_shortest_poll_is_allowed_for_ever(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		ask(64);
		answer(1, 0);
	}
	assert_false(world->oracle.any);
}

static void a_rate_kiss_that_is_ignored_is_noticed(void **state)
{
	(void)state;
	ask(3600);
	answer(0, UINT32_C(0x52415445));
	ask(64);
	assert_broken(ORACLE_KISS);
}

static void denials_that_are_ignored_are_noticed(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		ask(64);
		answer(0, UINT32_C(0x44454e59));
	}
	assert_broken(ORACLE_KISS);
}

static void following_a_liar_is_noticed(void **state)
{
	(void)state;
	struct node *peer = daemon_system_peer(client);

	assert_non_null(peer);
	peer->upstream.manner.lie_s = 10;
	oracle_daemon(client); /* it cannot know yet */
	assert_false(world->oracle.any);
	client->watch.peers[peer->index].lies = 8; /* heard, and believed */
	oracle_daemon(client);
	assert_broken(ORACLE_MAJORITY);
}

static void a_liar_among_liars_is_nobodys_fault(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		world->nodes[i]->upstream.manner.lie_s = 10;
		client->watch.peers[i].lies = 8;
	}
	oracle_daemon(client);
	assert_false(world->oracle.any);
}

static void an_outbox_too_small_is_noticed(void **state)
{
	(void)state;
	client->daemon->outbox->lost++;
	world_run(world, 64);
	assert_broken(ORACLE_CAPACITY);
}

static void a_clock_set_in_spite_of_no_clock_is_noticed(void **state)
{
	(void)state;
	client->daemon->config.orders.no_clock = true;
	oracle_control(client);
	assert_broken(ORACLE_CONTROL);
}

static void what_is_excused_breaks_nothing(void **state)
{
	(void)state;
	oracle_excuse(client, ORACLE_STEP);
	oracle_step(client, SPAN_MS(200));
	assert_false(world->oracle.any);
}

#define ORACLE_TEST(f) cmocka_unit_test_setup_teardown(f, settle, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ORACLE_TEST(a_clock_that_jumps_unseen_breaks_the_bound),
		ORACLE_TEST(an_answer_that_claims_too_much_is_noticed),
		ORACLE_TEST(time_that_is_served_backwards_is_noticed),
		ORACLE_TEST(a_clock_past_its_limit_is_noticed),
		ORACLE_TEST(a_step_in_quiet_times_is_noticed),
		ORACLE_TEST(a_step_below_the_threshold_is_noticed),
		ORACLE_TEST(a_step_past_the_panic_threshold_is_noticed),
		ORACLE_TEST(a_step_that_undoes_a_strangers_is_allowed),
		ORACLE_TEST(two_requests_within_a_second_are_noticed),
		ORACLE_TEST(a_steady_rate_above_the_polls_is_noticed),
		ORACLE_TEST(the_shortest_poll_is_allowed_for_ever),
		ORACLE_TEST(a_rate_kiss_that_is_ignored_is_noticed),
		ORACLE_TEST(denials_that_are_ignored_are_noticed),
		ORACLE_TEST(following_a_liar_is_noticed),
		ORACLE_TEST(a_liar_among_liars_is_nobodys_fault),
		ORACLE_TEST(an_outbox_too_small_is_noticed),
		ORACLE_TEST(a_clock_set_in_spite_of_no_clock_is_noticed),
		ORACLE_TEST(what_is_excused_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
