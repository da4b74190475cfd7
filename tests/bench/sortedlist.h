/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sortedlist.h - restrict entries sorted by address, searched by halves: what
 * the tree of core/serve/nettree.h is measured against.
 */
#ifndef BENCH_SORTEDLIST_H
#define BENCH_SORTEDLIST_H

#include "core/serve/access.h"

struct sortedlist;

/* Of all entries of a table; the caller frees it. NULL: no memory. */
struct sortedlist *sortedlist_new(const struct access *a);
struct access_match sortedlist_match(const struct sortedlist *l,
				     const netaddr *from);

#endif
