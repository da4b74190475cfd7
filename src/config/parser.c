/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/parser.h"

#include <string.h>

#define COMPLAINT_MAX 320 /* the longest reason with the longest words */
#define SHOWN_MAX 32      /* bytes of somebody's word in a complaint */

static bool usable(struct parser *p, struct word *w)
{
	if (w->len > WORD_MAX) {
		parser_broken(p, w, NULL, "a word of more than 1023 octets");
		return false;
	}
	if (memchr(w->text, '\0', w->len)) {
		parser_broken(p, w, NULL, "a NUL character in a word");
		return false;
	}
	return true;
}

bool parser_word(struct parser *p, struct word *w)
{
	return !p->broken && lexer_word(p->lexer, w) && usable(p, w);
}

bool parser_string(struct parser *p, struct word *w)
{
	return !p->broken && lexer_string(p->lexer, w) && usable(p, w);
}

void parser_end(struct parser *p)
{
	struct word w;

	if (parser_word(p, &w)) {
		parser_broken(p, &w, p->directive,
			      "% is more than @ takes; ignored from there");
	}
}

struct place parser_place(const struct parser *p)
{
	return lexer_place(p->lexer, &p->first);
}

const char *parser_keep(struct parser *p, const struct word *w)
{
	return arena_copy(p->arena, w->text, w->len);
}

static void add_quoted(struct text *t, const char *s, size_t len)
{
	bool cut = len > SHOWN_MAX;

	text_char(t, '\'');
	text_escaped(t, s, cut ? SHOWN_MAX : len);
	text_str(t, cut ? "...'" : "'");
}

/* The bounds of an option's range; whole numbers, all of them. */
static void add_range(struct text *t, const struct option *o)
{
	text_char(t, '[');
	text_i64(t, (int64_t)o->low);
	text_str(t, "..");
	text_i64(t, (int64_t)o->high);
	text_char(t, ']');
}

static void explain(struct text *t, const struct word *w,
		    const struct option *o, const char *reason)
{
	for (; *reason; reason++) {
		if (*reason == '%') {
			add_quoted(t, w->text, w->len);
		} else if (*reason == '@') {
			add_quoted(t, o->word, strlen(o->word));
		} else if (*reason == '$') {
			add_range(t, o);
		} else {
			text_char(t, *reason);
		}
	}
}

static void add_complaint(struct parser *p, enum severity severity,
			  const struct word *w, const struct text *t)
{
	struct complaint *c = arena_take(p->arena, sizeof(*c));
	const char *text = arena_copy(p->arena, t->start, t->len);

	p->result.warnings += severity == COMPLAINT_WARN;
	p->result.fatals += severity == COMPLAINT_FATAL;
	if (!c || !text) {
		return;
	}
	*c = (struct complaint){ .place = lexer_place(p->lexer, w),
				 .severity = severity,
				 .text = text };
	*p->complaint_end = c;
	p->complaint_end = &c->next;
}

void parser_complain(struct parser *p, enum severity severity,
		     const struct word *w, const struct option *o,
		     const char *reason)
{
	char buffer[COMPLAINT_MAX];
	struct text t = text_over(buffer, sizeof(buffer));

	explain(&t, w, o, reason);
	add_complaint(p, severity, w, &t);
}

void parser_broken(struct parser *p, const struct word *w,
		   const struct option *o, const char *reason)
{
	if (!p->broken) {
		p->broken = true;
		parser_complain(p, COMPLAINT_WARN, w, o, reason);
	}
}

/* Where else than in `scope` such a word may stand. */
static const char *other_home(enum option_scope scope, const struct word *w)
{
	for (unsigned i = 0; i < SCOPES; i++) {
		if (i != scope && option_home((enum option_scope)i) &&
		    option_find((enum option_scope)i, w->text, w->len)) {
			return option_home((enum option_scope)i);
		}
	}
	return NULL;
}

void parser_unknown(struct parser *p, enum option_scope scope,
		    const struct word *w)
{
	char buffer[COMPLAINT_MAX];
	struct text t = text_over(buffer, sizeof(buffer));
	const struct option *near = option_near(scope, w->text, w->len);
	const char *home = near ? NULL : other_home(scope, w);

	if (p->broken) {
		return;
	}
	explain(&t, w, NULL, "unknown word %");
	if (w->quoted && option_find(scope, w->text, w->len)) {
		text_str(&t, ": without the quotes it would be a keyword");
	} else if (word_is(w, "\\")) {
		text_str(&t, ": no line goes on in the next");
	} else if (near) {
		text_str(&t, ": did you mean ");
		add_quoted(&t, near->word, strlen(near->word));
		text_char(&t, '?');
	} else if (home) {
		text_str(&t, ": it belongs to a line of ");
		add_quoted(&t, home, strlen(home));
	}
	p->broken = true;
	add_complaint(p, COMPLAINT_WARN, w, &t);
}

void parser_say_idle(struct parser *p, const struct option *o,
		     const struct word *w)
{
	enum option_id id = option_id(o);
	uint64_t bit = UINT64_C(1) << id % 64;

	if ((o->class != CLASS_LATER && o->class != CLASS_OBSOLETE) ||
	    (p->said[id / 64] & bit)) {
		return;
	}
	p->said[id / 64] |= bit;
	parser_complain(p, COMPLAINT_INFO, w, o,
			o->class == CLASS_LATER
				? "@ is accepted but not in effect yet"
				: "@ is obsolete and ignored");
}

/* In classic's words. */
static void refuse_remote(struct parser *p, const struct word *w,
			  const struct option *o)
{
	char buffer[COMPLAINT_MAX];
	struct text t = text_over(buffer, sizeof(buffer));

	text_str(&t, o->word);
	text_str(&t, " remote configuration ignored");
	if (!p->broken) {
		p->broken = true;
		add_complaint(p, COMPLAINT_WARN, w, &t);
	}
}

const struct option *parser_option(struct parser *p, enum option_scope scope,
				   const struct word *w)
{
	const struct option *o =
		w->quoted ? NULL : option_find(scope, w->text, w->len);

	if (o && p->request && o->when != WHEN_LIVE) {
		refuse_remote(p, w, o);
		return NULL;
	}
	if (o) {
		parser_say_idle(p, o, w);
	} else {
		parser_unknown(p, scope, w);
	}
	return o;
}

/* What is between the line's start and its end. */
static size_t line_length(const struct lexer *lx)
{
	size_t left = (size_t)(lx->end - lx->start);
	const char *newline = memchr(lx->start, '\n', left);

	return newline ? (size_t)(newline - lx->start) : left;
}

/* Words of these stay with what the line made. */
static bool is_own_line(enum option_type type)
{
	return type != TYPE_SOURCE && type != TYPE_REFCLOCK &&
	       type != TYPE_FUDGE;
}

void parser_idle_begin(struct parser *p)
{
	/* Quotes are on the line already; words may stand without a blank. */
	size_t size = 2 * line_length(p->lexer) + 8;
	char *room = p->idle.start ? NULL : arena_take(p->arena, size);

	if (!room) {
		return;
	}
	p->idle = text_over(room, size);
	if (is_own_line(p->directive->type)) {
		text_str(&p->idle, p->directive->word);
	}
}

void parser_idle(struct parser *p, const char *s, size_t len)
{
	bool plain = word_is_plain(s, len);

	parser_idle_begin(p);
	if (!p->idle.start) {
		return;
	}
	if (p->idle.len > 0) {
		text_char(&p->idle, ' ');
	}
	text_str(&p->idle, plain ? "" : "\"");
	text_bytes(&p->idle, s, len);
	text_str(&p->idle, plain ? "" : "\"");
}

void parser_keep_idle(struct parser *p)
{
	struct idle_config *idle =
		p->idle.start ? arena_take(p->arena, sizeof(*idle)) : NULL;

	if (!idle) {
		return;
	}
	*idle = (struct idle_config){ .place = parser_place(p),
				      .line = p->idle.start };
	*p->idle_end = idle;
	p->idle_end = &idle->next;
}
