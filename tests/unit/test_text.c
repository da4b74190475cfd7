/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text without printf, held against printf and strtod; builders that run out
 * of room; and bytes that somebody else chose.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "check.h"

static char buffer[128];

static struct text fresh(void)
{
	return text_over(buffer, sizeof(buffer));
}

static double any_double(void)
{
	static const double scales[] = { 1e-12, 1e-9, 1e-6, 1e-3, 1,
					 10,    1e3,  1e5,  1e6 };
	double unit = ldexp((double)(check_rng() >> 11), -53);
	double v = (2 * unit - 1) * scales[check_rng() % ARRAY_LEN(scales)];

	/* Ties and near ties are where rounding goes wrong. */
	return check_rng() % 2 ? v : floor(v * 2000 + 0.5) / 2000;
}

static void doubles_come_out_as_printf_has_them(void **state)
{
	(void)state;
	FORALL(200000) {
		double v = any_double();
		unsigned decimals = (unsigned)(check_rng() % 10);
		char expected[128];
		struct text t = fresh();

		text_double(&t, v, decimals);
		assert_true(snprintf(expected, sizeof(expected), "%.*f",
				     (int)decimals, v) > 0);
		/* "-0.000" is no number that anybody asked for. */
		const char *e = expected;

		if (*e == '-' && strspn(e + 1, "0.") == strlen(e + 1)) {
			e++;
		}
		if (strcmp(buffer, e) != 0) {
			fail_msg("%a to %u: %s, printf %s", v, decimals, buffer,
				 e);
		}
	}
}

static void odd_doubles_have_a_form_too(void **state)
{
	(void)state;
	struct text t = fresh();

	text_double(&t, NAN, 3);
	text_char(&t, ' ');
	text_double(&t, -0.0, 1);
	text_char(&t, ' ');
	text_double(&t, 2.5, 0);
	text_char(&t, ' ');
	text_double(&t, 3.5, 0);
	text_char(&t, ' ');
	text_double(&t, 1.0005, 3);
	text_char(&t, ' ');
	text_double(&t, 0.99999, 3);
	assert_string_equal(buffer, "nan 0.0 2 4 1.000 1.000");
	t = fresh();
	text_double(&t, INFINITY, 0);
	text_char(&t, ' ');
	text_double(&t, -INFINITY, 0);
	assert_string_equal(buffer, "9000000000000000 -9000000000000000");
}

static void integers_come_out_as_printf_has_them(void **state)
{
	(void)state;
	FORALL(20000) {
		uint64_t v = check_rng() >> check_rng() % 64;
		unsigned digits = (unsigned)(check_rng() % 17);
		char expected[128];
		struct text t = fresh();

		text_u64(&t, v);
		text_char(&t, ' ');
		text_i64(&t, (int64_t)(0 - v));
		text_char(&t, ' ');
		text_hex(&t, v, digits);
		assert_true(snprintf(expected, sizeof(expected),
				     "%" PRIu64 " %" PRId64 " %0*" PRIx64, v,
				     (int64_t)(0 - v), (int)digits, v) > 0);
		assert_string_equal(buffer, expected);
	}
}

static void doubles_are_read_as_strtod_reads_them(void **state)
{
	(void)state;
	FORALL(100000) {
		char in[64];
		double v = any_double(), got = 0;
		int decimals = (int)(check_rng() % 10);
		const char *form = check_rng() % 2 ? "%.*f" : "%.*e";

		/* The two forms are both ours. */
		int n = form[3] == 'f'
				? snprintf(in, sizeof(in), "%.*f", decimals, v)
				: snprintf(in, sizeof(in), "%.*e", decimals, v);

		assert_true(n > 0);
		assert_true(text_to_double(in, (size_t)n, &got));
		double expected = strtod(in, NULL);

		assert_true(fabs(got - expected) <= fabs(expected) * 1e-15);
	}
}

static void hex_is_read_in_either_case(void **state)
{
	(void)state;
	FORALL(20000) {
		uint64_t v = check_rng() >> check_rng() % 64, got = 0;
		char in[32];
		int n = check_rng() % 2
				? snprintf(in, sizeof(in), "0x%" PRIx64, v)
				: snprintf(in, sizeof(in), "0X%" PRIX64, v);

		assert_true(n > 2);
		assert_true(text_0x_to_u64(in, (size_t)n, &got));
		assert_true(got == v);
		got = 0;
		assert_true(text_hex_to_u64(in + 2, (size_t)n - 2, &got));
		assert_true(got == v);
		assert_false(text_hex_to_u64(in, (size_t)n, &got));
	}
	for (int c = CHAR_MIN; c <= CHAR_MAX; c++) {
		char s[2] = { (char)c, '\0' };
		int digit = strspn(s, "0123456789abcdefABCDEF") == 1
				    ? (int)strtol(s, NULL, 16)
				    : -1;

		assert_int_equal(text_hex_digit((char)c), digit);
	}
}

static void what_is_no_hex_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",    "0",    "0x",   "x1",   "00x1",
		"0xg", "0x 1", "0x1.", "-0x1", "0x00000000000000000",
	};
	uint64_t v = 77;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(text_0x_to_u64(bad[i], strlen(bad[i]), &v));
	}
	assert_false(text_hex_to_u64("", 0, &v));
	assert_int_equal(v, 77);
}

static void what_is_no_number_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",      "+",   "-",     ".",   "e5",    "1e",    "1e+",
		"1.2.3", "1 ",  " 1",    "0x1", "nan",   "inf",   "1e401",
		"--1",   "+-1", "1e--1", "1,5", "1e1.5", "1e400", "-1e400",
	};
	double d = 77;
	uint64_t u = 77;
	int64_t i = 77;

	for (size_t n = 0; n < ARRAY_LEN(bad); n++) {
		if (text_to_double(bad[n], strlen(bad[n]), &d)) {
			fail_msg("'%s' was taken for a number", bad[n]);
		}
		assert_false(text_to_u64(bad[n], strlen(bad[n]), &u));
		assert_false(text_to_i64(bad[n], strlen(bad[n]), &i));
	}
	assert_true(d == 77 && u == 77 && i == 77);
	assert_true(text_to_double("0e400", 5, &d) && d == 0);
	assert_true(text_to_double("-.5", 3, &d) && d == -0.5);
	assert_true(text_to_double("5.", 2, &d) && d == 5);
	assert_true(text_to_double("1e-400", 6, &d) && d == 0);
}

static void integers_end_where_their_type_does(void **state)
{
	(void)state;
	uint64_t u = 1;
	int64_t i = 1;

	assert_true(text_to_u64("18446744073709551615", 20, &u));
	assert_true(u == UINT64_MAX);
	assert_false(text_to_u64("18446744073709551616", 20, &u));
	assert_false(text_to_u64("+1", 2, &u));
	assert_true(text_to_i64("9223372036854775807", 19, &i));
	assert_true(i == INT64_MAX);
	assert_true(text_to_i64("-9223372036854775808", 20, &i));
	assert_true(i == INT64_MIN);
	assert_false(text_to_i64("9223372036854775808", 19, &i));
	assert_false(text_to_i64("-9223372036854775809", 20, &i));
	FORALL(10000) {
		int64_t v = (int64_t)check_rng() >> check_rng() % 63;
		struct text t = fresh();

		text_i64(&t, v);
		assert_true(text_to_i64(buffer, t.len, &i));
		assert_true(i == v);
	}
}

/* Every size of buffer: what fits stays, the end is there, `cut` is told. */
static void a_builder_never_runs_over(void **state)
{
	(void)state;
	const char *whole = "abc-17fedc0.50\\x1b";

	for (size_t size = 1; size < 24; size++) {
		char *room = malloc(size);
		struct text t;

		assert_non_null(room);
		t = text_over(room, size);
		text_str(&t, "ab");
		text_char(&t, 'c');
		text_i64(&t, -17);
		text_hex(&t, 0xfedc, 2);
		text_double(&t, 0.5, 2);
		text_escaped(&t, "\x1b", 1);
		assert_int_equal(t.cut, size <= strlen(whole));
		assert_int_equal(t.len, t.cut ? size - 1 : strlen(whole));
		assert_memory_equal(room, whole, t.len);
		assert_int_equal(room[t.len], '\0');
		free(room);
	}
}

static void no_byte_of_others_reaches_a_terminal_raw(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		struct text t = fresh();
		bool plain = c >= 0x20 && c <= 0x7e && c != '\\';
		char expected[8];

		text_escaped(&t, &byte, 1);
		assert_true(snprintf(expected, sizeof(expected),
				     plain ? "%c" : "\\x%02x", c) > 0);
		assert_string_equal(buffer, expected);
	}
}

static void words_are_as_far_apart_as_their_edits(void **state)
{
	(void)state;
	char longest[80];

	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("iburst", "ibrust"), 2);
	assert_int_equal(text_distance("restrict", "restric"), 1);
	memset(longest, 'a', sizeof(longest));
	longest[64] = '\0';
	assert_int_equal(text_distance(longest, longest), 255);
	longest[63] = '\0';
	assert_int_equal(text_distance(longest, longest), 0);
	FORALL(5000) {
		char a[16], b[16];
		size_t at = check_below(14);

		for (size_t i = 0; i < 15; i++) {
			a[i] = (char)('a' + check_rng() % 3);
			b[i] = a[i];
			if (i == at) {
				b[i] = 'x';
			}
		}
		a[15] = b[15] = '\0';
		assert_int_equal(text_distance(a, b), 1);
		assert_int_equal(text_distance(b, a), 1);
		assert_int_equal(text_distance(a, a), 0);
		assert_int_equal(text_distance(a + at, a), at);
	}
}

static void equal_words_have_equal_bytes_and_length(void **state)
{
	(void)state;
	assert_true(text_equal("abc", "abcd", 3));
	assert_false(text_equal("abc", "abcd", 4));
	assert_false(text_equal("abc", "abc", 2));
	assert_true(text_equal("", "x", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_come_out_as_printf_has_them),
		cmocka_unit_test(odd_doubles_have_a_form_too),
		cmocka_unit_test(integers_come_out_as_printf_has_them),
		cmocka_unit_test(doubles_are_read_as_strtod_reads_them),
		cmocka_unit_test(hex_is_read_in_either_case),
		cmocka_unit_test(what_is_no_hex_is_refused),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(integers_end_where_their_type_does),
		cmocka_unit_test(a_builder_never_runs_over),
		cmocka_unit_test(no_byte_of_others_reaches_a_terminal_raw),
		cmocka_unit_test(words_are_as_far_apart_as_their_edits),
		cmocka_unit_test(equal_words_have_equal_bytes_and_length),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
