/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/steer/leap.h"

#include <string.h>

#include "base/date.h"
#include "crypto/digest.h"

#define NUMBER_DIGITS 12 /* far beyond any date there will be */
#define HASH_WORDS 5
#define HASH_DIGITS 8 /* of a word; leading zeros may be absent */
#define DAY_S 86400
/* All digits that the hash is over: of entries, of update and of expiry. */
#define SIGNED_TEXT ((size_t)2 * (LEAP_ENTRIES + 1) * NUMBER_DIGITS + 1)

/* One line, from where reading goes on. */
struct line {
	const char *at, *end;
	bool whole; /* has its end; else the file may have broken off */
};

struct parse {
	struct leap_table table;
	char room[SIGNED_TEXT];
	struct text hashed;
	uint8_t hash[DIGEST_SHA1_LEN]; /* what the file says it is */
	bool check_hash, has_hash, has_expiry, has_update;
};

static void skip_blanks(struct line *l)
{
	while (l->at < l->end &&
	       (*l->at == ' ' || *l->at == '\t' || *l->at == '\r')) {
		l->at++;
	}
}

static bool is_over(struct line *l)
{
	skip_blanks(l);
	return l->at == l->end;
}

static bool take_number(struct parse *p, struct line *l, int64_t *v)
{
	const char *start;
	size_t len;

	skip_blanks(l);
	start = l->at;
	while (l->at < l->end && *l->at >= '0' && *l->at <= '9') {
		l->at++;
	}
	len = (size_t)(l->at - start);
	if (len > NUMBER_DIGITS || !text_to_i64(start, len, v)) {
		return false;
	}
	text_bytes(&p->hashed, start, len);
	return true;
}

static bool take_hash_word(struct line *l, uint8_t out[4])
{
	uint32_t v = 0;
	unsigned digits = 0;

	skip_blanks(l);
	for (; l->at < l->end && text_hex_digit(*l->at) >= 0; l->at++) {
		v = v << 4 | (uint32_t)text_hex_digit(*l->at);
		digits++;
	}
	for (unsigned i = 0; i < 4; i++) {
		out[i] = (uint8_t)(v >> (24 - 8 * i));
	}
	return digits >= 1 && digits <= HASH_DIGITS;
}

static bool take_hash(struct parse *p, struct line *l)
{
	for (size_t i = 0; i < HASH_WORDS; i++) {
		if (!take_hash_word(l, p->hash + 4 * i)) {
			return false;
		}
	}
	return is_over(l);
}

/* A line that begins with '#'; each of the three that matter comes once. */
static enum leap_verdict take_comment(struct parse *p, struct line *l)
{
	char kind = (char)(l->end - l->at > 1 ? l->at[1] : '\0');
	bool *seen = kind == '@'   ? &p->has_expiry
		     : kind == '$' ? &p->has_update
		     : kind == 'h' ? &p->has_hash
				   : NULL;
	int64_t at = 0;
	bool good;

	if (!seen || (kind == 'h' && !p->check_hash)) {
		return LEAP_GOOD_HASH;
	}
	l->at += 2;
	good = kind == 'h' ? take_hash(p, l)
			   : take_number(p, l, &at) && is_over(l);
	if (!good || *seen) {
		return LEAP_BAD_LINE;
	}
	*seen = true;
	if (kind == '@') {
		p->table.expires = at - UNIX_TO_NTP;
	}
	return LEAP_GOOD_HASH;
}

static bool begins_month(int64_t unix_s)
{
	struct date d = date_from_unix(unix_s);

	return d.day == 1 && d.hour == 0 && d.minute == 0 && d.second == 0;
}

/* In order of time, and one second at a time (J3). */
static bool follows(const struct leap_table *t, const struct leap_entry *next)
{
	const struct leap_entry *last;

	if (t->count == 0) {
		return true;
	}
	last = &t->entries[t->count - 1];
	return next->at > last->at &&
	       (next->tai == last->tai + 1 || next->tai == last->tai - 1);
}

static enum leap_verdict take_entry(struct parse *p, struct line *l)
{
	struct leap_table *t = &p->table;
	struct leap_entry entry;
	int64_t at, tai;

	if (t->count == LEAP_ENTRIES) {
		return LEAP_TOO_MANY;
	}
	if (!l->whole || !take_number(p, l, &at) || l->at == l->end ||
	    !take_number(p, l, &tai) || tai > INT16_MAX ||
	    (!is_over(l) && *l->at != '#')) {
		return LEAP_BAD_LINE;
	}
	entry = (struct leap_entry){ .at = at - UNIX_TO_NTP,
				     .tai = (int16_t)tai };
	if (!begins_month(entry.at)) {
		return LEAP_BAD_TIME;
	}
	if (!follows(t, &entry)) {
		return LEAP_BAD_LINE;
	}
	t->entries[t->count++] = entry;
	return LEAP_GOOD_HASH;
}

static enum leap_verdict take_line(struct parse *p, struct line *l)
{
	if (is_over(l)) {
		return LEAP_GOOD_HASH;
	}
	return *l->at == '#' ? take_comment(p, l) : take_entry(p, l);
}

static enum leap_verdict judge(const struct parse *p)
{
	uint8_t hash[DIGEST_SHA1_LEN];

	if (p->table.count == 0 || !p->has_expiry) {
		return LEAP_INCOMPLETE;
	}
	if (!p->check_hash) {
		return LEAP_HASH_IGNORED;
	}
	if (!p->has_hash) {
		return LEAP_NO_HASH;
	}
	INVARIANT(!p->hashed.cut);
	digest_sha1(hash, p->hashed.start, p->hashed.len);
	return memcmp(hash, p->hash, sizeof(hash)) == 0 ? LEAP_GOOD_HASH
							: LEAP_MISMATCH;
}

struct leap_parsed leap_parse(struct leap_table *table, const char *text,
			      size_t len, bool check_hash)
{
	const char *end = text + len;
	struct parse p = { .check_hash = check_hash };
	struct leap_parsed result = { .line = 0 };

	p.hashed = text_over(p.room, sizeof(p.room));
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		struct line l = { text, stop ? stop : end, stop != NULL };

		result.line++;
		result.verdict = take_line(&p, &l);
		if (result.verdict != LEAP_GOOD_HASH) {
			return result;
		}
		text = stop ? stop + 1 : end;
	}
	result.verdict = judge(&p);
	if (leap_is_good(result.verdict)) {
		*table = p.table;
	}
	return result;
}

bool leap_is_good(enum leap_verdict verdict)
{
	return verdict <= LEAP_HASH_IGNORED;
}

int64_t leap_unix(const struct leap_table *table, tstamp wall)
{
	return tstamp_to_unix(wall, leap_last(table));
}

bool leap_has_expired(const struct leap_table *table, int64_t now)
{
	return now >= table->expires;
}

bool leap_tai(const struct leap_table *table, int64_t now, int16_t *tai)
{
	size_t i = table->count;

	while (i > 0 && table->entries[i - 1].at > now) {
		i--;
	}
	if (i == 0) {
		return false;
	}
	*tai = table->entries[i - 1].tai;
	return true;
}

enum leap leap_due(const struct leap_table *table, int64_t now)
{
	/* The first entry is where TAI - UTC began to be counted so. */
	for (size_t i = 1; i < table->count; i++) {
		const struct leap_entry *e = &table->entries[i];

		if (e->at > now && e->at - now <= DAY_S) {
			return e->tai > e[-1].tai ? LEAP_INSERT : LEAP_DELETE;
		}
	}
	return LEAP_NONE;
}

int64_t leap_last(const struct leap_table *table)
{
	INVARIANT(table->count > 0);
	return table->entries[table->count - 1].at;
}
