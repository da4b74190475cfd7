/* SPDX-License-Identifier: BSD-2-Clause */
/* What the journal says of a leapfile: the classic lines. */
#include "check.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/leapfile.h"
#include "host/store.h"
#include "leaptext.h"

#define DAY_S INT64_C(86400)

static char dir[] = "/tmp/test_leapfile.XXXXXX";
static char path[64], log_path[64];

static int make_dir(void **state)
{
	if (check_seed(state) != 0 || !mkdtemp(dir)) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/leap", dir);
	(void)snprintf(log_path, sizeof(log_path), "%s/log", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int clean_up(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(log_path);
	return 0;
}

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Reads the file at this time; what the journal got is to be freed. */
static char *load(bool check_hash, int64_t now, bool expected)
{
	const struct config config = { .leapfile = path,
				       .leap_check_hash = check_hash };
	struct leap_table t = { .count = 0 };
	struct journal j;
	size_t len;

	(void)unlink(log_path);
	journal_init(&j);
	j.to_terminal = false;
	assert_true(journal_open_file(&j, log_path));
	assert_true(leapfile_read(&t, &config, &j, (time_t)now) == expected);
	assert_true((t.count > 0) == expected);
	journal_close(&j);

	char *said = store_read(log_path, &len);

	assert_non_null(said);
	return said;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_good_file_is_loaded, clean_up),
		cmocka_unit_test_teardown(
			an_old_file_is_loaded_and_said_to_be_old, clean_up),
		cmocka_unit_test_teardown(
			a_damaged_file_is_refused_unless_its_hash_is_ignored,
			clean_up),
		cmocka_unit_test_teardown(
			what_is_no_file_is_said_and_does_not_hold_the_start,
			clean_up),
	};

	return cmocka_run_group_tests_name("leapfile", tests, make_dir,
					   remove_dir);
}
