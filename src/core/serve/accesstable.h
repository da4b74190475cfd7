/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * accesstable.h - of access.c, and of plain.h, which does not want to call it:
 * what a table is, and the look at it that is enough for most.
 */
#ifndef CORE_ACCESSTABLE_H
#define CORE_ACCESSTABLE_H

#include "core/serve/access.h"
#include "core/serve/accesslines.h"

struct access {
	const struct accesslines *lines;
	struct network *hosts; /* sorted; `around` is the place in the list */
	uint32_t *slots;       /* by a hash: a host's number + 1, or 0 */
	uint32_t count, mask, shift;
};

static inline uint32_t access_slot(const struct access *a,
				   const struct netbits *addr)
{
	return (uint32_t)((addr->high ^ addr->low) *
				  UINT64_C(0x9e3779b97f4a7c15) >>
			  a->shift);
}

/*
 * The line for an IPv4 client about whom nothing is said that is narrower than
 * its first octets; NULL: access_match() has to search.
 */
static ALWAYS_INLINE const struct network *access_glance(const struct access *a,
							 const netaddr *from)
{
	const struct netbits addr = netbits_of(from->ip);
	const struct network *e;

	if (!netaddr_is_v4(from) || a->slots[access_slot(a, &addr)] != 0) {
		return NULL;
	}
	e = nettree_glance(&a->lines->tree, (uint32_t)addr.low);
	return e && !accesslines_is_ntpport(e) ? e : NULL;
}

#endif
