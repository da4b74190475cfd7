/* SPDX-License-Identifier: BSD-2-Clause */
/* trustedkey: numbers, ranges such as (10 ... 20), and `noserve`. */
#include <string.h>

#include "config/parser.h"

#define KEY_MAX 65535
#define RANGE_TEXT 32 /* "65535...65535" with room for leading zeros */

static void add(struct parser *p, const struct word *w, uint64_t first,
		uint64_t last, bool noserve)
{
	struct key_range *range;

	if (first > last || last > KEY_MAX) {
		parser_broken(p, w, NULL,
			      "% is no key or range of keys from 1 to 65535");
		return;
	}
	if (first == 0) {
		/* Solaris ships `trustedkey 0`, which means no key at all. */
		parser_complain(p, COMPLAINT_INFO, w, NULL,
				"Ignoring invalid trustedkey 0, min 1 max "
				"65535.");
		first = 1;
		if (last == 0) {
			return;
		}
	}
	range = arena_take(p->arena, sizeof(*range));
	if (range) {
		range->first = (uint32_t)first;
		range->last = (uint32_t)last;
		range->noserve = noserve;
		*p->key_end = range;
		p->key_end = &range->next;
	}
}

/* Takes "10...20" apart. */
static bool split(const struct text *t, uint64_t *first, uint64_t *last)
{
	size_t at = 0;

	while (at < t->len && t->start[at] != '.') {
		at++;
	}
	return !t->cut && t->len >= at + 3 &&
	       memcmp(t->start + at, "...", 3) == 0 &&
	       text_to_u64(t->start, at, first) &&
	       text_to_u64(t->start + at + 3, t->len - at - 3, last);
}

/* From behind the '('; blanks around the dots do not matter. */
static void read_range(struct parser *p, const struct word *open, bool noserve)
{
	char buffer[RANGE_TEXT];
	struct text t = text_over(buffer, sizeof(buffer));
	uint64_t first, last;
	struct word w = *open;

	while (parser_word(p, &w) && !word_is(&w, ")")) {
		text_bytes(&t, w.text, w.len);
	}
	if (!word_is(&w, ")") || !split(&t, &first, &last)) {
		parser_broken(p, open, NULL,
			      "a range of keys is written (10 ... 20)");
		return;
	}
	add(p, open, first, last, noserve);
}

void parse_trustedkey(struct parser *p)
{
	struct word w;
	bool any = false, noserve = false;

	while (parser_word(p, &w)) {
		uint64_t number;

		if (word_is(&w, "noserve")) {
			noserve = true;
			continue;
		}
		any = true;
		if (word_is(&w, "(")) {
			read_range(p, &w, noserve);
		} else if (!w.quoted && text_to_u64(w.text, w.len, &number)) {
			add(p, &w, number, number, noserve);
		} else {
			parser_broken(p, &w, NULL,
				      "% is no key's number from 1 to 65535");
		}
	}
	if (!any) {
		parser_broken(p, &w, p->directive,
			      "@ needs keys' numbers behind it");
	}
}
