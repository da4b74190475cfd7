/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * accesslines.h - the restrict lines of a configuration as sorted entries, and
 * the tree of them: what all tables of access.h share until the next reload.
 */
#ifndef CORE_ACCESSLINES_H
#define CORE_ACCESSLINES_H

#include "config/config.h"
#include "core/serve/nettree.h"

/* The entries of IPv4 lie before all others, so that each family is a tree. */
struct accesslines {
	struct nettree tree;
	size_t v4, count;
	size_t under_v4; /* entries of IPv6 that are listed before IPv4 */
	uint32_t source_number; /* of the last `restrict source`; 0: none */
	uint32_t source_flags;
	struct network entries[];
};

size_t accesslines_size(const struct config *config);
const struct accesslines *accesslines_build(void *memory,
					    const struct config *config);

/* Entry `i` in the order of addresses. */
const struct network *accesslines_at(const struct accesslines *l, size_t i);
/* How many entries are before this one there. */
size_t accesslines_before(const struct accesslines *l, const struct network *e);

/* An entry of line `number`, which counts from 1; 0: the built-in defaults. */
struct network accesslines_entry(const netaddr *net, unsigned prefix,
				 uint32_t flags, uint32_t number);
/* The order of addresses; entries that are one network compare equal. */
int accesslines_cmp(const struct network *a, const struct network *b);
/* Sorts entries and makes one of equal ones; how many there are then. */
size_t accesslines_sort(struct network *e, size_t count);

static inline bool accesslines_is_ntpport(const struct network *e)
{
	return e->flags & RESTRICT_NTPPORT;
}

#endif
