/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mruindex.h - of mru.c alone: its index, made of lines of the cache, each a
 * list of sixteen places and of as many tags, which are compared all at once
 * and spare looking at nearly all clients that are not meant.
 */
#ifndef CORE_MRUINDEX_H
#define CORE_MRUINDEX_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/bytes.h"
#include "core/serve/mru.h"

#define WAYS 16     /* places in a line: looked at for one key, at most */
#define PER_LINE 12 /* clients that a line has on the average, when full */

/* The used ways first. */
struct line {
	uint8_t tags[WAYS]; /* of the hash; 0: unused */
	uint8_t places[WAYS][3];
};

_Static_assert(sizeof(struct line) == CACHE_LINE, "one line of the cache");

/* Of bits that choose no line, nearly. */
static inline uint8_t tag_of(uint64_t hash)
{
	uint8_t tag = (uint8_t)hash;

	return (uint8_t)(tag + (tag == 0));
}

/* A bit for each way with this tag. */
static inline unsigned line_ways(const struct line *line, uint8_t tag)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const __m128i *)(const void *)line);
	__m128i same = _mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag));

	return (unsigned)_mm_movemask_epi8(same);
#else
	unsigned ways = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		ways |= (unsigned)(line->tags[i] == tag) << i;
	}
	return ways;
#endif
}

/* How many ways are used. */
static inline unsigned line_depth(const struct line *line)
{
	return (unsigned)__builtin_ctz(line_ways(line, 0) | 1u << WAYS);
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

/* Into one that is not full. */
static inline void line_add(struct line *line, uint8_t tag, uint32_t place)
{
	line_set(line, line_depth(line), tag, place);
}

/* Leaves no gap. False: it is not there. */
static inline bool line_remove(struct line *line, uint32_t place)
{
	unsigned depth = line_depth(line), way = 0;

	while (way < depth && line_place(line, way) != place) {
		way++;
	}
	if (way == depth) {
		return false;
	}
	line_set(line, way, line->tags[depth - 1], line_place(line, depth - 1));
	line_set(line, depth - 1, 0, 0);
	return true;
}

#endif
