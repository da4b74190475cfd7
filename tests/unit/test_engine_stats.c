/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine writes into statistics files, and when. */
#include "core/report/stats.h"
#include "core/serve/server.h"
#include "tiny.h"

static struct tiny world;

static struct tiny *fresh(void)
{
	tiny_config(&world);
	world.config.stats = true;
	world.config.statsdir = "/s/";
	return &world;
}

static void want(struct tiny *t, enum stats_kind kind)
{
	t->config.filegens[kind].enabled = true;
}

static void want_all(struct tiny *t)
{
	for (unsigned i = 0; i < STATS_KINDS; i++) {
		want(t, i);
	}
}

/* Words of a line, in place; how many. */
static size_t words(char *line, char *out[32])
{
	size_t n = 0;

	for (char *w = strtok(line, " \n"); w && n < 32;
	     w = strtok(NULL, " \n")) {
		out[n++] = w;
	}
	return n;
}

static void each_good_answer_is_a_line_of_three_files(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	want_all(t);
	t->error_s = 0.02;
	tiny_start(t);
	tiny_run(t, 600);
	assert_in_range(t->servers[0].asked, 8, 40);
	assert_int_equal(t->stats[STATS_RAW], t->servers[0].asked);
	assert_int_equal(t->stats[STATS_PEER], t->servers[0].asked);
	/* The clock is left alone until the server has been heard a bit. */
	assert_in_range(t->stats[STATS_LOOP], t->servers[0].asked - 3,
			t->servers[0].asked);
	assert_int_equal(t->stats[STATS_CLOCK], 0);
	tiny_end(t);
}

static void raw_lines_hold_the_four_times_and_no_nonce(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	char *w[32] = { NULL };

	tiny_server(t, true);
	want(t, STATS_RAW);
	t->error_s = 0.01;
	tiny_start(t);
	tiny_run(t, 1);
	assert_int_equal(t->stats[STATS_RAW], 1);
	assert_int_equal(words(t->stats_line[STATS_RAW], w), 17);
	assert_string_equal(w[2], "10.0.0.1");
	assert_string_equal(w[3], "10.0.0.254");
	double sent = strtod(w[4], NULL), received = strtod(w[5], NULL);
	double answered = strtod(w[6], NULL), returned = strtod(w[7], NULL);

	/* Microseconds are what a double has of them. */
	assert_true(fabs(received - sent - (TINY_WAY_S - 0.01)) < 1e-5);
	assert_true(fabs(answered - received - 1e-5) < 2e-6);
	assert_true(fabs(returned - sent - 2 * TINY_WAY_S) < 1e-5);
	assert_string_equal(w[8], "0");
	assert_string_equal(w[9], "4");
	assert_string_equal(w[10], "4");
	assert_string_equal(w[11], "2");
	assert_string_equal(w[16], "85.85.85.85");
	tiny_end(t);
}

static void a_kiss_is_a_raw_line_and_no_sample(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	char *w[32] = { NULL };

	tiny_server(t, true)->manner = TINY_RATE;
	want_all(t);
	t->stamp_late = true; /* and so it is our own stamp that counts */
	tiny_start(t);
	tiny_run(t, 1);
	assert_int_equal(t->stats[STATS_RAW], 1);
	assert_int_equal(t->stats[STATS_PEER], 0);
	assert_int_equal(t->stats[STATS_LOOP], 0);
	assert_int_equal(words(t->stats_line[STATS_RAW], w), 17);
	assert_string_equal(w[8], "3");
	assert_string_equal(w[11], "0");
	assert_string_equal(w[16], ".RATE.");
	double away = strtod(w[7], NULL) - strtod(w[4], NULL);

	assert_true(fabs(away - 2 * TINY_WAY_S) < 1e-5);
	tiny_end(t);
}

/* L2, F: who sends what was not asked for does not fill a disk. */
static void a_forged_answer_is_no_line(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	uint8_t bytes[PACKET_LEN] = { 0x24, 2, 6, 0xec };
	struct event ev = { .kind = EVENT_PACKET };

	tiny_server(t, true)->manner = TINY_SILENT;
	want_all(t);
	tiny_start(t);
	tiny_run(t, 0.5);
	ev.packet.data = bytes;
	ev.packet.len = sizeof(bytes);
	ev.packet.at = tiny_wall(t);
	for (unsigned i = 0; i < 100; i++) {
		bytes[24] = (uint8_t)i;
		tiny_handle(t, &ev);
	}
	assert_int_equal(t->stats[STATS_RAW], 0);
	tiny_end(t);
}

static void a_step_is_a_loop_line_of_the_new_time(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	char expected[64], *w[32] = { NULL };
	unsigned lines = 0;

	tiny_server(t, true);
	want(t, STATS_LOOP);
	t->error_s = -30;
	tiny_start(t);
	while (t->steps == 0) {
		lines = t->stats[STATS_LOOP];
		tiny_run(t, t->now_s + 0.1);
	}
	assert_int_equal(lines, 0);
	assert_int_equal(t->stats[STATS_LOOP], 1);
	assert_int_equal(words(t->stats_line[STATS_LOOP], w), 7);
	assert_true(fabs(strtod(w[2], NULL) - 30) < 0.01);
	(void)snprintf(expected, sizeof(expected), "%" PRId64,
		       stats_date(tiny_wall(t)) / 86400 + 40587);
	assert_string_equal(w[0], expected);
	double second = strtod(w[1], NULL);
	double now_s = (double)(stats_date(tiny_wall(t)) % 86400);

	assert_true(fabs(second - now_s) < 2); /* not 30 s before */
	tiny_end(t);
}

/* `disable ntp` measures all the same. */
static void who_may_not_set_the_clock_writes_loop_lines(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	tiny_server(t, true);
	want(t, STATS_LOOP);
	t->config.ntp = false;
	t->error_s = 0.02;
	tiny_start(t);
	tiny_run(t, 600);
	assert_true(t->stats[STATS_LOOP] > 4);
	assert_int_equal(t->steers + t->steps, 0);
	tiny_end(t);
}

static void every_event_is_a_line_of_protostats(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	unsigned events = 0;

	for (unsigned i = 0; i < TINY_SERVERS - 1; i++) {
		tiny_server(t, true);
	}
	t->servers[1].manner = TINY_DENY;
	want(t, STATS_PROTO);
	t->error_s = -3;
	tiny_start(t);
	tiny_run(t, 600);
	for (unsigned i = 0; i < NOTES; i++) {
		events += note_event(i) != 0 ? t->notes[i] : 0;
	}
	assert_true(events > 15);
	assert_int_equal(t->stats[STATS_PROTO], events);
	assert_int_equal(t->notes[NOTE_SERVING] > 0, 1); /* which is none */
	tiny_end(t);
}

static void the_local_clock_writes_its_samples(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	char *w[32] = { NULL };

	tiny_local(t);
	want_all(t);
	tiny_start(t);
	tiny_run(t, 600);
	assert_in_range(t->stats[STATS_PEER], 8, 11);
	assert_in_range(t->stats[STATS_LOOP], 7, 11);
	assert_int_equal(words(t->stats_line[STATS_PEER], w), 8);
	assert_string_equal(w[2], "127.127.1.0");
	assert_string_equal(w[4], "0.000000000");
	tiny_end(t);
}

static void a_measuring_clock_writes_polls(void **state)
{
	(void)state;
	for (unsigned flag4 = 0; flag4 < 2; flag4++) {
		struct tiny *t = fresh();
		char *w[32] = { NULL };

		t->config.tos.floor = 0;
		tiny_clock(t)->fudge.flag[3] = flag4;
		want_all(t);
		tiny_start(t);
		tiny_run(t, 650);
		assert_in_range(t->stats[STATS_PEER], 9, 41);
		assert_int_equal(t->stats[STATS_CLOCK],
				 flag4 ? t->stats[STATS_PEER] : 0);
		/* One a poll, though each reading corrects the clock. */
		assert_true(t->steers > 100);
		assert_int_equal(t->stats[STATS_LOOP], t->stats[STATS_PEER]);
		assert_int_equal(words(t->stats_line[STATS_PEER], w), 8);
		assert_string_equal(w[2], "127.127.28.0");
		if (flag4) {
			assert_int_equal(words(t->stats_line[STATS_CLOCK], w),
					 8);
			assert_string_equal(w[2], "127.127.28.0");
			assert_string_equal(w[3], w[4]); /* all are good */
			assert_string_equal(w[5], "0");
		}
		t->clock_silent = true;
		tiny_run(t, 650 + 2 * 16);
		unsigned lines = t->stats[STATS_PEER];
		tiny_run(t, 650 + 4 * 16);
		assert_int_equal(t->stats[STATS_PEER], lines);
		assert_int_equal(t->stats[STATS_LOOP], lines);
		assert_int_equal(t->stats[STATS_CLOCK], flag4 ? lines + 3 : 0);
		tiny_end(t);
	}
}

static void an_hour_of_serving_is_a_line_of_sysstats(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct server_shard shards[2] = { 0 };
	struct event ev = { .kind = EVENT_TICK };
	char *w[32] = { NULL };

	want(t, STATS_SYS);
	tiny_start(t);
	tiny_run(t, 3599);
	assert_int_equal(t->stats[STATS_SYS], 0);
	tiny_pass(t, 3600.25);
	shards[0].verdicts[SERVER_ANSWERED] = 100;
	shards[0].versions[4] = 98;
	shards[0].versions[3] = 2;
	shards[1].verdicts[SERVER_ANSWERED] = 10;
	shards[1].versions[4] = 10;
	shards[1].verdicts[SERVER_NOSERVE] = 7;
	shards[1].verdicts[SERVER_LENGTH] = 3;
	shards[1].verdicts[SERVER_KISSED] = 2;
	shards[1].verdicts[SERVER_LIMITED] = 1;
	ev.tick.shards = shards;
	ev.tick.shard_count = 2;
	tiny_handle(t, &ev);
	assert_int_equal(t->stats[STATS_SYS], 1);
	assert_non_null(strstr(t->stats_line[STATS_SYS],
			       " 3600 123 110 108 2 7 3 0 0 3 2\n"));
	/* The next line counts from there. */
	shards[0].verdicts[SERVER_ANSWERED] += 5;
	shards[0].versions[4] += 5;
	tiny_pass(t, 7100);
	tiny_handle(t, &ev);
	assert_int_equal(t->stats[STATS_SYS], 1);
	tiny_pass(t, 7201);
	tiny_handle(t, &ev);
	assert_int_equal(t->stats[STATS_SYS], 2);
	assert_int_equal(words(t->stats_line[STATS_SYS], w), 13);
	assert_string_equal(w[3], "5");
	assert_string_equal(w[5], "5");
	tiny_end(t);
}

static void an_hour_of_running_is_a_line_of_usestats(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct usage used = { .user_s = 1.5,
			      .system_s = 0.25,
			      .most_kib = 4080,
			      .counts = { 164, 1, 0, 2, 3, 226, 22, 0 } };
	struct event ev = { .kind = EVENT_TICK };

	want(t, STATS_USE);
	tiny_start(t);
	tiny_run(t, 3599);
	assert_int_equal(t->stats[STATS_USE], 0);
	tiny_pass(t, 3600.25);
	ev.tick.usage = &used;
	tiny_handle(t, &ev);
	assert_int_equal(t->stats[STATS_USE], 1);
	assert_non_null(
		strstr(t->stats_line[STATS_USE],
		       " 3600 1.500 0.250 164 1 0 2 3 226 22 0 4080\n"));
	/* The next line is of the next hour, and the most is of all time. */
	used.user_s += 0.125;
	used.counts[USAGE_WAITS] += 5;
	tiny_pass(t, 7201);
	tiny_handle(t, &ev);
	assert_non_null(strstr(t->stats_line[STATS_USE],
			       " 3600 0.125 0.000 0 0 0 0 0 5 0 0 4080\n"));
	/* A host that does not know is asked again in an hour. */
	ev.tick.usage = NULL;
	tiny_pass(t, 10802);
	tiny_handle(t, &ev);
	assert_int_equal(t->stats[STATS_USE], 2);
	assert_true(t->deadline_s > t->now_s + 1);
	tiny_end(t);
}

/* It comes on time, not with whatever happens next. */
static void the_hour_is_a_deadline(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	want(t, STATS_SYS);
	tiny_start(t);
	while (t->stats[STATS_SYS] == 0 && t->now_s < 4000) {
		tiny_run(t, t->now_s + 0.01);
	}
	assert_true(fabs(t->now_s - 3600) < 0.1);
	tiny_end(t);
}

static void nothing_is_written_that_nobody_wants(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 3; way++) {
		struct tiny *t = fresh();

		tiny_server(t, true);
		want_all(t);
		if (way == 0) {
			t->config.stats = false;
		} else if (way == 1) {
			t->config.statsdir = NULL;
		} else {
			memset(t->config.filegens, 0,
			       sizeof(t->config.filegens));
			want(t, STATS_PEER);
		}
		tiny_start(t);
		tiny_run(t, 4000);
		for (unsigned i = 0; i < STATS_KINDS; i++) {
			bool wanted = way == 2 && i == STATS_PEER;

			assert_int_equal(t->stats[i] > 0, wanted);
		}
		tiny_end(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_good_answer_is_a_line_of_three_files),
		cmocka_unit_test(raw_lines_hold_the_four_times_and_no_nonce),
		cmocka_unit_test(a_kiss_is_a_raw_line_and_no_sample),
		cmocka_unit_test(a_forged_answer_is_no_line),
		cmocka_unit_test(a_step_is_a_loop_line_of_the_new_time),
		cmocka_unit_test(who_may_not_set_the_clock_writes_loop_lines),
		cmocka_unit_test(every_event_is_a_line_of_protostats),
		cmocka_unit_test(the_local_clock_writes_its_samples),
		cmocka_unit_test(a_measuring_clock_writes_polls),
		cmocka_unit_test(an_hour_of_serving_is_a_line_of_sysstats),
		cmocka_unit_test(an_hour_of_running_is_a_line_of_usestats),
		cmocka_unit_test(the_hour_is_a_deadline),
		cmocka_unit_test(nothing_is_written_that_nobody_wants),
	};

	return cmocka_run_group_tests_name("engine_stats", tests, check_seed,
					   NULL);
}
