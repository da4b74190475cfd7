/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands behind the header, by one rule (C5, RFC 7822). */
#include <string.h>

#include "check.h"
#include "wire/tail.h"

#define LONGEST 1472

/* The rule once more, from the length of the first field on, by recursion. */
static enum tail_kind rule(const uint8_t *at, size_t left, unsigned fields)
{
	size_t len = left < 4 ? 0 : (size_t)at[2] << 8 | at[3];

	if (left <= 24) {
		bool nak = left == 4 && (at[0] | at[1] | at[2] | at[3]) == 0;

		return left == 0                  ? TAIL_NONE
		       : nak                      ? TAIL_NAK
		       : left == 20 || left == 24 ? TAIL_MAC
						  : TAIL_BAD;
	}
	if (fields == 16 || len < 16 || len % 4 != 0 || len > left) {
		return TAIL_BAD;
	}
	return rule(at + len, left - len, fields + 1);
}

static enum tail_kind old_rule(const uint8_t *at, size_t left)
{
	static const uint8_t zeros[4];

	if (left == 4) {
		return memcmp(at, zeros, 4) == 0 ? TAIL_NAK : TAIL_BAD;
	}
	return left == 0                                   ? TAIL_NONE
	       : left >= 20 && left <= 68 && left % 4 == 0 ? TAIL_MAC
							   : TAIL_BAD;
}

/* In memory of its own, so that a read past the end is seen (ASan). */
static void check(const uint8_t *pattern, size_t len)
{
	uint8_t *data = test_malloc(len + 1);

	memcpy(data, pattern, len);
	for (unsigned version = 1; version <= 4; version++) {
		struct reader r = reader_over(data, len);
		struct tail t = tail_parse(version, &r);

		assert_int_equal(t.kind, version == 4 ? rule(data, len, 0)
						      : old_rule(data, len));
		if (t.kind == TAIL_MAC) {
			assert_ptr_equal(t.mac + t.mac_len, data + len);
			assert_int_equal(t.fields_len + 4 + t.mac_len, len);
		}
		if (t.kind == TAIL_NONE) {
			assert_int_equal(t.fields_len, len);
		}
		assert_true(version == 4 || t.fields == 0);
	}
	test_free(data);
}

static void every_length_has_its_verdict(void **state)
{
	uint8_t data[LONGEST];

	(void)state;
	for (size_t len = 0; len <= LONGEST; len++) {
		memset(data, 0, sizeof(data));
		check(data, len);
		memset(data, 0xff, sizeof(data));
		check(data, len);
		for (size_t step = 12; step <= 64; step += 2) {
			memset(data, 0, sizeof(data));
			for (size_t at = 0; at + 4 <= LONGEST; at += step) {
				data[at] = 1;
				data[at + 3] = (uint8_t)step;
			}
			check(data, len);
		}
		/* One field that takes all, all but a code, or too much. */
		for (size_t less = 0; less <= 28 && less <= len; less += 4) {
			memset(data, 0x5a, sizeof(data));
			data[2] = (uint8_t)((len - less) >> 8);
			data[3] = (uint8_t)(len - less);
			check(data, len);
		}
		for (size_t i = 0; i < LONGEST; i++) {
			data[i] = (uint8_t)check_rng();
		}
		data[2] = 0;
		data[3] = (uint8_t)(check_rng() % 64);
		check(data, len);
	}
}

static void the_key_is_the_first_word(void **state)
{
	const uint8_t data[20] = { 0, 1, 2, 3, 0xaa };
	struct reader r = reader_over(data, sizeof(data));
	struct tail t = tail_parse(4, &r);

	(void)state;
	assert_int_equal(t.kind, TAIL_MAC);
	assert_int_equal(t.key, 0x10203);
	assert_int_equal(t.mac[0], 0xaa);
	assert_int_equal(t.mac_len, 16);
	assert_int_equal(reader_left(&r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_has_its_verdict),
		cmocka_unit_test(the_key_is_the_first_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
