/* SPDX-License-Identifier: BSD-2-Clause */
/* How effects reach the disk and the log. */
#include <regex.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/carry.h"
#include "scratch.h"

static const char *drift, *log_path;

static struct config config;
static struct journal journal;
static struct loop loop;
static struct outbox outbox;

static int set_up(void **state)
{
	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	drift = scratch_file("drift");
	log_path = scratch_file("log");
	return 0;
}

static int start(void **state)
{
	(void)state;
	memset(&loop, 0, sizeof(loop));
	config = (struct config){ .driftfile = drift };
	if (!journal_into(&journal, log_path)) {
		return -1;
	}
	loop.setup.config = &config;
	loop.setup.journal = &journal;
	loop.outbox = &outbox;
	loop.parent_fd = -1;
	outbox_empty(&outbox);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	journal_close(&journal);
	return unlink(log_path);
}

static void save(double ppm)
{
	struct effect e = { .kind = EFFECT_SAVE };

	e.save.freq_ppm = ppm;
	outbox_empty(&outbox);
	outbox_add(&outbox, &e);
	carry_out(&loop);
}

static void assert_drift(const char *path, double expected)
{
	double ppm, age_s;

	assert_int_equal(store_read_drift(path, &ppm, &age_s), DRIFT_READ);
	assert_true(ppm == expected);
}

static void what_cannot_be_written_is_said_once(void **state)
{
	(void)state;
	save(-10.278);
	assert_drift(drift, -10.278);
	config.driftfile = "/no/such/directory/drift";
	save(11.0);
	save(12.0);
	assert_true(loop.save_failed);
	assert_int_equal(
		lines_with(log_path,
			   "frequency file /no/such/directory/drift.TEMP: "
			   "No such file or directory"),
		1);
	/* It works again, and fails again: that is news. */
	config.driftfile = drift;
	save(13.0);
	assert_drift(drift, 13.0);
	config.driftfile = "/no/such/directory/drift";
	save(14.0);
	assert_int_equal(lines_with(log_path, "frequency file"), 2);
}

/* A file system of one page, with nothing left in it. */
static bool mount_full(const char *where)
{
	char filler[80], page[4096];
	FILE *f;

	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mkdir(where, 0700) != 0) {
		return false;
	}
	if (mount("tmpfs", where, "tmpfs", 0, "size=8k") != 0) {
		(void)rmdir(where);
		return false;
	}
	memset(page, 'x', sizeof(page));
	(void)snprintf(filler, sizeof(filler), "%s/drift", where);
	f = fopen(filler, "w"); /* the old frequency: one page */
	assert_non_null(f);
	assert_true(fputs("-7.500\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(filler, sizeof(filler), "%s/filler", where);
	f = fopen(filler, "w"); /* the rest: as much as fits */
	assert_non_null(f);
	while (fwrite(page, 1, sizeof(page), f) == sizeof(page) &&
	       fflush(f) == 0) {
	}
	(void)fclose(f);
	return true;
}

/* K6: the old file stays, one line says why. */
static void a_full_disk_keeps_the_old_frequency(void **state)
{
	char full[64], path[80];

	(void)state;
	(void)snprintf(full, sizeof(full), "%s/full", scratch);
	if (geteuid() != 0 || !mount_full(full)) {
		skip(); /* needs the right to mount */
	}
	(void)snprintf(path, sizeof(path), "%s/drift", full);
	config.driftfile = path;
	save(20.0);
	save(21.0);
	save(22.0);
	assert_int_equal(lines_with(log_path, "No space left on device"), 1);
	assert_drift(path, -7.5);
	assert_int_equal(umount(full), 0);
	assert_int_equal(rmdir(full), 0);
}

static void without_a_drift_file_nothing_is_written(void **state)
{
	(void)state;
	config.driftfile = NULL;
	save(1.0);
	assert_false(loop.save_failed);
	assert_int_equal(lines_with(log_path, ""), 0);
}

static void note(enum note_id id)
{
	struct effect e = { .kind = EFFECT_NOTE };

	e.note.id = id;
	e.note.number = 0xc016;
	outbox_empty(&outbox);
	outbox_add(&outbox, &e);
	carry_out(&loop);
}

/* The classic line: "22 Nov 14:45:54 ntpd[9415]: text". */
static void a_note_becomes_a_classic_line(void **state)
{
	static const char form[] =
		"^[ 123][0-9] [A-Z][a-z]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} "
		"ntpd\\[[0-9]+\\]: 0\\.0\\.0\\.0 c016 06 restart$";
	char line[512];
	regex_t regex;
	FILE *f;

	(void)state;
	note(NOTE_RESTART);
	f = fopen(log_path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(fclose(f), 0);
	line[strcspn(line, "\n")] = '\0';
	assert_int_equal(regcomp(&regex, form, REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(regexec(&regex, line, 0, NULL, 0), 0);
	regfree(&regex);
}

static void logconfig_leaves_out_all_but_warnings(void **state)
{
	(void)state;
	journal.kept = 0;
	note(NOTE_RESTART);
	note(NOTE_MOBILIZE);
	note(NOTE_RESOLVE_FAILED);
	note(NOTE_PANIC);
	assert_int_equal(lines_with(log_path, "restart"), 0);
	assert_int_equal(lines_with(log_path, "mobilize"), 0);
	assert_int_equal(lines_with(log_path, "error resolving"), 1);
	assert_int_equal(lines_with(log_path, "panic_stop"), 1);
	journal.kept = LOG_BIT(LOGCLASS_PEER, LOGTYPE_EVENTS);
	note(NOTE_RESTART);
	note(NOTE_MOBILIZE);
	assert_int_equal(lines_with(log_path, "restart"), 0);
	assert_int_equal(lines_with(log_path, "mobilize"), 1);
}

static void the_engine_ends_the_loop_with_its_code(void **state)
{
	struct effect e = { .kind = EFFECT_EXIT };

	(void)state;
	e.exit.code = 255;
	outbox_add(&outbox, &e);
	carry_out(&loop);
	assert_true(loop.ended);
	assert_int_equal(loop.exit_code, 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_cannot_be_written_is_said_once, start, stop),
		cmocka_unit_test_setup_teardown(
			a_full_disk_keeps_the_old_frequency, start, stop),
		cmocka_unit_test_setup_teardown(
			without_a_drift_file_nothing_is_written, start, stop),
		cmocka_unit_test_setup_teardown(a_note_becomes_a_classic_line,
						start, stop),
		cmocka_unit_test_setup_teardown(
			logconfig_leaves_out_all_but_warnings, start, stop),
		cmocka_unit_test_setup_teardown(
			the_engine_ends_the_loop_with_its_code, start, stop),
	};

	return cmocka_run_group_tests_name("carry", tests, set_up,
					   scratch_remove);
}
