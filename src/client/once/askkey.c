/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/once/askkey.h"

#include <string.h>

#include "host/files/keyfile.h"

#define SAID 8192 /* about a file */

static void tell_lines(const char *line, const struct tell *tell)
{
	while (*line) {
		size_t len = strcspn(line, "\n");

		tell_error(tell, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

enum askkey askkey_take(struct ask *a, const char *path, const char *number,
			const struct tell *tell)
{
	static struct trusted_keys keys;
	char buffer[SAID];
	struct text said = text_over(buffer, sizeof(buffer));
	struct keyfile *file = keyfile_read(path, &said);
	struct key_range range = { .next = NULL };
	struct config config = { .trusted_keys = &range };
	uint64_t id;
	bool made;

	tell_lines(buffer, tell);
	if (!file) {
		return ASKKEY_NO_FILE;
	}
	if (text_to_u64(number, strlen(number), &id) && id <= KEYSFILE_ID_MAX) {
		range.first = range.last = (uint32_t)id;
	}
	made = trusted_keys_make(&keys, file, &config);
	keyfile_release(file);
	if (!made || keys.ring->count != 1) {
		trusted_keys_free(&keys);
		return ASKKEY_UNKNOWN;
	}
	a->key = &keys.ring->keys[0];
	return ASKKEY_TAKEN;
}
