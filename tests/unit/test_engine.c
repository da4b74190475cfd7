/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole engines in a tiny world: from nothing to a clock that is right and
 * says so, within the times that seed-checklist 7.7 promises.
 */
#include "tiny.h"

static struct tiny world;

static struct tiny *fresh(void)
{
	tiny_config(&world);
	return &world;
}

static void a_fast_crystal_is_learnt_and_saved(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	for (int i = 0; i < 4; i++) {
		tiny_server(t, true);
	}
	t->own_freq = 40e-6;
	tiny_start(t);
	for (int s = 10; s < 8000; s += 10) {
		tiny_run(t, s);
		tiny_check_bound(t);
	}
	assert_true(fabs(t->error_s) < 1e-4);
	assert_true(fabs(t->freq + 40e-6) < 1e-6);
	assert_true(t->saves >= 1);
	assert_true(fabs(t->saved_ppm + 40) < 1);
	tiny_end(t);
}

/* seed-checklist 22, 23, 55 */
static void local_leads_when_nobody_answers_for_a_while(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true)->manner = TINY_SILENT;
	tiny_local(t);
	tiny_start(t);
	tiny_run(t, 14.5);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	tiny_run(t, 17);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->view.stratum, 11);
	assert_int_equal(t->view.refid, 0x7f7f0100);
	assert_int_equal(t->notes[NOTE_FREE_RUN], 0);
	assert_int_equal(t->steps, 0);
	assert_true(t->freq == 0);
	tiny_end(t);
}

static void orphanwait_is_kept_when_it_was_written(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true)->manner = TINY_SILENT;
	tiny_local(t);
	t->config.tos.orphanwait_given = true;
	tiny_start(t);
	tiny_run(t, 290);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	tiny_run(t, 330);
	assert_int_equal(t->view.stratum, 11);
	tiny_end(t);
}

/* seed-checklist 22: holdover, then LOCAL, then the server again. */
static void a_lost_server_is_held_then_replaced_by_local(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct tiny_server *s = tiny_server(t, true);

	t->sources[0].maxpoll = 6;
	tiny_local(t);
	tiny_start(t);
	tiny_run(t, 1000);
	assert_int_equal(t->view.stratum, 3);
	s->manner = TINY_SILENT;
	tiny_run(t, 1400);
	assert_int_equal(t->view.stratum, 3);
	assert_int_equal(t->notes[NOTE_UNREACHABLE], 0);
	span before = t->view.root_disp;
	tiny_run(t, 1700);
	assert_int_equal(t->view.stratum, 3);
	assert_int_equal(t->notes[NOTE_UNREACHABLE], 1);
	assert_int_equal(t->notes[NOTE_NO_SYS_PEER], 1);
	assert_true(span_cmp(t->view.root_disp, before) > 0);
	tiny_run(t, 2100);
	assert_int_equal(t->notes[NOTE_FREE_RUN], 1);
	assert_int_equal(t->view.stratum, 11);
	s->manner = TINY_GOOD;
	tiny_run(t, 2400);
	assert_int_equal(t->view.stratum, 3);
	assert_int_equal(t->view.refid, 0x0a000001);
	tiny_end(t);
}

/* seed-checklist 53, 54 */
static void a_step_is_confirmed_and_served_within_seconds(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->error_s = -3600;
	t->config.orders.panic_once = true;
	tiny_start(t);
	while (t->steps == 0 && t->now_s < 10) {
		tiny_run(t, t->now_s + 0.1);
	}
	assert_int_equal(t->steps, 1);
	assert_true(fabs(t->error_s) < 0.01);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	assert_int_equal(t->view.refid, 0x53544550);
	assert_int_equal(t->notes[NOTE_STEPPED], 1);
	tiny_run(t, t->now_s + 4);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_true(t->now_s < 10);
	tiny_run(t, 600);
	assert_int_equal(t->steps, 1);
	assert_int_equal(t->notes[NOTE_FOREIGN_STEP], 0);
	tiny_check_bound(t);
	tiny_end(t);
}

static void beyond_panic_the_daemon_ends_with_255(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->error_s = 5000;
	tiny_start(t);
	tiny_run(t, 20);
	assert_true(t->exited);
	assert_int_equal(t->code, 255);
	assert_int_equal(t->notes[NOTE_PANIC], 1);
	assert_int_equal(t->steps + t->slews, 0);
	tiny_end(t);
}

static void quit_sets_the_clock_once_and_ends(void **state)
{
	static const struct {
		double error_s;
		unsigned steps, slews;
		int code;
		bool gate;
	} cases[] = {
		{ 0.05, 0, 1, 0, false },
		{ 5, 1, 0, 0, false },
		{ 5000, 0, 0, 255, false },
		{ 5000, 1, 0, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tiny *t = fresh();

		tiny_server(t, true);
		t->config.orders.quit = true;
		t->config.orders.panic_once = cases[i].gate;
		t->error_s = cases[i].error_s;
		tiny_start(t);
		tiny_run(t, 30);
		assert_true(t->exited);
		assert_int_equal(t->code, cases[i].code);
		assert_int_equal(t->steps, cases[i].steps);
		assert_int_equal(t->slews, cases[i].slews);
		assert_int_equal(t->notes[NOTE_TIME_SET], cases[i].steps);
		assert_int_equal(t->notes[NOTE_TIME_SLEW], cases[i].slews);
		assert_true(fabs(t->step_s + t->slew_s + cases[i].error_s) <
				    0.001 ||
			    cases[i].code != 0);
		tiny_end(t);
	}
}

static void quit_gives_up_when_nobody_answers(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true)->manner = TINY_SILENT;
	t->config.orders.quit = true;
	tiny_start(t);
	tiny_run(t, 59);
	assert_false(t->exited);
	tiny_run(t, 61);
	assert_true(t->exited);
	assert_int_equal(t->code, 1);
	assert_int_equal(t->notes[NOTE_QUIT_NO_TIME], 1);
	tiny_end(t);
}

/* Measured and told, never set. */
static void no_clock_leaves_the_clock_alone(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->config.orders.no_clock = true;
	t->error_s = 0.7;
	t->own_freq = 50e-6;
	tiny_start(t);
	for (int s = 1; s < 1000; s += 7) {
		tiny_run(t, s);
		tiny_check_bound(t);
	}
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_true(span_to_seconds(t->view.root_disp) >= 0.7);
	assert_int_equal(t->steers + t->steps + t->slews + t->statuses, 0);
	assert_int_equal(t->saves, 0);
	tiny_end(t);
}

static void no_clock_far_off_does_not_serve(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	t->config.orders.no_clock = true;
	t->error_s = 60;
	tiny_start(t);
	tiny_run(t, 100);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	assert_int_equal(t->view.stratum, 0);
	assert_false(t->exited);
	tiny_end(t);
}

/* SECURITY.md E17; seed-checklist 28. */
static void a_foreign_step_is_noticed_and_measured_anew(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	tiny_start(t);
	tiny_run(t, 500);
	t->error_s += 5;
	tiny_run(t, 520);
	assert_int_equal(t->notes[NOTE_FOREIGN_STEP], 1);
	tiny_check_bound(t);
	tiny_run(t, 540);
	assert_int_equal(t->notes[NOTE_SPIKE], 1);
	assert_int_equal(t->steps, 0);
	tiny_run(t, 1200);
	assert_int_equal(t->steps, 1);
	assert_true(fabs(t->error_s) < 0.01);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

/* seed-checklist 57 */
static void who_is_unsynchronised_is_asked_again_in_eight_seconds(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct tiny_server *s = tiny_server(t, true);

	s->manner = TINY_UNSYNCHRONISED;
	tiny_start(t);
	tiny_run(t, 60);
	assert_true(s->asked >= 6 && s->asked <= 9);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	s->manner = TINY_GOOD;
	tiny_run(t, 75);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

static void stamps_may_come_late_or_never(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct tiny *t = fresh();

		tiny_server(t, true);
		t->stamp_late = i == 0;
		t->no_stamp = i == 1;
		tiny_start(t);
		tiny_run(t, 300);
		assert_int_equal(t->view.leap, LEAP_NONE);
		assert_true(fabs(t->error_s) < 1e-3);
		tiny_check_bound(t);
		tiny_end(t);
	}
}

static void the_majority_announces_the_leap_second(void **state)
{
	(void)state;
	const tstamp usual = tiny_epoch;
	struct tiny *t = fresh();

	for (int i = 0; i < 3; i++) {
		tiny_server(t, true)->leap = i < 2 ? LEAP_INSERT : LEAP_NONE;
	}
	tiny_epoch = tstamp_from_unix(INT64_C(1719709200), 0); /* 30 June */
	tiny_start(t);
	tiny_run(t, 100);
	assert_int_equal(t->view.leap, LEAP_INSERT);
	assert_int_equal(t->notes[NOTE_LEAP_ARMED], 1);
	t->servers[0].leap = t->servers[1].leap = LEAP_NONE;
	tiny_run(t, 3000);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->notes[NOTE_LEAP_DISARMED], 1);
	tiny_epoch = usual;
	tiny_end(t);
}

/* H1: whoever answers for a name cannot fill all places at once. */
static void few_addresses_of_one_answer_are_used(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct source_config *c = tiny_source(t, SOURCE_KIND_POOL);

	c->host = "pool.example";
	t->config.tos.maxclock = 20;
	t->name_count = ARRAY_LEN(t->names);
	assert_true(t->name_count >= 6);
	for (unsigned i = 0; i < t->name_count; i++) {
		t->names[i] = netaddr_v4(0x0a000001u + i, 123);
	}
	tiny_start(t);
	tiny_run(t, 5);
	assert_int_equal(t->notes[NOTE_POOL_SOLICIT], 4);
	tiny_end(t);
}

static void a_pool_spawns_members_and_replaces_the_dead(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct source_config *c = tiny_source(t, SOURCE_KIND_POOL);

	c->host = "pool.example";
	c->iburst = true;
	t->config.tos.maxclock = 4;
	for (unsigned i = 0; i < 8; i++) {
		t->servers[i] = (struct tiny_server){
			.addr = netaddr_v4(0x0a000001u + i, 123),
			.manner = TINY_GOOD,
			.stratum = 2,
			.refid = 0x55555555,
			.least_gap_s = 1e9,
			.asked_at_s = -1e9,
		};
	}
	t->server_count = 8;
	for (unsigned i = 0; i < 4; i++) {
		t->names[i] = t->servers[i].addr;
	}
	t->name_count = 4;
	tiny_start(t);
	tiny_run(t, 20);
	assert_int_equal(t->notes[NOTE_POOL_SOLICIT], 4);
	assert_int_equal(t->view.leap, LEAP_NONE);
	t->servers[1].manner = TINY_SILENT;
	t->names[0] = t->servers[5].addr;
	t->names[1] = t->servers[6].addr;
	tiny_run(t, 20000);
	assert_int_equal(t->notes[NOTE_DEMOBILIZE], 1);
	assert_int_equal(t->notes[NOTE_POOL_SOLICIT], 5);
	assert_true(t->servers[5].asked + t->servers[6].asked > 0);
	tiny_end(t);
}

static void control_requests_are_answered(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	uint8_t ask[12] = { 0x16, 1 };
	struct event ev = { .kind = EVENT_CONTROL };

	tiny_server(t, true);
	tiny_local(t);
	tiny_start(t);
	tiny_run(t, 20);
	ev.control.data = ask;
	ev.control.len = sizeof(ask);
	tiny_handle(t, &ev);
	assert_int_equal(t->answers, 1);
	assert_int_equal(t->answer[4], 0x06);
	assert_int_equal(t->answer[5] & 0x0f, 5);
	assert_int_equal(t->answer_len, 12 + 2 * 4);
	assert_int_equal(t->answer[14] << 8 | t->answer[15], 0x961a | 0x20);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fast_crystal_is_learnt_and_saved),
		cmocka_unit_test(local_leads_when_nobody_answers_for_a_while),
		cmocka_unit_test(orphanwait_is_kept_when_it_was_written),
		cmocka_unit_test(a_lost_server_is_held_then_replaced_by_local),
		cmocka_unit_test(a_step_is_confirmed_and_served_within_seconds),
		cmocka_unit_test(beyond_panic_the_daemon_ends_with_255),
		cmocka_unit_test(quit_sets_the_clock_once_and_ends),
		cmocka_unit_test(quit_gives_up_when_nobody_answers),
		cmocka_unit_test(no_clock_leaves_the_clock_alone),
		cmocka_unit_test(no_clock_far_off_does_not_serve),
		cmocka_unit_test(a_foreign_step_is_noticed_and_measured_anew),
		cmocka_unit_test(
			who_is_unsynchronised_is_asked_again_in_eight_seconds),
		cmocka_unit_test(stamps_may_come_late_or_never),
		cmocka_unit_test(the_majority_announces_the_leap_second),
		cmocka_unit_test(few_addresses_of_one_answer_are_used),
		cmocka_unit_test(a_pool_spawns_members_and_replaces_the_dead),
		cmocka_unit_test(control_requests_are_answered),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
