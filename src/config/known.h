/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known.h - the sources that lines have named, found by what makes two of them
 * the same. Inside src/config only.
 */
#ifndef CONFIG_KNOWN_H
#define CONFIG_KNOWN_H

#include "config/config.h"

/* A tree: the hash's bits, from the lowest on, say where to go. */
struct known {
	struct known *below[4];
	struct source_config *source;
};

/*
 * Where in the tree a source like `s` is: of the same address or, of those
 * without, of the same kind, family and name. It holds NULL when there is none
 * and the caller may put one there. NULL: the arena is spent.
 */
struct source_config **known_place(struct known **tree, struct arena *arena,
				   const struct source_config *s);

#endif
