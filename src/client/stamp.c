/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/stamp.h"

#include <stdio.h>
#include <time.h>

/* Not strftime(3): these words do not change with the locale. */
static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};
static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
				    "Thu", "Fri", "Sat" };

void stamp_print(tstamp t, struct text *out)
{
	time_t date = (time_t)tstamp_to_unix(t, time(NULL));
	uint64_t ms = ((t.v & UINT32_MAX) * 1000) >> 32;
	char line[64];
	struct tm tm;

	text_hex(out, t.v >> 32, 8);
	text_char(out, '.');
	text_hex(out, t.v & UINT32_MAX, 8);
	if (!localtime_r(&date, &tm)) {
		return;
	}
	snprintf(line, sizeof(line), "  %s, %s %2d %4d %2d:%02d:%02d.%03u",
		 days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday,
		 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (unsigned)ms);
	text_str(out, line);
}

void stamp_log_prefix(struct text *out)
{
	time_t now = time(NULL);
	char line[32];
	struct tm tm;

	if (!localtime_r(&now, &tm)) {
		return;
	}
	snprintf(line, sizeof(line), "%2d %s %02d:%02d:%02d", tm.tm_mday,
		 months[tm.tm_mon], tm.tm_hour, tm.tm_min, tm.tm_sec);
	text_str(out, line);
}
