/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lexer.h - the text of ntp.conf as lines of words.
 *
 * One line is one command. Blanks are all control characters and every byte
 * above 0x7f: no-break spaces and byte order marks from web pages and editors
 * separate words and do no harm otherwise. '#' starts a comment anywhere but
 * within quotes, also glued to a word. A quoted word ends at the closing quote
 * or with the line.
 *
 * Words are pieces of the text; nothing is copied.
 */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "config/config.h"

#define WORD_MAX 1023 /* octets; classic gives up at longer ones */

struct word {
	const char *text;
	size_t len;
	unsigned column; /* where it starts, in bytes from 0 */
	bool quoted;     /* never a keyword */
};

struct lexer {
	const char *file;
	const char *start; /* of the line */
	const char *at;
	const char *end;
	unsigned line; /* from 1; 0 before the first */
};

void lexer_init(struct lexer *lx, const char *file, const char *text,
		size_t len);

/* Goes to the next line, whatever is left of this one. False: no more. */
MUST_USE bool lexer_line(struct lexer *lx);

/*
 * The next word of the line, where each of {}();|= is a word of its own.
 * False at its end; then `w` is the empty word at that place.
 */
MUST_USE bool lexer_word(struct lexer *lx, struct word *w);

/* The same where any characters may follow: paths, hosts, log keys. */
MUST_USE bool lexer_string(struct lexer *lx, struct word *w);

struct place lexer_place(const struct lexer *lx, const struct word *w);

/* Is the word, unquoted, this keyword? */
bool word_is(const struct word *w, const char *keyword);

/* Would these bytes, unquoted, come back as one word of lexer_string()? */
bool word_is_plain(const char *s, size_t len);

#endif
