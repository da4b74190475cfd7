/* SPDX-License-Identifier: BSD-2-Clause */
/* A network that is not there yet, comes in steps, or comes and goes. */
#include "tiny.h"

static struct tiny world;

static struct tiny *fresh(void)
{
	tiny_config(&world);
	return &world;
}

static void a_name_is_tried_again_until_there_is_a_network(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->sources[0].addr = (netaddr){ 0 };
	t->sources[0].host = "ntp.example";
	tiny_start(t);
	tiny_run(t, 100);
	assert_true(t->resolves >= 5 && t->resolves <= 8);
	assert_true(t->notes[NOTE_RESOLVE_FAILED] >= 2);
	t->names[0] = t->servers[0].addr;
	t->name_count = 1;
	tiny_handle(t, &(struct event){ .kind = EVENT_NETWORK });
	tiny_run(t, 110);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->notes[NOTE_RESOLVED], 1);
	tiny_end(t);
}

/* Who reads the log is not sent to the DNS where the DNS is right. */
static void a_name_of_no_use_is_told_why(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	tiny_server(t, true);
	t->sources[1].addr = (netaddr){ 0 };
	t->sources[1].host = "also.example";
	t->names[0] = t->servers[0].addr;
	t->name_count = 1;
	tiny_start(t);
	tiny_run(t, 30);
	assert_true(t->notes[NOTE_RESOLVE_DOUBLED] >= 1);
	t->names[0] = netaddr_v4(0xe0000101, NTP_PORT); /* a group */
	tiny_run(t, 3000);
	assert_true(t->notes[NOTE_RESOLVE_UNFIT] >= 1);
	assert_int_equal(t->notes[NOTE_RESOLVE_FAILED], 0);
	t->names[0] = t->servers[1].addr;
	tiny_run(t, 6000);
	assert_int_equal(t->notes[NOTE_RESOLVED], 1);
	tiny_end(t);
}

/* A link, an address, a route, who knows names: only then it is there. */
static void a_network_that_comes_in_steps_is_found(void **state)
{
	(void)state;
	const struct event news = { .kind = EVENT_NETWORK };
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->sources[0].addr = (netaddr){ 0 };
	t->sources[0].host = "ntp.example";
	tiny_start(t);
	tiny_run(t, 300); /* now it is tried each 64 s */
	for (unsigned i = 0; i < 4; i++) {
		struct event ev = news;

		tiny_handle(t, &ev);
		tiny_run(t, t->now_s + 1);
	}
	t->names[0] = t->servers[0].addr;
	t->name_count = 1;
	tiny_handle(t, &(struct event){ .kind = EVENT_NETWORK });
	tiny_run(t, t->now_s + 0.3);
	assert_int_equal(t->notes[NOTE_RESOLVED], 1);
	assert_int_equal(t->servers[0].asked, 1);
	tiny_run(t, t->now_s + 8);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

/* A link that comes and goes all the time is no reason to ask all the time. */
static void a_restless_network_makes_no_flood(void **state)
{
	(void)state;
	const double hour = 3600;
	struct tiny *t = fresh();

	tiny_server(t, true)->manner = TINY_SILENT;
	tiny_server(t, true);
	t->sources[1].addr = (netaddr){ 0 };
	t->sources[1].host = "ntp.example";
	tiny_start(t);
	while (t->now_s < hour) {
		struct event ev = { .kind = EVENT_NETWORK };

		tiny_handle(t, &ev);
		tiny_run(t, t->now_s + 0.2);
	}
	/* Each new start: a question for the name, and those soon after it;
	 * four packets to who is silent, and the next one 8 s later. */
	assert_in_range(t->resolves, hour / 30, 5 * (hour / 30 + 8));
	assert_in_range(t->servers[0].asked, hour / 30, 5 * (hour / 30 + 8));
	assert_true(t->servers[0].least_gap_s >= 2);
	/* What was put off is done when its time has come. */
	t->resolves = 0;
	tiny_run(t, hour + 31);
	assert_in_range(t->resolves, 1, 10);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_name_is_tried_again_until_there_is_a_network),
		cmocka_unit_test(a_name_of_no_use_is_told_why),
		cmocka_unit_test(a_network_that_comes_in_steps_is_found),
		cmocka_unit_test(a_restless_network_makes_no_flood),
	};

	return cmocka_run_group_tests_name("engine_network", tests, check_seed,
					   NULL);
}
