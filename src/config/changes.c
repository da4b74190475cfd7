/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/changes.h"

#include <string.h>

#include "config/options.h"

struct line {
	const char *start;
	size_t len;
};

static bool next_line(const char **at, struct line *line)
{
	const char *end = strchr(*at, '\n');

	if (!end) {
		return false;
	}
	*line = (struct line){ *at, (size_t)(end - *at) };
	*at = end + 1;
	return true;
}

/*
 * Most lines stand where they stood: the search begins behind the last one
 * that was found, so that long configurations are compared in one go.
 */
static bool holds(const char *text, const char **hint, const struct line *line)
{
	const char *at = *hint;
	struct line other;

	for (unsigned round = 0; round < 2; round++, at = text) {
		while (next_line(&at, &other)) {
			if (other.len == line->len &&
			    memcmp(other.start, line->start, line->len) == 0) {
				*hint = at;
				return true;
			}
		}
	}
	return false;
}

static size_t print_missing(const char *text, const char *other,
			    const char *sign, struct text *out)
{
	const char *at = text, *hint = other;
	struct line line;
	size_t count = 0;

	while (next_line(&at, &line)) {
		if (!holds(other, &hint, &line)) {
			text_str(out, sign);
			text_escaped(out, line.start, line.len);
			text_char(out, '\n');
			count++;
		}
	}
	return count;
}

size_t changes_print(const char *before, const char *after, struct text *out)
{
	size_t gone = print_missing(before, after, "- ", out);

	return gone + print_missing(after, before, "+ ", out);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_nics(const struct config *a, const struct config *b)
{
	const struct nic_config *x = a->nics, *y = b->nics;

	while (x && y && x->action == y->action && x->match == y->match &&
	       is_same_text(x->name, y->name) && x->prefix == y->prefix &&
	       netaddr_same_host(&x->addr, &y->addr)) {
		x = x->next;
		y = y->next;
	}
	return !x && !y;
}

static bool differs(const struct option *o, const struct config *a,
		    const struct config *b)
{
	if (option_id(o) == OPTION_DIRECTIVE_interface) {
		return !is_same_nics(a, b);
	}
	/* Neighbours under another name: one of them is enough. */
	if (o->target.field == FIELD_NONE || o->type == TYPE_KIB) {
		return false;
	}
	return option_number(o, a) != option_number(o, b) ||
	       !is_same_text(option_string(o, a), option_string(o, b));
}

size_t changes_for_restart(const struct config *before,
			   const struct config *after, struct text *out)
{
	size_t count = 0;

	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);
		const char *home;

		if (o->when != WHEN_RESTART || o->scope == SCOPE_NIC ||
		    o->scope == SCOPE_NICACTION || !differs(o, before, after)) {
			continue;
		}
		home = o->scope == SCOPE_DIRECTIVE ? NULL
						   : option_home(o->scope);
		text_str(out, count++ > 0 ? ", " : "");
		if (home) {
			text_str(out, home);
			text_char(out, ' ');
		}
		text_str(out, o->word);
	}
	return count;
}
