/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/mrutable.h"

struct mru_counts mru_counts(const struct mru *m, tstamp now)
{
	struct mru_counts n = m->counts;

	n.room = m->room;
	n.slots = (uint64_t)m->line_count * WAYS;
	n.bytes = mru_size(m->room);
	if (n.depth > 0) {
		n.oldest_s = client_age_s(&m->clients[mru_oldest(m)], now);
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
	const struct mru_aim aim = aim_at(m, addr);

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
		.addr = client_addr(c),
		.local = m->locals[c->newer >> PLACE_BITS],
		.first = { (uint64_t)c->first << 32 },
		.last = mru_last(m, at),
		.count = c->count,
		.version = how >> 3 & 7,
		.mode = how & 7,
		.fate = (enum mru_fate)(how >> FATE_SHIFT),
	};
}
