/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients lie in the order in which they came first; place 0 is nobody, and
 * both ends of the list.
 */
#include "core/mru.h"

#include <string.h>

#include "base/siphash.h"
#include "core/mruindex.h"

#define PLACE_BITS 24
#define FATE_SHIFT 6
#define NOBODY 0
#define LOCALS 256 /* our addresses; [0]: none, and all beyond the others */

struct client {
	uint64_t head, tail;  /* the address: see key_of() */
	uint32_t first, last; /* s of the wall clock */
	uint32_t count;
	uint32_t older; /* a place; on top fate, version and mode */
	uint32_t newer; /* a place; on top which of mru.locals was asked */
	uint16_t last_fraction; /* 2^-16 s */
	uint16_t port;
};

_Static_assert(sizeof(struct client) == 40, "48 octets with the index");

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
	const struct siphash_key key = siphash_draw(&rng);

	m->hash = siphash_begin(&key);
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
static bool is_link_local(uint64_t head)
{
	return (head & 0xc0ff) == 0x80fe;
}

static netaddr addr_of(const struct client *c)
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

static ALWAYS_INLINE void aim_by(const struct mru *m, uint64_t hash,
				 struct mru_aim *aim)
{
	aim->line = (uint32_t)((hash & UINT32_MAX) * m->line_count >> 32);
	aim->tag = tag_of(hash);
	aim->at = NOBODY;
}

static ALWAYS_INLINE void aim_at_v4(const struct mru *m, uint64_t tail,
				    struct mru_aim *aim)
{
	aim->head = 0;
	aim->tail = tail;
	aim_by(m, siphash13_4(m->hash, (uint32_t)(tail >> 32)), aim);
}

/* Kept apart, as all that is rarer, so that it costs the others nothing. */
KEPT_APART static void aim_at_v6(const struct mru *m, uint64_t head,
				 uint64_t tail, struct mru_aim *aim)
{
	aim->head = head;
	aim->tail = tail;
	aim_by(m, siphash13_16(m->hash, head, tail), aim);
}

static ALWAYS_INLINE void aim_at(const struct mru *m, const netaddr *from,
				 struct mru_aim *aim)
{
	uint64_t head = netaddr_head(from);

	aim->port = from->port;
	if (netaddr_is_v4(from)) {
		aim_at_v4(m, netaddr_tail(from), aim);
		return;
	}
	if (is_link_local(head)) {
		head |= (uint64_t)from->scope << 32;
	}
	aim_at_v6(m, head, netaddr_tail(from), aim);
}

static bool is_meant(const struct client *c, const struct mru_aim *aim)
{
	return c->tail == aim->tail && c->head == aim->head;
}

static ALWAYS_INLINE mru_place find(const struct mru *m,
				    const struct mru_aim *aim)
{
	const struct line *line = &m->lines[aim->line];

	for (unsigned way = line_next(line, aim->tag, 0); way < WAYS;
	     way = line_next(line, aim->tag, way + 1)) {
		mru_place at = line_place(line, way);

		if (is_meant(&m->clients[at], aim)) {
			return at;
		}
	}
	return NOBODY;
}

/* Where he was when somebody looked, if he still is. */
static ALWAYS_INLINE mru_place find_aimed(const struct mru *m,
					  const struct mru_aim *aim)
{
	return aim->at != NOBODY && is_meant(&m->clients[aim->at], aim)
		       ? aim->at
		       : find(m, aim);
}

/* A client lies in one line of the cache or in two. */
static void prefetch(const struct client *c)
{
	__builtin_prefetch(c, 1);
	__builtin_prefetch((const uint8_t *)(c + 1) - 1, 1);
}

static void unlink_client(struct mru *m, const struct client *c)
{
	mru_place older = place(c->older), newer = place(c->newer);

	set_place(&m->clients[older].newer, newer);
	set_place(&m->clients[newer].older, older);
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
	mru_place oldest = line_place(line, 0);

	for (unsigned i = 1; i < WAYS; i++) {
		mru_place at = line_place(line, i);

		if (age_s(&m->clients[at], now) >
		    age_s(&m->clients[oldest], now)) {
			oldest = at;
		}
	}
	return oldest;
}

static void forget(struct mru *m, mru_place at)
{
	const struct client *c = &m->clients[at];
	const netaddr addr = addr_of(c);
	struct mru_aim aim;

	aim_at(m, &addr, &aim);
	line_remove(&m->lines[aim.line], at);
	unlink_client(m, c);
}

/* A place for one more; NOBODY: all are too young to be forgotten. */
static mru_place make_place(struct mru *m, const struct line *line, tstamp now)
{
	mru_place oldest = mru_oldest(m);
	uint64_t age = age_s(&m->clients[oldest], now);
	struct mru_counts *n = &m->counts;

	if (line_is_full(line)) {
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

static mru_place add(struct mru *m, const struct mru_aim *aim, tstamp now)
{
	struct line *line = &m->lines[aim->line];
	mru_place at = make_place(m, line, now);

	if (at == NOBODY) {
		return NOBODY;
	}
	m->clients[at] = (struct client){ .head = aim->head,
					  .tail = aim->tail,
					  .first = (uint32_t)(now.v >> 32) };
	line_add(line, aim->tag, at);
	m->counts.added++;
	return at;
}

void mru_aim(const struct mru *m, const netaddr *from, struct mru_aim *aim)
{
	aim_at(m, from, aim);
}

void mru_aim_at_line(const struct mru *m, const struct mru_aim *aim)
{
	__builtin_prefetch(&m->lines[aim->line]);
}

void mru_aim_at_client(const struct mru *m, struct mru_aim *aim)
{
	const struct line *line = &m->lines[aim->line];
	unsigned way = line_next(line, aim->tag, 0);

	if (way < WAYS) {
		aim->at = line_place(line, way);
		prefetch(&m->clients[aim->at]);
	}
}

void mru_aim_at_neighbours(const struct mru *m, const struct mru_aim *aim)
{
	const struct client *c = &m->clients[aim->at];

	if (aim->at != NOBODY) {
		prefetch(&m->clients[place(c->older)]);
		prefetch(&m->clients[place(c->newer)]);
	}
}

/* Number of one of our addresses; 0: there are too many. */
static unsigned number_of(struct mru *m, const netaddr *local)
{
	unsigned i = 1;

	while (i < m->local_count && !netaddr_same_host(&m->locals[i], local)) {
		i++;
	}
	if (i == LOCALS) {
		return 0;
	}
	m->locals[i] = *local;
	m->local_count += i == m->local_count;
	return i;
}

/* Whoever is in the list came at the peak, or before. */
static void note_set_back(struct mru *m)
{
	if (!m->set_back || tstamp_before(m->peak, m->latest)) {
		m->peak = m->latest;
	}
	m->set_back = true;
}

/* Client `at`, who is in no list now, is the newest. */
static ALWAYS_INLINE void enter(struct mru *m, mru_place at, uint16_t port,
				uint32_t how, tstamp now)
{
	struct client *c = &m->clients[at], *ends = &m->clients[NOBODY];
	mru_place newest = place(ends->older);

	m->latest = now;
	c->last = (uint32_t)(now.v >> 32);
	c->last_fraction = (uint16_t)(now.v >> 16);
	c->count += c->count < UINT32_MAX;
	c->port = port;
	c->older = newest | how << PLACE_BITS;
	c->newer = NOBODY | m->local_number << PLACE_BITS;
	set_place(&m->clients[newest].newer, at);
	ends->older = at;
}

/* Whoever is new, or not as the one before was. */
KEPT_APART static void note_rare(struct mru *m, const struct mru_aim *aim,
				 const netaddr *to, uint32_t how, tstamp now)
{
	mru_place at = find_aimed(m, aim);

	if (!netaddr_same_host(&m->local, to)) {
		m->local_number = number_of(m, to);
		m->local = *to;
	}
	if (at != NOBODY) {
		unlink_client(m, &m->clients[at]);
		m->counts.exists++;
	} else {
		at = add(m, aim, now);
	}
	if (at == NOBODY) {
		return;
	}
	if (tstamp_before(now, m->latest) && !tstamp_is_zero(m->latest)) {
		note_set_back(m);
	}
	enter(m, at, aim->port, how, now);
}

/* `aim` is copied where it has to be in memory: else it need not be. */
static ALWAYS_INLINE void note(struct mru *m, const struct mru_aim *aim,
			       const netaddr *to, uint32_t how, tstamp now)
{
	mru_place at = find_aimed(m, aim);

	if (at == NOBODY || tstamp_before(now, m->latest) ||
	    !netaddr_same_host(&m->local, to)) {
		const struct mru_aim copy = *aim;

		note_rare(m, &copy, to, how, now);
		return;
	}
	unlink_client(m, &m->clients[at]);
	m->counts.exists++;
	enter(m, at, aim->port, how, now);
}

static uint32_t how_of(uint8_t first, enum mru_fate fate)
{
	return (first & 0x3fu) | (uint32_t)fate << FATE_SHIFT;
}

void mru_note_aimed(struct mru *m, const struct mru_aim *aim, const netaddr *to,
		    uint8_t first, enum mru_fate fate, tstamp now)
{
	note(m, aim, to, how_of(first, fate), now);
}

void mru_note(struct mru *m, const netaddr *from, const netaddr *to,
	      uint8_t first, enum mru_fate fate, tstamp now)
{
	struct mru_aim aim = { .at = NOBODY };

	if (!netaddr_is_v4(from)) {
		mru_aim(m, from, &aim);
		note_rare(m, &aim, to, how_of(first, fate), now);
		return;
	}
	aim_at_v4(m, netaddr_tail(from), &aim);
	aim.port = from->port;
	note(m, &aim, to, how_of(first, fate), now);
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
	return place(m->clients[NOBODY].newer);
}

mru_place mru_newest(const struct mru *m)
{
	return place(m->clients[NOBODY].older);
}

mru_place mru_newer(const struct mru *m, mru_place at)
{
	return place(m->clients[at].newer);
}

mru_place mru_older(const struct mru *m, mru_place at)
{
	return place(m->clients[at].older);
}

mru_place mru_find(const struct mru *m, const netaddr *addr)
{
	struct mru_aim aim;

	aim_at(m, addr, &aim);
	return find(m, &aim);
}

tstamp mru_last(const struct mru *m, mru_place at)
{
	const struct client *c = &m->clients[at];

	return (tstamp){ (uint64_t)c->last << 32 | (uint32_t)c->last_fraction
							   << 16 };
}

uint32_t mru_depth(const struct mru *m)
{
	return (uint32_t)m->counts.depth;
}

bool mru_in_order(const struct mru *m)
{
	return !m->set_back ||
	       tstamp_before(m->peak, mru_last(m, mru_oldest(m)));
}

struct mru_client mru_client(const struct mru *m, mru_place at)
{
	INVARIANT(at != NOBODY && at <= m->counts.depth);
	const struct client *c = &m->clients[at];
	uint32_t how = c->older >> PLACE_BITS;

	return (struct mru_client){
		.addr = addr_of(c),
		.local = m->locals[c->newer >> PLACE_BITS],
		.first = { (uint64_t)c->first << 32 },
		.last = mru_last(m, at),
		.count = c->count,
		.version = how >> 3 & 7,
		.mode = how & 7,
		.fate = (enum mru_fate)(how >> FATE_SHIFT),
	};
}
