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

static void print_padded(uint64_t v, unsigned digits, struct text *out)
{
	uint64_t unit = 1;

	while (digits-- > 1) {
		unit *= 10;
	}
	for (; unit > 0; unit /= 10) {
		text_char(out, (char)('0' + v / unit % 10));
	}
}

void date_print(int64_t unix_s, struct text *out)
{
	struct date d = date_from_unix(unix_s);

	print_padded((uint64_t)d.year, 4, out);
	print_padded(d.month, 2, out);
	print_padded(d.day, 2, out);
	print_padded(d.hour, 2, out);
	print_padded(d.minute, 2, out);
}
