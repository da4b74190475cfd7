/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of keys, good and broken (C8). */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config/keysfile.h"

static uint8_t memory[1 << 20];

static struct keysfile parse_bytes(const char *text, size_t len)
{
	struct arena arena = arena_over(memory, sizeof(memory));
	struct keysfile f = keysfile_parse(&arena, "keys", text, len);

	assert_false(f.out_of_memory);
	return f;
}

static struct keysfile parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void both_formats_are_read(void **state)
{
	struct keysfile f = parse("# comment\n\n"
				  "1 M pass # comment\n"
				  "\t2  SHA1 0123456789abcdef01234567"
				  "89ABCDEF01234567\r\n"
				  "3 AES 12345678901234567890\n"
				  "4 AES-CMAC HEX:0102\n"
				  "65535 SHA256 ASCII:much-longer-than-twenty"
				  "-characters");
	const struct key_line *k = f.keys;

	(void)state;
	assert_int_equal(f.errors, 0);
	assert_int_equal(f.count, 5);
	assert_int_equal(k->id, 1);
	assert_int_equal(k->type, MAC_MD5);
	assert_int_equal(k->len, 4);
	assert_memory_equal(k->secret, "pass", 4);
	k = k->next;
	assert_int_equal(k->len, 20);
	assert_int_equal(k->secret[0], 0x01);
	assert_int_equal(k->secret[15], 0xef);
	k = k->next;
	assert_int_equal(k->type, MAC_AES128);
	assert_int_equal(k->len, 20);
	k = k->next;
	assert_int_equal(k->len, 2);
	assert_int_equal(k->secret[1], 2);
	k = k->next;
	assert_int_equal(k->id, 65535);
	assert_memory_equal(k->secret, "much-longer", 11);
	assert_null(k->next);
}

static void addresses_are_networks_too(void **state)
{
	struct keysfile f = parse("7 M secret77 192.0.2.1,198.51.100.0/24,"
				  "2001:db8::/32\n");
	const struct key_address *a = f.keys->addresses;

	(void)state;
	assert_int_equal(a->prefix, 128);
	assert_int_equal(a->next->prefix, 96 + 24);
	assert_int_equal(a->next->next->prefix, 32);
	assert_null(a->next->next->next);
}

/* Each of these lines makes the file void, and says where it is. */
static void every_malformation_voids_the_file(void **state)
{
	static const char *const lines[] = {
		"0 M secret12",
		"x M secret12",
		"-1 M secret12",
		"70000 M secret12",
		"99999999999999999999 M secret12",
		"5",
		"5 M",
		"5 SHA1 0123456789abcdef01234",
		"5 SHA1 0123456789abcdef0123456789abcdefg1",
		"5 M HEX:",
		"5 M HEX:0",
		"5 M HEX:xx",
		"5 M ASCII:",
		"5 M secret12 1.2.3",
		"5 M secret12 1.2.3.4/33",
		"5 M secret12 1.2.3.4/",
		"5 M secret12 1.2.3.4,",
		"5 M secret12 ,1.2.3.4",
		"5 M secret12 2001:db8::/129",
		"5 M secret12 1.2.3.4 5.6.7.8",
		"1 SHA1 other-one",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char text[256];
		struct keysfile f;

		(void)snprintf(text, sizeof(text),
			       "1 M good-one\n%s\n9 M good-too\n", lines[i]);
		f = parse(text);
		if (f.errors != 1 || f.keys || f.count != 0) {
			fail_msg("'%s' is accepted", lines[i]);
		}
		assert_int_equal(f.complaints->place.line, 2);
		assert_null(f.complaints->next);
	}
}

static void a_long_line_or_a_nul_voids_it(void **state)
{
	char text[2048];

	(void)state;
	memset(text, ' ', sizeof(text));
	assert_int_equal(parse_bytes(text, KEYSFILE_LINE_MAX).errors, 0);
	assert_int_equal(parse_bytes(text, KEYSFILE_LINE_MAX + 1).errors, 1);
	assert_int_equal(parse_bytes("1 M a\0b12345\n", 13).errors, 1);
}

static void an_unknown_type_is_skipped_alone(void **state)
{
	struct keysfile f = parse("7 FOO secret\n8 M good-one\n");

	(void)state;
	assert_int_equal(f.errors, 0);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.keys->id, 8);
	assert_string_equal(f.complaints->text,
			    "key skipped: invalid type 'FOO'");
}

/* Whatever is said of a line, its secret is not. */
static void no_complaint_shows_a_secret(void **state)
{
	struct keysfile f = parse("1 SHA1 zecretzecretzecretzecret\n"
				  "2 M HEX:zecret 1.2\n"
				  "3 M short\n"
				  "4 M zecret 1.2.3.4 more\n");

	(void)state;
	for (const struct complaint *c = f.complaints; c; c = c->next) {
		assert_null(strstr(c->text, "zecret"));
	}
	assert_int_equal(f.errors, 3);
}

static void the_arena_is_large_enough(void **state)
{
	static const char *const lines[] = { "x\n", "1\n", "1 M a\n",
					     "1 M a 1::,1::,1::,1::\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		size_t len = strlen(lines[i]), all = 3000 * len;
		char *text = malloc(all);
		size_t size = keysfile_arena_size(all);
		uint8_t *room = malloc(size);
		struct arena arena = arena_over(room, size);

		assert_true(text && room);
		for (size_t n = 0; n < 3000; n++) {
			memcpy(text + n * len, lines[i], len);
		}
		assert_false(
			keysfile_parse(&arena, "k", text, all).out_of_memory);
		free(text);
		free(room);
	}
}

static void little_memory_is_no_crash(void **state)
{
	static const char text[] = "1 M secret12 1.2.3.4,5.6.7.8\nx\n2 M abc\n";

	(void)state;
	for (size_t size = 0; size < 1024; size++) {
		struct arena arena = arena_over(memory, size);
		struct keysfile f =
			keysfile_parse(&arena, "k", text, sizeof(text) - 1);

		assert_int_equal(f.out_of_memory, arena.failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats_are_read),
		cmocka_unit_test(addresses_are_networks_too),
		cmocka_unit_test(every_malformation_voids_the_file),
		cmocka_unit_test(a_long_line_or_a_nul_voids_it),
		cmocka_unit_test(an_unknown_type_is_skipped_alone),
		cmocka_unit_test(no_complaint_shows_a_secret),
		cmocka_unit_test(the_arena_is_large_enough),
		cmocka_unit_test(little_memory_is_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
