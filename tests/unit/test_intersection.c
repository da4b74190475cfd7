/* SPDX-License-Identifier: BSD-2-Clause */
#include "servers.h"

/* E15: stratum 1 and no distance at all buy nothing. */
static void a_liar_of_stratum_one_is_a_falseticker(void **state)
{
	(void)state;
	struct candidate c[4] = { server(0.25), server(0), server(1e-4),
				  server(-1e-4) };
	struct choice choice;

	c[0].stratum = 1;
	c[0].root_delay_s = c[0].root_disp_s = 0;
	c[0].estimate.delay_s = 1e-4;
	selection_run(&usual, c, 4, &choice);
	assert_true(choice.found);
	assert_int_equal(c[0].reason, REASON_FALSETICKER);
	assert_int_equal(choice.survivors, 3);
	assert_true(fabs(choice.combined.offset_s) < 2e-4);
}

static void two_that_disagree_have_no_majority(void **state)
{
	(void)state;
	struct candidate c[2] = { server(0), server(1) };
	struct choice choice;

	selection_run(&usual, c, 2, &choice);
	assert_false(choice.found);
	assert_int_equal(c[0].reason, REASON_NO_MAJORITY);
	assert_int_equal(reason_tally(c[1].reason), TALLY_FALSETICK);
}

/* E7: the honest fell silent, but are asked for some polls yet. */
static void two_liars_of_five_are_no_majority(void **state)
{
	(void)state;
	struct candidate c[5] = { server(1), server(1), server(0), server(0),
				  server(0) };
	struct choice choice;

	selection_run(&usual, c, 5, &choice);
	assert_true(choice.found);
	assert_int_equal(c[0].reason, REASON_FALSETICKER);
	assert_int_equal(c[1].reason, REASON_FALSETICKER);
	c[4].unfit = REASON_UNREACHABLE;
	selection_run(&usual, c, 5, &choice);
	assert_false(choice.found);
	assert_int_equal(c[2].reason, REASON_NO_MAJORITY);
}

/* E6: many addresses of one name are one vote ... */
static void sources_of_one_vote_do_not_add_up(void **state)
{
	(void)state;
	struct candidate c[5] = { server(1), server(1), server(1), server(0),
				  server(0) };
	struct choice choice;

	c[0].vote = c[1].vote = c[2].vote = 7;
	selection_run(&usual, c, 5, &choice);
	assert_true(choice.found);
	assert_int_equal(c[0].reason, REASON_OUTVOTED);
	assert_true(fabs(choice.combined.offset_s) < 1e-6);
}

/* ... but among themselves they still need a majority. */
static void one_vote_is_not_cast_in_two_places(void **state)
{
	(void)state;
	struct candidate c[4] = { server(1), server(0), server(0), server(0) };
	struct choice choice;

	for (size_t i = 0; i < 4; i++) {
		c[i].vote = 7;
	}
	selection_run(&usual, c, 4, &choice);
	assert_true(choice.found);
	assert_int_equal(c[0].reason, REASON_FALSETICKER);
	assert_int_equal(choice.survivors, 3);
}

/* E16 */
static void no_claim_makes_an_interval_empty(void **state)
{
	(void)state;
	struct candidate c[3] = { server(0), server(8e-4), server(-8e-4) };
	struct choice choice;

	for (size_t i = 0; i < 3; i++) {
		c[i].root_delay_s = c[i].root_disp_s = 0;
		c[i].estimate.delay_s = 1e-6;
		c[i].estimate.offset_sd = 1e-9;
	}
	selection_run(&usual, c, 3, &choice);
	assert_int_equal(choice.survivors, 3);
	assert_true(c[0].interval_s >= usual.mindist_s);
	c[0].estimate.jitter_s = 0.5;
	selection_run(&usual, c, 3, &choice);
	assert_true(c[0].interval_s >= 0.5);
	assert_true(c[0].distance_s < 1e-3);
}

/*
 * Four behind one receiver against one other are better followed than nobody;
 * but not against two others that agree.
 */
static void without_a_majority_of_votes_all_count_singly(void **state)
{
	(void)state;
	struct candidate c[6] = { server(0), server(0), server(0),
				  server(0), server(1), server(1) };
	struct choice choice;

	c[0].vote = c[1].vote = c[2].vote = c[3].vote = 7;
	selection_run(&usual, c, 5, &choice);
	assert_true(choice.found);
	assert_true(fabs(choice.combined.offset_s) < 1e-6);
	assert_int_equal(c[4].reason, REASON_FALSETICKER);
	assert_int_equal(c[3].reason, REASON_CANDIDATE);
	selection_run(&usual, c, 6, &choice);
	assert_true(fabs(choice.combined.offset_s - 1) < 1e-6);
	assert_int_equal(c[0].reason, REASON_OUTVOTED);
	assert_int_equal(reason_tally(c[0].reason), TALLY_FALSETICK);
	/* While nothing is in dispute they are told that they share. */
	c[4].estimate.offset_s = c[5].estimate.offset_s = 0;
	selection_run(&usual, c, 6, &choice);
	assert_int_equal(choice.survivors, 6);
	assert_int_equal(c[1].reason, REASON_SHARED);
	assert_int_equal(reason_tally(c[1].reason), TALLY_CANDIDATE);
}

/* Who can be right together, by looking at every set there is. */
static unsigned by_all_sets(const struct candidate *c, size_t count,
			    bool singly)
{
	double votes = 0, share[MOST];
	unsigned right = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned same = 0, near = 0;

		for (size_t j = 0; j < count; j++) {
			same += i == j || (c[i].vote && c[i].vote == c[j].vote);
			near += i == j ||
				(c[i].network && c[i].network == c[j].network);
		}
		share[i] = singly ? 1 : 1.0 / (same > near ? same : near);
		votes += share[i];
	}
	for (unsigned set = 1; set < 1u << count; set++) {
		double low = -INFINITY, high = INFINITY, sum = 0;

		for (size_t i = 0; i < count; i++) {
			double at = c[i].estimate.offset_s;

			if (set >> i & 1) {
				low = fmax(low, at - c[i].interval_s);
				high = fmin(high, at + c[i].interval_s);
				sum += share[i];
			}
		}
		if (low <= high && sum > votes / 2 + 1e-9) {
			right |= set;
		}
	}
	return right;
}

static bool was_right(enum reason reason)
{
	return reason_tally(reason) != TALLY_FALSETICK;
}

static void the_majority_is_that_of_every_set(void **state)
{
	(void)state;
	unsigned found = 0;

	FORALL(10000) {
		struct candidate c[MOST];
		struct choice choice;
		size_t count = 1 + check_rng() % MOST;
		unsigned right = 0;

		for (size_t i = 0; i < count; i++) {
			c[i] = server(0.01 * (double)(check_rng() % 20));
			c[i].root_disp_s = uniform(0, 0.05);
			c[i].vote = check_rng() % 2 ? 0 : 1 + check_rng() % 3;
			c[i].network = check_rng() % 4 ? 0 : 1;
		}
		selection_run(&usual, c, count, &choice);
		for (size_t i = 0; i < count; i++) {
			right |= (unsigned)was_right(c[i].reason) << i;
		}
		unsigned all = by_all_sets(c, count, false);

		all = all ? all : by_all_sets(c, count, true);
		assert_int_equal(right, all);
		assert_int_equal(choice.found, right != 0);
		found += choice.found;
	}
	assert_in_range(found, 2000, 9999); /* both happen */
}

/* Liars collude as they like, and say of themselves what they like. */
static void lie(struct candidate *c, double where_s)
{
	*c = server(where_s);
	c->estimate.offset_sd = exp(uniform(-20, -3));
	c->estimate.delay_s = exp(uniform(-12, -1));
	c->root_delay_s = check_rng() % 2 ? 0 : exp(uniform(-12, -1));
	c->root_disp_s = check_rng() % 2 ? 0 : exp(uniform(-12, -1));
	c->stratum = (uint8_t)(check_rng() % 15);
	c->prefer = check_rng() % 16 == 0;
}

/* E6, P6 */
static void an_honest_majority_is_never_outvoted(void **state)
{
	(void)state;
	FORALL(10000) {
		struct candidate c[MOST];
		struct choice choice;
		size_t count = 1 + check_rng() % MOST;
		size_t liars = check_below((count + 1) / 2);
		double truth = uniform(-1, 1), where = uniform(-1, 1) / 8;
		double low = INFINITY, high = -INFINITY;

		for (size_t i = 0; i < count; i++) {
			if (i < liars) { /* first: they would win ties */
				lie(&c[i], truth + where * uniform(0.9, 1));
				continue;
			}
			c[i] = server(0);
			c[i].root_disp_s = uniform(0, 0.05);
			c[i].estimate.offset_s =
				truth +
				uniform(-1, 1) * (0.006 + c[i].root_disp_s);
			low = fmin(low, c[i].estimate.offset_s - 0.007 -
						c[i].root_disp_s);
			high = fmax(high, c[i].estimate.offset_s + 0.007 +
						  c[i].root_disp_s);
		}
		selection_run(&usual, c, count, &choice);
		assert_true(choice.found);
		for (size_t i = liars; i < count; i++) {
			assert_true(was_right(c[i].reason));
		}
		assert_true(choice.combined.offset_s >= low &&
			    choice.combined.offset_s <= high);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_liar_of_stratum_one_is_a_falseticker),
		cmocka_unit_test(two_that_disagree_have_no_majority),
		cmocka_unit_test(two_liars_of_five_are_no_majority),
		cmocka_unit_test(sources_of_one_vote_do_not_add_up),
		cmocka_unit_test(one_vote_is_not_cast_in_two_places),
		cmocka_unit_test(no_claim_makes_an_interval_empty),
		cmocka_unit_test(without_a_majority_of_votes_all_count_singly),
		cmocka_unit_test(the_majority_is_that_of_every_set),
		cmocka_unit_test(an_honest_majority_is_never_outvoted),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
