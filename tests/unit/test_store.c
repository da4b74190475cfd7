/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon reads from and writes to the disk. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scratch.h"

static const char *path, *other, *temporary;

static int make_dir(void **state)
{
	if (check_seed(state) != 0 || scratch_make() != 0) {
		return -1;
	}
	path = scratch_file("drift");
	temporary = scratch_file("drift.TEMP");
	other = scratch_file("other");
	return 0;
}

struct drift_case {
	const char *text;
	enum drift result;
	double ppm;
};

static void a_drift_file_is_its_first_number(void **state)
{
	static const struct drift_case cases[] = {
		{ "-10.278\n", DRIFT_READ, -10.278 },
		{ "-10.278 0\n", DRIFT_READ, -10.278 },
		{ "  12.5\t0\n", DRIFT_READ, 12.5 },
		{ "7", DRIFT_READ, 7 },
		{ "1.5e1\nnonsense", DRIFT_READ, 15 },
		{ "600\n", DRIFT_READ, 500 },
		{ "-1e9\n", DRIFT_READ, -500 },
		{ "", DRIFT_BAD, 0 },
		{ "\n", DRIFT_BAD, 0 },
		{ "abc\n", DRIFT_BAD, 0 },
		{ "nan\n", DRIFT_BAD, 0 },
		{ "inf\n", DRIFT_BAD, 0 },
		{ "12x\n", DRIFT_BAD, 0 },
		{ "1e999\n", DRIFT_BAD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double ppm = 0, age_s;

		put_file(path, cases[i].text, strlen(cases[i].text));
		assert_int_equal(store_read_drift(path, &ppm, &age_s),
				 cases[i].result);
		assert_true(ppm == cases[i].ppm);
	}
}

/* J2: a NUL, a directory, a FIFO, a huge file: none is read, none hangs. */
static void what_is_no_drift_file_is_bad(void **state)
{
	double ppm = 4711, age_s;

	(void)state;
	assert_int_equal(store_read_drift(path, &ppm, &age_s), DRIFT_MISSING);
	put_file(path,
		 "\0"
		 "5\n",
		 3);
	assert_int_equal(store_read_drift(path, &ppm, &age_s), DRIFT_BAD);
	assert_int_equal(store_read_drift(scratch, &ppm, &age_s), DRIFT_BAD);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(store_read_drift(path, &ppm, &age_s), DRIFT_BAD);
	assert_true(ppm == 4711);
	put_file(other, "5", 1);
	assert_int_equal(truncate(other, (off_t)1 << 30), 0);
	assert_int_equal(store_read_drift(other, &ppm, &age_s), DRIFT_BAD);
}

static void written_drift_reads_back(void **state)
{
	(void)state;
	FORALL(200) {
		double v = (double)(check_rng() % 1000001) / 1000.0 - 500.0;
		double back, age_s;

		assert_int_equal(store_write_drift(path, v), 0);
		assert_int_equal(store_read_drift(path, &back, &age_s),
				 DRIFT_READ);
		assert_true(back - v < 0.0005 && v - back < 0.0005);
		assert_true(age_s >= -1 && age_s < 60);
	}
	assert_int_equal(store_write_drift(path, -10.2781), 0);
	assert_content(path, "-10.278\n");
	assert_int_equal(access(temporary, F_OK), -1);
}

static void its_age_is_told(void **state)
{
	struct timespec times[2] = { 0 };
	double ppm, age_s;

	(void)state;
	put_file(path, "5\n", 2);
	times[0].tv_sec = times[1].tv_sec = time(NULL) - 86400;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(store_read_drift(path, &ppm, &age_s), DRIFT_READ);
	assert_true(fabs(age_s - 86400) < 5);
}

/* K3: a link planted where we write is replaced, its target untouched. */
static void a_planted_link_leads_nowhere(void **state)
{
	(void)state;
	put_file(other, "precious", 8);
	assert_int_equal(symlink(other, temporary), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(store_write_drift(path, 1.0), 0);
	assert_content(other, "precious");
	assert_content(path, "1.000\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(store_write_pid(path, 42), -ELOOP);
	assert_content(other, "precious");
}

/* K6: what cannot be written leaves the old file as it was. */
static void a_failed_write_keeps_the_old_file(void **state)
{
	char nowhere[96];

	(void)state;
	assert_int_equal(store_write_drift(path, 2.0), 0);
	/* A directory in the way of the temporary file. */
	assert_int_equal(mkdir(temporary, 0700), 0);
	assert_true(store_write_drift(path, 3.0) < 0);
	assert_content(path, "2.000\n");
	assert_int_equal(rmdir(temporary), 0);
	(void)snprintf(nowhere, sizeof(nowhere), "%s/no/such/drift", scratch);
	assert_int_equal(store_write_drift(nowhere, 3.0), -ENOENT);
}

/* `driftfile /dev/null` must not cost the machine its /dev/null. */
static void a_device_is_not_replaced(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(store_write_drift(path, 1.0), -EEXIST);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(access(temporary, F_OK), -1);
}

static void a_pid_file_is_the_number_alone(void **state)
{
	(void)state;
	put_file(path, "123456789\n", 10);
	assert_int_equal(store_write_pid(path, 1507), 0);
	assert_content(path, "1507");
	assert_int_equal(store_write_pid("/nonexistent/pid", 1), -ENOENT);
}

static void a_text_is_read_whole_or_not_at_all(void **state)
{
	size_t len;
	char *big = malloc(100000);

	(void)state;
	assert_non_null(big);
	for (size_t i = 0; i < 100000; i++) {
		big[i] = (char)('a' + check_rng() % 26);
	}
	for (size_t size = 4090; size < 4100; size++) {
		char *back;

		put_file(path, big, size);
		back = store_read(path, &len);
		assert_non_null(back);
		assert_int_equal(len, size);
		assert_memory_equal(back, big, size);
		assert_int_equal(back[len], '\0');
		free(back);
	}
	free(big);
	put_file(path, "", 0);
	assert_int_equal(truncate(path, (off_t)STORE_TEXT_MAX * 2), 0);
	assert_null(store_read(path, &len));
	assert_int_equal(errno, EFBIG);
	assert_null(store_read(scratch, &len));
	assert_int_equal(errno, EISDIR);
	assert_null(store_read(other, &len));
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_drift_file_is_its_first_number,
					  scratch_clear),
		cmocka_unit_test_teardown(what_is_no_drift_file_is_bad,
					  scratch_clear),
		cmocka_unit_test_teardown(written_drift_reads_back,
					  scratch_clear),
		cmocka_unit_test_teardown(its_age_is_told, scratch_clear),
		cmocka_unit_test_teardown(a_planted_link_leads_nowhere,
					  scratch_clear),
		cmocka_unit_test_teardown(a_failed_write_keeps_the_old_file,
					  scratch_clear),
		cmocka_unit_test_teardown(a_device_is_not_replaced,
					  scratch_clear),
		cmocka_unit_test_teardown(a_pid_file_is_the_number_alone,
					  scratch_clear),
		cmocka_unit_test_teardown(a_text_is_read_whole_or_not_at_all,
					  scratch_clear),
	};

	return cmocka_run_group_tests_name("store", tests, make_dir,
					   scratch_remove);
}
