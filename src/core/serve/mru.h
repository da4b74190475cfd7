/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mru.h - who asked: a list of clients, the most recent last, in memory of a
 * fixed size (F8): 46 octets for each.
 *
 * A client is found by a keyed hash in one of two lines of the cache with
 * sixteen places each, so nobody can make the search long (F7). The list is
 * linked by numbers, so it can be read in the order of time however long it is,
 * and goes on where it was left when clients have moved in between.
 *
 * Not shared: each serving thread has its own.
 */
#ifndef CORE_MRU_H
#define CORE_MRU_H

#include "base/netaddr.h"
#include "base/ntptime.h"
#include "base/rng.h"
#include "config/config.h"

#define MRU_MOST 0xffffff        /* clients that a list can have */
#define MRU_UNLIMITED (1u << 20) /* what `mru maxdepth -1` comes to: 48 MB */

struct mru;

/* What became of a client's last request. */
enum mru_fate { MRU_SERVED, MRU_LIMITED, MRU_KISSED };

struct mru_client {
	netaddr addr;       /* and the port of its last request */
	netaddr local;      /* ours, that it asked; none: of more than 255 */
	tstamp first, last; /* to 1 s and to 2^-16 s */
	uint32_t count;     /* of requests; stops at the largest */
	uint8_t version, mode;
	enum mru_fate fate;
};

struct mru_counts {
	uint64_t depth, deepest;
	uint64_t exists, added; /* requests of known and of new clients */
	uint64_t recycled_old;  /* new in place of one older than maxage */
	uint64_t recycled_full; /* new in place of the oldest */
	uint64_t unlisted;      /* the oldest was younger than minage */
	uint64_t oldest_s;      /* its age, when this was asked for */
	uint64_t room, slots;   /* clients that fit; places of the hash */
	uint64_t bytes;
};

/* How many clients the rules make room for. */
uint32_t mru_room(const struct mru_config *rules);
/* Bytes for a list of so many. */
size_t mru_size(uint32_t room);

/* `memory` is zeroed, as calloc() has it. */
struct mru *mru_init(void *memory, const struct mru_config *rules,
		     const uint8_t seed[RNG_SEED]);

/* Other rules from now on; the room stays as it is. */
void mru_retune(struct mru *m, const struct mru_config *rules);

/* Who asks, and where to look for him. */
struct mru_aim {
	uint64_t head, tail; /* of his address, as it is kept */
	uint64_t hash;       /* of it: his lines of the index, and his tag */
	uint32_t at;         /* where he probably is; 0: unknown */
	uint16_t port;
};

/* One request to `to`; `first` is its first octet. */
void mru_note(struct mru *m, const netaddr *from, const netaddr *to,
	      uint8_t first, enum mru_fate fate, tstamp now);

/*
 * The same, of one of many. Each step of the way asks for the memory that the
 * next one looks at: with other requests between the steps it is there by then
 * (see server_expect()). All but the first may be left out.
 */
struct mru_aim mru_aim(const struct mru *m, const netaddr *from);
void mru_aim_at_line(const struct mru *m, const struct mru_aim *aim);
void mru_aim_at_client(const struct mru *m, struct mru_aim *aim);
void mru_aim_at_neighbours(const struct mru *m, struct mru_aim *aim);
void mru_note_aimed(struct mru *m, const struct mru_aim *aim, const netaddr *to,
		    uint8_t first, enum mru_fate fate, tstamp now);

struct mru_counts mru_counts(const struct mru *m, tstamp now);

/* A place in the list; 0: none. Good until the next mru_note(). */
typedef uint32_t mru_place;

mru_place mru_oldest(const struct mru *m);
mru_place mru_newest(const struct mru *m);
mru_place mru_newer(const struct mru *m, mru_place at);
mru_place mru_older(const struct mru *m, mru_place at);
mru_place mru_find(const struct mru *m, const netaddr *addr);
struct mru_client mru_client(const struct mru *m, mru_place at);
tstamp mru_last(const struct mru *m, mru_place at);
/* Their places are 1 to so many. */
uint32_t mru_depth(const struct mru *m);
/* No: the clock was set back since the oldest came. */
bool mru_in_order(const struct mru *m);

#endif
