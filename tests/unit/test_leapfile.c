/* SPDX-License-Identifier: BSD-2-Clause */
/* What the journal says of a leapfile: the classic lines. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/clock/leapfile.h"
#include "leaptext.h"
#include "scratch.h"

#define DAY_S INT64_C(86400)

static const char *path, *log_path;

static int make_dir(void **state)
{
	if (check_seed(state) != 0 || scratch_make() != 0) {
		return -1;
	}
	path = scratch_file("leap");
	log_path = scratch_file("log");
	return 0;
}

static void put(const char *text)
{
	put_file(path, text, strlen(text));
}

static void open_log(struct journal *j)
{
	(void)unlink(log_path);
	assert_true(journal_into(j, log_path));
}

/* What it got is to be freed. */
static char *close_log(struct journal *j)
{
	size_t len;

	journal_close(j);

	char *said = store_read(log_path, &len);

	assert_non_null(said);
	return said;
}

/* Reads the file at this time; what the journal got is to be freed. */
static char *load(bool check_hash, int64_t now, bool expected)
{
	const struct config config = { .leapfile = path,
				       .leap_check_hash = check_hash };
	struct leapfile f;
	struct journal j;

	open_log(&j);
	leapfile_init(&f, &config, &j, NULL);
	assert_true(leapfile_look(&f, false, (time_t)now) == expected);
	assert_true((f.table.count > 0) == expected);
	return close_log(&j);
}

static void assert_says(const char *said, const char *what)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "leapsecond file ('%s'): %s\n", path,
		       what);
	if (!strstr(said, line)) {
		fail_msg("no line \"%s\" in \"%s\"", line, said);
	}
}

static void a_good_file_is_loaded(void **state)
{
	(void)state;
	put(LEAPTEXT);

	char *said = load(true, LEAPTEXT_EXPIRES - 28 * DAY_S, true);

	assert_says(said, "good hash signature");
	assert_says(said, "loaded, expire=2025-06-01T00:00:00Z "
			  "last=2025-01-01T00:00:00Z ofs=37");
	assert_null(strstr(said, "expired"));
	assert_null(strstr(said, "will expire"));
	free(said);
}

static void an_old_file_is_loaded_and_said_to_be_old(void **state)
{
	(void)state;
	static const struct {
		int64_t after_s;
		const char *what;
	} cases[] = {
		{ -9 * DAY_S - 1, "will expire in less than 10 days" },
		{ -1, "will expire in less than 1 day" },
		{ 0, "expired 0 days ago" },
		{ DAY_S, "expired 1 day ago" },
		{ 101 * DAY_S, "expired 101 days ago" },
	};

	put(LEAPTEXT);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *said =
			load(true, LEAPTEXT_EXPIRES + cases[i].after_s, true);

		assert_says(said, cases[i].what);
		free(said);
	}
}

static void a_damaged_file_is_refused_unless_its_hash_is_ignored(void **state)
{
	(void)state;
	char *said;

	put(LEAPTEXT_HEAD LEAPTEXT_ENTRIES "#h 1 2 3 4 5\n");
	said = load(true, LEAPTEXT_JULY_2024, false);
	assert_says(said, "signature mismatch");
	assert_null(strstr(said, "loaded"));
	free(said);
	said = load(false, LEAPTEXT_JULY_2024, true);
	assert_null(strstr(said, "mismatch"));
	free(said);
	put(LEAPTEXT_HEAD LEAPTEXT_ENTRIES);
	said = load(true, LEAPTEXT_JULY_2024, true);
	assert_says(said, "no hash signature");
	free(said);
	put(LEAPTEXT_HEAD "3692217601 37\n");
	said = load(true, LEAPTEXT_JULY_2024, false);
	assert_says(said, "bad transition time, line 6: not used");
	free(said);
}

static void what_is_no_file_is_said_and_does_not_hold_the_start(void **state)
{
	(void)state;
	char *said = load(true, LEAPTEXT_JULY_2024, false);

	assert_says(said, "stat failed: No such file or directory");
	free(said);
	assert_int_equal(mkfifo(path, 0600), 0);
	said = load(true, LEAPTEXT_JULY_2024, false);
	assert_says(said, "not a table of leap seconds");
	free(said);
	assert_int_equal(unlink(path), 0);
	put("");
	assert_int_equal(truncate(path, LEAP_TEXT_MAX + 1), 0);
	said = load(true, LEAPTEXT_JULY_2024, false);
	assert_says(said, "not a table of leap seconds");
	free(said);
}

static unsigned count_of(const char *said, const char *what)
{
	unsigned n = 0;

	for (; (said = strstr(said, what)) != NULL; said++) {
		n++;
	}
	return n;
}

/* As the daemon does, each hour. */
static void another_file_is_read_anew(void **state)
{
	(void)state;
	const struct config config = { .leapfile = path,
				       .leap_check_hash = true };
	const time_t now = LEAPTEXT_JULY_2024;
	struct leapfile f;
	struct journal j;

	put(LEAPTEXT);
	open_log(&j);
	leapfile_init(&f, &config, &j, NULL);
	assert_true(leapfile_look(&f, false, now));
	assert_false(leapfile_look(&f, false, now));
	assert_true(leapfile_look(&f, true, now)); /* on SIGHUP */
	assert_int_equal(f.table.count, 5);
	put(LEAPTEXT_HEAD "3550089600 35\n");
	assert_true(leapfile_look(&f, false, now));
	assert_int_equal(f.table.count, 1);
	/* Refused: the table stays, and it is said once. */
	put(LEAPTEXT_HEAD LEAPTEXT_ENTRIES "#h 1 2 3 4 5\n");
	assert_false(leapfile_look(&f, false, now));
	assert_false(leapfile_look(&f, false, now));
	assert_int_equal(f.table.count, 1);
	/* Gone, and back. */
	(void)unlink(path);
	assert_false(leapfile_look(&f, false, now));
	assert_false(leapfile_look(&f, false, now));
	assert_int_equal(f.table.count, 1);
	put(LEAPTEXT);
	assert_true(leapfile_look(&f, false, now));
	assert_int_equal(f.table.count, 5);

	char *said = close_log(&j);

	assert_int_equal(count_of(said, "signature mismatch"), 1);
	assert_int_equal(count_of(said, "stat failed"), 1);
	assert_int_equal(count_of(said, "loaded, "), 4);
	free(said);
}

/* demand.md, pain 7: one line a day, and no error. */
static void an_old_file_is_told_of_once_a_day(void **state)
{
	(void)state;
	const struct config config = { .leapfile = path,
				       .leap_check_hash = true };
	struct leapfile f;
	struct journal j;

	put(LEAPTEXT);
	open_log(&j);
	leapfile_init(&f, &config, &j, NULL);
	for (int64_t hour = -960; hour < 72; hour++) {
		(void)leapfile_look(&f, false,
				    (time_t)(LEAPTEXT_EXPIRES + hour * 3600));
	}

	char *said = close_log(&j);

	assert_in_range(count_of(said, "will expire in less than"), 27, 28);
	assert_int_equal(count_of(said, " ago"), 3);
	assert_null(strstr(said, "rror"));
	free(said);
}

/* That of the time zones is taken when it is there, without much ado. */
static void without_a_line_the_usual_file_is_taken(void **state)
{
	(void)state;
	const struct config nothing = { .leap_check_hash = true };
	const struct config never = { .leapfile = "", .leap_check_hash = true };
	struct leapfile f;
	struct journal j;

	open_log(&j);
	leapfile_init(&f, &nothing, &j, path);
	assert_false(leapfile_look(&f, false, LEAPTEXT_JULY_2024));
	put(LEAPTEXT);
	assert_true(leapfile_look(&f, false, LEAPTEXT_EXPIRES));
	for (int day = 1; day < 10; day++) {
		(void)leapfile_look(&f, false, LEAPTEXT_EXPIRES + day * DAY_S);
	}

	char *said = close_log(&j);

	assert_null(strstr(said, "stat failed"));
	assert_int_equal(count_of(said, " ago"), 1);
	free(said);
	leapfile_init(&f, &never, &j, path);
	assert_false(leapfile_look(&f, true, LEAPTEXT_JULY_2024));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_good_file_is_loaded, scratch_clear),
		cmocka_unit_test_teardown(
			an_old_file_is_loaded_and_said_to_be_old,
			scratch_clear),
		cmocka_unit_test_teardown(
			a_damaged_file_is_refused_unless_its_hash_is_ignored,
			scratch_clear),
		cmocka_unit_test_teardown(another_file_is_read_anew,
					  scratch_clear),
		cmocka_unit_test_teardown(an_old_file_is_told_of_once_a_day,
					  scratch_clear),
		cmocka_unit_test_teardown(
			without_a_line_the_usual_file_is_taken, scratch_clear),
		cmocka_unit_test_teardown(
			what_is_no_file_is_said_and_does_not_hold_the_start,
			scratch_clear),
	};

	return cmocka_run_group_tests_name("leapfile", tests, make_dir,
					   scratch_remove);
}
