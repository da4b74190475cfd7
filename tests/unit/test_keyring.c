/* SPDX-License-Identifier: BSD-2-Clause */
/* Which key is for what (C1, C3), and signed control requests. */
#include <string.h>

#include "check.h"
#include "core/serve/keyring.h"

static uint8_t memory[1 << 20];
static struct key_counts counts;

static const struct keyring *ring_of(const char *keys, const char *config)
{
	static struct config c;
	struct arena arena = arena_over(memory, sizeof(memory));
	struct keysfile f;

	config_defaults(&c);
	assert_int_equal(config_parse(&c, &arena, "ntp.conf", config,
				      strlen(config), NULL)
				 .warnings,
			 0);
	f = keysfile_parse(&arena, "keys", keys, strlen(keys));
	assert_int_equal(f.errors, 0);
	counts = (struct key_counts){ 0 };
	return keyring_build(&arena, &f, &c);
}

static bool has(const struct keyring *r, uint32_t id, enum key_role role,
		const char *from)
{
	netaddr host;
	const struct keyring_key *k;

	assert_true(netaddr_parse(&host, from, strlen(from)));
	k = keyring_find(r, id, role, &host, &counts);
	assert_true(!k || k->id == id);
	return k != NULL;
}

#define KEYS "9 M key-nine\n2 SHA1 key-two2\n5 AES key-five\n"

static void only_trusted_keys_are_there(void **state)
{
	const struct keyring *r = ring_of(KEYS, "trustedkey (4 ... 9)\n");

	(void)state;
	assert_int_equal(r->count, 2);
	assert_int_equal(r->stored, 3);
	assert_true(has(r, 5, KEY_TO_SERVE, "192.0.2.1"));
	assert_true(has(r, 9, KEY_FOR_SOURCE, "192.0.2.1"));
	assert_false(has(r, 2, KEY_TO_SERVE, "192.0.2.1"));
	assert_false(has(r, 0, KEY_TO_SERVE, "192.0.2.1"));
	assert_false(has(NULL, 5, KEY_TO_SERVE, "192.0.2.1"));
	assert_int_equal(counts.lookups, 5);
	assert_int_equal(counts.unknown, 3);
}

static void all_65535_keys_are_found_in_any_order(void **state)
{
	static char text[2 << 20];
	static uint8_t large[64 << 20];
	struct arena arena = arena_over(large, sizeof(large));
	struct text t = text_over(text, sizeof(text));
	struct config c;
	struct keysfile f;
	const struct keyring *r;

	(void)state;
	config_defaults(&c);
	c.trusted_keys = &(struct key_range){ .first = 1, .last = 65535 };
	for (uint32_t i = 0; i < 65535; i++) {
		text_u64(&t, i * UINT32_C(32771) % 65535 + 1);
		text_str(&t, " M secret\n");
	}
	f = keysfile_parse(&arena, "keys", text, t.len);
	assert_int_equal(f.errors, 0);
	assert_int_equal(f.count, 65535);
	r = keyring_build(&arena, &f, &c);
	assert_non_null(r);
	for (uint32_t id = 1; id <= 65535; id++) {
		assert_int_equal(r->keys[id - 1].id, id);
	}
}

/* C3 */
static void a_key_is_for_what_it_is_named_for(void **state)
{
	const struct keyring *r =
		ring_of(KEYS, "trustedkey 2 noserve 5\ntrustedkey 9\n"
			      "controlkey 9\n");

	(void)state;
	assert_true(has(r, 2, KEY_TO_SERVE, "192.0.2.1"));
	assert_false(has(r, 5, KEY_TO_SERVE, "192.0.2.1"));
	assert_true(has(r, 5, KEY_FOR_SOURCE, "192.0.2.1"));
	assert_false(has(r, 5, KEY_FOR_CONTROL, "192.0.2.1"));
	assert_false(has(r, 2, KEY_FOR_CONTROL, "192.0.2.1"));
	assert_true(has(r, 9, KEY_FOR_CONTROL, "192.0.2.1"));
	r = ring_of(KEYS, "trustedkey 2 5 9\n");
	assert_false(has(r, 9, KEY_FOR_CONTROL, "192.0.2.1"));
}

static void a_key_with_addresses_is_theirs(void **state)
{
	const struct keyring *r = ring_of(
		"1 M secret12 192.0.2.0/24,2001:db8::1\n", "trustedkey 1\n");

	(void)state;
	assert_true(has(r, 1, KEY_TO_SERVE, "192.0.2.200"));
	assert_true(has(r, 1, KEY_TO_SERVE, "2001:db8::1"));
	assert_false(has(r, 1, KEY_TO_SERVE, "192.0.3.1"));
	assert_false(has(r, 1, KEY_FOR_SOURCE, "2001:db8::2"));
}

static size_t begin(size_t count, size_t word)
{
	return (12 + count + word - 1) / word * word;
}

static size_t request(uint8_t *out, size_t count, size_t word,
		      const struct keyring_key *key)
{
	size_t at = begin(count, word);
	struct writer w = writer_over(out + at, 128);

	memset(out, 0, at);
	out[0] = 0x16;
	out[1] = 8;
	out[11] = (uint8_t)count;
	memset(out + 12, 'x', count);
	assert_true(keyring_sign(key, out, &w, KEYRING_V4, &counts));
	return (size_t)(w.at - out);
}

static const struct keyring_key *control(const struct keyring *r,
					 const uint8_t *data, size_t len,
					 size_t count, size_t *word)
{
	netaddr host = netaddr_v4(0xc0000201, 123);
	struct keyring_request q = { data, len, count, &host };

	return keyring_control(r, &q, &counts, word);
}

static void control_requests_are_signed_behind_whole_words(void **state)
{
	const struct keyring *r =
		ring_of(KEYS, "trustedkey 2 5 9\ncontrolkey 2\n");
	uint8_t data[256];

	(void)state;
	for (size_t i = 0; i < 80; i++) {
		size_t count = i / 2, how = i % 2 ? 4 : 8, word = 0;
		size_t len = request(data, count, how, &r->keys[0]);

		assert_ptr_equal(control(r, data, len, count, &word),
				 &r->keys[0]);
		assert_int_equal(begin(count, word), begin(count, how));
		for (size_t bit = 0; bit < len * 8; bit++) {
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_null(control(r, data, len, count, &word));
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t cut = 0; cut < len; cut++) {
			assert_null(control(r, data, cut, count, &word));
		}
		/* C1: the right code of another key. */
		len = request(data, count, how, &r->keys[1]);
		assert_null(control(r, data, len, count, &word));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_trusted_keys_are_there),
		cmocka_unit_test(all_65535_keys_are_found_in_any_order),
		cmocka_unit_test(a_key_is_for_what_it_is_named_for),
		cmocka_unit_test(a_key_with_addresses_is_theirs),
		cmocka_unit_test(
			control_requests_are_signed_behind_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
