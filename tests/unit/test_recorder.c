/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of a record: whose it is, what is in it when, what an error does. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/record/record.h"
#include "host/files/recorder.h"
#include "scratch.h"

static const char *path, *other;
static struct journal journal;
static struct config config;
static const struct settings settings = { .config = &config };
static const struct engine_start start = { .version = "ntpd test",
					   .processor = "",
					   .system = "" };
static struct outbox outbox;

static int make_dir(void **state)
{
	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	path = scratch_file("record");
	other = scratch_file("other");
	journal_init(&journal);
	journal.to_terminal = false;
	config_defaults(&config);
	return 0;
}

/* A letter for each item, or ! where it is not good. */
static const char *content(void)
{
	static char items[4096];
	size_t len, count = 0;
	char *data = store_read(path, &len);
	struct reader r = reader_over((const uint8_t *)data, len);
	struct record_view item;
	enum record_verdict v;

	assert_non_null(data);
	while ((v = record_next(&r, &item)) == RECORD_GOOD &&
	       count < sizeof(items) - 2) {
		items[count++] = "-SEed"[item.kind];
	}
	if (v != RECORD_OVER) {
		items[count++] = '!';
	}
	items[count] = '\0';
	free(data);
	return items;
}

static void handle(struct recorder *r, uint32_t effects)
{
	recorder_event(r, &(struct event){ .kind = EVENT_TICK });
	outbox_empty(&outbox);
	while (outbox.count < effects) {
		outbox_close(&outbox, (source_id){ 1, 2 });
	}
	recorder_effects(r, &outbox, (instant){ 7 });
}

static void an_event_is_there_before_its_effects(void **state)
{
	(void)state;
	struct recorder r;

	recorder_open(&r, &journal, path);
	assert_true(r.fd >= 0);
	recorder_start(&r, &settings, &start);
	assert_string_equal(content(), "S");
	handle(&r, 2);
	assert_string_equal(content(), "SE");
	handle(&r, 0);
	assert_string_equal(content(), "SEeedE");
	recorder_close(&r);
	assert_string_equal(content(), "SEeedEd");
	assert_int_equal(r.fd, -1);
	recorder_event(&r, &(struct event){ .kind = EVENT_TICK });
	recorder_close(&r); /* no harm */
}

static void runs_stand_one_after_another(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct recorder r;

		recorder_open(&r, &journal, path);
		recorder_start(&r, &settings, &start);
		handle(&r, 1);
		recorder_close(&r);
	}
	assert_string_equal(content(), "SEedSEedSEed");
}

static void only_we_may_read_it(void **state)
{
	(void)state;
	struct recorder r;
	struct stat st;

	recorder_open(&r, &journal, path);
	recorder_close(&r);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(path, 0644), 0);
	recorder_open(&r, &journal, path);
	recorder_close(&r);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void assert_refused(void)
{
	struct recorder r;

	recorder_open(&r, &journal, path);
	assert_int_equal(r.fd, -1);
	recorder_start(&r, &settings, &start);
	handle(&r, 1);
	recorder_close(&r);
}

static void a_link_is_not_followed(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(symlink(other, path), 0);
	assert_refused();
	assert_int_not_equal(stat(other, &st), 0);
}

static void what_is_no_record_of_ours_stays_as_it_is(void **state)
{
	(void)state;

	put_file(path, "root:x:0:0", 10);
	assert_refused();
	assert_content(path, "root:x:0:0");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused();
	assert_int_equal(unlink(path), 0);

	/* A second name: whoever has it could read on. */
	put_file(other, "", 0);
	assert_int_equal(link(other, path), 0);
	assert_refused();
}

static void an_error_ends_the_recording_and_is_said_once(void **state)
{
	(void)state;
	struct recorder r;
	int full = open("/dev/full", O_WRONLY);
	char line[512] = "";

	assert_true(full >= 0);
	journal.file = fopen(other, "w+");
	assert_non_null(journal.file);
	recorder_open(&r, &journal, path);
	recorder_start(&r, &settings, &start);
	assert_true(dup2(full, r.fd) >= 0);
	close(full);
	for (int i = 0; i < 5; i++) {
		handle(&r, 200);
	}
	assert_int_equal(r.fd, -1);
	recorder_close(&r);
	rewind(journal.file);
	assert_non_null(fgets(line, sizeof(line), journal.file));
	assert_non_null(strstr(line, "No space left on device: nothing more "
				     "is recorded"));
	assert_null(fgets(line, sizeof(line), journal.file));
	assert_int_equal(fclose(journal.file), 0);
	journal.file = NULL;
	assert_string_equal(content(), "S");
}

static void the_largest_outbox_fits(void **state)
{
	(void)state;
	static uint8_t bytes[OUTBOX_BYTES];
	struct recorder r;

	recorder_open(&r, &journal, path);
	recorder_start(&r, &settings, &start);
	for (int i = 0; i < 3; i++) {
		recorder_event(&r, &(struct event){ .kind = EVENT_TICK });
		outbox_empty(&outbox);
		outbox_answer(&outbox, bytes, sizeof(bytes));
		assert_int_equal(outbox.count, 1);
		recorder_effects(&r, &outbox, (instant){ 7 });
	}
	recorder_close(&r);
	assert_string_equal(content(), "SEedEedEed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_event_is_there_before_its_effects,
					  scratch_clear),
		cmocka_unit_test_teardown(runs_stand_one_after_another,
					  scratch_clear),
		cmocka_unit_test_teardown(only_we_may_read_it, scratch_clear),
		cmocka_unit_test_teardown(a_link_is_not_followed,
					  scratch_clear),
		cmocka_unit_test_teardown(
			what_is_no_record_of_ours_stays_as_it_is,
			scratch_clear),
		cmocka_unit_test_teardown(
			an_error_ends_the_recording_and_is_said_once,
			scratch_clear),
		cmocka_unit_test_teardown(the_largest_outbox_fits,
					  scratch_clear),
	};

	return cmocka_run_group_tests(tests, make_dir, scratch_remove);
}
