/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random worlds: short ones, every oracle on. CHECK_SEED=n begins with another
 * seed; `ntpsim --seed n` shows what happened in one that fails.
 *
 * seeds.def has those that once broke something: they stay.
 */
#include "check.h"
#include "sim/report.h"
#include "sim/scenario.h"

#define WORLDS 200
#define TWICE 10 /* so many of them are run again, and compared */

static const uint64_t broke_once[] = {
#define SEED(number, what) UINT64_C(number),
#include "seeds.def"
#undef SEED
};

static unsigned broken;

static uint64_t live(uint64_t seed)
{
	struct world *w = world_new(seed);

	random_tell(w, &(struct random_plan){ 0 });
	uint64_t hash = w->trail.hash;

	if (w->oracle.any) {
		broken++;
		print_error("seed %" PRIu64 ":\n", seed);
		world_verdict(w, stderr);
	}
	world_end(w);
	return hash;
}

static uint64_t first_seed(void)
{
	const char *s = getenv("CHECK_SEED");

	return s ? strtoull(s, NULL, 0) : 1;
}

static void the_oracles_hold_in_any_world(void **state)
{
	(void)state;
	uint64_t first = first_seed();

	for (uint64_t seed = first; seed < first + WORLDS; seed++) {
		(void)live(seed);
	}
	assert_int_equal(broken, 0);
}

static void what_once_broke_holds(void **state)
{
	(void)state;
	broken = 0;
	for (size_t i = 0; i < ARRAY_LEN(broke_once); i++) {
		(void)live(broke_once[i]);
	}
	assert_int_equal(broken, 0);
}

static void a_seed_leaves_the_same_trail_twice(void **state)
{
	(void)state;
	uint64_t first = first_seed();
	uint64_t last = 0;

	for (uint64_t seed = first; seed < first + TWICE; seed++) {
		uint64_t hash = live(seed);

		assert_int_equal(hash, live(seed));
		assert_int_not_equal(hash, last); /* seeds do matter */
		last = hash;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oracles_hold_in_any_world),
		cmocka_unit_test(what_once_broke_holds),
		cmocka_unit_test(a_seed_leaves_the_same_trail_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
