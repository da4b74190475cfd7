/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: tried again in seconds, never leading us to nonsense; members that
 * are exchanged only for others.
 */
#include <string.h>

#include "check.h"
#include "core/source/pool.h"

static struct outbox out;
static struct rng luck;
static const source_id id = { 3, 4 };

static instant at(double s)
{
	return instant_add((instant){ INT64_C(1) << 40 }, span_from_seconds(s));
}

/* SECURITY.md H4 */
static void names_do_not_lead_to_ourselves_or_nowhere(void **state)
{
	(void)state;
	static const struct {
		const char *addr;
		bool fit;
	} cases[] = {
		{ "127.0.0.1", false },
		{ "127.8.8.8", false },
		{ "::1", false },
		{ "0.0.0.0", false },
		{ "::", false },
		{ "224.0.1.1", false },
		{ "255.255.255.255", false },
		{ "ff02::101", false },
		{ "192.0.2.1", true },
		{ "2001:db8::1", true },
		{ "192.168.1.1", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		netaddr a;

		assert_true(netaddr_parse(&a, cases[i].addr,
					  strlen(cases[i].addr)));
		assert_int_equal(pool_accepts(&a), cases[i].fit);
	}
}

static void a_failing_name_is_tried_again_in_seconds(void **state)
{
	(void)state;
	static const unsigned waits[] = { 2, 4, 8, 16, 32, 64, 64, 64 };
	struct lookup l = { .name = "ntp.example" };
	double t = 0;

	lookup_want(&l, at(0));
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		outbox_empty(&out);
		lookup_tick(&l, id, at(t - 0.1), &out);
		assert_int_equal(out.count, 0);
		lookup_tick(&l, id, at(t), &out);
		assert_int_equal(out.count, 1);
		assert_int_equal(out.effects[0].kind, EFFECT_RESOLVE);
		assert_int_equal(out.effects[0].source.slot, id.slot);
		assert_int_equal(out.effects[0].resolve.len, 11);
		assert_int_equal(lookup_answered(&l, false, at(t)), waits[i]);
		t += waits[i];
	}
	outbox_empty(&out);
	lookup_tick(&l, id, at(t), &out);
	assert_int_equal(lookup_answered(&l, true, at(t)), 0);
	assert_int_equal(l.failures, 0);
	assert_int_equal(lookup_deadline(&l).v, INSTANT_NEVER.v);
	/* Nobody asked. */
	assert_int_equal(lookup_answered(&l, false, at(t)), 0);
	assert_int_equal(l.state, LOOKUP_NONE);
}

/* SECURITY.md H6 */
static void an_answer_that_never_comes_is_a_failure(void **state)
{
	(void)state;
	struct lookup l = { .name = "ntp.example" };

	lookup_want(&l, at(0));
	outbox_empty(&out);
	lookup_tick(&l, id, at(0), &out);
	lookup_want(&l, at(1)); /* under way already */
	assert_int_equal(l.state, LOOKUP_ASKED);
	lookup_tick(&l, id, at(60), &out);
	assert_int_equal(l.state, LOOKUP_WANTED);
	lookup_tick(&l, id, at(62), &out);
	assert_int_equal(out.count, 2);
}

static void news_of_the_network_are_asked_about_at_once(void **state)
{
	(void)state;
	struct lookup l = { .name = "ntp.example" };
	struct lookup literal = { .name = NULL };

	l.failures = 9;
	lookup_want(&l, at(0));
	outbox_empty(&out);
	lookup_tick(&l, id, at(0), &out);
	lookup_renew(&l, at(1)); /* though it is under way */
	lookup_tick(&l, id, at(1), &out);
	assert_int_equal(out.count, 2);
	/* It was too early; soon it may not be. */
	assert_int_equal(lookup_answered(&l, false, at(1)), 2);
	lookup_renew(&literal, at(1));
	assert_int_equal(lookup_deadline(&literal).v, INSTANT_NEVER.v);
}

static void a_full_outbox_puts_a_lookup_off(void **state)
{
	(void)state;
	struct lookup l = { .name = "ntp.example" };

	lookup_want(&l, at(0));
	outbox_empty(&out);
	out.count = OUTBOX_EFFECTS - OUTBOX_RESERVE;
	lookup_tick(&l, id, at(0), &out);
	assert_int_equal(l.state, LOOKUP_WANTED);
	assert_int_equal(out.count, OUTBOX_EFFECTS - OUTBOX_RESERVE);
}

static void members_go_bad_in_four_ways(void **state)
{
	(void)state;
	struct source s = { .polling = { .reach = 1 } };

	assert_false(pool_is_bad(&s));
	s.polling.reach = 0;
	s.polling.unreach = 8;
	assert_false(pool_is_bad(&s));
	s.polling.unreach = 9;
	assert_true(pool_is_bad(&s));
	s.polling.reach = 1;
	s.looped = true;
	assert_true(pool_is_bad(&s));
	s.looped = false;
	s.bad_polls = POOL_BAD_POLLS;
	assert_true(pool_is_bad(&s));
	s.bad_polls = POOL_BAD_POLLS - 1;
	assert_false(pool_is_bad(&s));
	s.polling.denied = POLLING_DENIALS;
	assert_true(pool_is_bad(&s));
}

/* SECURITY.md H2 */
static void a_full_pool_is_looked_up_in_one_to_three_days(void **state)
{
	(void)state;
	struct source_config c = { .host = "pool.example" };

	rng_init_number(&luck, check_rng());
	FORALL(100) {
		struct pool p = { .id = id };
		double wait_s;

		pool_init(&p, &c, FAMILY_ANY, at(0));
		p.lookup.state = LOOKUP_NONE;
		pool_answered(&p, 4, false, &luck, at(0));
		wait_s = span_to_seconds(
			instant_diff(lookup_deadline(&p.lookup), at(0)));
		assert_true(wait_s >= 86400 && wait_s <= 3 * 86400);
		assert_true(p.idle && p.filled);
		pool_wake(&p, at(100));
		assert_int_equal(lookup_deadline(&p.lookup).v, at(100).v);
	}
}

static void a_dry_pool_is_asked_less_and_less(void **state)
{
	(void)state;
	struct source_config c = { .host = "pool.example" };
	struct pool p = { .id = id };
	double last_s = 0;

	pool_init(&p, &c, FAMILY_ANY, at(0));
	for (int i = 0; i < 12; i++) {
		double wait_s;

		p.lookup.state = LOOKUP_NONE;
		pool_answered(&p, 0, true, &luck, at(0));
		wait_s = span_to_seconds(
			instant_diff(lookup_deadline(&p.lookup), at(0)));
		assert_true(wait_s >= last_s && wait_s >= 32);
		assert_true(wait_s <= 2048);
		last_s = wait_s;
	}
	p.lookup.state = LOOKUP_NONE;
	pool_answered(&p, 1, true, &luck, at(0));
	assert_true(instant_diff(lookup_deadline(&p.lookup), at(0)).v ==
		    SPAN_S(16).v);
}

static void who_was_given_up_is_remembered_for_hours(void **state)
{
	(void)state;
	struct pool p = { 0 };
	netaddr a = netaddr_v4(0x0a000001, 123),
		b = netaddr_v4(0x0a000002, 123);

	pool_give_up(&p, &a, at(0));
	assert_true(pool_remembers(&p, &a, at(21599)));
	assert_false(pool_remembers(&p, &b, at(1)));
	assert_false(pool_remembers(&p, &a, at(21601)));
	for (unsigned i = 0; i < POOL_PAST; i++) {
		pool_give_up(&p, &b, at(10));
	}
	assert_false(pool_remembers(&p, &a, at(11)));
	assert_true(pool_remembers(&p, &b, at(11)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_do_not_lead_to_ourselves_or_nowhere),
		cmocka_unit_test(a_failing_name_is_tried_again_in_seconds),
		cmocka_unit_test(an_answer_that_never_comes_is_a_failure),
		cmocka_unit_test(news_of_the_network_are_asked_about_at_once),
		cmocka_unit_test(a_full_outbox_puts_a_lookup_off),
		cmocka_unit_test(members_go_bad_in_four_ways),
		cmocka_unit_test(a_full_pool_is_looked_up_in_one_to_three_days),
		cmocka_unit_test(a_dry_pool_is_asked_less_and_less),
		cmocka_unit_test(who_was_given_up_is_remembered_for_hours),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
