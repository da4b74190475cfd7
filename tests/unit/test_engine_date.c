/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates that cannot be, whoever says so (E4), and dates in writing. */
#include "base/date.h"
#include "tiny.h"

#define DAY_S INT64_C(86400)
#define YEAR_S (365 * DAY_S)
#define BUILT INT64_C(1700000000) /* 14 November 2023 */

/* Three servers agree on a time that is so far from ours, at that date. */
static struct tiny *told(int64_t date, double lie_s)
{
	static struct tiny world;
	struct tiny *t = &world;

	tiny_config(t);
	t->config.tinker.panic_s = 0;
	t->start.built = BUILT;
	tiny_epoch = tstamp_from_unix(date, 0);
	for (unsigned i = 0; i < 3; i++) {
		tiny_server(t, true)->lie_s = lie_s;
	}
	return t;
}

static bool is_refused(struct tiny *t)
{
	tiny_start(t);
	tiny_run(t, 60);
	bool refused = t->exited;

	assert_int_equal(t->notes[NOTE_IMPOSSIBLE_DATE], refused);
	assert_int_equal(t->steps + (t->config.orders.quit ? 1U : 0U),
			 !refused);
	if (refused) {
		assert_int_equal(t->code, 255);
	}
	tiny_end(t);
	return refused;
}

static void no_date_is_before_the_program_or_long_after_it(void **state)
{
	(void)state;
	static const struct {
		double to_s; /* from BUILT */
		bool refused;
	} cases[] = {
		{ 100 * DAY_S, false },   { -43200, false },
		{ -2 * DAY_S, true },     { -7.0 * YEAR_S, true },
		{ 20.0 * YEAR_S, false }, { 31.0 * YEAR_S, true },
		{ 126.0 * YEAR_S, true }, /* 2150: an era later */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const int64_t here = BUILT + 50 * DAY_S;
		double lie_s = cases[i].to_s - (double)(50 * DAY_S);

		lie_s -= lie_s > 0x1p31 ? 0x1p32 : 0;
		assert_int_equal(is_refused(told(here, lie_s)),
				 cases[i].refused);
	}
}

/* What a daemon that was not told may do anyway. */
static void a_clock_in_the_past_is_set_right(void **state)
{
	(void)state;
	assert_false(is_refused(told(BUILT - 20 * YEAR_S, 21.0 * YEAR_S)));
}

static void the_operator_may_say_otherwise(void **state)
{
	(void)state;
	struct tiny *t = told(BUILT, -7.0 * YEAR_S);

	t->config.orders.panic_once = true;
	assert_false(is_refused(t));
	t = told(BUILT, -7.0 * YEAR_S);
	t->config.tos.basedate = "2016-01-01";
	assert_false(is_refused(t));
	t = told(BUILT, 2.0 * YEAR_S);
	t->config.tos.basedate = "2026-01-01";
	assert_true(is_refused(t));
	t = told(BUILT, -7.0 * YEAR_S);
	t->start.built = 0;
	assert_false(is_refused(t));
}

static void one_shot_runs_are_held_to_it_too(void **state)
{
	(void)state;
	struct tiny *t = told(BUILT, -7.0 * YEAR_S);

	t->config.orders.quit = true;
	tiny_start(t);
	tiny_run(t, 30);
	assert_true(t->exited);
	assert_int_equal(t->code, 255);
	assert_int_equal(t->steps, 0);
	tiny_end(t);
}

static void dates_are_read_as_they_are_written(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",           "2026",       "2026-11-24 ", "2026-13-01",
		"2026-02-29", "2026-00-10", "2026-01-00",  "1969-12-31",
		"2026/01/01", "26-01-2001", "2026-1-01 ",  "20260101xx",
	};
	int64_t at;

	for (int64_t day = 0; day < INT64_C(73200); day++) {
		struct date d = date_from_unix(day * DAY_S);
		char text[16];

		(void)snprintf(text, sizeof(text), "%04d-%02u-%02u",
			       (int)d.year, d.month % 100, d.day % 100);
		assert_true(date_parse(text, strlen(text), &at));
		assert_true(at == day * DAY_S);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(date_parse(bad[i], strlen(bad[i]), &at));
	}
}

static void a_minute_is_read_as_it_was_written(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"20261124",
		"202611241060",
		"202611242400",
		"202613010000",
		"202602290000",
		"196912312359",
		"2026112410 0",
		"2026112410000",
		"-02611241000",
	};
	int64_t at;

	FORALL(2000) {
		int64_t s = (int64_t)(check_rng() % (UINT64_C(1) << 33));
		char text[16];
		struct text t = text_over(text, sizeof(text));

		date_print(s, &t);
		assert_true(date_parse_minute(text, t.len, &at));
		assert_true(at == s - s % 60);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(date_parse_minute(bad[i], strlen(bad[i]), &at));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			no_date_is_before_the_program_or_long_after_it),
		cmocka_unit_test(a_clock_in_the_past_is_set_right),
		cmocka_unit_test(the_operator_may_say_otherwise),
		cmocka_unit_test(one_shot_runs_are_held_to_it_too),
		cmocka_unit_test(dates_are_read_as_they_are_written),
		cmocka_unit_test(a_minute_is_read_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
