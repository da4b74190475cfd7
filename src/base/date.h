/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * date.h - days of the Gregorian calendar, of seconds since 1970 in UTC.
 *
 * For dates from the year 0 on; leap seconds have none of their own.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/text.h"

struct date {
	int64_t year;
	unsigned month, day;           /* from 1 */
	unsigned hour, minute, second; /* from 0 */
};

/* A week begins on Monday; the first of a year has its first Thursday. */
struct date_week {
	int64_t year;
	unsigned week; /* 1 to 53 (ISO 8601) */
};

struct date date_from_unix(int64_t unix_s);
struct date_week date_week_from_unix(int64_t unix_s);
/* Midnight of "2026-11-24"; false for anything else, and before 1970. */
MUST_USE bool date_parse(const char *s, size_t len, int64_t *unix_s);
/* "201701010000": to the minute, as mode 6 has it. */
void date_print(int64_t unix_s, struct text *out);
/* What date_print() writes; false for anything else, and before 1970. */
MUST_USE bool date_parse_minute(const char *s, size_t len, int64_t *unix_s);

#endif
