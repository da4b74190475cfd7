/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket is made in a directory of ours and nowhere else, whatever
 * happens to its path meanwhile (I7).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "host/serve/ctlsock.h"
#include "scratch.h"

#define ROUNDS 2000
#define EXCHANGE 2 /* RENAME_EXCHANGE */

static struct ctlsock control;
static char dir[64], other[64], aside[64], path[80];

static int begin(void **state)
{
	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	(void)snprintf(dir, sizeof(dir), "%s/run", scratch);
	(void)snprintf(other, sizeof(other), "%s/other", scratch);
	(void)snprintf(aside, sizeof(aside), "%s/aside", scratch);
	(void)snprintf(path, sizeof(path), "%s/ctl", dir);
	ctlsock_init(&control);
	return mkdir(other, 0700);
}

static int end(void **state)
{
	ctlsock_close(&control);
	(void)unlink(path);
	(void)unlink(dir);
	(void)rmdir(dir);
	(void)unlink(aside);
	(void)rmdir(aside);
	(void)rmdir(other);
	return scratch_remove(state);
}

static unsigned entries(const char *name)
{
	DIR *d = opendir(name);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d)) {
		n++;
	}
	assert_int_equal(closedir(d), 0);
	return n - 2; /* itself and the one above */
}

static void it_is_made_and_goes(void **state)
{
	struct stat st;
	char before[256], after[256];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(ctlsock_open(&control, path, getgid()), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(lstat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0027, 0); /* none for others */
	assert_non_null(getcwd(after, sizeof(after)));
	assert_string_equal(before, after);
	ctlsock_close(&control);
	assert_int_equal(lstat(path, &st), -1);
	ctlsock_close(&control);
	assert_int_equal(ctlsock_open(&control, path, getgid()), 0);
}

static void what_an_earlier_run_left_is_replaced(void **state)
{
	struct ctlsock second;

	(void)state;
	ctlsock_init(&second);
	assert_int_equal(ctlsock_open(&control, path, getgid()), 0);
	assert_int_equal(ctlsock_open(&second, path, getgid()), -EADDRINUSE);
	close(control.fd); /* as if killed */
	assert_int_equal(ctlsock_open(&second, path, getgid()), 0);
	control.fd = -1;
	ctlsock_close(&second);
}

static void what_is_no_socket_of_ours_stays(void **state)
{
	(void)state;
	assert_int_equal(mkdir(dir, 0750), 0);
	put_file(path, "kept", 4);
	assert_int_equal(ctlsock_open(&control, path, getgid()), -EEXIST);
	assert_content(path, "kept");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(ctlsock_open(&control, path, getgid()), -EEXIST);
	assert_int_equal(unlink(path), 0);
}

static void a_directory_of_others_will_not_do(void **state)
{
	(void)state;
	assert_int_equal(symlink(other, dir), 0);
	assert_int_equal(ctlsock_open(&control, path, getgid()), -EPERM);
	assert_int_equal(entries(other), 0);
	assert_int_equal(unlink(dir), 0);
	assert_int_equal(mkdir(dir, 0750), 0);
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(ctlsock_open(&control, path, getgid()), -EPERM);
	assert_int_equal(chmod(dir, 0750), 0);
	assert_int_equal(ctlsock_open(&control, "ctl", getgid()), -EINVAL);
	assert_int_equal(ctlsock_open(&control, "/ctl", getgid()), -EINVAL);
	assert_int_equal(ctlsock_open(&control, "/run/", getgid()), -EINVAL);
}

static atomic_bool stop;

/* The directory and a link to another one change places all the time. */
static void *juggle(void *none)
{
	(void)none;
	while (!atomic_load(&stop)) {
		(void)renameat2(AT_FDCWD, dir, AT_FDCWD, aside, EXCHANGE);
	}
	return NULL;
}

static void a_race_for_the_directory_is_not_lost(void **state)
{
	pthread_t thread;
	unsigned opened = 0;

	(void)state;
	assert_int_equal(mkdir(dir, 0750), 0);
	assert_int_equal(symlink(other, aside), 0);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, juggle, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		opened += ctlsock_open(&control, path, getgid()) == 0;
		ctlsock_close(&control);
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_in_range(opened, 1, ROUNDS);
	assert_int_equal(entries(other), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(it_is_made_and_goes),
		TEST(what_an_earlier_run_left_is_replaced),
		TEST(what_is_no_socket_of_ours_stays),
		TEST(a_directory_of_others_will_not_do),
		TEST(a_race_for_the_directory_is_not_lost),
#undef TEST
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
