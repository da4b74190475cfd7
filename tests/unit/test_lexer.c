/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lexer cuts any bytes into lines and words: classic's rules one by one,
 * and for random bytes that nothing is lost, invented or read out of bounds.
 */
#include <string.h>

#include "check.h"
#include "config/lexer.h"

/* The words of all lines as "a|b\nc\n", by lexer_word() or lexer_string(). */
static const char *cut(const char *in, size_t len, bool strings)
{
	static char out[4096];
	struct text t = text_over(out, sizeof(out));
	struct lexer lx;
	struct word w;

	lexer_init(&lx, "f", in, len);
	while (lexer_line(&lx)) {
		for (bool more = false;
		     strings ? lexer_string(&lx, &w) : lexer_word(&lx, &w);
		     more = true) {
			text_str(&t, more ? "|" : "");
			text_bytes(&t, w.text, w.len);
		}
		text_char(&t, '\n');
	}
	return out;
}

#define WORDS(in, out) assert_string_equal(cut(in, sizeof(in) - 1, false), out)
#define STRINGS(in, out) assert_string_equal(cut(in, sizeof(in) - 1, true), out)

static void blanks_part_words(void **state)
{
	(void)state;
	WORDS("server 1.2.3.4\tiburst", "server|1.2.3.4|iburst\n");
	WORDS("  a \v\f b  \n\n c\n", "a|b\n\nc\n");
	WORDS("", "");
	WORDS("\n", "\n");
}

static void carriage_returns_are_blanks(void **state)
{
	(void)state;
	WORDS("a b\r\nc\r\n", "a|b\nc\n");
	STRINGS("driftfile \"/a b\r\nx\r\n", "driftfile|/a b\nx\n");
}

static void a_comment_starts_anywhere_but_in_quotes(void **state)
{
	(void)state;
	WORDS("iburst# text", "iburst\n");
	WORDS("# all of it\nx", "\nx\n");
	WORDS("a \"b # c\" d # e", "a|b # c|d\n");
	STRINGS("/var/log/ntp#1", "/var/log/ntp\n");
}

/* Seed-checklist item 11. */
static void bytes_above_7f_are_blanks(void **state)
{
	(void)state;
	WORDS("\xef\xbb\xbfserver x", "server|x\n");
	WORDS("1.2.3.5\xc2\xa0iburst", "1.2.3.5|iburst\n");
	WORDS("a\xe3\x80\x80"
	      "b \xc2\xa0#\xe5\x85\x81",
	      "a|b\n");
	WORDS("\xc2\xa0\n", "\n");
	WORDS("\x01"
	      "a\x7f"
	      "b\0c",
	      "a|b|c\n");
	STRINGS("\"\xc2\xa0\"", "\xc2\xa0\n");
}

static void quotes_hold_words_together(void **state)
{
	(void)state;
	WORDS("a \"b c\" d", "a|b c|d\n");
	WORDS("a \"b c\nd", "a|b c\nd\n");
	WORDS("\"\" x", "|x\n");
	WORDS("a\"b\"c", "a|b|c\n");
}

static void special_characters_stand_alone_but_in_strings(void **state)
{
	(void)state;
	WORDS("(10 ... 20)", "(|10|...|20|)\n");
	WORDS("foo=bar;{}|", "foo|=|bar|;|{|}||\n");
	STRINGS("=syncall +clockall", "=syncall|+clockall\n");
	STRINGS("a=(b)", "a=(b)\n");
}

static void a_quoted_word_is_no_keyword(void **state)
{
	(void)state;
	struct lexer lx;
	struct word w;

	lexer_init(&lx, "f", "iburst \"iburst\"", 15);
	assert_true(lexer_line(&lx));
	assert_true(lexer_word(&lx, &w));
	assert_true(word_is(&w, "iburst"));
	assert_false(word_is(&w, "iburs"));
	assert_true(lexer_word(&lx, &w));
	assert_false(word_is(&w, "iburst"));
}

static void places_count_lines_from_1_and_bytes_from_0(void **state)
{
	(void)state;
	struct lexer lx;
	struct word w;

	lexer_init(&lx, "f", "\n\xc2\xa0 ab  cd # x\n", 14);
	assert_true(lexer_line(&lx));
	assert_false(lexer_word(&lx, &w));
	assert_int_equal(lexer_place(&lx, &w).line, 1);
	assert_true(lexer_line(&lx));
	assert_true(lexer_word(&lx, &w));
	assert_int_equal(lexer_place(&lx, &w).line, 2);
	assert_int_equal(w.column, 3);
	assert_true(lexer_word(&lx, &w));
	assert_int_equal(w.column, 7);
	assert_false(lexer_word(&lx, &w));
	assert_int_equal(w.column, 10);
	assert_int_equal(w.len, 0);
	assert_false(lexer_line(&lx));
}

/* Threats: whatever the file holds, words lie in it, in order, on a line. */
static void random_bytes_are_cut_within_bounds(void **state)
{
	(void)state;
	static const char alphabet[] = "ab1 \t\r\n\n#\"\"(=;\xc2\xa0";

	FORALL(20000) {
		size_t len = check_below(60);
		char *in = malloc(len + 1); /* exact: ASan sees the edge */
		unsigned newlines = 0;
		struct lexer lx;
		struct word w;

		assert_non_null(in);
		for (size_t i = 0; i < len; i++) {
			in[i] = alphabet[check_rng() % (sizeof(alphabet))];
			newlines += in[i] == '\n';
		}
		char *exact = realloc(in, len > 0 ? len : 1);
		const char *last = exact;

		assert_non_null(exact);
		lexer_init(&lx, "f", exact, len);
		while (lexer_line(&lx)) {
			bool strings = check_rng() & 1;

			while (strings ? lexer_string(&lx, &w)
				       : lexer_word(&lx, &w)) {
				assert_true(w.text >= last);
				last = w.text + w.len;
				assert_true(last <= exact + len);
				assert_true(w.quoted || w.len > 0);
				assert_null(memchr(w.text, '\n', w.len));
				assert_true(lx.start + w.column <= w.text);
			}
		}
		assert_true(lx.line == newlines || lx.line == newlines + 1);
		free(exact);
	}
}

static void plain_words_need_no_quotes(void **state)
{
	(void)state;
	FORALL(5000) {
		char in[12];
		size_t len = check_below(sizeof(in));
		struct lexer lx;
		struct word w;

		for (size_t i = 0; i < len; i++) {
			in[i] = (char)(check_rng() % 200);
		}
		lexer_init(&lx, "f", in, len);
		bool whole = lexer_line(&lx) && lexer_string(&lx, &w) &&
			     !w.quoted && w.text == in && w.len == len;

		assert_int_equal(word_is_plain(in, len), whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_part_words),
		cmocka_unit_test(carriage_returns_are_blanks),
		cmocka_unit_test(a_comment_starts_anywhere_but_in_quotes),
		cmocka_unit_test(bytes_above_7f_are_blanks),
		cmocka_unit_test(quotes_hold_words_together),
		cmocka_unit_test(special_characters_stand_alone_but_in_strings),
		cmocka_unit_test(a_quoted_word_is_no_keyword),
		cmocka_unit_test(places_count_lines_from_1_and_bytes_from_0),
		cmocka_unit_test(random_bytes_are_cut_within_bounds),
		cmocka_unit_test(plain_words_need_no_quotes),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
