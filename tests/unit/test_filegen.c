/* SPDX-License-Identifier: BSD-2-Clause */
/* Which file a record belongs in, at the edges of the calendar. */
#include "check.h"

#include <string.h>

#include "core/report/filegen.h"

static const char *suffix(enum filegen_type type, int64_t date_s)
{
	static char name[64];
	struct text text = text_over(name, sizeof(name));
	const struct filegen_moment m = { .date_s = date_s,
					  .age_s = 200000,
					  .pid = 1507 };

	filegen_print_suffix(type, &m, &text);
	assert_false(text.cut);
	return name;
}

/* Seconds since 1970 of a day of the calendar, by libc. */
static int64_t day(int year, int month, int mday)
{
	struct tm tm = { .tm_year = year - 1900,
			 .tm_mon = month - 1,
			 .tm_mday = mday };

	return (int64_t)timegm(&tm);
}

static void the_spec_has_these_names(void **state)
{
	int64_t date_s = day(2026, 11, 22) + 54132;

	(void)state;
	assert_string_equal(suffix(FILEGEN_NONE, date_s), "");
	assert_string_equal(suffix(FILEGEN_PID, date_s), ".#1507");
	assert_string_equal(suffix(FILEGEN_DAY, date_s), ".20261122");
	assert_string_equal(suffix(FILEGEN_WEEK, date_s), ".2026w47");
	assert_string_equal(suffix(FILEGEN_MONTH, date_s), ".202611");
	assert_string_equal(suffix(FILEGEN_YEAR, date_s), ".2026");
	assert_string_equal(suffix(FILEGEN_AGE, date_s), ".a00172800");
}

static void a_file_ends_at_midnight(void **state)
{
	static const struct {
		const char *before, *after;
		int year, month, day; /* that begins */
		enum filegen_type type;
	} cases[] = {
		{ ".20280228", ".20280229", 2028, 2, 29, FILEGEN_DAY },
		{ ".20280229", ".20280301", 2028, 3, 1, FILEGEN_DAY },
		{ ".20270228", ".20270301", 2027, 3, 1, FILEGEN_DAY },
		{ ".20261231", ".20270101", 2027, 1, 1, FILEGEN_DAY },
		{ ".202612", ".202701", 2027, 1, 1, FILEGEN_MONTH },
		{ ".2026", ".2027", 2027, 1, 1, FILEGEN_YEAR },
		{ ".202802", ".202803", 2028, 3, 1, FILEGEN_MONTH },
		/* A Friday in the week of 2026's last Thursday. */
		{ ".2026w53", ".2026w53", 2027, 1, 1, FILEGEN_WEEK },
		{ ".2026w53", ".2027w01", 2027, 1, 4, FILEGEN_WEEK },
		{ ".2025w52", ".2026w01", 2025, 12, 29, FILEGEN_WEEK },
		{ ".2026w01", ".2026w01", 2026, 1, 1, FILEGEN_WEEK },
		{ ".2032w53", ".2033w01", 2033, 1, 3, FILEGEN_WEEK },
		{ ".20360206", ".20360207", 2036, 2, 7, FILEGEN_DAY },
		{ ".21000228", ".21000301", 2100, 3, 1, FILEGEN_DAY },
		{ ".19691231", ".19700101", 1970, 1, 1, FILEGEN_DAY },
		{ ".1970w01", ".1970w01", 1970, 1, 1, FILEGEN_WEEK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t at = day(cases[i].year, cases[i].month, cases[i].day);

		assert_string_equal(suffix(cases[i].type, at - 1),
				    cases[i].before);
		assert_string_equal(suffix(cases[i].type, at), cases[i].after);
	}
}

static void dates_are_as_libc_has_them(void **state)
{
	char expected[64];

	(void)state;
	FORALL(20000) {
		/* 1958 to 2094: all that a record can be of. */
		time_t at =
			(time_t)(check_rng() % (UINT64_C(1) << 32)) - 378691200;
		struct tm tm;

		assert_non_null(gmtime_r(&at, &tm));
		(void)strftime(expected, sizeof(expected), ".%Y%m%d", &tm);
		assert_string_equal(suffix(FILEGEN_DAY, at), expected);
		(void)strftime(expected, sizeof(expected), ".%Gw%V", &tm);
		assert_string_equal(suffix(FILEGEN_WEEK, at), expected);
		(void)strftime(expected, sizeof(expected), ".%Y%m", &tm);
		assert_string_equal(suffix(FILEGEN_MONTH, at), expected);
		(void)strftime(expected, sizeof(expected), ".%Y", &tm);
		assert_string_equal(suffix(FILEGEN_YEAR, at), expected);
	}
}

static void age_counts_days_of_running(void **state)
{
	static const struct {
		uint64_t age_s;
		const char *name;
	} cases[] = { { 0, ".a00000000" },
		      { 86399, ".a00000000" },
		      { 86400, ".a00086400" },
		      { UINT64_C(100000000) * 10, ".a999993600" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[64];
		struct text text = text_over(name, sizeof(name));
		const struct filegen_moment m = { .age_s = cases[i].age_s };

		filegen_print_suffix(FILEGEN_AGE, &m, &text);
		assert_string_equal(name, cases[i].name);
	}
}

static void assert_base(const char *dir, const char *file, const char *expected)
{
	char name[128];
	struct text text = text_over(name, sizeof(name));
	struct config c;

	config_defaults(&c);
	c.statsdir = dir;
	c.filegens[STATS_LOOP].file = file;
	filegen_print_base(&c, STATS_LOOP, &text);
	assert_string_equal(name, expected);
}

/* The directory is a prefix; classic came to add the slash. */
static void statsdir_and_file_make_the_name(void **state)
{
	(void)state;
	assert_base("/var/log/ntpstats/", NULL, "/var/log/ntpstats/loopstats");
	assert_base("/var/log/ntp", NULL, "/var/log/ntp/loopstats");
	assert_base("/var/log/ntp/", "loops", "/var/log/ntp/loops");
	assert_base("/", "/x/loops", "//x/loops");
}

static struct config config_of(const char *text)
{
	static char memory[1 << 16];
	struct arena arena = arena_over(memory, sizeof(memory));
	struct config c;

	config_defaults(&c);
	struct config_result r =
		config_parse(&c, &arena, "ntp.conf", text, strlen(text), NULL);

	assert_null(r.complaints); /* all of it is in effect */
	return c;
}

static void what_is_written_depends_on_three_words(void **state)
{
	static const struct {
		const char *config;
		bool loop, peer;
	} cases[] = {
		{ "", false, false },
		{ "statsdir /s/\n", false, false },
		{ "statistics loopstats\n", false, false },
		{ "statsdir /s/\nstatistics loopstats\n", true, false },
		{ "filegen peerstats type day\nstatsdir /s/\n", false, true },
		{ "statsdir /s/\nstatistics loopstats peerstats\n"
		  "filegen loopstats disable\n",
		  false, true },
		{ "statsdir /s/\nstatistics loopstats\ndisable stats\n", false,
		  false },
		{ "statsdir /s/\nstatistics loopstats\nenable stats\n", true,
		  false },
		{ "statsdir \"\"\nstatistics loopstats\n", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config c = config_of(cases[i].config);

		assert_int_equal(filegen_is_on(&c, STATS_LOOP), cases[i].loop);
		assert_int_equal(filegen_is_on(&c, STATS_PEER), cases[i].peer);
		assert_false(filegen_is_on(&c, STATS_RAW));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_spec_has_these_names),
		cmocka_unit_test(a_file_ends_at_midnight),
		cmocka_unit_test(dates_are_as_libc_has_them),
		cmocka_unit_test(age_counts_days_of_running),
		cmocka_unit_test(statsdir_and_file_make_the_name),
		cmocka_unit_test(what_is_written_depends_on_three_words),
	};

	return cmocka_run_group_tests_name("filegen", tests, check_seed, NULL);
}
