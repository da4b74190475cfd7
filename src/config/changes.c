/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/changes.h"

#include <string.h>

#include "base/siphash.h"
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

/* The lines of a text, by a hash. */
struct lines {
	const char *text;
	uint32_t *starts; /* where one starts, + 1; 0: none */
	size_t mask;
};

/* A power of two: never more than half of it is in use. */
static size_t slots_for(const char *text)
{
	const char *at = text;
	struct line line;
	size_t count = 0, slots = 1;

	while (next_line(&at, &line)) {
		count++;
	}
	while (slots < 2 * count + 1) {
		slots *= 2;
	}
	return slots;
}

/* The slot that has the line, or the free one for it. */
static uint32_t *find(const struct lines *l, const struct line *line)
{
	static const struct siphash_key key = { 0 };
	size_t slot = (size_t)siphash(&key, line->start, line->len) & l->mask;

	for (; l->starts[slot] != 0; slot = (slot + 1) & l->mask) {
		const char *at = l->text + l->starts[slot] - 1;

		/* No line has an end in it, so both are of one length. */
		if (strncmp(at, line->start, line->len) == 0 &&
		    at[line->len] == '\n') {
			break;
		}
	}
	return &l->starts[slot];
}

static struct lines index_lines(const char *text, uint32_t *memory)
{
	struct lines l = { text, memory, slots_for(text) - 1 };
	const char *at = text;
	struct line line;

	memset(memory, 0, (l.mask + 1) * sizeof(*memory));
	while (next_line(&at, &line)) {
		*find(&l, &line) = (uint32_t)(line.start - text) + 1;
	}
	return l;
}

static size_t print_missing(const char *text, const char *other,
			    uint32_t *memory, const char *sign,
			    struct text *out)
{
	const struct lines have = index_lines(other, memory);
	const char *at = text;
	struct line line;
	size_t count = 0;

	while (next_line(&at, &line)) {
		if (*find(&have, &line) == 0) {
			text_str(out, sign);
			text_escaped(out, line.start, line.len);
			text_char(out, '\n');
			count++;
		}
	}
	return count;
}

size_t changes_size(const char *before, const char *after)
{
	size_t a = slots_for(before), b = slots_for(after);

	return (a > b ? a : b) * sizeof(uint32_t);
}

size_t changes_print(const char *before, const char *after, void *memory,
		     struct text *out)
{
	size_t gone = print_missing(before, after, memory, "- ", out);

	return gone + print_missing(after, before, memory, "+ ", out);
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
