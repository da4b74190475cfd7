/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/lexer.h"

#include <string.h>

static bool is_blank(char c)
{
	unsigned char u = (unsigned char)c;

	return u != '\n' && (u <= ' ' || u >= 0x7f);
}

static bool is_special(char c)
{
	return c != '\0' && strchr("{}();|=", c);
}

/* What ends an unquoted word wherever it stands. */
static bool is_end(char c)
{
	return c == '\n' || c == '#' || c == '"' || is_blank(c);
}

void lexer_init(struct lexer *lx, const char *file, const char *text,
		size_t len)
{
	*lx = (struct lexer){
		.file = file, .start = text, .at = text, .end = text + len
	};
}

static void skip_line(struct lexer *lx)
{
	const char *newline = memchr(lx->at, '\n', (size_t)(lx->end - lx->at));

	lx->at = newline ? newline : lx->end;
}

bool lexer_line(struct lexer *lx)
{
	if (lx->line > 0) {
		skip_line(lx);
		lx->at += lx->at < lx->end;
	}
	if (lx->at == lx->end) {
		return false;
	}
	lx->line++;
	lx->start = lx->at;
	return true;
}

/* From behind the opening quote. A forgotten closing quote is forgiven. */
static void take_quoted(struct lexer *lx, struct word *w)
{
	w->quoted = true;
	w->text = ++lx->at;
	while (lx->at < lx->end && *lx->at != '"' && *lx->at != '\n') {
		lx->at++;
	}
	w->len = (size_t)(lx->at - w->text);
	if (lx->at < lx->end && *lx->at == '"') {
		lx->at++;
	} else if (w->len > 0 && w->text[w->len - 1] == '\r') {
		w->len--; /* the line's end, not the word's */
	}
}

static bool take(struct lexer *lx, struct word *w, bool specials)
{
	while (lx->at < lx->end && is_blank(*lx->at)) {
		lx->at++;
	}
	*w = (struct word){ .text = lx->at,
			    .column = (unsigned)(lx->at - lx->start) };
	if (lx->at == lx->end || *lx->at == '\n' || *lx->at == '#') {
		return false;
	}
	if (*lx->at == '"') {
		take_quoted(lx, w);
		return true;
	}
	do {
		lx->at++;
	} while (lx->at < lx->end && !is_end(*lx->at) &&
		 !(specials && (is_special(*lx->at) || is_special(*w->text))));
	w->len = (size_t)(lx->at - w->text);
	return true;
}

bool lexer_word(struct lexer *lx, struct word *w)
{
	return take(lx, w, true);
}

bool lexer_string(struct lexer *lx, struct word *w)
{
	return take(lx, w, false);
}

struct place lexer_place(const struct lexer *lx, const struct word *w)
{
	return (struct place){ .file = lx->file,
			       .line = lx->line,
			       .column = w->column };
}

bool word_is(const struct word *w, const char *keyword)
{
	return !w->quoted && text_equal(keyword, w->text, w->len);
}

bool word_is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (is_end(s[i])) {
			return false;
		}
	}
	return len > 0;
}
