/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leap.h - the table of leap seconds, from the text that NIST, IERS and tzdata
 * publish (leap-seconds.list).
 *
 * Times are seconds since 1970. The hash in the file keeps damage away, not
 * forgers: who may write the file says what is in it.
 */
#ifndef CORE_LEAP_H
#define CORE_LEAP_H

#include "base/compiler.h"
#include "wire/packet.h"

#define LEAP_ENTRIES 64
#define LEAP_TEXT_MAX 65536 /* no such file is larger (J3) */

struct leap_entry {
	int64_t at;
	int16_t tai; /* TAI - UTC from then on, s */
};

struct leap_table {
	struct leap_entry entries[LEAP_ENTRIES];
	size_t count; /* 0: there is no table */
	int64_t expires;
};

enum leap_verdict {
	LEAP_GOOD_HASH, /* the first three: the table is good */
	LEAP_NO_HASH,
	LEAP_HASH_IGNORED,
	LEAP_MISMATCH,   /* of the hash */
	LEAP_BAD_LINE,   /* neither a comment nor an entry after the last */
	LEAP_BAD_TIME,   /* not the first moment of a month */
	LEAP_TOO_MANY,   /* entries */
	LEAP_INCOMPLETE, /* no entry, or nothing about its end */
};

struct leap_parsed {
	enum leap_verdict verdict;
	unsigned line; /* where that was seen, from 1 */
};

/* Leaves the table as it was when it refuses the text. */
MUST_USE struct leap_parsed leap_parse(struct leap_table *table,
				       const char *text, size_t len,
				       bool check_hash);
bool leap_is_good(enum leap_verdict verdict);

/* Seconds since 1970 of a moment that is less than 68 years from the last
 * entry. The table is not empty. */
int64_t leap_unix(const struct leap_table *table, tstamp wall);
bool leap_has_expired(const struct leap_table *table, int64_t now);
/* TAI - UTC; false before the first entry. */
MUST_USE bool leap_tai(const struct leap_table *table, int64_t now,
		       int16_t *tai);
/* What happens at the end of this day: LEAP_NONE unless one is due within 24
 * hours. */
enum leap leap_due(const struct leap_table *table, int64_t now);
/* The last entry's time. */
int64_t leap_last(const struct leap_table *table);

#endif
