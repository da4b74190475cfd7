/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an engine starts: who is heard before anything is decided, and how the
 * clock gets where it belongs.
 */
#include "tiny.h"

static struct tiny world;

static struct tiny *fresh(void)
{
	tiny_config(&world);
	return &world;
}

/* seed-checklist 53 */
static void one_server_with_iburst_synchronises_within_ten_seconds(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->error_s = 0.05;
	tiny_start(t);
	tiny_run(t, 1);
	assert_int_equal(t->view.leap, LEAP_UNSYNC); /* item 59 */
	assert_int_equal(t->view.stratum, 0);
	tiny_run(t, 10);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->view.stratum, 3);
	assert_int_equal(t->view.refid, 0x0a000001);
	assert_int_equal(t->notes[NOTE_CLOCK_SYNC], 1);
	assert_int_equal(t->notes[NOTE_SYS_PEER], 1);
	assert_int_equal(t->notes[NOTE_REACHABLE], 1);
	assert_int_equal(t->notes[NOTE_SERVING], 1);
	assert_int_equal(t->steps, 0);
	tiny_check_bound(t);
	tiny_run(t, 2000);
	assert_true(fabs(t->error_s) < 1e-3);
	tiny_check_bound(t);
	tiny_end(t);
}

/* seed-checklist 56 */
static void without_iburst_the_first_polls_are_a_few_packets(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct tiny_server *s = tiny_server(t, false);

	tiny_start(t);
	tiny_run(t, 10);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(s->asked, 4);
	assert_true(s->least_gap_s >= 2);
	tiny_run(t, 60);
	assert_int_equal(s->asked, 4);
	tiny_end(t);
}

/* SECURITY.md E6: the first to answer is the one that lies. */
static void an_early_liar_does_not_decide(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true)->lie_s = 100;
	tiny_server(t, true);
	tiny_server(t, true);
	t->config.orders.panic_once = true;
	tiny_start(t);
	tiny_run(t, 600);
	assert_int_equal(t->steps, 0);
	assert_true(fabs(t->error_s) < 1e-3);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

/* A majority of all that are configured cannot be outvoted any more. */
static void a_majority_need_not_wait(void **state)
{
	(void)state;
	for (unsigned silent = 0; silent <= 2; silent++) {
		struct tiny *t = fresh();

		for (unsigned i = 0; i < 4; i++) {
			enum tiny_manner m =
				i < silent ? TINY_SILENT : TINY_GOOD;
			tiny_server(t, false)->manner = m;
		}
		t->error_s = 0.1;
		tiny_start(t);
		tiny_run(t, 2.2);
		/* SECURITY.md E7: two of four may be the two that lie. */
		assert_int_equal(t->view.leap,
				 silent < 2 ? LEAP_NONE : LEAP_UNSYNC);
		assert_true((fabs(t->error_s) < 2e-3) == (silent < 2));
		tiny_run(t, 10);
		assert_int_equal(t->view.leap, LEAP_NONE);
		assert_int_equal(t->steps, 0);
		tiny_check_bound(t);
		tiny_end(t);
	}
}

/* Names of one server are one voice: the second is not waited for. */
static void a_name_of_a_server_that_is_asked_is_no_voice(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	for (unsigned i = 0; i < 2; i++) {
		tiny_server(t, true);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct source_config *c = tiny_source(t, SOURCE_KIND_SERVER);

		c->host = "again.example";
		c->iburst = true;
	}
	t->names[0] = t->servers[1].addr;
	t->name_count = 1;
	t->error_s = 5;
	tiny_start(t);
	tiny_run(t, 5.5);
	assert_int_equal(t->steps, 1);
	assert_int_equal(t->view.leap, LEAP_NONE);
	/* But both of the two are: either may lie. */
	assert_true(t->servers[0].asked >= 3 && t->servers[1].asked >= 3);
	tiny_end(t);
}

/* docs/decisions/first-slew.md */
static void nobody_is_served_while_the_first_slew_is_on(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->error_s = 0.12;
	tiny_start(t);
	for (int i = 0; i < 1000; i++) {
		tiny_run(t, 0.01 * i);
		assert_true(fabs(t->freq) < 1e-3 ||
			    t->view.leap == LEAP_UNSYNC);
		if (t->view.leap != LEAP_UNSYNC) {
			assert_true(fabs(t->error_s) < 2e-3);
		}
	}
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_true(fabs(t->error_s) < 1e-4);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_server_with_iburst_synchronises_within_ten_seconds),
		cmocka_unit_test(
			without_iburst_the_first_polls_are_a_few_packets),
		cmocka_unit_test(an_early_liar_does_not_decide),
		cmocka_unit_test(a_majority_need_not_wait),
		cmocka_unit_test(a_name_of_a_server_that_is_asked_is_no_voice),
		cmocka_unit_test(nobody_is_served_while_the_first_slew_is_on),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
