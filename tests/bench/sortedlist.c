/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last entry at or before an address is the narrowest that holds it, or
 * lies inside all those that do: going up from it, from network to enclosing
 * network, meets the longest prefix first.
 */
#include "sortedlist.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	uint8_t ip[16];
	uint32_t flags, around, counter;
	uint8_t prefix;
	bool ntpport;
};

struct sortedlist {
	size_t count;
	struct entry entries[];
};

static bool holds(const struct entry *e, const uint8_t ip[16])
{
	unsigned whole = e->prefix / 8, rest = e->prefix % 8;

	return memcmp(e->ip, ip, whole) == 0 &&
	       (rest == 0 || (e->ip[whole] ^ ip[whole]) >> (8 - rest) == 0);
}

struct sortedlist *sortedlist_new(const struct access *a)
{
	size_t count = access_count(a);
	struct sortedlist *l =
		calloc(1, sizeof(*l) + count * sizeof(l->entries[0]));

	for (; l && l->count < count; l->count++) {
		struct access_entry from = access_entry(a, l->count);
		struct entry *e = &l->entries[l->count];
		uint32_t around = (uint32_t)(l->count > 0 ? l->count - 1 : 0);

		memcpy(e->ip, from.net.ip, sizeof(e->ip));
		e->flags = from.flags;
		e->counter = from.counter;
		e->prefix = from.prefix;
		e->ntpport = from.flags & RESTRICT_NTPPORT;
		while (!holds(&l->entries[around], e->ip)) {
			around = l->entries[around].around;
		}
		e->around = around;
	}
	return l;
}

struct access_match sortedlist_match(const struct sortedlist *l,
				     const netaddr *from)
{
	size_t low = 0, high = l->count; /* low: ::/0 is before everybody */

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(l->entries[middle].ip, from->ip, 16) <= 0) {
			low = middle;
		} else {
			high = middle;
		}
	}
	const struct entry *e = &l->entries[low];

	while (!holds(e, from->ip) || (e->ntpport && from->port != NTP_PORT)) {
		e = &l->entries[e->around];
	}
	return (struct access_match){
		.flags = e->flags & ~(uint32_t)RESTRICT_NTPPORT,
		.counter = e->counter,
		.general = e->prefix == (netaddr_is_v4(from) ? 96 : 0),
	};
}
