/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mruindex.h - of mru.c alone: its index, made of lines of the cache, each a
 * list of sixteen places and of as many tags, which are compared eight at a
 * time and spare looking at most of the clients that are not meant.
 */
#ifndef CORE_MRUINDEX_H
#define CORE_MRUINDEX_H

#include "base/bytes.h"
#include "core/mru.h"

#define LINE 64    /* octets of the cache */
#define WAYS 16    /* places in a line: looked at for one key, at most */
#define PER_LINE 8 /* clients that a line has on the average, when full */

/* The used ways first. */
struct line {
	uint8_t tags[WAYS]; /* of the hash; 0: unused */
	uint8_t places[WAYS][3];
};

_Static_assert(sizeof(struct line) == LINE, "one line of the cache");

static inline uint8_t tag_of(uint64_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 56);

	return (uint8_t)(tag + (tag == 0));
}

/* With the octet before it, which is there for the first one too: one load. */
static inline uint32_t line_place(const struct line *line, unsigned way)
{
	const uint8_t *octets = (const uint8_t *)line;

	return bytes_le32(octets + WAYS + (size_t)3 * way - 1) >> 8;
}

static inline void line_set(struct line *line, unsigned way, uint8_t tag,
			    uint32_t place)
{
	uint8_t *p = line->places[way];

	line->tags[way] = tag;
	p[0] = (uint8_t)place;
	p[1] = (uint8_t)(place >> 8);
	p[2] = (uint8_t)(place >> 16);
}

/* The high bit of each octet that is `tag`, and perhaps of some behind it. */
static inline uint64_t equal_octets(uint64_t octets, uint8_t tag)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x = octets ^ ones * tag;

	return (x - ones) & ~x & ones << 7;
}

/* The first way from `from` on with this tag, or WAYS. */
static inline unsigned line_next(const struct line *line, uint8_t tag,
				 unsigned from)
{
	for (; from < WAYS; from = (from | 7) + 1) {
		uint64_t some =
			equal_octets(bytes_le64(line->tags + (from & 8)), tag);

		some = some >> (from & 7) * 8 << (from & 7) * 8;
		if (some != 0) {
			return (from & 8) + (unsigned)__builtin_ctzll(some) / 8;
		}
	}
	return WAYS;
}

static inline bool line_is_full(const struct line *line)
{
	return line->tags[WAYS - 1] != 0;
}

/* Into one that is not full. */
static inline void line_add(struct line *line, uint8_t tag, uint32_t place)
{
	unsigned way = 0;

	while (line->tags[way] != 0) {
		way++;
	}
	line_set(line, way, tag, place);
}

/* Leaves no gap. */
static inline void line_remove(struct line *line, uint32_t place)
{
	unsigned found = WAYS, last = 0;

	for (unsigned i = 0; i < WAYS && line->tags[i] != 0; i++) {
		if (line_place(line, i) == place) {
			found = i;
		}
		last = i;
	}
	INVARIANT(found < WAYS);
	line_set(line, found, line->tags[last], line_place(line, last));
	line_set(line, last, 0, 0);
}

/* A link between clients: a place, and something else on top. */
static inline mru_place place(uint32_t link)
{
	return link & MRU_MOST;
}

static inline void set_place(uint32_t *link, mru_place at)
{
	*link = (*link & ~(uint32_t)MRU_MOST) | at;
}

#endif
