/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of control messages: golden bytes from RFC 9327, every prefix,
 * and any 12 octets of mode 6 survive a round trip.
 */
#include <string.h>

#include "check.h"
#include "wire/mode6.h"

/* An error answer: LI 3, VN 2, READVAR, unknown association 0x1234. */
static const uint8_t golden[MODE6_HEADER] = {
	0xd6, 0xe2, 0x00, 0x07, 0x04, 0x00, 0x12, 0x34, 0x01, 0xd4, 0x00, 0x10,
};

static void golden_bytes(void **state)
{
	(void)state;
	struct reader r = reader_over(golden, sizeof(golden));
	struct mode6 m;

	assert_true(mode6_parse(&m, &r));
	assert_int_equal(m.leap, 3);
	assert_int_equal(m.version, 2);
	assert_true(m.response && m.error && m.more);
	assert_int_equal(m.opcode, MODE6_READVAR);
	assert_int_equal(m.sequence, 7);
	assert_int_equal(m.status, MODE6_ERR_ASSOC << 8);
	assert_int_equal(m.assoc, 0x1234);
	assert_int_equal(m.offset, 468);
	assert_int_equal(m.count, 16);
	assert_int_equal(reader_left(&r), 0);
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < MODE6_HEADER; len++) {
		struct reader r = reader_over(golden, len);
		struct mode6 m;

		assert_false(mode6_parse(&m, &r));
		assert_int_equal(reader_left(&r), len);
	}
}

static void other_modes_are_refused(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		uint8_t bytes[MODE6_HEADER] = { (uint8_t)first };
		struct reader r = reader_over(bytes, sizeof(bytes));
		struct mode6 m;

		assert_int_equal(mode6_parse(&m, &r), (first & 7) == 6);
	}
}

static void any_bytes_round_trip(void **state)
{
	(void)state;
	FORALL(10000) {
		uint8_t in[MODE6_HEADER], out[MODE6_HEADER];
		struct reader r = reader_over(in, sizeof(in));
		struct writer w = writer_over(out, sizeof(out));
		struct mode6 m;

		for (size_t i = 0; i < sizeof(in); i++) {
			in[i] = (uint8_t)check_rng();
		}
		in[0] = (uint8_t)((in[0] & 0xf8) | MODE6_MODE);
		assert_true(mode6_parse(&m, &r));
		mode6_write(&m, &w);
		assert_false(w.failed);
		assert_memory_equal(in, out, sizeof(in));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(other_modes_are_refused),
		cmocka_unit_test(any_bytes_round_trip),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
