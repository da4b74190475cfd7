/* SPDX-License-Identifier: BSD-2-Clause */
/* keyrings.h - a ring of keys from the lines of a keys file, all trusted. */
#ifndef TESTS_UNIT_KEYRINGS_H
#define TESTS_UNIT_KEYRINGS_H

#include <string.h>

#include "check.h"
#include "core/serve/keyring.h"

static inline const struct keyring *keyring_trusting(const char *keys,
						     const char *config)
{
	static uint8_t memory[1 << 18];
	static struct config c;
	struct arena arena = arena_over(memory, sizeof(memory));
	struct keysfile f;

	config_defaults(&c);
	(void)config_parse(&c, &arena, "ntp.conf", config, strlen(config),
			   NULL);
	f = keysfile_parse(&arena, "keys", keys, strlen(keys));
	assert_int_equal(f.errors, 0);
	return keyring_build(&arena, &f, &c);
}

/* Appends the code of key `id` to `len` octets; the new length. */
static inline size_t sign_with(const struct keyring *ring, uint32_t id,
			       uint8_t *data, size_t len, size_t most)
{
	struct key_counts counts = { 0 };
	const struct keyring_key *key = NULL;
	struct writer w = writer_over(data, len + 4 + MAC_LEN_MAX);

	for (size_t i = 0; i < ring->count; i++) {
		key = ring->keys[i].id == id ? &ring->keys[i] : key;
	}
	assert_non_null(key);
	w.at += len;
	assert_true(keyring_sign(key, data, &w, most, &counts));
	return (size_t)(w.at - data);
}

#endif
