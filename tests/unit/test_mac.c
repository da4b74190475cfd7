/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "check.h"
#include "crypto/mac.h"

static void unhex(const char *hex, uint8_t *out)
{
	for (size_t i = 0; hex[i]; i++) {
		uint8_t digit = (uint8_t)(hex[i] <= '9' ? hex[i] - '0'
							: hex[i] - 'a' + 10);

		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
	}
}

static struct mac_key key_of(enum mac_type type, const char *secret)
{
	struct mac_key key;

	assert_true(mac_prepare(&key, type, (const uint8_t *)secret,
				strlen(secret)));
	return key;
}

/* By `printf secretpacket | openssl dgst`: the secret comes first. */
static void digests_are_of_secret_and_packet(void **state)
{
	static const struct {
		enum mac_type type;
		const char *mac;
	} known[] = {
		{ MAC_MD5, "2b45f1acb7426b808208b37cbb08ec34" },
		{ MAC_SHA1, "68f7c8ffbbdfc1d91bb299a6b0973ef7b19c7b4f" },
		{ MAC_SHA224,
		  "7560071c1d766101f5d5952b600d13e256ca93c58e9bdbcd077dcee2" },
		{ MAC_SHA256,
		  "c1ce55aae1ebc69174a9773d6f21a0958f220ab6f92239452703606976"
		  "21dc30" },
		{ MAC_SHA384,
		  "71b543baae643d66ebc8e4177e5f1774b9d0d4f21495f46d7061abd88e"
		  "762f1307d8553fa66fd1d62177b8d6ab76d1fc" },
		{ MAC_SHA512,
		  "bb5341e7da8863192e8989d1911f812a83f49b2785d2e84aa84439be5e"
		  "066645c8be36df0d81e8d4fad59eb1b69ee877d59766d7d0a3b0d71f79"
		  "1cf2eae3753b" },
		{ MAC_RMD160, "b3cd2f9d2d8ed2729fa45681af643c57149688d5" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct mac_key key = key_of(known[i].type, "secret");
		uint8_t right[MAC_LEN_MAX], mac[MAC_LEN_MAX];
		size_t len = strlen(known[i].mac) / 2;

		unhex(known[i].mac, right);
		assert_int_equal(len, mac_len(known[i].type));
		assert_int_equal(
			mac_sign(&key, (const uint8_t *)"packet", 6, mac), len);
		assert_memory_equal(mac, right, len);
	}
}

/* RFC 4493, section 4, examples 1 to 4; FIPS examples for 256 bits. */
static void cmacs_are_those_of_the_examples(void **state)
{
	static const char message[] =
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af"
		"8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417b"
		"e66c3710";
	static const struct {
		const char *key;
		size_t len;
		const char *mac;
	} known[] = {
		{ "2b7e151628aed2a6abf7158809cf4f3c", 0,
		  "bb1d6929e95937287fa37d129b756746" },
		{ "2b7e151628aed2a6abf7158809cf4f3c", 16,
		  "070a16b46b4d4144f79bdd9dd04a287c" },
		{ "2b7e151628aed2a6abf7158809cf4f3c", 40,
		  "dfa66747de9ae63030ca32611497c827" },
		{ "2b7e151628aed2a6abf7158809cf4f3c", 64,
		  "51f0bebf7e3b9d92fc49741779363cfe" },
		{ "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a309"
		  "14dff4",
		  64, "e1992190549f6ed5696a2c056c315410" },
	};
	uint8_t data[64], secret[32], right[16], mac[MAC_LEN_MAX];

	(void)state;
	unhex(message, data);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t len = strlen(known[i].key) / 2;
		struct mac_key key;

		unhex(known[i].key, secret);
		unhex(known[i].mac, right);
		assert_true(mac_prepare(&key,
					len == 16 ? MAC_AES128 : MAC_AES256,
					secret, len));
		assert_int_equal(mac_sign(&key, data, known[i].len, mac), 16);
		assert_memory_equal(mac, right, 16);
	}
}

/* As classic does: filled up with zeros, or cut. */
static void cmac_secrets_are_made_to_fit(void **state)
{
	uint8_t padded[16] = "short", whole[24], a[MAC_LEN_MAX], b[MAC_LEN_MAX];
	struct mac_key key = key_of(MAC_AES128, "short"), other;

	(void)state;
	assert_true(mac_prepare(&other, MAC_AES128, padded, 16));
	assert_int_equal(mac_sign(&key, padded, 5, a), 16);
	assert_int_equal(mac_sign(&other, padded, 5, b), 16);
	assert_memory_equal(a, b, 16);
	memset(whole, 7, sizeof(whole));
	assert_true(mac_prepare(&key, MAC_AES128, whole, 24));
	assert_true(mac_prepare(&other, MAC_AES128, whole, 16));
	assert_int_equal(mac_sign(&key, padded, 5, a), 16);
	assert_int_equal(mac_sign(&other, padded, 5, b), 16);
	assert_memory_equal(a, b, 16);
}

/* C4: every bit of the packet, of the code and of its length matters. */
static void only_the_right_code_is_right(void **state)
{
	(void)state;
	for (unsigned t = MAC_NONE + 1; t < MAC_TYPES; t++) {
		struct mac_key key = key_of((enum mac_type)t, "0123456789");
		uint8_t data[48] = { 0x23 }, mac[MAC_LEN_MAX + 4] = { 0 };
		size_t len = mac_sign(&key, data, 48, mac);

		assert_true(mac_verify(&key, data, 48, mac, len));
		for (size_t bit = 0; bit < len * 8; bit++) {
			mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(mac_verify(&key, data, 48, mac, len));
			mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t bit = 0; bit < sizeof(data) * 8; bit++) {
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(mac_verify(&key, data, 48, mac, len));
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t n = 0; n < sizeof(mac); n++) {
			assert_int_equal(mac_verify(&key, data, 48, mac, n),
					 n == len || (n == 20 && len > 20));
		}
	}
}

/* C10: no way to fail ends in "authentic". */
static void what_fails_is_never_authentic(void **state)
{
	uint8_t data[48] = { 0 }, mac[MAC_LEN_MAX] = { 0 },
		secret[MAC_SECRET_MAX + 1] = { 1 };
	struct mac_key key;

	(void)state;
	assert_false(mac_prepare(&key, MAC_NONE, secret, 8));
	assert_int_equal(mac_sign(&key, data, 48, mac), 0);
	assert_false(mac_verify(&key, data, 48, mac, 0));
	assert_false(mac_verify(&key, data, 48, mac, 16));
	assert_false(mac_prepare(&key, MAC_TYPES, secret, 8));
	assert_false(mac_verify(&key, data, 48, mac, 16));
	assert_false(mac_prepare(&key, MAC_SHA1, secret, 0));
	assert_false(mac_verify(&key, data, 48, mac, 20));
	assert_false(mac_prepare(&key, MAC_SHA1, secret, sizeof(secret)));
	assert_false(mac_verify(&key, data, 48, mac, 20));
	memset(&key, 0, sizeof(key));
	key.type = MAC_MD5; /* never prepared */
	assert_false(mac_verify(&key, data, 48, mac, 16));
	key.type = MAC_TYPES;
	assert_false(mac_verify(&key, data, 48, mac, 16));
}

static void all_spellings_are_known(void **state)
{
	static const struct {
		const char *word;
		enum mac_type type;
	} words[] = {
		{ "M", MAC_MD5 },
		{ "m", MAC_MD5 },
		{ "md5", MAC_MD5 },
		{ "SHA", MAC_SHA1 },
		{ "SHA1", MAC_SHA1 },
		{ "sha256", MAC_SHA256 },
		{ "SHA512", MAC_SHA512 },
		{ "RMD160", MAC_RMD160 },
		{ "AES", MAC_AES128 },
		{ "AES-128", MAC_AES128 },
		{ "AES128", MAC_AES128 },
		{ "AES-CMAC", MAC_AES128 },
		{ "AES128CMAC", MAC_AES128 },
		{ "AES256", MAC_AES256 },
		{ "", MAC_NONE },
		{ "MD", MAC_NONE },
		{ "MD55", MAC_NONE },
		{ "S", MAC_NONE },
		{ "SHA SHA-1", MAC_NONE },
		{ "none", MAC_NONE },
		{ "AES192", MAC_NONE },
		{ "-CMAC", MAC_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_int_equal(
			mac_type_find(words[i].word, strlen(words[i].word)),
			words[i].type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_of_secret_and_packet),
		cmocka_unit_test(cmacs_are_those_of_the_examples),
		cmocka_unit_test(cmac_secrets_are_made_to_fit),
		cmocka_unit_test(only_the_right_code_is_right),
		cmocka_unit_test(what_fails_is_never_authentic),
		cmocka_unit_test(all_spellings_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
