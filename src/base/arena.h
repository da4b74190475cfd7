/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - memory that the caller gave, handed out once, freed as a whole.
 *
 * The pure layers never allocate. What grows with the operator's input (a
 * configuration) lives in an arena whose size the host chose.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/compiler.h"

struct arena {
	uint8_t *at;
	uint8_t *end;
	bool failed; /* asked for more than there was; stays set */
};

static inline struct arena arena_over(void *memory, size_t size)
{
	return (struct arena){ .at = memory, .end = (uint8_t *)memory + size };
}

/* Zeroed and aligned for anything; NULL, and `failed`, when it is spent. */
void *arena_take(struct arena *a, size_t size);
/* A terminated copy of `len` bytes. */
char *arena_copy(struct arena *a, const char *s, size_t len);

#endif
