/* SPDX-License-Identifier: BSD-2-Clause */
#include "steering.h"

#define CLASSES ((size_t)3) /* of offsets: below step, below panic, beyond */

static const double sizes_s[CLASSES] = { 0.05, 5, 5000 };

static const struct {
	const char *name;
	bool g, G, x, never, no_panic;
	enum adjustment_kind kinds[4][CLASSES]; /* by state */
} rules[] = {
#define KINDS(a, b, c) \
	{ \
		ADJUST_##a, ADJUST_##b, ADJUST_##c \
	}
	{ .name = "usual",
	  .kinds = { KINDS(STEER, STEP, PANIC), KINDS(STEER, STEP, PANIC),
		     KINDS(STEER, SPIKE, PANIC), KINDS(STEER, SPIKE, PANIC) } },
	{ .name = "-g",
	  .g = true,
	  .kinds = { KINDS(STEER, STEP, STEP), KINDS(STEER, STEP, STEP),
		     KINDS(STEER, SPIKE, PANIC), KINDS(STEER, SPIKE, PANIC) } },
	{ .name = "-G",
	  .G = true,
	  .kinds = { KINDS(STEP, STEP, PANIC), KINDS(STEP, STEP, PANIC),
		     KINDS(STEER, SPIKE, PANIC), KINDS(STEER, SPIKE, PANIC) } },
	{ .name = "-x",
	  .x = true,
	  .kinds = { KINDS(STEER, STEER, PANIC), KINDS(STEER, STEER, PANIC),
		     KINDS(STEER, STEER, PANIC), KINDS(STEER, STEER, PANIC) } },
	{ .name = "-g -x",
	  .g = true,
	  .x = true,
	  .kinds = { KINDS(STEER, STEER, STEP), KINDS(STEER, STEER, STEP),
		     KINDS(STEER, STEER, PANIC), KINDS(STEER, STEER, PANIC) } },
	{ .name = "tinker step 0",
	  .never = true,
	  .G = true,
	  .g = true,
	  .kinds = { KINDS(STEER, STEER, STEER), KINDS(STEER, STEER, STEER),
		     KINDS(STEER, STEER, PANIC), KINDS(STEER, STEER, PANIC) } },
	{ .name = "tinker panic 0",
	  .no_panic = true,
	  .kinds = { KINDS(STEER, STEP, STEP), KINDS(STEER, STEP, STEP),
		     KINDS(STEER, SPIKE, SPIKE), KINDS(STEER, SPIKE, SPIKE) } },
#undef KINDS
};

static const enum discipline_state states[] = {
	DISCIPLINE_NSET, DISCIPLINE_FSET, DISCIPLINE_SYNC, DISCIPLINE_SPIK
};

/* Every state and class of offset (SECURITY.md E2). */
static void the_rules_of_stepping(void **state)
{
	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(rules) * 4 * CLASSES * 2; n++) {
		size_t r = n / (4 * CLASSES * 2), s = n / (CLASSES * 2) % 4;
		size_t o = n / 2 % CLASSES;
		double offset_s = n % 2 ? sizes_s[o] : -sizes_s[o];
		struct config c = usual();
		struct estimate e = known(offset_s, 0);

		if (states[s] == DISCIPLINE_SPIK &&
		    (rules[r].x || rules[r].never)) {
			continue; /* what is watched is below the threshold */
		}
		c.orders.panic_once = rules[r].g;
		c.orders.step_once = rules[r].G;
		c.orders.slew_only = rules[r].x;
		c.tinker.panic_s = rules[r].no_panic ? 0 : 1000;
		if (rules[r].never) {
			c.tinker.step_fwd_s = c.tinker.step_back_s = 0;
		}
		struct discipline d = started(&c, states[s]);
		double before = discipline_freq(&d);
		struct adjustment adj =
			discipline_update(&d, &e, 64, at_s(128));
		enum adjustment_kind want = rules[r].kinds[s][o];

		if (adj.kind != want) {
			print_error("%s state %zu offset %g\n", rules[r].name,
				    s, offset_s);
		}
		assert_int_equal(adj.kind, want);
		assert_true(adj.offset_s == offset_s);
		assert_true(adj.step_s == (want == ADJUST_STEP ? offset_s : 0));
		assert_true(discipline_freq(&d) == before + adj.freq);
		if (want == ADJUST_PANIC) {
			assert_int_equal(d.state, states[s]);
			assert_true(adj.freq == 0);
		} else {
			assert_int_equal(d.state, want == ADJUST_SPIKE
							  ? DISCIPLINE_SPIK
							  : DISCIPLINE_SYNC);
		}
	}
}

static void forwards_and_backwards_have_their_own_threshold(void **state)
{
	(void)state;
	struct config c = usual();
	struct estimate ahead = known(0.3, 0), behind = known(-0.3, 0);

	c.tinker.step_back_s = 0.5;
	struct discipline d = started(&c, DISCIPLINE_FSET);

	assert_int_equal(discipline_update(&d, &behind, 64, at_s(0)).kind,
			 ADJUST_STEER);
	d = started(&c, DISCIPLINE_FSET);
	assert_int_equal(discipline_update(&d, &ahead, 64, at_s(0)).kind,
			 ADJUST_STEP);
}

static void a_spike_is_stepped_when_it_lasts(void **state)
{
	(void)state;
	struct config c = usual();
	struct discipline d = started(&c, DISCIPLINE_SYNC);
	struct estimate off = known(0.5, 0), good = known(1e-4, 0);

	for (int t = 64; t <= 64 * 3; t += 64) {
		assert_int_equal(discipline_update(&d, &off, 64, at_s(t)).kind,
				 ADJUST_SPIKE);
	}
	assert_int_equal(discipline_update(&d, &good, 64, at_s(256)).kind,
			 ADJUST_STEER);
	assert_int_equal(d.state, DISCIPLINE_SYNC);
	for (int t = 320; t < 620; t += 64) {
		assert_int_equal(discipline_update(&d, &off, 64, at_s(t)).kind,
				 ADJUST_SPIKE);
	}
	struct adjustment adj = discipline_update(&d, &off, 64, at_s(620));

	assert_int_equal(adj.kind, ADJUST_STEP);
	assert_true(adj.step_s == 0.5);
	assert_int_equal(d.state, DISCIPLINE_SYNC);
	assert_true(discipline_residual_s(&d, at_s(700)) == 0);
}

/* SECURITY.md E1: the first correction of any size closes the window. */
static void the_pardon_of_g_is_good_for_one_correction(void **state)
{
	(void)state;
	struct config c = usual();
	struct estimate small = known(0.001, 0), huge = known(86400, 0);

	c.orders.panic_once = true;
	struct discipline d = started(&c, DISCIPLINE_NSET);

	assert_int_equal(discipline_update(&d, &small, 64, at_s(0)).kind,
			 ADJUST_STEER);
	assert_true(d.first_done);
	assert_int_equal(discipline_update(&d, &huge, 64, at_s(64)).kind,
			 ADJUST_PANIC);
	/* Who knows that this boot has had its pardon says so at start. */
	d = started(&c, DISCIPLINE_NSET);
	d.first_done = true;
	assert_int_equal(discipline_update(&d, &huge, 64, at_s(0)).kind,
			 ADJUST_PANIC);
}

static void an_observer_touches_nothing(void **state)
{
	(void)state;
	for (int how = 0; how < 2; how++) {
		struct config c = usual();

		c.ntp = how != 0;
		c.orders.no_clock = how != 0;
		struct discipline d;
		const double offsets[] = { 1e-3, 0.5, 5000, -1 };

		discipline_init(&d, &c, 3e-6, true, at_s(0));
		for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
			struct estimate e = known(offsets[i], 1e-6);
			struct adjustment adj = discipline_update(
				&d, &e, 64, at_s(64.0 * (double)i));

			assert_int_equal(adj.kind, ADJUST_NONE);
			assert_true(adj.freq == 0 && adj.step_s == 0);
			assert_int_equal(d.state, DISCIPLINE_SYNC);
		}
		assert_int_equal(discipline_tick(&d, at_s(9e6)).kind,
				 ADJUST_NONE);
		assert_true(discipline_freq(&d) == 3e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_of_stepping),
		cmocka_unit_test(
			forwards_and_backwards_have_their_own_threshold),
		cmocka_unit_test(a_spike_is_stepped_when_it_lasts),
		cmocka_unit_test(the_pardon_of_g_is_good_for_one_correction),
		cmocka_unit_test(an_observer_touches_nothing),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
