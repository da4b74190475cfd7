/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a daemon publishes of its clock is true: in every course of the
 * benchmark (bench/courses.def) whose servers are honest in their majority and
 * whose ways are as long there as back, truth lies within the published bound
 * in 99.999 % of all seconds after the first synchronisation; within root
 * distance always, fair or not. `accuracy --bounds --seeds 100` asks for more.
 */
#include "check.h"
#include "course.h"

#define SEED 1
#define SEEDS 2

static void the_truth_is_within_the_bound(void **state)
{
	const struct course *c = course_at(*(const size_t *)*state);
	const struct course_plan plan = { .days = 1 };
	struct figures *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (uint64_t seed = SEED; seed < SEED + SEEDS; seed++) {
		assert_true(course_run(c, seed, &plan, f));
	}
	bool keeps = course_keeps_bound(c, f);

	if (!keeps) {
		print_error("%s: within the bound in %.4f %%, within root "
			    "distance in %.4f %%\n",
			    c->name, 100 * figures_in_bound(f),
			    100 * figures_in_distance(f));
	}
	free(f);
	assert_true(keeps);
}

int main(void)
{
	static struct CMUnitTest tests[64];
	static size_t indexes[64];
	size_t count = course_count();

	assert_in_range(count, 24, ARRAY_LEN(tests));
	for (size_t i = 0; i < count; i++) {
		indexes[i] = i;
		tests[i] = (struct CMUnitTest){
			.name = course_at(i)->name,
			.test_func = the_truth_is_within_the_bound,
			.initial_state = &indexes[i],
		};
	}
	return _cmocka_run_group_tests("bounds", tests, count, NULL, NULL);
}
