/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reference clock in a whole engine: it leads, falls silent, is outvoted,
 * and is told of as the classic daemon does.
 */
#include "core/serve/refid.h"
#include "tiny.h"

static struct tiny t;

static void begin(void)
{
	tiny_config(&t);
	t.config.tos.floor = 0;
	t.own_freq = -30e-6;
	t.error_s = 0.02;
}

static bool leads(void)
{
	return t.view.leap == LEAP_NONE && t.view.stratum == 1 &&
	       t.view.refid == refid_of_text("SHM");
}

static void a_clock_alone_is_followed(void **state)
{
	(void)state;
	begin();
	(void)tiny_clock(&t);
	tiny_start(&t);
	tiny_run(&t, 5);
	assert_true(leads());
	assert_int_equal(t.notes[NOTE_MOBILIZE], 1);
	assert_int_equal(t.notes[NOTE_REACHABLE], 1);
	assert_int_equal(t.notes[NOTE_SYS_PEER], 1);
	assert_int_equal(t.notes[NOTE_FREE_RUN], 0);
	tiny_run(&t, 300);
	tiny_check_bound(&t);
	assert_true(fabs(t.error_s) < 1e-6);
	assert_true(fabs(t.freq + t.own_freq) < 1e-7);
	assert_in_range(t.reads, 295, 301);
	tiny_run(&t, 4000);
	assert_true(t.saves > 0); /* a drift file, as with servers */
	tiny_end(&t);
}

static void fudge_says_stratum_refid_and_offset(void **state)
{
	(void)state;
	begin();
	struct source_config *c = tiny_clock(&t);

	c->fudge = (struct fudge_config){
		.given = true, .stratum = 4, .refid = "GPS", .time1_s = -0.01
	};
	tiny_start(&t);
	tiny_run(&t, 300);
	assert_int_equal(t.view.stratum, 5);
	assert_int_equal(t.view.refid, refid_of_text("GPS"));
	assert_true(fabs(t.error_s + 0.01) < 1e-6);
	tiny_end(&t);
}

static void a_step_voids_no_more_than_one_reading(void **state)
{
	(void)state;
	begin();
	t.error_s = 3;
	(void)tiny_clock(&t);
	tiny_start(&t);
	tiny_run(&t, 8);
	assert_int_equal(t.steps, 1);
	assert_true(leads());
	assert_true(fabs(t.error_s) < 1e-4);
	tiny_run(&t, 100);
	assert_int_equal(t.steps, 1);
	assert_true(fabs(t.error_s) < 1e-6);
	tiny_end(&t);
}

static void one_shot_sets_the_clock_by_it(void **state)
{
	(void)state;
	begin();
	t.error_s = 3;
	t.config.orders.quit = true;
	(void)tiny_clock(&t);
	tiny_start(&t);
	tiny_run(&t, 100);
	assert_true(t.exited && t.code == 0);
	assert_int_equal(t.steps, 1);
	tiny_end(&t);
}

static void servers_take_over_when_it_falls_silent(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 3; i++) {
		(void)tiny_server(&t, true);
	}
	(void)tiny_clock(&t);
	tiny_local(&t);
	tiny_start(&t);
	tiny_run(&t, 60);
	assert_true(leads());
	t.clock_silent = true;
	tiny_run(&t, 60 + 10 * 16);
	assert_int_equal(t.view.stratum, 3);
	assert_int_equal(t.notes[NOTE_UNREACHABLE], 1);
	tiny_check_bound(&t);
	t.clock_silent = false;
	tiny_run(&t, 300);
	assert_true(leads());
	assert_true(fabs(t.error_s) < 1e-5);
	assert_int_equal(t.notes[NOTE_FREE_RUN], 0);
	tiny_end(&t);
}

static void a_liar_is_outvoted(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 3; i++) {
		(void)tiny_server(&t, true);
	}
	(void)tiny_clock(&t);
	t.clock_lie_s = 0.1;
	tiny_start(&t);
	tiny_run(&t, 300);
	assert_int_equal(t.view.stratum, 3);
	assert_true(fabs(t.error_s) < 1e-4);
	tiny_end(&t);
}

/* It may be the first to answer, and the only one that is wrong. */
static void the_first_choice_waits_for_the_servers(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 3; i++) {
		(void)tiny_server(&t, true);
	}
	(void)tiny_clock(&t);
	t.clock_lie_s = 5;
	tiny_start(&t);
	tiny_run(&t, 60);
	assert_int_equal(t.steps, 0);
	assert_int_equal(t.view.stratum, 3);
	tiny_end(&t);
}

static void local_waits_for_a_clock_too(void **state)
{
	(void)state;
	begin();
	(void)tiny_clock(&t);
	tiny_local(&t);
	t.clock_silent = true;
	tiny_start(&t);
	tiny_run(&t, 10);
	assert_int_equal(t.view.leap, LEAP_UNSYNC);
	tiny_run(&t, 20);
	assert_int_equal(t.view.stratum, 11);
	t.clock_silent = false;
	tiny_run(&t, 40);
	assert_true(leads());
	tiny_end(&t);
}

static void ask(const char *request, size_t len)
{
	struct event ev = { .kind = EVENT_CONTROL };

	ev.control.data = (const uint8_t *)request;
	ev.control.len = len;
	tiny_handle(&t, &ev);
	assert_true(t.answer_len > 12);
	t.answer[t.answer_len < sizeof(t.answer) ? t.answer_len
						 : sizeof(t.answer) - 1] = 0;
}

static bool said(const char *what)
{
	return strstr((const char *)t.answer + 12, what) != NULL;
}

static void it_is_told_of_as_classic_does(void **state)
{
	static const char readvar[12] = { 0x16, 2 };
	static const char readclock[12] = { 0x16, 4 };
	static const char minjitter[] = "\x16\4\0\0\0\0\0\0\0\0\0\x09"
					"minjitter   ";

	(void)state;
	begin();
	tiny_clock(&t)->fudge =
		(struct fudge_config){ .stratum = 255,
				       .time2_s = 600,
				       .minjitter_s = 0.01,
				       .flag = { false, false, true } };
	tiny_start(&t);
	tiny_run(&t, 40);
	ask(readvar, sizeof(readvar));
	/* Synchronised to a radio clock or the like: source 4. */
	assert_int_equal(t.answer[4], 0x04);
	assert_true(said("stratum=1"));
	assert_true(said("refid=SHM"));
	ask(readclock, sizeof(readclock));
	assert_true(said("device=\"SHM/Shared memory interface\""));
	assert_true(said("timecode=\" 16  16   0   0   0\""));
	assert_true(said("poll=2, noreply=0, badformat=0"));
	assert_true(said("baddata=0"));
	assert_true(said("fudgetime2=600000.000"));
	assert_true(said("stratum=0"));
	assert_true(said("refid=SHM"));
	assert_true(said("flags=4"));
	ask(minjitter, sizeof(minjitter) - 1);
	assert_true(said("minjitter=10.000"));
	t.clock_lie_s = 5 * 3600;
	tiny_run(&t, 60);
	ask(readclock, sizeof(readclock));
	assert_true(said("baddata=20") || said("baddata=19"));
	/* The status word: a bad time, now and last. */
	assert_int_equal(t.answer[5], 0x66);
	tiny_end(&t);
}

static void its_samples_are_told(void **state)
{
	static const char readstat[12] = { 0x16, 1 };
	char readvar[] = "\x16\2\0\0\0\0\0\0\0\0\0\x22"
			 "refid,rootdisp,filtoffset,filtdisp  ";

	(void)state;
	begin();
	(void)tiny_clock(&t);
	t.config.orders.no_clock = true;
	t.own_freq = 0;
	tiny_start(&t);
	tiny_run(&t, 2.5);
	ask(readstat, sizeof(readstat));
	readvar[6] = (char)t.answer[12]; /* the only association */
	readvar[7] = (char)t.answer[13];
	ask(readvar, sizeof(readvar) - 1);
	assert_true(said("refid=SHM"));
	assert_true(said("rootdisp=0.001"));
	assert_true(said("filtoffset= -20.00 -20.00 -20.00 0.00"));
	/* There were three so far. */
	assert_true(said(" 16000.00 16000.00 16000.00 16000.00 16000.00"));
	tiny_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_alone_is_followed),
		cmocka_unit_test(fudge_says_stratum_refid_and_offset),
		cmocka_unit_test(a_step_voids_no_more_than_one_reading),
		cmocka_unit_test(one_shot_sets_the_clock_by_it),
		cmocka_unit_test(servers_take_over_when_it_falls_silent),
		cmocka_unit_test(a_liar_is_outvoted),
		cmocka_unit_test(the_first_choice_waits_for_the_servers),
		cmocka_unit_test(local_waits_for_a_clock_too),
		cmocka_unit_test(it_is_told_of_as_classic_does),
		cmocka_unit_test(its_samples_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
