/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash of tables that strangers fill (threat F7), against other people's:
 * SipHash-2-4 of the paper's test vectors, SipHash-1-3 as CPython has it.
 */
#include "base/bytes.h"
#include "base/siphash.h"
#include "check.h"

static void the_papers_key_and_octets(void **state)
{
	(void)state;
	const struct siphash_key key = { UINT64_C(0x0706050403020100),
					 UINT64_C(0x0f0e0d0c0b0a0908) };
	uint8_t octets[15];

	for (unsigned i = 0; i < sizeof(octets); i++) {
		octets[i] = (uint8_t)i;
	}
	assert_int_equal(siphash(&key, octets, 15),
			 UINT64_C(0xa129ca6149be45e5));
	assert_int_equal(siphash(&key, octets, 0),
			 UINT64_C(0x726fdb47dd0e0e31));
}

/* PYTHONHASHSEED=0 python3 -c 'print(hex(hash(bytes(range(16))) % 2**64))' */
static void addresses_as_python_hashes_them(void **state)
{
	(void)state;
	static const struct siphash_key key = { 0 };
	static const uint8_t four[4] = { 1, 2, 3, 4 };
	uint8_t octets[16];

	for (unsigned i = 0; i < sizeof(octets); i++) {
		octets[i] = (uint8_t)i;
	}
	assert_int_equal(
		siphash13_few(siphash_begin(&key), bytes_le32(four), 4),
		UINT64_C(0xe7b1a066360ba9d4));
	assert_int_equal(siphash13_few(siphash_begin(&key),
				       bytes_le64(octets) << 8 >> 8, 7),
			 UINT64_C(0x2f098ab0c751325a));
	assert_int_equal(siphash13_8(siphash_begin(&key), bytes_le64(octets)),
			 UINT64_C(0xead411e67ebe2eea));
	assert_int_equal(siphash13_16(siphash_begin(&key), bytes_le64(octets),
				      bytes_le64(octets + 8)),
			 UINT64_C(0x8972188433a5c5b7));
}

static void every_bit_of_the_key_counts(void **state)
{
	(void)state;
	const struct siphash_key none = { 0 };

	for (unsigned bit = 0; bit < 128; bit++) {
		struct siphash_key key = { 0 };
		uint64_t one = UINT64_C(1) << bit % 64;

		if (bit < 64) {
			key.k0 = one;
		} else {
			key.k1 = one;
		}
		assert_int_not_equal(siphash13_few(siphash_begin(&key), 7, 4),
				     siphash13_few(siphash_begin(&none), 7, 4));
		assert_int_not_equal(siphash13_16(siphash_begin(&key), 7, 7),
				     siphash13_16(siphash_begin(&none), 7, 7));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_papers_key_and_octets),
		cmocka_unit_test(addresses_as_python_hashes_them),
		cmocka_unit_test(every_bit_of_the_key_counts),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
