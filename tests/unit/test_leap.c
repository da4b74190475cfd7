/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of leap seconds: a good one is taken whole, a bad one not at all
 * (SECURITY.md J3), and it is asked the right way around midnight.
 */
#include <string.h>

#include "base/date.h"
#include "check.h"
#include "core/steer/leap.h"
#include "crypto/digest.h"
#include "leaptext.h"

static struct leap_parsed parse(struct leap_table *t, const char *text)
{
	return leap_parse(t, text, strlen(text), true);
}

static struct leap_table good(void)
{
	struct leap_table t = { .count = 0 };

	assert_int_equal(parse(&t, LEAPTEXT).verdict, LEAP_GOOD_HASH);
	return t;
}

/* The empty table stays so, and the line is named. */
static void refuses(const char *text, enum leap_verdict verdict, unsigned line)
{
	struct leap_table t, before;
	struct leap_parsed p;

	memset(&before, 0xa5, sizeof(before));
	t = before;
	p = parse(&t, text);
	assert_int_equal(p.verdict, verdict);
	assert_int_equal(p.line, line);
	assert_false(leap_is_good(p.verdict));
	assert_memory_equal(&t, &before, sizeof(t));
}

static void sha1_is_sha1(void **state)
{
	(void)state;
	static const uint8_t abc[DIGEST_SHA1_LEN] = {
		0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
		0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d
	}; /* FIPS 180, its first example */
	uint8_t hash[DIGEST_SHA1_LEN];

	digest_sha1(hash, "abc", 3);
	assert_memory_equal(hash, abc, sizeof(abc));
}

static void dates_are_of_the_gregorian_calendar(void **state)
{
	(void)state;
	FORALL(2000) {
		int64_t unix_s =
			(int64_t)(check_rng() % UINT64_C(20000000000)) -
			INT64_C(10000000000);
		time_t at = (time_t)unix_s;
		struct date d = date_from_unix(unix_s);
		const struct tm *tm = gmtime(&at);

		if (at != unix_s) {
			continue; /* not here, in 32 bits */
		}
		assert_non_null(tm);
		assert_int_equal(d.year, tm->tm_year + 1900);
		assert_int_equal(d.month, tm->tm_mon + 1);
		assert_int_equal(d.day, tm->tm_mday);
		assert_int_equal(d.hour, tm->tm_hour);
		assert_int_equal(d.minute, tm->tm_min);
		assert_int_equal(d.second, tm->tm_sec);
	}
}

static void a_good_table_is_taken_whole(void **state)
{
	(void)state;
	struct leap_table t = good();

	assert_int_equal(t.count, 5);
	assert_int_equal(t.expires, LEAPTEXT_EXPIRES);
	assert_int_equal(t.entries[0].tai, 35);
	assert_int_equal(t.entries[3].at, LEAPTEXT_JULY_2024);
	assert_int_equal(t.entries[3].tai, 38);
	assert_int_equal(leap_last(&t), LEAPTEXT_JANUARY_2025);
}

static void a_wrong_hash_is_a_mismatch_unless_ignored(void **state)
{
	(void)state;
	static const char wrong[] = LEAPTEXT_HEAD LEAPTEXT_ENTRIES
		"#h 51ce7dcc 50ffa871 5f74dbb d2674dc9 30b64fde\n";
	struct leap_table t = { .count = 0 };

	refuses(wrong, LEAP_MISMATCH, 11);
	assert_int_equal(leap_parse(&t, wrong, strlen(wrong), false).verdict,
			 LEAP_HASH_IGNORED);
	assert_int_equal(t.count, 5);
	refuses(LEAPTEXT_HEAD LEAPTEXT_ENTRIES "#h 51ce7dcc 50ffa871\n",
		LEAP_BAD_LINE, 11);
	refuses(LEAPTEXT_HEAD LEAPTEXT_ENTRIES
		"#h 51ce7dcc 50ffa871 5f74dbb d2674dc9 130b64fdd\n",
		LEAP_BAD_LINE, 11);
}

/* Also where that makes an entry that could be one; the rest is comments. */
static void every_changed_digit_is_noticed(void **state)
{
	(void)state;
	char text[] = LEAPTEXT;
	bool comment = false;

	for (size_t i = 1; i < sizeof(text) - 1; i++) {
		struct leap_table t = { .count = 0 };
		char was = text[i];

		comment = was != '\n' &&
			  (comment || (was == '#' && text[i - 1] != '\n'));
		if (comment || was < '0' || was > '9') {
			continue;
		}
		text[i] = (char)(was == '9' ? '0' : was + 1);
		assert_false(leap_is_good(parse(&t, text).verdict));
		assert_int_equal(t.count, 0);
		text[i] = was;
	}
}

static void a_table_without_a_hash_is_loaded(void **state)
{
	(void)state;
	struct leap_table t = { .count = 0 };

	assert_int_equal(parse(&t, LEAPTEXT_HEAD LEAPTEXT_ENTRIES).verdict,
			 LEAP_NO_HASH);
	assert_int_equal(t.count, 5);
}

/* A download that broke off: never a wrong entry, never a good hash. */
static void no_prefix_passes_for_the_whole(void **state)
{
	(void)state;
	const struct leap_table whole = good();
	size_t least = strlen(LEAPTEXT) - 1;

	for (size_t len = 0; len < least; len++) {
		struct leap_table t = { .count = 0 };
		char *text = malloc(len + (len == 0));
		enum leap_verdict v;

		assert_non_null(text);
		memcpy(text, LEAPTEXT, len);
		v = leap_parse(&t, text, len, true).verdict;
		free(text);
		assert_int_not_equal(v, LEAP_GOOD_HASH);
		assert_true(leap_is_good(v) == (t.count > 0));
		for (size_t i = 0; i < t.count; i++) {
			assert_int_equal(t.entries[i].at, whole.entries[i].at);
			assert_int_equal(t.entries[i].tai,
					 whole.entries[i].tai);
		}
	}
}

static void what_is_no_table_is_refused_with_its_line(void **state)
{
	(void)state;
	refuses("", LEAP_INCOMPLETE, 0);
	refuses(LEAPTEXT_HEAD, LEAP_INCOMPLETE, 5);
	refuses("3692217600 37\n", LEAP_INCOMPLETE, 1);
	refuses("#@ 1\nLeap 2016 Dec 31 23:59:60 + S\n", LEAP_BAD_LINE, 2);
	refuses("#@ 1\n3692217600\n", LEAP_BAD_LINE, 2);
	refuses("#@ 1\n3692217600 -37\n", LEAP_BAD_LINE, 2);
	refuses("#@ 1\n3692217600 37 1\n", LEAP_BAD_LINE, 2);
	refuses("#@ 1\n3692217600 40000\n", LEAP_BAD_LINE, 2);
	refuses("#@ 1\n#@ 2\n", LEAP_BAD_LINE, 2);
	refuses("#@\n", LEAP_BAD_LINE, 1);
	refuses("#@ 99999999999999999999\n", LEAP_BAD_LINE, 1);
	/* Out of order, and two seconds at once. */
	refuses("3692217600 37\n3644697600 36\n", LEAP_BAD_LINE, 2);
	refuses("3644697600 36\n3692217600 38\n", LEAP_BAD_LINE, 2);
	refuses("3644697600 36\n3692217600 36\n", LEAP_BAD_LINE, 2);
}

static void a_transition_within_a_month_is_refused(void **state)
{
	(void)state;
	refuses("3644697600 36\n3692217601 37\n", LEAP_BAD_TIME, 2);
	refuses("3644697600 36\n3692304000 37\n", LEAP_BAD_TIME, 2);
	refuses("3644697600 36\n3692221200 37\n", LEAP_BAD_TIME, 2);
}

static void a_table_has_no_more_entries_than_there_is_room(void **state)
{
	(void)state;
	char buffer[4096];
	struct leap_table t = { .count = 0 };
	struct text text = text_over(buffer, sizeof(buffer));
	unsigned entries = 0;

	text_str(&text, "#@ 3957724800\n");
	for (int64_t at = 0; entries < LEAP_ENTRIES; at += 86400) {
		if (date_from_unix(at).day == 1) {
			text_i64(&text, at + INT64_C(2208988800));
			text_char(&text, ' ');
			text_i64(&text, 10 + entries++ % 2);
			text_char(&text, '\n');
		}
	}
	assert_false(text.cut);
	assert_int_equal(parse(&t, buffer).verdict, LEAP_NO_HASH);
	assert_int_equal(t.count, LEAP_ENTRIES);
	text_str(&text, "3957724800 11\n");
	refuses(buffer, LEAP_TOO_MANY, LEAP_ENTRIES + 2);
}

static void a_leap_is_due_in_the_last_24_hours(void **state)
{
	(void)state;
	const struct leap_table t = good();
	int64_t july = LEAPTEXT_JULY_2024, january = LEAPTEXT_JANUARY_2025;

	assert_int_equal(leap_due(&t, july - 86401), LEAP_NONE);
	assert_int_equal(leap_due(&t, july - 86400), LEAP_INSERT);
	assert_int_equal(leap_due(&t, july - 1), LEAP_INSERT);
	assert_int_equal(leap_due(&t, july), LEAP_NONE);
	assert_int_equal(leap_due(&t, january - 86401), LEAP_NONE);
	assert_int_equal(leap_due(&t, january - 1), LEAP_DELETE);
	assert_int_equal(leap_due(&t, january), LEAP_NONE);
	/* The first entry says where counting began, not that it leapt. */
	assert_int_equal(leap_due(&t, t.entries[0].at - 1), LEAP_NONE);
}

static void tai_is_that_of_the_last_entry_begun(void **state)
{
	(void)state;
	const struct leap_table t = good();
	int16_t tai = 0;

	assert_false(leap_tai(&t, t.entries[0].at - 1, &tai));
	assert_true(leap_tai(&t, t.entries[0].at, &tai));
	assert_int_equal(tai, 35);
	assert_true(leap_tai(&t, LEAPTEXT_JULY_2024 - 1, &tai));
	assert_int_equal(tai, 37);
	assert_true(leap_tai(&t, LEAPTEXT_JULY_2024, &tai));
	assert_int_equal(tai, 38);
	assert_true(leap_tai(&t, LEAPTEXT_EXPIRES * 2, &tai));
	assert_int_equal(tai, 37);
}

static void a_table_ends_at_its_expiry(void **state)
{
	(void)state;
	const struct leap_table t = good();

	assert_false(leap_has_expired(&t, LEAPTEXT_EXPIRES - 1));
	assert_true(leap_has_expired(&t, LEAPTEXT_EXPIRES));
	/* Past the end of the era in 2036, too. */
	assert_int_equal(leap_unix(&t, tstamp_from_unix(2200000000, 0)),
			 2200000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha1_is_sha1),
		cmocka_unit_test(dates_are_of_the_gregorian_calendar),
		cmocka_unit_test(a_good_table_is_taken_whole),
		cmocka_unit_test(a_wrong_hash_is_a_mismatch_unless_ignored),
		cmocka_unit_test(every_changed_digit_is_noticed),
		cmocka_unit_test(a_table_without_a_hash_is_loaded),
		cmocka_unit_test(no_prefix_passes_for_the_whole),
		cmocka_unit_test(what_is_no_table_is_refused_with_its_line),
		cmocka_unit_test(a_transition_within_a_month_is_refused),
		cmocka_unit_test(
			a_table_has_no_more_entries_than_there_is_room),
		cmocka_unit_test(a_leap_is_due_in_the_last_24_hours),
		cmocka_unit_test(tai_is_that_of_the_last_entry_begun),
		cmocka_unit_test(a_table_ends_at_its_expiry),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
