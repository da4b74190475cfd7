/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock by several sources together, against the truth, against the best
 * single one and against a filter that is told all but the clock.
 */
#include "core/select/joint.h"

#include "servers.h"
#include "track.h"

#define SERVERS_MOST 7
#define SETTLING 150 /* polls */

/* Servers on symmetric paths, all asked in turn, about one clock. */
static struct town {
	unsigned count;
	double jitter_s[SERVERS_MOST], floor_s[SERVERS_MOST];
	double lie_s[SERVERS_MOST];
	double poll_s, at_s, offset_s, freq;
	struct track luck; /* and wander */
	struct estimator estimators[SERVERS_MOST];
	struct candidate candidates[SERVERS_MOST];
	struct joint joint;
	struct choice combined, refined;
	double oracle_x[2], oracle_p[2][2];
} town;

/* Mean squares of errors, and what was claimed. */
struct marks {
	double best, combined, joint, mean, oracle;
	double combined_claimed, joint_claimed;
	double combined_freq, joint_freq;
	unsigned count, far;
};

static instant town_now(void)
{
	return (instant){ (int64_t)(town.at_s * 0x1p32) };
}

static void town_build(unsigned count, double unequal, double wander,
		       uint64_t luck)
{
	struct estimator_prior prior = { .freq_sd = 1e-4 };

	memset(&town, 0, sizeof(town));
	town.count = count;
	town.poll_s = 64;
	town.luck.luck = luck;
	town.luck.wander = wander;
	town.oracle_p[0][0] = 1;
	town.oracle_p[1][1] = 1e-8;
	joint_init(&town.joint);
	for (unsigned i = 0; i < count; i++) {
		town.jitter_s[i] = 1e-4 * pow(unequal, i);
		town.floor_s[i] = 0.01 * pow(unequal, i);
		estimator_init(&town.estimators[i], &prior);
	}
}

static void oracle_predict(double t)
{
	double q = town.luck.wander * town.luck.wander;
	double(*p)[2] = town.oracle_p;

	town.oracle_x[0] += t * town.oracle_x[1];
	p[0][0] += t * (2 * p[0][1] + t * p[1][1]) + q * t * t * t / 3;
	p[0][1] += t * p[1][1] + q * t * t / 2;
	p[1][0] = p[0][1];
	p[1][1] += q * t;
}

/* Knows the floor, the law and its scale, and how the clock wanders. */
static void oracle_observe(double sign, double excess_s, double scale_s)
{
	double(*p)[2] = town.oracle_p;
	double g0 = p[0][0], g1 = p[1][0];
	struct queue q = { .scale_s = scale_s };
	const struct queue_law law = { QUEUE_WAIT, 0, 0.02 };
	struct likelihood l = queue_likelihood(
		&q, &law, excess_s - sign * town.oracle_x[0], g0, 5e-7);

	town.oracle_x[0] -= sign * g0 * l.slope;
	town.oracle_x[1] -= sign * g1 * l.slope;
	p[0][0] += g0 * g0 * l.curve;
	p[0][1] += g0 * g1 * l.curve;
	p[1][0] = p[0][1];
	p[1][1] += g1 * g1 * l.curve;
}

static void town_advance(double t)
{
	track_advance(&town.luck, &town.offset_s, &town.freq, t);
	town.at_s += t;
	oracle_predict(t);
}

static void town_ask(unsigned i)
{
	double there_s = track_exponential(&town.luck, town.jitter_s[i]);
	double back_s = track_exponential(&town.luck, town.jitter_s[i]);
	double seen_s = town.offset_s + town.lie_s[i];
	struct sample s = {
		.at = town_now(),
		.forward =
			span_from_seconds(town.floor_s[i] + seen_s + there_s),
		.backward =
			span_from_seconds(town.floor_s[i] - seen_s + back_s),
		.noise_s = 5e-7,
	};

	estimator_add(&town.estimators[i], &s);
	if (joint_wants(town.candidates[i].reason)) {
		joint_add(&town.joint, i + 1, &s, &town.estimators[i]);
	}
	oracle_observe(1, town.offset_s + there_s, town.jitter_s[i]);
	oracle_observe(-1, back_s - town.offset_s, town.jitter_s[i]);
}

static void town_choose(void)
{
	for (unsigned i = 0; i < town.count; i++) {
		struct candidate *c = &town.candidates[i];

		*c = (struct candidate){ .stratum = 1, .root_disp_s = 1e-5 };
		if (!estimator_estimate(&town.estimators[i], town_now(),
					&c->estimate)) {
			c->unfit = REASON_NO_ANSWER;
		}
	}
	selection_run(&usual, town.candidates, town.count, &town.combined);
	town.refined = town.combined;
	joint_refine(&town.joint, town.candidates, town.count, &town.refined);
}

static void marks_add(struct marks *s)
{
	const struct estimate *c = &town.combined.combined;
	const struct estimate *j = &town.refined.combined;
	double best_sd = INFINITY, best_s = 0, mean_s = 0;

	for (unsigned i = 0; i < town.count; i++) {
		const struct estimate *e = &town.candidates[i].estimate;

		if (town.jitter_s[i] < best_sd) {
			best_sd = town.jitter_s[i];
			best_s = e->offset_s;
		}
		mean_s += e->offset_s / town.count;
	}
	s->best += pow(best_s - town.offset_s, 2);
	s->mean += pow(mean_s - town.offset_s, 2);
	s->oracle += pow(town.oracle_x[0] - town.offset_s, 2);
	s->combined += pow(c->offset_s - town.offset_s, 2);
	s->joint += pow(j->offset_s - town.offset_s, 2);
	s->combined_claimed += pow(c->offset_sd, 2);
	s->joint_claimed += pow(j->offset_sd, 2);
	s->combined_freq += pow(c->freq - town.freq, 2);
	s->joint_freq += pow(j->freq - town.freq, 2);
	s->far += fabs(j->offset_s - town.offset_s) > j->bound_s;
	s->count++;
}

/* Scores what is known halfway between two exchanges, after the settling. */
static void town_run(unsigned polls, struct marks *s)
{
	for (unsigned k = 0; k < polls * town.count; k++) {
		double half_s = town.poll_s / town.count / 2;

		town_advance(half_s);
		town_choose();
		if (s) {
			marks_add(s);
		}
		town_advance(half_s);
		town_ask(k % town.count);
	}
}

static double ratio(double one, double other)
{
	return sqrt(one / other);
}

struct plan {
	unsigned count;
	double unequal, wander;
	double most_of_combined, most_of_oracle;
};

static void together_they_are_better_than_their_average(void **state)
{
	(void)state;
	static const struct plan plans[] = {
		{ 4, 1, 1e-9, 0.80, 1.30 },   { 7, 1, 1e-9, 0.72, 1.40 },
		{ 4, 1.5, 1e-9, 0.90, 1.35 }, { 7, 1.5, 1e-9, 0.90, 1.6 },
		{ 4, 1, 1e-8, 0.80, 1.35 },   { 2, 1, 1e-9, 0.98, 1.40 },
		{ 4, 1, 1.8e-8, 0.72, 1.30 }, { 4, 1, 5e-8, 0.72, 1.30 },
	};

	for (size_t p = 0; p < ARRAY_LEN(plans); p++) {
		const struct plan *plan = &plans[p];
		struct marks s = { 0 };

		for (unsigned run = 0; run < 4; run++) {
			town_build(plan->count, plan->unequal, plan->wander,
				   4711 + run);
			town_run(SETTLING, NULL);
			town_run(350, &s);
		}
		print_message(
			"# %u servers, jitter %.1f, wander %.0e: best %.2f us, "
			"and of it: mean %.2f combined %.2f joint %.2f "
			"oracle %.2f; claimed %.2f; ppb %.1f, %.1f\n",
			plan->count, plan->unequal, plan->wander,
			1e6 * sqrt(s.best / s.count), ratio(s.mean, s.best),
			ratio(s.combined, s.best), ratio(s.joint, s.best),
			ratio(s.oracle, s.best),
			ratio(s.joint_claimed, s.joint),
			1e9 * sqrt(s.combined_freq / s.count),
			1e9 * sqrt(s.joint_freq / s.count));
		assert_true(ratio(s.joint, s.combined) <
			    plan->most_of_combined);
		assert_true(ratio(s.joint, s.oracle) < plan->most_of_oracle);
		assert_true(s.joint_freq < s.combined_freq);
		/* And what it claims is true. */
		assert_true(ratio(s.joint_claimed, s.joint) > 0.95);
		assert_true(ratio(s.joint_claimed, s.joint) < 1.5);
		assert_true(s.far * 1000 < s.count);
	}
}

/* A clock that changes its rate takes the estimators along, and so this. */
static void a_jump_of_the_frequency_is_followed(void **state)
{
	(void)state;
	struct marks after = { 0 }, late = { 0 };

	town_build(4, 1, 1e-9, 7);
	town_run(SETTLING, NULL);
	town.freq += 2e-6;
	town_run(60, &after);
	assert_true(after.joint < 1.1 * after.combined);
	town_run(60, NULL);
	town_run(100, &late);
	assert_true(late.joint < late.combined);
}

/* Too far away to be combined, of which their packets know nothing. */
static void backups_help_too(void **state)
{
	(void)state;
	struct marks s = { 0 };

	town_build(4, 1, 1e-9, 13);
	town.floor_s[1] = 1e-3; /* next door; the others remain behind */
	town_run(SETTLING, NULL);
	assert_int_equal(town.candidates[1].reason, REASON_SYSTEM_PEER);
	assert_int_equal(town.candidates[0].reason, REASON_BACKUP);
	town_run(300, &s);
	assert_true(ratio(s.joint, s.combined) < 0.75);
	assert_true(ratio(s.joint_claimed, s.joint) > 0.9);
}

/* One that creeps away, or jumps within its error bars, takes none along. */
static void one_that_is_off_does_not_pull_the_rest(void **state)
{
	(void)state;
	struct marks s = { 0 };

	town_build(5, 1, 1e-9, 8);
	town_run(SETTLING, NULL);
	town.lie_s[2] = 2e-3;
	town_run(20, NULL);
	town_run(150, &s);
	assert_true(ratio(s.joint, s.best) < 1);
	assert_true(sqrt(s.joint / s.count) < 2e-5);
}

static void one_source_alone_or_preferred_is_left_as_it_is(void **state)
{
	(void)state;
	town_build(4, 1, 1e-9, 9);
	town_run(SETTLING, NULL);
	town_choose();
	assert_true(town.refined.combined.offset_s !=
		    town.combined.combined.offset_s);
	for (unsigned i = 0; i < 4; i++) {
		town.candidates[i].prefer = i == 1;
		town.candidates[i].reason = REASON_OK;
	}
	selection_run(&usual, town.candidates, 4, &town.combined);
	town.refined = town.combined;
	joint_refine(&town.joint, town.candidates, town.count, &town.refined);
	assert_true(town.refined.combined.offset_s ==
		    town.candidates[1].estimate.offset_s);
	town.candidates[1].prefer = false;
	town.count = 1;
	selection_run(&usual, town.candidates, 1, &town.combined);
	town.refined = town.combined;
	joint_refine(&town.joint, town.candidates, town.count, &town.refined);
	assert_true(town.refined.combined.offset_s ==
		    town.candidates[0].estimate.offset_s);
}

/* What we do to our clock moves it by as much and widens nothing. */
static void our_own_corrections_move_it_exactly(void **state)
{
	(void)state;
	town_build(4, 1, 1e-9, 10);
	town_run(SETTLING, NULL);
	town_choose();
	struct estimate before = town.refined.combined;

	for (unsigned i = 0; i < 4; i++) {
		estimator_adjust(&town.estimators[i], town_now(), 0.25, 3e-6);
	}
	joint_adjust(&town.joint, town_now(), 0.25, 3e-6);
	town_choose();
	const struct estimate *after = &town.refined.combined;

	assert_true(fabs(after->offset_s + 0.25 - before.offset_s) < 2e-9);
	assert_true(fabs(after->freq + 3e-6 - before.freq) < 1e-13);
	assert_true(fabs(after->offset_sd - before.offset_sd) < 1e-12);
}

/* It can be no farther off than the majority's intervals allow. */
static void it_stays_within_the_intersection(void **state)
{
	(void)state;
	town_build(4, 1, 1e-9, 11);
	town_run(SETTLING, NULL);
	town_choose();
	struct choice choice = town.combined;

	choice.low_s = choice.combined.offset_s - 1e-9;
	choice.high_s = choice.combined.offset_s + 1e-9;
	joint_refine(&town.joint, town.candidates, town.count, &choice);
	assert_true(choice.combined.offset_s >= choice.low_s);
	assert_true(choice.combined.offset_s <= choice.high_s);
}

/* More sources than seats: some are left out, nobody is mixed up. */
static void more_sources_than_seats(void **state)
{
	(void)state;
	struct marks s = { 0 };

	town_build(4, 1, 1e-9, 12);
	town_run(SETTLING, NULL);
	for (uint32_t key = 100; key < 100 + 3 * JOINT_SOURCES; key++) {
		struct sample x = {
			.at = town_now(),
			.forward = span_from_seconds(0.01 + town.offset_s),
			.backward = span_from_seconds(0.01 - town.offset_s),
			.noise_s = 5e-7,
		};

		joint_add(&town.joint, key, &x, &town.estimators[0]);
	}
	town_run(50, NULL);
	town_run(200, &s);
	print_message("# after a crowd: joint %.2f of combined\n",
		      ratio(s.joint, s.combined));
	assert_true(ratio(s.joint, s.combined) < 1.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(together_they_are_better_than_their_average),
		cmocka_unit_test(a_jump_of_the_frequency_is_followed),
		cmocka_unit_test(backups_help_too),
		cmocka_unit_test(one_that_is_off_does_not_pull_the_rest),
		cmocka_unit_test(
			one_source_alone_or_preferred_is_left_as_it_is),
		cmocka_unit_test(our_own_corrections_move_it_exactly),
		cmocka_unit_test(it_stays_within_the_intersection),
		cmocka_unit_test(more_sources_than_seats),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
