/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <math.h>
#include <string.h>

#define WORD_MAX 64 /* of text_distance(): longer than any keyword */

struct text text_over(char *buffer, size_t size)
{
	INVARIANT(size > 0);
	buffer[0] = '\0';
	return (struct text){ .start = buffer, .size = size };
}

void text_char(struct text *t, char c)
{
	text_bytes(t, &c, 1);
}

void text_str(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_bytes(struct text *t, const char *s, size_t len)
{
	size_t room = t->size - 1 - t->len;

	if (len > room) {
		len = room;
		t->cut = true;
	}
	memcpy(t->start + t->len, s, len);
	t->len += len;
	t->start[t->len] = '\0';
}

static void text_number(struct text *t, uint64_t v, unsigned base,
			unsigned digits)
{
	char buf[64];
	size_t at = sizeof(buf);

	do {
		buf[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0 || (sizeof(buf) - at < digits && at > 0));
	text_bytes(t, buf + at, sizeof(buf) - at);
}

void text_u64(struct text *t, uint64_t v)
{
	text_number(t, v, 10, 1);
}

void text_padded(struct text *t, uint64_t v, unsigned digits)
{
	text_number(t, v, 10, digits);
}

void text_i64(struct text *t, int64_t v)
{
	if (v < 0) {
		text_char(t, '-');
	}
	text_number(t, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, 1);
}

void text_hex(struct text *t, uint64_t v, unsigned digits)
{
	text_number(t, v, 16, digits);
}

/* x as two halves of 26 bits, whose products are exact (Dekker 1971). */
static void split(double x, double *high, double *low)
{
	double c = 134217729.0 * x; /* 2^27 + 1 */

	*high = c - (c - x);
	*low = x - *high;
}

/* What the rounded product `p` of a and b lacks. */
static double product_error(double a, double b, double p)
{
	double ah, al, bh, bl;

	split(a, &ah, &al);
	split(b, &bh, &bl);
	return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
}

/* a * unit to the nearest whole number, ties to even, as if exact. */
static uint64_t scale(double a, double unit)
{
	double p = a * unit, whole = floor(p), rest = p - whole;
	uint64_t n = (uint64_t)whole;

	if (rest == 0.5) {
		double error = product_error(a, unit, p);

		return n + (error > 0 || (error == 0 && n % 2 == 1));
	}
	return n + (rest > 0.5);
}

void text_double(struct text *t, double v, unsigned decimals)
{
	uint64_t unit = 1;

	for (unsigned i = 0; i < decimals; i++) {
		unit *= 10;
	}
	if (!(v == v)) {
		text_str(t, "nan");
		return;
	}
	uint64_t whole = fabs(v) * (double)unit < 9e15
				 ? scale(fabs(v), (double)unit)
				 : UINT64_C(9000000000000000);

	if (v < 0 && whole != 0) {
		text_char(t, '-');
	}
	text_u64(t, whole / unit);
	if (decimals > 0) {
		text_char(t, '.');
		text_number(t, whole % unit, 10, decimals);
	}
}

void text_escaped(struct text *t, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '\\') {
			text_str(t, "\\x");
			text_hex(t, p[i], 2);
		} else {
			text_char(t, (char)p[i]);
		}
	}
}

bool text_equal(const char *word, const char *s, size_t len)
{
	return strlen(word) == len && memcmp(word, s, len) == 0;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

unsigned text_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned row[WORD_MAX];

	if (na >= WORD_MAX || nb >= WORD_MAX) {
		return UINT8_MAX;
	}
	for (unsigned j = 0; j <= nb; j++) {
		row[j] = j;
	}
	for (unsigned i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned above = row[j];
			unsigned same = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + same);
			diagonal = above;
		}
	}
	return row[nb];
}

bool text_to_u64(const char *s, size_t len, uint64_t *v)
{
	uint64_t sum = 0;

	if (len == 0) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(unsigned char)s[i] - '0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10) {
			return false;
		}
		sum = sum * 10 + digit;
	}
	*v = sum;
	return true;
}

bool text_to_i64(const char *s, size_t len, int64_t *v)
{
	bool negative = len > 0 && s[0] == '-';
	size_t skip = len > 0 && (negative || s[0] == '+') ? 1 : 0;
	uint64_t size;

	if (!text_to_u64(s + skip, len - skip, &size) ||
	    size > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
		return false;
	}
	*v = negative ? (int64_t)(0 - size) : (int64_t)size;
	return true;
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_hex_to_u64(const char *s, size_t len, uint64_t *v)
{
	uint64_t sum = 0;

	if (len == 0 || len > 16) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		int digit = text_hex_digit(s[i]);

		if (digit < 0) {
			return false;
		}
		sum = sum << 4 | (unsigned)digit;
	}
	*v = sum;
	return true;
}

bool text_0x_to_u64(const char *s, size_t len, uint64_t *v)
{
	return len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') &&
	       text_hex_to_u64(s + 2, len - 2, v);
}

/* Digits of one part of a number; moves *at behind them and counts them. */
static double read_digits(const char *s, size_t len, size_t *at,
			  unsigned *count)
{
	double sum = 0;

	*count = 0;
	while (*at < len && s[*at] >= '0' && s[*at] <= '9') {
		sum = sum * 10 + (s[*at] - '0');
		++*at;
		++*count;
	}
	return sum;
}

static double power_of_ten(int64_t n)
{
	double p = 1;

	for (int64_t i = 0; i < (n < 0 ? -n : n); i++) {
		p *= 10;
	}
	return p;
}

bool text_to_double(const char *s, size_t len, double *v)
{
	size_t at = 0;
	bool negative = len > 0 && s[0] == '-';
	unsigned whole, decimals = 0;
	int64_t exponent = 0;

	if (len > 0 && (negative || s[0] == '+')) {
		at++;
	}
	double sum = read_digits(s, len, &at, &whole);

	if (at < len && s[at] == '.') {
		size_t before = ++at;

		while (at < len && s[at] >= '0' && s[at] <= '9') {
			sum = sum * 10 + (s[at++] - '0');
		}
		decimals = (unsigned)(at - before);
	}
	if (whole + decimals == 0) {
		return false;
	}
	if (at < len && (s[at] == 'e' || s[at] == 'E')) {
		at++;
		if (!text_to_i64(s + at, len - at, &exponent) ||
		    exponent < -400 || exponent > 400) {
			return false;
		}
		at = len;
	}
	/* Nothing times anything; 1e400 would make it no number. */
	exponent = sum > 0 ? exponent - decimals : 0;
	sum = exponent < 0 ? sum / power_of_ten(exponent)
			   : sum * power_of_ten(exponent);
	if (at != len || !(fabs(sum) < 1e300)) {
		return false;
	}
	*v = negative ? -sum : sum;
	return true;
}
