/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/mrutable.h"

#define WELL_FILLED 12 /* ways of a line: the next one looks at another */

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
	return sizeof(struct mru) + CACHE_LINE +
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
	lines += (CACHE_LINE - (uintptr_t)lines % CACHE_LINE) % CACHE_LINE;
	m->lines = (struct line *)(void *)lines;
	m->clients = (struct client *)(m->lines + m->line_count);
	return m;
}

void mru_retune(struct mru *m, const struct mru_config *rules)
{
	m->rules = *rules;
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

/* The oldest of a line that is full: there is no other place (F7). */
static mru_place oldest_in(const struct mru *m, const struct line *line,
			   tstamp now)
{
	mru_place oldest = line_place(line, 0);

	for (unsigned i = 1; i < WAYS; i++) {
		mru_place at = line_place(line, i);

		if (client_age_s(&m->clients[at], now) >
		    client_age_s(&m->clients[oldest], now)) {
			oldest = at;
		}
	}
	return oldest;
}

static void forget(struct mru *m, mru_place at)
{
	const struct client *c = &m->clients[at];
	const netaddr addr = client_addr(c);
	uint64_t hash = aim_at(m, &addr).hash;

	bool removed = line_remove(first_line(m, hash), at) ||
		       line_remove(other_line(m, hash), at);

	INVARIANT(removed);
	unlink_client(m, c);
}

/* A place for one more; NOBODY: all are too young to be forgotten. */
static mru_place make_place(struct mru *m, const struct line *line, tstamp now)
{
	mru_place oldest = mru_oldest(m);
	uint64_t age = client_age_s(&m->clients[oldest], now);
	struct mru_counts *n = &m->counts;

	if (line_depth(line) == WAYS) {
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

/* Where a client goes who is new. */
static struct line *line_for(const struct mru *m, uint64_t hash)
{
	struct line *first = first_line(m, hash), *other;
	unsigned depth = line_depth(first);

	if (depth < WELL_FILLED) {
		return first;
	}
	other = other_line(m, hash);
	return line_depth(other) < depth ? other : first;
}

static mru_place add(struct mru *m, const struct mru_aim *aim, tstamp now)
{
	struct line *line = line_for(m, aim->hash);
	mru_place at = make_place(m, line, now);

	if (at == NOBODY) {
		return NOBODY;
	}
	m->clients[at] = (struct client){ .head = aim->head,
					  .tail = aim->tail,
					  .first = (uint32_t)(now.v >> 32) };
	line_add(line, tag_of(aim->hash), at);
	m->counts.added++;
	return at;
}

struct mru_aim mru_aim(const struct mru *m, const netaddr *from)
{
	return aim_at(m, from);
}

void mru_aim_at_line(const struct mru *m, const struct mru_aim *aim)
{
	__builtin_prefetch(first_line(m, aim->hash));
}

/* He may be the first in the line with his tag. */
static void guess_in(const struct mru *m, const struct line *line,
		     struct mru_aim *aim)
{
	unsigned ways = line_ways(line, tag_of(aim->hash));

	if (ways != 0) {
		aim->at = line_place(line, (unsigned)__builtin_ctz(ways));
		prefetch(&m->clients[aim->at]);
	}
}

void mru_aim_at_client(const struct mru *m, struct mru_aim *aim)
{
	guess_in(m, first_line(m, aim->hash), aim);
	if (aim->at == NOBODY) {
		__builtin_prefetch(other_line(m, aim->hash));
	}
}

void mru_aim_at_neighbours(const struct mru *m, struct mru_aim *aim)
{
	const struct client *c = &m->clients[aim->at];

	if (aim->at == NOBODY) {
		guess_in(m, other_line(m, aim->hash), aim);
		return;
	}
	__builtin_prefetch(&m->clients[place(c->older)].newer, 1);
	__builtin_prefetch(&m->clients[place(c->newer)].older, 1);
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

/* What a request changes about a client, his place in the list aside. */
static ALWAYS_INLINE void stamp(struct client *c, uint16_t port, tstamp now)
{
	c->last = (uint32_t)(now.v >> 32);
	c->last_fraction = (uint16_t)(now.v >> 16);
	c->count += c->count < UINT32_MAX;
	c->port = port;
}

/* Client `at`, who is in no list now, is the newest. */
static ALWAYS_INLINE void link_newest(struct mru *m, mru_place at, uint32_t how)
{
	struct client *c = &m->clients[at], *ends = &m->clients[NOBODY];
	mru_place newest = ends->older;

	c->newer = NOBODY | m->local_number << PLACE_BITS;
	m->clients[newest].newer |= at; /* where nobody was */
	c->older = newest | how << PLACE_BITS;
	ends->older = at;
}

/* Client `at` asks again. */
static ALWAYS_INLINE void renew(struct mru *m, mru_place at, uint16_t port,
				uint32_t how, tstamp now)
{
	stamp(&m->clients[at], port, now);
	unlink_client(m, &m->clients[at]);
	link_newest(m, at, how);
	m->counts.exists++;
	m->latest = now;
}

static uint32_t how_of(uint8_t first, enum mru_fate fate)
{
	return (first & 0x3fu) | (uint32_t)fate << FATE_SHIFT;
}

/* As the request before, it comes after it and to the same address. */
static ALWAYS_INLINE bool is_usual(const struct mru *m, const netaddr *to,
				   tstamp now)
{
	return !tstamp_before(now, m->latest) &&
	       netaddr_same_host(&m->local, to);
}

static bool is_at(const struct mru *m, const struct mru_aim *aim)
{
	return aim->at != NOBODY && is_meant(&m->clients[aim->at], aim);
}

/* Whoever is new, or not as the one before was. */
KEPT_APART static void note_rare(struct mru *m, const struct mru_aim *aim,
				 const netaddr *to, uint32_t how, tstamp now)
{
	mru_place at = is_at(m, aim) ? aim->at : find(m, aim);

	if (!netaddr_same_host(&m->local, to)) {
		m->local_number = number_of(m, to);
		m->local = *to;
	}
	if (tstamp_before(now, m->latest) && !tstamp_is_zero(m->latest)) {
		note_set_back(m);
	}
	if (at != NOBODY) {
		renew(m, at, aim->port, how, now);
		return;
	}
	at = add(m, aim, now);
	if (at != NOBODY) {
		stamp(&m->clients[at], aim->port, now);
		link_newest(m, at, how);
		m->latest = now;
	}
}

void mru_note_aimed(struct mru *m, const struct mru_aim *aim, const netaddr *to,
		    uint8_t first, enum mru_fate fate, tstamp now)
{
	if (is_usual(m, to, now) && is_at(m, aim)) {
		renew(m, aim->at, aim->port, how_of(first, fate), now);
	} else {
		note_rare(m, aim, to, how_of(first, fate), now);
	}
}

KEPT_APART static void note_unaimed(struct mru *m, const netaddr *from,
				    const netaddr *to, uint32_t how, tstamp now)
{
	const struct mru_aim aim = aim_at(m, from);

	note_rare(m, &aim, to, how, now);
}

void mru_note(struct mru *m, const netaddr *from, const netaddr *to,
	      uint8_t first, enum mru_fate fate, tstamp now)
{
	uint32_t how = how_of(first, fate);

	if (netaddr_is_v4(from) && is_usual(m, to, now)) {
		const struct mru_aim aim = aim_at_v4(m, from);
		mru_place at = find_in(m, first_line(m, aim.hash), &aim);

		if (at != NOBODY) {
			renew(m, at, from->port, how, now);
			return;
		}
	}
	note_unaimed(m, from, to, how, now);
}
