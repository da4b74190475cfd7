/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/date.h"

#define SECONDS_OF_DAY 86400
#define DAYS_TO_1970 719468 /* from 1 March of the year 0 */
#define DAYS_OF_400 146097

/*
 * Years from 1 March, so that the day that some have comes last; a cycle of
 * the calendar is 400 of them.
 */
struct date date_from_unix(int64_t unix_s)
{
	uint64_t s = (uint64_t)(unix_s + INT64_C(86400) * DAYS_TO_1970);
	uint64_t days = s / SECONDS_OF_DAY, rest = s % SECONDS_OF_DAY;
	uint64_t cycle = days / DAYS_OF_400, day = days % DAYS_OF_400;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;

	day -= 365 * year + year / 4 - year / 100;
	uint64_t month = (5 * day + 2) / 153; /* 0: March */

	day -= (153 * month + 2) / 5;
	year += cycle * 400 + (month >= 10);
	return (struct date){
		.year = (int64_t)year,
		.month = (unsigned)(month < 10 ? month + 3 : month - 9),
		.day = (unsigned)day + 1,
		.hour = (unsigned)(rest / 3600),
		.minute = (unsigned)(rest / 60 % 60),
		.second = (unsigned)(rest % 60),
	};
}

static bool take_digits(const char *s, size_t len, int64_t *v)
{
	uint64_t number = 0;
	bool good = text_to_u64(s, len, &number);

	*v = (int64_t)number;
	return good;
}

/* Midnight of a day; false: there is none of that number, or before 1970. */
static bool day_to_unix(int64_t year, int64_t month, int64_t day,
			int64_t *unix_s)
{
	int64_t from_march = month > 2 ? month - 3 : month + 9;
	int64_t years = month > 2 ? year : year - 1;
	int64_t days = 365 * years + years / 4 - years / 100 + years / 400 +
		       (153 * from_march + 2) / 5 + day - 1;
	struct date d;

	if (year < 1970 || month < 1 || month > 12) {
		return false;
	}
	*unix_s = (days - DAYS_TO_1970) * SECONDS_OF_DAY;
	d = date_from_unix(*unix_s);
	return d.year == year && d.month == month && d.day == day;
}

bool date_parse(const char *s, size_t len, int64_t *unix_s)
{
	int64_t year, month, day;

	return len == 10 && s[4] == '-' && s[7] == '-' &&
	       take_digits(s, 4, &year) && take_digits(s + 5, 2, &month) &&
	       take_digits(s + 8, 2, &day) &&
	       day_to_unix(year, month, day, unix_s);
}

bool date_parse_minute(const char *s, size_t len, int64_t *unix_s)
{
	int64_t year, month, day, hour, minute;

	if (len != 12 || !take_digits(s, 4, &year) ||
	    !take_digits(s + 4, 2, &month) || !take_digits(s + 6, 2, &day) ||
	    !take_digits(s + 8, 2, &hour) || !take_digits(s + 10, 2, &minute) ||
	    hour > 23 || minute > 59 ||
	    !day_to_unix(year, month, day, unix_s)) {
		return false;
	}
	*unix_s += hour * 3600 + minute * 60;
	return true;
}

void date_print(int64_t unix_s, struct text *out)
{
	struct date d = date_from_unix(unix_s);

	text_padded(out, (uint64_t)d.year, 4);
	text_padded(out, d.month, 2);
	text_padded(out, d.day, 2);
	text_padded(out, d.hour, 2);
	text_padded(out, d.minute, 2);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* From 1. */
static unsigned day_of_year(const struct date *d)
{
	static const unsigned before[] = { 0,   31,  59,  90,  120, 151,
					   181, 212, 243, 273, 304, 334 };
	bool leap =
		d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

	return before[d->month - 1] + (leap && d->month > 2) + d->day;
}

struct date_week date_week_from_unix(int64_t unix_s)
{
	/* Days from Monday; 1 January 1970 was a Thursday. */
	int64_t day = floor_divide(unix_s, SECONDS_OF_DAY) + 3;
	int64_t monday = day - floor_divide(day, 7) * 7;

	/* A week belongs to the year that its Thursday is in. */
	struct date d = date_from_unix(unix_s + (3 - monday) * SECONDS_OF_DAY);
	return (struct date_week){
		.year = d.year,
		.week = (day_of_year(&d) - 1) / 7 + 1,
	};
}
