/* SPDX-License-Identifier: BSD-2-Clause */
/* Statistics on the disk: names, links, days, and what cannot be written. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files/statfiles.h"
#include "scratch.h"

#define SUNDAY INT64_C(1795305600) /* 22 November 2026 */

static char log_path[96];
static struct config config;
static struct journal journal;
static struct statfiles files;
static struct outbox outbox;

static int start(void **state)
{
	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	(void)snprintf(log_path, sizeof(log_path), "%s.log", scratch);
	config_defaults(&config);
	config.statsdir = scratch;
	statfiles_init(&files, &config, &journal);
	return journal_into(&journal, log_path) ? 0 : -1;
}

static int stop(void **state)
{
	struct dirent *entry;
	DIR *d = opendir(scratch);

	(void)state;
	statfiles_close(&files);
	journal_close(&journal);
	(void)unlink(log_path);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] != '.') {
			(void)unlinkat(dirfd(d), entry->d_name, 0);
			(void)unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR);
		}
	}
	(void)closedir(d);
	return rmdir(scratch);
}

static const char *at(const char *name)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % ARRAY_LEN(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
	return path;
}

static void record(int64_t date_s, const char *line)
{
	struct effect moment = { .kind = EFFECT_STATS };

	outbox_empty(&outbox);
	struct text text = outbox_text(&outbox);

	moment.stats.kind = STATS_LOOP;
	moment.stats.wall = tstamp_from_unix(date_s, 0);
	moment.stats.age = SPAN_S(100000);
	text_str(&text, line);
	outbox_stats(&outbox, &moment, &text);
	assert_int_equal(outbox.count, 1);
	statfiles_write(&files, &outbox, &outbox.effects[0]);
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

static bool same(const char *a, const char *b)
{
	struct stat one, two;

	assert_int_equal(lstat(at(a), &one), 0);
	assert_int_equal(lstat(at(b), &two), 0);
	return one.st_ino == two.st_ino;
}

static void a_day_has_a_file_and_the_bare_name_is_its_link(void **state)
{
	(void)state;
	assert_false(exists("loopstats.20261122"));
	record(SUNDAY, "a\n");
	record(SUNDAY + 86399, "b\n");
	assert_content(at("loopstats.20261122"), "a\nb\n");
	assert_true(same("loopstats", "loopstats.20261122"));
	record(SUNDAY + 86400, "c\n");
	assert_content(at("loopstats.20261122"), "a\nb\n");
	assert_content(at("loopstats.20261123"), "c\n");
	assert_true(same("loopstats", "loopstats.20261123"));
	/* The clock was set back: a record goes where its time is. */
	record(SUNDAY + 86399, "d\n");
	assert_content(at("loopstats.20261122"), "a\nb\nd\n");
	assert_true(same("loopstats", "loopstats.20261122"));
	assert_int_equal(lines_with(log_path, ""), 0);
}

static void a_restart_appends(void **state)
{
	(void)state;
	record(SUNDAY, "a\n");
	statfiles_close(&files);
	statfiles_init(&files, &config, &journal);
	record(SUNDAY + 1, "b\n");
	assert_content(at("loopstats.20261122"), "a\nb\n");
	assert_true(same("loopstats", "loopstats.20261122"));
}

/* What else is a plain file of that name is somebody's data. */
static void a_plain_file_in_the_links_place_is_kept(void **state)
{
	char first[64], second[80];

	(void)state;
	(void)snprintf(first, sizeof(first), "loopstats.C%ld", (long)getpid());
	(void)snprintf(second, sizeof(second), "%s.1", first);
	put_file(at("loopstats"), "old\n", 4);
	record(SUNDAY, "a\n");
	assert_content(at(first), "old\n");
	assert_content(at("loopstats"), "a\n");
	/* And again in the same process: nothing is overwritten. */
	assert_int_equal(unlink(at("loopstats")), 0);
	put_file(at("loopstats"), "older\n", 6);
	record(SUNDAY + 86400, "b\n");
	assert_content(at(first), "old\n");
	assert_content(at(second), "older\n");
	assert_true(same("loopstats", "loopstats.20261123"));
	assert_int_equal(lines_with(log_path, ""), 0);
}

static void what_is_no_plain_file_stays(void **state)
{
	(void)state;
	put_file(at("precious"), "p\n", 2);
	assert_int_equal(symlink("precious", at("loopstats")), 0);
	record(SUNDAY, "a\n");
	record(SUNDAY, "b\n");
	assert_content(at("loopstats.20261122"), "a\nb\n");
	assert_content(at("precious"), "p\n");
	assert_int_equal(lines_with(log_path, "can't link"), 1);
	/* K3: nor is one followed where we write. */
	assert_int_equal(symlink("precious", at("loopstats.20261123")), 0);
	record(SUNDAY + 86400, "c\n");
	assert_content(at("precious"), "p\n");
}

static void without_a_link_there_is_no_bare_name(void **state)
{
	(void)state;
	config.filegens[STATS_LOOP].link = false;
	record(SUNDAY, "a\n");
	assert_content(at("loopstats.20261122"), "a\n");
	assert_false(exists("loopstats"));
}

static void type_none_is_the_bare_name(void **state)
{
	(void)state;
	config.filegens[STATS_LOOP].type = FILEGEN_NONE;
	config.filegens[STATS_LOOP].file = "loops";
	put_file(at("loops"), "old\n", 4);
	record(SUNDAY, "a\n");
	record(SUNDAY + 86400, "b\n");
	assert_content(at("loops"), "old\na\nb\n");
	/* Moved away, and SIGHUP: a new one. */
	assert_int_equal(rename(at("loops"), at("loops.1")), 0);
	statfiles_close(&files);
	record(SUNDAY + 86401, "c\n");
	assert_content(at("loops"), "c\n");
	assert_content(at("loops.1"), "old\na\nb\n");
}

static void the_process_and_its_age_are_in_names(void **state)
{
	char name[64];

	(void)state;
	config.filegens[STATS_LOOP].type = FILEGEN_PID;
	record(SUNDAY, "a\n");
	(void)snprintf(name, sizeof(name), "loopstats.#%ld", (long)getpid());
	assert_content(at(name), "a\n");
	config.filegens[STATS_LOOP].type = FILEGEN_AGE;
	record(SUNDAY, "b\n");
	assert_content(at("loopstats.a00086400"), "b\n");
}

static void what_cannot_be_opened_is_said_once(void **state)
{
	char words[256];

	(void)state;
	config.statsdir = at("none");
	record(SUNDAY, "a\n");
	record(SUNDAY + 1, "b\n");
	assert_int_equal(lines_with(log_path, "can't open /tmp/test."), 1);
	(void)snprintf(words, sizeof(words),
		       "%s/loopstats.20261122: No such "
		       "file or directory",
		       config.statsdir);
	assert_int_equal(lines_with(log_path, words), 1);
	/* Nobody makes directories; once there is one all is well. */
	assert_int_equal(mkdir(at("none"), 0700), 0);
	record(SUNDAY + 2, "c\n");
	assert_content(at("none/loopstats"), "c\n");
	assert_int_equal(lines_with(log_path, ""), 1);
	assert_int_equal(unlink(at("none/loopstats")), 0);
	assert_int_equal(unlink(at("none/loopstats.20261122")), 0);
}

/* The daemon has become somebody who may not write there. */
static void whose_right_is_missing_is_said(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		skip(); /* needs the right to become somebody else */
	}
	assert_int_equal(seteuid(65534), 0);
	record(SUNDAY, "a\n");
	record(SUNDAY + 86400, "b\n");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(lines_with(log_path,
				    "loopstats.20261122: Permission denied; "
				    "uid 65534 must be able to write there"),
			 1);
	assert_int_equal(lines_with(log_path, ""), 1);
}

static void a_path_beyond_all_measure_is_said(void **state)
{
	static char far[2 * STATFILES_PATH];

	(void)state;
	memset(far, 'x', sizeof(far) - 1);
	config.filegens[STATS_LOOP].file = far;
	record(SUNDAY, "a\n");
	record(SUNDAY, "b\n");
	assert_int_equal(lines_with(log_path, "can't open"), 1);
}

/* Half a line would take the next one with it. */
static void a_full_disk_leaves_whole_lines(void **state)
{
	struct rlimit before, small;
	char full[4096 + 8];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 4096; /* and the log is shorter */
	memset(full, 'x', 4091);
	memcpy(full + 4091, "\n", 2); /* there is room for half a line */
	record(SUNDAY, full);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	record(SUNDAY, "67890\n");
	record(SUNDAY, "67890\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_content(at("loopstats"), full);
	record(SUNDAY, "abc\n");
	memcpy(full + 4092, "abc\n", 5);
	assert_content(at("loopstats"), full);
	assert_int_equal(lines_with(log_path, "can't write"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_day_has_a_file_and_the_bare_name_is_its_link),
		TEST(a_restart_appends),
		TEST(a_plain_file_in_the_links_place_is_kept),
		TEST(what_is_no_plain_file_stays),
		TEST(without_a_link_there_is_no_bare_name),
		TEST(type_none_is_the_bare_name),
		TEST(the_process_and_its_age_are_in_names),
		TEST(what_cannot_be_opened_is_said_once),
		TEST(whose_right_is_missing_is_said),
		TEST(a_path_beyond_all_measure_is_said),
		TEST(a_full_disk_leaves_whole_lines),
	};
#undef TEST

	return cmocka_run_group_tests_name("statfiles", tests, NULL, NULL);
}
