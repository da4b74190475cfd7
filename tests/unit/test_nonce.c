/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The proof that who asks receives what is sent to him (threat F4): it is his
 * alone, for 16 s, and nobody else can make one.
 */
#include <string.h>

#include "check.h"
#include "core/nonce.h"

static struct rng rng;

static instant at(double s)
{
	return (instant){ span_from_seconds(s).v };
}

static bool is_good(struct nonces *n, const netaddr *whom, double s,
		    const char *text)
{
	return nonce_is_good(n, &rng, whom, at(s), text, strlen(text));
}

static void it_is_good_for_16_seconds(void **state)
{
	(void)state;
	struct nonces n = { .begun = false };
	netaddr a = netaddr_v4(0xc0000201, 4711);
	char text[NONCE_TEXT];

	for (int i = 0; i < 60; i++) {
		double begin = 0.5 + i * 337.25;

		nonce_make(&n, &rng, &a, at(begin), text);
		assert_int_equal(strlen(text), NONCE_DIGITS);
		assert_true(is_good(&n, &a, begin, text));
		assert_true(is_good(&n, &a, begin + 16, text));
		assert_false(is_good(&n, &a, begin + 17, text));
		assert_false(is_good(&n, &a, begin + 65536, text));
	}
}

static void it_is_good_across_the_turn_of_the_hour(void **state)
{
	(void)state;
	struct nonces n = { .begun = false };
	netaddr a = netaddr_v4(0xc0000201, 4711);
	char text[NONCE_TEXT];

	nonce_make(&n, &rng, &a, at(3599.9), text);
	assert_true(is_good(&n, &a, 3600.1, text));
	assert_true(is_good(&n, &a, 3615, text));
	nonce_make(&n, &rng, &a, at(7199), text);
	assert_true(is_good(&n, &a, 7201, text));
	/* The same second of another day has other secrets. */
	assert_false(is_good(&n, &a, 7199 + 65536 * 4, text));
}

static void it_is_for_one_address_and_port(void **state)
{
	(void)state;
	struct nonces n = { .begun = false };
	netaddr a = netaddr_v4(0xc0000201, 4711), b = a, c = a;
	netaddr none = { .port = 0 };
	char text[NONCE_TEXT];

	b.port = 4712;
	c.ip[15] ^= 1;
	nonce_make(&n, &rng, &a, at(5), text);
	assert_true(is_good(&n, &a, 5, text));
	assert_false(is_good(&n, &b, 5, text));
	assert_false(is_good(&n, &c, 5, text));
	assert_false(is_good(&n, &none, 5, text));
}

static void nothing_else_is_one(void **state)
{
	(void)state;
	struct nonces n = { .begun = false }, other = { .begun = false };
	netaddr a = netaddr_v4(0xc0000201, 4711);
	char text[NONCE_TEXT], wrong[NONCE_TEXT];

	nonce_make(&n, &rng, &a, at(5), text);
	for (size_t i = 0; i < NONCE_DIGITS; i++) {
		memcpy(wrong, text, sizeof(wrong));
		wrong[i] = wrong[i] == '7' ? '8' : '7';
		assert_false(is_good(&n, &a, 5, wrong));
		memcpy(wrong, text, sizeof(wrong));
		wrong[i] = '\0';
		assert_false(is_good(&n, &a, 5, wrong));
	}
	assert_false(is_good(&n, &a, 5, ""));
	nonce_make(&other, &rng, &a, at(5), wrong);
	assert_false(is_good(&n, &a, 5, wrong));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_good_for_16_seconds),
		cmocka_unit_test(it_is_good_across_the_turn_of_the_hour),
		cmocka_unit_test(it_is_for_one_address_and_port),
		cmocka_unit_test(nothing_else_is_one),
	};

	rng_init_number(&rng, 1);
	return cmocka_run_group_tests(tests, check_seed, NULL);
}
