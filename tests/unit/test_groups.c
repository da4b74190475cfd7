/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of broadcast and manycast, and what is wrong with some. */
#include "configs.h"

static void groups_are_read_in_their_order(void **state)
{
	(void)state;
	reads_as("manycastserver 224.0.1.1 ff05::101\nmulticastclient\n"
		 "multicastclient ff02::101\n",
		 "manycastserver 224.0.1.1\nmanycastserver ff05::101\n"
		 "multicastclient 224.0.1.1\nmulticastclient ff02::101\n");
}

static void a_group_is_of_the_ntp_port(void **state)
{
	struct reading *r =
		reading_of_text("multicastclient\nmanycastserver ff05::101\n");
	const struct group_config *g = r->config.groups;

	(void)state;
	assert_non_null(g);
	assert_false(g->finds);
	assert_int_equal(netaddr_v4_bits(&g->addr), 0xe0000101);
	assert_int_equal(g->addr.port, 123);
	assert_non_null(g->next);
	assert_true(g->next->finds);
	assert_int_equal(g->next->addr.port, 123);
	assert_null(g->next->next);
	assert_false(r->config.broadcast_client);
	reading_end(r);
}

static void what_is_no_group_is_said(void **state)
{
	(void)state;
	complains("manycastserver\n",
		  "t.conf:1:14: 'manycastserver' needs a group's address "
		  "behind it",
		  "");
	complains("multicastclient 10.0.0.1\n",
		  "t.conf:1:16: '10.0.0.1' is no multicast group's address",
		  "");
	complains("manycastserver ntp.example\n",
		  "t.conf:1:15: 'ntp.example' is no multicast group's address",
		  "");
	/* Those before it hold. */
	complains("multicastclient 224.0.1.1 x 224.0.1.2\n",
		  "t.conf:1:26: 'x' is no multicast group's address",
		  "multicastclient 224.0.1.1\n");
}

static void the_delay_is_between_0_and_a_second(void **state)
{
	(void)state;
	reads_as("broadcastdelay 0.02\n", "broadcastdelay 0.02\n");
	complains("broadcastdelay -1\n",
		  "t.conf:1:15: 'broadcastdelay' is out of its range [0..1]: "
		  "'-1' was changed to the nearest value",
		  "broadcastdelay 0\n");
	complains("broadcastdelay near\n",
		  "t.conf:1:15: 'broadcastdelay' needs a number, not 'near'",
		  "");
}

/* A line that is broken changes nothing, not even in part. */
static void times_to_live_are_at_most_eight(void **state)
{
	(void)state;
	reads_as("ttl 1 32 64 96 128 160 192 255\n",
		 "ttl 1 32 64 96 128 160 192 255\n");
	reads_as("ttl 1 2\nttl 9\n", "ttl 9\n");
	reads_as("ttl 1 2\nttl\n", "");
	complains("ttl 31 63\nttl 1 2 256\n",
		  "t.conf:2:8: 'ttl' takes up to eight numbers up to 255",
		  "ttl 31 63\n");
	complains("ttl 1 2 3 4 5 6 7 8 9\n",
		  "t.conf:1:20: 'ttl' takes up to eight numbers up to 255", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_read_in_their_order),
		cmocka_unit_test(a_group_is_of_the_ntp_port),
		cmocka_unit_test(what_is_no_group_is_said),
		cmocka_unit_test(the_delay_is_between_0_and_a_second),
		cmocka_unit_test(times_to_live_are_at_most_eight),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
