/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients lie in the order in which they came first; place 0 is nobody, and
 * both ends of the list. The index is made of lines of the cache, each a list
 * of sixteen places and of as many tags, which are compared eight at a time
 * and spare looking at most of the clients that are not meant.
 */
#include "core/mru.h"

#include <string.h>

#include "base/bytes.h"
#include "base/siphash.h"

#define LINE 64    /* octets of the cache */
#define WAYS 16    /* places in a line: looked at for one key, at most */
#define PER_LINE 8 /* clients that a line has on the average, when full */
#define PLACE_BITS 24
#define NOBODY 0
#define LOCALS 256 /* our addresses; [0]: none, and all beyond the others */

struct client {
	uint8_t ip[16]; /* with the scope of a link-local one: see key_of() */
	uint32_t first, last; /* s of the wall clock */
	uint32_t count;
	uint32_t older : PLACE_BITS, version : 3, mode : 3, fate : 2;
	uint32_t newer : PLACE_BITS, local : 8; /* of mru.locals */
	uint16_t last_fraction;                 /* 2^-16 s */
	uint16_t port;
};

_Static_assert(sizeof(struct client) == 40, "48 octets with the index");

/* The used ways first. */
struct line {
	uint8_t tags[WAYS]; /* of the hash; 0: unused */
	uint8_t places[WAYS][3];
};

_Static_assert(sizeof(struct line) == LINE, "one line of the cache");

struct mru {
	struct mru_config rules;
	struct siphash_key hash;
	struct line *lines;
	uint32_t line_count, room;
	struct client *clients; /* [0]: older is the newest, newer the oldest */
	struct mru_counts counts;
	netaddr locals[LOCALS];
	unsigned local_count, local_last;
};

uint32_t mru_room(const struct mru_config *rules)
{
	if (rules->maxdepth > MRU_MOST) {
		return MRU_UNLIMITED;
	}
	return rules->maxdepth > 0 ? rules->maxdepth : 1;
}

static uint32_t lines_for(uint32_t room)
{
	return (room + PER_LINE - 1) / PER_LINE;
}

size_t mru_size(uint32_t room)
{
	return sizeof(struct mru) + LINE +
	       lines_for(room) * sizeof(struct line) +
	       ((size_t)room + 1) * sizeof(struct client);
}

struct mru *mru_init(void *memory, const struct mru_config *rules,
		     const uint8_t seed[RNG_SEED])
{
	struct mru *m = memory;
	uint8_t *lines = (uint8_t *)(m + 1);
	struct rng rng;

	rng_init(&rng, seed);
	m->rules = *rules;
	m->hash = siphash_draw(&rng);
	m->room = mru_room(rules);
	m->line_count = lines_for(m->room);
	m->local_count = 1;
	lines += (LINE - (uintptr_t)lines % LINE) % LINE;
	m->lines = (struct line *)(void *)lines;
	m->clients = (struct client *)(m->lines + m->line_count);
	return m;
}

void mru_retune(struct mru *m, const struct mru_config *rules)
{
	m->rules = *rules;
}

/*
 * The address as it is kept. A link-local one has 54 bits that are always
 * zero: its scope goes there, as it does in some kernels.
 */
static bool is_link_local(const uint8_t ip[16])
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static void key_of(const netaddr *from, uint8_t key[16])
{
	memcpy(key, from->ip, 16);
	if (is_link_local(key)) {
		for (unsigned i = 0; i < 4; i++) {
			key[4 + i] = (uint8_t)(from->scope >> (24 - 8 * i));
		}
	}
}

static netaddr addr_of(const struct client *c)
{
	netaddr a = { .port = c->port };

	memcpy(a.ip, c->ip, sizeof(a.ip));
	if (is_link_local(a.ip)) {
		for (unsigned i = 4; i < 8; i++) {
			a.scope = a.scope << 8 | a.ip[i];
			a.ip[i] = 0;
		}
	}
	return a;
}

static uint64_t hash_of(const struct mru *m, const uint8_t ip[16])
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, v4, sizeof(v4)) == 0
		       ? siphash(&m->hash, ip + sizeof(v4), 4)
		       : siphash(&m->hash, ip, 16);
}

static struct line *line_of(const struct mru *m, uint64_t hash)
{
	return &m->lines[(hash & UINT32_MAX) * m->line_count >> 32];
}

static uint8_t tag_of(uint64_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 56);

	return tag != 0 ? tag : 1;
}

static mru_place place_in(const struct line *line, unsigned way)
{
	const uint8_t *p = line->places[way];

	return (mru_place)p[0] | (mru_place)p[1] << 8 | (mru_place)p[2] << 16;
}

static void set_way(struct line *line, unsigned way, uint8_t tag, mru_place at)
{
	uint8_t *p = line->places[way];

	line->tags[way] = tag;
	p[0] = (uint8_t)at;
	p[1] = (uint8_t)(at >> 8);
	p[2] = (uint8_t)(at >> 16);
}

/* The high bit of each octet that is `tag`, and perhaps of some behind it. */
static uint64_t equal_octets(uint64_t octets, uint8_t tag)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x = octets ^ ones * tag;

	return (x - ones) & ~x & ones << 7;
}

/* The first way from `from` on with this tag, or WAYS. */
static unsigned way_after(const struct line *line, uint8_t tag, unsigned from)
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

static mru_place find(const struct mru *m, const uint8_t ip[16], uint64_t hash)
{
	const struct line *line = line_of(m, hash);
	uint8_t tag = tag_of(hash);

	for (unsigned way = way_after(line, tag, 0); way < WAYS;
	     way = way_after(line, tag, way + 1)) {
		mru_place at = place_in(line, way);

		if (memcmp(m->clients[at].ip, ip, 16) == 0) {
			return at;
		}
	}
	return NOBODY;
}

/* Where he was when somebody looked, if he still is. */
static mru_place find_aimed(const struct mru *m, const struct mru_aim *aim)
{
	return aim->at != NOBODY &&
			       memcmp(m->clients[aim->at].ip, aim->ip, 16) == 0
		       ? aim->at
		       : find(m, aim->ip, aim->hash);
}

/* A client lies in one line of the cache or in two. */
static void prefetch(const struct client *c)
{
	__builtin_prefetch(c, 1);
	__builtin_prefetch((const uint8_t *)(c + 1) - 1, 1);
}

static void unlink_client(struct mru *m, const struct client *c)
{
	m->clients[c->older].newer = c->newer;
	m->clients[c->newer].older = c->older;
}

static void link_newest(struct mru *m, mru_place at)
{
	struct client *c = &m->clients[at], *ends = &m->clients[NOBODY];

	c->older = ends->older;
	c->newer = NOBODY;
	m->clients[c->older].newer = at & MRU_MOST;
	ends->older = at & MRU_MOST;
}

/* Out of the index; the line stays without gaps. */
static void unindex(struct mru *m, mru_place at)
{
	struct line *line = line_of(m, hash_of(m, m->clients[at].ip));
	unsigned found = WAYS, last = 0;

	for (unsigned i = 0; i < WAYS && line->tags[i] != 0; i++) {
		if (place_in(line, i) == at) {
			found = i;
		}
		last = i;
	}
	INVARIANT(found < WAYS);
	set_way(line, found, line->tags[last], place_in(line, last));
	set_way(line, last, 0, NOBODY);
}

/* Whole seconds; the clock may have been set back. */
static uint64_t age_s(const struct client *c, tstamp now)
{
	int32_t age = (int32_t)((uint32_t)(now.v >> 32) - c->last);

	return age > 0 ? (uint64_t)age : 0;
}

/* The oldest of a line that is full: there is no other place (F7). */
static mru_place oldest_in(const struct mru *m, const struct line *line,
			   tstamp now)
{
	mru_place oldest = place_in(line, 0);

	for (unsigned i = 1; i < WAYS; i++) {
		mru_place at = place_in(line, i);

		if (age_s(&m->clients[at], now) >
		    age_s(&m->clients[oldest], now)) {
			oldest = at;
		}
	}
	return oldest;
}

static void forget(struct mru *m, mru_place at)
{
	unindex(m, at);
	unlink_client(m, &m->clients[at]);
}

/* A place for one more; NOBODY: all are too young to be forgotten. */
static mru_place make_place(struct mru *m, const struct line *line, tstamp now)
{
	mru_place oldest = m->clients[NOBODY].newer;
	uint64_t age = age_s(&m->clients[oldest], now);
	struct mru_counts *n = &m->counts;

	if (line->tags[WAYS - 1] != 0) {
		oldest = oldest_in(m, line, now);
		n->recycled_full++;
	} else if (n->depth > 0 && n->depth >= m->rules.mindepth &&
		   age > m->rules.maxage_s) {
		n->recycled_old++;
	} else if (n->depth < m->room) {
		n->depth++;
		n->deepest = n->depth > n->deepest ? n->depth : n->deepest;
		return (mru_place)n->depth;
	} else if (age < m->rules.minage_s) {
		n->unlisted++;
		return NOBODY;
	} else {
		n->recycled_full++;
	}
	forget(m, oldest);
	return oldest;
}

static mru_place add(struct mru *m, const uint8_t ip[16], uint64_t hash,
		     tstamp now)
{
	struct line *line = line_of(m, hash);
	mru_place at = make_place(m, line, now);

	if (at == NOBODY) {
		return NOBODY;
	}
	struct client *c = &m->clients[at];

	*c = (struct client){ .first = (uint32_t)(now.v >> 32) };
	memcpy(c->ip, ip, sizeof(c->ip));
	for (unsigned i = 0; i < WAYS; i++) {
		if (line->tags[i] == 0) {
			set_way(line, i, tag_of(hash), at);
			break;
		}
	}
	m->counts.added++;
	return at;
}

struct mru_aim mru_aim(const struct mru *m, const netaddr *from)
{
	struct mru_aim aim = { .port = from->port };

	key_of(from, aim.ip);
	aim.hash = hash_of(m, aim.ip);
	__builtin_prefetch(line_of(m, aim.hash));
	return aim;
}

void mru_aim_at_client(const struct mru *m, struct mru_aim *aim)
{
	const struct line *line = line_of(m, aim->hash);
	unsigned way = way_after(line, tag_of(aim->hash), 0);

	if (way < WAYS) {
		aim->at = place_in(line, way);
		prefetch(&m->clients[aim->at]);
	}
}

void mru_aim_at_neighbours(const struct mru *m, const struct mru_aim *aim)
{
	const struct client *c = &m->clients[aim->at];

	if (aim->at != NOBODY) {
		prefetch(&m->clients[c->older]);
		prefetch(&m->clients[c->newer]);
	}
}

/* The last one is nearly always the next one. */
static unsigned local_number(struct mru *m, const netaddr *local)
{
	unsigned i = m->local_last;

	if (netaddr_same_host(&m->locals[i], local)) {
		return i;
	}
	for (i = 1; i < m->local_count; i++) {
		if (netaddr_same_host(&m->locals[i], local)) {
			break;
		}
	}
	if (i == LOCALS) {
		return 0;
	}
	m->locals[i] = *local;
	m->local_count += i == m->local_count;
	m->local_last = i;
	return i;
}

void mru_note(struct mru *m, const struct mru_aim *aim, const netaddr *to,
	      uint8_t first, enum mru_fate fate, tstamp now)
{
	mru_place at = find_aimed(m, aim);

	if (at != NOBODY) {
		unlink_client(m, &m->clients[at]);
		m->counts.exists++;
	} else {
		at = add(m, aim->ip, aim->hash, now);
	}
	if (at == NOBODY) {
		return;
	}
	struct client *c = &m->clients[at];

	link_newest(m, at);
	c->last = (uint32_t)(now.v >> 32);
	c->last_fraction = (uint16_t)(now.v >> 16);
	c->count += c->count < UINT32_MAX;
	c->version = (first >> 3) & 7u;
	c->mode = first & 7u;
	c->fate = (unsigned)fate & 3;
	c->port = aim->port;
	c->local = local_number(m, to) & UINT8_MAX;
}

struct mru_counts mru_counts(const struct mru *m, tstamp now)
{
	struct mru_counts n = m->counts;

	n.room = m->room;
	n.slots = (uint64_t)m->line_count * WAYS;
	n.bytes = mru_size(m->room);
	if (n.depth > 0) {
		n.oldest_s = age_s(&m->clients[mru_oldest(m)], now);
	}
	return n;
}

mru_place mru_oldest(const struct mru *m)
{
	return m->clients[NOBODY].newer;
}

mru_place mru_newest(const struct mru *m)
{
	return m->clients[NOBODY].older;
}

mru_place mru_newer(const struct mru *m, mru_place at)
{
	return m->clients[at].newer;
}

mru_place mru_older(const struct mru *m, mru_place at)
{
	return m->clients[at].older;
}

mru_place mru_find(const struct mru *m, const netaddr *addr)
{
	uint8_t key[16];

	key_of(addr, key);
	return find(m, key, hash_of(m, key));
}

struct mru_client mru_client(const struct mru *m, mru_place at)
{
	INVARIANT(at != NOBODY && at <= m->counts.depth);
	const struct client *c = &m->clients[at];

	return (struct mru_client){
		.addr = addr_of(c),
		.local = m->locals[c->local],
		.first = { (uint64_t)c->first << 32 },
		.last = { (uint64_t)c->last << 32 | (uint32_t)c->last_fraction
							    << 16 },
		.count = c->count,
		.version = c->version,
		.mode = c->mode,
		.fate = (enum mru_fate)c->fate,
	};
}
