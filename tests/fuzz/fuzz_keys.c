/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as a file of keys: a void file has no key, a good one only keys
 * that can be used, each number once, and the arena that was promised is
 * enough.
 */
#include <stdlib.h>
#include <string.h>

#include "core/serve/keyring.h"
#include "fuzz/fuzz.h"

static void check_ring(const struct keysfile *f)
{
	struct key_range all = { .first = 1, .last = KEYSFILE_ID_MAX };
	struct config config = { .trusted_keys = &all };
	size_t size = keyring_size(f);
	void *room = malloc(size);
	struct arena arena = arena_over(room, size);
	const struct keyring *ring = keyring_build(&arena, f, &config);

	INVARIANT(ring && ring->count == f->count);
	for (size_t i = 0; i < ring->count; i++) {
		INVARIANT(ring->keys[i].mac.type != MAC_NONE);
		INVARIANT(i == 0 || ring->keys[i].id > ring->keys[i - 1].id);
	}
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = keysfile_arena_size(size);
	void *memory = malloc(room);
	struct arena arena = arena_over(memory, room);
	struct keysfile f =
		keysfile_parse(&arena, "keys", (const char *)data, size);

	INVARIANT(!f.out_of_memory);
	INVARIANT(f.errors == 0 || (!f.keys && f.count == 0));
	check_ring(&f);
	free(memory);
	return 0;
}
