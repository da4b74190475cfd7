/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/clock/leapfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/system/store.h"

#define DAY_S 86400
#define WARN_DAYS 28
#define STAMP sizeof("-2147483648-12-31T23:59:59Z")

static void say(const struct leapfile *f, enum note_level level,
		const char *what)
{
	journal_say(f->journal, level, "leapsecond file ('%s'): %s", f->path,
		    what);
}

static void say_errno(const struct leapfile *f, const char *what)
{
	char line[JOURNAL_LINE];

	(void)snprintf(line, sizeof(line), "%s failed: %s", what,
		       strerror(errno));
	say(f, NOTE_WARNING, line);
}

/* The whole text, to be freed; NULL: said why not. */
static char *read_text(const struct leapfile *f, const struct stat *st,
		       size_t *len)
{
	char *text;

	/* Opening a FIFO would wait for who writes to it. */
	if (!S_ISREG(st->st_mode) || st->st_size > LEAP_TEXT_MAX) {
		say(f, NOTE_WARNING, "not a table of leap seconds");
		return NULL;
	}
	text = store_read(f->path, len);
	if (!text) {
		say_errno(f, "open");
	}
	return text;
}

static void say_verdict(const struct leapfile *f, struct leap_parsed parsed)
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
	say(f, leap_is_good(parsed.verdict) ? NOTE_NOTICE : NOTE_WARNING, line);
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

static void say_loaded(const struct leapfile *f, const struct leap_table *t)
{
	char line[JOURNAL_LINE], expire[STAMP], last[STAMP];

	print_stamp(expire, t->expires);
	print_stamp(last, leap_last(t));
	(void)snprintf(line, sizeof(line), "loaded, expire=%s last=%s ofs=%d",
		       expire, last, t->entries[t->count - 1].tai);
	say(f, NOTE_NOTICE, line);
}

/* Never an error: there is nothing that a running machine lacks by it. */
static void say_age(struct leapfile *f, time_t now)
{
	int64_t left_s = f->table.expires - now;
	long long days = (left_s < 0 ? -left_s : left_s) / DAY_S;
	char line[JOURNAL_LINE];

	f->age_said = now;
	if (leap_has_expired(&f->table, now)) {
		(void)snprintf(line, sizeof(line), "expired %lld day%s ago",
			       days, days == 1 ? "" : "s");
	} else if (days < WARN_DAYS) {
		(void)snprintf(line, sizeof(line),
			       "will expire in less than %lld day%s", days + 1,
			       days == 0 ? "" : "s");
	} else {
		return;
	}
	say(f, NOTE_INFO, line);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Is it there, and not the one that was read last? */
static bool find(struct leapfile *f, bool again)
{
	struct stat st;
	bool changed;

	if (stat(f->path, &st) != 0) {
		if (f->asked_for && !f->missed) {
			say_errno(f, "stat");
		}
		f->missed = true;
		f->seen = false;
		return false;
	}
	changed = again || !f->seen || !is_same(&st, &f->last);
	f->missed = false;
	f->seen = true;
	f->last = st;
	return changed;
}

static bool take(struct leapfile *f)
{
	struct leap_parsed parsed;
	size_t len;
	char *text = read_text(f, &f->last, &len);

	if (!text) {
		return false;
	}
	parsed = leap_parse(&f->table, text, len, f->check_hash);
	free(text);
	say_verdict(f, parsed);
	if (!leap_is_good(parsed.verdict)) {
		return false;
	}
	say_loaded(f, &f->table);
	return true;
}

void leapfile_retune(struct leapfile *f, const struct config *config,
		     const char *usual)
{
	const char *named = config->leapfile;

	f->path = named ? named : usual;
	f->check_hash = config->leap_check_hash;
	f->asked_for = named != NULL;
	f->missed = false;
	if (f->path && f->path[0] == '\0') {
		f->path = NULL;
		f->table.count = 0;
		f->seen = false;
	}
}

void leapfile_init(struct leapfile *f, const struct config *config,
		   struct journal *journal, const char *usual)
{
	*f = (struct leapfile){ .journal = journal };
	leapfile_retune(f, config, usual);
}

bool leapfile_look(struct leapfile *f, bool again, time_t now)
{
	bool taken;

	if (!f->path) {
		return false;
	}
	taken = find(f, again) && take(f);
	/* That of the time zones comes as it comes: said once is enough. */
	if (f->table.count > 0 &&
	    (taken || (f->asked_for && llabs(now - f->age_said) >= DAY_S))) {
		say_age(f, now);
	}
	return taken;
}
