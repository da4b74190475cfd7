/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every world with a name, its own limits and all oracles (issue: at least
 * 20). Each is a test of its name; `ntpsim NAME` shows what happened.
 *
 * They run with seeds that are the same every day: what the estimator is
 * worth under all luck is for test_seeds.c.
 */
#include "check.h"
#include "sim/report.h"
#include "sim/scenario.h"

#define SEED 1

static uint64_t tell(const struct scenario *s)
{
	struct world *w = world_new(SEED);

	s->tell(w);
	uint64_t hash = w->trail.hash;
	bool broken = w->oracle.any;

	if (broken) {
		print_error("%s seed %d\n", s->name, SEED);
		world_report(w, stderr);
		world_verdict(w, stderr);
	}
	world_end(w);
	assert_false(broken);
	return hash;
}

static void holds(void **state)
{
	const size_t *index = *state;

	(void)tell(scenario_at(*index));
}

static void a_seed_does_the_same_twice(void **state)
{
	(void)state;
	static const char *const names[] = { "liar-1-of-4", "pool", "restart",
					     "external-step", "spoofing" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct scenario *s = scenario_find(names[i]);

		assert_non_null(s);
		assert_int_equal(tell(s), tell(s));
	}
}

int main(void)
{
	static struct CMUnitTest tests[128];
	static size_t indexes[128];
	size_t count = scenario_count();

	assert_in_range(count, 20, ARRAY_LEN(tests) - 1);
	for (size_t i = 0; i < count; i++) {
		indexes[i] = i;
		tests[i] = (struct CMUnitTest){
			.name = scenario_at(i)->name,
			.test_func = holds,
			.initial_state = &indexes[i],
		};
	}
	tests[count] =
		(struct CMUnitTest)cmocka_unit_test(a_seed_does_the_same_twice);
	return _cmocka_run_group_tests("scenarios", tests, count + 1, NULL,
				       NULL);
}
