/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/clients.h"

#define GOLDEN UINT64_C(11400714819323198485) /* 2^64 over the golden ratio */
#define BACK_MOST 65536 /* clients looked at in a list out of order */

static void stand_at(struct clients_head *h, mru_place at)
{
	h->at = at;
	if (at != 0) {
		h->last = mru_last(h->list, at);
	}
}

void clients_begin(struct clients_walk *w, const struct server_shard *shards,
		   size_t count)
{
	w->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (shards[i].clients) {
			INVARIANT(w->count < CLIENTS_LISTS);
			struct clients_head *h = &w->heads[w->count++];

			h->list = shards[i].clients;
			stand_at(h, mru_oldest(h->list));
		}
	}
}

/* In a walk, what asked at `last`, or then too if `equal`, comes after `t`. */
static bool is_after(tstamp last, tstamp t, bool equal)
{
	return tstamp_before(t, last) || (equal && tstamp_equal(t, last));
}

/* The newest of a few, spread over all, that does not come after `t`. */
static mru_place guess(const struct mru *m, tstamp t, bool equal)
{
	uint32_t depth = mru_depth(m), tries = 1;
	mru_place best = 0;
	uint64_t luck = 0;

	/* As many as it then takes to go on from there. */
	while ((uint64_t)tries * tries < depth) {
		tries++;
	}
	for (; tries > 0; tries--, luck += GOLDEN) {
		mru_place at = 1 + (mru_place)((luck >> 32) * depth >> 32);
		tstamp last = mru_last(m, at);

		if (!is_after(last, t, equal) &&
		    (best == 0 || tstamp_before(mru_last(m, best), last))) {
			best = at;
		}
	}
	return best;
}

/* The first that comes after `t`; 0: nobody does. */
static mru_place first_after(const struct mru *m, tstamp t, bool equal)
{
	mru_place at, back = 0;

	if (mru_depth(m) == 0) {
		return 0;
	}
	if (mru_in_order(m)) {
		at = mru_newer(m, guess(m, t, equal));
		while (at != 0 && !is_after(mru_last(m, at), t, equal)) {
			at = mru_newer(m, at);
		}
		return at;
	}
	/* From the end, so that no row is listed twice, and the walk ends. */
	at = mru_newest(m);
	for (unsigned i = 0; i < BACK_MOST && at != 0; i++) {
		if (!is_after(mru_last(m, at), t, equal)) {
			break;
		}
		back = at;
		at = mru_older(m, at);
	}
	return back;
}

bool clients_resume(struct clients_walk *w, const netaddr *addr, tstamp last,
		    struct mru_client *c)
{
	size_t found = 0;
	mru_place at = 0;

	for (; found < w->count; found++) {
		const struct mru *m = w->heads[found].list;

		at = mru_find(m, addr);
		if (at != 0 && tstamp_equal(mru_last(m, at), last)) {
			break;
		}
	}
	if (found == w->count) {
		return false;
	}
	*c = mru_client(w->heads[found].list, at);
	for (size_t i = 0; i < w->count; i++) {
		struct clients_head *h = &w->heads[i];

		stand_at(h, i == found ? mru_newer(h->list, at)
				       : first_after(h->list, last, i > found));
	}
	return true;
}

/* One step back; false: there is nobody older. */
static bool step_back(struct clients_walk *w)
{
	struct clients_head *newest = NULL;
	mru_place best = 0;

	for (size_t i = 0; i < w->count; i++) {
		struct clients_head *h = &w->heads[i];
		mru_place older = mru_older(h->list, h->at);

		if (older != 0 &&
		    (!newest || !tstamp_before(mru_last(h->list, older),
					       mru_last(newest->list, best)))) {
			newest = h;
			best = older;
		}
	}
	if (newest) {
		stand_at(newest, best);
	}
	return newest;
}

void clients_recent(struct clients_walk *w, uint64_t count)
{
	for (size_t i = 0; i < w->count; i++) {
		stand_at(&w->heads[i], 0);
	}
	while (count > 0 && step_back(w)) {
		count--;
	}
}

bool clients_next(struct clients_walk *w, struct mru_client *c)
{
	struct clients_head *next = NULL;

	for (size_t i = 0; i < w->count; i++) {
		struct clients_head *h = &w->heads[i];

		if (h->at != 0 &&
		    (!next || tstamp_before(h->last, next->last))) {
			next = h;
		}
	}
	if (!next) {
		return false;
	}
	*c = mru_client(next->list, next->at);
	stand_at(next, mru_newer(next->list, next->at));
	return true;
}

struct mru_counts clients_counts(const struct server_shard *shards,
				 size_t count, tstamp now)
{
	struct mru_counts sum = { .depth = 0 };

	for (size_t i = 0; i < count; i++) {
		if (!shards[i].clients) {
			continue;
		}
		struct mru_counts n = mru_counts(shards[i].clients, now);

		sum.depth += n.depth;
		sum.deepest += n.deepest;
		sum.exists += n.exists;
		sum.added += n.added;
		sum.recycled_old += n.recycled_old;
		sum.recycled_full += n.recycled_full;
		sum.unlisted += n.unlisted;
		sum.room += n.room;
		sum.slots += n.slots;
		sum.bytes += n.bytes;
		if (n.oldest_s > sum.oldest_s) {
			sum.oldest_s = n.oldest_s;
		}
	}
	return sum;
}
