/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scratch.h - a directory for tests of what is on the disk, and its files.
 *
 * scratch_remove() fails when there is any other file in it than those that
 * scratch_file() gave a name.
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <string.h>
#include <unistd.h>

#include "check.h"
#include "host/system/journal.h"
#include "host/system/store.h"

static char scratch[32];
static char scratch_files[4][64];
static size_t scratch_count;

static inline int scratch_make(void)
{
	scratch_count = 0;
	(void)snprintf(scratch, sizeof(scratch), "/tmp/test.XXXXXX");
	return mkdtemp(scratch) ? 0 : -1;
}

/* The path of a file in it; from scratch_make() to scratch_remove(). */
static inline const char *scratch_file(const char *name)
{
	char *path = scratch_files[scratch_count++];

	assert_true(scratch_count <= ARRAY_LEN(scratch_files));
	(void)snprintf(path, sizeof(scratch_files[0]), "%s/%s", scratch, name);
	return path;
}

/* A test's teardown. */
static inline int scratch_clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < scratch_count; i++) {
		if (unlink(scratch_files[i]) != 0) {
			(void)rmdir(scratch_files[i]);
		}
	}
	return 0;
}

/* A group's teardown. */
static inline int scratch_remove(void **state)
{
	return scratch_clear(state) == 0 ? rmdir(scratch) : -1;
}

static inline void put_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline void assert_content(const char *path, const char *expected)
{
	size_t len;
	char *text = store_read(path, &len);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
	free(text);
}

/* A journal that writes there and nowhere else. */
static inline bool journal_into(struct journal *j, const char *path)
{
	journal_init(j);
	j->to_terminal = false;
	return journal_open_file(j, path);
}

static inline int lines_with(const char *path, const char *words)
{
	char line[2048];
	int count = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		count += strstr(line, words) != NULL;
	}
	assert_int_equal(fclose(f), 0);
	return count;
}

#endif
