/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries lie sorted by address, wide networks before those inside them.
 * The last entry at or before an address is then the narrowest one that holds
 * it, or lies inside all those that do: going up from it, from network to
 * enclosing network, meets the longest prefix first.
 */
#include "core/access.h"

#include <string.h>

#define NOBODY UINT32_MAX /* encloses the entry */
#define V4_PREFIX 96      /* of ::ffff:0:0, where IPv4 lives */

struct entry {
	uint8_t ip[16];
	uint32_t flags;
	uint32_t around; /* the narrowest entry that encloses this one */
	uint32_t counter;
	uint8_t prefix;
	bool ntpport;
	bool for_source;
};

struct access {
	size_t count;
	struct entry entries[];
};

/* One line on its way into the table. */
struct line {
	uint32_t flags;
	uint32_t number; /* of the line, from 1; 0: the built-in defaults */
	bool for_source;
};

size_t access_counters(const struct config *config)
{
	size_t lines = 1; /* the built-in defaults */

	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		lines++;
	}
	return 2 * lines;
}

size_t access_size(const struct config *config, size_t hosts)
{
	/* Each line has two at most: a default one, for both families. */
	size_t entries = access_counters(config) + hosts;

	return sizeof(struct access) + entries * sizeof(struct entry);
}

/* The order of the table; entries that are one network compare equal. */
static int entry_cmp(const struct entry *a, const struct entry *b)
{
	int order = memcmp(a->ip, b->ip, sizeof(a->ip));

	if (order == 0) {
		order = (int)a->prefix - (int)b->prefix;
	}
	return order != 0 ? order : (int)a->ntpport - (int)b->ntpport;
}

static bool entry_holds(const struct entry *e, const uint8_t ip[16])
{
	unsigned whole = e->prefix / 8, rest = e->prefix % 8;

	return memcmp(e->ip, ip, whole) == 0 &&
	       (rest == 0 || (e->ip[whole] ^ ip[whole]) >> (8 - rest) == 0);
}

static void access_add(struct access *a, const netaddr *net, unsigned prefix,
		       const struct line *line)
{
	struct entry *e = &a->entries[a->count++];
	netaddr network = *net;

	*e = (struct entry){
		.flags = line->flags & ~(uint32_t)RESTRICT_NTPPORT,
		.counter = 2 * line->number + (netaddr_is_v4(net) ? 0 : 1),
		.prefix = (uint8_t)prefix,
		.ntpport = line->flags & RESTRICT_NTPPORT,
		.for_source = line->for_source,
	};
	netaddr_clear_host(&network, prefix);
	memcpy(e->ip, network.ip, sizeof(e->ip));
}

static void add_line(struct access *a, const struct restrict_config *r,
		     uint32_t number)
{
	const struct line line = { .flags = r->flags, .number = number };
	netaddr v4 = netaddr_v4(0, 0), v6 = { .port = 0 };

	switch (r->kind) {
	case RESTRICT_DEFAULT:
		if (r->family != FAMILY_V6) {
			access_add(a, &v4, V4_PREFIX, &line);
		}
		if (r->family != FAMILY_V4) {
			access_add(a, &v6, 0, &line);
		}
		break;
	case RESTRICT_ADDRESS:
		access_add(a, &r->addr, r->prefix, &line);
		break;
	case RESTRICT_NAME: /* without an address it guards nothing yet */
		if (!netaddr_is_none(&r->addr)) {
			access_add(a, &r->addr, r->prefix, &line);
		}
		break;
	case RESTRICT_SOURCE:
		break; /* see add_sources() */
	}
}

static void add_sources(struct access *a, const struct config *config,
			const netaddr *hosts, size_t count)
{
	struct line template = { .for_source = true };
	uint32_t number = 0;

	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		number++;
		if (r->kind == RESTRICT_SOURCE) {
			template.number = number;
			template.flags |= r->flags;
		}
	}
	for (size_t i = 0; template.number != 0 && i < count; i++) {
		access_add(a, &hosts[i], 128, &template);
	}
}

static void swap(struct entry *a, struct entry *b)
{
	struct entry t = *a;

	*a = *b;
	*b = t;
}

static void sift(struct entry *e, size_t at, size_t count)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count &&
		    entry_cmp(&e[child], &e[child + 1]) < 0) {
			child++;
		}
		if (entry_cmp(&e[at], &e[child]) >= 0) {
			return;
		}
		swap(&e[at], &e[child]);
	}
}

/* Heapsort: in place, and as fast on whatever order the file has. */
static void sort(struct entry *e, size_t count)
{
	for (size_t i = count / 2; i-- > 0;) {
		sift(e, i, count);
	}
	for (size_t left = count; left > 1; left--) {
		swap(&e[0], &e[left - 1]);
		sift(e, 0, left - 1);
	}
}

/* The same network twice: flags add up, but a line beats the template. */
static void merge(struct entry *into, const struct entry *e)
{
	if (into->for_source == e->for_source) {
		into->flags |= e->flags;
		if (into->counter < e->counter) {
			into->counter = e->counter;
		}
	} else if (into->for_source) {
		*into = *e;
	}
}

static size_t unite(struct entry *e, size_t count)
{
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		if (entry_cmp(&e[kept], &e[i]) == 0) {
			merge(&e[kept], &e[i]);
		} else {
			e[++kept] = e[i];
		}
	}
	return kept + 1;
}

static void nest(struct entry *e, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t around = i > 0 ? (uint32_t)i - 1 : NOBODY;

		while (around != NOBODY && !entry_holds(&e[around], e[i].ip)) {
			around = e[around].around;
		}
		e[i].around = around;
	}
}

const struct access *access_build(void *memory, const struct config *config,
				  const netaddr *hosts, size_t count)
{
	struct access *a = memory;
	netaddr v4 = netaddr_v4(0, 0), v6 = { .port = 0 };
	struct line built_in = { .number = 0 };
	uint32_t number = 0;

	a->count = 0;
	access_add(a, &v4, V4_PREFIX, &built_in);
	access_add(a, &v6, 0, &built_in);
	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		add_line(a, r, ++number);
	}
	add_sources(a, config, hosts, count);
	INVARIANT(a->count < NOBODY);
	sort(a->entries, a->count);
	a->count = unite(a->entries, a->count);
	nest(a->entries, a->count);
	return a;
}

static bool is_general(const struct entry *e)
{
	static const uint8_t zero[4] = { 0 };

	return e->prefix == 0 ||
	       (e->prefix == V4_PREFIX && memcmp(e->ip + 12, zero, 4) == 0);
}

struct access_match access_match(const struct access *a, const netaddr *from)
{
	size_t low = 0, high = a->count; /* low: ::/0 is before everybody */

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(a->entries[middle].ip, from->ip, 16) <= 0) {
			low = middle;
		} else {
			high = middle;
		}
	}
	for (uint32_t at = (uint32_t)low; at != NOBODY;
	     at = a->entries[at].around) {
		const struct entry *e = &a->entries[at];

		if (entry_holds(e, from->ip) &&
		    (!e->ntpport || from->port == NTP_PORT)) {
			return (struct access_match){ e->flags, e->counter,
						      is_general(e) };
		}
	}
	/* Never: ::/0 holds every address. */
	return (struct access_match){ .flags = RESTRICT_IGNORE };
}

size_t access_count(const struct access *a)
{
	return a->count;
}

struct access_entry access_entry(const struct access *a, size_t i)
{
	INVARIANT(i < a->count);
	const struct entry *e = &a->entries[i];
	struct access_entry out = {
		.flags = e->flags | (e->ntpport ? RESTRICT_NTPPORT : 0u),
		.counter = e->counter,
		.prefix = e->prefix,
		.for_source = e->for_source,
	};

	memcpy(out.net.ip, e->ip, sizeof(e->ip));
	return out;
}
