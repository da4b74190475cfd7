/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom the program in the kernel answers: who asked too often (F6, F7, F8), to
 * which nets and addresses, as these come and go; and by which line.
 */
#include "fastworld.h"

/* --- limits --- */

/* Of what the sockets lend it lends a quarter: of 16, four. */
static void who_asks_too_often_goes_up(void **state)
{
	static struct frame out;
	struct ratelimit_rules rules = { .cost = SPAN_S(3600), .depth = 16 };
	netaddr one = netaddr_v4(0x0a000101, 1000), two = one;
	netaddr three = world_six("2001:db8:7::1"),
		four = world_six("2001:db8:7::2");

	(void)state;
	two.ip[15] = 2;
	world_limit(NULL);
	assert_false(world_plain(&one, &out)); /* no buckets: all go up */
	rules.budget = 1000;
	world_limit(&rules);
	assert_false(world_plain(&one, &out)); /* nor with one for all */
	rules.budget = 0;
	world_limit(&rules);
	for (unsigned i = 0; i < 8; i++) {
		one.port++; /* all ports share it */
		assert_int_equal(world_plain(&one, &out), i < 4);
	}
	assert_true(world_plain(&two, &out));
	for (unsigned i = 0; i < 8; i++) { /* a /64 has one */
		assert_int_equal(world_plain(i % 2 ? &three : &four, &out),
				 i < 4);
	}
	assert_true(world_counters().verdicts[FAST_LIMITED] >= 8);
	world_unlimit();
}

/* There would be room for him: but the sockets are judging him. */
static void who_went_up_stays_there_until_he_owes_nothing(void **state)
{
	static struct frame out;
	const struct timespec all = { .tv_nsec = 300000000 };
	struct ratelimit_rules rules = { .cost = SPAN_S(3600), .depth = 16 };
	const netaddr one = netaddr_v4(0x0a000401, 1000);
	const netaddr two = netaddr_v4(0x0a000501, 1000);

	(void)state;
	world_limit(&rules);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(world_plain(&one, &out), i < 4);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_true(world_plain(&two, &out));
	}
	rules.depth = 64;
	world_limit(&rules);
	assert_false(world_plain(&one, &out));
	assert_true(world_plain(&two, &out));
	rules.depth = 16;
	rules.cost = SPAN_MS(50);
	world_limit(&rules); /* debts that nobody can have are forgiven */
	for (unsigned i = 0; i < 1000 && world_plain(&one, &out); i++) {
	}
	(void)nanosleep(&all, NULL);
	assert_true(world_plain(&one, &out));
	world_unlimit();
}

static unsigned passed(netaddr from, unsigned octet, unsigned hosts)
{
	static struct frame out;
	unsigned count = 0;

	for (unsigned i = 0; i < hosts; i++) {
		from.ip[octet] = (uint8_t)i;
		for (unsigned k = 0; k < 4; k++) {
			count += world_plain(&from, &out);
		}
	}
	return count;
}

/* As docs/limits.md has it: 64 hosts' share, 16 and 64. */
static void networks_have_buckets_too(void **state)
{
	const struct ratelimit_rules rules = { .cost = SPAN_S(3600),
					       .depth = 16 };

	(void)state;
	world_limit(&rules);
	assert_int_equal(passed(netaddr_v4(0x0a000600, 1000), 15, 100), 256);
	assert_int_equal(passed(netaddr_v4(0x0a000700, 1000), 15, 20), 80);
	assert_int_equal(passed(world_six("2001:db8:8:100::1"), 7, 100), 64);
	assert_int_equal(passed(world_six("2001:db8:8:200::1"), 7, 100), 64);
	/* Of the /48 half is left. */
	assert_int_equal(passed(world_six("2001:db8:8::1"), 6, 100), 128);
	world_unlimit();
}

/* The long run: no more than the rule says, however long it is. */
static void a_flood_gets_no_more_than_the_rule(void **state)
{
	static struct frame out;
	const struct ratelimit_rules rules = { .cost = SPAN_MS(1),
					       .depth = 64 };
	const netaddr one = netaddr_v4(0x0a000801, 1000);
	const tstamp start = sysclock_wall();
	unsigned count = 0;

	(void)state;
	world_limit(&rules);
	for (unsigned i = 0; i < 100000; i++) {
		count += world_plain(&one, &out);
	}
	int64_t took = span_to_ns(tstamp_diff(sysclock_wall(), start));

	/* What is lent at once, and one a millisecond if they let us wait. */
	assert_in_range(count, 16, 17 + took / 1000000);
	assert_true(count < 50000);
	world_unlimit();
}

/* --- nets come and go --- */

static void what_is_forbidden_later_goes_up(void **state)
{
	static struct frame out;
	netaddr host = netaddr_v4(0x0a000301, 4711), other = host;
	struct fast_net nets[4] = { { .rule = FAST_SERVE },
				    { .rule = FAST_SERVE, .v4 = true },
				    fastpath_host(&host, FAST_UP) };

	(void)state;
	other.ip[15]++;
	assert_int_equal(fastprog_nets(world.prog, nets, 3), 0);
	assert_false(world_plain(&host, &out));
	assert_true(world_plain(&other, &out));
	nets[2].rule = FAST_SERVE;
	assert_int_equal(fastprog_nets(world.prog, nets, 3), 0);
	assert_true(world_plain(&host, &out));
	nets[1].rule = FAST_UP;
	assert_int_equal(fastprog_nets(world.prog, nets, 3), 0);
	assert_false(world_plain(&other, &out));
	assert_true(world_plain(&host, &out));
	assert_int_equal(fastprog_nets(world.prog, nets, 1), 0);
	assert_false(world_plain(&host, &out)); /* no line: the sockets' */
	world_serve_all();
	assert_true(world_plain(&host, &out));
}

/* Each answer is a hit of the line that let it pass; a refusal is none. */
static void hits_are_counted_by_line(void **state)
{
	static struct frame out;
	const netaddr ten = netaddr_v4(0x0a000001, 4711);
	const netaddr other = netaddr_v4(0x0b000001, 4711);
	const netaddr six_host = world_six("2a00::1"),
		      late = world_six("2a01::1");
	const struct fast_net nets[] = {
		{ FAST_SERVE, 2, 0, false, { 0 } },
		{ FAST_SERVE, FAST_LINES, 16, false, { 0x2a, 1 } },
		{ FAST_SERVE, 0, 0, true, { 0 } },
		{ FAST_SERVE, 1, 8, true, { 10 } },
		{ FAST_UP, 3, 24, true, { 10, 1, 1 } },
	};
	uint64_t hits[4] = { 0 };

	(void)state;
	fastprog_hits(world.prog, NULL, 0);
	assert_int_equal(fastprog_nets(world.prog, nets, ARRAY_LEN(nets)), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(world_plain(&ten, &out));
	}
	assert_true(world_plain(&other, &out));
	assert_true(world_plain(&six_host, &out));
	assert_true(
		world_plain(&late, &out)); /* a line too many: not counted */
	assert_false(world_plain(
		&(netaddr){ .ip = { [10] = 0xff, 0xff, 10, 1, 1, 1 },
			    .port = 1 },
		&out));
	fastprog_hits(world.prog, hits, 3);
	assert_int_equal(hits[0], 1);
	assert_int_equal(hits[1], 3);
	assert_int_equal(hits[2], 1);
	assert_int_equal(hits[3], 0);
	assert_true(world_plain(&ten, &out));
	fastprog_hits(world.prog, hits, 4);
	assert_int_equal(hits[1], 4); /* what is told is not told again */
	assert_int_equal(hits[2], 1);
	world_serve_all();
}

/* --- addresses come and go --- */

static bool answers_at(uint32_t ip)
{
	static struct frame out;
	const netaddr from = netaddr_v4(0x0a000001, 4711);
	const netaddr was = world.served4;
	bool answered;

	world.served4 = netaddr_v4(ip, NTP_PORT);
	answered = world_plain(&from, &out);
	world.served4 = was;
	return answered;
}

/* More than have a place in the view, and that share one. */
static void addresses_come_and_go(void **state)
{
	enum { COUNT = 12 };
	const uint32_t first = 0xc0000240, step = FAST_HOMES;
	struct fast_address ours[COUNT];

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		const netaddr a = netaddr_v4(first + i * step, NTP_PORT);

		assert_false(answers_at(first + i * step));
		world_address(&ours[i], &a, 0);
	}
	for (unsigned count = COUNT; count < COUNT + 1; count--) {
		assert_int_equal(fastprog_addresses(world.prog, ours, count),
				 0);
		for (unsigned i = 0; i < COUNT; i++) {
			assert_int_equal(answers_at(first + i * step),
					 i < count);
		}
	}
	ours[0].interface++; /* on another wire */
	assert_int_equal(fastprog_addresses(world.prog, ours, 1), 0);
	assert_false(answers_at(first));
	world_addresses();
	assert_true(answers_at(netaddr_v4_bits(&world.served4)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_too_often_goes_up),
		cmocka_unit_test(who_went_up_stays_there_until_he_owes_nothing),
		cmocka_unit_test(networks_have_buckets_too),
		cmocka_unit_test(a_flood_gets_no_more_than_the_rule),
		cmocka_unit_test(what_is_forbidden_later_goes_up),
		cmocka_unit_test(hits_are_counted_by_line),
		cmocka_unit_test(addresses_come_and_go),
	};

	if (!world_load()) {
		return 0;
	}
	return cmocka_run_group_tests(tests, world_start, world_end);
}
