/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h - strings built in a fixed buffer, and strings looked at in pieces.
 *
 * A builder that runs out of room keeps what fits, stays terminated and
 * remembers: `cut` is an error for the caller to look at, not a habit. The
 * pure layers have no printf; what they say, they say through this.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/compiler.h"

struct text {
	char *start;
	size_t len;  /* without the NUL, which is always there */
	size_t size; /* of the buffer, at least 1 */
	bool cut;
};

struct text text_over(char *buffer, size_t size);

void text_char(struct text *t, char c);
void text_str(struct text *t, const char *s);
void text_bytes(struct text *t, const char *s, size_t len);
void text_u64(struct text *t, uint64_t v);
/* With zeros before it, at least `digits` of them. */
void text_padded(struct text *t, uint64_t v, unsigned digits);
void text_i64(struct text *t, int64_t v);
/* Lower-case hex, at least `digits` of them. */
void text_hex(struct text *t, uint64_t v, unsigned digits);
/* As printf's %.*f does for |v| < 9e15 / 10^decimals; decimals <= 9. */
void text_double(struct text *t, double v, unsigned decimals);
/*
 * Bytes that somebody else chose: what is not in 0x20..0x7e, and the
 * backslash, comes out as \xNN. The only way remote bytes reach a human.
 */
void text_escaped(struct text *t, const void *bytes, size_t len);

/* Does a NUL-terminated word equal these bytes? */
bool text_equal(const char *word, const char *s, size_t len);
/*
 * How many single-letter edits lead from one to the other, at most 255; for
 * "did you mean". Words longer than 63 count as far apart.
 */
unsigned text_distance(const char *a, const char *b);

/*
 * Whole decimal numbers: no blanks, sign only where signed, nothing behind.
 * False, and *v untouched, for anything else or out of the type's range.
 */
MUST_USE bool text_to_u64(const char *s, size_t len, uint64_t *v);
MUST_USE bool text_to_i64(const char *s, size_t len, int64_t *v);
/* One to sixteen hex digits in either case; and the same behind a 0x. */
MUST_USE bool text_hex_to_u64(const char *s, size_t len, uint64_t *v);
MUST_USE bool text_0x_to_u64(const char *s, size_t len, uint64_t *v);
/* What a hex digit in either case stands for; -1: it is none. */
int text_hex_digit(char c);
/* Decimal with optional fraction and exponent; always finite. */
MUST_USE bool text_to_double(const char *s, size_t len, double *v);

#endif
