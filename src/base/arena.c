/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <string.h>

#define ALIGNMENT 16u

void *arena_take(struct arena *a, size_t size)
{
	size_t pad = (ALIGNMENT - (uintptr_t)a->at % ALIGNMENT) % ALIGNMENT;
	size_t left = (size_t)(a->end - a->at);

	if (left < pad || left - pad < size) {
		a->failed = true;
		return NULL;
	}
	uint8_t *got = a->at + pad;

	a->at = got + size;
	memset(got, 0, size);
	return got;
}

char *arena_copy(struct arena *a, const char *s, size_t len)
{
	char *got = arena_take(a, len + 1);

	if (got) {
		memcpy(got, s, len);
	}
	return got;
}
