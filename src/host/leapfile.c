/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/leapfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/store.h"

#define DAY_S 86400
#define WARN_DAYS 28
#define STAMP sizeof("-2147483648-12-31T23:59:59Z")

struct report {
	struct journal *journal;
	const char *path;
};

static void say(const struct report *r, enum note_level level, const char *what)
{
	journal_say(r->journal, level, "leapsecond file ('%s'): %s", r->path,
		    what);
}

static void say_errno(const struct report *r, const char *what)
{
	char line[JOURNAL_LINE];

	(void)snprintf(line, sizeof(line), "%s failed: %s", what,
		       strerror(errno));
	say(r, NOTE_WARNING, line);
}

/* The whole text, to be freed; NULL: said why not. */
static char *read_text(const struct report *r, size_t *len)
{
	struct stat st;
	char *text;

	if (stat(r->path, &st) != 0) {
		say_errno(r, "stat");
		return NULL;
	}
	/* Opening a FIFO would wait for who writes to it. */
	if (!S_ISREG(st.st_mode) || st.st_size > LEAP_TEXT_MAX) {
		say(r, NOTE_WARNING, "not a table of leap seconds");
		return NULL;
	}
	text = store_read(r->path, len);
	if (!text) {
		say_errno(r, "open");
	}
	return text;
}

static void say_verdict(const struct report *r, struct leap_parsed parsed)
{
	static const char *const words[] = {
		[LEAP_GOOD_HASH] = "good hash signature",
		[LEAP_NO_HASH] = "no hash signature",
		[LEAP_HASH_IGNORED] = "hash signature not looked at",
		[LEAP_MISMATCH] = "signature mismatch",
		[LEAP_BAD_LINE] = "not an entry",
		[LEAP_BAD_TIME] = "bad transition time",
		[LEAP_TOO_MANY] = "too many entries",
		[LEAP_INCOMPLETE] = "no entries, or no expiry",
	};
	char line[JOURNAL_LINE];

	switch (parsed.verdict) {
	case LEAP_BAD_LINE:
	case LEAP_BAD_TIME:
	case LEAP_TOO_MANY:
		(void)snprintf(line, sizeof(line), "%s, line %u: not used",
			       words[parsed.verdict], parsed.line);
		break;
	case LEAP_GOOD_HASH:
	case LEAP_NO_HASH:
	case LEAP_HASH_IGNORED:
	case LEAP_MISMATCH:
	case LEAP_INCOMPLETE:
		(void)snprintf(line, sizeof(line), "%s", words[parsed.verdict]);
		break;
	}
	say(r, leap_is_good(parsed.verdict) ? NOTE_NOTICE : NOTE_WARNING, line);
}

static void print_stamp(char out[STAMP], int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&t, &tm)) {
		(void)strftime(out, STAMP, "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
}

static void say_loaded(const struct report *r, const struct leap_table *t)
{
	char line[JOURNAL_LINE], expire[STAMP], last[STAMP];

	print_stamp(expire, t->expires);
	print_stamp(last, leap_last(t));
	(void)snprintf(line, sizeof(line), "loaded, expire=%s last=%s ofs=%d",
		       expire, last, t->entries[t->count - 1].tai);
	say(r, NOTE_NOTICE, line);
}

/* Never an error: there is nothing that a running machine lacks by it. */
static void say_age(const struct report *r, const struct leap_table *t,
		    int64_t now)
{
	int64_t left_s = t->expires - now;
	long long days = (left_s < 0 ? -left_s : left_s) / DAY_S;
	char line[JOURNAL_LINE];

	if (leap_has_expired(t, now)) {
		(void)snprintf(line, sizeof(line), "expired %lld day%s ago",
			       days, days == 1 ? "" : "s");
	} else if (days < WARN_DAYS) {
		(void)snprintf(line, sizeof(line),
			       "will expire in less than %lld day%s", days + 1,
			       days == 0 ? "" : "s");
	} else {
		return;
	}
	say(r, NOTE_NOTICE, line);
}

bool leapfile_read(struct leap_table *table, const struct config *config,
		   struct journal *journal, time_t now)
{
	struct report r = { .journal = journal, .path = config->leapfile };
	struct leap_parsed parsed;
	size_t len;
	char *text = read_text(&r, &len);

	if (!text) {
		return false;
	}
	parsed = leap_parse(table, text, len, config->leap_check_hash);
	free(text);
	say_verdict(&r, parsed);
	if (!leap_is_good(parsed.verdict)) {
		return false;
	}
	say_loaded(&r, table);
	say_age(&r, table, now);
	return true;
}
