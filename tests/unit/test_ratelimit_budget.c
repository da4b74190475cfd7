/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A budget for all together (F13): it is kept and it is used, and who asked
 * least is refused last.
 */
#include "asking.h"
#include "core/serve/overload.h"

/* Hosts that each ask once in so long. */
struct crowd {
	uint32_t first, hosts;
	double every_s;
	unsigned asked, answered; /* since the start of the measurement */
	double next_s;
	unsigned turn;
};

static void ask(struct ratelimit *r, struct crowd *c, bool counts)
{
	/* Each in a /24 of its own. */
	netaddr a = netaddr_v4(c->first + (c->turn % c->hosts << 8), 123);
	bool got = take(r, &a, c->next_s) == RATELIMIT_PASS;

	c->asked += counts;
	c->answered += counts && got;
	c->turn++;
	c->next_s += c->every_s / c->hosts;
}

/* All of them for so long; what happens before `warm_s` is not counted. */
static void let_ask(struct ratelimit *r, struct crowd *crowds, unsigned n,
		    double warm_s, double end_s)
{
	for (;;) {
		struct crowd *next = crowds;

		for (unsigned i = 1; i < n; i++) {
			if (crowds[i].next_s < next->next_s) {
				next = &crowds[i];
			}
		}
		if (next->next_s >= end_s) {
			return;
		}
		ask(r, next, next->next_s >= warm_s);
	}
}

static double share(const struct crowd *c)
{
	return (double)c->answered / c->asked;
}

static struct ratelimit *fresh_budget(unsigned budget)
{
	struct limit_config limit = discard;

	limit.budget = budget;
	return fresh_with(&limit);
}

static void a_second_may_be_given_at_once_and_no_more(void **state)
{
	struct overload o = { .each = SPAN_ZERO };
	unsigned n = 0;

	(void)state;
	assert_int_equal(overload_owed(&o, at(0)), 0);
	overload_add(&o, at(0));
	assert_int_equal(overload_owed(&o, at(0)), 0); /* no budget */
	overload_set(&o, 1000);
	for (unsigned i = 0; i < 100000; i++) {
		if (overload_owed(&o, at(i * 1e-4)) < OVERLOAD_FULL) {
			overload_add(&o, at(i * 1e-4));
			n++;
		}
	}
	assert_in_range(n, 10990, 11001); /* 10 s, and one */
	/* Back by a day: forgiven. */
	assert_int_equal(overload_owed(&o, at(-86400)), 0);
	overload_add(&o, at(-86400));
	assert_in_range(overload_owed(&o, at(-86400)), 4294966, 4294968);
}

static void within_the_budget_nothing_changes(void **state)
{
	struct ratelimit *r = fresh_budget(1000);
	struct crowd c = { .first = 1 << 24, .hosts = 50000, .every_s = 64 };

	(void)state;
	let_ask(r, &c, 1, 0, 600);
	assert_int_equal(c.answered, c.asked);
	/* The leak too is what it was: a flood that is within it. */
	netaddr a = netaddr_v4(0xc0000201, 1);

	(void)passed(r, &a, 1000, 1000, 1.0 / 400);
	assert_in_range(passed(r, &a, 10000, 1010, 1.0 / 400), 2500 - 6 * 43,
			2510 + 6 * 43);
	free(r);
}

/* 5000 ask each second: 625 a second by their own buckets. */
static void the_budget_is_kept_and_used(void **state)
{
	struct ratelimit *r = fresh_budget(300);
	struct crowd c = { .first = 1 << 24, .hosts = 5000, .every_s = 1 };

	(void)state;
	let_ask(r, &c, 1, 0, 400);
	assert_in_range(c.answered, 300 * 400 * 0.98, 300 * 401);
	free(r);
}

static void who_asks_least_is_refused_last(void **state)
{
	struct ratelimit *r = fresh_budget(500);
	struct crowd c[] = {
		{ .first = 1 << 24, .hosts = 4000, .every_s = 4 },
		{ .first = 2 << 24, .hosts = 10000, .every_s = 64 },
		{ .first = 3 << 24, .hosts = 16000, .every_s = 1024 },
	};

	(void)state;
	/* 1000, 156 and 16 a second. */
	let_ask(r, c, 3, 2048, 4096);
	for (unsigned i = 0; i < 3; i++) {
		printf("# every %4.0f s: %u asked, %u answered, %.4f\n",
		       c[i].every_s, c[i].asked, c[i].answered, share(&c[i]));
	}
	assert_true(share(&c[2]) > 0.999);
	assert_true(share(&c[1]) > 0.999);
	assert_true(share(&c[0]) < 0.4);
	assert_in_range(c[0].answered + c[1].answered + c[2].answered,
			500 * 2048 * 0.95, 500 * 2049);
	free(r);
}

/* Also when all of them ask as seldom as they should. */
static void when_all_behave_the_most_patient_are_served(void **state)
{
	struct ratelimit *r = fresh_budget(200);
	struct crowd c[] = {
		{ .first = 1 << 24, .hosts = 20000, .every_s = 64 },
		{ .first = 2 << 24, .hosts = 20000, .every_s = 256 },
		{ .first = 3 << 24, .hosts = 20000, .every_s = 1024 },
	};

	(void)state;
	/* 312, 78 and 20 a second. */
	let_ask(r, c, 3, 4096, 8192);
	for (unsigned i = 0; i < 3; i++) {
		printf("# every %4.0f s: %u asked, %u answered, %.4f\n",
		       c[i].every_s, c[i].asked, c[i].answered, share(&c[i]));
	}
	assert_true(share(&c[2]) > 0.99);
	assert_true(share(&c[2]) >= share(&c[1]));
	assert_true(share(&c[1]) > share(&c[0]));
	assert_in_range(c[0].answered + c[1].answered + c[2].answered,
			200 * 4096 * 0.9, 200 * 4097);
	free(r);
}

/* Equals are served equally: nobody is starved. */
static void equals_are_equal(void **state)
{
	struct ratelimit *r = fresh_budget(100);
	unsigned got[1000] = { 0 }, least, most;

	(void)state;
	for (unsigned i = 0; i < 1000 * 1000; i++) {
		unsigned who = (unsigned)(check_rng() % 1000);
		netaddr a = netaddr_v4((1 << 24) + (who << 8), 123);

		/* Each every 4 s. */
		got[who] += take(r, &a, i * 4e-3) == RATELIMIT_PASS;
	}
	least = most = got[0];
	for (unsigned i = 1; i < 1000; i++) {
		least = got[i] < least ? got[i] : least;
		most = got[i] > most ? got[i] : most;
	}
	printf("# 400 for each: %u to %u\n", least, most);
	assert_true(least > 270 && most < 530); /* 6 deviations */
	free(r);
}

/* One who floods finds that his luck has left him; nobody else notices. */
static void a_flood_is_the_first_to_be_refused(void **state)
{
	struct ratelimit *r = fresh_budget(1000);
	struct crowd c[] = {
		{ .first = 1 << 24, .hosts = 57600, .every_s = 64 },
		{ .first = 0xc0000201, .hosts = 1, .every_s = 1e-5 },
	};

	(void)state;
	let_ask(r, c, 2, 10, 70);
	assert_int_equal(c[0].asked, c[0].answered);
	/* He has what is left: 100 a second. */
	assert_in_range(c[1].answered, 60 * 95, 60 * 105);
	free(r);
}

/* Strangers, each new: there is nobody to prefer, but no more than so many. */
static void so_many_strangers_are_answered(void **state)
{
	struct ratelimit *r = fresh_budget(1000);
	struct crowd c = { .first = 0, .hosts = 1 << 24, .every_s = 167 };

	(void)state;
	let_ask(r, &c, 1, 0, 10);
	assert_in_range(c.answered, 10990, 11001);
	free(r);
}

static void kisses_are_part_of_the_budget(void **state)
{
	struct ratelimit *r = fresh_budget(100);
	unsigned sent = 0;

	(void)state;
	for (unsigned i = 0; i < 4000000; i++) {
		netaddr a = netaddr_v4((1 << 24) + (i % 4000 << 8), 123);

		sent += take(r, &a, i * 2.5e-5) != RATELIMIT_SILENCE;
	}
	assert_in_range(sent, 100 * 95, 100 * 101);
	free(r);
}

/* Threads divide it, and what networks may. */
static void shards_divide_what_is_for_all(void **state)
{
	(void)state;
	for (unsigned shards = 2; shards <= 4; shards *= 2) {
		struct ratelimit *one[4];
		unsigned answered = 0, of_network = 0;

		for (unsigned i = 0; i < shards; i++) {
			one[i] = fresh_budget(1000);
			ratelimit_share(one[i], shards);
		}
		for (unsigned i = 0; i < 1000000; i++) {
			netaddr a = netaddr_v4(i << 8, 123);

			answered += take(one[i % shards], &a, i * 1e-5) ==
				    RATELIMIT_PASS;
		}
		assert_in_range(answered, 10990, 11004);
		for (unsigned i = 0; i < shards; i++) {
			const struct limit_config none = { .average = 3 };

			ratelimit_retune(one[i], &none); /* of so many still */
		}
		for (unsigned i = 0; i < 40000; i++) {
			netaddr a = netaddr_v4(0xc0000200 | (i & 255), 123);

			of_network +=
				take(one[i % shards], &a, 20) == RATELIMIT_PASS;
		}
		assert_in_range(of_network, 16384 + 5904 - 6 * 67,
				16384 + 5904 + 6 * 67);
		for (unsigned i = 0; i < shards; i++) {
			free(one[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_may_be_given_at_once_and_no_more),
		cmocka_unit_test(within_the_budget_nothing_changes),
		cmocka_unit_test(the_budget_is_kept_and_used),
		cmocka_unit_test(who_asks_least_is_refused_last),
		cmocka_unit_test(when_all_behave_the_most_patient_are_served),
		cmocka_unit_test(equals_are_equal),
		cmocka_unit_test(a_flood_is_the_first_to_be_refused),
		cmocka_unit_test(so_many_strangers_are_answered),
		cmocka_unit_test(kisses_are_part_of_the_budget),
		cmocka_unit_test(shards_divide_what_is_for_all),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
