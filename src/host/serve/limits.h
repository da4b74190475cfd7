/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limits.h - the memory of what is known about those who ask: how often they
 * may, who they were, which lines of access they met; for each of the threads
 * that serve.
 */
#ifndef HOST_LIMITS_H
#define HOST_LIMITS_H

#include "config/config.h"
#include "core/serve/server.h"

/* Of all shards, kind by kind; NULL: there is none. */
struct limits_memory {
	uint64_t *hits;
	char *limits, *clients;
	uint8_t seed[RNG_SEED];
};

/*
 * Shard 0 is of the loop's own thread, the others each of a worker. A client
 * is always met by the same: with workers, by one of theirs.
 */
struct limits {
	struct server_shard *shards;
	size_t count;
	bool listed;   /* somebody serves: `enable monitor` means something */
	uint32_t room; /* of all their lists, as it was asked for; or 0 */
	struct limits_memory memory;
};

/* Some line limits those it is about. */
bool limits_wanted(const struct config *c);

/* With so many workers; false: out of memory. */
MUST_USE bool limits_start(struct limits *l, const struct config *c,
			   unsigned workers, bool serve);
void limits_end(struct limits *l);

/* What other settings will need; false: out of memory, nothing is kept. */
MUST_USE bool limits_prepare(const struct limits *l, const struct config *next,
			     struct limits_memory *more);
/* They hold now, while nobody serves; `more` is taken. */
void limits_take(struct limits *l, const struct config *now,
		 struct limits_memory *more);
/* They will not. */
void limits_forget(struct limits_memory *more);

/* What all have counted, though they go on; no more of the shard is filled. */
void limits_sum(const struct limits *l, struct server_shard *sum);

#endif
