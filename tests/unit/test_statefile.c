/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files are believed, and how one is put in its place (K3, J2). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files/statefile.h"
#include "scratch.h"

static const char *path, *other;

static int make_dir(void **state)
{
	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	path = scratch_file("drift.state");
	other = scratch_file("other");
	return 0;
}

static void assert_refused(int why)
{
	size_t len;
	int error = 0;

	assert_null(statefile_read(path, &len, &error));
	assert_int_equal(error, why);
}

static void what_is_written_comes_back(void **state)
{
	(void)state;
	size_t len;
	int error;

	assert_refused(ENOENT);
	assert_int_equal(store_replace(path, "a\0b", 3, false), 0);
	uint8_t *bytes = statefile_read(path, &len, &error);

	assert_non_null(bytes);
	assert_int_equal(len, 3);
	assert_memory_equal(bytes, "a\0b", 3);
	free(bytes);
}

static void what_others_can_write_is_not_believed(void **state)
{
	(void)state;
	assert_int_equal(store_replace(path, "x", 1, false), 0);
	assert_int_equal(chmod(path, 0664), 0);
	assert_refused(EPERM);
	assert_int_equal(chmod(path, 0646), 0);
	assert_refused(EPERM);
	assert_int_equal(chmod(path, 0644), 0);
	if (geteuid() == 0) { /* nor what belongs to somebody else */
		assert_int_equal(chown(path, 1234, 0), 0);
		assert_refused(EPERM);
		/* but for whom the whole directory is */
		assert_int_equal(chown(scratch, 1234, 0), 0);
		size_t len;
		int error;
		uint8_t *bytes = statefile_read(path, &len, &error);

		assert_non_null(bytes);
		free(bytes);
		assert_int_equal(chown(scratch, 0, 0), 0);
	}
}

static void no_link_is_followed(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(store_replace(other, "x", 1, false), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_refused(EPERM);
	assert_int_equal(store_replace(path, "new", 3, false), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 1);
}

static void only_a_file_of_a_sane_size_is_one(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(EPERM);
	assert_int_equal(store_replace(path, "x", 1, false), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(EPERM);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(store_replace(path, "x", 1, false), 0);
	assert_int_equal(truncate(path, (off_t)1 << 30), 0);
	assert_refused(EFBIG);
}

static void its_name_is_the_drift_files_unless_given(void **state)
{
	(void)state;
	char name[STATEFILE_PATH];
	struct config c = { .driftfile = NULL };

	assert_false(statefile_path(&c, name));
	c.driftfile = "/var/lib/ntp/drift";
	assert_true(statefile_path(&c, name));
	assert_string_equal(name, "/var/lib/ntp/drift.state");
	c.statefile = "/run/x";
	assert_true(statefile_path(&c, name));
	assert_string_equal(name, "/run/x");
	c.statefile = "";
	assert_false(statefile_path(&c, name));
}

static void a_boot_has_a_name(void **state)
{
	(void)state;
	uint8_t boot[BOOT_ID], again[BOOT_ID], none[BOOT_ID] = { 0 };

	statefile_boot(boot);
	statefile_boot(again);
	assert_memory_equal(boot, again, BOOT_ID);
	assert_memory_not_equal(boot, none, BOOT_ID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_written_comes_back,
					  scratch_clear),
		cmocka_unit_test_teardown(what_others_can_write_is_not_believed,
					  scratch_clear),
		cmocka_unit_test_teardown(no_link_is_followed, scratch_clear),
		cmocka_unit_test_teardown(only_a_file_of_a_sane_size_is_one,
					  scratch_clear),
		cmocka_unit_test(its_name_is_the_drift_files_unless_given),
		cmocka_unit_test(a_boot_has_a_name),
	};

	return cmocka_run_group_tests(tests, make_dir, scratch_remove);
}
