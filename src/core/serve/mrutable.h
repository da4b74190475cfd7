/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mrutable.h - of mru.c and mruread.c: what a list of clients is made of, and
 * how one of them is found.
 *
 * Clients lie in the order in which they came first; place 0 is nobody, and
 * both ends of the list.
 */
#ifndef CORE_MRUTABLE_H
#define CORE_MRUTABLE_H

#include "base/siphash.h"
#include "core/serve/mru.h"
#include "core/serve/mruindex.h"

#define PLACE_BITS 24
#define FATE_SHIFT 6
#define NOBODY 0
#define LOCALS 256 /* our addresses; [0]: none, and all beyond the others */

struct client {
	uint64_t head, tail;  /* the address, as of struct mru_aim */
	uint32_t first, last; /* s of the wall clock */
	uint32_t older;       /* a place; on top fate, version and mode */
	uint32_t newer; /* a place; on top which of mru.locals was asked */
	uint32_t count;
	uint16_t last_fraction; /* 2^-16 s */
	uint16_t port;
};

_Static_assert(sizeof(struct client) == 40, "46 octets with the index");
_Static_assert(offsetof(struct client, older) % 8 == 0 &&
		       offsetof(struct client, newer) % 8 == 4,
	       "both in one line of the cache");

struct mru {
	struct mru_config rules;
	struct siphash_state hash; /* before an address */
	struct line *lines;
	uint32_t line_count, room;
	struct client *clients; /* [0]: older is the newest, newer the oldest */
	struct mru_counts counts;
	tstamp latest; /* request; at most `peak` if the clock went back */
	tstamp peak;
	bool set_back;
	netaddr locals[LOCALS];
	unsigned local_count, local_number; /* local_number is of `local` */
	netaddr local; /* that was asked last: nearly always the next one */
};

/* A link between clients: a place, and something else on top. */
static inline mru_place place(uint32_t link)
{
	return link & MRU_MOST;
}

static inline void set_place(uint32_t *link, mru_place at)
{
	*link = (*link & ~(uint32_t)MRU_MOST) | at;
}

/* Whole seconds; the clock may have been set back. */
static inline uint64_t client_age_s(const struct client *c, tstamp now)
{
	int32_t age = (int32_t)((uint32_t)(now.v >> 32) - c->last);

	return age > 0 ? (uint64_t)age : 0;
}

/*
 * The address as it is kept. A link-local one has 54 bits that are always
 * zero: its scope goes there, as it does in some kernels.
 */
static inline bool is_link_local(uint64_t head)
{
	return (head & 0xc0ff) == 0x80fe;
}

static inline netaddr client_addr(const struct client *c)
{
	netaddr a = { .port = c->port };
	uint64_t head = c->head;

	if (is_link_local(head)) {
		a.scope = (uint32_t)(head >> 32);
		head &= UINT32_MAX;
	}
	for (unsigned i = 0; i < 8; i++) {
		a.ip[i] = (uint8_t)(head >> 8 * i);
		a.ip[8 + i] = (uint8_t)(c->tail >> 8 * i);
	}
	return a;
}

static ALWAYS_INLINE struct mru_aim aim_at_v4(const struct mru *m,
					      const netaddr *from)
{
	uint64_t tail = netaddr_tail(from);

	return (struct mru_aim){
		.tail = tail,
		.hash = siphash13_few(m->hash, tail >> 32, 4),
		.at = NOBODY,
		.port = from->port,
	};
}

static inline struct mru_aim aim_at(const struct mru *m, const netaddr *from)
{
	uint64_t head = netaddr_head(from), tail = netaddr_tail(from);

	if (netaddr_is_v4(from)) {
		return aim_at_v4(m, from);
	}
	if (is_link_local(head)) {
		head |= (uint64_t)from->scope << 32;
	}
	return (struct mru_aim){
		.head = head,
		.tail = tail,
		.hash = siphash13_16(m->hash, head, tail),
		.at = NOBODY,
		.port = from->port,
	};
}

/*
 * Of the two lines that he may be in. He is in the first unless that one was
 * well filled when he came, and the other less.
 */
static inline struct line *first_line(const struct mru *m, uint64_t hash)
{
	return &m->lines[(hash & UINT32_MAX) * m->line_count >> 32];
}

static inline struct line *other_line(const struct mru *m, uint64_t hash)
{
	return &m->lines[(hash >> 32) * m->line_count >> 32];
}

static inline bool is_meant(const struct client *c, const struct mru_aim *aim)
{
	return c->tail == aim->tail && c->head == aim->head;
}

static inline mru_place find_in(const struct mru *m, const struct line *line,
				const struct mru_aim *aim)
{
	unsigned ways = line_ways(line, tag_of(aim->hash));

	for (; ways != 0; ways &= ways - 1) {
		mru_place at = line_place(line, (unsigned)__builtin_ctz(ways));

		if (is_meant(&m->clients[at], aim)) {
			return at;
		}
	}
	return NOBODY;
}

static inline mru_place find(const struct mru *m, const struct mru_aim *aim)
{
	mru_place at = find_in(m, first_line(m, aim->hash), aim);

	return at != NOBODY ? at : find_in(m, other_line(m, aim->hash), aim);
}

#endif
