/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/accesslines.h"

#define FLAGS 0xffffffu

/* One line on its way into the table. */
struct line {
	uint32_t flags;
	uint32_t number; /* of the line, from 1; 0: the built-in defaults */
	bool v4;         /* its entry of this family is wanted */
};

size_t accesslines_size(const struct config *config)
{
	size_t whole = 2, named = 0;

	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		/* A default one has two entries: for both families. */
		whole += r->kind == RESTRICT_DEFAULT ? 2 : 0;
		named +=
			r->kind == RESTRICT_ADDRESS || r->kind == RESTRICT_NAME;
	}
	return sizeof(struct accesslines) +
	       (whole + named) * sizeof(struct network) + nettree_size(named);
}

int accesslines_cmp(const struct network *a, const struct network *b)
{
	if (a->at.high != b->at.high) {
		return a->at.high < b->at.high ? -1 : 1;
	}
	if (a->at.low != b->at.low) {
		return a->at.low < b->at.low ? -1 : 1;
	}
	if (a->prefix != b->prefix) {
		return (int)a->prefix - (int)b->prefix;
	}
	return (int)(a->flags & RESTRICT_NTPPORT) -
	       (int)(b->flags & RESTRICT_NTPPORT);
}

struct network accesslines_entry(const netaddr *net, unsigned prefix,
				 uint32_t flags, uint32_t number)
{
	netaddr network = *net;

	netaddr_clear_host(&network, prefix);
	return (struct network){
		.at = netbits_of(network.ip),
		.flags = flags & FLAGS,
		.prefix = prefix & 0xff,
		.counter = 2 * number + (netaddr_is_v4(net) ? 0 : 1),
	};
}

static void add(struct accesslines *l, const netaddr *net, unsigned prefix,
		const struct line *line)
{
	bool v4 = netaddr_is_v4(net) && prefix >= NETTREE_V4;

	if (v4 == line->v4) {
		l->entries[l->count++] = accesslines_entry(
			net, prefix, line->flags, line->number);
	}
}

static void add_default(struct accesslines *l, enum family family,
			const struct line *line)
{
	netaddr v4 = netaddr_v4(0, 0), v6 = { .port = 0 };

	if (family != FAMILY_V6) {
		add(l, &v4, NETTREE_V4, line);
	}
	if (family != FAMILY_V4) {
		add(l, &v6, 0, line);
	}
}

static void add_line(struct accesslines *l, const struct restrict_config *r,
		     const struct line *line)
{
	switch (r->kind) {
	case RESTRICT_DEFAULT:
		add_default(l, r->family, line);
		break;
	case RESTRICT_ADDRESS:
		add(l, &r->addr, r->prefix, line);
		break;
	case RESTRICT_NAME: /* without an address it guards nothing yet */
		if (!netaddr_is_none(&r->addr)) {
			add(l, &r->addr, r->prefix, line);
		}
		break;
	case RESTRICT_SOURCE:
		l->source_number = line->number;
		l->source_flags |= r->flags;
		break;
	}
}

static void sift(struct network *e, size_t at, size_t count)
{
	const struct network moved = e[at];

	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count &&
		    accesslines_cmp(&e[child], &e[child + 1]) < 0) {
			child++;
		}
		if (accesslines_cmp(&moved, &e[child]) >= 0) {
			break;
		}
		e[at] = e[child];
	}
	e[at] = moved;
}

/* Heapsort: in place, and as fast on whatever order the file has. */
static void sort_heap(struct network *e, size_t count)
{
	for (size_t i = count / 2; i-- > 0;) {
		sift(e, i, count);
	}
	for (size_t left = count; left > 1; left--) {
		struct network last = e[left - 1];

		e[left - 1] = e[0];
		e[0] = last;
		sift(e, 0, left - 1);
	}
}

/* The same network twice: flags add up. */
static size_t unite(struct network *e, size_t count)
{
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		if (accesslines_cmp(&e[kept], &e[i]) != 0) {
			e[++kept] = e[i];
			continue;
		}
		e[kept].flags |= e[i].flags;
		if (e[kept].counter < e[i].counter) {
			e[kept].counter = e[i].counter;
		}
	}
	return count > 0 ? kept + 1 : 0;
}

size_t accesslines_sort(struct network *e, size_t count)
{
	sort_heap(e, count);
	return unite(e, count);
}

/* The first holds all the others. */
static void nest(struct network *e, uint32_t first, uint32_t end)
{
	e[first].around = first;
	e[first].instead = first;
	for (uint32_t i = first + 1; i < end; i++) {
		bool twin = network_is_same(&e[i - 1], &e[i]);
		uint32_t around = twin ? e[i - 1].around : i - 1;

		while (!network_holds(&e[around], &e[i].at)) {
			around = e[around].around;
		}
		e[i].around = around;
		e[i].instead = !accesslines_is_ntpport(&e[i]) ? i
			       : twin                         ? i - 1
				      : e[around].instead;
	}
}

/* All entries of one family, in order. */
static void add_family(struct accesslines *l, const struct config *config,
		       bool v4)
{
	struct line line = { .v4 = v4 };
	size_t first = l->count;

	add_default(l, FAMILY_ANY, &line);
	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		line.number++;
		line.flags = r->flags;
		add_line(l, r, &line);
	}
	l->count =
		first + accesslines_sort(&l->entries[first], l->count - first);
	INVARIANT(l->count < UINT32_MAX);
	nest(l->entries, (uint32_t)first, (uint32_t)l->count);
}

const struct accesslines *accesslines_build(void *memory,
					    const struct config *config)
{
	struct accesslines *l = memory;

	*l = (struct accesslines){ .count = 0 };
	add_family(l, config, true);
	l->v4 = l->count;
	add_family(l, config, false);
	for (size_t i = l->v4; i < l->count; i++) {
		l->under_v4 +=
			accesslines_cmp(&l->entries[i], &l->entries[0]) < 0;
	}
	nettree_build(&l->tree, &l->entries[l->count], l->entries, l->v4,
		      l->count);
	return l;
}

const struct network *accesslines_at(const struct accesslines *l, size_t i)
{
	if (i < l->under_v4) {
		return &l->entries[l->v4 + i];
	}
	return &l->entries[i < l->under_v4 + l->v4 ? i - l->under_v4 : i];
}

size_t accesslines_before(const struct accesslines *l, const struct network *e)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (accesslines_cmp(accesslines_at(l, middle), e) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}
